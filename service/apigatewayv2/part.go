package apigatewayv2

import (
	"context"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// view runs fn on an API of the caller's, for operations that only read.
func (s *Service) view(ctx context.Context, apiID string, fn func(tx kv.Tx, a address) error) error {
	a := here(ctx, apiID)
	return kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err != nil {
			return err
		}
		return fn(tx, a)
	})
}

// change runs fn on an API of the caller's, whose parts it changes, and deploys
// what it made of them where that is wished for.
func (s *Service) change(ctx context.Context, apiID string, fn func(tx kv.Tx, a address, d *apigatewayv2.Api) error) error {
	a := here(ctx, apiID)
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		d, err := a.find(tx)
		if err != nil {
			return err
		}
		if err := fn(tx, a, d); err != nil {
			return err
		}
		return s.changed(tx, a)
	})
}

// getPart answers a part of an API, whose id is the first of ids.
func getPart[O, T any](ctx context.Context, s *Service, k *kind[T], ids ...string) (*O, error) {
	out := new(O)
	err := s.view(ctx, ids[0], func(tx kv.Tx, a address) error {
		d, err := k.find(tx, a.Scope, ids...)
		if err == nil {
			carry(out, d)
		}
		return err
	})
	return out, err
}

// deletePart deletes a part of an API.
func deletePart[T any](ctx context.Context, s *Service, k *kind[T], ids ...string) error {
	return s.change(ctx, ids[0], func(tx kv.Tx, a address, _ *apigatewayv2.Api) error {
		if _, err := k.find(tx, a.Scope, ids...); err != nil {
			return err
		}
		k.delete(tx, a.Scope, ids...)
		return nil
	})
}

// listing is what a listing operation asks for.
type listing struct {
	ids         []string // what the keys begin with: the API's id first
	limit, next *string
}

// listParts lists the parts of an API.
func listParts[T any](ctx context.Context, s *Service, k *kind[T], l listing) (items []T, next *string, err error) {
	p, err := newPage(l.limit, l.next)
	if err != nil {
		return nil, nil, err
	}
	err = s.view(ctx, l.ids[0], func(tx kv.Tx, a address) error {
		items, next = list(tx, k, p, k.key(a.Scope, l.ids...))
		return nil
	})
	return items, next, err
}
