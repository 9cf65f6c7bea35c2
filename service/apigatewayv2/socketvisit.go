package apigatewayv2

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/authorizer"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// socketVisit is a request to a WebSocket API that asks for a connection.
type socketVisit struct {
	exchange
	to       arrival
	protocol string // the subprotocol that the API agrees to
}

// connectOperation is the operation that such a request is.
const connectOperation = "Connect"

// visitWebSocket makes of a request to a WebSocket API what it is: one about a
// connection by its id, or one that asks for a connection.
func (s *Service) visitWebSocket(ctx context.Context, w http.ResponseWriter, v *socketVisit, st *served) (http.ResponseWriter, error) {
	req := v.request
	if id, ok := strings.CutPrefix(v.to.path, "/@connections/"); ok {
		s.manage(req, v.to, id)
		return w, nil
	}
	v.kind, v.requestID = connecting, s.token()
	call := aws.CallFrom(ctx)
	v.connection = connection{API: v.to.api, Stage: v.to.stage, ID: s.token(), Host: call.Host, SourceIP: call.SourceIP, UserAgent: call.UserAgent, Connected: call.Start}
	req.As = &wire.Guise{
		Codec: &socketCodec{v}, SigningName: executeAPI, Anonymous: true,
		Operation: schema.Beside(schema.Dispatch{Name: connectOperation, Call: func(ctx context.Context, _, _ any) (any, error) { return v, s.open(ctx, v) }}),
	}
	// AWS answers so whatever is wrong: a stage that is not there, or no wish for a connection.
	if st == nil || !wantsSocket(req.Request) || st.Disabled && v.to.domain == nil {
		return nil, v.refusal(http.StatusForbidden, "Forbidden")
	}
	v.snapshot, v.program = st.snapshot, st.program
	v.Account, v.Region, v.exchange.at = string(st.at.Account), string(st.at.Region), call.Start
	if v.route = st.routed(connectRoute); v.route == nil {
		v.route = &apigatewayv2.Route{RouteKey: connectRoute, AuthorizationType: apigatewayv2.AuthorizationTypeNONE}
	}
	call.Answered = func(c *aws.Call) {
		if v.status = c.Status; v.status != http.StatusSwitchingProtocols { // a connection has been logged before it was open
			s.logExchange(&v.exchange)
		}
	}
	req.As.Anonymous = v.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM
	return &switching{w, func(w http.ResponseWriter) error {
		c := v.connection // all that is kept while the connection is open
		return s.Sockets.Accept(w, req.Request, Opening{
			ID: v.ID, Protocol: v.protocol,
			Message: func(ctx context.Context, text []byte) { s.receiveMessage(ctx, &c, text) },
			Closed:  func(ctx context.Context, status int, reason string) { s.closed(ctx, &c, status, reason) },
		})
	}}, nil
}

// wantsSocket reports whether a request asks to become a connection.
func wantsSocket(r *http.Request) bool {
	return r.Method == http.MethodGet && strings.EqualFold(r.Header.Get("Upgrade"), "websocket")
}

// refusal is an answer that is no connection.
func (v *socketVisit) refusal(status int, message string) *aws.Error {
	return aws.Errorf(status, http.StatusText(status), "%s", message)
}

// access is what a request for a connection needs, where it is signed.
// AWS: "Control access to WebSocket APIs with AWS IAM authorization".
func (v *socketVisit) access() []aws.Access {
	if v.route.AuthorizationType != apigatewayv2.AuthorizationTypeAWSIAM {
		return nil
	}
	at := v.connection.at()
	return []aws.Access{{Action: authorizer.Action, Resource: at.executeARN("/" + v.connection.Stage + "/" + connectRoute), Owner: at.Account}}
}

// open asks the API whether there shall be a connection.
func (s *Service) open(ctx context.Context, v *socketVisit) error {
	call := aws.CallFrom(ctx)
	call.Payer = aws.Account(v.Account)
	if c := &call.Caller; c.Kind != aws.Anonymous {
		v.CallerAccount, v.CallerID, v.CallerARN, v.AccessKey = string(c.Account), c.UserID, c.ARN, c.AccessKeyID
	}
	if !s.may(&v.exchange) {
		return v.refusal(http.StatusTooManyRequests, "Too Many Requests")
	}
	if v.route.AuthorizationType == apigatewayv2.AuthorizationTypeCUSTOM {
		if err := s.admit(ctx, v); err != nil {
			return err
		}
	}
	answer, err := s.carryOut(ctx, &v.exchange)
	switch {
	case errors.Is(err, aws.ErrPatience):
		return v.refusal(http.StatusGatewayTimeout, "Endpoint request timed out")
	case err != nil:
		s.Log.Info("the $connect route of a WebSocket API failed", "api", v.API, "error", err)
		return v.refusal(http.StatusBadGateway, "Internal server error")
	case answer.Status < 200 || answer.Status > 299:
		return v.refusal(answer.Status, http.StatusText(answer.Status))
	}
	v.protocol = agreed(answer, v.request)
	if err := s.connect(ctx, &v.connection); err != nil {
		return err
	}
	v.status = http.StatusOK
	s.logExchange(&v.exchange)
	return nil
}

// may spends what the stage allows its routes to be used.
func (s *Service) may(x *exchange) bool {
	rate, burst := x.pace(x.route.RouteKey)
	return s.Pace.Spend(strings.Join([]string{"apigatewayv2", x.API, x.connection.Stage, x.route.RouteKey}, "/"), rate, burst, x.at)
}

// agreed is the subprotocol that the API's answer names.
// AWS: "Set up a $connect route that requires a WebSocket subprotocol".
func agreed(answer *proxyevent.Answer, r *wire.Request) string {
	chosen := answer.Header.Get("Sec-Websocket-Protocol")
	for _, line := range r.Header["Sec-Websocket-Protocol"] {
		for asked := range strings.SplitSeq(line, ",") {
			if chosen != "" && strings.TrimSpace(asked) == chosen {
				return chosen
			}
		}
	}
	return ""
}

// switching is a writer whose status 101 makes a connection of the request.
type switching struct {
	http.ResponseWriter
	open func(w http.ResponseWriter) error
}

// WriteHeader implements http.ResponseWriter.
func (w *switching) WriteHeader(status int) {
	if status != http.StatusSwitchingProtocols {
		w.ResponseWriter.WriteHeader(status)
		return
	}
	clear(w.Header())
	_ = w.open(w.ResponseWriter) // what is wrong, the client has been told
}

// Unwrap is for http.ResponseController.
func (w *switching) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// socketCodec answers requests for connections.
type socketCodec struct{ visit *socketVisit }

// Decode implements wire.Codec.
func (c *socketCodec) Decode(*schema.Operation, *wire.Request) (any, error) { return c.visit, nil }

// Encode implements wire.Codec.
func (c *socketCodec) Encode(_ *schema.Operation, _ any, res *wire.Response) {
	res.Status = http.StatusSwitchingProtocols
}

// EncodeError implements wire.Codec.
func (c *socketCodec) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	message := e.Message
	if e.Status == http.StatusForbidden && e.Code != http.StatusText(http.StatusForbidden) {
		message = "Forbidden" // what is missing is not a stranger's to know
	}
	res.Status = e.Status
	res.Header["Content-Type"] = []string{"application/json"}
	res.Header["X-Amzn-Errortype"] = []string{e.Code + "Exception"}
	res.Body = append(res.Body, c.visit.frame(message)...)
}

// frame is what a client is told of an error. AWS writes it with these spaces.
func (x *exchange) frame(message string) []byte {
	text, _ := json.Marshal(message) // cannot fail
	return []byte(`{"message": ` + string(text) + `, "connectionId":"` + x.ID + `", "requestId":"` + x.requestID + `"}`)
}
