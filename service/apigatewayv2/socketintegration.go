package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/upstream"
)

// errFailed is of an integration that did not do what it should.
var errFailed = errors.New("apigatewayv2: the integration failed")

// timeout is how long an integration may take.
func timeoutOf(i *apigatewayv2.Integration) time.Duration {
	return time.Duration(deref(i.TimeoutInMillis)) * time.Millisecond
}

// carryOut has the integration of the exchange's route do its work. A route without
// one does nothing, successfully.
func (s *Service) carryOut(ctx context.Context, x *exchange) (*proxyevent.Answer, error) {
	i := x.Integrations[strings.TrimPrefix(deref(x.route.Target), integrationTarget)]
	if i == nil {
		return &proxyevent.Answer{Status: http.StatusOK}, nil
	}
	began := s.Clock.Wall()
	answer, err := s.carryOutBy(ctx, x, i)
	x.outcome.latency = s.Clock.Wall().Sub(began)
	if err != nil {
		x.outcome.message = err.Error()
		return nil, err
	}
	x.outcome.status, x.outcome.backend = answer.Status, answer.Status
	return answer, nil
}

// carryOutBy is carryOut by an integration.
func (s *Service) carryOutBy(ctx context.Context, x *exchange, i *apigatewayv2.Integration) (*proxyevent.Answer, error) {
	switch i.IntegrationType {
	case apigatewayv2.IntegrationTypeAWSPROXY:
		payload, err := json.Marshal(x.event())
		if err != nil {
			return nil, err
		}
		out, err := s.callFunction(ctx, x, i, payload)
		if err != nil {
			return nil, err
		}
		return proxyevent.ReadFirst(out)
	case apigatewayv2.IntegrationTypeHTTPPROXY:
		return s.callHTTP(ctx, x, i, x.body)
	}
	body, err := s.requestBody(x, i)
	if err != nil {
		return nil, err
	}
	answer := &proxyevent.Answer{Status: http.StatusOK}
	switch i.IntegrationType {
	case apigatewayv2.IntegrationTypeAWS:
		answer.Body, err = s.callFunction(ctx, x, i, body)
		if errors.Is(err, errFailed) { // a response may be for the error
			answer.Status, err = http.StatusInternalServerError, nil
		}
	case apigatewayv2.IntegrationTypeHTTP:
		answer, err = s.callHTTP(ctx, x, i, body)
	default: // MOCK: the request says the status of the answer
		if status, err := strconv.Atoi(selected(body, ".statusCode")); err == nil {
			answer.Status = status
		}
	}
	if err != nil {
		return nil, err
	}
	return s.respond(x, i, answer)
}

// callFunction calls the function of an integration, and returns what it answers.
func (s *Service) callFunction(ctx context.Context, x *exchange, i *apigatewayv2.Integration, payload []byte) ([]byte, error) {
	f := x.functionCall(deref(i.IntegrationUri), deref(i.CredentialsArn))
	f.payload, f.timeout = payload, timeoutOf(i)
	return s.answerOf(ctx, f)
}

// functionCall is a call of a function, by its URI, for the exchange's route.
func (x *exchange) functionCall(uri, role string) functionCall {
	at := x.connection.at()
	return functionCall{at: at, function: functionOf(x.withVariables(uri)), role: role, source: at.executeARN("/" + x.connection.Stage + "/" + x.route.RouteKey)}
}

// answerOf is what a function answers, or errFailed and its error.
func (s *Service) answerOf(ctx context.Context, f functionCall) ([]byte, error) {
	out, err := s.invoke(ctx, f)
	switch {
	case err != nil:
		return nil, err
	case out.FunctionError != nil:
		return out.Payload, errFailed
	}
	return out.Payload, nil
}

// callHTTP sends a request to the backend of an integration.
func (s *Service) callHTTP(ctx context.Context, x *exchange, i *apigatewayv2.Integration, body []byte) (*proxyevent.Answer, error) {
	r := upstream.Request{Method: deref(i.IntegrationMethod), URL: x.withVariables(deref(i.IntegrationUri)), Header: http.Header{}, Body: body, Timeout: timeoutOf(i)}
	if r.Method == anyMethod {
		r.Method = http.MethodPost
	}
	r.Header.Set("Content-Type", "application/json")
	query := url.Values{}
	for destination, source := range i.RequestParameters {
		place, name, _ := strings.Cut(strings.TrimPrefix(destination, "integration.request."), ".")
		switch value := x.mapped(source); place {
		case "header":
			r.Header.Set(name, value)
		case "querystring":
			query.Set(name, value)
		case "path":
			r.URL = strings.ReplaceAll(r.URL, "{"+name+"}", url.PathEscape(value))
		}
	}
	if len(query) > 0 {
		sign := "?"
		if strings.Contains(r.URL, "?") {
			sign = "&"
		}
		r.URL += sign + query.Encode()
	}
	out, err := s.Upstream.Do(ctx, r)
	if err != nil {
		return nil, err
	}
	return &proxyevent.Answer{Status: out.Status, Header: out.Header, Body: out.Body}, nil
}

// mapped is the value of a parameter mapping: 'static', or a reference.
func (x *exchange) mapped(source string) string {
	if static, ok := strings.CutPrefix(source, "'"); ok {
		return strings.TrimSuffix(static, "'")
	}
	return x.lookup(strings.TrimPrefix(source, "route."))
}

var stageVariable = regexp.MustCompile(`\$\{stageVariables\.(\w+)\}`)

// withVariables puts the stage's variables into a text.
func (x *exchange) withVariables(text string) string {
	return stageVariable.ReplaceAllStringFunc(text, func(found string) string {
		return x.snapshot.Stage.StageVariables[stageVariable.FindStringSubmatch(found)[1]]
	})
}

// requestBody is what an integration gets that is no proxy.
// AWS: "Data transformations for WebSocket APIs": a template chosen by the
// expression, or what came, as the passthrough behavior has it.
func (s *Service) requestBody(x *exchange, i *apigatewayv2.Integration) ([]byte, error) {
	template, ok := i.RequestTemplates[x.evaluate(deref(i.TemplateSelectionExpression))]
	if !ok {
		template, ok = i.RequestTemplates[defaultRoute]
	}
	if ok {
		return s.render(x, template, x.body)
	}
	if b := i.PassthroughBehavior; b == apigatewayv2.PassthroughBehaviorNEVER || b == apigatewayv2.PassthroughBehaviorWHENNOTEMPLATES && len(i.RequestTemplates) > 0 {
		return nil, errFailed
	}
	return x.body, nil
}

func (s *Service) render(x *exchange, template string, body []byte) ([]byte, error) {
	b, err := json.Marshal(x.context())
	if err != nil {
		return nil, err
	}
	var variables map[string]any
	if err := json.Unmarshal(b, &variables); err != nil {
		return nil, err
	}
	out, err := s.Render(template, string(body), variables, x.snapshot.Stage.StageVariables)
	return []byte(out), err
}

// chooses is what an integration's responses are chosen by.
// AWS: "Integration response selection expressions": the status, and for functions
// the message of their error.
func chooses(i *apigatewayv2.Integration, answer *proxyevent.Answer) string {
	if i.IntegrationType == apigatewayv2.IntegrationTypeAWS && answer.Status != http.StatusOK {
		return selected(answer.Body, ".errorMessage")
	}
	return strconv.Itoa(answer.Status)
}

// respond makes of what an integration answers what the client gets.
// AWS: "Set up integration responses for WebSocket APIs".
func (s *Service) respond(x *exchange, i *apigatewayv2.Integration, answer *proxyevent.Answer) (*proxyevent.Answer, error) {
	all := x.IntegrationResponses[*i.IntegrationId]
	var chosen *apigatewayv2.IntegrationResponse
	for n := range all {
		key := all[n].IntegrationResponseKey
		if key == defaultRoute {
			if chosen == nil {
				chosen = &all[n]
			}
			continue
		}
		matches, err := regexp.MatchString("^(?:"+strings.Trim(key, "/")+")$", chooses(i, answer))
		if err == nil && matches {
			chosen = &all[n]
			break
		}
	}
	if chosen == nil {
		if i.IntegrationType == apigatewayv2.IntegrationTypeAWS && answer.Status != http.StatusOK {
			return nil, errFailed
		}
		return answer, nil
	}
	template, ok := chosen.ResponseTemplates[x.evaluate(deref(chosen.TemplateSelectionExpression))]
	if !ok {
		template, ok = chosen.ResponseTemplates[defaultRoute]
	}
	if !ok {
		return answer, nil
	}
	body, err := s.render(x, template, answer.Body)
	return &proxyevent.Answer{Status: answer.Status, Header: answer.Header, Body: body}, err
}
