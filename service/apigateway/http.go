package apigateway

import (
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/upstream"
	"github.com/brume-cloud/brume/front/wire"
)

// callHTTP calls an HTTP backend with what the request was made into.
func (s *Service) callHTTP(ctx context.Context, v *visit, b *backendRequest) (*reply, error) {
	if b.header.Get("Content-Type") == "" && len(b.body) > 0 {
		b.header.Set("Content-Type", mediaTypeOf(v.request.Header.Get("Content-Type")))
	}
	if b.header.Get("Accept") == "" {
		b.header.Set("Accept", jsonType)
	}
	return s.send(ctx, v, b)
}

// proxyHTTP gives an HTTP backend the request, and its answer to the caller.
// AWS: "HTTP integrations for REST APIs in API Gateway".
func (s *Service) proxyHTTP(ctx context.Context, v *visit) (*reply, error) {
	b := &backendRequest{header: v.request.Header.Clone(), query: slices.Clone(v.request.Params), body: v.request.Body, path: map[string]string{}}
	b.header.Del("Host")
	for i := range v.method.mappings {
		m := &v.method.mappings[i]
		values, ok := m.from.value(v, nil)
		switch {
		case ok && m.to.where == "querystring": // AWS: what is mapped comes beside what is there
			for _, value := range values {
				b.query = append(b.query, wire.Param{Name: m.to.name, Value: value})
			}
		case ok:
			b.set(m.to, values)
		}
	}
	for _, name := range []string{"Content-Encoding", "Expect", "Via"} {
		b.header.Del(name)
	}
	for name, value := range proxyevent.Forwarded(v.call) {
		if name != "Host" {
			b.header.Set(name, value)
		}
	}
	answer, err := s.send(ctx, v, b)
	if err != nil {
		return nil, err
	}
	v.backend = answer.status
	for _, name := range slices.Collect(maps.Keys(answer.header)) {
		remap(answer.header, name)
	}
	return answer, nil
}

// send sends a request to an HTTP backend.
func (s *Service) send(ctx context.Context, v *visit, b *backendRequest) (*reply, error) {
	uri := v.uri(b)
	if _, err := url.Parse(uri); err != nil || strings.ContainsAny(uri, "{}") {
		return nil, internal("Execution failed due to configuration error: Invalid endpoint address")
	}
	if query := b.encoded(); query != "" {
		if strings.Contains(uri, "?") {
			uri += "&" + query
		} else {
			uri += "?" + query
		}
	}
	v.forwarded(b.header)
	v.trace("Endpoint request URI: %s", uri)
	v.trace("Endpoint request headers: %s", flatHeader(b.header))
	v.trace("Endpoint request body after transformations: %s", b.body)
	v.note("Sending request to %s", uri)
	answer, err := s.HTTP.Do(ctx, upstream.Request{Method: v.backendMethod(), URL: uri, Header: b.header, Body: b.body, Timeout: v.method.timeout})
	switch {
	case errors.Is(err, upstream.ErrTimeout):
		return nil, timedOut()
	case errors.Is(err, upstream.ErrTooLarge):
		return nil, badGateway("Execution failed: the answer is too large")
	case err != nil:
		f := fails(api.GatewayResponseTypeINTEGRATIONFAILURE, "InternalServerErrorException", "Network error communicating with endpoint")
		f.log = "Execution failed due to configuration error: " + err.Error()
		return nil, f
	}
	v.note("Received response. Status: %d", answer.Status)
	v.trace("Endpoint response headers: %s", flatHeader(answer.Header))
	v.trace("Endpoint response body before transformations: %s", answer.Body)
	return &reply{status: answer.Status, header: answer.Header, body: answer.Body}, nil
}
