package iam

import (
	"strings"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// entity is what users, groups, roles and the like have in common.
type entity struct {
	ID      string    `kv:"1"` // the unique id, which is never given again
	Name    string    `kv:"2"`
	Path    string    `kv:"3"` // begins and ends with a slash
	Created time.Time `kv:"4"`
	Tags    []tag     `kv:"5"`
}

func (e *entity) base() *entity { return e }

// full is the path and the name, as an ARN ends.
func (e *entity) full() string { return e.Path + e.Name }

type tag struct {
	Key   string `kv:"1"`
	Value string `kv:"2"`
}

// based is a record that is an entity.
type based[R any] interface {
	*R
	base() *entity
}

// byName is the index that every table of entities has first.
// AWS: names are not distinguished by case ("IAM and AWS STS quotas").
func byName[R any, P based[R]]() kv.Index[R] {
	return kv.Index[R]{Name: "name", Key: func(r *R) ([]kv.Part, bool) {
		return []kv.Part{kv.String(fold(P(r).base().Name))}, true
	}}
}

func fold(name string) string { return strings.ToLower(name) }

type user struct {
	entity   `kv:"1"`
	Login    *login    `kv:"2"` // nil: no console password
	LastSeen time.Time `kv:"3"` // when the password was used last
}

var users = kv.Table[user]{Name: "iam.user", Indexes: []kv.Index[user]{byName[user]()}}

type group struct {
	entity `kv:"1"`
}

var groups = kv.Table[group]{Name: "iam.group", Indexes: []kv.Index[group]{byName[group]()}}

type role struct {
	entity      `kv:"1"`
	Trust       string        `kv:"2"` // the policy that says who may assume it
	Description string        `kv:"3"`
	MaxSession  time.Duration `kv:"4"`
	Service     string        `kv:"5"` // of a service-linked role: whose it is
}

var roles = kv.Table[role]{Name: "iam.role", Indexes: []kv.Index[role]{byName[role]()}}

type profile struct {
	entity `kv:"1"`
	RoleID string `kv:"2"` // empty: no role
}

var profilesByRole = kv.Index[profile]{Name: "role", Key: func(p *profile) ([]kv.Part, bool) {
	return []kv.Part{kv.String(p.RoleID)}, p.RoleID != ""
}}

var profiles = kv.Table[profile]{Name: "iam.profile", Indexes: []kv.Index[profile]{byName[profile](), profilesByRole}}

// Kinds of grant, in the order in which a scan meets them. Stored.
const (
	grantBoundary = "boundary"
	grantGroup    = "group" // a user's membership
	grantInline   = "inline"
	grantManaged  = "managed"
)

// grant is one thing that gives a principal rights, or bounds them. Its key is
// (the holder's unique id, Kind, the element that slot gives).
type grant struct {
	Kind     string `kv:"1"`
	Name     string `kv:"2"` // of the policy; empty for a group
	Target   string `kv:"3"` // the group's unique id, or the managed policy's reference
	ARN      string `kv:"4"` // of the managed policy
	Document string `kv:"5"` // of the inline policy
}

// slot is the last element of a grant's key.
func (g *grant) slot() string {
	switch g.Kind {
	case grantInline:
		return g.Name
	case grantBoundary:
		return "" // there is at most one
	}
	return g.Target
}

// grantsByTarget finds who is in a group, and what a policy is attached to.
var grantsByTarget = kv.Index[grant]{Name: "target", Key: func(g *grant) ([]kv.Part, bool) {
	return []kv.Part{kv.String(g.Kind), kv.String(g.Target)}, g.Kind != grantInline
}}

var grants = kv.Table[grant]{Name: "iam.grant", Indexes: []kv.Index[grant]{grantsByTarget}}

// managedPolicy is a managed policy. AWS's own are not stored: ofCatalog makes them.
type managedPolicy struct {
	entity      `kv:"1"`
	Description string    `kv:"2"`
	Updated     time.Time `kv:"3"`
	Default     int       `kv:"4"` // the version in force
	Newest      int       `kv:"5"` // the last version ever made
	Document    string    `kv:"6"` // of the default version, so that evaluation reads one row
	AWS         bool      `kv:"-"` // it is one of AWS's own
}

// policies is keyed by the name in lower case: policies are never renamed.
var policies = kv.Table[managedPolicy]{Name: "iam.policy"}

type version struct {
	Number   int       `kv:"1"`
	Document string    `kv:"2"`
	Created  time.Time `kv:"3"`
}

// versions is keyed by the policy's name in lower case and the number.
var versions = kv.Table[version]{Name: "iam.version"}

type accessKey struct {
	ID       string    `kv:"1"`
	UserID   string    `kv:"2"` // empty: the root user's
	Secret   string    `kv:"3"`
	Inactive bool      `kv:"4"`
	Created  time.Time `kv:"5"`
}

var accessKeysByUser = kv.Index[accessKey]{Name: "user", Key: func(k *accessKey) ([]kv.Part, bool) {
	return []kv.Part{kv.String(k.UserID), kv.Time(k.Created)}, true
}}

var accessKeys = kv.Table[accessKey]{Name: "iam.accesskey", Indexes: []kv.Index[accessKey]{accessKeysByUser}}

// spentKey remembers that an access key was deleted, so that it is not taken for
// one that this cloud never saw, which an open cloud lets in as root.
type spentKey struct {
	Deleted time.Time `kv:"1"`
}

var spentKeys = kv.Table[spentKey]{Name: "iam.spentkey"}

// lastUse is when an access key or a role was used. Its key is the id of
// either. It is a row of its own because it changes so much more often.
type lastUse struct {
	At      time.Time `kv:"1"`
	Service string    `kv:"2"`
	Region  string    `kv:"3"`
}

var lastUses = kv.Table[lastUse]{Name: "iam.lastuse"}

// passwordPolicy is what an account asks of its users' passwords.
type passwordPolicy struct {
	MinLength  int  `kv:"1"`
	Symbols    bool `kv:"2"`
	Numbers    bool `kv:"3"`
	Uppercase  bool `kv:"4"`
	Lowercase  bool `kv:"5"`
	MayChange  bool `kv:"6"`
	MaxAge     int  `kv:"7"` // days; 0: passwords do not expire
	Remembered int  `kv:"8"` // old passwords that must not be used again
	HardExpiry bool `kv:"9"`
}

// passwordPolicies has at most one row.
var passwordPolicies = kv.Table[passwordPolicy]{Name: "iam.passwordpolicy"}

// login is a user's console password, of which only a hash is kept.
type login struct {
	Salt    string    `kv:"1"`
	Hash    []byte    `kv:"2"`
	Created time.Time `kv:"3"` // of the profile
	Changed time.Time `kv:"4"` // of the password
	Reset   bool      `kv:"5"` // must be changed at the next sign-in
	Old     []login   `kv:"6"` // former passwords: salts and hashes, newest first
}

// settings are what an account has one of. They have one row.
type settings struct {
	Alias        string `kv:"1"`
	TokenVersion string `kv:"2"` // of the global STS endpoint
}

var accounts = kv.Table[settings]{Name: "iam.account"}

// alias says whose an account alias is: aliases are unique in a partition.
type alias struct {
	Account string `kv:"1"`
}

// aliases is kept outside of all accounts.
var aliases = kv.Table[alias]{Name: "iam.alias"}

// device is a virtual MFA device. Its key is the serial number, which is its ARN.
type device struct {
	Serial  string    `kv:"1"`
	Seed    []byte    `kv:"2"`
	UserID  string    `kv:"3"` // when enabled; empty is the root user
	Enabled bool      `kv:"4"`
	Since   time.Time `kv:"5"` // enabled at
	Tags    []tag     `kv:"6"`
	Step    int64     `kv:"7"` // the time step of the last code used: each works once
	Skew    int64     `kv:"8"` // steps that the device is ahead, as ResyncMFADevice found
}

var devicesByUser = kv.Index[device]{Name: "user", Key: func(d *device) ([]kv.Part, bool) {
	return []kv.Part{kv.String(d.UserID)}, d.Enabled
}}

var devices = kv.Table[device]{Name: "iam.mfa", Indexes: []kv.Index[device]{devicesByUser}}

// credential is what signing certificates, SSH keys and service-specific
// credentials have in common. All are keyed by (user's unique id, ID).
type credential struct {
	ID       string    `kv:"1"`
	Inactive bool      `kv:"2"`
	Created  time.Time `kv:"3"`
}

// signingCert is an X.509 certificate with which a user signs SOAP requests.
type signingCert struct {
	credential `kv:"1"`
	Body       string `kv:"2"`
}

var signingCerts = kv.Table[signingCert]{Name: "iam.signingcert"}

// sshKey is an SSH public key, with which a user authenticates to CodeCommit.
type sshKey struct {
	credential  `kv:"1"`
	Body        string `kv:"2"` // as ssh-rsa …
	Fingerprint string `kv:"3"`
}

var sshKeys = kv.Table[sshKey]{Name: "iam.sshkey"}

// serviceCred is a name and password, or an API key, that one service takes.
type serviceCred struct {
	credential `kv:"1"`
	Service    string    `kv:"2"`
	UserName   string    `kv:"3"` // the service's; empty for an API key
	Alias      string    `kv:"4"` // of an API key
	Secret     string    `kv:"5"`
	Expires    time.Time `kv:"6"`
}

var serviceCreds = kv.Table[serviceCred]{Name: "iam.servicecred"}

// certificate is a server certificate with its private key.
type certificate struct {
	entity  `kv:"1"`  // Created is the time of the upload
	Body    string    `kv:"2"`
	Chain   string    `kv:"3"`
	Key     string    `kv:"4"`
	Expires time.Time `kv:"5"`
}

var certificates = kv.Table[certificate]{Name: "iam.certificate", Indexes: []kv.Index[certificate]{byName[certificate]()}}

// oidcProvider is an OpenID Connect provider whose tokens roles may trust. Its
// key is the URL without scheme, as its ARN ends.
type oidcProvider struct {
	URL         string    `kv:"1"` // without https://
	ClientIDs   []string  `kv:"2"`
	Thumbprints []string  `kv:"3"`
	Created     time.Time `kv:"4"`
	Tags        []tag     `kv:"5"`
	Scheme      string    `kv:"6"` // https, or http for a provider on this machine
}

var oidcProviders = kv.Table[oidcProvider]{Name: "iam.oidc"}

// samlProvider is a SAML identity provider. Its key is the name.
type samlProvider struct {
	Name       string    `kv:"1"`
	UUID       string    `kv:"2"`
	Metadata   string    `kv:"3"`
	Created    time.Time `kv:"4"`
	ValidUntil time.Time `kv:"5"`
	Tags       []tag     `kv:"6"`
	Encryption string    `kv:"7"`
	Keys       []samlKey `kv:"8"`
}

// samlKey is a private key that decrypts assertions.
type samlKey struct {
	ID    string    `kv:"1"`
	Added time.Time `kv:"2"`
	PEM   string    `kv:"3"`
}

var samlProviders = kv.Table[samlProvider]{Name: "iam.saml"}

// report is the account's last credential report. There is one row.
type report struct {
	Made    time.Time `kv:"1"`
	Content []byte    `kv:"2"`
}

var reports = kv.Table[report]{Name: "iam.report"}

// deletion is a finished deletion of a service-linked role, by its task id.
type deletion struct {
	Done time.Time `kv:"1"`
}

var deletions = kv.Table[deletion]{Name: "iam.deletion"}
