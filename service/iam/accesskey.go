package iam

import (
	"context"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// secretLength and secretAlphabet are the form of a secret access key.
const (
	secretLength   = 40
	secretAlphabet = aws.AlphaNumeric + "+/"
)

// CreateAccessKey makes a key pair. This is the only time that the secret is told.
func (s *Service) CreateAccessKey(ctx context.Context, in *api.CreateAccessKeyInput) (*api.CreateAccessKeyOutput, error) {
	var out api.CreateAccessKeyOutput
	err := s.update(ctx, func(t *tx) error {
		o, err := t.owner(ctx, in.UserName)
		if err != nil {
			return err
		}
		if len(t.keysOf(o.id)) >= maxAccessKeys {
			return exceeded("AccessKeysPerUser", maxAccessKeys)
		}
		k := &accessKey{
			ID: aws.NewKeyID(t.Random, prefixAccessKey, t.Account), UserID: o.id,
			Secret: aws.Text(t.Random, secretAlphabet, secretLength), Created: t.Now(),
		}
		accessKeys.Put(t.Tx, t.accessKeyKey(k.ID), k)
		out.AccessKey = &api.AccessKey{
			UserName: o.name, AccessKeyId: k.ID, Status: api.StatusTypeActive, SecretAccessKey: k.Secret, CreateDate: &k.Created,
		}
		return nil
	})
	return &out, err
}

// UpdateAccessKey switches a key on or off.
func (s *Service) UpdateAccessKey(ctx context.Context, in *api.UpdateAccessKeyInput) (*api.UpdateAccessKeyOutput, error) {
	return &api.UpdateAccessKeyOutput{}, s.update(ctx, func(t *tx) error {
		k, err := t.accessKey(ctx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		k.Inactive = in.Status == api.StatusTypeInactive
		accessKeys.Put(t.Tx, t.accessKeyKey(k.ID), k)
		return nil
	})
}

// DeleteAccessKey removes a key for good.
func (s *Service) DeleteAccessKey(ctx context.Context, in *api.DeleteAccessKeyInput) (*api.DeleteAccessKeyOutput, error) {
	return &api.DeleteAccessKeyOutput{}, s.update(ctx, func(t *tx) error {
		k, err := t.accessKey(ctx, in.UserName, in.AccessKeyId)
		if err != nil {
			return err
		}
		accessKeys.Delete(t.Tx, t.accessKeyKey(k.ID))
		spentKeys.Put(t.Tx, spentKeys.Key(t.Scope, kv.String(k.ID)), &spentKey{Deleted: t.Now()})
		lastUses.Delete(t.Tx, lastUses.Key(t.Scope, kv.String(k.ID)))
		return nil
	})
}

// ListAccessKeys lists a user's keys, without secrets.
func (s *Service) ListAccessKeys(ctx context.Context, in *api.ListAccessKeysInput) (*api.ListAccessKeysOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.AccessKeyMetadata]
	err = s.view(ctx, func(t *tx) error {
		o, err := t.owner(ctx, in.UserName)
		if err != nil {
			return err
		}
		var all []api.AccessKeyMetadata
		for _, k := range t.keysOf(o.id) {
			all = append(all, api.AccessKeyMetadata{UserName: filled(o.name), AccessKeyId: &k.ID, Status: status(k.Inactive), CreateDate: &k.Created})
		}
		out, err = slice(all, p)
		return err
	})
	return &api.ListAccessKeysOutput{AccessKeyMetadata: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// GetAccessKeyLastUsed tells when, where and for what a key was used.
func (s *Service) GetAccessKeyLastUsed(ctx context.Context, in *api.GetAccessKeyLastUsedInput) (*api.GetAccessKeyLastUsedOutput, error) {
	out := api.GetAccessKeyLastUsedOutput{AccessKeyLastUsed: &api.AccessKeyLastUsed{ServiceName: "N/A", Region: "N/A"}}
	err := s.view(ctx, func(t *tx) error {
		k, ok := accessKeys.Get(t.Tx, t.accessKeyKey(in.AccessKeyId))
		if !ok {
			return noAccessKey(in.AccessKeyId)
		}
		if u, ok := get(t, &users, k.UserID); ok && k.UserID != "" {
			out.UserName = &u.Name
		}
		if use, ok := lastUses.Get(t.Tx, lastUses.Key(t.Scope, kv.String(k.ID))); ok {
			out.AccessKeyLastUsed = &api.AccessKeyLastUsed{LastUsedDate: &use.At, ServiceName: use.Service, Region: use.Region}
		}
		return nil
	})
	return &out, err
}

// owner is whose credentials an operation is about. The root user has no name
// and an empty id.
type owner struct{ id, name string }

// owner finds whose credentials are meant: the named user's, or the caller's.
func (t *tx) owner(ctx context.Context, name *string) (owner, error) {
	call := aws.CallFrom(ctx)
	if name == nil && call.Caller.Kind == aws.Root {
		return owner{}, nil
	}
	u, err := t.subject(call, name)
	if err != nil {
		return owner{}, err
	}
	return owner{u.ID, u.Name}, nil
}

// accessKey finds a key that its owner has.
func (t *tx) accessKey(ctx context.Context, userName *string, id string) (*accessKey, error) {
	o, err := t.owner(ctx, userName)
	if err != nil {
		return nil, err
	}
	k, ok := accessKeys.Get(t.Tx, t.accessKeyKey(id))
	if !ok || k.UserID != o.id {
		return nil, noAccessKey(id)
	}
	return k, nil
}

func noAccessKey(id string) *aws.Error {
	return api.ErrNoSuchEntityException("The Access Key with id %s cannot be found.", id)
}

func (t *tx) accessKeyKey(id string) kv.Key { return accessKeys.Key(t.Scope, kv.String(id)) }

// keysOf are the access keys of a user, oldest first.
func (t *tx) keysOf(userID string) (out []*accessKey) {
	for _, k := range accessKeys.ScanBy(t.Tx, kv.Prefix(accessKeys.IndexPrefix(&accessKeysByUser, t.Scope, kv.String(userID)))) {
		out = append(out, k)
	}
	return out
}

func status(inactive bool) api.StatusType {
	if inactive {
		return api.StatusTypeInactive
	}
	return api.StatusTypeActive
}
