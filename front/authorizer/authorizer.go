// Package authorizer reads and remembers what Lambda authorizers decide, for both
// generations of API Gateway.
package authorizer

import (
	"bytes"
	"encoding/json"
	"errors"
	"slices"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// ErrMalformed is of an answer that decides nothing.
var ErrMalformed = errors.New("authorizer: the function's answer is malformed")

// Action is what requests to APIs need to be allowed.
const Action = "execute-api:Invoke"

// Decision is what an authorizer said of a caller. It is never changed.
type Decision struct {
	Principal string         // principalId; "" in a simple answer
	Context   map[string]any // what it found out; numbers are json.Number
	UsageKey  string         // usageIdentifierKey: the API key that the call counts for

	allowed bool
	policy  *policy.Policy // nil: allowed says all
}

// ReadSimple reads an answer that says isAuthorized.
// AWS: "Control access to HTTP APIs with AWS Lambda authorizers".
func ReadSimple(payload []byte) (*Decision, error) {
	var said struct {
		Allowed *bool          `json:"isAuthorized"`
		Context map[string]any `json:"context"`
	}
	if decode(payload, &said) != nil || said.Allowed == nil {
		return nil, ErrMalformed
	}
	return &Decision{allowed: *said.Allowed, Context: said.Context}, nil
}

// ReadPolicy reads an answer that has a policy.
// AWS: "Output from an API Gateway Lambda authorizer".
func ReadPolicy(payload []byte) (*Decision, error) {
	var said struct {
		Principal string          `json:"principalId"`
		Policy    json.RawMessage `json:"policyDocument"`
		Context   map[string]any  `json:"context"`
		UsageKey  string          `json:"usageIdentifierKey"`
	}
	if decode(payload, &said) != nil || said.Principal == "" {
		return nil, ErrMalformed
	}
	document, some := withoutEmpty(said.Policy)
	if !some {
		return &Decision{Principal: said.Principal, Context: said.Context, UsageKey: said.UsageKey}, nil
	}
	p, err := policy.Parse(document, policy.Identity)
	if err != nil {
		return nil, ErrMalformed
	}
	return &Decision{Principal: said.Principal, Context: said.Context, UsageKey: said.UsageKey, policy: p}, nil
}

// withoutEmpty leaves out the statements of a policy that are about no resource at
// all, which IAM would not take: Chalice's authorizers refuse a caller so. some is
// false where none is left.
func withoutEmpty(document []byte) (left []byte, some bool) {
	var p map[string]json.RawMessage
	var statements []map[string]json.RawMessage
	if json.Unmarshal(document, &p) != nil || json.Unmarshal(p["Statement"], &statements) != nil {
		return document, true
	}
	all := len(statements)
	statements = slices.DeleteFunc(statements, func(s map[string]json.RawMessage) bool {
		var resources []string
		return json.Unmarshal(s["Resource"], &resources) == nil && resources != nil && len(resources) == 0
	})
	if len(statements) == all {
		return document, true
	}
	p["Statement"], _ = json.Marshal(statements) // cannot fail: it came out of JSON
	left, _ = json.Marshal(p)                    // likewise
	return left, len(statements) > 0
}

func decode(payload []byte, into any) error {
	d := json.NewDecoder(bytes.NewReader(payload))
	d.UseNumber()
	return d.Decode(into)
}

// Allows reports whether the call, to the resource arn:aws:execute-api:…, may go
// on, and where it may not, whether a policy says so expressly.
func (d *Decision) Allows(call *aws.Call, resource string) (allowed, expressly bool) {
	if d.policy == nil {
		return d.allowed, false
	}
	caller := aws.Caller{Kind: aws.AssumedRole, Account: call.Account}
	said := policy.Evaluate(&policy.Request{
		Caller: &caller, Action: Action, Resource: resource, ResourceAccount: call.Account,
		Context: policy.OfCall(call, nil), Identity: []policy.Source{{Name: "authorizer", Policy: d.policy}},
	})
	return said.Allowed, said.Reason == policy.ExplicitDeny
}
