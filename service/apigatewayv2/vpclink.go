package apigatewayv2

import (
	"context"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateVpcLink makes what private integrations reach a VPC by. It is ready at once.
func (s *Service) CreateVpcLink(ctx context.Context, in *apigatewayv2.CreateVpcLinkInput) (*apigatewayv2.CreateVpcLinkOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	if in.Name == "" || len(in.Name) > maxName {
		return nil, bad("Invalid VPC link name specified: it must have between 1 and %d characters", maxName)
	}
	if len(in.SubnetIds) == 0 {
		return nil, bad("At least one subnet ID must be specified")
	}
	l := new(apigatewayv2.VpcLink)
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if vpcLinks.count(tx, maxVPCLinks, sc) == maxVPCLinks {
			return tooMany("VPC links per region", maxVPCLinks)
		}
		*l = apigatewayv2.VpcLink{
			CreatedDate: new(tx.Now()), VpcLinkId: s.id(shortID), VpcLinkStatus: apigatewayv2.VpcLinkStatusAVAILABLE,
			VpcLinkStatusMessage: new("VPC link is ready to route traffic"), VpcLinkVersion: apigatewayv2.VpcLinkVersionV2, SecurityGroupIds: []string{},
		}
		carry(l, in)
		vpcLinks.put(tx, l, sc, l.VpcLinkId)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return answer[apigatewayv2.CreateVpcLinkOutput](l), nil
}

// GetVpcLink returns a VPC link.
func (s *Service) GetVpcLink(ctx context.Context, in *apigatewayv2.GetVpcLinkInput) (*apigatewayv2.GetVpcLinkOutput, error) {
	out := new(apigatewayv2.GetVpcLinkOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		l, err := vpcLinks.find(tx, scopeOf(ctx), in.VpcLinkId)
		if err == nil {
			carry(out, l)
		}
		return err
	})
	return out, err
}

// GetVpcLinks lists VPC links.
func (s *Service) GetVpcLinks(ctx context.Context, in *apigatewayv2.GetVpcLinksInput) (*apigatewayv2.GetVpcLinksOutput, error) {
	p, err := newPage(in.MaxResults, in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(apigatewayv2.GetVpcLinksOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.Items, out.NextToken = list(tx, vpcLinks, p, vpcLinks.key(scopeOf(ctx)))
		return nil
	})
	return out, err
}

// UpdateVpcLink renames a VPC link.
func (s *Service) UpdateVpcLink(ctx context.Context, in *apigatewayv2.UpdateVpcLinkInput) (*apigatewayv2.UpdateVpcLinkOutput, error) {
	out := new(apigatewayv2.UpdateVpcLinkOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		l, err := vpcLinks.find(tx, scopeOf(ctx), in.VpcLinkId)
		if err != nil {
			return err
		}
		carry(l, in)
		vpcLinks.put(tx, l, scopeOf(ctx), in.VpcLinkId)
		carry(out, l)
		return nil
	})
	return out, err
}

// DeleteVpcLink deletes a VPC link that no integration uses.
func (s *Service) DeleteVpcLink(ctx context.Context, in *apigatewayv2.DeleteVpcLinkInput) (*apigatewayv2.DeleteVpcLinkOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := vpcLinks.find(tx, sc, in.VpcLinkId); err != nil {
			return err
		}
		for _, i := range integrations.all(tx, sc) {
			if deref(i.ConnectionId) == in.VpcLinkId {
				return bad("Cannot delete VPC link. VPC link '%s' is referenced by integration '%s'", in.VpcLinkId, *i.IntegrationId)
			}
		}
		vpcLinks.delete(tx, sc, in.VpcLinkId)
		return nil
	})
	return &apigatewayv2.DeleteVpcLinkOutput{}, err
}
