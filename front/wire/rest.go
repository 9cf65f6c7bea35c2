package wire

import (
	"net/http"
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// restCodec is restJson1 and restXml: members travel in labels, query string,
// headers and body; only the body differs.
type restCodec struct{ body restBody }

var restJSON, restXML Codec = restCodec{jsonBody{}}, restCodec{xmlBody{}}

// restBody is what restJson1 and restXml do differently.
type restBody interface {
	contentType() []string
	// identify writes the request's id into the answer's headers.
	identify(svc *schema.Service, res *Response)
	// wanted reports whether an answer without a payload member has a body.
	wanted(p *schema.Plan) bool
	decode(d *decoding, p *schema.Plan, at unsafe.Pointer, body []byte) error
	// encode appends the document for the members of p that travel in the body.
	encode(b []byte, op *schema.Operation, p *schema.Plan, at unsafe.Pointer) []byte
	// encodePayload appends the document that is the payload member f of op,
	// nil within an event.
	encodePayload(b []byte, op *schema.Operation, f *schema.Field, at unsafe.Pointer) []byte
	encodeError(svc *schema.Service, err *aws.Error, res *Response)
}

func (c restCodec) Decode(op *schema.Operation, req *Request) (any, error) {
	in := op.NewInput()
	p, at := op.InputPlan(), pointer(in)
	if op.Input == nil {
		return in, nil
	}
	d := restDecoder{decoding: &decoding{}, req: req}
	if p.Shape.Payload == nil && hasBodyMembers(p) {
		// The body's decoder reports the members that it misses, and those that
		// travel elsewhere are then taken off the list.
		if err := c.body.decode(d.decoding, p, at, req.Body); err != nil {
			return nil, err
		}
		found, err := d.bindings(op, p, at)
		if err != nil {
			return nil, err
		}
		d.reconcile(p, found)
		return d.finish(p, in, at)
	}
	found, err := d.bindings(op, p, at)
	if err != nil {
		return nil, err
	}
	if p.Shape.Payload != nil {
		f, _ := p.Field(p.Shape.Payload.WireName(), 0)
		if f != nil {
			if err := d.payload(c.body, f, at); err != nil {
				return nil, err
			}
			if len(req.Body) > 0 || req.Stream != nil {
				found |= f.Bit
			}
		}
	}
	d.require(p, found)
	return d.finish(p, in, at)
}

func hasBodyMembers(p *schema.Plan) bool {
	for i := range p.Fields {
		if p.Fields[i].Location == schema.InBody {
			return true
		}
	}
	return false
}

func (c restCodec) Encode(op *schema.Operation, out any, res *Response) {
	res.Status = op.Status
	c.body.identify(op.Service, res)
	if op.Output == nil {
		return
	}
	p, at := op.OutputPlan(), pointer(out)
	encodeHeaders(p, at, res)
	if p.Shape.Payload == nil {
		if !bodyless(res.Status) && c.body.wanted(p) {
			res.Header["Content-Type"] = c.body.contentType()
			res.Body = c.body.encode(res.Body, op, p, at)
		}
		return
	}
	f, _ := p.Field(p.Shape.Payload.WireName(), 0)
	if f == nil {
		return
	}
	c.encodePayload(op, f, at, res)
}

func (c restCodec) EncodeError(svc *schema.Service, err *aws.Error, res *Response) {
	res.Status = err.Status
	c.body.identify(svc, res)
	if plan := detailPlan(svc, err); plan != nil {
		encodeHeaders(plan, pointer(err.Detail), res)
	}
	c.body.encodeError(svc, err, res)
}

// jsonBody is the body of restJson1.
type jsonBody struct{}

var applicationJSON = []string{"application/json"}

func (jsonBody) contentType() []string { return applicationJSON }

func (jsonBody) identify(_ *schema.Service, res *Response) {
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
}

// AWS: a restJson1 answer without members in its body is {}.
func (jsonBody) wanted(*schema.Plan) bool { return true }

func (jsonBody) decode(d *decoding, p *schema.Plan, at unsafe.Pointer, body []byte) error {
	jd := jsonDecoder{decoding: *d, jsonParser: jsonParser{s: text(body)}, rest: p.Shape.Payload == nil && len(d.path) == 0}
	err := jd.document(p, at)
	*d = jd.decoding
	return err
}

func (jsonBody) encode(b []byte, _ *schema.Operation, p *schema.Plan, at unsafe.Pointer) []byte {
	e := jsonEncoder{b: b, rest: true}
	e.structure(p, at)
	return e.b
}

func (jsonBody) encodePayload(b []byte, _ *schema.Operation, f *schema.Field, at unsafe.Pointer) []byte {
	e := jsonEncoder{b: b}
	e.value(f, at)
	return e.b
}

func (jsonBody) encodeError(svc *schema.Service, err *aws.Error, res *Response) {
	res.Header["Content-Type"] = applicationJSON
	res.Header.Set("X-Amzn-Errortype", err.Code)
	res.Body = appendJSONError(res.Body, svc, err, "")
}

// xmlBody is the body of restXml.
type xmlBody struct{}

var applicationXML = []string{"application/xml"}

func (xmlBody) contentType() []string { return applicationXML }

// AWS: "Common Response Headers", S3 API Reference: S3 has names of its own.
func (xmlBody) identify(svc *schema.Service, res *Response) {
	if svc != nil && isS3(svc) {
		id := []string{res.RequestID}
		res.Header["X-Amz-Request-Id"], res.Header["X-Amz-Id-2"] = id, id
		return
	}
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
}

func (xmlBody) wanted(p *schema.Plan) bool { return hasBodyMembers(p) }

func (xmlBody) decode(d *decoding, p *schema.Plan, at unsafe.Pointer, body []byte) error {
	return newXMLDecoder(d, body).document(p, at)
}

func (xmlBody) encode(b []byte, op *schema.Operation, p *schema.Plan, at unsafe.Pointer) []byte {
	e := xmlEncoder{b: append(b, xmlDeclaration...), rest: true, time: timesOf(op.Service)}
	name := p.Shape.XMLName
	if name == "" {
		name = p.Shape.Name
	}
	ns := p.Shape.Namespace
	if ns.URI == "" {
		ns.URI = op.Service.XMLNamespace
	}
	e.openAttrs(name, ns, p, at)
	if v := p.Fields[0].Present(at); op.Unwrapped && v != nil {
		e.content(&p.Fields[0], v)
	} else {
		e.members(p, at)
	}
	e.close(name)
	return e.b
}

// timesOf is how a service writes timestamps in its documents.
func timesOf(svc *schema.Service) schema.TimeFormat {
	if svc != nil && isS3(svc) {
		return schema.ISO8601Milli
	}
	return schema.ISO8601
}

func (xmlBody) encodePayload(b []byte, op *schema.Operation, f *schema.Field, at unsafe.Pointer) []byte {
	e := xmlEncoder{b: append(b, xmlDeclaration...)}
	if op != nil && isS3(op.Service) { // AWS: S3's documents are all in its namespace
		e.time = schema.ISO8601Milli
		m := *f.Member
		m.Namespace.URI = op.Service.XMLNamespace
		f = schema.NewField(&m, f.Plan)
	}
	name := f.WireName()
	if f.Wire == "" && f.Plan.Shape.XMLName != "" {
		name = f.Plan.Shape.XMLName
	} else if f.Wire == "" {
		name = f.Plan.Shape.Name
	}
	e.element(name, f, at)
	return e.b
}

func (xmlBody) encodeError(svc *schema.Service, err *aws.Error, res *Response) {
	res.Header["Content-Type"] = applicationXML
	if svc == nil || !bareErrors(svc) {
		ns := ""
		if svc != nil {
			ns = svc.XMLNamespace
		}
		res.Body = appendErrorResponse(append(res.Body, xmlDeclaration...), ns, svc, err, res.RequestID)
		return
	}
	e := xmlEncoder{b: append(res.Body, xmlDeclaration...), rest: true, time: timesOf(svc)}
	e.open("Error")
	e.leaf("Code", err.Code)
	if err.Message != "" {
		e.leaf("Message", err.Message)
	}
	if plan := detailPlan(svc, err); plan != nil {
		e.members(plan, pointer(err.Detail))
	}
	e.leaf("RequestId", res.RequestID)
	e.leaf("HostId", res.RequestID)
	e.close("Error")
	res.Body = e.b
}

// bareErrors reports whether the service's error document is <Error> without
// <ErrorResponse> around it (the noErrorWrapping setting of restXml).
func bareErrors(svc *schema.Service) bool { return isS3(svc) }

// isS3 tells S3 from those that share its signing name.
func isS3(svc *schema.Service) bool {
	return svc.SigningName == "s3" && !strings.Contains(svc.ID, "Control")
}

// statusOf is the HTTP status that an output structure sets by itself.
func statusOf(f *schema.Field, v unsafe.Pointer) int {
	s := int(*(*int32)(v))
	if s < http.StatusContinue || s > 599 {
		return http.StatusOK
	}
	return s
}
