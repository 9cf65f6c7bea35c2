package policy

import (
	"slices"

	"github.com/brume-cloud/brume/aws"
)

// PolicyType is the part that a policy plays in a decision.
type PolicyType uint8

// The types, as a refusal names them.
const (
	IdentityPolicy PolicyType = iota + 1
	BoundaryPolicy
	SessionPolicy
	ResourcePolicy
	TrustPolicy
	SCP
	RCP
)

// String gives the type in the words of AWS's access denied messages.
// AWS: "Troubleshoot access denied error messages".
func (t PolicyType) String() string {
	switch t {
	case IdentityPolicy:
		return "identity-based policy"
	case BoundaryPolicy:
		return "permissions boundary"
	case SessionPolicy:
		return "session policy"
	case ResourcePolicy:
		return "resource-based policy"
	case TrustPolicy:
		return "role trust policy"
	case SCP:
		return "service control policy"
	case RCP:
		return "resource control policy"
	}
	return ""
}

// Match is a statement that applies to a request.
type Match struct {
	Type      PolicyType
	Name      string // the Source's
	Statement *Statement
}

// Reason is why a decision is what it is.
type Reason uint8

// The reasons. The names are those of iam:SimulatePrincipalPolicy's decisions.
const (
	ImplicitDeny Reason = iota // no policy of type Missing allows it
	ExplicitDeny               // By denies it
	Allowed                    // By allows it, or nothing needs to: the caller is root
)

// Decision is the answer to a Request.
type Decision struct {
	Allowed bool
	Reason  Reason
	By      Match      // the deciding statement; By.Statement is nil for an implicit deny and for root
	Missing PolicyType // ImplicitDeny: what would have had to allow it

	request *Request
}

// Message is AWS's text for a refusal; empty when allowed.
func (d *Decision) Message() string {
	if d.Allowed {
		return ""
	}
	r := d.request
	text := "User: " + callerName(r.Caller) + " is not authorized to perform: " + r.Action
	if r.Resource != "" {
		text += " on resource: " + r.Resource
	}
	if d.Reason == ImplicitDeny {
		return text + " because no " + d.Missing.String() + " allows the " + r.Action + " action"
	}
	article := "a "
	if d.By.Type == IdentityPolicy {
		article = "an "
	}
	return text + " with an explicit deny in " + article + d.By.Type.String()
}

func callerName(c *aws.Caller) string {
	switch {
	case c.Kind == aws.ServicePrincipal:
		return c.Service
	case c.ARN == "":
		return "anonymous"
	}
	return c.ARN
}

func (e *evaluation) denied(by Match) Decision {
	return Decision{Reason: ExplicitDeny, By: by, request: e.Request}
}

func (e *evaluation) allowed(by Match) Decision {
	return Decision{Allowed: true, Reason: Allowed, By: by, request: e.Request}
}

func (e *evaluation) lacking(t PolicyType) Decision {
	return Decision{Reason: ImplicitDeny, Missing: t, request: e.Request}
}

// granted allows when m is a statement that does.
func (e *evaluation) granted(m Match, t PolicyType) Decision {
	if m.Statement == nil {
		return e.lacking(t)
	}
	return e.allowed(m)
}

// attachedType is what the resource's policy is called for this action.
func (e *evaluation) attachedType() PolicyType {
	switch e.Action {
	case "sts:AssumeRole", "sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML", "sts:TagSession", "sts:SetSourceIdentity":
		return TrustPolicy
	}
	return ResourcePolicy
}

// Explanation is a Decision with all that led to it.
type Explanation struct {
	Decision
	Matched     []Match  // every statement that applies, denials and allowances alike
	MissingKeys []string // condition keys and variables that were asked for and not there, in lower case
}

// Explain decides as Evaluate does, and tells how.
func Explain(r *Request) Explanation {
	e := evaluation{Request: r, trace: &trace{}}
	d := e.decide()
	return Explanation{Decision: d, Matched: e.trace.matched, MissingKeys: e.trace.keys}
}

// trace collects what Explain tells.
type trace struct {
	matched []Match
	keys    []string
}

func (t *trace) missing(key string) {
	if !slices.Contains(t.keys, key) {
		t.keys = append(t.keys, key)
	}
}
