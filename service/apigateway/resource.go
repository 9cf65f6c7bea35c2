package apigateway

import (
	"context"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// isPathPart reports whether an element of a path is in order.
func isPathPart(part string) bool {
	if inner, ok := strings.CutPrefix(part, "{"); ok {
		if inner, ok = strings.CutSuffix(inner, "}"); !ok {
			return false
		}
		part = strings.TrimSuffix(inner, "+")
	}
	return part != "" && strings.IndexFunc(part, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-:", r))
	}) < 0
}

func isGreedy(part string) bool   { return strings.HasSuffix(part, "+}") }
func isVariable(part string) bool { return strings.HasPrefix(part, "{") }

// resource returns a copy of a resource of the API.
func (a address) resource(tx kv.Tx, id string) (*api.Resource, error) {
	r, ok := resources.get(tx, part(a, resources, id))
	if !ok {
		return nil, missing("Invalid Resource identifier specified")
	}
	return r, nil
}

func (a address) putResource(tx kv.Tx, r *api.Resource) {
	resources.put(tx, part(a, resources, *r.Id), r)
}

// CreateResource makes a resource below another.
func (s *Service) CreateResource(ctx context.Context, in *api.CreateResourceInput) (*api.CreateResourceOutput, error) {
	r := &api.Resource{ParentId: &in.ParentId, PathPart: &in.PathPart}
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		all := resources.list(tx, parts(a, resources))
		if len(all) >= maxResources {
			return api.ErrLimitExceededException(&api.LimitExceededException{}, "Maximum number of resources for this API has been reached. Please contact AWS if you need additional resources.")
		}
		if err := settle(r, all); err != nil {
			return err
		}
		r.Id = new(s.id(partID))
		a.putResource(tx, r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateResourceOutput)(r), nil
}

// settle checks that a resource may be where its parent and its part of the path
// say, beside all others, and sets its path.
func settle(r *api.Resource, all []api.Resource) error {
	i := slices.IndexFunc(all, func(o api.Resource) bool { return *o.Id == *r.ParentId })
	if i < 0 {
		return missing("Invalid Resource identifier specified")
	}
	parent := &all[i]
	if part := deref(parent.PathPart); isGreedy(part) {
		return invalid("Cannot create a child of a resource with a greedy path variable: %s", part)
	}
	if !isPathPart(*r.PathPart) {
		return invalid("Resource's path part only allow a-zA-Z0-9._-: or a valid greedy path variable and curly braces at the beginning and the end.")
	}
	for j := range all {
		other := &all[j]
		if deref(other.ParentId) != *r.ParentId || r.Id != nil && *r.Id == *other.Id {
			continue
		}
		if *other.PathPart == *r.PathPart {
			return conflict("Another resource with the same parent already has this name: %s", *r.PathPart)
		}
		if isVariable(*r.PathPart) && isVariable(*other.PathPart) {
			return invalid("A sibling (%s) of this resource already has a variable path part -- only one is allowed", *other.PathPart)
		}
	}
	r.Path = new(strings.TrimSuffix(*parent.Path, "/") + "/" + *r.PathPart)
	return nil
}

// embeds reports whether a request asks for methods within resources.
func embeds(list []string) bool { return slices.Contains(list, "methods") }

// shownResource is a resource as answers have it: with its methods, or with their
// names alone.
func shownResource(r *api.Resource, whole bool) {
	if whole {
		return
	}
	for name := range r.ResourceMethods {
		r.ResourceMethods[name] = api.Method{}
	}
}

// GetResource tells of a resource.
func (s *Service) GetResource(ctx context.Context, in *api.GetResourceInput) (*api.GetResourceOutput, error) {
	var r *api.Resource
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		r, err = a.resource(tx, in.ResourceId)
		return err
	})
	if err != nil {
		return nil, err
	}
	shownResource(r, embeds(in.Embed))
	return (*api.GetResourceOutput)(r), nil
}

// GetResources lists the resources of an API.
func (s *Service) GetResources(ctx context.Context, in *api.GetResourcesInput) (*api.GetResourcesOutput, error) {
	out := &api.GetResourcesOutput{}
	err := s.view(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		out.Items, out.Position, err = resources.page(tx, parts(a, resources), page{in.Position, in.Limit}, nil)
		return err
	})
	for i := range out.Items {
		shownResource(&out.Items[i], embeds(in.Embed))
	}
	return out, err
}

var resourceRules = []rule{{"replace", "/parentId"}, {"replace", "/pathPart"}}

// UpdateResource moves or renames a resource, and so all that are below it.
func (s *Service) UpdateResource(ctx context.Context, in *api.UpdateResourceInput) (*api.UpdateResourceOutput, error) {
	var r *api.Resource
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) (err error) {
		if r, err = a.resource(tx, in.ResourceId); err != nil {
			return err
		}
		if r.ParentId == nil && len(in.PatchOperations) > 0 {
			return invalid("Root resource cannot be updated.")
		}
		if err := patch(r, resourceRules, in.PatchOperations); err != nil || r.ParentId == nil {
			return err
		}
		all := resources.list(tx, parts(a, resources))
		below := descendants(all, in.ResourceId)
		if *r.ParentId == in.ResourceId || slices.ContainsFunc(below, func(d *api.Resource) bool { return *d.Id == *r.ParentId }) {
			return invalid("Resources cannot be cyclical.")
		}
		if err := settle(r, all); err != nil {
			return err
		}
		a.putResource(tx, r)
		paths := map[string]string{*r.Id: *r.Path}
		for _, d := range below {
			d.Path = new(paths[*d.ParentId] + "/" + *d.PathPart)
			paths[*d.Id] = *d.Path
			a.putResource(tx, d)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	shownResource(r, false)
	return (*api.UpdateResourceOutput)(r), nil
}

// descendants are the resources below one, parents before children.
func descendants(all []api.Resource, id string) []*api.Resource {
	var below []*api.Resource
	for i := range all {
		if deref(all[i].ParentId) == id {
			below = append(append(below, &all[i]), descendants(all, *all[i].Id)...)
		}
	}
	return below
}

// DeleteResource deletes a resource, and all that are below it.
func (s *Service) DeleteResource(ctx context.Context, in *api.DeleteResourceInput) (*api.DeleteResourceOutput, error) {
	err := s.update(ctx, in.RestApiId, func(tx kv.Tx, a address) error {
		r, err := a.resource(tx, in.ResourceId)
		if err != nil {
			return err
		}
		if r.ParentId == nil {
			return invalid("Root resource cannot be deleted.")
		}
		for _, d := range append(descendants(resources.list(tx, parts(a, resources)), in.ResourceId), r) {
			resources.rows.Delete(tx, part(a, resources, *d.Id))
		}
		return nil
	})
	return &api.DeleteResourceOutput{}, err
}
