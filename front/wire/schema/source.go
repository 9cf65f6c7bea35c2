// Package schema is what the generated API packages are made of: AWS's shapes
// as data, and how they lie in Go types.
//
// A generated package holds its shapes as one embedded text, a line a shape,
// so that a service costs nothing until its first call: no start-up code and
// nothing for the garbage collector to walk. Catalog opens the text; a Plan,
// built once for a shape and a Go type, tells a codec where every member lies.
package schema

import (
	"context"
	"reflect"
	"sync"
)

// Protocol is one of AWS's wire protocols, by its name in the models.
type Protocol string

// The protocols.
const (
	JSON     Protocol = "json" // awsJson1_0 and awsJson1_1
	Query    Protocol = "query"
	EC2      Protocol = "ec2"
	RESTJSON Protocol = "rest-json"
	RESTXML  Protocol = "rest-xml"
	CBOR     Protocol = "smithy-rpc-v2-cbor"
)

// Source is a service's model as generated: static, and not opened yet.
type Source struct {
	Name            string // the package's name in api/
	ID              string // AWS's service id, such as "Cognito Identity Provider"
	APIVersion      string
	EndpointPrefix  string
	SigningName     string
	TargetPrefix    string
	JSONVersion     string
	XMLNamespace    string
	Protocols       []Protocol // preferred first
	ErrorNamespace  string     // prefix of __type in errors, such as com.amazonaws.sqs; mostly empty
	QueryCompatible bool       // answers errors with the codes of its former Query protocol
	Global          bool       // one endpoint per partition
	Text            string     // operations and shapes; see parse.go
}

// Dispatch tells how to call one operation of a service that is built. The
// pointers are typed nils: they carry the Go types.
type Dispatch struct {
	Name   string
	Input  any
	Output any
	Call   func(ctx context.Context, service, input any) (output any, err error)
}

// Service is an opened model.
type Service struct {
	*Source
	ops    map[string]*Operation
	lines  map[string]string // a shape's name -> its text
	mu     sync.Mutex        // guards shapes and plans
	shapes map[string]*Shape
	plans  map[planKey]*Plan
}

// Operation is one call of a service.
type Operation struct {
	Service      *Service
	Name         string
	Method       string
	URI          string
	Status       int
	Input        *Shape
	InputName    string // root element of a REST-XML body
	InputXMLNS   string
	Output       *Shape
	Wrapper      string // of a Query result
	Errors       []string
	HostPrefix   string
	Unsigned     bool // may be called without a signature
	UnsignedBody bool
	Unwrapped    bool // REST-XML: the output's one member is the root element

	once     sync.Once
	dispatch *Dispatch
	in, out  *Plan
	text     string
}

// Open parses the model's index: a line is looked at again when it is needed.
func Open(src *Source) *Service {
	s := &Service{Source: src, shapes: map[string]*Shape{}, plans: map[planKey]*Plan{}}
	s.index()
	return s
}

// Operation returns the named operation, or nil.
func (s *Service) Operation(name string) *Operation {
	op := s.ops[name]
	if op != nil {
		op.open()
	}
	return op
}

// Operations calls yield for every operation, in no particular order.
func (s *Service) Operations(yield func(*Operation) bool) {
	for _, op := range s.ops {
		op.open()
		if !yield(op) {
			return
		}
	}
}

// Bind tells how the operations of a built service are called. Call it before
// the service takes traffic.
func (s *Service) Bind(all []Dispatch) {
	for i := range all {
		s.ops[all[i].Name].dispatch = &all[i]
	}
}

// Beside returns an operation that is in no model.
func Beside(d Dispatch) *Operation { return &Operation{Name: d.Name, dispatch: &d} }

// Built reports whether the operation has Go types and can be called.
func (op *Operation) Built() bool { return op.dispatch != nil }

// StreamsInput reports whether the input's payload is a stream of bytes that is
// not held in memory.
func (op *Operation) StreamsInput() bool {
	return op.Input != nil && op.Input.Payload != nil && op.Input.Payload.IsStream()
}

// NewInput returns a pointer to a zero input structure.
func (op *Operation) NewInput() any { return reflect.New(op.in.Type).Interface() }

// NewOutput returns a pointer to a zero output structure.
func (op *Operation) NewOutput() any { return reflect.New(op.out.Type).Interface() }

// Call calls the operation on service, which implements the generated interface.
func (op *Operation) Call(ctx context.Context, service, input any) (any, error) {
	return op.dispatch.Call(ctx, service, input)
}

// InputPlan and OutputPlan tell how the structures lie in memory. Only a built
// operation has them.
func (op *Operation) InputPlan() *Plan { return op.in }

// OutputPlan is InputPlan for the answer.
func (op *Operation) OutputPlan() *Plan { return op.out }

func (op *Operation) open() {
	op.once.Do(func() {
		op.parse()
		if op.dispatch == nil {
			return
		}
		op.in = op.Service.Plan(op.Input, reflect.TypeOf(op.dispatch.Input).Elem())
		op.out = op.Service.Plan(op.Output, reflect.TypeOf(op.dispatch.Output).Elem())
	})
}
