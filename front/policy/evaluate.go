package policy

import "github.com/brume-cloud/brume/aws"

// Source is a policy together with where it comes from.
type Source struct {
	Name   string // for people and the simulator: an ARN, an inline policy's name
	Policy *Policy
}

// Request is one action on one resource, and every policy that has a say. An
// operation that touches several resources is one Request for each.
type Request struct {
	Caller   *aws.Caller
	Action   string // as policies write it, such as sqs:SendMessage
	Resource string // an ARN, or "*" where the action is about none in particular
	// ResourceAccount is the account that owns the resource; empty means the caller's.
	ResourceAccount aws.Account
	Context         Context // may be nil

	Identity []Source   // of the user and its groups, or of the role
	Boundary Source     // the permissions boundary; no Policy means none
	Session  []Source   // session policies; none is no limit, but for a federated user
	Attached Source     // the resource's policy; for sts:AssumeRole the role's trust policy
	SCPs     [][]Source // of the caller's organization, one list for each level, root first
	RCPs     [][]Source // of the resource's organization, likewise

	// AttachedRequired says that identity policies alone allow nothing: the
	// resource's policy must allow too, at least by naming the account. So it
	// is with KMS keys and with roles' trust policies.
	AttachedRequired bool
}

// evaluation is a Request being decided.
type evaluation struct {
	*Request
	trace *trace // for Explain; usually nil
}

// outcome is what the policies of one type say together.
type outcome struct {
	deny, allow Match  // the first statements that do; Statement is nil where none does
	naming      naming // how directly the best allowing statement names the caller
}

// Evaluate decides.
// AWS: "Policy evaluation logic": a deny anywhere, then SCPs and RCPs, then the
// resource's policy, then identity policies, boundary and session policies.
func Evaluate(r *Request) Decision {
	e := evaluation{Request: r}
	return e.decide()
}

func (e *evaluation) decide() Decision {
	var attached, identity, boundary, session outcome
	e.scan(e.attachedType(), e.Attached, &attached)
	for _, s := range e.Identity {
		e.scan(IdentityPolicy, s, &identity)
	}
	e.scan(BoundaryPolicy, e.Boundary, &boundary)
	for _, s := range e.Session {
		e.scan(SessionPolicy, s, &session)
	}
	var scp outcome
	if e.ownsPolicies() { // AWS: SCPs bind the organization's own principals only
		scp = e.levels(SCP, e.SCPs)
	}
	rcp := e.levels(RCP, e.RCPs)
	for _, o := range [...]*outcome{&scp, &rcp, &attached, &identity, &boundary, &session} {
		if o.deny.Statement != nil {
			return e.denied(o.deny)
		}
	}
	if len(e.SCPs) > 0 && scp.allow.Statement == nil && e.ownsPolicies() {
		return e.lacking(SCP)
	}
	if len(e.RCPs) > 0 && rcp.allow.Statement == nil {
		return e.lacking(RCP)
	}
	own := func() Decision { return e.own(&identity, &boundary, &session) }
	switch {
	case !e.ownsPolicies():
		return e.granted(attached.allow, e.attachedType())
	case e.ResourceAccount != "" && e.ResourceAccount != e.Caller.Account:
		if attached.naming == notNamed {
			return e.lacking(e.attachedType())
		}
		return own()
	}
	return e.sameAccount(&attached, &boundary, &session, own)
}

// ownsPolicies reports whether the caller is a principal of an account, and so
// has identity policies that count.
func (e *evaluation) ownsPolicies() bool {
	return e.Caller.Kind != aws.ServicePrincipal && e.Caller.Kind != aws.Anonymous
}

// sameAccount decides where caller and resource share the account: the
// resource's policy or the caller's own may allow.
// AWS: "How AWS enforcement code logic evaluates requests", resource-based policies.
func (e *evaluation) sameAccount(attached, boundary, session *outcome, own func() Decision) Decision {
	switch {
	case attached.naming == namedDirect:
		return e.allowed(attached.allow)
	case attached.naming == namedRole:
		if missing, ok := e.limits(boundary, session); !ok {
			return e.lacking(missing)
		}
		return e.allowed(attached.allow)
	case e.AttachedRequired && attached.naming == notNamed:
		return e.lacking(e.attachedType())
	}
	return own()
}

// own decides what the caller's own policies say: identity policies allow,
// within the boundary and the session policies.
func (e *evaluation) own(identity, boundary, session *outcome) Decision {
	if e.Caller.Kind == aws.Root {
		return e.allowed(Match{})
	}
	if identity.allow.Statement == nil {
		return e.lacking(IdentityPolicy)
	}
	if missing, ok := e.limits(boundary, session); !ok {
		return e.lacking(missing)
	}
	return e.allowed(identity.allow)
}

// limits reports whether boundary and session policies leave room, or which
// of them does not.
func (e *evaluation) limits(boundary, session *outcome) (PolicyType, bool) {
	if e.Boundary.Policy != nil && boundary.allow.Statement == nil {
		return BoundaryPolicy, false
	}
	// AWS: "GetFederationToken": without session policies, no permissions.
	limited := len(e.Session) > 0 || e.Caller.Kind == aws.FederatedUser
	if limited && session.allow.Statement == nil {
		return SessionPolicy, false
	}
	return 0, true
}

// levels gives the outcome of an organization's policies: every level must
// allow, and a deny at any of them counts.
func (e *evaluation) levels(t PolicyType, levels [][]Source) outcome {
	var all outcome
	open := true // every level so far allows
	for _, level := range levels {
		var o outcome
		for _, s := range level {
			e.scan(t, s, &o)
		}
		if all.deny.Statement == nil {
			all.deny = o.deny
		}
		open = open && o.allow.Statement != nil
		all.allow = o.allow
	}
	if !open {
		all.allow = Match{}
	}
	return all
}

// scan adds what one policy, if there is one, says to o.
func (e *evaluation) scan(t PolicyType, s Source, o *outcome) {
	if s.Policy == nil {
		return
	}
	for i := range s.Policy.Statements {
		st := &s.Policy.Statements[i]
		n := e.matches(st)
		if n == notNamed {
			continue
		}
		m := Match{Type: t, Name: s.Name, Statement: st}
		if e.trace != nil {
			e.trace.matched = append(e.trace.matched, m)
		}
		switch {
		case st.Deny && o.deny.Statement == nil:
			o.deny = m
			if e.trace == nil {
				return
			}
		case !st.Deny && n > o.naming:
			o.allow, o.naming = m, n
		}
	}
}

// matches reports whether a statement is about this request, and how it names
// the caller. A statement without principals is attached to its caller.
func (e *evaluation) matches(st *Statement) naming {
	n := namedDirect
	if st.principals != nil {
		if n = st.principals.naming(e, st.Deny); n == notNamed {
			return notNamed
		}
	}
	if e.aboutAction(st) == st.notAction || e.aboutResource(st) == st.notRes {
		return notNamed
	}
	for i := range st.conditions {
		if !st.conditions[i].holds(e) {
			return notNamed
		}
	}
	return n
}

func (e *evaluation) aboutAction(st *Statement) bool {
	for i := range st.actions {
		if st.actions[i].match(e, e.Action, true) {
			return true
		}
	}
	return false
}

// aboutResource compares the resource. AWS: a wildcard that ends a field of the
// ARN runs on over the colons after it ("IAM JSON policy elements: Resource");
// here every wildcard does.
func (e *evaluation) aboutResource(st *Statement) bool {
	for i := range st.resources {
		if st.resources[i].match(e, e.Resource, false) {
			return true
		}
	}
	return len(st.resources) == 0
}
