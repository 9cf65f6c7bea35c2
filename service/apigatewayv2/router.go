package apigatewayv2

import (
	"strings"

	"github.com/brume-cloud/brume/front/proxyevent"
)

// router finds the route of a request.
// AWS: "Create routes for HTTP APIs in API Gateway", Routing API requests: a path
// that is matched in full comes before one by a greedy variable, both before
// $default; of each, the method's own route comes before that of ANY.
type router struct {
	root     branch
	fallback *plan // the route $default
}

// branch is what is known of paths that begin alike.
type branch struct {
	static   map[string]*branch
	variable *branch
	name     string // of the variable that leads here
	routes   map[string]*plan
	greedy   map[string]*plan // by what is left of the path
	greedyAs string           // the greedy variable's name
}

// grow returns the branch for a part of a path.
func (b *branch) grow(part string) *branch {
	if name, ok := variable(part); ok {
		if b.variable == nil {
			b.variable = &branch{name: name}
		}
		return b.variable
	}
	if b.static == nil {
		b.static = map[string]*branch{}
	}
	if b.static[part] == nil {
		b.static[part] = &branch{}
	}
	return b.static[part]
}

func (r *router) add(k routeKey, p *plan) {
	if k.method == "" {
		r.fallback = p
		return
	}
	b := &r.root
	for _, part := range k.parts {
		if name, ok := greedy(part); ok {
			if b.greedy == nil {
				b.greedy = map[string]*plan{}
			}
			b.greedy[k.method], b.greedyAs = p, name
			return
		}
		b = b.grow(part)
	}
	if b.routes == nil {
		b.routes = map[string]*plan{}
	}
	b.routes[k.method] = p
}

// find returns the route of a request and the values of its path's variables. The
// path is as it came, and begins with a slash.
func (r *router) find(method, path string) (p *plan, values map[string]string) {
	parts := strings.Split(proxyevent.Decoded(path), "/")[1:]
	if len(parts) == 1 && parts[0] == "" {
		parts = nil
	}
	values = map[string]string{}
	if p = r.root.full(method, parts, values); p == nil {
		p = r.root.part(method, parts, values)
	}
	if p == nil {
		p = r.fallback
	}
	return p, values
}

func of(routes map[string]*plan, method string) *plan {
	if p := routes[method]; p != nil {
		return p
	}
	return routes[anyMethod]
}

// full finds a route whose path is matched part by part.
func (b *branch) full(method string, parts []string, values map[string]string) *plan {
	if len(parts) == 0 {
		return of(b.routes, method)
	}
	if next := b.static[parts[0]]; next != nil {
		if p := next.full(method, parts[1:], values); p != nil {
			return p
		}
	}
	if next := b.variable; next != nil && parts[0] != "" {
		if p := next.full(method, parts[1:], values); p != nil {
			values[next.name] = parts[0]
			return p
		}
	}
	return nil
}

// part finds a route with a greedy variable, the longest that there is.
func (b *branch) part(method string, parts []string, values map[string]string) *plan {
	if len(parts) == 0 {
		return nil
	}
	if next := b.static[parts[0]]; next != nil {
		if p := next.part(method, parts[1:], values); p != nil {
			return p
		}
	}
	if next := b.variable; next != nil && parts[0] != "" {
		if p := next.part(method, parts[1:], values); p != nil {
			values[next.name] = parts[0]
			return p
		}
	}
	if p := of(b.greedy, method); p != nil {
		if rest := strings.Join(parts, "/"); rest != "" {
			values[b.greedyAs] = rest
			return p
		}
	}
	return nil
}
