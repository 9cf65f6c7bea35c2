package apigateway

import (
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// failure is why API Gateway itself answers a request.
type failure struct {
	kind    api.GatewayResponseType
	status  int // where it is another than the kind's
	code    string
	message string
	detail  string // of a validation
	silent  bool   // the message is null
	log     string // for the execution log alone
}

// Error implements error.
func (f *failure) Error() string { return f.message }

func fails(kind api.GatewayResponseType, code, message string) *failure {
	return &failure{kind: kind, code: code, message: message}
}

// internal is what a caller sees of an integration that is not set up well. Only
// the log tells why.
func internal(log string) *failure {
	return &failure{kind: api.GatewayResponseTypeAPICONFIGURATIONERROR, code: "InternalServerErrorException", message: "Internal server error", log: log}
}

// badGateway is what a caller sees of a function that does not answer as it should.
func badGateway(log string) *failure {
	return &failure{kind: api.GatewayResponseTypeDEFAULT5XX, status: http.StatusBadGateway, code: "InternalServerErrorException", message: "Internal server error", log: log}
}

func noRoute() *failure {
	return fails(api.GatewayResponseTypeMISSINGAUTHENTICATIONTOKEN, "MissingAuthenticationTokenException", "Missing Authentication Token")
}

// headersTooLarge refuses a request before anything is asked of its caller.
func headersTooLarge() *aws.Error {
	return aws.Errorf(http.StatusRequestHeaderFieldsTooLarge, "RequestTooLargeException", "HTTP header is larger than %d bytes.", maxHeaders)
}

// failureOf is what a refusal of the gateway's is to the caller of an API.
func (v *visit) failureOf(e *aws.Error) *failure {
	switch {
	case e.Status == http.StatusRequestEntityTooLarge:
		return fails(api.GatewayResponseTypeREQUESTTOOLARGE, "RequestTooLargeException", "HTTP content length exceeded 10485760 bytes.")
	case e.Code == "MissingAuthenticationTokenException" && v.signed():
		return noRoute()
	case e.Code == "MissingAuthenticationTokenException":
		text := "User: anonymous is not authorized to perform: execute-api:Invoke on resource: " + veiled(v.arn())
		return fails(api.GatewayResponseTypeACCESSDENIED, "AccessDeniedException", text)
	case e.Code == "AccessDeniedException":
		return fails(api.GatewayResponseTypeACCESSDENIED, "AccessDeniedException", e.Message)
	case e.Code == "ExpiredTokenException":
		return fails(api.GatewayResponseTypeEXPIREDTOKEN, e.Code, e.Message)
	case e.Status == http.StatusForbidden:
		return fails(api.GatewayResponseTypeINVALIDSIGNATURE, e.Code, e.Message)
	case e.Status >= http.StatusInternalServerError:
		return &failure{kind: api.GatewayResponseTypeDEFAULT5XX, status: e.Status, code: "InternalServerErrorException", message: "Internal server error", log: e.Message}
	}
	return &failure{kind: api.GatewayResponseTypeDEFAULT4XX, status: e.Status, code: e.Code, message: e.Message}
}

// veiled is an ARN as AWS shows it to strangers: without most of the account.
func veiled(arn string) string {
	e := strings.SplitN(arn, ":", 6)
	if len(e) == 6 && len(e[4]) > 4 {
		e[4] = "********" + e[4][len(e[4])-4:]
	}
	return strings.Join(e, ":")
}

// gatewayResponse is a configured gateway response, ready.
type gatewayResponse struct {
	status    int // 0 for that of what is answered
	headers   []mapping
	templates templates
}

func compileResponse(r *api.GatewayResponse) *gatewayResponse {
	return &gatewayResponse{number(r.StatusCode), compileMappings(r.ResponseParameters, "gatewayresponse."), compileTemplates(r.ResponseTemplates)}
}

// configured is the response that the API has configured for a kind of failure:
// its own, or the one for all of its class; nil for none.
func (v *visit) configured(kind api.GatewayResponseType, status int) *gatewayResponse {
	if v.served == nil {
		return nil
	}
	if r := v.served.responses[kind]; r != nil {
		return r
	}
	if status >= http.StatusInternalServerError {
		return v.served.responses[api.GatewayResponseTypeDEFAULT5XX]
	}
	return v.served.responses[api.GatewayResponseTypeDEFAULT4XX]
}

// refuse is the answer that a failure is.
func (v *visit) refuse(f *failure) *reply {
	v.failed = f
	status := f.status
	if status == 0 {
		status, _ = gatewayStatus(f.kind)
	}
	r := &reply{status: status, header: http.Header{"Content-Type": {jsonType}}}
	c := v.configured(f.kind, status)
	if c != nil && c.status > 0 {
		r.status = c.status
	}
	r.header["X-Amzn-Errortype"] = []string{f.code}
	if c == nil || len(c.templates.byType) == 0 {
		name := "message"
		if f.kind == api.GatewayResponseTypeACCESSDENIED { // AWS: with a capital, as IAM writes it
			name = "Message"
		}
		r.body = []byte(`{"` + name + `":` + v.errorContext("messageString") + `}`)
	} else {
		mediaType, t := c.templates.accepted(v.request.Header.Get("Accept"))
		r.header.Set("Content-Type", mediaType)
		r.body = []byte(t.references(v))
	}
	if c != nil {
		for i := range c.headers {
			if values, ok := c.headers[i].from.value(v, nil); ok {
				r.header[http.CanonicalHeaderKey(c.headers[i].to.name)] = values
			}
		}
	}
	return r
}

// references renders the template of a gateway response, which knows references
// but nothing else. AWS: "Gateway responses in API Gateway".
func (t *template) references(v *visit) string {
	if t.program == nil {
		return t.text
	}
	m := v.message(string(v.request.Body))
	out, err := t.program.Render(m.Scope())
	if err != nil {
		return t.text
	}
	return out
}

// Decode implements wire.Codec.
func (v *visit) Decode(*schema.Operation, *wire.Request) (any, error) { return v, nil }

// Encode implements wire.Codec.
func (v *visit) Encode(_ *schema.Operation, out any, res *wire.Response) {
	v.write(out.(*reply), res)
}

// EncodeError implements wire.Codec: what the gateway refuses is the API's to word.
func (v *visit) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	v.noteRequest()
	r := v.refuse(v.failureOf(e))
	v.noteEnd(r)
	v.write(r, res)
}

func (v *visit) write(r *reply, res *wire.Response) {
	v.compress(r)
	res.Status = r.status
	for name, values := range r.header {
		res.Header[name] = values
	}
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	res.Header["X-Amz-Apigw-Id"] = []string{proxyevent.ExtendedID(v.call)}
	res.Body = append(res.Body, r.body...)
}

// message is what templates see of the request.
func (v *visit) message(body string) vtl.Message {
	path, query, header := &vtl.Map{}, &vtl.Map{}, &vtl.Map{}
	for _, p := range v.parameters {
		path.Put(p.name, p.value)
	}
	for _, p := range v.request.Params {
		query.Put(p.Name, p.Value)
	}
	for name, values := range v.request.Header {
		header.Put(name, values[len(values)-1])
	}
	header.Put("Host", v.request.Host)
	return vtl.Message{Body: body, Path: path, Query: query, Header: header, Context: v.contextMap(), StageVariables: vtl.StringMap(v.variables)}
}
