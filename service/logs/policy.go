package logs

import (
	"context"
	"encoding/json"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// PutResourcePolicy makes or replaces a policy for all groups of the region: it
// lets other services, and accounts, write to them.
func (s *Service) PutResourcePolicy(ctx context.Context, in *logs.PutResourcePolicyInput) (*logs.PutResourcePolicyOutput, error) {
	if in.ResourceArn != nil {
		return nil, aws.NotImplemented("logs", "PutResourcePolicy for a single resource")
	}
	if in.PolicyName == nil || in.PolicyDocument == nil {
		return nil, invalid("The policyName and the policyDocument must be specified.")
	}
	if _, err := policy.Parse([]byte(*in.PolicyDocument), policy.Resource); err != nil {
		return nil, invalid("The policy document is not valid: %v", err)
	}
	sc := here(ctx, "").Scope
	out := new(logs.PutResourcePolicyOutput)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		key := policies.Key(sc, kv.String(*in.PolicyName))
		old, found := policies.Get(tx, key)
		if err := checkRevision(old, in.ExpectedRevisionId); err != nil {
			return err
		}
		p := &resourcePolicy{Document: *in.PolicyDocument, Updated: tx.Now(), Revision: aws.Text(s.Random, aws.LowerHex, 32)}
		policies.Put(tx, key, p)
		if n := merge(tx, sc); !found && n > maxPolicies {
			return logs.ErrLimitExceededException("Resource limit exceeded.")
		}
		*out = logs.PutResourcePolicyOutput{ResourcePolicy: p.shown(*in.PolicyName), RevisionId: &p.Revision}
		return nil
	})
	return out, err
}

func checkRevision(p *resourcePolicy, expected *string) error {
	if expected != nil && (p == nil || p.Revision != *expected) {
		return logs.ErrOperationAbortedException("The expected revision id is not that of the policy.")
	}
	return nil
}

func (p *resourcePolicy) shown(name string) *logs.ResourcePolicy {
	at := p.Updated.UnixMilli()
	return &logs.ResourcePolicy{PolicyName: &name, PolicyDocument: &p.Document, LastUpdatedTime: &at, PolicyScope: logs.PolicyScopeACCOUNT, RevisionId: &p.Revision}
}

// merge makes one document of all policies of the region, which every call is
// held against, and returns how many there are.
func merge(tx kv.Tx, sc kv.Scope) (n int) {
	statements := []json.RawMessage{}
	for _, p := range policies.Scan(tx, kv.Prefix(policies.Prefix(sc))) {
		n++
		var doc struct{ Statement json.RawMessage }
		var list []json.RawMessage
		if json.Unmarshal([]byte(p.Document), &doc) != nil {
			continue // was checked
		}
		if json.Unmarshal(doc.Statement, &list) != nil {
			list = []json.RawMessage{doc.Statement} // AWS: a single statement needs no list
		}
		statements = append(statements, list...)
	}
	if n == 0 {
		merged.Delete(tx, merged.Key(sc))
		return n
	}
	text, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": statements})
	if err != nil {
		panic(err) // pieces of documents that were checked
	}
	merged.Put(tx, merged.Key(sc), &resourcePolicy{Document: string(text)})
	return n
}

// DescribeResourcePolicies lists the region's policies.
func (s *Service) DescribeResourcePolicies(ctx context.Context, in *logs.DescribeResourcePoliciesInput) (*logs.DescribeResourcePoliciesOutput, error) {
	p, err := newPage(in.Limit, maxList, in.NextToken)
	if err != nil {
		return nil, err
	}
	sc := here(ctx, "").Scope
	out := new(logs.DescribeResourcePoliciesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = logs.DescribeResourcePoliciesOutput{ResourcePolicies: []logs.ResourcePolicy{}}
		if in.ResourceArn != nil || in.PolicyScope == logs.PolicyScopeRESOURCE {
			return nil
		}
		r := kv.Prefix(policies.Prefix(sc))
		p.begin(&r)
		for key, one := range policies.Scan(tx, r) {
			if len(out.ResourcePolicies) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			name := policies.Parts(key)
			out.ResourcePolicies = append(out.ResourcePolicies, *one.shown(name.String()))
		}
		return nil
	})
	return out, err
}

// DeleteResourcePolicy deletes a policy of the region.
func (s *Service) DeleteResourcePolicy(ctx context.Context, in *logs.DeleteResourcePolicyInput) (*logs.DeleteResourcePolicyOutput, error) {
	if in.ResourceArn != nil {
		return nil, aws.NotImplemented("logs", "DeleteResourcePolicy for a single resource")
	}
	sc := here(ctx, "").Scope
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		key := policies.Key(sc, kv.String(deref(in.PolicyName)))
		p, ok := policies.Get(tx, key)
		if !ok {
			return logs.ErrResourceNotFoundException("Policy with name [%s] does not exist.", deref(in.PolicyName))
		}
		if err := checkRevision(p, in.ExpectedRevisionId); err != nil {
			return err
		}
		policies.Delete(tx, key)
		merge(tx, sc)
		return nil
	})
	return &logs.DeleteResourcePolicyOutput{}, err
}
