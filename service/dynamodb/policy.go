package dynamodb

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// noPolicyRevision is the ExpectedRevisionId of a table that must have no policy.
const noPolicyRevision = "NO_POLICY"

// checkPolicy refuses a document that is no policy of a resource.
func checkPolicy(doc string) error {
	_, err := policy.Parse([]byte(doc), policy.Resource)
	var e *aws.Error
	if errors.As(err, &e) {
		return invalid("Invalid policy document: %s", e.Message)
	}
	return err
}

// checkRevision refuses to change a policy that is not the expected one.
func (t *table) checkRevision(expected *string) error {
	if expected == nil || *expected == t.Revision || *expected == noPolicyRevision && t.Policy == "" {
		return nil
	}
	return dynamodb.ErrPolicyNotFoundException("Resource-based policy not found for the provided ResourceArn: Requested update for policy failed because the revision id does not match")
}

// PutResourcePolicy sets the policy of a table. It applies at once.
func (s *Service) PutResourcePolicy(ctx context.Context, in *dynamodb.PutResourcePolicyInput) (*dynamodb.PutResourcePolicyOutput, error) {
	if err := checkPolicy(in.Policy); err != nil {
		return nil, err
	}
	out := new(dynamodb.PutResourcePolicyOutput)
	err := s.changeARN(ctx, in.ResourceArn, func(_ kv.Tx, t *table) error {
		if err := t.checkRevision(in.ExpectedRevisionId); err != nil {
			return err
		}
		if t.Policy != in.Policy {
			t.Policy, t.Revision = in.Policy, aws.UUID(s.Random)
		}
		out.RevisionId = &t.Revision
		return nil
	})
	return out, err
}

// GetResourcePolicy returns the policy of a table.
func (s *Service) GetResourcePolicy(ctx context.Context, in *dynamodb.GetResourcePolicyInput) (*dynamodb.GetResourcePolicyOutput, error) {
	out := new(dynamodb.GetResourcePolicyOutput)
	err := s.viewARN(ctx, in.ResourceArn, func(_ kv.Tx, t *table) error {
		if t.Policy == "" {
			return dynamodb.ErrPolicyNotFoundException("Resource-based policy not found for the provided ResourceArn: %s", in.ResourceArn)
		}
		out.Policy, out.RevisionId = ptr(t.Policy), ptr(t.Revision)
		return nil
	})
	return out, err
}

// DeleteResourcePolicy removes the policy of a table. One that has none is no error.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *dynamodb.DeleteResourcePolicyInput) (*dynamodb.DeleteResourcePolicyOutput, error) {
	out := new(dynamodb.DeleteResourcePolicyOutput)
	err := s.changeARN(ctx, in.ResourceArn, func(_ kv.Tx, t *table) error {
		if err := t.checkRevision(in.ExpectedRevisionId); err != nil {
			return err
		}
		out.RevisionId = textOf(t.Revision)
		t.Policy, t.Revision = "", ""
		return nil
	})
	return out, err
}
