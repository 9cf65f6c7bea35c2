package gateway

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// Endpoint is a service behind the gateway.
type Endpoint struct {
	Model      *schema.Source
	Operations []schema.Dispatch // nil for a service that is not built
	Service    any               // implements the generated interface; may implement aws.Guard and meter.Metered
	PathMember string            // the form parameter that a path other than / stands for: SQS's QueueUrl
	BodyLimit  int64             // bytes; 0 is defaultBodyLimit
	// Invalid puts violations of the model's constraints into the service's
	// words. Nil gives the words that most services use.
	Invalid func(op *schema.Operation, invalid *wire.Invalid) *aws.Error
	// Front is of a service that takes more than its modelled API; mostly nil.
	Front Front
	// Site is of a service that puts something on the network beside its API; mostly
	// nil. What it claims goes to Front.
	Site Site
	// Denied puts a refusal by policies into the service's words. Nil gives the
	// code that most services of its protocol use.
	Denied func(message string) *aws.Error
	// Proof holds a whole body against the checksums that its headers state, in
	// the service's words; mostly nil. Streamed bodies are the operation's to prove.
	Proof func(operation string, h http.Header, body []byte) error

	once   sync.Once
	model  *schema.Service
	routes *wire.Routes
}

// Front sees a service's requests before an operation is sought: S3's buckets in
// host names, form uploads, websites and CORS. It may rewrite req, and set
// headers that whatever is answered will have. It returns the writer to answer
// to: mostly w, or nil when it has answered by itself. The call that ctx carries
// has no caller yet: nothing has been proven.
type Front func(ctx context.Context, w http.ResponseWriter, req *wire.Request) (http.ResponseWriter, error)

// Site reports whether a request is for something that a service has put on the
// network, such as a function's URL, whatever else the request looks like. It is
// asked for every request, so it looks at the host or the path first, and at the
// store only for what may be its own.
type Site func(ctx context.Context, req *wire.Request) bool

// open reads the model, on the first call to the service.
func (e *Endpoint) open() *schema.Service {
	e.once.Do(func() {
		e.model = schema.Open(e.Model)
		if e.Operations != nil {
			e.model.Bind(e.Operations)
		}
		if p := e.Model.Protocols[0]; p == schema.RESTJSON || p == schema.RESTXML {
			e.routes = wire.NewRoutes(e.model)
		}
	})
	return e.model
}

// region is where the state of a call to r is kept.
func (e *Endpoint) region(r aws.Region) aws.Region {
	if e.Model.Global {
		return r.Global()
	}
	return r
}

func (e *Endpoint) invalid(op *schema.Operation, v *wire.Invalid) *aws.Error {
	if e.Invalid != nil {
		return e.Invalid(op, v)
	}
	switch e.Model.Protocols[0] {
	case schema.Query:
		return v.WithCode("ValidationError")
	case schema.EC2:
		return v.WithCode("InvalidParameterValue")
	case schema.RESTXML:
		return v.WithCode("InvalidRequest")
	}
	return v.WithCode("ValidationException")
}

// directory finds services by what requests say of them.
type directory struct {
	all      []*Endpoint
	byName   map[string]*Endpoint   // the name in api/
	byTarget map[string]*Endpoint   // X-Amz-Target's prefix, and the service in a CBOR path
	bySigner map[string][]*Endpoint // the signing name: several services may share one
	byHost   map[string][]*Endpoint // the endpoint prefix
	sites    []*Endpoint            // those that have a Site
}

func newDirectory(services []Endpoint) *directory {
	d := &directory{byName: map[string]*Endpoint{}, byTarget: map[string]*Endpoint{}, bySigner: map[string][]*Endpoint{}, byHost: map[string][]*Endpoint{}}
	for i := range services {
		e := &services[i]
		m := e.Model
		d.all = append(d.all, e)
		d.byName[m.Name] = e
		if e.Site != nil {
			d.sites = append(d.sites, e)
		}
		if m.TargetPrefix != "" {
			d.byTarget[m.TargetPrefix] = e
		}
		d.bySigner[m.SigningName] = append(d.bySigner[m.SigningName], e)
		d.byHost[m.EndpointPrefix] = append(d.byHost[m.EndpointPrefix], e)
	}
	// S3's routes match every path: those that share its signing name are asked before.
	slices.SortStableFunc(d.bySigner["s3"], func(a, b *Endpoint) int { return strings.Compare(b.Model.Name, a.Model.Name) })
	d.bySigner[express] = d.bySigner["s3"]
	return d
}

// siteOf returns the service to which a request goes that is none of any API, or nil.
func (d *directory) siteOf(ctx context.Context, req *wire.Request) *Endpoint {
	for _, e := range d.sites {
		if e.Site(ctx, req) {
			return e
		}
	}
	return nil
}

// atHost returns the services whose endpoint the host is: PREFIX.REGION.… of
// AWS's own names, or PREFIX.….localhost.
func (d *directory) atHost(host string) []*Endpoint {
	label, rest, ok := strings.Cut(host, ".")
	if !ok {
		return nil
	}
	if two, _, _ := strings.Cut(rest, "."); label == "api" || label == "streams" || label == "runtime" {
		label += "." + two
	}
	return d.byHost[label]
}
