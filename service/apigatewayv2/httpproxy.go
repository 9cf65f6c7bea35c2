package apigatewayv2

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/upstream"
)

// proxyHTTP gives the request to an HTTP backend.
// AWS: "Create HTTP proxy integrations for HTTP APIs".
func (s *Service) proxyHTTP(ctx context.Context, call *aws.Call, v *visit) (*proxyevent.Answer, error) {
	i := v.plan.integration
	if i.ConnectionType == apigatewayv2.ConnectionTypeVPCLINK {
		return nil, unbuilt("private integrations")
	}
	r := v.mapped(call)
	method := deref(i.IntegrationMethod)
	if method == anyMethod {
		method = r.Method
	}
	out, err := s.Upstream.Do(ctx, upstream.Request{Method: method, URL: v.backend(r), Header: forwarded(call, r), Body: r.Body, Timeout: v.plan.timeout})
	switch {
	case errors.Is(err, upstream.ErrTooLarge):
		v.outcome.message = "The response of the backend is too large"
		return nil, failed()
	case err != nil:
		v.outcome.message = err.Error()
		s.Log.Info("an API's backend cannot be reached", "api", v.api, "route", v.plan.route.RouteKey, "error", err)
		return nil, unavailable()
	}
	v.outcome.backend = out.Status
	return &proxyevent.Answer{Status: out.Status, Header: out.Header, Body: out.Body}, nil
}

// backend is the address that a request goes to: the integration's, with variables
// of the stage and the path, the path that a mapping gives, and the query.
func (v *visit) backend(r *outgoing) string {
	address := v.staged(deref(v.plan.integration.IntegrationUri))
	for name, value := range v.params {
		for _, mark := range []string{"{" + name + "}", "{" + name + "+}"} {
			address = strings.ReplaceAll(address, mark, escaped(value))
		}
	}
	if u, err := url.Parse(address); err == nil && r.moved {
		address = u.Scheme + "://" + u.Host + (&url.URL{Path: r.path}).EscapedPath()
	}
	if r.URL.RawQuery == "" {
		return address
	}
	separator := "?"
	if strings.Contains(address, "?") {
		separator = "&"
	}
	return address + separator + r.URL.RawQuery
}

// forwarded are the headers of a request to a backend, which say who sent it.
func forwarded(call *aws.Call, r *outgoing) http.Header {
	h := r.Header.Clone()
	h.Del("Host")
	scheme := "http"
	if call.TLS {
		scheme = "https"
	}
	h.Set("Forwarded", "by=127.0.0.1;for="+call.SourceIP+";host="+call.Host+";proto="+scheme)
	h.Set("Via", r.Proto+" AmazonAPIGateway")
	h.Set("X-Amzn-Trace-Id", proxyevent.Trace(call))
	return h
}

// escaped is the value of a path's variable as a path has it.
func escaped(value string) string {
	parts := strings.Split(value, "/")
	for i := range parts {
		parts[i] = url.PathEscape(parts[i])
	}
	return strings.Join(parts, "/")
}
