package apigatewayv2

import (
	"encoding/json"
	"net/http"
	"reflect"
	"testing"
	"time"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/front/wire"
)

func TestEventsHaveTheFormOfAWS(t *testing.T) {
	at := time.Date(2026, 5, 21, 9, 33, 28, 765e6, time.UTC)
	c := connection{
		API: "abcdef1234", Stage: "dev", ID: "Mn1jBd7yPHcCJlw=", Host: "abcdef1234.execute-api.us-east-1.localhost:4566", SourceIP: "127.0.0.1", UserAgent: "test",
		Connected: at.Add(-time.Second),
	}
	served := &snapshot{Stage: &apigatewayv2.Stage{StageVariables: map[string]string{"a": "1"}}}
	const context = `"extendedRequestId":"R=","requestId":"R=","requestTime":"21/May/2026:09:33:28 +0000","requestTimeEpoch":1779356008765,"messageDirection":"IN",` +
		`"stage":"dev","connectedAt":1779356007765,"identity":{"userAgent":"test","sourceIp":"127.0.0.1"},"domainName":"abcdef1234.execute-api.us-east-1.localhost:4566",` +
		`"connectionId":"Mn1jBd7yPHcCJlw=","apiId":"abcdef1234"`
	ended := c
	ended.Status, ended.Reason = 1005, "none"
	said := c
	said.Authorizer = []byte(`{"principalId":"ada"}`)
	for name, k := range map[string]struct {
		x    exchange
		want string
	}{
		"connect": {
			exchange{connection: c, kind: connecting, route: &apigatewayv2.Route{RouteKey: connectRoute}, request: &wire.Request{
				Request: &http.Request{Header: http.Header{"X-A": {"1", "2"}}}, Params: []wire.Param{{Name: "q", Value: "1"}, {Name: "q", Value: "2"}},
			}},
			`{"headers":{"X-A":"2","Host":"abcdef1234.execute-api.us-east-1.localhost:4566","X-Forwarded-For":"127.0.0.1"},
			"multiValueHeaders":{"X-A":["1","2"],"Host":["abcdef1234.execute-api.us-east-1.localhost:4566"],"X-Forwarded-For":["127.0.0.1"]},
			"queryStringParameters":{"q":"2"},"multiValueQueryStringParameters":{"q":["1","2"]},"stageVariables":{"a":"1"},
			"requestContext":{"routeKey":"$connect","eventType":"CONNECT",` + context + `},"isBase64Encoded":false}`,
		},
		"message": {
			exchange{connection: said, kind: messaging, messageID: "M=", body: []byte(`{"action":"send"}`), route: &apigatewayv2.Route{RouteKey: "send"}},
			`{"stageVariables":{"a":"1"},"requestContext":{"routeKey":"send","eventType":"MESSAGE","messageId":"M=","authorizer":{"principalId":"ada"},` + context + `},
			"body":"{\"action\":\"send\"}","isBase64Encoded":false}`,
		},
		"disconnect": {
			exchange{connection: ended, kind: disconnecting, route: &apigatewayv2.Route{RouteKey: disconnectRoute}},
			`{"headers":{"Host":"abcdef1234.execute-api.us-east-1.localhost:4566","x-api-key":"","X-Forwarded-For":"","x-restapi":""},
			"multiValueHeaders":{"Host":["abcdef1234.execute-api.us-east-1.localhost:4566"],"x-api-key":[""],"X-Forwarded-For":[""],"x-restapi":[""]},"stageVariables":{"a":"1"},
			"requestContext":{"routeKey":"$disconnect","eventType":"DISCONNECT","disconnectStatusCode":1005,"disconnectReason":"none",` + context + `},"isBase64Encoded":false}`,
		},
	} {
		k.x.snapshot, k.x.requestID, k.x.at = served, "R=", at
		b, err := json.Marshal(k.x.event())
		if err != nil {
			t.Fatal(err)
		}
		var got, want any
		if err := json.Unmarshal([]byte(k.want), &want); err != nil {
			t.Fatal(err)
		}
		if json.Unmarshal(b, &got) != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s:\n%s\nwant\n%s", name, b, k.want)
		}
	}
}
