package gateway

import (
	"context"
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/front/sigv4"
)

// allow asks the policies.
func (x *exchange) allow(ctx context.Context) error {
	if x.Caller.Kind == aws.Anonymous && x.op.Unsigned {
		return nil // AssumeRoleWithWebIdentity and the like prove who they are themselves
	}
	accesses, err := x.accesses(ctx)
	if err != nil {
		return err
	}
	if len(accesses) > 0 {
		x.Resource = accesses[0].Resource
	}
	for i := range accesses {
		if err := x.permit(ctx, &accesses[i]); err != nil {
			return err
		}
	}
	return nil
}

func (x *exchange) accesses(ctx context.Context) ([]aws.Access, error) {
	if g, ok := x.endpoint.Service.(aws.Guard); ok {
		return g.Access(ctx, x.Operation, x.input)
	}
	return []aws.Access{{Action: x.endpoint.Model.SigningName + ":" + x.Operation, Resource: "*"}}, nil
}

// permit decides on one access.
func (x *exchange) permit(ctx context.Context, a *aws.Access) error {
	owner := a.Owner
	if owner == "" {
		owner = x.Account
	}
	if x.Caller.Kind == aws.Root && x.Caller.Account == owner && a.Policy == "" {
		return nil // nothing could say no
	}
	req := policy.Request{
		Caller: &x.Caller, Action: a.Action, Resource: a.Resource, ResourceAccount: owner,
		Context: policy.OfCall(&x.Call, keys(a)), AttachedRequired: a.PolicyRequired,
	}
	if a.Policy != "" {
		p, err := x.gate.policies.Get(a.Policy, policy.Resource)
		if err != nil {
			return err
		}
		req.Attached = policy.Source{Name: a.Resource, Policy: p}
	}
	if err := x.gate.Identities.Policies(ctx, &x.Caller, &req); err != nil {
		return err
	}
	d := policy.Evaluate(&req)
	if d.Allowed {
		return nil
	}
	if x.Caller.Kind == aws.Anonymous {
		return sigv4.NotSigned(x.flavor)
	}
	return x.denied(d.Message())
}

// keys adapts the condition keys that the service adds.
func keys(a *aws.Access) policy.Context {
	if a.Keys == nil {
		return nil
	}
	return policy.Func(func(key string) (policy.Values, bool) {
		v, ok := a.Keys(key)
		return policy.Many(v), ok
	})
}

// denied is the refusal in the service's words, or in the code of its family.
func (x *exchange) denied(message string) *aws.Error {
	if x.endpoint != nil && x.endpoint.Denied != nil {
		return x.endpoint.Denied(message)
	}
	switch x.flavor {
	case sigv4.JSON:
		e := aws.Errorf(http.StatusBadRequest, "AccessDeniedException", "%s", message)
		e.QueryCode = "AccessDenied"
		return e
	case sigv4.REST:
		return aws.Errorf(http.StatusForbidden, "AccessDeniedException", "%s", message)
	case sigv4.EC2:
		return aws.Errorf(http.StatusForbidden, "UnauthorizedOperation", "You are not authorized to perform this operation. %s", message)
	}
	return aws.Errorf(http.StatusForbidden, "AccessDenied", "%s", message)
}
