package apigateway

import (
	"bytes"
	"context"
	"net/http"
	"net/url"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/upstream"
	"github.com/brume-cloud/brume/front/wire"
)

// callService calls an AWS service as AWS does it: by a request from the integration's
// role, through the same door as everybody's.
// AWS: "PutIntegration", uri: action/NAME is the Query API's, or, for services with
// JSON protocols, that of X-Amz-Target; path/PATH is for REST APIs.
func (s *Service) callService(ctx context.Context, v *visit, b *backendRequest) (*reply, error) {
	t, ok := readTarget(v.uri(b))
	if !ok {
		return nil, internal("Execution failed due to configuration error: Invalid endpoint address")
	}
	r, err := v.serviceRequest(ctx, t, b)
	if err != nil {
		return nil, err
	}
	actor := aws.Actor{Account: v.Account, Caller: aws.Caller{Kind: aws.Anonymous}, Source: v.source(), SourceAccount: v.Account, Trace: proxyevent.Trace(v.call)}
	if role := v.withVariables(deref(v.method.Credentials)); role != "" {
		if actor, err = s.actor(ctx, v, role); err != nil {
			return nil, err
		}
		actor.Account = actor.Caller.Account
	}
	ctx, cancel := context.WithTimeout(ctx, v.method.timeout)
	defer cancel()
	v.trace("Endpoint request URI: %s", r.URL)
	v.trace("Endpoint request headers: %s", flatHeader(r.Header))
	v.trace("Endpoint request body after transformations: %s", b.body)
	v.note("Sending request to %s", r.URL)
	out := upstream.Inside(s.Door, r.WithContext(aws.ActAs(ctx, actor)))
	if ctx.Err() == context.DeadlineExceeded {
		return nil, timedOut()
	}
	v.note("Received response. Status: %d", out.Status)
	v.trace("Endpoint response headers: %s", flatHeader(out.Header))
	v.trace("Endpoint response body before transformations: %s", out.Body)
	answer := &reply{status: out.Status, header: out.Header, body: out.Body}
	if accept := r.Header.Get("Accept"); strings.HasPrefix(out.Header.Get("Content-Type"), "text/xml") && (accept == "" || strings.Contains(accept, "json")) {
		if text, ok := queryAnswer(answer.body); ok {
			answer.body = text
			answer.header.Set("Content-Type", jsonType)
		}
	}
	return answer, nil
}

// targetPrefix is what a JSON protocol's X-Amz-Target begins with, of the services
// that an action may be of.
func targetPrefix(service string) (prefix, contentType string) {
	switch service {
	case "dynamodb":
		return "DynamoDB_20120810.", "application/x-amz-json-1.0"
	case "states":
		return "AWSStepFunctions.", "application/x-amz-json-1.0"
	case "kinesis":
		return "Kinesis_20131202.", "application/x-amz-json-1.1"
	case "firehose":
		return "Firehose_20150804.", "application/x-amz-json-1.1"
	case "events":
		return "AWSEvents.", "application/x-amz-json-1.1"
	case "ssm":
		return "AmazonSSM.", "application/x-amz-json-1.1"
	case "secretsmanager":
		return "secretsmanager.", "application/x-amz-json-1.1"
	case "logs":
		return "Logs_20140328.", "application/x-amz-json-1.1"
	case "kms":
		return "TrentService.", "application/x-amz-json-1.1"
	case "cognito-idp":
		return "AWSCognitoIdentityProviderService.", "application/x-amz-json-1.1"
	}
	return "", ""
}

// serviceRequest makes the request to a service.
func (v *visit) serviceRequest(ctx context.Context, t target, b *backendRequest) (*http.Request, error) {
	host := t.service + "." + string(t.region) + ".amazonaws.com"
	if t.host != "" {
		host = t.host + "." + host
	}
	path, query := t.path, b.query
	if path == "" {
		path = "/"
		name, parameters, _ := strings.Cut(t.action, "&")
		if prefix, contentType := targetPrefix(t.service); prefix != "" {
			b.header.Set("X-Amz-Target", prefix+name)
			if b.header.Get("Content-Type") == "" {
				b.header.Set("Content-Type", contentType)
			}
		} else {
			more, _ := wire.ParseQuery(parameters) // what does not parse is no parameter
			query = append(append([]wire.Param{{Name: "Action", Value: name}}, more...), query...)
		}
	} else if at := strings.IndexByte(path, '?'); at >= 0 {
		more, _ := wire.ParseQuery(path[at+1:]) // likewise
		path, query = path[:at], append(more, query...)
	}
	if b.header.Get("Content-Type") == "" {
		if kind := v.request.Header.Get("Content-Type"); kind != "" && len(b.body) > 0 {
			b.header.Set("Content-Type", kind)
		}
	}
	values := url.Values{}
	for _, p := range query {
		values.Add(p.Name, p.Value)
	}
	address := "https://" + host + path
	if len(values) > 0 {
		address += "?" + values.Encode()
	}
	r, err := http.NewRequestWithContext(ctx, v.backendMethod(), address, bytes.NewReader(b.body))
	if err != nil {
		return nil, internal("Execution failed due to configuration error: Invalid endpoint address")
	}
	r.Header, r.RequestURI, r.RemoteAddr = b.header, r.URL.RequestURI(), v.call.SourceIP
	r.Header.Del("Host")
	return r, nil
}

// backendMethod is the method of the request to the integration: ANY is the
// client's.
func (v *visit) backendMethod() string {
	if m := deref(v.method.Integration.HttpMethod); m != anyMethod {
		return m
	}
	return v.request.Method
}
