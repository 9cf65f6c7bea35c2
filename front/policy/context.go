package policy

import (
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// Context gives the values of condition keys that come from the request and
// the resource. Keys are asked for in lower case (AWS: they are
// case-insensitive), and only when a statement needs them. Those that follow
// from the caller, such as aws:PrincipalArn, are never asked for.
type Context interface {
	Lookup(key string) (Values, bool)
}

// Values are the values of one condition key.
type Values struct {
	one  string
	many []string
}

// One is a single value.
func One(s string) Values { return Values{one: s} }

// Many are the values of a multi-valued key, such as aws:TagKeys.
func Many(s []string) Values {
	if s == nil {
		s = []string{}
	}
	return Values{many: s}
}

// Len is how many values there are.
func (v Values) Len() int {
	if v.many != nil {
		return len(v.many)
	}
	return 1
}

// At is the value with index i.
func (v Values) At(i int) string {
	if v.many != nil {
		return v.many[i]
	}
	return v.one
}

// Map is a Context held in a map, by keys in lower case.
type Map map[string]Values

// Lookup gives the values of a key.
func (m Map) Lookup(key string) (Values, bool) {
	v, ok := m[key]
	return v, ok
}

// Func is a Context computed by a function.
type Func func(key string) (Values, bool)

// Lookup gives the values of a key.
func (f Func) Lookup(key string) (Values, bool) { return f(key) }

// OfCall is the Context of a call: the keys that every request has, and then
// those of more, which may be nil.
// AWS: "AWS global condition context keys", properties of the network and of
// the request.
func OfCall(call *aws.Call, more Context) Context { return callContext{call, more} }

type callContext struct {
	call *aws.Call
	more Context
}

func (c callContext) Lookup(key string) (Values, bool) {
	var s string
	switch key {
	case "aws:currenttime":
		s = c.call.Start.UTC().Format(time.RFC3339)
	case "aws:epochtime":
		s = strconv.FormatInt(c.call.Start.Unix(), 10)
	case "aws:securetransport":
		s = strconv.FormatBool(c.call.TLS)
	case "aws:sourceip":
		s = c.call.SourceIP
	case "aws:useragent":
		s = c.call.UserAgent
	case "aws:referer":
		s = c.call.Referer
	case "aws:requestedregion":
		s = string(c.call.Region)
	case "aws:sourcearn":
		s = c.call.Source
	case "aws:sourceaccount":
		s = string(c.call.SourceAccount)
		if arn, err := aws.ParseARN(c.call.Source); err == nil && s == "" {
			s = string(arn.Account)
		}
	}
	if s == "" && c.more != nil {
		return c.more.Lookup(key)
	}
	return One(s), s != ""
}

// lookup asks the caller's facts first and the request's after: nobody but the
// caller's identity says who the caller is.
func (e *evaluation) lookup(key string) (Values, bool) {
	v, ok, known := callerKey(e.Caller, key)
	if key == "aws:resourceaccount" && e.ResourceAccount != "" {
		v, ok, known = One(string(e.ResourceAccount)), true, true
	}
	if !known && e.Context != nil {
		v, ok = e.Context.Lookup(key)
	}
	if !ok && e.trace != nil {
		e.trace.missing(key)
	}
	return v, ok
}

const principalTag = "aws:principaltag/"

// callerKey gives the condition keys that follow from the caller. known says
// that the key is one of them, whether it has a value or not.
// AWS: "AWS global condition context keys", properties of the principal.
func callerKey(c *aws.Caller, key string) (v Values, ok, known bool) {
	if !strings.HasPrefix(key, "aws:") {
		v, ok = claim(c, key)
		return v, ok, ok
	}
	var s string
	switch key {
	case "aws:principalarn":
		s = principalARN(c)
	case "aws:principalaccount":
		s = string(c.Account)
	case "aws:principaltype":
		s = principalType(c)
	case "aws:userid":
		s = c.UserID
	case "aws:username":
		if c.Kind == aws.User {
			s = c.ARN[strings.LastIndexByte(c.ARN, '/')+1:]
		}
	case "aws:principalisawsservice":
		s = strconv.FormatBool(c.Kind == aws.ServicePrincipal)
	case "aws:principalservicename":
		s = c.Service
	default:
		return sessionKey(c, key)
	}
	return One(s), s != "", true
}

// sessionKey gives the condition keys that temporary credentials carry.
func sessionKey(c *aws.Caller, key string) (v Values, ok, known bool) {
	var s string
	switch {
	case strings.HasPrefix(key, principalTag):
		return principalTagOf(c, key[len(principalTag):])
	case key == "aws:multifactorauthpresent":
		// AWS: the key is absent where long-term credentials are used.
		if c.Session != nil {
			s = strconv.FormatBool(c.Session.MFA)
		}
	case key == "aws:tokenissuetime":
		if c.Session != nil && !c.Session.Issued.IsZero() {
			s = c.Session.Issued.UTC().Format(time.RFC3339)
		}
	case key == "aws:sourceidentity":
		if c.Session != nil {
			s = c.Session.SourceIdentity
		}
	case key == "aws:federatedprovider":
		if c.Session != nil {
			s = c.Session.Federated
		}
	default:
		return v, false, false
	}
	return One(s), s != "", true
}

// principalTagOf gives aws:PrincipalTag/name. AWS: "Pass session tags in AWS
// STS": a session's tag comes before the principal's with the same key.
func principalTagOf(c *aws.Caller, name string) (v Values, ok, known bool) {
	var session map[string]string
	if c.Session != nil {
		session = c.Session.Tags
	}
	for _, tags := range [...]map[string]string{session, c.Tags} {
		for key, value := range tags {
			if strings.EqualFold(key, name) {
				return One(value), true, true
			}
		}
	}
	return v, false, false // the simulator's come from the Context
}

// claim gives the keys of an identity provider, such as accounts.google.com:aud.
func claim(c *aws.Caller, key string) (Values, bool) {
	if c.Session == nil {
		return Values{}, false
	}
	for name, value := range c.Session.Claims {
		if strings.EqualFold(name, key) {
			return One(value), true
		}
	}
	return Values{}, false
}

// principalARN is aws:PrincipalArn. AWS: for a role's session it is the role's.
func principalARN(c *aws.Caller) string {
	if c.Kind == aws.AssumedRole && c.Session != nil && c.Session.Role != "" {
		return c.Session.Role
	}
	return c.ARN
}

// principalType is aws:PrincipalType.
func principalType(c *aws.Caller) string {
	switch c.Kind {
	case aws.Root:
		return "Account"
	case aws.User:
		return "User"
	case aws.AssumedRole:
		return "AssumedRole"
	case aws.FederatedUser:
		return "FederatedUser"
	case aws.Anonymous:
		return "Anonymous"
	}
	return ""
}
