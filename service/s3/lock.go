package s3

import (
	"context"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const (
	modeGovernance = "GOVERNANCE"
	modeCompliance = "COMPLIANCE"
)

func errNoLocks() error {
	return api.ErrInvalidRequest("Bucket is missing Object Lock Configuration")
}

// lockOf is the lock of an object that a request makes: its own, or the bucket's
// default.
func (b *bucket) lockOf(tx kv.Tx, in *api.PutObjectInput) (lock, error) {
	l := lock{Mode: string(in.ObjectLockMode), Until: deref(in.ObjectLockRetainUntilDate), Hold: in.ObjectLockLegalHoldStatus == "ON"}
	if !b.Locks {
		if l.Mode != "" || !l.Until.IsZero() || in.ObjectLockLegalHoldStatus != "" {
			return l, errNoLocks()
		}
		return l, nil
	}
	if (l.Mode == "") != l.Until.IsZero() {
		return l, errArgument("x-amz-object-lock-mode", l.Mode, "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied")
	}
	if l.Mode != "" {
		return l, checkRetention(tx, l.Mode, l.Until)
	}
	if c, ok := get[api.ObjectLockConfiguration](tx, b, lockSetting); ok && c.Rule != nil && c.Rule.DefaultRetention != nil {
		d := c.Rule.DefaultRetention
		l.Mode, l.Until = string(d.Mode), tx.Now().AddDate(int(deref(d.Years)), 0, int(deref(d.Days)))
	}
	return l, nil
}

func checkRetention(tx kv.Tx, mode string, until time.Time) error {
	if mode != modeGovernance && mode != modeCompliance {
		return errMalformedXML()
	}
	if !until.After(tx.Now()) {
		return errArgument("x-amz-object-lock-retain-until-date", until.Format(time.RFC3339), "The retain until date must be in the future!")
	}
	return nil
}

// held reports why a version cannot be deleted, if it cannot.
func (l *lock) held(now time.Time, bypass bool) error {
	retained := now.Before(l.Until) && (l.Mode == modeCompliance || !bypass)
	if l.Hold || retained {
		return aws.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied because object protected by object lock.")
	}
	return nil
}

// PutObjectLockConfiguration turns object lock on, and sets the default retention.
func (s *Service) PutObjectLockConfiguration(ctx context.Context, in *api.PutObjectLockConfigurationInput) (*api.PutObjectLockConfigurationOutput, error) {
	c := in.ObjectLockConfiguration
	if c == nil || c.ObjectLockEnabled != "Enabled" {
		return nil, errMalformedXML()
	}
	if c.Rule != nil {
		d := c.Rule.DefaultRetention
		if d == nil || d.Mode == "" || (d.Days == nil) == (d.Years == nil) {
			return nil, errMalformedXML()
		}
		if n := deref(d.Days) + 365*deref(d.Years); n < 1 || n > maxRetentionDays {
			return nil, errArgument("Days", "", "Default retention period must be a positive integer value.")
		}
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if b.Versioning != versioningOn {
			return aws.Errorf(http.StatusConflict, "InvalidBucketState", "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration")
		}
		b.Locks = true
		set(tx, b, lockSetting, c)
		b.put(tx)
		return nil
	})
	return &api.PutObjectLockConfigurationOutput{}, err
}

// GetObjectLockConfiguration tells the bucket's object lock.
func (s *Service) GetObjectLockConfiguration(ctx context.Context, in *api.GetObjectLockConfigurationInput) (*api.GetObjectLockConfigurationOutput, error) {
	out := new(api.GetObjectLockConfigurationOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if !b.Locks {
			return errBucket(http.StatusNotFound, "ObjectLockConfigurationNotFoundError", "Object Lock configuration does not exist for this bucket", in.Bucket)
		}
		c, ok := get[api.ObjectLockConfiguration](tx, b, lockSetting)
		if !ok {
			c = &api.ObjectLockConfiguration{ObjectLockEnabled: "Enabled"}
		}
		out.ObjectLockConfiguration = c
		return nil
	})
	return out, err
}

// PutObjectRetention sets until when a version is kept. It can be prolonged by
// anybody who may, and shortened in governance mode by those who may bypass it.
func (s *Service) PutObjectRetention(ctx context.Context, in *api.PutObjectRetentionInput) (*api.PutObjectRetentionOutput, error) {
	r := in.Retention
	if r == nil {
		r = &api.ObjectLockRetention{}
	}
	mode, until := string(r.Mode), deref(r.RetainUntilDate)
	if (mode == "") != until.IsZero() {
		return nil, errMalformedXML()
	}
	err := s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) error {
		if !b.Locks {
			return errNoLocks()
		}
		if mode != "" {
			if err := checkRetention(tx, mode, until); err != nil {
				return err
			}
		}
		weaker := until.Before(o.Lock.Until) || o.Lock.Mode == modeCompliance && mode != modeCompliance
		if weaker && tx.Now().Before(o.Lock.Until) && (o.Lock.Mode == modeCompliance || !deref(in.BypassGovernanceRetention)) {
			return aws.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied because object protected by object lock.")
		}
		o.Lock.Mode, o.Lock.Until = mode, until
		s.resync(tx, b, o)
		return nil
	})
	return &api.PutObjectRetentionOutput{}, err
}

// GetObjectRetention tells until when a version is kept.
func (s *Service) GetObjectRetention(ctx context.Context, in *api.GetObjectRetentionInput) (*api.GetObjectRetentionOutput, error) {
	out := new(api.GetObjectRetentionOutput)
	err := s.locked(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(o *object) bool {
		out.Retention = &api.ObjectLockRetention{Mode: api.ObjectLockRetentionMode(o.Lock.Mode), RetainUntilDate: &o.Lock.Until}
		return o.Lock.Mode != ""
	})
	return out, err
}

// PutObjectLegalHold puts a version on hold, or takes the hold off.
func (s *Service) PutObjectLegalHold(ctx context.Context, in *api.PutObjectLegalHoldInput) (*api.PutObjectLegalHoldOutput, error) {
	if in.LegalHold == nil || in.LegalHold.Status == "" {
		return nil, errMalformedXML()
	}
	err := s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) error {
		if !b.Locks {
			return errNoLocks()
		}
		o.Lock.Hold = in.LegalHold.Status == "ON"
		o.Lock.Held = true
		s.resync(tx, b, o)
		return nil
	})
	return &api.PutObjectLegalHoldOutput{}, err
}

// GetObjectLegalHold tells whether a version is on hold.
func (s *Service) GetObjectLegalHold(ctx context.Context, in *api.GetObjectLegalHoldInput) (*api.GetObjectLegalHoldOutput, error) {
	out := new(api.GetObjectLegalHoldOutput)
	err := s.locked(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(o *object) bool {
		status := api.ObjectLockLegalHoldStatus("OFF")
		if o.Lock.Hold {
			status = "ON"
		}
		out.LegalHold = &api.ObjectLockLegalHold{Status: status}
		return o.Lock.Hold || o.Lock.Held
	})
	return out, err
}

// locked looks at a version's lock; found tells whether it has what is asked for.
func (s *Service) locked(ctx context.Context, at target, id objectID, found func(*object) bool) error {
	return s.view(ctx, at.bucket, at.owner, func(tx kv.Tx, b *bucket) error {
		if !b.Locks {
			return errNoLocks()
		}
		o, err := b.lookup(tx, id.key, id.version)
		if err == nil && !found(o) {
			err = aws.Errorf(http.StatusNotFound, "NoSuchObjectLockConfiguration", "The specified object does not have a ObjectLock configuration")
		}
		return err
	})
}
