package apigatewayv2

import (
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
)

// exchange is one thing that comes by a connection: that it opens, a message, that
// it ends.
type exchange struct {
	connection
	*snapshot
	kind      string // CONNECT, MESSAGE, DISCONNECT
	route     *apigatewayv2.Route
	requestID string
	messageID string // of a message
	at        time.Time
	body      []byte        // of a message
	request   *wire.Request // that opens the connection

	program *program // of the stage
	status  int      // how it went, as HTTP has it
	outcome outcome
}

// Kinds of exchange.
const (
	connecting    = "CONNECT"
	messaging     = "MESSAGE"
	disconnecting = "DISCONNECT"
)

// socketEvent is what functions get of an exchange.
// AWS: "Set up an integration request in API Gateway", "AWS::ApiGatewayV2 … Lambda
// function input": the format 1.0, with what applies to connections.
type socketEvent struct {
	Type         string              `json:"type,omitempty"`      // REQUEST, to an authorizer
	MethodARN    string              `json:"methodArn,omitempty"` // likewise
	Headers      map[string]string   `json:"headers,omitempty"`
	MultiHeaders map[string][]string `json:"multiValueHeaders,omitempty"`
	Query        map[string]string   `json:"queryStringParameters,omitempty"`
	MultiQuery   map[string][]string `json:"multiValueQueryStringParameters,omitempty"`
	Stage        map[string]string   `json:"stageVariables,omitempty"`
	Context      socketContext       `json:"requestContext"`
	Body         *string             `json:"body,omitempty"`
	IsBase64     *bool               `json:"isBase64Encoded,omitempty"`
}

type socketContext struct {
	RouteKey         string          `json:"routeKey"`
	DisconnectStatus *int            `json:"disconnectStatusCode,omitempty"`
	MessageID        string          `json:"messageId,omitempty"`
	EventType        string          `json:"eventType"`
	ExtendedID       string          `json:"extendedRequestId"`
	Time             string          `json:"requestTime"`
	Direction        string          `json:"messageDirection"`
	DisconnectReason *string         `json:"disconnectReason,omitempty"`
	Stage            string          `json:"stage"`
	ConnectedAt      int64           `json:"connectedAt"`      // milliseconds
	Epoch            int64           `json:"requestTimeEpoch"` // milliseconds
	Identity         socketIdentity  `json:"identity"`
	RequestID        string          `json:"requestId"`
	DomainName       string          `json:"domainName"`
	ConnectionID     string          `json:"connectionId"`
	APIID            string          `json:"apiId"`
	Authorizer       json.RawMessage `json:"authorizer,omitempty"`
}

type socketIdentity struct {
	AccountID string `json:"accountId,omitempty"`
	Caller    string `json:"caller,omitempty"`
	User      string `json:"user,omitempty"`
	UserARN   string `json:"userArn,omitempty"`
	AccessKey string `json:"accessKey,omitempty"`
	UserAgent string `json:"userAgent,omitempty"`
	SourceIP  string `json:"sourceIp"`
}

// event makes the event of an exchange.
func (x *exchange) event() *socketEvent {
	e := &socketEvent{Stage: x.snapshot.Stage.StageVariables, Context: x.context()}
	switch x.kind {
	case connecting:
		e.Headers, e.MultiHeaders = x.headers()
		for _, p := range x.request.Params {
			if e.Query == nil {
				e.Query, e.MultiQuery = map[string]string{}, map[string][]string{}
			}
			e.Query[p.Name], e.MultiQuery[p.Name] = p.Value, append(e.MultiQuery[p.Name], p.Value)
		}
		e.IsBase64 = new(false)
	case messaging:
		e.Body, e.IsBase64 = new(string(x.body)), new(false)
	case disconnecting:
		e.Headers = map[string]string{"Host": x.Host, "x-api-key": "", "X-Forwarded-For": "", "x-restapi": ""}
		e.MultiHeaders = map[string][]string{}
		for name, value := range e.Headers {
			e.MultiHeaders[name] = []string{value}
		}
		e.IsBase64 = new(false)
	}
	return e
}

func (x *exchange) context() socketContext {
	key := ""
	if x.route != nil {
		key = x.route.RouteKey
	}
	c := socketContext{
		RouteKey: key, MessageID: x.messageID, EventType: x.kind, ExtendedID: x.requestID, RequestID: x.requestID,
		Time: proxyevent.Written(x.at), Epoch: x.at.UnixMilli(), Direction: "IN", Stage: x.connection.Stage,
		ConnectedAt: x.Connected.UnixMilli(), Identity: x.identity(), DomainName: x.Host, ConnectionID: x.ID, APIID: x.API,
		Authorizer: x.Authorizer,
	}
	if x.kind == disconnecting {
		c.DisconnectStatus, c.DisconnectReason = &x.Status, &x.Reason
	}
	return c
}

func (x *exchange) identity() socketIdentity {
	return socketIdentity{
		AccountID: x.CallerAccount, Caller: x.CallerID, User: x.CallerID, UserARN: x.CallerARN, AccessKey: x.AccessKey,
		UserAgent: x.UserAgent, SourceIP: x.SourceIP,
	}
}

// headers are those of the request that opens the connection.
func (x *exchange) headers() (last map[string]string, all map[string][]string) {
	last, all = map[string]string{}, map[string][]string{}
	for name, values := range x.request.Header {
		last[name], all[name] = values[len(values)-1], values
	}
	for name, value := range map[string]string{"Host": x.Host, "X-Forwarded-For": x.SourceIP} {
		last[name], all[name] = value, []string{value}
	}
	return last, all
}

// variable is the value of $context.NAME, or nothing.
func (x *exchange) variable(name string) string {
	b, err := json.Marshal(x.context())
	if err != nil {
		return ""
	}
	return selected(b, "."+name)
}

// parameter is the value of a parameter of the request that opens the connection:
// header.NAME or querystring.NAME, and multivalue… of those for all values.
func (x *exchange) parameter(name string) string {
	if x.request == nil {
		return ""
	}
	place, name, _ := strings.Cut(name, ".")
	every := strings.HasPrefix(place, "multivalue")
	var values []string
	switch strings.TrimPrefix(place, "multivalue") {
	case "header":
		if values = x.request.Header.Values(name); http.CanonicalHeaderKey(name) == "Host" {
			values = []string{x.Host}
		}
	case "querystring":
		for _, p := range x.request.Params {
			if p.Name == name {
				values = append(values, p.Value)
			}
		}
	}
	if len(values) > 1 && !every {
		values = values[len(values)-1:]
	}
	return strings.Join(values, ",")
}
