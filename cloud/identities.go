package cloud

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/jwt"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/service/iam"
	"github.com/brume-cloud/brume/service/sts"
)

// identities tells the gateway whose an access key is and what its owner may
// do: it joins IAM, which has long-term keys, and STS, which has temporary
// ones. Besides those that the two make there is one key from the start: the
// root key of a strict cloud, without which nobody could make another.
type identities struct {
	root Secrets
	iam  *iam.Service
	sts  *sts.Service
	in   *System // for S3, which is made later
}

// newIdentities makes the two services and joins them.
func newIdentities(s *System) *identities {
	documents := policy.NewCache()
	users := iam.New(iam.Deps{Store: s.store, Random: random{}, Policies: documents})
	tokens := sts.New(sts.Deps{
		Store: s.store, Random: random{}, Policies: documents, Directory: directory{users}, Issuers: &jwt.Issuers{Local: s.issuerKeys, Client: &http.Client{Transport: &http.Transport{}}},
	})
	return &identities{root: s.secrets, iam: users, sts: tokens, in: s}
}

// temporary begins the access key ids of STS, and of S3's sessions.
const temporary = "ASIA"

// Identity implements gateway.Identities.
func (i *identities) Identity(ctx context.Context, accessKeyID string) (gateway.Identity, bool, error) {
	switch {
	case i.root.AccessKeyID != "" && accessKeyID == i.root.AccessKeyID:
		caller := gateway.RootOf(aws.DefaultAccount, aws.CallFrom(ctx).Region)
		return gateway.Identity{Secret: i.root.SecretAccessKey, Caller: caller}, true, nil
	case strings.HasPrefix(accessKeyID, temporary):
		id, ok, err := i.sts.Identity(ctx, accessKeyID)
		if !ok && err == nil {
			id, ok, err := i.in.s3.Identity(ctx, accessKeyID)
			return gateway.Identity{Secret: id.Secret, Token: id.Token, Expired: id.Expired, Caller: id.Caller}, ok, err
		}
		return gateway.Identity{Secret: id.Secret, Token: id.Token, Expired: id.Expired, Caller: id.Caller}, ok, err
	}
	id, ok, err := i.iam.Identity(ctx, accessKeyID)
	return gateway.Identity{Secret: id.Secret, Revoked: id.Revoked, Caller: id.Caller}, ok, err
}

// Policies implements gateway.Identities.
func (i *identities) Policies(ctx context.Context, caller *aws.Caller, r *policy.Request) error {
	return i.iam.Policies(ctx, caller, r)
}

// directory is IAM as STS asks it.
type directory struct{ *iam.Service }

// Role implements sts.Directory.
func (d directory) Role(ctx context.Context, arn string) (sts.Role, bool, error) {
	r, ok, err := d.Service.Role(ctx, arn)
	return sts.Role(r), ok, err
}

// Provider implements sts.Directory.
func (d directory) Provider(ctx context.Context, account aws.Account, issuer string) (sts.Provider, bool, error) {
	p, ok, err := d.Service.Provider(ctx, account, issuer)
	return sts.Provider(p), ok, err
}
