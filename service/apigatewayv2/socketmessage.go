package apigatewayv2

import (
	"context"
	"net/http"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// begin is a call of an exchange that nobody made over HTTP.
func (x *exchange) begin(ctx context.Context) context.Context { return aws.WithCall(ctx, x.call()) }

func (x *exchange) call() *aws.Call {
	at := x.connection.at()
	return &aws.Call{
		RequestID: x.requestID, Start: x.at, Service: "apigatewayv2", Operation: x.kind, Account: at.Account, Region: at.Region, Host: x.Host,
		SourceIP: x.SourceIP, UserAgent: x.UserAgent, Payer: at.Account,
	}
}

// find finds what the stage of the connection serves now.
func (x *exchange) find(tx kv.Tx) {
	x.snapshot, x.at = nil, tx.Now()
	if st, ok := serves(tx, x.API, x.connection.Stage); ok {
		x.snapshot, x.program = st.snapshot, st.program
	}
}

// receiveMessage takes a message of a client.
func (s *Service) receiveMessage(ctx context.Context, c *connection, text []byte) {
	x := &exchange{connection: *c, kind: messaging, status: http.StatusOK, requestID: s.token(), messageID: s.token(), body: text}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		x.find(tx)
		return nil
	})
	if err != nil {
		s.complain(x, "Internal server error", err)
		return
	}
	if x.snapshot != nil {
		x.route = x.choose(x)
	}
	s.billMessage(x, text)
	defer s.logExchange(x)
	if x.route == nil {
		x.status = http.StatusForbidden
		s.complain(x, "Forbidden", nil)
		return
	}
	if !x.fits() {
		x.status = http.StatusBadRequest
		s.complain(x, "Bad request body", nil)
		return
	}
	if !s.may(x) {
		x.status = http.StatusTooManyRequests
		s.complain(x, "Too Many Requests", nil)
		return
	}
	answer, err := s.carryOut(x.begin(ctx), x)
	switch {
	case err != nil:
		x.status = http.StatusInternalServerError
		s.complain(x, "Internal server error", err)
	case x.answers() && len(answer.Body) > 0:
		s.reply(x, answer)
	}
}

// answers reports whether clients hear of what the route's integration answers.
// AWS: "Set up route responses for WebSocket APIs in API Gateway".
func (x *exchange) answers() bool {
	return deref(x.route.RouteResponseSelectionExpression) != "" && len(x.RouteResponses[deref(x.route.RouteId)]) > 0
}

func (s *Service) reply(x *exchange, answer *proxyevent.Answer) {
	if len(answer.Body) > maxMessage {
		s.complain(x, "Internal server error", nil)
		return
	}
	if s.Sockets.Send(x.ID, answer.Body) == nil { // who has gone needs no answer
		s.billMessage(x, answer.Body)
	}
}

// complain tells a client, and the log, that a message came to nothing.
func (s *Service) complain(x *exchange, message string, err error) {
	if err != nil {
		s.Log.Info("a message to a WebSocket API failed", "api", x.API, "connection", x.ID, "error", err)
	}
	_ = s.Sockets.Send(x.ID, x.frame(message)) // who has gone needs no answer
}

// disconnected is the job that tells an API of the end of a connection, once and as
// well as it can.
func (s *Service) disconnected(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	x := &exchange{kind: disconnecting, status: http.StatusOK, requestID: s.token()}
	if err := kv.Decode(j.Payload, &x.connection); err != nil {
		return nil, err
	}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		x.find(tx)
		return nil
	})
	if err != nil || x.snapshot == nil {
		return nil, err
	}
	if x.route = x.routed(disconnectRoute); x.route == nil {
		return nil, nil
	}
	defer s.logExchange(x)
	if _, err := s.carryOut(x.begin(ctx), x); err != nil {
		x.status = http.StatusInternalServerError
		s.Log.Info("the $disconnect route of a WebSocket API failed", "api", x.API, "connection", x.ID, "error", err)
	}
	return nil, nil
}
