package wire

import (
	"cmp"
	"net/textproto"
	"net/url"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// Routes finds the operation of a REST request by its method, path and query.
// It is built once for a service and read by all requests.
type Routes struct {
	byMethod map[string][]route
}

// route is one operation's pattern.
type route struct {
	op       *schema.Operation
	segments []string // "{}" for a label, "{+}" for a greedy one, which may stand anywhere
	query    []Param  // constants that must be in the query string
	required []string // query parameters that the operation requires
	headers  []string // headers that it requires, as http.Header spells them
	slash    bool     // the path ends with a slash
}

const (
	label  = "{}"
	greedy = "{+}"
)

// NewRoutes builds the table of a service.
func NewRoutes(svc *schema.Service) *Routes {
	r := &Routes{byMethod: map[string][]route{}}
	for op := range svc.Operations {
		r.byMethod[op.Method] = append(r.byMethod[op.Method], newRoute(op))
	}
	for _, all := range r.byMethod {
		slices.SortFunc(all, moreSpecific)
	}
	return r
}

func newRoute(op *schema.Operation) route {
	path, query, _ := strings.Cut(op.URI, "?")
	rt := route{op: op, slash: len(path) > 1 && strings.HasSuffix(path, "/")}
	for _, seg := range strings.Split(strings.Trim(path, "/"), "/") {
		switch {
		case strings.HasSuffix(seg, "+}"):
			seg = greedy
		case strings.HasPrefix(seg, "{"):
			seg = label
		}
		rt.segments = append(rt.segments, seg)
	}
	if path == "/" {
		rt.segments = nil
	}
	for _, pair := range strings.FieldsFunc(query, func(c rune) bool { return c == '&' }) {
		k, v, _ := strings.Cut(pair, "=")
		rt.query = append(rt.query, Param{k, v})
	}
	if op.Input != nil {
		for i := range op.Input.Members {
			m := &op.Input.Members[i]
			switch {
			case m.Required && m.Location == schema.InQuery:
				rt.required = append(rt.required, m.WireName())
			case m.Required && m.Location == schema.InHeader:
				rt.headers = append(rt.headers, textproto.CanonicalMIMEHeaderKey(m.WireName()))
			}
		}
	}
	return rt
}

// moreSpecific orders routes so that the first that matches is the right one:
// literal segments before labels, labels before greedy ones, and a route with
// constants or required parameters in its query before one without.
func moreSpecific(a, b route) int {
	for i := range min(len(a.segments), len(b.segments)) {
		if c := cmp.Compare(weight(a.segments[i]), weight(b.segments[i])); c != 0 {
			return c
		}
	}
	return cmp.Or(
		cmp.Compare(len(b.segments), len(a.segments)),
		cmp.Compare(len(b.query), len(a.query)),
		cmp.Compare(len(b.required)+len(b.headers), len(a.required)+len(a.headers)),
		cmp.Compare(a.op.Name, b.op.Name),
	)
}

func weight(segment string) int {
	switch segment {
	case greedy:
		return 2
	case label:
		return 1
	}
	return 0
}

// Find returns the operation of a request and the decoded values of its labels,
// or nil. The request's path is raw: percent-encoded, with nothing cleaned.
func (r *Routes) Find(req *Request) (*schema.Operation, []string) {
	path := strings.TrimPrefix(req.Path, "/")
	var found *route
	var room [4]string // so that routes that do not match allocate nothing
	for i := range r.byMethod[req.Method] {
		rt := &r.byMethod[req.Method][i]
		if !hasAll(req.Params, rt.query) {
			continue
		}
		if _, ok := rt.match(room[:0], path); !ok {
			continue
		}
		complete := rt.complete(req)
		if found == nil || complete {
			found = rt
		}
		if complete {
			break
		}
	}
	if found == nil {
		return nil, nil
	}
	labels, _ := found.match(nil, path)
	for i, l := range labels {
		if u, err := url.PathUnescape(l); err == nil {
			labels[i] = u
		}
	}
	return found.op, labels
}

// match appends what stands for the route's labels to labels.
func (rt *route) match(labels []string, path string) (_ []string, ok bool) {
	for i, seg := range rt.segments {
		if seg == greedy {
			return rt.matchGreedy(labels, i, path)
		}
		var head string
		head, path, ok = strings.Cut(path, "/")
		if !ok && i < len(rt.segments)-1 {
			return nil, false
		}
		switch {
		case seg == label && head == "":
			return nil, false
		case seg == label:
			labels = append(labels, head)
		case seg != head:
			return nil, false
		}
	}
	return labels, path == ""
}

// matchGreedy gives the greedy label all that the segments behind it leave.
func (rt *route) matchGreedy(labels []string, i int, path string) ([]string, bool) {
	rest := rt.segments[i+1:]
	end := len(path)
	for range rest {
		if end = strings.LastIndexByte(path[:end], '/'); end < 0 {
			return nil, false
		}
	}
	if end == 0 {
		return nil, false
	}
	labels = append(labels, path[:end])
	for _, seg := range rest {
		var head string
		head, path, _ = strings.Cut(path[end+1:], "/")
		end = -1
		switch {
		case seg == label:
			labels = append(labels, head)
		case seg != head:
			return nil, false
		}
	}
	return labels, true
}

// hasAll reports whether params has every one of want; an empty value matches any.
func hasAll(params, want []Param) bool {
	for _, q := range want {
		if !slices.ContainsFunc(params, func(p Param) bool { return p.Name == q.Name && (q.Value == "" || p.Value == q.Value) }) {
			return false
		}
	}
	return true
}

// complete reports whether all required query parameters and headers are there.
// A route that lacks some may still be meant, if no other matches: the request
// then fails validation.
func (rt *route) complete(req *Request) bool {
	for _, name := range rt.headers {
		if v := req.Header[name]; len(v) == 0 || v[0] == "" {
			return false
		}
	}
	for _, name := range rt.required {
		if !slices.ContainsFunc(req.Params, func(p Param) bool { return p.Name == name }) {
			return false
		}
	}
	return true
}
