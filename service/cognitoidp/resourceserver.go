package cognitoidp

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

func (r *resourceServer) describe(p *pool) *cognitoidp.ResourceServerType {
	d := &cognitoidp.ResourceServerType{UserPoolId: &p.at.ID, Identifier: &r.ID, Name: &r.Name, Scopes: []cognitoidp.ResourceServerScopeType{}}
	for i := range r.Scopes {
		d.Scopes = append(d.Scopes, cognitoidp.ResourceServerScopeType{ScopeName: r.Scopes[i].Name, ScopeDescription: r.Scopes[i].Description})
	}
	return d
}

// setScopes replaces the server's scopes.
func (r *resourceServer) setScopes(in []cognitoidp.ResourceServerScopeType) error {
	if len(in) > maxScopes {
		return cognitoidp.ErrLimitExceededException("The maximum number of scopes of a resource server, %d, has been exceeded.", maxScopes)
	}
	r.Scopes = nil
	for _, s := range in {
		if r.has(s.ScopeName) {
			return invalid("The scope %s is given more than once.", s.ScopeName)
		}
		r.Scopes = append(r.Scopes, scope{s.ScopeName, s.ScopeDescription})
	}
	return nil
}

func (r *resourceServer) has(name string) bool {
	for i := range r.Scopes {
		if r.Scopes[i].Name == name {
			return true
		}
	}
	return false
}

func (p *pool) resourceServer(tx kv.Tx, id string) (*resourceServer, error) {
	r, ok := resourceServers.Get(tx, p.resourceServerKey(id))
	if !ok {
		return nil, cognitoidp.ErrResourceNotFoundException("Resource server %s does not exist.", id)
	}
	return r, nil
}

// CreateResourceServer makes an API whose scopes tokens may have.
func (s *Service) CreateResourceServer(ctx context.Context, in *cognitoidp.CreateResourceServerInput) (*cognitoidp.CreateResourceServerOutput, error) {
	out := new(cognitoidp.CreateResourceServerOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		key := p.resourceServerKey(in.Identifier)
		if resourceServers.Has(tx, key) {
			return invalid("%s already exists in user pool %s.", in.Identifier, p.at.ID)
		}
		if count(tx, kv.Prefix(p.resourceServers()), maxResourceServers) == maxResourceServers {
			return cognitoidp.ErrLimitExceededException("The maximum number of resource servers, %d, has been reached.", maxResourceServers)
		}
		r := &resourceServer{ID: in.Identifier, Name: in.Name}
		if err := r.setScopes(in.Scopes); err != nil {
			return err
		}
		resourceServers.Put(tx, key, r)
		out.ResourceServer = r.describe(p)
		return nil
	})
	return out, err
}

// DescribeResourceServer returns a resource server.
func (s *Service) DescribeResourceServer(ctx context.Context, in *cognitoidp.DescribeResourceServerInput) (*cognitoidp.DescribeResourceServerOutput, error) {
	out := new(cognitoidp.DescribeResourceServerOutput)
	err := s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		r, err := p.resourceServer(tx, in.Identifier)
		if err == nil {
			out.ResourceServer = r.describe(p)
		}
		return err
	})
	return out, err
}

// UpdateResourceServer replaces the name and the scopes. Clients keep scopes that
// are gone, and cannot get them any more.
func (s *Service) UpdateResourceServer(ctx context.Context, in *cognitoidp.UpdateResourceServerInput) (*cognitoidp.UpdateResourceServerOutput, error) {
	out := new(cognitoidp.UpdateResourceServerOutput)
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		r, err := p.resourceServer(tx, in.Identifier)
		if err != nil {
			return err
		}
		r.Name = in.Name
		if err := r.setScopes(in.Scopes); err != nil {
			return err
		}
		resourceServers.Put(tx, p.resourceServerKey(r.ID), r)
		out.ResourceServer = r.describe(p)
		return nil
	})
	return out, err
}

// ListResourceServers lists resource servers in the order of their identifiers.
func (s *Service) ListResourceServers(ctx context.Context, in *cognitoidp.ListResourceServersInput) (*cognitoidp.ListResourceServersOutput, error) {
	pg, err := newPage(deref(in.MaxResults), in.NextToken)
	if err != nil {
		return nil, err
	}
	out := new(cognitoidp.ListResourceServersOutput)
	err = s.view(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		*out = cognitoidp.ListResourceServersOutput{ResourceServers: []cognitoidp.ResourceServerType{}}
		for key, r := range resourceServers.Scan(tx, pg.of(kv.Prefix(p.resourceServers()))) {
			if len(out.ResourceServers) == pg.size {
				out.NextToken = pg.token(key)
				return nil
			}
			out.ResourceServers = append(out.ResourceServers, *r.describe(p))
		}
		return nil
	})
	return out, err
}

// DeleteResourceServer deletes a resource server: no token gets its scopes any more.
func (s *Service) DeleteResourceServer(ctx context.Context, in *cognitoidp.DeleteResourceServerInput) (*cognitoidp.DeleteResourceServerOutput, error) {
	err := s.update(ctx, in.UserPoolId, func(tx kv.Tx, p *pool) error {
		if _, err := p.resourceServer(tx, in.Identifier); err != nil {
			return err
		}
		resourceServers.Delete(tx, p.resourceServerKey(in.Identifier))
		return nil
	})
	return &cognitoidp.DeleteResourceServerOutput{}, err
}

// hasScope reports whether a scope is one that every pool has, or SERVER/SCOPE of a
// resource server.
func (p *pool) hasScope(tx kv.Tx, scope string) bool {
	if isOwnScope(scope) {
		return true
	}
	i := strings.LastIndexByte(scope, '/') // identifiers may be URLs; names of scopes have no slash
	if i < 0 {
		return false
	}
	r, err := p.resourceServer(tx, scope[:i])
	return err == nil && r.has(scope[i+1:])
}
