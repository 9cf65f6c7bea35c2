package lambda

import (
	"context"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// eventConfig is how the events of a version or alias are dealt with: by
// default where nothing was set.
func (f *function) eventConfig(tx kv.Tx, qualifier string) *eventConfig {
	if c, ok := eventConfigs.Get(tx, f.eventConfigKey(qualifier)); ok {
		return c
	}
	return &eventConfig{}
}

func (c *eventConfig) retries() int {
	if c.Retries == nil {
		return maxRetries
	}
	return *c.Retries
}

func (c *eventConfig) maxAge() time.Duration {
	if c.MaxAge == 0 {
		return maxAge
	}
	return c.MaxAge
}

// wish is what a request wants of an eventConfig.
type wish struct {
	name        string
	qualifier   *string
	retries     *int32
	age         *int32
	destination *lambda.DestinationConfig
}

// PutFunctionEventInvokeConfig sets how events are dealt with.
func (s *Service) PutFunctionEventInvokeConfig(ctx context.Context, in *lambda.PutFunctionEventInvokeConfigInput) (*lambda.PutFunctionEventInvokeConfigOutput, error) {
	w := wish{in.FunctionName, in.Qualifier, in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig}
	if w.retries == nil && w.age == nil && w.destination == nil {
		return nil, invalid("You must specify at least one of error handling or destination setting.")
	}
	out, err := s.setEventConfig(ctx, w, func(kv.Tx, *function) (*eventConfig, error) { return &eventConfig{}, nil })
	return (*lambda.PutFunctionEventInvokeConfigOutput)(out), err
}

// UpdateFunctionEventInvokeConfig changes how events are dealt with.
func (s *Service) UpdateFunctionEventInvokeConfig(ctx context.Context, in *lambda.UpdateFunctionEventInvokeConfigInput) (*lambda.UpdateFunctionEventInvokeConfigOutput, error) {
	w := wish{in.FunctionName, in.Qualifier, in.MaximumRetryAttempts, in.MaximumEventAgeInSeconds, in.DestinationConfig}
	out, err := s.setEventConfig(ctx, w, findEventConfig)
	return (*lambda.UpdateFunctionEventInvokeConfigOutput)(out), err
}

func findEventConfig(tx kv.Tx, f *function) (*eventConfig, error) {
	c, ok := eventConfigs.Get(tx, f.eventConfigKey(f.at.Qualifier))
	if !ok {
		return nil, noResource("The function %s doesn't have an EventInvokeConfig", f.at.qualified())
	}
	return c, nil
}

// setEventConfig applies a wish to the config that from returns.
func (s *Service) setEventConfig(ctx context.Context, w wish, from func(kv.Tx, *function) (*eventConfig, error)) (*lambda.FunctionEventInvokeConfig, error) {
	if err := s.checkDestinations(ctx, w); err != nil {
		return nil, err
	}
	a, err := addressOf(aws.CallFrom(ctx), w.name, w.qualifier)
	if err != nil {
		return nil, err
	}
	var out *lambda.FunctionEventInvokeConfig
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, _, err := a.version(tx)
		if err != nil {
			return err
		}
		c, err := from(tx, f)
		if err != nil {
			return err
		}
		c.set(w)
		c.Modified = tx.Now()
		eventConfigs.Put(tx, f.eventConfigKey(a.Qualifier), c)
		out = c.describe(a)
		return nil
	})
	return out, err
}

func (c *eventConfig) set(w wish) {
	if w.retries != nil {
		c.Retries = new(int(*w.retries))
	}
	seconds(&c.MaxAge, w.age)
	if w.destination == nil {
		return
	}
	if d := w.destination.OnSuccess; d != nil {
		c.OnSuccess = deref(d.Destination)
	}
	if d := w.destination.OnFailure; d != nil {
		c.OnFailure = deref(d.Destination)
	}
}

func (c *eventConfig) describe(a address) *lambda.FunctionEventInvokeConfig {
	if a.Qualifier == "" {
		a.Qualifier = latest
	}
	out := &lambda.FunctionEventInvokeConfig{LastModified: &c.Modified, FunctionArn: new(a.qualified()), DestinationConfig: &lambda.DestinationConfig{
		OnSuccess: &lambda.OnSuccess{Destination: aws.Optional(c.OnSuccess)}, OnFailure: &lambda.OnFailure{Destination: aws.Optional(c.OnFailure)},
	}}
	if c.Retries != nil {
		out.MaximumRetryAttempts = new(int32(*c.Retries))
	}
	if c.MaxAge > 0 {
		out.MaximumEventAgeInSeconds = new(int32(c.MaxAge.Seconds()))
	}
	return out
}

// GetFunctionEventInvokeConfig tells how events are dealt with.
func (s *Service) GetFunctionEventInvokeConfig(ctx context.Context, in *lambda.GetFunctionEventInvokeConfigInput) (*lambda.GetFunctionEventInvokeConfigOutput, error) {
	var out *lambda.FunctionEventInvokeConfig
	err := s.view(ctx, in.FunctionName, in.Qualifier, func(tx kv.Tx, f *function, _ *configuration) error {
		c, err := findEventConfig(tx, f)
		if err == nil {
			out = c.describe(f.at)
		}
		return err
	})
	return (*lambda.GetFunctionEventInvokeConfigOutput)(out), err
}

// DeleteFunctionEventInvokeConfig makes events be dealt with by default again.
func (s *Service) DeleteFunctionEventInvokeConfig(ctx context.Context, in *lambda.DeleteFunctionEventInvokeConfigInput) (*lambda.DeleteFunctionEventInvokeConfigOutput, error) {
	a, err := addressOf(aws.CallFrom(ctx), in.FunctionName, in.Qualifier)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		f, _, err := a.version(tx)
		if err != nil {
			return err
		}
		if _, err := findEventConfig(tx, f); err != nil {
			return err
		}
		eventConfigs.Delete(tx, f.eventConfigKey(a.Qualifier))
		return nil
	})
	return &lambda.DeleteFunctionEventInvokeConfigOutput{}, err
}

// ListFunctionEventInvokeConfigs lists those of a function's versions and
// aliases. The marker is the qualifier to go on after.
func (s *Service) ListFunctionEventInvokeConfigs(ctx context.Context, in *lambda.ListFunctionEventInvokeConfigsInput) (*lambda.ListFunctionEventInvokeConfigsOutput, error) {
	size := pageSize
	if in.MaxItems != nil {
		size = min(size, int(*in.MaxItems))
	}
	out := &lambda.ListFunctionEventInvokeConfigsOutput{}
	err := s.view(ctx, in.FunctionName, nil, func(tx kv.Tx, f *function, _ *configuration) error {
		*out = lambda.ListFunctionEventInvokeConfigsOutput{FunctionEventInvokeConfigs: []lambda.FunctionEventInvokeConfig{}}
		r := kv.Prefix(eventConfigs.Prefix(f.at.Scope, kv.Uint(f.ID)))
		if after := deref(in.Marker); after != "" {
			r.From = f.eventConfigKey(after).After()
		}
		last := ""
		for key, c := range eventConfigs.Scan(tx, r) {
			if len(out.FunctionEventInvokeConfigs) == size {
				out.NextMarker = &last
				break
			}
			parts := eventConfigs.Parts(key)
			parts.Skip(1)
			a := f.at
			a.Qualifier = parts.String()
			last = a.Qualifier
			out.FunctionEventInvokeConfigs = append(out.FunctionEventInvokeConfigs, *c.describe(a))
		}
		return nil
	})
	return out, err
}

// result is an event that is over.
type result struct {
	ending
	condition string
}

// tell sends what became of an event to its destination, and, when it failed,
// to the dead-letter queue.
func (s *Service) tell(tx kv.Tx, t target, config *eventConfig, r result) {
	to := config.OnFailure
	if r.condition == "Success" {
		to = config.OnSuccess
	} else if t.c.DeadLetter != "" {
		s.bury(tx, t, r)
	}
	if to == "" {
		return
	}
	p := t.parcel(to)
	random := aws.UUID(s.Random)
	p.Detail = "Lambda Function Invocation Result - " + map[bool]string{true: "Success", false: "Failure"}[r.condition == "Success"]
	p.Key = "aws/lambda/async/" + t.f.at.Name + "/" + tx.Now().UTC().Format("2006/01/02/2006-01-02T15.04.05") + "-" + random
	body, _ := encode(r.record(tx.Now(), t)) // nothing in it can fail
	p.post(tx, random, body)
}

// record is what destinations are told.
// AWS: "Capturing records of Lambda asynchronous invocations".
func (r *result) record(now time.Time, t target) map[string]any {
	a := t.f.at
	if a.Qualifier == "" {
		a.Qualifier = latest
	}
	record := map[string]any{
		"version": "1.0", "timestamp": stamp(now),
		"requestContext": map[string]any{
			"requestId": r.request, "functionArn": a.qualified(), "condition": r.condition, "approximateInvokeCount": r.calls(),
		},
		"requestPayload": payloadJSON(r.payload),
	}
	if r.out != nil {
		record["responseContext"] = responseContext(t.c.version(), r.out)
		record["responsePayload"] = payloadJSON(r.out.Payload)
	}
	return record
}

// calls is how often the function ran for the event.
func (r *result) calls() int {
	if r.condition == "Success" {
		return r.Failures + 1
	}
	return r.Failures
}

// bury sends an event as it was to the dead-letter queue.
// AWS: "Adding a dead-letter queue".
func (s *Service) bury(tx kv.Tx, t target, r result) {
	p := t.parcel(t.c.DeadLetter)
	p.Attributes = map[string]string{"RequestID": r.request, "ErrorCode": "200"}
	message := ""
	switch {
	case r.out != nil:
		message = errorMessage(r.out.Payload)
	case r.err != nil:
		p.Attributes["ErrorCode"], message = "429", "Rate Exceeded."
	}
	if message != "" {
		p.Attributes["ErrorMessage"] = strings.ToValidUTF8(message[:min(len(message), maxErrorMessage)], "")
	}
	p.post(tx, aws.UUID(s.Random), r.payload)
}

// maxErrorMessage is how many bytes of an error a dead letter has.
const maxErrorMessage = 1 << 10
