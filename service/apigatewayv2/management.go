package apigatewayv2

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/brume-cloud/brume/api/apigatewaymanagementapi"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// managing is a request about a connection by its id: the API that AWS's SDKs call
// ApiGatewayManagementApi, at the stage of a WebSocket API.
// AWS: "Use @connections commands in your backend service".
type managing struct {
	to      arrival
	at      address
	id      string
	request *wire.Request
}

// posting is the operation that sends a message.
const posting = "PostToConnection"

// manage makes a request an operation of that API.
func (s *Service) manage(req *wire.Request, to arrival, id string) {
	m := &managing{to: to, id: id, request: req}
	if plain, err := url.PathUnescape(id); err == nil {
		m.id = plain
	}
	name, call := "", func(context.Context, *managing) (any, error) { return nil, noMethod() }
	switch req.Method {
	case http.MethodPost:
		name, call = posting, s.postToConnection
	case http.MethodGet:
		name, call = "GetConnection", s.getConnection
	case http.MethodDelete:
		name, call = "DeleteConnection", s.deleteConnection
	}
	req.As = &wire.Guise{
		Codec: &managementCodec{m}, SigningName: executeAPI, BodyLimit: maxMessage,
		Operation: schema.Beside(schema.Dispatch{Name: name, Call: func(ctx context.Context, _, _ any) (any, error) { return call(ctx, m) }}),
	}
}

func noMethod() *aws.Error {
	return aws.Errorf(http.StatusForbidden, "ForbiddenException", "Forbidden")
}

// manageAccess is what such a request needs to be allowed.
// AWS: "Control access to WebSocket APIs with AWS IAM authorization".
func (s *Service) manageAccess(ctx context.Context, m *managing) ([]aws.Access, error) {
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		m.at, _ = placed(tx, m.to.api)
		return nil
	})
	aws.CallFrom(ctx).Payer = m.at.Account
	resource := m.at.executeARN("/" + m.to.stage + "/" + m.request.Method + "/@connections/" + m.id)
	return []aws.Access{{Action: "execute-api:ManageConnections", Resource: resource, Owner: m.at.Account}}, err
}

func gone() *aws.Error { return apigatewaymanagementapi.ErrGoneException("The connection is gone") }

// connection is the one that the request is about.
func (s *Service) connection(ctx context.Context, m *managing) (c *connection, err error) {
	if b, err := base64.URLEncoding.DecodeString(m.id); err != nil || len(b) != 11 {
		return nil, aws.Errorf(http.StatusBadRequest, "BadRequestException", "Invalid connectionId: %s", m.id)
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		var ok bool
		if c, ok = connections.Get(tx, connectionKey(m.to.api, m.to.stage, m.id)); !ok {
			return gone()
		}
		return nil
	})
	return c, err
}

// postToConnection sends a client a message.
func (s *Service) postToConnection(ctx context.Context, m *managing) (any, error) {
	if _, err := s.connection(ctx, m); err != nil {
		return nil, err
	}
	if s.Sockets.Send(m.id, m.request.Body) != nil {
		return nil, gone()
	}
	return &apigatewaymanagementapi.PostToConnectionOutput{}, nil
}

// getConnection tells of a connection.
func (s *Service) getConnection(ctx context.Context, m *managing) (any, error) {
	c, err := s.connection(ctx, m)
	if err != nil {
		return nil, err
	}
	active, ok := s.Sockets.Active(m.id)
	if !ok {
		return nil, gone()
	}
	return &apigatewaymanagementapi.GetConnectionOutput{
		ConnectedAt: &c.Connected, LastActiveAt: &active, Identity: &apigatewaymanagementapi.Identity{SourceIp: c.SourceIP, UserAgent: c.UserAgent},
	}, nil
}

// deleteConnection ends a connection.
func (s *Service) deleteConnection(ctx context.Context, m *managing) (any, error) {
	if _, err := s.connection(ctx, m); err != nil {
		return nil, err
	}
	if s.Sockets.Close(m.id, normally, goneNormal) != nil {
		return nil, gone()
	}
	return &apigatewaymanagementapi.DeleteConnectionOutput{}, nil
}

// managementCodec speaks the API's REST-JSON.
type managementCodec struct{ request *managing }

// Decode implements wire.Codec.
func (c *managementCodec) Decode(*schema.Operation, *wire.Request) (any, error) {
	return c.request, nil
}

// Encode implements wire.Codec.
func (c *managementCodec) Encode(_ *schema.Operation, out any, res *wire.Response) {
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	res.Status = http.StatusOK
	switch o := out.(type) {
	case *apigatewaymanagementapi.DeleteConnectionOutput:
		res.Status = http.StatusNoContent
	case *apigatewaymanagementapi.GetConnectionOutput:
		res.Header["Content-Type"] = []string{"application/json"}
		const form = "2006-01-02T15:04:05.000Z"
		b, _ := json.Marshal(map[string]any{ // cannot fail: it has nothing but text
			"connectedAt": o.ConnectedAt.UTC().Format(form), "lastActiveAt": o.LastActiveAt.UTC().Format(form),
			"identity": map[string]string{"sourceIp": o.Identity.SourceIp, "userAgent": o.Identity.UserAgent},
		})
		res.Body = append(res.Body, b...)
	}
}

// EncodeError implements wire.Codec.
func (c *managementCodec) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	switch e.Status {
	case http.StatusRequestEntityTooLarge:
		e = apigatewaymanagementapi.ErrPayloadTooLargeException("Message too long")
	case http.StatusForbidden:
		e = apigatewaymanagementapi.ErrForbiddenException("%s", e.Message)
	}
	res.Status = e.Status
	res.Header["Content-Type"] = []string{"application/json"}
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	res.Header["X-Amzn-Errortype"] = []string{e.Code}
	b, _ := json.Marshal(map[string]string{"message": e.Message}) // cannot fail: it has nothing but text
	res.Body = append(res.Body, b...)
}
