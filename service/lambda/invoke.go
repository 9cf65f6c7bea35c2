package lambda

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/logwriter"
	"github.com/brume-cloud/brume/state/kv"
)

// Invoke calls a function, and waits for it unless the call is an event.
func (s *Service) Invoke(ctx context.Context, in *lambda.InvokeInput) (*lambda.InvokeOutput, error) {
	if in.DurableExecutionName != nil || in.TenantId != nil {
		return nil, unbuilt("DurableExecutionName and TenantId in calls")
	}
	kind := in.InvocationType
	if kind == "" {
		kind = lambda.InvocationTypeRequestResponse
	}
	payload, clientContext, err := checkPayload(kind, in.Payload, in.ClientContext)
	if err != nil {
		return nil, err
	}
	call := aws.CallFrom(ctx)
	t, err := s.aim(ctx, in.FunctionName, in.Qualifier)
	switch {
	case err != nil:
		return nil, err
	case kind == lambda.InvocationTypeDryRun:
		return &lambda.InvokeOutput{StatusCode: new(int32(204))}, nil
	case kind == lambda.InvocationTypeEvent:
		return &lambda.InvokeOutput{StatusCode: new(int32(202))}, s.enqueue(ctx, t, payload)
	}
	out, err := s.runNow(ctx, t, Request{ID: call.RequestID, FunctionARN: t.f.at.qualified(), Payload: payload, ClientContext: clientContext})
	if err != nil {
		return nil, s.refusal(t, err)
	}
	answer := &lambda.InvokeOutput{StatusCode: new(int32(200)), Payload: out.Payload, ExecutedVersion: new(t.c.version()), FunctionError: aws.Optional(out.Error)}
	if in.LogType == lambda.LogTypeTail {
		answer.LogResult = new(tail(out.Logs))
	}
	return answer, nil
}

// checkPayload returns what the function gets: the payload and the client context, decoded.
func checkPayload(kind lambda.InvocationType, given []byte, inBase64 *string) (payload []byte, clientContext string, err error) {
	limit := maxPayload
	if kind == lambda.InvocationTypeEvent {
		limit = maxEvent
	}
	if len(given) > limit {
		return nil, "", lambda.ErrRequestTooLargeException(&lambda.RequestTooLargeException{Type: new(user)},
			"%d byte payload is too large for the %s invocation type (limit %d bytes)", len(given), kind, limit)
	}
	payload = given
	if len(payload) == 0 {
		payload = []byte("{}")
	}
	if !json.Valid(payload) {
		return nil, "", lambda.ErrInvalidRequestContentException(&lambda.InvalidRequestContentException{Type: new(user)},
			"Could not parse request body into json: Could not parse payload into json")
	}
	if inBase64 != nil {
		b, err := base64.StdEncoding.DecodeString(*inBase64)
		if err != nil || !json.Valid(b) {
			return nil, "", lambda.ErrInvalidRequestContentException(&lambda.InvalidRequestContentException{Type: new(user)},
				"Client context must be a valid Base64-encoded JSON object.")
		}
		clientContext = string(b)
	}
	return payload, clientContext, nil
}

// target is the version that a call is for, and what it may use.
type target struct {
	f *function
	c *configuration

	share string // whose concurrency the call counts in
	limit int    // of the share
	pool  string // the qualifier that environments are provisioned for; empty for none
}

// outlast is the context of a call that goes on when its caller has gone away, as
// on AWS: the function ends, logs and is paid for. Its timeout bounds the call.
func outlast(ctx context.Context) context.Context { return context.WithoutCancel(ctx) }

// run makes a call: with the function's role, with its log written and its time counted.
func (s *Service) run(ctx context.Context, t target, r Request) (*Outcome, error) {
	if t.f.Limited && t.f.Reserved == 0 {
		return nil, ErrBusy
	}
	call := aws.CallFrom(ctx)
	if r.TraceID = s.follow(call, t); r.TraceID == "" {
		return nil, errLoop
	}
	out, err := s.Runner.Run(ctx, s.program(call, t), r)
	if err != nil {
		return nil, err
	}
	s.bill(call, t.c, &out)
	s.writeLog(t, &out)
	return &out, nil
}

// program is what the Runner needs to know of a version.
func (s *Service) program(call *aws.Call, t target) Program {
	f, c := t.f, t.c
	at := address{Scope: f.at.Scope, Name: f.at.Name}
	p := Program{
		Key:  programKey(call.Start, t),
		Name: at.Name, Version: c.version(), Region: string(at.Region), Runtime: c.Runtime, Architecture: c.Architecture, Handler: c.Handler,
		Layers: s.programLayers(c), MemoryMB: c.Memory, EphemeralMB: c.Ephemeral, Timeout: time.Duration(c.Timeout) * time.Second,
	}
	p.JSON, p.ApplicationLevel, p.SystemLevel = c.JSON, c.ApplicationLevel, c.SystemLevel
	p.Share, p.MaxCalls = t.share, t.limit
	if t.pool != "" {
		p.Pool = t.poolKey(call.Start)
	}
	p.Code = Code{c.CodeSum, func(ctx context.Context) (data []byte, err error) {
		err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
			data = getBytes(tx, &codes, f.codeKey(c.CodeSum))
			return nil
		})
		return data, err
	}}
	p.Variables = func(ctx context.Context) (map[string]string, error) { return s.variables(ctx, at, c) }
	return p
}

// programKey changes with what runs, and with its credentials.
func programKey(at time.Time, t target) string {
	f := address{Scope: t.f.at.Scope, Name: t.f.at.Name}
	return strings.Join([]string{f.arn(), t.c.version(), t.c.Revision, at.UTC().Truncate(renewal).Format(time.RFC3339)}, " ")
}

// poolKey is that of the environments which are provisioned for the target.
func (t target) poolKey(at time.Time) string { return programKey(at, t) + " " + t.pool }

// variables are what the function finds in its environment: its own, and how to
// reach this cloud with its role's credentials.
func (s *Service) variables(ctx context.Context, at address, c *configuration) (map[string]string, error) {
	session, err := s.assume(ctx, at, c.Role)
	if err != nil {
		return nil, err
	}
	credentials := session.Credentials
	all := map[string]string{"AWS_ENDPOINT_URL": s.Endpoint(at.Region)}
	for name, value := range c.Variables {
		all[name] = value
	}
	all["AWS_ACCESS_KEY_ID"] = credentials.AccessKeyId
	all["AWS_SECRET_ACCESS_KEY"] = credentials.SecretAccessKey
	all["AWS_SESSION_TOKEN"] = credentials.SessionToken
	all["AWS_LAMBDA_LOG_GROUP_NAME"] = c.group(&function{at: at})
	return all, nil
}

// refusal says in Lambda's words why a call could not be made.
func (s *Service) refusal(t target, err error) error {
	switch {
	case errors.Is(err, ErrBusy):
		return t.tooMany(lambda.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded, lambda.ThrottleReasonConcurrentInvocationLimitExceeded)
	case errors.Is(err, errRate):
		return t.tooMany(lambda.ThrottleReasonReservedFunctionInvocationRateLimitExceeded, lambda.ThrottleReasonFunctionInvocationRateLimitExceeded)
	case errors.Is(err, errLoop):
		return lambda.ErrRecursiveInvocationException(&lambda.RecursiveInvocationException{Type: new(user)},
			"Lambda has detected that %s is being invoked in a recursive loop, and has stopped it.", t.f.at.arn())
	case errors.Is(err, ErrCannotRun):
		return lambda.ErrInvalidRuntimeException(&lambda.InvalidRuntimeException{Type: new(user)}, "%s", err)
	}
	return err
}

// tooMany is the error of a call over the function's own limit, or over the account's.
func (t target) tooMany(own, account lambda.ThrottleReason) error {
	reason := account
	if t.f.Limited {
		reason = own
	}
	return lambda.ErrTooManyRequestsException(&lambda.TooManyRequestsException{Type: new(user), Reason: reason}, "Rate Exceeded.")
}

// tail is the end of a log, in base64. Lines end with a newline.
func tail(lines []logwriter.Line) string {
	var text strings.Builder
	for _, l := range lines {
		text.WriteString(l.Text)
		text.WriteByte('\n')
	}
	b := text.String()
	return base64.StdEncoding.EncodeToString([]byte(b[max(0, len(b)-maxTail):]))
}
