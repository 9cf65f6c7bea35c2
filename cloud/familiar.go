package cloud

import (
	"context"
	"sync"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// familiar remembers whose long-term keys are and what their users may do, so
// that a call by somebody who called before reads nothing. It is never stale: a
// watch on all that IAM keeps for the account is looked at on every call, and
// any change there makes it forget the account. A commit raises its watches
// before it is acknowledged.
type familiar struct {
	identities gateway.Identities
	store      kv.Store
	mu         sync.RWMutex
	accounts   map[kv.Scope]*household
}

// household is what is remembered of an account.
type household struct {
	watch    *kv.Watch
	epoch    int // grows whenever all is forgotten
	keys     map[string]memory[gateway.Identity]
	policies map[string]memory[policySet]
}

// memory is something remembered, until its time is over: last use is noted now
// and then, which only a call that is not remembered does.
type memory[T any] struct {
	what  T
	until time.Time
}

// policySet is what a user's policies are.
type policySet struct {
	identity []policy.Source
	boundary policy.Source
}

const (
	familiarAccounts = 256
	familiarKeys     = 4096 // of an account
	familiarTime     = 5 * time.Minute
)

func newFamiliar(i gateway.Identities, store kv.Store) *familiar {
	return &familiar{identities: i, store: store, accounts: map[kv.Scope]*household{}}
}

// Identity implements gateway.Identities.
func (f *familiar) Identity(ctx context.Context, accessKeyID string) (gateway.Identity, bool, error) {
	account, ok := aws.AccountOfKey(accessKeyID)
	if !ok || accessKeyID[:len(temporary)] == temporary {
		return f.identities.Identity(ctx, accessKeyID)
	}
	now := aws.CallFrom(ctx).Start
	h, epoch := f.visit(account, aws.CallFrom(ctx).Region)
	f.mu.RLock()
	m, known := h.keys[accessKeyID]
	f.mu.RUnlock()
	if known && now.Before(m.until) {
		return m.what, true, nil
	}
	id, ok, err := f.identities.Identity(ctx, accessKeyID)
	if err == nil && ok {
		f.learn(h, epoch, func() { h.keys[accessKeyID] = memory[gateway.Identity]{id, now.Add(familiarTime)} })
	}
	return id, ok, err
}

// Policies implements gateway.Identities.
func (f *familiar) Policies(ctx context.Context, caller *aws.Caller, r *policy.Request) error {
	if caller.Kind != aws.User || caller.Session != nil {
		return f.identities.Policies(ctx, caller, r)
	}
	now := aws.CallFrom(ctx).Start
	h, epoch := f.visit(caller.Account, aws.CallFrom(ctx).Region)
	f.mu.RLock()
	m, known := h.policies[caller.ARN]
	f.mu.RUnlock()
	if known && now.Before(m.until) {
		r.Identity, r.Boundary = m.what.identity, m.what.boundary
		return nil
	}
	if err := f.identities.Policies(ctx, caller, r); err != nil {
		return err
	}
	set := policySet{append([]policy.Source(nil), r.Identity...), r.Boundary}
	f.learn(h, epoch, func() { h.policies[caller.ARN] = memory[policySet]{set, now.Add(familiarTime)} })
	return nil
}

// visit returns the account's household, emptied if anything there has changed.
func (f *familiar) visit(account aws.Account, region aws.Region) (*household, int) {
	home := kv.Scope{Account: account, Region: region.Global()} // where IAM keeps the account
	f.mu.RLock()
	h := f.accounts[home]
	if h != nil && len(h.watch.C) == 0 {
		defer f.mu.RUnlock()
		return h, h.epoch
	}
	f.mu.RUnlock()
	f.mu.Lock()
	defer f.mu.Unlock()
	if h = f.accounts[home]; h == nil {
		f.makeRoom()
		h = &household{watch: f.store.Watch(kv.NewKey(kv.String(home.Account), kv.String(home.Region)))}
		f.accounts[home] = h
	}
	h.forget()
	select { // after forgetting: what changes from here on is seen in what is learned
	case <-h.watch.C:
	default:
	}
	return h, h.epoch
}

// makeRoom drops all accounts when there are too many.
func (f *familiar) makeRoom() {
	if len(f.accounts) < familiarAccounts {
		return
	}
	for _, h := range f.accounts {
		h.watch.Close()
		h.forget()
	}
	clear(f.accounts)
}

func (h *household) forget() {
	h.epoch++
	h.keys = map[string]memory[gateway.Identity]{}
	h.policies = map[string]memory[policySet]{}
}

// learn adds to a household, unless what was read may be from before a change.
func (f *familiar) learn(h *household, epoch int, add func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if h.epoch != epoch {
		return
	}
	if len(h.keys) >= familiarKeys || len(h.policies) >= familiarKeys {
		h.forget()
	}
	add()
}
