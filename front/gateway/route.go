package gateway

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/sigv4"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// route finds the service, the operation and the protocol. The request says
// them in one of four ways, tried in this order: the Smithy-Protocol header,
// the X-Amz-Target header, a form's Action, or method and path.
func (x *exchange) route(ctx context.Context) error {
	r := x.req.Request
	x.claim(r)
	if e := x.gate.services.siteOf(ctx, &x.req); e != nil {
		return x.visit(ctx, e)
	}
	switch {
	case r.Header.Get("Smithy-Protocol") == "rpc-v2-cbor":
		return x.routeCBOR()
	case r.Header.Get("X-Amz-Target") != "":
		return x.routeTarget(r.Header.Get("X-Amz-Target"))
	case (isForm(r) || hasAction(x.req.Params)) && slices.ContainsFunc(x.candidates(), speaksQuery):
		return x.routeAction(ctx)
	}
	return x.routeREST(ctx)
}

// claim reads what the signature says, unverified: it tells which services may
// be meant, and the region.
func (x *exchange) claim(r *http.Request) {
	scope := r.Header.Get("Authorization")
	if _, after, ok := strings.Cut(scope, "Credential="); ok {
		scope = after
	} else {
		scope = param(x.req.Params, "X-Amz-Credential")
	}
	f := strings.SplitN(scope, "/", 5)
	if len(f) == 5 {
		x.Region, x.signer = aws.Region(f[2]), f[3]
	}
	if x.Region == "" {
		x.Region = regionOfHost(x.Host)
	}
}

// regionOfHost finds a region among a host's labels.
func regionOfHost(host string) aws.Region {
	for label := range strings.SplitSeq(host, ".") {
		if strings.Count(label, "-") >= 2 && label[len(label)-1] >= '0' && label[len(label)-1] <= '9' {
			return aws.Region(label)
		}
	}
	return aws.DefaultRegion
}

func param(params []wire.Param, name string) string {
	for i := range params {
		if params[i].Name == name {
			return params[i].Value
		}
	}
	return ""
}

func isForm(r *http.Request) bool {
	return r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/x-www-form-urlencoded")
}

func hasAction(params []wire.Param) bool { return param(params, "Action") != "" }

// arrive notes the service that was found, whose errors are then in its own shape.
func (x *exchange) arrive(e *Endpoint, p schema.Protocol) *schema.Service {
	svc := e.open()
	x.endpoint, x.Service, x.codec, x.flavor = e, e.Model.Name, wire.For(p), flavorOf(e.Model, p)
	x.Region = e.region(x.Region)
	return svc
}

func flavorOf(m *schema.Source, p schema.Protocol) sigv4.Flavor {
	switch {
	case m.SigningName == "s3":
		return sigv4.S3
	case p == schema.EC2:
		return sigv4.EC2
	case p == schema.Query || p == schema.RESTXML:
		return sigv4.Query
	case p == schema.RESTJSON:
		return sigv4.REST
	}
	return sigv4.JSON
}

func (x *exchange) routeCBOR() error {
	x.codec = wire.For(schema.CBOR)
	// /service/{Service}/operation/{Operation}, below any prefix
	parts := strings.Split(strings.Trim(x.req.Path, "/"), "/")
	n := len(parts)
	if n < 4 || parts[n-4] != "service" || parts[n-2] != "operation" {
		return unknownOperation(http.StatusNotFound, "The path is not /service/NAME/operation/NAME.")
	}
	e := x.gate.services.byTarget[parts[n-3]]
	if e == nil {
		return unknownOperation(http.StatusNotFound, "There is no service "+parts[n-3]+".")
	}
	svc := x.arrive(e, schema.CBOR)
	if !slices.Contains(svc.Protocols, schema.CBOR) {
		return unknownOperation(http.StatusNotFound, "The service "+svc.ID+" does not speak rpcv2Cbor.")
	}
	return x.operation(svc, parts[n-1])
}

func (x *exchange) routeTarget(target string) error {
	x.codec = wire.For(schema.JSON)
	i := strings.LastIndexByte(target, '.')
	e := x.gate.services.byTarget[target[:max(i, 0)]]
	if e == nil {
		return unknownOperation(http.StatusBadRequest, "X-Amz-Target "+target+" names no service.")
	}
	return x.operation(x.arrive(e, schema.JSON), target[i+1:])
}

func (x *exchange) operation(svc *schema.Service, name string) error {
	if x.op = svc.Operation(name); x.op == nil {
		return unknownOperation(http.StatusBadRequest, "The service "+svc.ID+" has no operation "+name+".")
	}
	x.Operation = name
	return nil
}

func unknownOperation(status int, message string) *aws.Error {
	return aws.Errorf(status, "UnknownOperationException", "%s", message)
}

// routeAction finds the operation that a form names. The form is the body, so
// it is read here.
func (x *exchange) routeAction(ctx context.Context) error {
	x.codec = wire.For(schema.Query)
	candidates := x.candidates()
	if err := x.read(ctx); err != nil {
		return err
	}
	form, err := wire.FormValues(&x.req, "Action", "Version")
	if err != nil {
		return err
	}
	action, version := form[0], form[1]
	for _, e := range candidates {
		p := queryProtocol(e.Model)
		if p == "" || version != "" && len(candidates) > 1 && e.Model.APIVersion != version {
			continue
		}
		svc := x.arrive(e, p)
		if action == "" {
			return aws.Errorf(http.StatusBadRequest, "MissingAction", "The request must contain the parameter Action.")
		}
		if x.op = svc.Operation(action); x.op != nil {
			x.Operation = action
			x.readPath()
			return nil
		}
	}
	return aws.Errorf(http.StatusBadRequest, "InvalidAction", "Could not find operation %s for version %s", action, version)
}

// readPath takes the path for the parameter that it stands for.
// AWS: "Making Query API requests", SQS Developer Guide: the queue's URL is
// where the request goes, and no parameter repeats it.
func (x *exchange) readPath() {
	name := x.endpoint.PathMember
	if name == "" || len(x.req.Path) <= 1 {
		return
	}
	scheme := "http://"
	if x.TLS {
		scheme = "https://"
	}
	wire.AddFormDefault(&x.req, name, scheme+x.Host+x.req.Path)
}

// candidates are the services that the request may mean, by its signature, its
// host, or, with neither, all of them.
func (x *exchange) candidates() []*Endpoint {
	if c := x.gate.services.bySigner[x.signer]; len(c) > 0 {
		return c
	}
	if c := x.gate.services.atHost(x.Host); len(c) > 0 {
		return c
	}
	return x.gate.services.all
}

func speaksQuery(e *Endpoint) bool { return queryProtocol(e.Model) != "" }

func queryProtocol(m *schema.Source) schema.Protocol {
	for _, p := range m.Protocols {
		if p == schema.Query || p == schema.EC2 {
			return p
		}
	}
	return ""
}

// front lets the service see the request first.
func (x *exchange) front(ctx context.Context) error {
	w, err := x.endpoint.Front(ctx, x.w, &x.req)
	if err != nil {
		return err
	}
	if w == nil {
		return errAnswered
	}
	x.w = w
	return nil
}

// visit gives the service a request that its Site has claimed, which is what its
// Front makes of it.
func (x *exchange) visit(ctx context.Context, e *Endpoint) error {
	x.arrive(e, e.Model.Protocols[0])
	x.Region = regionOfHost(x.Host)
	err := x.front(ctx)
	if as := x.req.As; as != nil {
		x.op, x.Operation, x.codec = as.Operation, as.Operation.Name, as.Codec
	} else if err == nil {
		err = unknownOperation(http.StatusNotFound, "There is nothing at "+x.Host+".")
	}
	return err
}

// errAnswered ends the chain of a request that a service's Front has answered.
var errAnswered = errors.New("answered")

// routeREST finds the operation by method and path.
func (x *exchange) routeREST(ctx context.Context) error {
	candidates := x.candidates()
	if len(candidates) == len(x.gate.services.all) {
		candidates = x.gate.services.bySigner["s3"] // what else would have no mark at all
	}
	for i, e := range candidates {
		p := e.Model.Protocols[0]
		if p != schema.RESTJSON && p != schema.RESTXML {
			continue
		}
		x.arrive(e, p)
		if e.Front != nil {
			if err := x.front(ctx); err != nil {
				return err
			}
		}
		op, labels := e.routes.Find(&x.req)
		if op != nil && (i == len(candidates)-1 || x.meant(e, op)) {
			x.op, x.Operation, x.req.Labels = op, op.Name, labels
			return nil
		}
	}
	if x.codec == nil && len(candidates) > 0 {
		x.arrive(candidates[0], candidates[0].Model.Protocols[0])
		if slices.Contains(candidates[0].Model.Protocols, schema.JSON) {
			return unknownOperation(http.StatusNotFound, "The request has no X-Amz-Target header.")
		}
	}
	return unknownOperation(http.StatusNotFound, x.req.Method+" "+x.req.Path+" is no operation of the service.")
}

// meant reports whether a request whose path is an operation's is for it, where
// another service could take it as well: S3's keys may look like a path of S3
// Control. Then the headers that the operation requires tell, or the host.
func (x *exchange) meant(e *Endpoint, op *schema.Operation) bool {
	if op.Input == nil || strings.Contains(x.Host, e.Model.EndpointPrefix+".") {
		return true
	}
	return !slices.ContainsFunc(op.Input.Members, func(m schema.Member) bool {
		return m.Required && m.Location == schema.InHeader && x.req.Header.Get(m.WireName()) == ""
	})
}
