package glacier

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// States of a vault lock.
const (
	lockInProgress = "InProgress"
	lockLocked     = "Locked"
)

// expires is when the lock's id is no longer good.
func (l *lock) expires() time.Time { return l.Created.Add(lockLife) }

// isSet reports whether there is a lock, whose policy then holds: for good, or
// to be tried out for a day.
func (l *lock) isSet(now time.Time) bool {
	return l.ID != "" && (l.Locked || now.Before(l.expires()))
}

// InitiateVaultLock sets a lock policy, which holds at once. Within 24 hours it
// is to be completed with the lock id, or else goes. While there is a lock there
// can be no other (AccessDeniedException).
func (s *Service) InitiateVaultLock(ctx context.Context, in *glacier.InitiateVaultLockInput) (*glacier.InitiateVaultLockOutput, error) {
	if in.Policy == nil {
		return nil, missing("policy")
	}
	if err := checkPolicy(in.Policy.Policy); err != nil {
		return nil, err
	}
	id := aws.Text(s.Random, aws.AlphaNumeric, lockIDLength)
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(tx kv.Tx, v *vault) error {
		if v.Lock.isSet(tx.Now()) {
			return Denied("The vault already has a vault lock policy: " + v.at.arn())
		}
		v.Lock = lock{ID: id, Policy: *in.Policy.Policy, Created: tx.Now()}
		job.Put(tx, v.errandFor(kindUnlock, id, v.Lock.expires()))
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &glacier.InitiateVaultLockOutput{LockId: &id}, nil
}

// CompleteVaultLock makes the lock policy unchangeable. With the same id it can
// be called again.
func (s *Service) CompleteVaultLock(ctx context.Context, in *glacier.CompleteVaultLockInput) (*glacier.CompleteVaultLockOutput, error) {
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(tx kv.Tx, v *vault) error {
		switch {
		case !v.Lock.isSet(tx.Now()):
			return v.noLock()
		case v.Lock.ID == in.LockId:
			v.Lock.Locked = true
			return nil
		case v.Lock.Locked:
			return Denied("Invalid lock ID: " + in.LockId)
		}
		return invalid("Invalid lock ID: %s", in.LockId)
	})
	return &glacier.CompleteVaultLockOutput{}, err
}

func (v *vault) noLock() error {
	return notFound("No vault lock policy is set for: %s", v.at.arn())
}

// AbortVaultLock removes a lock policy that is not locked yet. Doing so again is
// no error.
func (s *Service) AbortVaultLock(ctx context.Context, in *glacier.AbortVaultLockInput) (*glacier.AbortVaultLockOutput, error) {
	err := s.change(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(_ kv.Tx, v *vault) error {
		if v.Lock.Locked {
			return Denied("The vault lock policy is locked: " + v.at.arn())
		}
		v.Lock = lock{}
		return nil
	})
	return &glacier.AbortVaultLockOutput{}, err
}

// GetVaultLock tells the vault's lock policy, and how far its locking is.
func (s *Service) GetVaultLock(ctx context.Context, in *glacier.GetVaultLockInput) (*glacier.GetVaultLockOutput, error) {
	out := new(glacier.GetVaultLockOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(tx kv.Tx, v *vault) error {
		if !v.Lock.isSet(tx.Now()) {
			return v.noLock()
		}
		*out = glacier.GetVaultLockOutput{Policy: new(v.Lock.Policy), State: new(lockLocked), CreationDate: date(v.Lock.Created)}
		if !v.Lock.Locked {
			out.State, out.ExpirationDate = new(lockInProgress), date(v.Lock.expires())
		}
		return nil
	})
	return out, err
}

// unlock is the job at the end of a lock id's time.
func (s *Service) unlock(_ context.Context, tx kv.Tx, j *job.Job) error {
	v, ok := findErrand(tx, j)
	if !ok || v.Lock.ID != j.ID || v.Lock.Locked {
		return nil
	}
	changed := *v
	changed.Lock = lock{}
	vaults.Put(tx, v.at.key(), &changed)
	return nil
}
