package apigateway

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/state/kv"
)

// putSnapshot stores what a deployment serves.
func (a address) putSnapshot(tx kv.Tx, deployment string, d *definition) {
	b, err := json.Marshal(d)
	if err != nil {
		kv.Fail(fmt.Errorf("apigateway: a definition: %w", err))
	}
	var zipped bytes.Buffer
	w := gzip.NewWriter(&zipped)
	_, _ = w.Write(b) // into memory: cannot fail
	_ = w.Close()
	snapshots.Put(tx, a.snapshotKey(deployment), &snapshot{Zipped: zipped.Bytes()})
}

// deployed returns what a deployment serves. It is compiled on first use, and
// shared.
func (a address) deployed(tx kv.Tx, deployment string) (*served, bool) {
	s, ok := snapshots.GetShared(tx, a.snapshotKey(deployment), func(s *snapshot) {
		d := &definition{}
		r, err := gzip.NewReader(bytes.NewReader(s.Zipped))
		if err == nil {
			err = json.NewDecoder(r).Decode(d)
		}
		if err != nil {
			kv.Fail(fmt.Errorf("apigateway: a stored definition: %w", err))
		}
		s.Zipped, s.served = nil, compile(a, d)
	})
	if !ok {
		return nil, false
	}
	return s.served, true
}

// served is an API that is ready to serve requests. It never changes.
type served struct {
	*definition
	root        *node
	responses   map[api.GatewayResponseType]*gatewayResponse
	authorizers map[string]*authorizerOf
	policy      resourcePolicy
}

// node is a resource, and what its elements of a path are.
type node struct {
	*api.Resource
	fixed    map[string]*node
	variable *node // of one element
	greedy   *node // of all that follow
	methods  map[string]*method
}

// compile makes an API ready.
func compile(a address, d *definition) *served {
	s := &served{definition: d, responses: map[api.GatewayResponseType]*gatewayResponse{}, authorizers: map[string]*authorizerOf{}, policy: compilePolicy(a, deref(d.API.Policy))}
	for i := range d.Responses {
		s.responses[d.Responses[i].ResponseType] = compileResponse(&d.Responses[i])
	}
	for i := range d.Authorizers {
		s.authorizers[*d.Authorizers[i].Id] = compileAuthorizer(&d.Authorizers[i])
	}
	nodes := map[string]*node{}
	for i := range d.Resources {
		nodes[*d.Resources[i].Id] = s.compileNode(&d.Resources[i])
	}
	for _, n := range nodes {
		parent := nodes[deref(n.ParentId)]
		switch part := deref(n.PathPart); {
		case n.ParentId == nil:
			s.root = n
		case parent == nil: // cannot be: resources are deleted with what is below them
		case isGreedy(part):
			parent.greedy = n
		case isVariable(part):
			parent.variable = n
		default:
			if parent.fixed == nil {
				parent.fixed = map[string]*node{}
			}
			parent.fixed[part] = n
		}
	}
	return s
}

func (s *served) compileNode(r *api.Resource) *node {
	n := &node{Resource: r, methods: map[string]*method{}}
	for name := range r.ResourceMethods {
		m := r.ResourceMethods[name]
		n.methods[name] = s.compileMethod(r, name, &m)
	}
	return n
}

// parameter is a parameter of a path, by the name that its resource gives it.
type parameter struct{ name, value, raw string }

// newParameter is the value of an element of a path, whose name is in braces.
func newParameter(part, raw string) parameter {
	return parameter{strings.Trim(part, "{}+"), proxyevent.Decoded(raw), raw}
}

// route finds the method for a path, which begins with a slash and is decoded by
// element: exact before variable before greedy, whatever the method.
func (s *served) route(name, path string) (*method, []parameter) {
	if s.root == nil {
		return nil, nil
	}
	path = strings.TrimPrefix(path, "/")
	return s.root.route(name, path, nil)
}

// route looks for the rest of a path below the resource.
func (n *node) route(name, rest string, parameters []parameter) (*method, []parameter) {
	if rest == "" {
		if m := n.method(name); m != nil {
			return m, parameters
		}
		return nil, nil
	}
	element, after, _ := strings.Cut(rest, "/")
	if next := n.fixed[element]; next != nil {
		if m, found := next.route(name, after, parameters); m != nil {
			return m, found
		}
	}
	if next := n.variable; next != nil && element != "" {
		if m, found := next.route(name, after, append(parameters, newParameter(*next.PathPart, element))); m != nil {
			return m, found
		}
	}
	if next := n.greedy; next != nil {
		if m := next.method(name); m != nil {
			return m, append(parameters, newParameter(*next.PathPart, strings.TrimSuffix(rest, "/")))
		}
	}
	return nil, nil
}

func (n *node) method(name string) *method {
	if m := n.methods[name]; m != nil {
		return m
	}
	return n.methods[anyMethod]
}

// isBinary reports whether a media type is one that the API takes as binary.
// AWS: "Working with binary media types for REST APIs".
func (s *served) isBinary(mediaType string) bool {
	return slices.ContainsFunc(s.API.BinaryMediaTypes, func(t string) bool {
		if t == "*/*" || strings.EqualFold(t, mediaType) {
			return true
		}
		kind, ok := strings.CutSuffix(t, "/*")
		return ok && strings.HasPrefix(strings.ToLower(mediaType), strings.ToLower(kind)+"/")
	})
}

// number is a status code, which was checked when it was stored.
func number(code *string) int {
	n, _ := strconv.Atoi(deref(code))
	return n
}
