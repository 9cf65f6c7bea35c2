package apigatewayv2

import (
	"context"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
)

// act calls an action of an AWS service.
func (s *Service) act(context.Context, *aws.Call, *visit) (*proxyevent.Answer, error) {
	return nil, unbuilt("integrations with services' actions")
}
