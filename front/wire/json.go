package wire

import (
	"slices"
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// jsonCodec is awsJson1_0 and awsJson1_1, which differ in their content type alone.
type jsonCodec struct{}

func (jsonCodec) Decode(op *schema.Operation, req *Request) (any, error) {
	in := op.NewInput()
	d := jsonDecoder{jsonParser: jsonParser{s: text(req.Body)}}
	if err := d.document(op.InputPlan(), pointer(in)); err != nil {
		return nil, err
	}
	return d.finish(op.InputPlan(), in, pointer(in))
}

// text is b as a string that shares its memory.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

func (jsonCodec) Encode(op *schema.Operation, out any, res *Response) {
	res.Status = op.Status
	res.Header["Content-Type"] = jsonContentType(op.Service)
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	e := jsonEncoder{b: res.Body}
	e.structure(op.OutputPlan(), pointer(out))
	res.Body = e.b
}

var (
	json10 = []string{"application/x-amz-json-1.0"}
	json11 = []string{"application/x-amz-json-1.1"}
)

func jsonContentType(s *schema.Service) []string {
	if s != nil && s.JSONVersion == "1.1" {
		return json11
	}
	return json10
}

func (jsonCodec) EncodeError(svc *schema.Service, err *aws.Error, res *Response) {
	res.Status = err.Status
	res.Header["Content-Type"] = jsonContentType(svc)
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	queryError(svc, err, res)
	res.Body = appendJSONError(res.Body, svc, err, qualified(svc, err))
}

// queryError adds the header that tells a client the error's code in the
// service's former Query protocol.
// AWS: "awsQueryCompatible trait", Smithy AWS protocols.
func queryError(svc *schema.Service, err *aws.Error, res *Response) {
	if svc == nil || !svc.QueryCompatible || !res.QueryMode {
		return
	}
	code := err.QueryCode
	if code == "" {
		code = err.Code
	}
	res.Header.Set("x-amzn-query-error", code+";"+faultName(err))
}

func faultName(err *aws.Error) string {
	if err.Receiver {
		return "Receiver"
	}
	return "Sender"
}

// qualified is the error's type as the service writes it: with the namespace
// of its model where it has one.
func qualified(svc *schema.Service, err *aws.Error) string {
	switch {
	case svc == nil || svc.ErrorNamespace == "":
		return err.Code
	case err.Shape == "":
		return "com.amazon.coral.service#" + err.Code
	}
	return svc.ErrorNamespace + "#" + err.Code
}

// appendJSONError writes {"__type":…,"message":…} and the error's own members.
func appendJSONError(b []byte, svc *schema.Service, err *aws.Error, typ string) []byte {
	b = append(b, '{')
	if typ != "" {
		b = append(b, `"__type":`...)
		b = appendJSONString(b, typ)
		b = append(b, ',')
	}
	if err.Message != "" {
		b = appendJSONString(b, messageName(svc, err))
		b = append(b, ':')
		b = appendJSONString(b, err.Message)
		b = append(b, ',')
	}
	if plan := detailPlan(svc, err); plan != nil {
		e := jsonEncoder{rest: true}
		e.structure(plan, pointer(err.Detail))
		if own := e.b[1 : len(e.b)-1]; len(own) > 0 {
			b = append(b, own...)
			b = append(b, ',')
		}
	}
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, '}')
}

// messageName is "message", or "Message" where the model says so.
func messageName(svc *schema.Service, err *aws.Error) string {
	if svc != nil && err.Shape != "" {
		if sh := svc.Shape(err.Shape); sh != nil {
			for i := range sh.Members {
				m := &sh.Members[i]
				if !strings.EqualFold(m.Name, "message") {
					continue
				}
				if slices.Contains(svc.Protocols, schema.Query) {
					return m.Name // its wire name is for the Query protocol
				}
				return m.WireName()
			}
		}
	}
	return "message"
}
