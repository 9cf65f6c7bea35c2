package cognitoidentity

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// address is where a pool is.
type address struct {
	kv.Scope
	ID string
}

// here is the address of a pool of the caller's account and region.
func here(ctx context.Context, id string) address { return address{scopeOf(ctx), id} }

const arnPrefix = "identitypool/"

func (a address) arn() string {
	return aws.NewARN("cognito-identity", a.Region, a.Account, arnPrefix+a.ID).String()
}

// addressOfARN reads a pool's ARN.
func addressOfARN(arn string) (address, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "cognito-identity" {
		return address{}, false
	}
	id, ok := strings.CutPrefix(a.Resource, arnPrefix)
	return address{kv.Scope{Account: a.Account, Region: a.Region}, id}, ok && id != ""
}

// find returns the pool at an address.
func (a address) find(tx kv.Tx) (*pool, error) {
	p, ok := pools.Get(tx, a.key())
	if !ok {
		return nil, noPool(a.ID)
	}
	p.at, p.settings = a, decode[cognitoidentity.DescribeIdentityPoolOutput](p.Settings)
	p.roles = new(cognitoidentity.SetIdentityPoolRolesInput)
	if len(p.Roles) > 0 {
		p.roles = decode[cognitoidentity.SetIdentityPoolRolesInput](p.Roles)
	}
	return p, nil
}

func noPool(id string) error {
	return cognitoidentity.ErrResourceNotFoundException("IdentityPool '%s' not found.", id)
}

func noIdentity(id string) error {
	return cognitoidentity.ErrResourceNotFoundException("Identity '%s' not found.", id)
}

// placed finds the pool of a pool's or an identity's id, in whichever account it is,
// and bills the call to its owner.
func placed(ctx context.Context, tx kv.Tx, id string) (*pool, bool) {
	call := aws.CallFrom(ctx)
	w, ok := places.GetShared(tx, placeKey(call.Region, id), nil)
	if !ok || aws.Region(w.Region) != call.Region {
		return nil, false
	}
	p, err := address{kv.Scope{Account: aws.Account(w.Account), Region: aws.Region(w.Region)}, w.Pool}.find(tx)
	if err != nil {
		return nil, false
	}
	call.Payer = p.at.Account
	return p, true
}

// anyPool finds the pool that an unsigned call names.
func anyPool(ctx context.Context, tx kv.Tx, id string) (*pool, error) {
	if p, ok := placed(ctx, tx, id); ok && p.at.ID == id {
		return p, nil
	}
	return nil, noPool(id)
}

// anyIdentity finds the identity that an unsigned call names.
func anyIdentity(ctx context.Context, tx kv.Tx, id string) (*identity, error) {
	if p, ok := placed(ctx, tx, id); ok {
		return p.identity(tx, id)
	}
	return nil, noIdentity(id)
}

func (p *pool) identity(tx kv.Tx, id string) (*identity, error) {
	i, ok := identities.Get(tx, p.identityKey(id))
	if !ok {
		return nil, noIdentity(id)
	}
	i.pool, i.id = p, id
	return i, nil
}

// ownIdentity finds an identity of the caller's.
func ownIdentity(ctx context.Context, tx kv.Tx, id string) (*identity, error) {
	i, err := anyIdentity(ctx, tx, id)
	if err == nil && i.pool.at.Account != aws.CallFrom(ctx).Account {
		return nil, noIdentity(id)
	}
	return i, err
}

// view runs fn on a pool of the caller's, for operations that only read.
func (s *Service) view(ctx context.Context, id string, fn func(tx kv.Tx, p *pool) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, err := here(ctx, id).find(tx)
		if err != nil {
			return err
		}
		return fn(tx, p)
	})
}

// change runs fn on a pool, and stores it.
func (s *Service) change(ctx context.Context, a address, fn func(p *pool) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := a.find(tx)
		if err != nil {
			return err
		}
		if err := fn(p); err != nil {
			return err
		}
		p.put(tx)
		return nil
	})
}
