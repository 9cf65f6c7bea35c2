package apigateway

import "context"

func (s *Service) cached(ctx context.Context, v *visit, ask func() (*reply, error)) (*reply, error) {
	return ask()
}

func (s *Service) finish(v *visit, r *reply) {}
