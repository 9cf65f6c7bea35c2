package iam

import (
	"context"
	"encoding/json"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
)

// ListPoliciesGrantingServiceAccess lists, for each service, the policies of a
// user, group or role that allow something of it. What other policies deny is
// not looked at, as in AWS.
func (s *Service) ListPoliciesGrantingServiceAccess(ctx context.Context, in *api.ListPoliciesGrantingServiceAccessInput) (*api.ListPoliciesGrantingServiceAccessOutput, error) {
	out := api.ListPoliciesGrantingServiceAccessOutput{PoliciesGrantingServiceAccess: []api.ListPoliciesGrantingServiceAccessEntry{}, IsTruncated: new(false)}
	err := s.view(ctx, func(t *tx) error {
		id, err := t.principal(in.Arn)
		if err != nil {
			return err
		}
		for _, namespace := range in.ServiceNamespaces {
			entry := api.ListPoliciesGrantingServiceAccessEntry{ServiceNamespace: &namespace, Policies: []api.PolicyGrantingServiceAccess{}}
			err := t.each(id, func(holder string, g *grant, document string) error {
				if g.Kind != grantBoundary && grantsService(document, namespace) {
					entry.Policies = append(entry.Policies, t.showGranting(holder, g))
				}
				return nil
			})
			if err != nil {
				return err
			}
			out.PoliciesGrantingServiceAccess = append(out.PoliciesGrantingServiceAccess, entry)
		}
		return nil
	})
	return &out, err
}

// showGranting tells where a policy comes from: for an inline policy, whose it is.
func (t *tx) showGranting(holder string, g *grant) api.PolicyGrantingServiceAccess {
	if g.Kind == grantManaged {
		return api.PolicyGrantingServiceAccess{PolicyName: g.Name, PolicyType: api.PolicyTypeMANAGED, PolicyArn: &g.ARN}
	}
	out := api.PolicyGrantingServiceAccess{PolicyName: g.Name, PolicyType: api.PolicyTypeINLINE, EntityType: api.PolicyOwnerEntityType(strings.ToUpper(kindOf(holder)))}
	if e, ok := t.entity(holder); ok {
		out.EntityName = &e.Name
	}
	return out
}

// grantsService reports whether a document, which parses, allows an action of a service.
func grantsService(document, namespace string) bool {
	type statement struct {
		Effect            string
		Action, NotAction json.RawMessage
	}
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &doc) != nil {
		return false
	}
	var list []statement
	if json.Unmarshal(doc.Statement, &list) != nil {
		list = make([]statement, 1)
		if json.Unmarshal(doc.Statement, &list[0]) != nil {
			return false
		}
	}
	for _, st := range list {
		if st.Effect != "Allow" {
			continue
		}
		if st.NotAction != nil && !namesService(oneOrMany(st.NotAction), namespace+":*") {
			return true
		}
		if namesService(oneOrMany(st.Action), namespace+":") {
			return true
		}
	}
	return false
}

// namesService reports whether one of some actions is everything, or begins as given.
func namesService(actions []string, prefix string) bool {
	for _, a := range actions {
		if a == "*" || strings.HasPrefix(strings.ToLower(a), strings.ToLower(prefix)) {
			return true
		}
	}
	return false
}
