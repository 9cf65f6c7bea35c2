package iam

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy/managed"
	"github.com/brume-cloud/brume/state/kv"
)

// CreatePolicy makes a managed policy with its first version.
func (s *Service) CreatePolicy(ctx context.Context, in *api.CreatePolicyInput) (*api.CreatePolicyOutput, error) {
	if err := s.checkManaged(in.PolicyDocument); err != nil {
		return nil, err
	}
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	var out api.CreatePolicyOutput
	err := s.update(ctx, func(t *tx) error {
		if policies.Has(t.Tx, t.policyKey(in.PolicyName)) {
			return api.ErrEntityAlreadyExistsException("A policy called %s already exists. Duplicate names are not allowed.", in.PolicyName)
		}
		if err := room(t, &policies, maxPolicies, "PoliciesPerAccount"); err != nil {
			return err
		}
		m := &managedPolicy{
			entity: t.newEntity(prefixPolicy, in.PolicyName, in.Path, in.Tags), Description: or(in.Description, ""), Updated: t.Now(),
		}
		t.addVersion(m, in.PolicyDocument, true)
		shown := t.showPolicy(m)
		shown.Description = nil // AWS: "CreatePolicy" does not repeat it
		out.Policy = &shown
		return nil
	})
	return &out, err
}

// checkManaged checks the document of a managed policy.
func (s *Service) checkManaged(document string) error {
	if size(document) > maxPolicySize {
		return exceeded("PolicySize", maxPolicySize)
	}
	return s.check(document)
}

// GetPolicy describes a managed policy.
func (s *Service) GetPolicy(ctx context.Context, in *api.GetPolicyInput) (*api.GetPolicyOutput, error) {
	var out api.GetPolicyOutput
	err := s.view(ctx, func(t *tx) error {
		m, err := t.policy(in.PolicyArn)
		if err == nil {
			out.Policy = new(t.showPolicy(m))
		}
		return err
	})
	return &out, err
}

// DeletePolicy removes a policy that is attached to nothing.
func (s *Service) DeletePolicy(ctx context.Context, in *api.DeletePolicyInput) (*api.DeletePolicyOutput, error) {
	err := s.update(ctx, func(t *tx) error {
		m, err := t.ownPolicy(in.PolicyArn)
		if err != nil {
			return err
		}
		if t.uses(m, grantManaged) > 0 || t.uses(m, grantBoundary) > 0 {
			return api.ErrDeleteConflictException("Cannot delete a policy attached to entities.")
		}
		prefix := versions.Prefix(t.Scope, kv.String(m.ref()))
		if len(t.versionsOf(m)) > 1 {
			return api.ErrDeleteConflictException("This policy has more than one version. Before you delete a policy, you must delete the policy's versions. The default version is deleted with the policy.")
		}
		versions.DeleteAll(t.Tx, prefix)
		policies.Delete(t.Tx, t.policyKey(m.Name))
		return nil
	})
	return &api.DeletePolicyOutput{}, err
}

// ListPolicies lists the account's policies and AWS's, each by name.
func (s *Service) ListPolicies(ctx context.Context, in *api.ListPoliciesInput) (*api.ListPoliciesOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	var out part[api.Policy]
	err = s.view(ctx, func(t *tx) error {
		show := func(m *managedPolicy) (api.Policy, bool) {
			if !t.listed(m, in) {
				return api.Policy{}, false
			}
			shown := t.showPolicy(m)
			shown.Description, shown.Tags = nil, nil // AWS: "ListPolicies" leaves these out
			return shown, true
		}
		out = walk(t.policyListing(in.Scope), p, show)
		return nil
	})
	return &api.ListPoliciesOutput{Policies: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// policyListing lists managed policies by reference, without AWS's documents:
// the account's first, then AWS's, whose references order by their prefix.
func (t *tx) policyListing(scope api.PolicyScopeType) listing[managedPolicy] {
	prefix := policies.Prefix(t.Scope)
	return listing[managedPolicy]{
		prefix: prefix,
		at:     (*managedPolicy).ref,
		rows: func(r kv.Range) rows[managedPolicy] {
			return func(yield func(kv.Key, *managedPolicy) bool) {
				if scope != api.PolicyScopeTypeAWS {
					for key, m := range policies.Scan(t.Tx, r) {
						if !yield(key, m) {
							return
						}
					}
				}
				if scope == api.PolicyScopeTypeLocal {
					return
				}
				for i := range t.catalog.Len() {
					m := ofCatalog(t.catalog.At(i))
					key := prefix.With(kv.String(m.ref()))
					if r.From.Compare(key) <= 0 && !yield(key, m) {
						return
					}
				}
			}
		},
	}
}

// listed reports whether a policy is one that the request asks for.
func (t *tx) listed(m *managedPolicy, in *api.ListPoliciesInput) bool {
	if !below(m.Path, in.PathPrefix) {
		return false
	}
	switch in.PolicyUsageFilter {
	case api.PolicyUsageTypePermissionsBoundary:
		return t.uses(m, grantBoundary) > 0
	case api.PolicyUsageTypePermissionsPolicy:
		return t.uses(m, grantManaged) > 0
	}
	return !or(in.OnlyAttached, false) || t.uses(m, grantManaged) > 0
}

// TagPolicy adds tags to a policy.
func (s *Service) TagPolicy(ctx context.Context, in *api.TagPolicyInput) (*api.TagPolicyOutput, error) {
	return &api.TagPolicyOutput{}, s.update(ctx, func(t *tx) error {
		m, err := t.ownPolicy(in.PolicyArn)
		if err != nil {
			return err
		}
		if err := retag(&m.entity, in.Tags); err != nil {
			return err
		}
		policies.Put(t.Tx, t.policyKey(m.Name), m)
		return nil
	})
}

// UntagPolicy removes tags from a policy.
func (s *Service) UntagPolicy(ctx context.Context, in *api.UntagPolicyInput) (*api.UntagPolicyOutput, error) {
	return &api.UntagPolicyOutput{}, s.update(ctx, func(t *tx) error {
		m, err := t.ownPolicy(in.PolicyArn)
		if err != nil {
			return err
		}
		untag(&m.entity, in.TagKeys)
		policies.Put(t.Tx, t.policyKey(m.Name), m)
		return nil
	})
}

// ListPolicyTags lists a policy's tags.
func (s *Service) ListPolicyTags(ctx context.Context, in *api.ListPolicyTagsInput) (*api.ListPolicyTagsOutput, error) {
	var out part[api.Tag]
	err := s.view(ctx, func(t *tx) error {
		m, err := t.policy(in.PolicyArn)
		if err == nil {
			out, err = listTags(&m.entity, in.Marker, in.MaxItems)
		}
		return err
	})
	return &api.ListPolicyTagsOutput{Tags: out.items, IsTruncated: out.more, Marker: out.marker}, err
}

// ref is what grants refer to a policy by.
func (m *managedPolicy) ref() string {
	if m.AWS {
		return awsRef + m.Name
	}
	return fold(m.Name)
}

// awsRef starts the references of AWS's own policies. No name has a colon, and
// a tilde orders behind every name.
const awsRef = "~aws:"

// ofCatalog is one of AWS's own policies in the form of a row.
func ofCatalog(p *managed.Policy) *managedPolicy {
	return &managedPolicy{
		entity: entity{ID: p.ID, Name: p.Name, Path: p.Path, Created: p.Created},
		AWS:    true, Default: p.Version, Newest: p.Version, Updated: p.Updated, Document: p.Document,
	}
}

// ownerAWS is AWS's own policies' account in ARNs.
const ownerAWS = "aws"

func (t *tx) policyKey(name string) kv.Key { return policies.Key(t.Scope, kv.String(fold(name))) }

// resolve finds a managed policy by what a grant refers to it by.
func (t *tx) resolve(ref string) (*managedPolicy, bool) {
	if name, ok := strings.CutPrefix(ref, awsRef); ok {
		p, ok := t.catalog.Find(name)
		if !ok {
			return nil, false
		}
		return ofCatalog(p), true
	}
	return policies.Get(t.Tx, policies.Key(t.Scope, kv.String(ref)))
}

// managed finds a managed policy by ARN.
func (t *tx) managed(arn string) (*managedPolicy, bool) {
	a, err := aws.ParseARN(arn)
	full, ok := strings.CutPrefix(a.Resource, "policy/")
	if err != nil || !ok || a.Service != "iam" || a.Partition != t.partition() {
		return nil, false
	}
	name := full[strings.LastIndexByte(full, '/')+1:]
	ref := fold(name)
	switch a.Account {
	case ownerAWS:
		ref = awsRef + name
	case t.Account:
	default:
		return nil, false
	}
	m, ok := t.resolve(ref)
	return m, ok && m.full() == "/"+full
}

// policy finds a managed policy by ARN, for operations that name one.
func (t *tx) policy(arn string) (*managedPolicy, error) {
	if _, err := aws.ParseARN(arn); err != nil {
		return nil, invalid("ARN %s is not valid.", arn)
	}
	if m, ok := t.managed(arn); ok {
		return m, nil
	}
	return nil, api.ErrNoSuchEntityException("Policy %s was not found.", arn)
}

// ownPolicy is policy for a change, which AWS's own do not allow.
func (t *tx) ownPolicy(arn string) (*managedPolicy, error) {
	m, err := t.policy(arn)
	if err == nil && m.AWS {
		return nil, aws.Errorf(403, "AccessDenied", "You cannot modify the AWS managed policy %s.", arn)
	}
	return m, err
}

func (t *tx) policyARN(m *managedPolicy) string {
	owner := string(t.Account)
	if m.AWS {
		owner = ownerAWS
	}
	return "arn:" + t.partition() + ":iam::" + owner + ":policy" + m.full()
}

// uses is how many principals have a policy, as their own or as boundary.
func (t *tx) uses(m *managedPolicy, kind string) (n int) {
	for range t.Scan(kv.Prefix(grants.IndexPrefix(&grantsByTarget, t.Scope, kv.String(kind), kv.String(m.ref())))) {
		n++
	}
	return n
}

func (t *tx) showPolicy(m *managedPolicy) api.Policy {
	return api.Policy{
		PolicyName: &m.Name, PolicyId: &m.ID, Arn: new(t.policyARN(m)), Path: &m.Path, DefaultVersionId: new(versionID(m.Default)),
		AttachmentCount: new(int32(t.uses(m, grantManaged))), PermissionsBoundaryUsageCount: new(int32(t.uses(m, grantBoundary))),
		IsAttachable: new(true), Description: filled(m.Description), CreateDate: &m.Created, UpdateDate: &m.Updated, Tags: showTags(m.Tags),
	}
}
