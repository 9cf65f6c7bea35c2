package cloud

import (
	"context"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/front/policy"
)

// identities tells the gateway whose an access key is and what its owner may
// do. Besides those that IAM and STS make there is one key from the start: the
// root key of a strict cloud, without which nobody could make another.
type identities struct{ root Secrets }

// Identity implements gateway.Identities.
func (i *identities) Identity(ctx context.Context, accessKeyID string) (gateway.Identity, bool, error) {
	if i.root.AccessKeyID == "" || accessKeyID != i.root.AccessKeyID {
		return gateway.Identity{}, false, nil
	}
	caller := gateway.RootOf(aws.DefaultAccount, aws.CallFrom(ctx).Region)
	return gateway.Identity{Secret: i.root.SecretAccessKey, Caller: caller}, true, nil
}

// Policies implements gateway.Identities.
func (i *identities) Policies(context.Context, *aws.Caller, *policy.Request) error { return nil }
