package cognitoidp

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
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

func (a address) arn() string {
	return aws.NewARN("cognito-idp", a.Region, a.Account, arnPrefix+a.ID).String()
}

const arnPrefix = "userpool/"

// addressOfARN reads a pool's ARN.
func addressOfARN(arn string) (address, bool) {
	a, err := aws.ParseARN(arn)
	if err != nil || a.Service != "cognito-idp" {
		return address{}, false
	}
	id, ok := strings.CutPrefix(a.Resource, arnPrefix)
	return address{kv.Scope{Account: a.Account, Region: a.Region}, id}, ok && id != ""
}

// short is the part of the pool's id behind the region.
func (a address) short() string {
	_, name, _ := strings.Cut(a.ID, "_")
	return name
}

// find returns the pool at an address. It is shared: change one only with
// Service.change.
func (a address) find(tx kv.Tx) (*pool, error) {
	p, ok := pools.GetShared(tx, a.key(), func(p *pool) {
		p.at = a
		p.open()
	})
	if !ok {
		return nil, cognitoidp.ErrResourceNotFoundException("User pool %s does not exist.", a.ID)
	}
	return p, nil
}

// open reads the documents of a pool that was read.
func (p *pool) open() {
	p.settings, p.mfa = decode[cognitoidp.UserPoolType](p.Settings), new(cognitoidp.GetUserPoolMfaConfigOutput)
	if len(p.MFA) > 0 {
		p.mfa = decode[cognitoidp.GetUserPoolMfaConfigOutput](p.MFA)
	}
}

// placed finds the pool of a pool's or client's id, in whichever account it is.
func placed(tx kv.Tx, r aws.Region, id string) (address, bool) {
	w, ok := places.GetShared(tx, placeKey(r, id), nil)
	if !ok {
		return address{}, false
	}
	return address{kv.Scope{Account: aws.Account(w.Account), Region: aws.Region(w.Region)}, w.Pool}, true
}

// client returns a client of the pool. It is shared.
func (p *pool) client(tx kv.Tx, id string) (*client, error) {
	c, ok := clients.GetShared(tx, p.clientKey(id), func(c *client) {
		c.settings = decode[cognitoidp.UserPoolClientType](c.Settings)
	})
	if !ok {
		return nil, noClient(id)
	}
	own := *c // the pool may have changed since the client was decoded
	own.pool = p
	return &own, nil
}

func noClient(id string) error {
	return cognitoidp.ErrResourceNotFoundException("User pool client %s does not exist.", id)
}

// clientAnywhere finds the client that an unsigned call names, and bills the
// call to its pool's owner.
func clientAnywhere(ctx context.Context, tx kv.Tx, id string) (*client, error) {
	call := aws.CallFrom(ctx)
	a, ok := placed(tx, call.Region, id)
	if !ok {
		return nil, noClient(id)
	}
	p, err := a.find(tx)
	if err != nil {
		return nil, noClient(id)
	}
	call.Payer = a.Account
	return p.client(tx, id)
}

// view runs fn on a pool of the caller's, for operations that only read.
func (s *Service) view(ctx context.Context, poolID string, fn func(tx kv.Tx, p *pool) error) error {
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, err := here(ctx, poolID).find(tx)
		if err != nil {
			return err
		}
		return fn(tx, p)
	})
}

// update runs fn on a pool of the caller's, in a transaction.
func (s *Service) update(ctx context.Context, poolID string, fn func(tx kv.Tx, p *pool) error) error {
	return s.settle(ctx, func(tx kv.Tx) error {
		p, err := here(ctx, poolID).find(tx)
		if err != nil {
			return err
		}
		return fn(tx, p)
	})
}

// kept is a refusal whose transaction is committed all the same: a failed
// attempt has to be remembered.
type kept struct{ error }

// settle runs fn in a transaction, which a kept error does not undo.
func (s *Service) settle(ctx context.Context, fn func(tx kv.Tx) error) error {
	var refusal error
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		refusal = nil
		err := fn(tx)
		if k, ok := err.(kept); ok {
			refusal = k.error
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	return refusal
}

// change runs fn on a copy of a pool, and stores it.
func (s *Service) change(ctx context.Context, a address, fn func(tx kv.Tx, p *pool) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		shared, err := a.find(tx)
		if err != nil {
			return err
		}
		p := *shared
		p.open()
		if err := fn(tx, &p); err != nil {
			return err
		}
		p.Modified = tx.Now()
		p.put(tx)
		return nil
	})
}
