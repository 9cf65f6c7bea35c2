package apigateway

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// testStage is the stage that tests are in.
const testStage = "test-invoke-stage"

// TestInvokeMethod calls a method as it is now, deployed or not. Nobody is asked
// whether the caller may, and no rates hold.
func (s *Service) TestInvokeMethod(ctx context.Context, in *api.TestInvokeMethodInput) (*api.TestInvokeMethodOutput, error) {
	v, err := s.rehearse(ctx, in.RestApiId, rehearsal{in.HttpMethod, in.PathWithQueryString, in.Body, in.Headers, in.MultiValueHeaders, in.StageVariables}, func(served *served) (*method, error) {
		n := served.node(served.root, in.ResourceId)
		if n == nil {
			return nil, missing("Invalid Resource identifier specified")
		}
		m := n.methods[in.HttpMethod]
		if m == nil {
			return nil, missing("Invalid Method identifier specified")
		}
		if m.MethodIntegration == nil {
			return nil, invalid("No integration defined for method")
		}
		return m, nil
	})
	if err != nil {
		return nil, err
	}
	v.noteRequest()
	began := v.call.Start
	r, err := s.run(ctx, v)
	var f *failure
	if errors.As(err, &f) {
		r, err = v.refuse(f), nil
	}
	if err != nil {
		return nil, err
	}
	v.noteEnd(r)
	out := &api.TestInvokeMethodOutput{
		Status: new(int32(r.status)), Body: new(string(r.body)), Headers: map[string]string{}, MultiValueHeaders: r.header, Log: new(v.transcript(began)), Latency: new(int64(0)),
	}
	for name, values := range r.header {
		out.Headers[name] = strings.Join(values, ",")
	}
	return out, nil
}

// transcript is the journal as tests tell it.
func (v *visit) transcript(at time.Time) string {
	var text strings.Builder
	fmt.Fprintf(&text, "Execution log for request %s\n", v.call.RequestID)
	for _, line := range v.journal.lines {
		fmt.Fprintf(&text, "%s : %s\n", stamp(at), line)
	}
	return text.String()
}

// rehearsal is a request that a test describes.
type rehearsal struct {
	method    string
	path      *string // with the query
	body      *string
	headers   map[string]string
	multi     map[string][]string
	variables map[string]string
}

// rehearse makes a visit of a test, to a method of the API as it is now.
func (s *Service) rehearse(ctx context.Context, id string, t rehearsal, find func(*served) (*method, error)) (*visit, error) {
	call := *aws.CallFrom(ctx)
	call.SourceIP, call.Host, call.Answered = "test-invoke-source-ip", "testPrefix.testDomainName", nil
	v := &visit{call: &call, stageName: testStage, variables: t.variables, journal: &journal{bodies: true}}
	err := s.view(ctx, id, func(tx kv.Tx, a address) (err error) {
		v.address, v.served = a, compile(a, a.definition(tx))
		v.method, err = find(v.served)
		return err
	})
	if err != nil {
		return nil, err
	}
	path, query, _ := strings.Cut(or(t.path, ""), "?")
	if path == "" && v.method != nil {
		path = *v.method.resource.Path
	}
	v.path = "/" + strings.TrimPrefix(path, "/")
	r, err := http.NewRequestWithContext(ctx, t.method, "http://"+call.Host, nil)
	if err != nil {
		return nil, invalid("Invalid HttpMethod specified. Valid options are GET,PUT,POST,DELETE,PATCH,OPTIONS,HEAD,ANY")
	}
	for name, value := range t.headers {
		r.Header.Set(name, value)
	}
	for name, values := range t.multi {
		r.Header[http.CanonicalHeaderKey(name)] = values
	}
	v.request = &wire.Request{Request: r, Path: v.path, Body: []byte(deref(t.body))}
	v.request.Params, _ = wire.ParseQuery(query) // what does not parse is no parameter
	if v.method != nil {
		v.parameters = matched(*v.method.resource.Path, v.path)
	}
	return v, nil
}

// node finds the resource with an id at or below another.
func (s *served) node(n *node, id string) *node {
	if n == nil || *n.Id == id {
		return n
	}
	for _, next := range n.fixed {
		if found := s.node(next, id); found != nil {
			return found
		}
	}
	if found := s.node(n.variable, id); found != nil {
		return found
	}
	return s.node(n.greedy, id)
}

// matched are the parameters of a path by a resource's.
func matched(pattern, path string) (parameters []parameter) {
	rest := strings.TrimPrefix(path, "/")
	for part := range strings.SplitSeq(strings.TrimPrefix(pattern, "/"), "/") {
		if isGreedy(part) {
			return append(parameters, newParameter(part, rest))
		}
		element, after, _ := strings.Cut(rest, "/")
		if isVariable(part) {
			parameters = append(parameters, newParameter(part, element))
		}
		rest = after
	}
	return parameters
}

// TestInvokeAuthorizer asks an authorizer about a request.
func (s *Service) TestInvokeAuthorizer(ctx context.Context, in *api.TestInvokeAuthorizerInput) (*api.TestInvokeAuthorizerOutput, error) {
	var z *authorizerOf
	v, err := s.rehearse(ctx, in.RestApiId, rehearsal{http.MethodGet, in.PathWithQueryString, in.Body, in.Headers, in.MultiValueHeaders, in.StageVariables}, func(served *served) (*method, error) {
		if z = served.authorizers[in.AuthorizerId]; z == nil {
			return nil, missing("Invalid Authorizer identifier specified")
		}
		root := &api.Method{AuthorizationType: new(authCustom), AuthorizerId: z.Id}
		return &method{Method: root, integration: compileIntegration(nil), resource: served.root.Resource, name: http.MethodGet}, nil
	})
	if err != nil {
		return nil, err
	}
	began := v.call.Start
	out := &api.TestInvokeAuthorizerOutput{ClientStatus: new(int32(http.StatusOK)), Latency: new(int64(0))}
	v.note("Starting authorizer: %s for request: %s", *z.Id, v.call.RequestID)
	if z.Type == api.AuthorizerTypeCOGNITOUSERPOOLS {
		v.method.AuthorizationType = new(authCognito)
		err = s.authorizeToken(ctx, v, z)
		out.Claims = v.claims
	} else {
		err = s.testDecision(ctx, v, z, out)
	}
	var f *failure
	if errors.As(err, &f) {
		out.ClientStatus = new(int32(v.refuse(f).status))
		v.noteEnd(&reply{status: int(*out.ClientStatus)})
	} else if err != nil {
		return nil, err
	}
	out.Log = new(v.transcript(began))
	return out, nil
}

// testDecision asks a Lambda authorizer, and tells what it said.
func (s *Service) testDecision(ctx context.Context, v *visit, z *authorizerOf, out *api.TestInvokeAuthorizerOutput) error {
	identity, err := v.identitySources(z)
	if err != nil {
		return err
	}
	d, payload, err := s.ask(ctx, v, z, identity)
	if err != nil {
		return err
	}
	var said struct {
		Policy json.RawMessage `json:"policyDocument"`
	}
	_ = json.Unmarshal(payload, &said) // it was read before
	out.PrincipalId, out.Policy, out.Authorization = &d.Principal, new(string(said.Policy)), map[string][]string{}
	for name, value := range d.Context {
		out.Authorization[name] = []string{textOf(value)}
	}
	v.note("Using valid authorizer policy for principal: %s", d.Principal)
	return nil
}
