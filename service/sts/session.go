package sts

import (
	"context"
	"time"

	api "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const (
	temporaryKey   = "ASIA"
	secretLength   = 40
	secretAlphabet = aws.AlphaNumeric + "+/"
	// A token begins as AWS's do, and then says nothing.
	tokenPrefix = "IQoJb3JpZ2luX2Vj"
	tokenLength = 340
)

// Identity is whose temporary credentials are.
type Identity struct {
	Secret  string
	Token   string // must come with every request
	Expired bool
	Caller  aws.Caller
}

// Identity tells whose a temporary access key is; ok is false when nobody has
// it. It costs one read.
func (s *Service) Identity(ctx context.Context, accessKeyID string) (id Identity, ok bool, err error) {
	account, named := aws.AccountOfKey(accessKeyID)
	if !named {
		return id, false, nil
	}
	sc := scopeIn(account, aws.CallFrom(ctx).Region)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		row, found := sessions.Get(tx, sessions.Key(sc, kv.String(accessKeyID)))
		if ok = found; ok {
			id = Identity{Secret: row.Secret, Token: row.Token, Expired: !tx.Now().Before(row.Expires), Caller: row.caller(account)}
			id.Caller.AccessKeyID = accessKeyID
		}
		return nil
	})
	return id, ok, err
}

// caller is who makes calls with the session.
func (r *session) caller(account aws.Account) aws.Caller {
	return aws.Caller{
		Kind: aws.Kind(r.Kind), Account: account, ARN: r.ARN, UserID: r.UserID, Tags: r.Tags,
		Session: &aws.Session{
			Role: r.Role, User: r.User, Issued: r.Issued, MFA: r.MFA, Policies: r.Policies, SourceIdentity: r.SourceIdentity,
			Tags: r.SessionTags, Federated: r.Federated, Claims: r.Claims,
		},
	}
}

// issue stores a new session of an account and gives its credentials.
func (s *Service) issue(ctx context.Context, account aws.Account, row *session, lasts time.Duration) (*api.Credentials, error) {
	sc := scopeIn(account, aws.CallFrom(ctx).Region)
	var out *api.Credentials
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		sweep(tx, sc)
		row.Secret = aws.Text(s.Random, secretAlphabet, secretLength)
		row.Token = tokenPrefix + aws.Text(s.Random, secretAlphabet, tokenLength)
		row.Issued = tx.Now().Truncate(time.Second)
		row.Expires = row.Issued.Add(lasts)
		id := aws.NewKeyID(s.Random, temporaryKey, account)
		sessions.Put(tx, sessions.Key(sc, kv.String(id)), row)
		out = &api.Credentials{AccessKeyId: id, SecretAccessKey: row.Secret, SessionToken: row.Token, Expiration: row.Expires}
		return nil
	})
	return out, err
}

// sweep removes sessions that ended long ago, the oldest first.
func sweep(tx kv.Tx, sc kv.Scope) {
	all := sessions.IndexPrefix(&sessionsByEnd, sc)
	over := kv.Range{From: all, To: all.With(kv.Time(tx.Now().Add(-keepExpired)))}
	n := 0
	for _, key := range sessions.KeysBy(tx, over) {
		sessions.Delete(tx, key)
		if n++; n == sweepBatch {
			return
		}
	}
}

// current is the session that a call is made with, if it is one.
func (s *Service) current(ctx context.Context, c *aws.Caller) (row *session, err error) {
	if c.Session == nil || c.AccessKeyID == "" {
		return nil, nil
	}
	sc := scopeIn(c.Account, aws.CallFrom(ctx).Region)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		row, _ = sessions.Get(tx, sessions.Key(sc, kv.String(c.AccessKeyID)))
		return nil
	})
	return row, err
}
