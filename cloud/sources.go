package cloud

import (
	"context"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// sources tells Lambda of the queues and streams of this cloud.
type sources struct{ system *System }

// Next implements lambda.Sources.
func (s sources) Next(ctx context.Context, arn, part string) ([]kv.Key, time.Time, error) {
	a, err := aws.ParseARN(arn)
	switch {
	case err != nil:
		return nil, time.Time{}, err
	case a.Service == "sqs":
		return s.system.sqs.Next(ctx, arn)
	case a.Service == "dynamodb":
		return s.system.streams.Next(ctx, arn, part)
	}
	return nil, time.Time{}, fmt.Errorf("cloud: %s has no events for Lambda", a.Service)
}
