package wire

import (
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// queryCodec is awsQuery: a form in, XML out.
type queryCodec struct{}

func (queryCodec) Decode(op *schema.Operation, req *Request) (any, error) {
	return decodeForm(op, req, false)
}

func decodeForm(op *schema.Operation, req *Request, ec2 bool) (any, error) {
	params, err := formParams(req)
	if err != nil {
		return nil, err
	}
	in := op.NewInput()
	d := formDecoder{ec2: ec2}
	sortParams(params)
	if err := d.structure(op.InputPlan(), pointer(in), params, 0); err != nil {
		return nil, err
	}
	return d.finish(op.InputPlan(), in, pointer(in))
}

// formParams are the parameters of the body and, as AWS allows with GET, of
// the query string.
func formParams(req *Request) ([]Param, error) {
	if req.form == nil {
		params, err := parseForm(text(req.Body))
		if err != nil {
			return nil, err
		}
		req.form = append(params, req.Params...)
	}
	return req.form, nil
}

func (queryCodec) Encode(op *schema.Operation, out any, res *Response) {
	res.Status = op.Status
	res.Header["Content-Type"] = textXML
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	e := xmlEncoder{b: res.Body, query: true}
	root := op.Name + "Response"
	e.openAttrs(root, schema.Namespace{URI: op.Service.XMLNamespace}, nil, nil)
	wrapper := op.Wrapper
	if wrapper == "" && op.Output != nil {
		wrapper = op.Name + "Result"
	}
	if wrapper != "" && op.Output != nil {
		e.open(wrapper)
		e.members(op.OutputPlan(), pointer(out))
		e.close(wrapper)
	}
	e.b = append(e.b, "<ResponseMetadata><RequestId>"...)
	e.b = append(e.b, res.RequestID...)
	e.b = append(e.b, "</RequestId></ResponseMetadata>"...)
	e.close(root)
	res.Body = e.b
}

var textXML = []string{"text/xml"}

func (queryCodec) EncodeError(svc *schema.Service, err *aws.Error, res *Response) {
	ns := ""
	if svc != nil {
		ns = svc.XMLNamespace
	}
	res.Status = err.Status
	res.Header["Content-Type"] = textXML
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	res.Body = appendErrorResponse(res.Body, ns, svc, err, res.RequestID)
}

// appendErrorResponse writes the error document of Query and most REST-XML services.
func appendErrorResponse(b []byte, ns string, svc *schema.Service, err *aws.Error, requestID string) []byte {
	e := xmlEncoder{b: b, rest: true}
	e.openAttrs("ErrorResponse", schema.Namespace{URI: ns}, nil, nil)
	e.open("Error")
	e.leaf("Type", faultName(err))
	code := err.Code
	if err.QueryCode != "" {
		code = err.QueryCode
	}
	e.leaf("Code", code)
	if err.Message != "" {
		e.leaf("Message", err.Message)
	}
	if plan := detailPlan(svc, err); plan != nil {
		e.members(plan, pointer(err.Detail))
	}
	e.close("Error")
	e.leaf("RequestId", requestID)
	e.close("ErrorResponse")
	return e.b
}

// leaf writes an element that holds text.
func (e *xmlEncoder) leaf(name, text string) {
	e.open(name)
	e.b = appendXMLText(e.b, text)
	e.close(name)
}

// ec2Codec is ec2Query: Query with its own rules of naming, and no wrapper
// around the result.
type ec2Codec struct{}

func (ec2Codec) Decode(op *schema.Operation, req *Request) (any, error) {
	return decodeForm(op, req, true)
}

var textXMLUTF8 = []string{"text/xml;charset=UTF-8"}

func (ec2Codec) Encode(op *schema.Operation, out any, res *Response) {
	res.Status = op.Status
	res.Header["Content-Type"] = textXMLUTF8
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	e := xmlEncoder{b: append(res.Body, xmlDeclaration...)}
	root := op.Name + "Response"
	e.openAttrs(root, schema.Namespace{URI: op.Service.XMLNamespace}, nil, nil)
	e.leaf("requestId", res.RequestID)
	if op.Output != nil {
		e.members(op.OutputPlan(), pointer(out))
	}
	e.close(root)
	res.Body = e.b
}

func (ec2Codec) EncodeError(_ *schema.Service, err *aws.Error, res *Response) {
	res.Status = err.Status
	res.Header["Content-Type"] = textXMLUTF8
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	e := xmlEncoder{b: append(res.Body, xmlDeclaration...)}
	e.open("Response")
	e.open("Errors")
	e.open("Error")
	e.leaf("Code", err.Code)
	e.leaf("Message", err.Message)
	e.close("Error")
	e.close("Errors")
	e.leaf("RequestID", res.RequestID)
	e.close("Response")
	res.Body = e.b
}
