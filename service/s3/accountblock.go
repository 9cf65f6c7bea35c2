package s3

import (
	"context"
	"net/http"

	"github.com/brume-cloud/brume/api/s3control"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// blocked is what public access is refused to a bucket: by itself, by its
// account, and by the access point that it was reached through.
// AWS: "Blocking public access to your Amazon S3 storage": the most restrictive
// of them.
func (b *bucket) blocked(tx kv.Tx) block {
	account, region := aws.Account(b.Account), aws.Region(b.Region)
	all := b.Block.and(accountBlock(tx, account, region))
	if p := b.Point; p != nil {
		all = all.and(p.Block)
		if p.Account != account {
			all = all.and(accountBlock(tx, p.Account, region))
		}
	}
	return all
}

// and is what either of two blocks forbids.
func (k block) and(o block) block {
	return block{k.Set || o.Set, k.ACLs || o.ACLs, k.Ignore || o.Ignore, k.Policy || o.Policy, k.Restrict || o.Restrict}
}

// accountBlock is an account's block, which forbids nothing where none is set.
func accountBlock(tx kv.Tx, account aws.Account, r aws.Region) block {
	if k, ok := accountBlocks.Get(tx, accountBlockKey(account, r)); ok {
		return *k
	}
	return block{}
}

func blockOf(c *s3control.PublicAccessBlockConfiguration) block {
	return block{true, deref(c.BlockPublicAcls), deref(c.IgnorePublicAcls), deref(c.BlockPublicPolicy), deref(c.RestrictPublicBuckets)}
}

func (k *block) shown() *s3control.PublicAccessBlockConfiguration {
	return &s3control.PublicAccessBlockConfiguration{
		BlockPublicAcls: &k.ACLs, IgnorePublicAcls: &k.Ignore, BlockPublicPolicy: &k.Policy, RestrictPublicBuckets: &k.Restrict,
	}
}

// PutPublicAccessBlock says what public access all buckets of the account refuse.
func (c *Control) PutPublicAccessBlock(ctx context.Context, in *s3control.PutPublicAccessBlockInput) (*s3control.PutPublicAccessBlockOutput, error) {
	set := in.PublicAccessBlockConfiguration
	switch {
	case set == nil:
		return nil, errMalformedXML()
	case *set == s3control.PublicAccessBlockConfiguration{}:
		return nil, errRequest("Must specify at least one configuration.")
	}
	k := blockOf(set)
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		accountBlocks.Put(tx, accountBlockKey(aws.Account(in.AccountId), aws.CallFrom(ctx).Region), &k)
		return nil
	})
	return &s3control.PutPublicAccessBlockOutput{}, err
}

// GetPublicAccessBlock tells it.
func (c *Control) GetPublicAccessBlock(ctx context.Context, in *s3control.GetPublicAccessBlockInput) (*s3control.GetPublicAccessBlockOutput, error) {
	out := new(s3control.GetPublicAccessBlockOutput)
	err := kv.View(ctx, c.Store, func(tx kv.Tx) error {
		k := accountBlock(tx, aws.Account(in.AccountId), aws.CallFrom(ctx).Region)
		if !k.Set {
			return s3control.ErrNoSuchPublicAccessBlockConfiguration("The public access block configuration was not found")
		}
		out.PublicAccessBlockConfiguration = k.shown()
		return nil
	})
	return out, err
}

// DeletePublicAccessBlock leaves it to the buckets.
func (c *Control) DeletePublicAccessBlock(ctx context.Context, in *s3control.DeletePublicAccessBlockInput) (*s3control.DeletePublicAccessBlockOutput, error) {
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		accountBlocks.Delete(tx, accountBlockKey(aws.Account(in.AccountId), aws.CallFrom(ctx).Region))
		return nil
	})
	return &s3control.DeletePublicAccessBlockOutput{}, err
}

func errRequest(message string) error {
	return aws.Errorf(http.StatusBadRequest, "InvalidRequest", "%s", message)
}
