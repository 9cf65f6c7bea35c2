package apigateway

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// integrate has the method's integration answer a request.
func (s *Service) integrate(ctx context.Context, v *visit) (*reply, error) {
	switch v.method.Type {
	case api.IntegrationTypeAWSPROXY:
		return s.proxyFunction(ctx, v)
	case api.IntegrationTypeHTTPPROXY:
		return s.proxyHTTP(ctx, v)
	}
	b, err := v.transform()
	if err != nil {
		return nil, err
	}
	var answer *reply
	switch {
	case v.method.Type == api.IntegrationTypeMOCK:
		answer, err = v.mock(b)
	case v.method.Type == api.IntegrationTypeHTTP:
		answer, err = s.callHTTP(ctx, v, b)
	case v.method.target.function != "":
		answer, err = s.callFunction(ctx, v, b)
	default:
		answer, err = s.callService(ctx, v, b)
	}
	if err != nil {
		return nil, err
	}
	v.backend = answer.status
	return v.respond(b, answer)
}

// backendRequest is what an integration gets of a request.
type backendRequest struct {
	header  http.Header
	query   []wire.Param
	path    map[string]string // by the names of the URI's variables
	body    []byte
	status  int      // that the template of a mock integration says; 0 where that is yet to be read
	context *vtl.Map // with the overrides of the request's template; nil where none was evaluated
}

// transform makes the request to the integration.
func (v *visit) transform() (*backendRequest, error) {
	b := &backendRequest{body: v.request.Body}
	mediaType := mediaTypeOf(v.request.Header.Get("Content-Type"))
	if err := v.convert(b, mediaType); err != nil {
		return nil, err
	}
	mock := v.method.Type == api.IntegrationTypeMOCK
	if !mock {
		if err := v.assign(b); err != nil {
			return nil, err
		}
	}
	if len(v.method.requests.byType) == 0 && *v.method.PassthroughBehavior != never {
		return b, nil
	}
	t := v.method.requests.byType[mediaType]
	if t == nil {
		t = v.method.requests.byType["$default"]
	}
	if t == nil {
		if *v.method.PassthroughBehavior == whenNoMatch {
			return b, nil
		}
		return nil, fails(api.GatewayResponseTypeUNSUPPORTEDMEDIATYPE, "BadRequestException", "Unsupported Media Type")
	}
	if t.program == nil && t.err == nil {
		if b.status = t.status; !mock || b.status == 0 {
			b.body = []byte(t.text)
		}
		return b, nil
	}
	m := v.message(string(b.body))
	out, err := t.render(m)
	if err != nil {
		return nil, err
	}
	b.body, b.context = []byte(out), m.Context
	if !mock {
		b.override(m.Context)
	}
	return b, nil
}

// render evaluates a template. What it says of the body is the caller's fault; all
// else is the API's.
func (t *template) render(m vtl.Message) (string, error) {
	if t.err != nil {
		return "", internal("Execution failed due to configuration error: Unable to transform request: " + t.err.Error())
	}
	if t.program == nil {
		return t.text, nil
	}
	out, err := t.program.Render(m.Scope())
	if err == nil {
		return out, nil
	}
	if bad, ok := err.(*vtl.RenderError); ok && bad.BadBody {
		return "", fails(api.GatewayResponseTypeBADREQUESTBODY, "BadRequestException", "Could not parse request body into json: "+bad.Reason)
	}
	return "", internal("Execution failed due to configuration error: Unable to transform request: " + err.Error())
}

// convert applies the integration's content handling to the request's body.
// AWS: "Content type conversions in API Gateway".
func (v *visit) convert(b *backendRequest, mediaType string) error {
	binary := v.served.isBinary(mediaType)
	switch {
	case v.method.ContentHandling == api.ContentHandlingStrategyCONVERTTOTEXT && binary:
		b.body = []byte(base64.StdEncoding.EncodeToString(b.body))
	case v.method.ContentHandling == api.ContentHandlingStrategyCONVERTTOBINARY && !binary:
		plain, err := base64.StdEncoding.DecodeString(string(b.body))
		if err != nil {
			return internal("Execution failed due to configuration error: Unable to base64 decode the body.")
		}
		b.body = plain
	}
	return nil
}

// reserved reports whether a header is not the API's to map.
func (v *visit) reserved(name string) bool {
	switch strings.ToLower(name) {
	case "content-length", "transfer-encoding", "x-amzn-trace-id", "x-amzn-apigateway-api-id":
		return true
	case "authorization", "connection", "expect", "proxy-authenticate", "te":
		return v.method.Type == api.IntegrationTypeAWS
	}
	return false
}

// assign sets the parameters that the integration maps.
func (v *visit) assign(b *backendRequest) error {
	b.header, b.path = http.Header{}, map[string]string{}
	for i := range v.method.mappings {
		m := &v.method.mappings[i]
		if m.from.source == "body" && !isBody(v.request.Body) {
			return fails(api.GatewayResponseTypeDEFAULT4XX, "BadRequestException", "Invalid JSON in request body").with(http.StatusBadRequest)
		}
		values, ok := m.from.value(v, nil)
		if ok && m.to.where == "header" && v.reserved(m.to.name) {
			return internal("Execution failed due to configuration error: " + m.to.name + " header already present")
		}
		if !ok {
			continue
		}
		if m.to.where == "header" {
			values = []string{strings.Join(values, ",")}
		}
		b.set(m.to, values)
	}
	return nil
}

// isBody reports whether a body may be mapped from: JSON, or what does not begin like
// it, of which nothing is found.
func isBody(body []byte) bool {
	text := strings.TrimSpace(string(body))
	return text == "" || !strings.ContainsAny(text[:1], `{["'`) || json.Valid(body)
}

func (b *backendRequest) set(at slot, values []string) {
	switch at.where {
	case "header":
		b.header[http.CanonicalHeaderKey(at.name)] = values
	case "path":
		b.path[at.name] = values[0]
	case "querystring":
		kept := b.query[:0:0]
		for _, p := range b.query {
			if p.Name != at.name {
				kept = append(kept, p)
			}
		}
		for _, value := range values {
			kept = append(kept, wire.Param{Name: at.name, Value: value})
		}
		b.query = kept
	}
}

// override sets what a template says in $context.requestOverride.
func (b *backendRequest) override(context *vtl.Map) {
	all, ok := context.Get("requestOverride").(*vtl.Map)
	if !ok {
		return
	}
	for _, where := range []string{"header", "path", "querystring"} {
		m, ok := all.Get(where).(*vtl.Map)
		if !ok {
			continue
		}
		for _, name := range m.Keys() {
			if text := textOf(m.Get(name)); text != "" {
				b.set(slot{where, name}, []string{text})
			}
		}
	}
}

// uri is where the integration goes for a request: with stage variables, and the
// variables of the path, in it.
func (v *visit) uri(b *backendRequest) string {
	uri := v.withVariables(deref(v.method.Uri))
	for name, value := range b.path {
		uri = strings.ReplaceAll(uri, "{"+name+"}", escapePath(value))
	}
	return uri
}

// escapePath escapes a value for a path. Slashes stay: a greedy variable has them.
func escapePath(value string) string {
	return strings.ReplaceAll(url.PathEscape(value), "%2F", "/")
}

// withVariables is a text with the values of stage variables in it.
// AWS: "API Gateway stage variables reference for REST APIs".
func (v *visit) withVariables(text string) string {
	const prefix = "${stageVariables."
	for {
		before, rest, ok := strings.Cut(text, prefix)
		name, after, closed := strings.Cut(rest, "}")
		if !ok || !closed {
			return text
		}
		text = before + v.variables[name] + after
	}
}

// encoded is the query as it is written.
func (b *backendRequest) encoded() string {
	values := url.Values{}
	for _, p := range b.query {
		values.Add(p.Name, p.Value)
	}
	return values.Encode()
}

// mock answers with what the request's template says its status is.
// AWS: "Mock integrations for REST APIs in API Gateway".
func (v *visit) mock(b *backendRequest) (*reply, error) {
	if b.status > 0 {
		return &reply{status: b.status}, nil
	}
	n, ok := mockStatus(b.body)
	if !ok {
		return nil, internal("Execution failed due to configuration error: Unable to parse statusCode. It should be an integer and defined in request template.")
	}
	return &reply{status: n}, nil
}

// mockStatus reads {"statusCode": N}.
func mockStatus(text []byte) (status int, ok bool) {
	var said struct {
		Status json.Number `json:"statusCode"`
	}
	if lenient(text, &said) != nil {
		return 0, false
	}
	n, err := strconv.Atoi(said.Status.String())
	return n, err == nil
}

// lenient reads JSON with what people write into mock templates: names without
// quotes, and a comma at the end.
func lenient(text []byte, into any) error {
	if err := json.Unmarshal(text, into); err == nil {
		return nil
	}
	s := strings.TrimSpace(string(text))
	if strings.HasPrefix(s, "{statusCode") {
		s = `{"statusCode"` + strings.TrimPrefix(s, "{statusCode")
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "'", `"`), ",}", "}")
	return json.Unmarshal([]byte(s), into)
}

// forwarded are the headers that every backend gets.
func (v *visit) forwarded(h http.Header) {
	h.Set("X-Amzn-Apigateway-Api-Id", v.API)
	if h.Get("User-Agent") == "" {
		h.Set("User-Agent", "AmazonAPIGateway_"+v.API)
	}
	if h.Get("X-Amzn-Trace-Id") == "" {
		h.Set("X-Amzn-Trace-Id", proxyevent.Trace(v.call))
	}
}
