package cloud

import (
	"net/http"

	"github.com/brume-cloud/brume/plane/websocket"
	"github.com/brume-cloud/brume/service/apigateway/vtl"
	"github.com/brume-cloud/brume/service/apigatewayv2"
)

// sockets holds the connections of WebSocket APIs on a plane.
type sockets struct{ *websocket.Plane }

// Accept implements apigatewayv2.Sockets.
func (s sockets) Accept(w http.ResponseWriter, r *http.Request, o apigatewayv2.Opening) error {
	return s.Plane.Accept(w, r, websocket.Opening{ID: o.ID, Protocol: o.Protocol, Events: websocket.Events{Message: o.Message, Closed: o.Closed}})
}

// render evaluates the mapping templates of WebSocket APIs.
func render(template, body string, variables map[string]any, stage map[string]string) (string, error) {
	t, err := vtl.Compile(template)
	if err != nil {
		return "", err
	}
	return t.Render(vtl.Message{Body: body, Context: vtl.NewMap(variables), StageVariables: vtl.StringMap(stage)}.Scope())
}
