package s3

import (
	"context"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/s3control"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutAccessPointPolicy replaces the access point's policy.
func (c *Control) PutAccessPointPolicy(ctx context.Context, in *s3control.PutAccessPointPolicyInput) (*s3control.PutAccessPointPolicyOutput, error) {
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		p, err := pointFor(ctx, in.AccountId, in.Name).get(tx)
		if err != nil {
			return err
		}
		if err := checkPolicy(in.Policy, p.mine); err != nil {
			return err
		}
		p.Policy = strings.Clone(in.Policy)
		p.Public = isPublic(in.Policy) && p.VPC == "" // AWS: what is only reached from a VPC is not public
		if p.Public && p.Block.and(accountBlock(tx, p.Account, p.Region)).Policy {
			return aws.Errorf(http.StatusForbidden, "AccessDenied", "User is not authorized to perform: s3:PutAccessPointPolicy on resource: %q because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", p.arn())
		}
		points.Put(tx, p.key(), p)
		return nil
	})
	return &s3control.PutAccessPointPolicyOutput{}, err
}

// policed reads an access point that has a policy.
func (c *Control) policed(ctx context.Context, where *accessPoint) (p *accessPoint, err error) {
	err = kv.View(ctx, c.Store, func(tx kv.Tx) (err error) {
		if p, err = where.get(tx); err == nil && p.Policy == "" {
			err = aws.Errorf(http.StatusNotFound, "NoSuchAccessPointPolicy", "The specified accesspoint policy does not exist")
		}
		return err
	})
	return p, err
}

// GetAccessPointPolicy returns it.
func (c *Control) GetAccessPointPolicy(ctx context.Context, in *s3control.GetAccessPointPolicyInput) (*s3control.GetAccessPointPolicyOutput, error) {
	p, err := c.policed(ctx, pointFor(ctx, in.AccountId, in.Name))
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessPointPolicyOutput{Policy: &p.Policy}, nil
}

// GetAccessPointPolicyStatus tells whether it lets anybody in.
func (c *Control) GetAccessPointPolicyStatus(ctx context.Context, in *s3control.GetAccessPointPolicyStatusInput) (*s3control.GetAccessPointPolicyStatusOutput, error) {
	p, err := c.policed(ctx, pointFor(ctx, in.AccountId, in.Name))
	if err != nil {
		return nil, err
	}
	return &s3control.GetAccessPointPolicyStatusOutput{PolicyStatus: &s3control.PolicyStatus{IsPublic: &p.Public}}, nil
}

// DeleteAccessPointPolicy takes it away.
func (c *Control) DeleteAccessPointPolicy(ctx context.Context, in *s3control.DeleteAccessPointPolicyInput) (*s3control.DeleteAccessPointPolicyOutput, error) {
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		p, err := pointFor(ctx, in.AccountId, in.Name).get(tx)
		if err != nil {
			return err
		}
		p.Policy, p.Public = "", false
		points.Put(tx, p.key(), p)
		return nil
	})
	return &s3control.DeleteAccessPointPolicyOutput{}, err
}
