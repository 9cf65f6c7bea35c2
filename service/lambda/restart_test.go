package lambda_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloudtest"
)

// restart ends the cloud and starts it again.
func (b *bench) restart() {
	b.Helper()
	b.cloud.Restart()
	b.Client = lambda.NewFromConfig(b.cloud.Config())
}

func TestGatheredMessagesAndCheckpointsSurviveARestart(t *testing.T) {
	b := story(t, cloudtest.Dir(t.TempDir()))
	b.may(`["sqs:*","dynamodb:*"]`)
	b.runnable()
	l := b.queue("q", map[string]string{"VisibilityTimeout": "600"})
	l.mapped(func(in *lambda.CreateEventSourceMappingInput) { in.MaximumBatchingWindowInSeconds = aws.Int32(60) })
	s := b.ledger()
	s.from(types.EventSourcePositionLatest)
	l.send("a")
	s.put("x")
	b.cloud.Advance(time.Second)
	b.want("the change only", s.ids(), "x")

	b.restart()
	l.queues = sqs.NewFromConfig(b.cloud.Config())
	s.tables = dynamodb.NewFromConfig(b.cloud.Config())
	l.send("b")
	s.put("y")
	b.cloud.Advance(2 * time.Minute)
	b.want("changes, each once, and one batch of messages", s.ids(), "x y ")
	b.want("messages", b.bodies(), "  ab")
	b.want("left", l.left(), 0)
}
