package sts

import (
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// session is a set of temporary credentials. Its key is the access key id.
type session struct {
	Secret  string    `kv:"1"`
	Token   string    `kv:"2"`
	Issued  time.Time `kv:"3"`
	Expires time.Time `kv:"4"`

	Kind   uint8             `kv:"5"` // aws.Kind
	ARN    string            `kv:"6"`
	UserID string            `kv:"7"`
	Tags   map[string]string `kv:"8"` // of the user or role, as they were

	Role           string            `kv:"9"`
	User           string            `kv:"10"`
	MFA            bool              `kv:"11"`
	Policies       []string          `kv:"12"`
	SourceIdentity string            `kv:"13"`
	SessionTags    map[string]string `kv:"14"`
	Transitive     []string          `kv:"15"` // keys of the session tags that a chained session inherits
	Federated      string            `kv:"16"`
	Claims         map[string]string `kv:"17"`
}

var sessionsByEnd = kv.Index[session]{Name: "end", Key: func(s *session) ([]kv.Part, bool) {
	return []kv.Part{kv.Time(s.Expires)}, true
}}

var sessions = kv.Table[session]{Name: "sts.session", Indexes: []kv.Index[session]{sessionsByEnd}}

// scopeIn is where the sessions of an account are kept: they hold for all
// regions of the partition.
func scopeIn(account aws.Account, region aws.Region) kv.Scope {
	return kv.Scope{Account: account, Region: region.Global()}
}
