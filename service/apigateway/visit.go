package apigateway

import (
	"context"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// visiting is the operation that a request to an API is.
// AWS: "Actions, resources, and condition keys for Amazon API Gateway V2".
const visiting = "Invoke"

// visit is a request to an API.
type visit struct {
	address
	request    *wire.Request
	call       *aws.Call
	stageName  string
	stage      *api.Stage // nil where there is none
	served     *served
	deployment string
	canary     bool
	variables  map[string]string // of the stage
	path       string            // below the stage, as it came
	basePath   *string           // of the custom domain that it came by; nil without one
	method     *method           // nil where none is for the request
	parameters []parameter       // of the path

	key      *api.ApiKey // that the request came with, if it is good
	plan     *plan
	decision *authorizer.Decision
	claims   map[string]string // of a user pool's token
	failed   *failure
	journal  *journal // nil where nothing is to be written
	backend  int      // status of the integration; 0 before it answered
}

// destination is what the host and the path of a request say: which API, which stage,
// and the rest of the path.
type destination struct {
	id, region, stage, path string
	basePath                *string // by which it came, of a custom domain; nil without one
}

// destinationOf reads ID.execute-api.REGION.…/STAGE/PATH, and the two forms of paths
// that local clouds have in common.
func destinationOf(host, path string) (d destination, ok bool) {
	if id, rest, ok := strings.Cut(host, ".execute-api."); ok {
		region, _, ok := strings.Cut(rest, ".")
		stage, rest, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		return destination{id: strings.ToLower(id), region: region, stage: stage, path: "/" + rest}, ok
	}
	if rest, ok := strings.CutPrefix(path, "/restapis/"); ok {
		id, rest, _ := strings.Cut(rest, "/")
		stage, rest, _ := strings.Cut(rest, "/")
		rest, ok := strings.CutPrefix(rest, "_user_request_")
		return destination{id: id, stage: stage, path: "/" + strings.TrimPrefix(rest, "/")}, ok && (rest == "" || rest[0] == '/')
	}
	if rest, ok := strings.CutPrefix(path, "/_aws/execute-api/"); ok {
		id, rest, _ := strings.Cut(rest, "/")
		stage, rest, _ := strings.Cut(rest, "/")
		return destination{id: id, stage: stage, path: "/" + rest}, true
	}
	return d, false
}

// destination is where a request goes, by its own host or by a custom domain.
func (s *Service) destination(ctx context.Context, req *wire.Request) (d destination, ok bool) {
	host := proxyevent.Hostname(req.Host)
	if d, ok = destinationOf(host, req.Path); ok {
		return d, true
	}
	to, rest := s.Domains.Mapped(ctx, host, req.Path)
	if to == nil {
		return d, false
	}
	d = destination{id: to.ApiId, stage: to.Stage, path: rest, basePath: to.ApiMappingKey}
	if d.stage == "" {
		stage, below, _ := strings.Cut(strings.TrimPrefix(rest, "/"), "/")
		d.stage, d.path = stage, "/"+below
	}
	return d, true
}

// Site claims requests to the APIs that are there.
func (s *Service) Site(ctx context.Context, req *wire.Request) bool {
	d, ok := s.destination(ctx, req)
	if !ok {
		return false
	}
	found := false
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, ok := places.GetShared(tx, placeKey(d.id), nil)
		found = ok && (d.region == "" || d.region == p.Region)
		return nil
	})
	return err == nil && found
}

// Front makes a visit of a request to an API.
func (s *Service) Front(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error) {
	d, ok := s.destination(ctx, req)
	if !ok {
		return w, nil
	}
	roll := float64(s.Random.Uint64()>>11) / (1 << 53) * 100
	v := &visit{request: req, call: aws.CallFrom(ctx), stageName: d.stage, path: d.path, basePath: d.basePath}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, ok := places.GetShared(tx, placeKey(d.id), nil)
		if !ok {
			return missing("There is no API %s.", d.id)
		}
		v.address = address{kv.Scope{Account: aws.Account(p.Account), Region: aws.Region(p.Region)}, d.id}
		v.begin(tx, roll)
		return nil
	})
	if err != nil {
		return nil, err
	}
	v.call.Payer = v.Account
	if v.served != nil {
		v.method, v.parameters = v.served.route(req.Method, v.path)
	}
	s.observe(ctx, v)
	req.As = &wire.Guise{
		Operation: s.visiting, Codec: v, BodyLimit: maxPayload, SigningName: "execute-api", Anonymous: !v.signed(),
	}
	if proxyevent.HeaderBytes(req.Request) > maxHeaders {
		return nil, headersTooLarge()
	}
	return w, nil
}

// begin finds the stage and what it serves: for a part of the requests, its canary.
func (v *visit) begin(tx kv.Tx, roll float64) {
	st, ok := stages.shared(tx, part(v.address, stages, v.stageName))
	if !ok {
		return
	}
	v.stage, v.deployment, v.variables = st, deref(st.DeploymentId), st.Variables
	if c := st.CanarySettings; c != nil && roll < deref(c.PercentTraffic) {
		v.canary, v.deployment = true, deref(c.DeploymentId)
		if len(c.StageVariableOverrides) > 0 {
			v.variables = map[string]string{}
			for _, from := range []map[string]string{st.Variables, c.StageVariableOverrides} {
				for name, value := range from {
					v.variables[name] = value
				}
			}
		}
	}
	v.served, _ = v.deployed(tx, v.deployment)
}

// open reports whether there is something for the request at all.
func (v *visit) open() bool {
	return v.served != nil && v.method != nil && !v.closed()
}

// closed reports whether the API is reached by its custom domains alone, and this
// request came by its own host.
func (v *visit) closed() bool {
	return v.basePath == nil && deref(v.served.API.DisableExecuteApiEndpoint)
}

// signed reports whether who calls has to prove it by a signature.
func (v *visit) signed() bool { return v.open() && *v.method.AuthorizationType == authIAM }

// arn is the request as policies name it.
func (v *visit) arn() string {
	return "arn:aws:execute-api:" + string(v.Region) + ":" + string(v.Account) + ":" + v.API + "/" + v.stageName + "/" + v.request.Method + v.path
}

// Access implements aws.Guard: calls to the API by its ARN, requests to APIs by
// their own policy.
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	v, ok := input.(*visit)
	if !ok {
		return controlAccess(ctx, operation, input), nil
	}
	if !v.open() || v.served.policy.text == "" && !v.signed() || *v.method.AuthorizationType == authCustom {
		return nil, nil // authorize asks for what a Lambda authorizer has a say in
	}
	return []aws.Access{{Action: authorizer.Action, Resource: v.arn(), Owner: v.Account, Policy: v.served.policy.text}}, nil
}
