package iam

import (
	"context"
	"slices"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/state/kv"
)

// GetAccountAuthorizationDetails gives all users, groups, roles and policies
// with what they grant.
func (s *Service) GetAccountAuthorizationDetails(ctx context.Context, in *api.GetAccountAuthorizationDetailsInput) (*api.GetAccountAuthorizationDetailsOutput, error) {
	p, err := pageOf(in.Marker, in.MaxItems)
	if err != nil {
		return nil, err
	}
	out := &api.GetAccountAuthorizationDetailsOutput{
		UserDetailList: []api.UserDetail{}, GroupDetailList: []api.GroupDetail{}, RoleDetailList: []api.RoleDetail{}, Policies: []api.ManagedPolicyDetail{},
	}
	err = s.view(ctx, func(t *tx) error {
		page, err := slice(t.detailed(in.Filter), p)
		for _, ref := range page.items {
			t.detail(ref, out)
		}
		out.IsTruncated, out.Marker = page.more, page.marker
		return err
	})
	return out, err
}

// detailed lists the unique ids of entities, and references of policies, that
// a filter lets through.
func (t *tx) detailed(filter []api.EntityType) (refs []string) {
	wants := func(e api.EntityType) bool { return len(filter) == 0 || slices.Contains(filter, e) }
	if wants(api.EntityTypeUser) {
		refs = append(refs, idsOf(t, &users)...)
	}
	if wants(api.EntityTypeGroup) {
		refs = append(refs, idsOf(t, &groups)...)
	}
	if wants(api.EntityTypeRole) {
		refs = append(refs, idsOf(t, &roles)...)
	}
	if wants(api.EntityTypeLocalManagedPolicy) {
		for _, m := range policies.Scan(t.Tx, kv.Prefix(policies.Prefix(t.Scope))) {
			refs = append(refs, policyDetail+m.ref())
		}
	}
	if wants(api.EntityTypeAWSManagedPolicy) {
		for i := range t.catalog.Len() { // AWS: only those in use
			m := ofCatalog(t.catalog.At(i))
			if t.uses(m, grantManaged) > 0 || t.uses(m, grantBoundary) > 0 {
				refs = append(refs, policyDetail+m.ref())
			}
		}
	}
	return refs
}

// policyDetail tells a policy's reference from a unique id.
const policyDetail = "policy:"

// idsOf are the unique ids in a table of entities, by name.
func idsOf[R any](t *tx, table *kv.Table[R]) (ids []string) {
	for _, key := range table.KeysBy(t.Tx, kv.Prefix(table.IndexPrefix(&table.Indexes[0], t.Scope))) {
		parts := table.Parts(key)
		ids = append(ids, parts.String())
	}
	return ids
}

// detail adds one thing to the answer.
func (t *tx) detail(ref string, out *api.GetAccountAuthorizationDetailsOutput) {
	switch ref[:4] {
	case prefixUser:
		if u, ok := get(t, &users, ref); ok {
			out.UserDetailList = append(out.UserDetailList, t.userDetail(u))
		}
	case prefixGroup:
		if g, ok := get(t, &groups, ref); ok {
			inline, attached := t.policyLists(g.ID)
			out.GroupDetailList = append(out.GroupDetailList, api.GroupDetail{
				Path: &g.Path, GroupName: &g.Name, GroupId: &g.ID, Arn: new(t.arn("group" + g.full())), CreateDate: &g.Created,
				GroupPolicyList: inline, AttachedManagedPolicies: attached,
			})
		}
	case prefixRole:
		if r, ok := get(t, &roles, ref); ok {
			out.RoleDetailList = append(out.RoleDetailList, t.roleDetail(r))
		}
	default:
		if m, ok := t.resolve(ref[len(policyDetail):]); ok {
			out.Policies = append(out.Policies, t.managedDetail(m))
		}
	}
}

func (t *tx) userDetail(u *user) api.UserDetail {
	inline, attached := t.policyLists(u.ID)
	names := []string{}
	for _, g := range t.groupsOf(u.ID) {
		names = append(names, g.Name)
	}
	return api.UserDetail{
		Path: &u.Path, UserName: &u.Name, UserId: &u.ID, Arn: new(t.userARN(u)), CreateDate: &u.Created, UserPolicyList: inline,
		GroupList: names, AttachedManagedPolicies: attached, PermissionsBoundary: t.showBoundary(u.ID), Tags: showTags(u.Tags),
	}
}

func (t *tx) roleDetail(r *role) api.RoleDetail {
	inline, attached := t.policyLists(r.ID)
	in := []api.InstanceProfile{}
	for _, p := range t.profilesOf(r.ID) {
		in = append(in, t.showProfile(p))
	}
	return api.RoleDetail{
		Path: &r.Path, RoleName: &r.Name, RoleId: &r.ID, Arn: new(t.roleARN(r)), CreateDate: &r.Created,
		AssumeRolePolicyDocument: new(encode(r.Trust)), InstanceProfileList: in, RolePolicyList: inline, AttachedManagedPolicies: attached,
		PermissionsBoundary: t.showBoundary(r.ID), Tags: showTags(r.Tags), RoleLastUsed: t.showUse(r.ID),
	}
}

func (t *tx) managedDetail(m *managedPolicy) api.ManagedPolicyDetail {
	p := t.showPolicy(m)
	out := api.ManagedPolicyDetail{
		PolicyName: p.PolicyName, PolicyId: p.PolicyId, Arn: p.Arn, Path: p.Path, DefaultVersionId: p.DefaultVersionId,
		AttachmentCount: p.AttachmentCount, PermissionsBoundaryUsageCount: p.PermissionsBoundaryUsageCount, IsAttachable: p.IsAttachable,
		Description: p.Description, CreateDate: p.CreateDate, UpdateDate: p.UpdateDate,
	}
	for _, v := range t.versionsOf(m) {
		out.PolicyVersionList = append(out.PolicyVersionList, showVersion(m, v))
	}
	return out
}

// policyLists are the inline and attached policies of a holder.
func (t *tx) policyLists(id string) (inline []api.PolicyDetail, attached []api.AttachedPolicy) {
	inline, attached = []api.PolicyDetail{}, []api.AttachedPolicy{}
	for _, g := range t.grantsOf(id, grantInline) {
		inline = append(inline, api.PolicyDetail{PolicyName: &g.Name, PolicyDocument: new(encode(g.Document))})
	}
	for _, g := range t.grantsOf(id, grantManaged) {
		attached = append(attached, showAttached(g))
	}
	return inline, attached
}
