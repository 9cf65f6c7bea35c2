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
