package cloudtest_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
)

// queue makes a queue and returns a client and its URL.
func queue(t *testing.T, cfg awssdk.Config) (*sqs.Client, *string) {
	t.Helper()
	client := sqs.NewFromConfig(cfg)
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: awssdk.String("orders")})
	if err != nil {
		t.Fatal(err)
	}
	return client, out.QueueUrl
}

func send(t *testing.T, client *sqs.Client, url *string, body string) {
	t.Helper()
	if _, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: &body}); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, client *sqs.Client, url *string) []string {
	t.Helper()
	out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
	if err != nil {
		t.Fatal(err)
	}
	var bodies []string
	for _, m := range out.Messages {
		bodies = append(bodies, *m.Body)
	}
	return bodies
}

func TestMessagesReappearWhenTheClockIsMoved(t *testing.T) {
	cloud := cloudtest.Start(t)
	client, url := queue(t, cloud.Config("eu-central-1"))
	send(t, client, url, "hello")
	if got := receive(t, client, url); len(got) != 1 {
		t.Fatalf("received %q", got)
	}
	if got := receive(t, client, url); len(got) != 0 {
		t.Fatalf("received %q, which is in flight", got)
	}
	cloud.Advance(31 * time.Second)
	if got := receive(t, client, url); len(got) != 1 {
		t.Fatalf("received %q after the visibility timeout", got)
	}
}

func TestLongPollEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := cloudtest.Start(t, cloudtest.NoRetries())
		client, url := queue(t, cloud.Config())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		began := time.Now()
		_, err := client.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
		if !errors.Is(err, context.DeadlineExceeded) || time.Since(began) != 5*time.Second {
			t.Errorf("after %v: %v", time.Since(began), err)
		}
	})
}

func TestLongPollIsWokenByASend(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		cloud := cloudtest.Start(t)
		client, url := queue(t, cloud.Config())
		got := make(chan int)
		go func() {
			out, err := client.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, WaitTimeSeconds: 20})
			if err != nil {
				t.Error(err)
			}
			got <- len(out.Messages)
		}()
		synctest.Wait()
		send(t, client, url, "now")
		began := time.Now()
		if n := <-got; n != 1 || time.Since(began) != 0 {
			t.Errorf("%d messages after %v", n, time.Since(began))
		}
	})
}

func TestEnvironmentDoesNotMatter(t *testing.T) {
	for name, value := range map[string]string{
		"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "AWS_ENDPOINT_URL_SQS": "http://127.0.0.1:1", "AWS_REGION": "eu-west-3",
		"AWS_ACCESS_KEY_ID": "x", "AWS_SECRET_ACCESS_KEY": "x", "AWS_PROFILE": "no such", "HTTP_PROXY": "http://127.0.0.1:1",
	} {
		t.Setenv(name, value)
	}
	for name, opts := range map[string][]cloudtest.Option{"in process": nil, "loopback": {cloudtest.Loopback()}} {
		t.Run(name, func(t *testing.T) {
			client, url := queue(t, cloudtest.Start(t, opts...).Config())
			send(t, client, url, "hello")
		})
	}
}

func TestFaultIsReportedWithoutRetries(t *testing.T) {
	cloud := cloudtest.Start(t, cloudtest.NoRetries())
	client, url := queue(t, cloud.Config())
	remove := cloud.Fault(fault.Rule{Kind: fault.Throttle, Service: "sqs", Operation: "SendMessage"})
	_, err := client.SendMessage(t.Context(), &sqs.SendMessageInput{QueueUrl: url, MessageBody: awssdk.String("x")})
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != "RequestThrottled" {
		t.Errorf("got %v", err)
	}
	remove()
	send(t, client, url, "x")
}

func TestRestartKeepsWhatADirKeeps(t *testing.T) {
	for name, opts := range map[string][]cloudtest.Option{
		"in process": {cloudtest.Dir(t.TempDir())},
		"loopback":   {cloudtest.Dir(t.TempDir()), cloudtest.Loopback()},
	} {
		t.Run(name, func(t *testing.T) {
			cloud := cloudtest.Start(t, opts...)
			client, url := queue(t, cloud.Config())
			send(t, client, url, "kept")
			cloud.Advance(48 * time.Hour)
			cloud.Restart()
			client = sqs.NewFromConfig(cloud.Config())
			if got := receive(t, client, url); len(got) != 1 || got[0] != "kept" {
				t.Errorf("received %q", got)
			}
			if off := cloud.Clock().Offset(); off < 47*time.Hour {
				t.Errorf("offset %v", off)
			}
		})
	}
}

func TestStrictRefusesStrangers(t *testing.T) {
	cloud := cloudtest.Start(t, cloudtest.Strict(), cloudtest.NoRetries())
	queue(t, cloud.Config())
	_, err := sqs.NewFromConfig(cloud.As("test", "test", "")).ListQueues(t.Context(), nil)
	if err == nil {
		t.Error("a key that nobody made was let in")
	}
}
