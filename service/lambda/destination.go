package lambda

import (
	"context"
	"encoding/json"
	"strings"

	eventsapi "github.com/brume-cloud/brume/api/events"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// errorMessage is the message in the answer of a function that failed.
func errorMessage(payload []byte) string {
	var e struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &e) != nil {
		return ""
	}
	return e.Message
}

// checkDestinations refuses destinations that cannot be reached.
func (s *Service) checkDestinations(ctx context.Context, w wish) error {
	if w.destination == nil {
		return nil
	}
	var t target
	err := s.view(ctx, w.name, w.qualifier, func(_ kv.Tx, f *function, c *configuration) error {
		t = target{f: f, c: c}
		return nil
	})
	if err != nil {
		return err
	}
	success, failure := "", ""
	if d := w.destination.OnSuccess; d != nil {
		success = deref(d.Destination)
	}
	if d := w.destination.OnFailure; d != nil {
		failure = deref(d.Destination)
	}
	for i, arn := range []string{success, failure} {
		if arn == "" {
			continue
		}
		services := []string{"sqs", "sns", "lambda", "events", "s3"}
		if i == 0 {
			services = services[:4] // AWS: S3 gets failures only
		}
		call, err := s.probe(ctx, t, arn, services)
		switch {
		case denied(err):
			return invalid("The function's execution role does not have permissions to call %s on %s", call, arn)
		case isCode(err, notImplemented):
			return err
		case err != nil:
			return invalid("The provided destination config DestinationConfig(onSuccess=%s, onFailure=%s) is invalid.", success, failure)
		}
	}
	return nil
}

const notImplemented = "NotImplemented"

// probe asks, as the function's role, whether a destination could be sent
// something, by a call that is refused only after the permission was seen. It
// returns the operation that is meant.
func (s *Service) probe(ctx context.Context, t target, arn string, services []string) (call string, err error) {
	to, err := aws.ParseARN(arn)
	allowed := false
	for _, service := range services {
		allowed = allowed || to.Service == service
	}
	if err != nil || !allowed || strings.HasSuffix(arn, ".fifo") { // AWS: standard queues and topics only
		return "", invalid("%s is not a destination", arn)
	}
	ctx = s.asRole(ctx, t, to)
	switch to.Service {
	case "sqs":
		_, err = sqs.NewClient(s.Via).SendMessage(ctx, &sqs.SendMessageInput{QueueUrl: queueURL(to)})
		if unless(err) == nil {
			_, err = sqs.NewClient(s.Via).GetQueueAttributes(ctx, &sqs.GetQueueAttributesInput{QueueUrl: queueURL(to)})
			return "SendMessage", missing(err, queueMissing)
		}
		return "SendMessage", err
	case "sns":
		_, err = sns.NewClient(s.Via).Publish(ctx, &sns.PublishInput{TopicArn: &arn})
		if unless(err) == nil {
			_, err = sns.NewClient(s.Via).GetTopicAttributes(ctx, &sns.GetTopicAttributesInput{TopicArn: arn})
			return "Publish", missing(err, "NotFound")
		}
		return "Publish", err
	case "lambda":
		_, err = lambda.NewClient(s.Via).Invoke(ctx, &lambda.InvokeInput{FunctionName: arn, InvocationType: lambda.InvocationTypeDryRun})
		return "InvokeFunction", err
	case "events":
		_, err = eventsapi.NewClient(s.Via).PutEvents(ctx, &eventsapi.PutEventsInput{})
		return "PutEvents", unless(err)
	}
	return "PutObject", nil // nothing about it can be asked without an object
}

// unless keeps an error that says that the call could never succeed.
func unless(err error) error {
	if denied(err) || isCode(err, notImplemented) {
		return err
	}
	return nil
}

// missing keeps an error that says that there is no such resource. One that the
// role may not look at may well be there.
func missing(err error, code string) error {
	if isCode(err, code) {
		return err
	}
	return nil
}

// checkDeadLetter refuses a dead-letter queue that cannot be reached.
func (s *Service) checkDeadLetter(ctx context.Context, a address, c *configuration) error {
	if c.DeadLetter == "" {
		return nil
	}
	call, err := s.probe(ctx, target{f: &function{at: a}, c: c}, c.DeadLetter, []string{"sqs", "sns"})
	switch {
	case denied(err):
		to, _ := aws.ParseARN(c.DeadLetter) // was checked
		return invalid("The provided execution role does not have permissions to call %s on %s", call, strings.ToUpper(to.Service))
	case err != nil:
		return invalid("The target %s of the dead letter config is invalid.", c.DeadLetter)
	}
	return nil
}

// checkNewDeadLetter is checkDeadLetter for a change.
func (s *Service) checkNewDeadLetter(ctx context.Context, a address, in *lambda.UpdateFunctionConfigurationInput) error {
	if in.DeadLetterConfig == nil {
		return nil
	}
	var c configuration
	err := s.view(ctx, in.FunctionName, nil, func(_ kv.Tx, _ *function, was *configuration) error {
		c = *was
		return nil
	})
	if err != nil {
		return err
	}
	put(&c.Role, in.Role)
	c.DeadLetter = deref(in.DeadLetterConfig.TargetArn)
	return s.checkDeadLetter(ctx, a, &c)
}
