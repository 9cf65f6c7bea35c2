package apigatewayv2

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/upstream"
)

// protocols say how requests to the services of subtypes are made. SQS is asked,
// and so answers, by its Query API.
var protocols = map[string]struct{ host, target string }{
	"SQS":           {"sqs", ""},
	"EventBridge":   {"events", "AWSEvents."},
	"Kinesis":       {"kinesis", "Kinesis_20131202."},
	"StepFunctions": {"states", "AWSStepFunctions."},
}

// act calls an action of an AWS service, as the integration's role.
// AWS: "Create AWS service integrations for HTTP APIs in API Gateway".
func (s *Service) act(ctx context.Context, call *aws.Call, v *visit) (*proxyevent.Answer, error) {
	i := v.plan.integration
	service, action, _ := strings.Cut(*i.IntegrationSubtype, "-")
	p, ok := protocols[service]
	if !ok {
		return nil, unbuilt("integrations with " + service)
	}
	values := map[string]string{}
	for name, expression := range i.RequestParameters {
		values[name] = v.evaluate(call, expression)
	}
	region := v.at.Region
	if r := values["Region"]; r != "" {
		region = aws.Region(r)
	}
	delete(values, "Region")
	actor, err := s.actor(ctx, v.at, deref(i.CredentialsArn), v.source())
	if err != nil {
		return nil, s.failure(v, err)
	}
	actor.Account = actor.Caller.Account
	ctx, cancel := context.WithTimeout(ctx, v.plan.timeout)
	defer cancel()
	r, err := http.NewRequestWithContext(aws.ActAs(ctx, actor), http.MethodPost, "https://"+p.host+"."+string(region)+amazonHosts+"/", nil)
	if err != nil {
		return nil, err
	}
	body, contentType := asForm(action, values), "application/x-www-form-urlencoded"
	if p.target != "" {
		if body, err = asJSON(action, values); err != nil {
			return nil, failed()
		}
		contentType = "application/x-amz-json-1.1"
		r.Header.Set("X-Amz-Target", p.target+action)
	}
	r.Header.Set("Content-Type", contentType)
	r.RequestURI, r.RemoteAddr = "/", call.SourceIP
	r.Body, r.ContentLength = body, int64(body.Len())
	out := upstream.Inside(s.Door, r)
	if errors.Is(ctx.Err(), context.DeadlineExceeded) {
		v.outcome.message = "Endpoint request timed out"
		return nil, unavailable()
	}
	v.outcome.backend = out.Status
	return &proxyevent.Answer{Status: out.Status, Header: out.Header, Body: out.Body}, nil
}

// payload is a body in memory.
type payload struct{ *strings.Reader }

// Close implements io.Closer.
func (payload) Close() error { return nil }

// asForm writes an action of SQS. Attributes of messages are given as JSON, and
// lists of names as JSON or parted by commas.
func asForm(action string, values map[string]string) payload {
	form := url.Values{"Action": {action}, "Version": {"2012-11-05"}}
	for name, value := range values {
		switch name {
		case "MessageAttributes", "MessageSystemAttributes":
			var attributes map[string]struct{ DataType, StringValue, BinaryValue string }
			if json.Unmarshal([]byte(value), &attributes) != nil {
				continue
			}
			n := 0
			for attribute, a := range attributes {
				n++
				at := strings.TrimSuffix(name, "s") + "." + strconv.Itoa(n) + "."
				form.Set(at+"Name", attribute)
				form.Set(at+"Value.DataType", a.DataType)
				if a.BinaryValue != "" {
					form.Set(at+"Value.BinaryValue", a.BinaryValue)
				} else {
					form.Set(at+"Value.StringValue", a.StringValue)
				}
			}
		case "AttributeNames", "MessageAttributeNames":
			for n, one := range listOf(value) {
				form.Set(strings.TrimSuffix(name, "s")+"."+strconv.Itoa(n+1), one)
			}
		default:
			if value != "" {
				form.Set(name, value)
			}
		}
	}
	return payload{strings.NewReader(form.Encode())}
}

// listOf reads a list: JSON, or parted by commas.
func listOf(value string) (list []string) {
	if json.Unmarshal([]byte(value), &list) == nil {
		return list
	}
	return strings.Split(value, ",")
}

// asJSON writes an action of a service with a JSON protocol.
func asJSON(action string, values map[string]string) (payload, error) {
	document := map[string]any{}
	for name, value := range values {
		if value != "" {
			document[name] = value
		}
	}
	switch action {
	case "PutEvents":
		if r := values["Resources"]; r != "" {
			document["Resources"] = listOf(r)
		}
		document = map[string]any{"Entries": []any{document}}
	case "PutRecord":
		document["Data"] = base64.StdEncoding.EncodeToString([]byte(values["Data"]))
	default:
		lowered := map[string]any{} // Step Functions' members begin with small letters
		for name, value := range document {
			lowered[strings.ToLower(name[:1])+name[1:]] = value
		}
		document = lowered
	}
	b, err := json.Marshal(document)
	return payload{strings.NewReader(string(b))}, err
}
