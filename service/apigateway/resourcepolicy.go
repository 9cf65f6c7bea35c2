package apigateway

import (
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/policy"
)

// resourcePolicy is the policy of an API, ready.
type resourcePolicy struct {
	text   string // empty for none
	policy *policy.Policy
}

// compilePolicy reads the policy of an API. AWS: "API Gateway resource policy
// examples": execute-api:/STAGE/… is short for the API's own ARN.
func compilePolicy(a address, text string) resourcePolicy {
	if text == "" {
		return resourcePolicy{}
	}
	own := "arn:aws:execute-api:" + string(a.Region) + ":" + string(a.Account) + ":" + a.API + "/"
	text = strings.ReplaceAll(text, `"execute-api:/`, `"`+own)
	p, _ := policy.Parse([]byte(text), policy.Resource) // was read when it was stored
	return resourcePolicy{text, p}
}

// checkPolicy reports whether a text is a resource policy.
func checkPolicy(text string) bool {
	_, err := policy.Parse([]byte(text), policy.Resource)
	return err == nil
}

// decide is what the policy says of a request whose sender an authorizer has to prove.
func (p resourcePolicy) decide(v *visit) (allowed, expressly bool) {
	if p.policy == nil {
		return false, false
	}
	caller := aws.Caller{Kind: aws.Anonymous}
	d := policy.Evaluate(&policy.Request{
		Caller: &caller, Action: authorizer.Action, Resource: v.arn(), ResourceAccount: v.Account, Context: policy.OfCall(v.call, nil),
		Attached: policy.Source{Name: v.API, Policy: p.policy},
	})
	return d.Allowed, d.Reason == policy.ExplicitDeny
}
