package lambda

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// AddLayerVersionPermission lets other accounts use a version of a layer.
func (s *Service) AddLayerVersionPermission(ctx context.Context, in *lambda.AddLayerVersionPermissionInput) (*lambda.AddLayerVersionPermissionOutput, error) {
	if in.OrganizationId != nil && in.Principal != "*" {
		return nil, invalid("OrganizationId needs the principal *.")
	}
	a, err := numberedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	revision := aws.UUID(s.Random)
	st := newStatement(a.versionARN(), &lambda.AddPermissionInput{StatementId: in.StatementId, Action: in.Action, Principal: in.Principal, PrincipalOrgID: in.OrganizationId})
	text, err := json.Marshal(st)
	if err != nil {
		return nil, err
	}
	err = s.changeLayerPolicy(ctx, a, in.RevisionId, func(v *layerVersion, d *document) error {
		if d.index(in.StatementId) >= 0 {
			return statementExists(in.StatementId)
		}
		d.Statement, v.PolicyRevision = append(d.Statement, st), revision
		return nil
	})
	return &lambda.AddLayerVersionPermissionOutput{Statement: new(string(text)), RevisionId: &revision}, err
}

// RemoveLayerVersionPermission takes such a permission back.
func (s *Service) RemoveLayerVersionPermission(ctx context.Context, in *lambda.RemoveLayerVersionPermissionInput) (*lambda.RemoveLayerVersionPermissionOutput, error) {
	a, err := numberedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	revision := aws.UUID(s.Random)
	err = s.changeLayerPolicy(ctx, a, in.RevisionId, func(v *layerVersion, d *document) error {
		i := d.index(in.StatementId)
		if i < 0 {
			return noStatement(in.StatementId)
		}
		d.Statement, v.PolicyRevision = slices.Delete(d.Statement, i, i+1), revision
		return nil
	})
	return &lambda.RemoveLayerVersionPermissionOutput{}, err
}

// GetLayerVersionPolicy returns the policy of a version of a layer.
func (s *Service) GetLayerVersionPolicy(ctx context.Context, in *lambda.GetLayerVersionPolicyInput) (*lambda.GetLayerVersionPolicyOutput, error) {
	a, err := numberedLayer(ctx, in.LayerName, in.VersionNumber)
	if err != nil {
		return nil, err
	}
	out := &lambda.GetLayerVersionPolicyOutput{}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.version(tx)
		if err != nil {
			return noLayer(a)
		}
		if v.Policy == "" {
			return noResource("No policy is associated with the given resource.")
		}
		out.Policy, out.RevisionId = &v.Policy, &v.PolicyRevision
		return nil
	})
	return out, err
}

func noLayer(a layerAddress) error {
	return noResource("Layer version %s does not exist.", a.versionARN())
}

// changeLayerPolicy runs fn on the policy of a version of a layer, and stores both.
func (s *Service) changeLayerPolicy(ctx context.Context, a layerAddress, expected *string, fn func(*layerVersion, *document) error) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		v, err := a.version(tx)
		if err != nil {
			return noLayer(a)
		}
		if expected != nil && *expected != v.PolicyRevision {
			return stale()
		}
		d, err := parseDocument(v.Policy)
		if err != nil {
			return err
		}
		if err := fn(v, d); err != nil {
			return err
		}
		if v.Policy, err = d.text(); err != nil {
			return err
		}
		layerVersions.Put(tx, a.versionKey(), v)
		return nil
	})
}
