package policy

import (
	"slices"
	"strings"

	"github.com/brume-cloud/brume/aws"
)

// principals is a Principal or NotPrincipal element.
type principals struct {
	not       bool
	anyone    bool
	accounts  []string // account ids, which were written as such or as the root's ARN
	arns      []string // users, roles, sessions
	services  []string
	federated []string
	canonical []string // S3's canonical user ids; nothing here matches them
}

// naming is how a statement names the caller, from the least to the most
// direct. It decides which other policies can still stop what it allows.
type naming uint8

const (
	notNamed     naming = iota
	namedAccount        // by the account: the account's identity policies decide
	namedRole           // by the role of the session: boundary and session policies still limit it
	namedDirect         // by user, session, service, provider, or by "*": nothing limits it
)

// naming tells how p names the caller of e in a statement with the given effect.
func (p *principals) naming(e *evaluation, deny bool) naming {
	if !p.not {
		return p.lists(e.Caller)
	}
	if p.excludes(e, deny) {
		return notNamed
	}
	return namedDirect
}

// lists tells how the element names c.
func (p *principals) lists(c *aws.Caller) naming {
	if p.anyone {
		return namedDirect
	}
	switch c.Kind {
	case aws.ServicePrincipal:
		return when(slices.Contains(p.services, c.Service), namedDirect)
	case aws.Anonymous: // perhaps with the proof of an identity provider
		return when(c.Session != nil && slices.Contains(p.federated, c.Session.Federated), namedDirect)
	}
	if c.ARN != "" && slices.Contains(p.arns, c.ARN) {
		return namedDirect
	}
	if c.Session != nil && c.Session.Role != "" && slices.Contains(p.arns, c.Session.Role) {
		return namedRole
	}
	// AWS: a federated user's session is named through its user, and stays
	// within its session policies.
	if c.Kind == aws.FederatedUser && c.Session != nil && c.Session.User != "" && slices.Contains(p.arns, c.Session.User) {
		return namedRole
	}
	if !slices.Contains(p.accounts, string(c.Account)) {
		return notNamed
	}
	if c.Kind == aws.Root { // the root's ARN is how the account is written
		return namedDirect
	}
	return namedAccount
}

// excludes reports whether NotPrincipal leaves the caller alone.
//
// AWS: "IAM JSON policy elements: NotPrincipal": beside Deny, a principal is
// only spared when its account is listed too, and a session only with its role;
// and a principal with a permissions boundary is never spared.
func (p *principals) excludes(e *evaluation, deny bool) bool {
	c := e.Caller
	if !deny || p.anyone || c.Kind == aws.ServicePrincipal || c.Kind == aws.Anonymous {
		return p.lists(c) != notNamed
	}
	if e.Boundary.Policy != nil || !slices.Contains(p.accounts, string(c.Account)) {
		return false
	}
	switch c.Kind {
	case aws.Root:
		return true
	case aws.AssumedRole:
		if c.Session != nil && !slices.Contains(p.arns, c.Session.Role) {
			return false
		}
	}
	return slices.Contains(p.arns, c.ARN)
}

func when(ok bool, n naming) naming {
	if ok {
		return n
	}
	return notNamed
}

// add puts one principal of the given type in. It reports whether it is well formed.
func (p *principals) add(kind, name string) bool {
	if name == "" {
		return false
	}
	switch kind {
	case "AWS":
		return p.addAWS(name)
	case "Service":
		p.services = append(p.services, name)
	case "Federated":
		p.federated = append(p.federated, name)
	case "CanonicalUser":
		p.canonical = append(p.canonical, name)
	default:
		return false
	}
	return name != "*"
}

func (p *principals) addAWS(name string) bool {
	if name == "*" {
		p.anyone = true
		return true
	}
	if aws.Account(name).Valid() {
		p.accounts = append(p.accounts, name)
		return true
	}
	arn, err := aws.ParseARN(name)
	if err != nil {
		// AWS: the unique id of a principal that was deleted stays valid.
		p.arns = append(p.arns, name)
		return strings.HasPrefix(name, "AIDA") || strings.HasPrefix(name, "AROA")
	}
	if arn.Service == "iam" && arn.Resource == "root" {
		p.accounts = append(p.accounts, string(arn.Account))
		return arn.Account.Valid()
	}
	p.arns = append(p.arns, name)
	// AWS: a wildcard is allowed only alone, never within a principal.
	return (arn.Service == "iam" || arn.Service == "sts") && !strings.ContainsAny(name, "*?")
}
