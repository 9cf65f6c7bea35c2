// Package wire speaks AWS's protocols: it turns HTTP requests into the generated
// input structures, and output structures and errors into HTTP responses.
//
// Every protocol is one Codec, driven by the plans of package schema; nothing
// here knows a service. Detect tells which protocol a request is in. Whatever a
// client sends wrong is answered by an *aws.Error in the words of AWS.
package wire

import (
	"io"
	"iter"
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// Limits on what a request may make the server do.
const (
	maxDepth      = 128    // nesting of structures, lists and maps
	maxParameters = 20_000 // name-value pairs of a form
)

// Codec is one protocol.
type Codec interface {
	// Decode makes the input structure of op from the request. The structure's
	// strings may share memory with req.Body. Its error is an *aws.Error, or
	// *Invalid when only the model's constraints are violated.
	Decode(op *schema.Operation, req *Request) (any, error)

	// Encode writes the output structure of op into res.
	Encode(op *schema.Operation, out any, res *Response)

	// EncodeError writes e into res. svc is nil when the service is unknown.
	EncodeError(svc *schema.Service, e *aws.Error, res *Response)
}

// Request is a request whose operation is known.
type Request struct {
	*http.Request
	Path   string    // raw (percent-encoded) path, below the service's root
	Params []Param   // of the query string, decoded, in order
	Body   []byte    // the whole body, unless the operation streams it
	Stream io.Reader // the body of an operation that streams it
	form   []Param   // parsed from Body, once
	Labels []string  // values of the path's labels, in the order of the template
	As     *Guise    // set by a service's Front for a request that is none of its API
}

// Guise is what a request is that comes to a service by another way than its API,
// such as to a function's URL: it goes through the same chain, as an operation
// that no model has.
type Guise struct {
	Operation *schema.Operation // made by schema.Beside
	Codec     Codec             // its Response.Events, when it has any, are parts of the body, sent as they come
	BodyLimit int64             // bytes
	Anonymous bool              // its sender is nobody, whatever the request says

	SigningName string // what its requests are signed for; empty is the service's own
}

// Param is a name and a value of a query string or form.
type Param struct{ Name, Value string }

// Response is what a codec answers. Body is small and whole; otherwise Stream
// or Events deliver it.
type Response struct {
	RequestID string
	QueryMode bool // the client asked for the codes of the former Query protocol
	Status    int
	Header    http.Header
	Body      []byte // append-only; the caller may provide its storage
	Stream    io.ReadCloser
	Events    iter.Seq2[[]byte, error] // encoded event-stream messages
}

// For returns the codec of a protocol.
func For(p schema.Protocol) Codec {
	switch p {
	case schema.Query:
		return queryCodec{}
	case schema.EC2:
		return ec2Codec{}
	case schema.RESTJSON:
		return restJSON
	case schema.RESTXML:
		return restXML
	case schema.CBOR:
		return cborCodec{}
	}
	return jsonCodec{}
}

// malformed is the answer to a body that is not in the protocol's form.
func malformed(format string, args ...any) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "SerializationException", format, args...)
}
