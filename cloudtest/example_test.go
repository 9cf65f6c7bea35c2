package cloudtest_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloudtest"
)

// A message that is received and not deleted comes back, 30 seconds later.
func Example() {
	t := exampleT() // in a test: the *testing.T
	defer t.end()

	cloud := cloudtest.Start(t)
	queues := sqs.NewFromConfig(cloud.Config("eu-central-1"))

	q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	_, err = queues.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: q.QueueUrl, MessageBody: aws.String("one espresso")})
	if err != nil {
		t.Fatal(err)
	}

	for range 2 {
		got, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: q.QueueUrl})
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println(*got.Messages[0].Body)
		cloud.Advance(30 * time.Second)
	}

	// Output:
	// one espresso
	// one espresso
}

// example stands for a *testing.T, which an Example does not get.
type example struct {
	testing.TB
	cleanup []func()
}

func exampleT() *example                     { return &example{} }
func (e *example) Helper()                   {}
func (e *example) Context() context.Context  { return context.Background() }
func (e *example) Output() io.Writer         { return io.Discard }
func (e *example) Cleanup(fn func())         { e.cleanup = append(e.cleanup, fn) }
func (e *example) Fatal(args ...any)         { panic(fmt.Sprint(args...)) }
func (e *example) Errorf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *example) Fatalf(f string, a ...any) { panic(fmt.Sprintf(f, a...)) }
func (e *example) end() {
	for _, fn := range e.cleanup {
		fn()
	}
}
