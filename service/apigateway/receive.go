package apigateway

import (
	"context"
	"errors"
	"net/http"

	api "github.com/brume-cloud/brume/api/apigateway"
)

// reply is an answer: an integration's, or the one to the caller.
type reply struct {
	status int
	header http.Header
	body   []byte
	fault  string // what went wrong in a function
	failed bool   // fault holds
}

// receive serves a request that the API's policy and, where that is asked for, its
// signature let pass.
func (s *Service) receive(ctx context.Context, v *visit) (*reply, error) {
	v.noteRequest()
	r, err := s.serve(ctx, v)
	var f *failure
	if errors.As(err, &f) {
		r, err = v.refuse(f), nil
	}
	if err != nil {
		return nil, err
	}
	v.noteEnd(r)
	return r, nil
}

// forbidden is the answer of an API that has no such stage, or that is switched off.
func forbidden() *failure {
	return fails(api.GatewayResponseTypeDEFAULT4XX, "ForbiddenException", "Forbidden").with(http.StatusForbidden)
}

func (f *failure) with(status int) *failure {
	f.status = status
	return f
}

// serve takes a request through what its method asks for. Its error is mostly a
// *failure.
func (s *Service) serve(ctx context.Context, v *visit) (*reply, error) {
	switch {
	case v.served == nil, v.closed():
		return nil, forbidden()
	case v.method == nil:
		return nil, noRoute()
	}
	if err := v.decompress(); err != nil {
		return nil, err
	}
	if err := s.authorize(ctx, v); err != nil {
		return nil, err
	}
	if err := s.admit(ctx, v); err != nil {
		return nil, err
	}
	return s.run(ctx, v)
}

// run validates a request that is let in, and has it answered by the cache or the
// integration.
func (s *Service) run(ctx context.Context, v *visit) (*reply, error) {
	if err := v.validate(); err != nil {
		return nil, err
	}
	return s.cached(ctx, v, func() (*reply, error) { return s.integrate(ctx, v) })
}
