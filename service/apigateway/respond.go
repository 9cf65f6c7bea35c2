package apigateway

import (
	"encoding/base64"
	"net/http"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
)

// respond makes the method's response of an integration's answer.
func (v *visit) respond(b *backendRequest, answer *reply) (*reply, error) {
	text := strconv.Itoa(answer.status)
	if answer.failed {
		text = answer.fault
	}
	rule := v.method.choose(text)
	if rule == nil {
		return nil, internal("Execution failed due to configuration error: No match for output mapping and no default output mapping configured. Endpoint Response Status Code: " + text)
	}
	r := &reply{status: rule.status, header: http.Header{"Content-Type": {jsonType}}, body: answer.body}
	if v.method.Type != api.IntegrationTypeMOCK {
		r.header["X-Amzn-Trace-Id"] = []string{proxyevent.Trace(v.call)}
	}
	if err := v.convertAnswer(rule, answer, r); err != nil {
		return nil, err
	}
	if len(rule.templates.byType) > 0 {
		if err := v.renderAnswer(b, rule, r); err != nil {
			return nil, err
		}
	}
	for i := range rule.headers {
		h := &rule.headers[i]
		if values, ok := h.from.value(v, answer); ok {
			name := http.CanonicalHeaderKey(h.to.name)
			if _, overridden := r.header[name]; !overridden || name == "Content-Type" {
				r.header[name] = values
			}
		}
	}
	return r, nil
}

// renderAnswer evaluates the response's template for what the client accepts.
func (v *visit) renderAnswer(b *backendRequest, rule *answerRule, r *reply) error {
	mediaType, t := rule.templates.accepted(v.request.Header.Get("Accept"))
	r.header.Set("Content-Type", mediaType)
	if t.program == nil && t.err == nil {
		r.body = []byte(t.text)
		return nil
	}
	m := v.message(string(r.body))
	if b.context != nil { // what the request's template has set is still there
		m.Context = b.context
	}
	out, err := t.render(m)
	if err != nil {
		if f, ok := err.(*failure); ok && f.kind == api.GatewayResponseTypeBADREQUESTBODY {
			return internal("Execution failed due to configuration error: Unable to transform response: " + f.message)
		}
		return err
	}
	r.body = []byte(out)
	override(m.Context, r)
	return nil
}

// override sets what a template says in $context.responseOverride.
func override(context *vtl.Map, r *reply) {
	all, ok := context.Get("responseOverride").(*vtl.Map)
	if !ok {
		return
	}
	if n, err := strconv.Atoi(textOf(all.Get("status"))); err == nil && n >= 100 && n <= 599 {
		r.status = n
	}
	if headers, ok := all.Get("header").(*vtl.Map); ok {
		for _, name := range headers.Keys() {
			r.header.Set(name, textOf(headers.Get(name)))
		}
	}
}

// accepted is the template for what a client accepts: the first of its media types
// that there is one for, or the template that comes first.
func (t *templates) accepted(accept string) (mediaType string, found *template) {
	for part := range strings.SplitSeq(accept, ",") {
		part, _, _ = strings.Cut(part, ";")
		if found := t.byType[strings.TrimSpace(part)]; found != nil {
			return strings.TrimSpace(part), found
		}
	}
	return t.first, t.byType[t.first]
}

// wantsBinary reports whether the client accepts what the API takes as binary: the
// first of its media types tells.
func (v *visit) wantsBinary() bool {
	first, _, _ := strings.Cut(v.request.Header.Get("Accept"), ",")
	first, _, _ = strings.Cut(first, ";")
	return v.served.isBinary(strings.TrimSpace(first))
}

// convertAnswer applies the response's content handling.
// AWS: "Content type conversions in API Gateway", the table of responses: what the
// client accepts decides where nothing is configured.
func (v *visit) convertAnswer(rule *answerRule, answer, r *reply) error {
	if len(v.served.API.BinaryMediaTypes) == 0 && rule.ContentHandling == "" {
		return nil
	}
	binary, wanted := v.served.isBinary(mediaTypeOf(answer.header.Get("Content-Type"))), v.wantsBinary()
	toText, toBinary := rule.ContentHandling == api.ContentHandlingStrategyCONVERTTOTEXT, rule.ContentHandling == api.ContentHandlingStrategyCONVERTTOBINARY
	switch {
	case binary && (toText || !toBinary && !wanted):
		r.body = []byte(base64.StdEncoding.EncodeToString(r.body))
	case !binary && (toBinary || !toText && wanted):
		plain, err := base64.StdEncoding.DecodeString(strings.Trim(string(r.body), "\""))
		if err != nil {
			return internal("Execution failed due to configuration error: Unable to base64 decode the body.")
		}
		r.body = plain
	}
	if wanted && binary {
		r.header.Set("Content-Type", answer.header.Get("Content-Type"))
	}
	return nil
}
