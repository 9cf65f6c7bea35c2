package cognitoidp

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
)

// Functions are called between transactions, never within one: a transaction may
// be repeated, and a function takes its time.

// event is what a function gets, and gives back.
// AWS: "Customizing user pool workflows with Lambda triggers".
type event struct {
	Version  string         `json:"version"`
	Region   aws.Region     `json:"region"`
	Pool     string         `json:"userPoolId"`
	User     string         `json:"userName"`
	Caller   eventCaller    `json:"callerContext"`
	Source   string         `json:"triggerSource"`
	Request  map[string]any `json:"request"`
	Response any            `json:"response"`
}

type eventCaller struct {
	SDK    string `json:"awsSdkVersion"`
	Client string `json:"clientId"`
}

// caller is who asks for something, as functions are told.
type caller struct {
	client   string            // its id
	metadata map[string]string // for the functions alone
	device   string            // that it has shown
}

// occasion is a function, and what it is called for.
type occasion struct {
	*user
	trigger string  // its name, as errors tell it
	arn     *string // nil where the pool has none
	source  string
	version string // of the event
}

// occasion is that of a pool's function.
func (u *user) occasion(trigger string, arn *string, why string) occasion {
	return occasion{u, trigger, arn, trigger + "_" + why, "1"}
}

// triggers are the pool's functions.
func (p *pool) triggers() *cognitoidp.LambdaConfigType { return p.settings.LambdaConfig }

// unknownClient is the client of what administrators do.
// AWS: "Customizing user pool workflows with Lambda triggers".
const unknownClient = "CLIENT_ID_NOT_APPLICABLE"

// call calls a function, with a response that has its defaults, which it changes. The
// caller's metadata go into the request.
func (s *Service) call(ctx context.Context, o occasion, request map[string]any, response any) error {
	at := o.pool.at
	request["clientMetadata"] = o.caller.metadata
	e := event{
		Version: o.version, Region: at.Region, Pool: at.ID, User: o.Name, Caller: eventCaller{"aws-sdk-unknown-unknown", o.caller.client},
		Source: o.source, Request: request, Response: response,
	}
	payload, err := json.Marshal(e)
	if err != nil {
		return err
	}
	answer, err := s.invoke(ctx, o, payload)
	if err != nil {
		return err
	}
	var said struct {
		Response *json.RawMessage `json:"response"` // nil for null as well
	}
	if json.Unmarshal(answer, &said) != nil || said.Response == nil || json.Unmarshal(*said.Response, response) != nil {
		return cognitoidp.ErrInvalidLambdaResponseException("Unrecognizable lambda output")
	}
	return nil
}

// AWS: "Customizing user pool workflows with Lambda triggers": what a function has.
const (
	triggerTime     = 5 * time.Second
	triggerAttempts = 3
)

// invoke calls a function until it answers in time.
func (s *Service) invoke(ctx context.Context, o occasion, payload []byte) ([]byte, error) {
	arn, err := aws.ParseARN(*o.arn)
	if err != nil {
		return nil, cognitoidp.ErrUnexpectedLambdaException("%s invocation failed due to configuration.", o.trigger)
	}
	ctx = aws.ActAs(ctx, aws.Actor{
		Caller:  aws.Caller{Kind: aws.ServicePrincipal, Service: "cognito-idp.amazonaws.com"},
		Account: arn.Account, Region: arn.Region, Source: o.pool.at.arn(), SourceAccount: o.pool.at.Account, Patience: triggerTime,
	})
	for attempt := 1; ; attempt++ {
		out, err := lambda.NewClient(s.Via).Invoke(ctx, &lambda.InvokeInput{FunctionName: *o.arn, Payload: payload})
		var refusal *aws.Error
		switch {
		case errors.Is(err, aws.ErrPatience) && attempt < triggerAttempts:
		case errors.Is(err, aws.ErrPatience):
			return nil, cognitoidp.ErrUnexpectedLambdaException("%s invocation failed due to error Socket timeout while invoking Lambda function.", o.trigger)
		case errors.As(err, &refusal):
			return nil, cognitoidp.ErrUnexpectedLambdaException("%s invocation failed due to error %s.", o.trigger, refusal.Code)
		case err != nil:
			return nil, err
		case deref(out.FunctionError) != "":
			return nil, cognitoidp.ErrUserLambdaValidationException("%s failed with error %s.", o.trigger, failure(out.Payload))
		default:
			return out.Payload, nil
		}
	}
}

// failure is the message of a function that has failed.
func failure(payload []byte) string {
	var said struct {
		Message string `json:"errorMessage"`
	}
	if json.Unmarshal(payload, &said) != nil {
		return string(payload)
	}
	return said.Message
}

// told is the user's attributes as functions see them.
func (u *user) told() map[string]string {
	all := map[string]string{}
	maps.Copy(all, u.Attributes)
	if u.Sub != "" {
		all["sub"] = u.Sub
	}
	if u.Status != "" {
		all["cognito:user_status"] = u.Status
	}
	return all
}

// confirmedBy tells the pool's function that a user was confirmed, or has got
// another password.
func (s *Service) confirmedBy(ctx context.Context, u *user, why string) error {
	o := u.occasion("PostConfirmation", u.pool.triggers().PostConfirmation, why)
	if o.arn == nil {
		return nil
	}
	return s.call(ctx, o, map[string]any{"userAttributes": u.told()}, &struct{}{})
}

// What confirmedBy is for.
const (
	confirmSignUp   = "ConfirmSignUp"
	confirmPassword = "ConfirmForgotPassword"
)

// verdict is what a function says of who signs up.
type verdict struct {
	Confirm bool `json:"autoConfirmUser"`
	Email   bool `json:"autoVerifyEmail"`
	Phone   bool `json:"autoVerifyPhone"`
}

// preSignUp asks the pool's function about a user who is yet to be made. validation is
// told to nobody else.
func (s *Service) preSignUp(ctx context.Context, u *user, why string, validation []cognitoidp.AttributeType) (v verdict, err error) {
	o := u.occasion("PreSignUp", u.pool.triggers().PreSignUp, why)
	if o.arn == nil {
		return v, nil
	}
	var data map[string]string
	for _, a := range validation {
		if data == nil {
			data = map[string]string{}
		}
		data[a.Name] = deref(a.Value)
	}
	attributes := u.told()
	delete(attributes, "sub") // AWS: neither is there before the user is
	delete(attributes, "cognito:user_status")
	err = s.call(ctx, o, map[string]any{"userAttributes": attributes, "validationData": data}, &v)
	return v, err
}

// apply does to a new user as the verdict says.
func (v verdict) apply(u *user) {
	if v.Confirm && u.Status == unconfirmed {
		u.Status = confirmed
	}
	for via, verified := range map[string]bool{email: v.Email, phone: v.Phone} {
		if verified && u.Attributes[via] != "" {
			u.Attributes[via+verifiedSuffix] = "true"
		}
	}
}
