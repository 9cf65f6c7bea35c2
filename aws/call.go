package aws

import (
	"context"
	"time"
)

// Kind says what sort of principal a caller is.
type Kind uint8

// The kinds of principal that can make a call.
const (
	Anonymous        Kind = iota // unsigned request
	Root                         // the account's root user
	User                         // an IAM user
	AssumedRole                  // a role's session
	FederatedUser                // a session from GetFederationToken
	ServicePrincipal             // an AWS service, such as sns.amazonaws.com
)

// Caller is who makes a call, as authentication found out.
type Caller struct {
	Kind        Kind
	Account     Account
	ARN         string   // arn:aws:iam::…:user/x, arn:aws:sts::…:assumed-role/r/s; empty for anonymous and services
	UserID      string   // the unique id: AIDA…, AROA…:session, the account id for root
	AccessKeyID string   // empty for services and anonymous callers
	Service     string   // ServicePrincipal: its name, such as sns.amazonaws.com
	Session     *Session // set when temporary credentials were used
	Zonal       *Zonal   // set when the credentials are for one of S3's directory buckets alone

	// Tags are those of the user or role, aws:PrincipalTag/…; a session's tags
	// come before them. It is shared: never change it.
	Tags map[string]string
}

// Session is what temporary credentials carry besides the principal.
type Session struct {
	Role           string            // the role's ARN, for AssumedRole
	User           string            // the ARN of who asked for the session, for FederatedUser
	Issued         time.Time         // aws:TokenIssueTime
	MFA            bool              // aws:MultiFactorAuthPresent
	Policies       []string          // session policies, JSON documents; the session may do what they and the principal's allow
	SourceIdentity string            // aws:SourceIdentity
	Tags           map[string]string // session tags, aws:PrincipalTag/…
	Federated      string            // the identity provider's ARN or name, for web identity and SAML
	Claims         map[string]string // condition keys of the provider, such as accounts.google.com:aud
}

// Zonal is what credentials of S3's CreateSession are for.
type Zonal struct {
	Bucket   string
	ID       uint64 // the bucket's: one made anew is another
	ReadOnly bool
}

// Call is one API call on its way through the chain. The gateway makes it,
// each step fills in its part, and the observe step hands it to the log, the
// meter, the trail and the console. Services read it and never write it, but for
// Answered, Payer and Pays.
type Call struct {
	RequestID string
	Start     time.Time // virtual time
	Service   string    // the service's name in api/, such as sqs
	Operation string    // such as SendMessage
	Account   Account   // whose state the call works on
	Region    Region
	Caller    Caller
	Host      string // the Host that the client used, to build URLs that it can reach again
	TLS       bool   // the connection was TLS
	SourceIP  string // aws:SourceIp; empty for calls within Brume
	UserAgent string
	Referer   string // aws:Referer

	// Answered, where a service has set it, is run once the call has been
	// answered: for records that say how. It must be quick.
	Answered func(*Call)

	// Payer is who is billed for the call, where a service has set it: mostly the
	// owner of what the call is about. Empty is Account.
	Payer Account

	// Pays says that the caller agrees to pay, where S3's Front found that in a
	// presigned query.
	Pays bool

	// Signed is the region that the signature is for; empty where it names none.
	Signed Region

	// Source is the resource on whose behalf a service principal calls
	// (aws:SourceArn). Its account is aws:SourceAccount; SourceAccount says which
	// that is for ARNs that have none, such as buckets'.
	Source        string
	SourceAccount Account

	Trace string // X-Ray's header, X-Amzn-Trace-Id, as it came; of a call from within, its cause's

	// Resource is the ARN that the call is about, as the allow step learned it.
	Resource string

	Status    int           // HTTP status of the answer
	ErrorCode string        // empty when the call succeeded
	BytesIn   int64         // request body
	BytesOut  int64         // response body
	Took      time.Duration // wall time
}

type callKey struct{}

// WithCall returns a context that carries c.
func WithCall(ctx context.Context, c *Call) context.Context {
	return context.WithValue(ctx, callKey{}, c)
}

// TraceOf returns the trace of the call that ctx carries, if it carries one.
func TraceOf(ctx context.Context) string {
	if c, ok := ctx.Value(callKey{}).(*Call); ok {
		return c.Trace
	}
	return ""
}

// CallFrom returns the call that ctx carries. A service is only ever entered
// through the chain, so a context without one is a bug: it panics.
func CallFrom(ctx context.Context) *Call {
	c, ok := ctx.Value(callKey{}).(*Call)
	if !ok {
		panic("aws: context carries no Call; enter services through the chain")
	}
	return c
}
