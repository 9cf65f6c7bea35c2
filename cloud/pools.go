package cloud

import (
	"context"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/service/cognitoidentity"
	"github.com/brume-cloud/brume/service/cognitoidp"
)

func openCognito(s *System, via aws.Invoker) any {
	s.userPools = cognitoidp.New(cognitoidp.Deps{Store: s.store, Random: random{}, Via: via, HTTP: s.outside.HTTP(), Post: s.post, Endpoint: s.endpoint})
	return s.userPools
}

func openCognitoIdentity(s *System, via aws.Invoker) any {
	s.identityPools = cognitoidentity.New(cognitoidentity.Deps{Store: s.store, Random: random{}, Via: via, Pools: poolsOfUsers{s}})
	return s.identityPools
}

// poolsOfUsers is Cognito's user pools as identity pools ask them.
type poolsOfUsers struct{ *System }

// Keys implements cognitoidentity.UserPools.
func (p poolsOfUsers) Keys(ctx context.Context, issuer string) ([]byte, bool, error) {
	return p.userPools.Keys(ctx, issuer)
}

// SignedIn implements cognitoidentity.UserPools.
func (p poolsOfUsers) SignedIn(ctx context.Context, issuer, sub, origin string) (bool, error) {
	return p.userPools.SignedIn(ctx, issuer, sub, origin)
}

// issuerKeys returns the keys of an issuer that is a service of this cloud.
func (s *System) issuerKeys(ctx context.Context, issuer string) ([]byte, bool, error) {
	if issuer == cognitoidentity.Issuer {
		set, err := s.identityPools.Keys(ctx)
		return set, err == nil, err
	}
	return s.userPools.Keys(ctx, issuer)
}
