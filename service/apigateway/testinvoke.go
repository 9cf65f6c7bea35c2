package apigateway

import (
	"context"

	api "github.com/brume-cloud/brume/api/apigateway"
)

func (s *Service) TestInvokeMethod(ctx context.Context, in *api.TestInvokeMethodInput) (*api.TestInvokeMethodOutput, error) {
	return &api.TestInvokeMethodOutput{Log: new("{}")}, nil
}
