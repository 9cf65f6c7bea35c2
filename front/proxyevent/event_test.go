package proxyevent_test

import (
	"bufio"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
)

// sent is a request as it comes in.
func sent(t *testing.T) (*aws.Call, *wire.Request) {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader("POST /dev/a%20b?x=1&x=2&y= HTTP/1.1\r\nHost: api.example:8080\r\nX-A: 1\r\nX-A: 2\r\nCookie: k=v; l=w\r\nUser-Agent: ua\r\n\r\n")))
	if err != nil {
		t.Fatal(err)
	}
	params, _ := wire.ParseQuery(r.URL.RawQuery)
	call := &aws.Call{RequestID: "0b5f9e9e-0000-4000-8000-000000000001", Start: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), Host: r.Host, SourceIP: "192.0.2.7", UserAgent: r.UserAgent()}
	return call, &wire.Request{Request: r, Path: "/dev/a%20b", Params: params}
}

func TestTheSecondPayloadIsAsDocumented(t *testing.T) {
	call, r := sent(t)
	e := proxyevent.NewSecond(call, r)
	e.SetBody([]byte{0xff}, true)
	want(t, e.JSON(), `{"version":"2.0","routeKey":"$default","rawPath":"/dev/a%20b","rawQueryString":"x=1\u0026x=2\u0026y=","cookies":["k=v","l=w"],`+
		`"headers":{"cookie":"k=v; l=w","host":"api.example","user-agent":"ua","x-a":"1,2","x-amzn-trace-id":"Root=1-695735a5-0b5f9e9e0000400080000000","x-forwarded-for":"192.0.2.7","x-forwarded-port":"8080","x-forwarded-proto":"http"},`+
		`"queryStringParameters":{"x":"1,2","y":""},"requestContext":{"accountId":"anonymous","apiId":"","domainName":"api.example","domainPrefix":"api",`+
		`"http":{"method":"POST","path":"/dev/a b","protocol":"HTTP/1.1","sourceIp":"192.0.2.7","userAgent":"ua"},"requestId":"0b5f9e9e-0000-4000-8000-000000000001",`+
		`"routeKey":"$default","stage":"$default","time":"02/Jan/2026:03:04:05 +0000","timeEpoch":1767323045000},"body":"/w==","isBase64Encoded":true}`)
}

func TestTheFirstPayloadIsAsDocumented(t *testing.T) {
	call, r := sent(t)
	e := proxyevent.NewFirst(call, r)
	e.SetBody([]byte("text"), true)
	e.Headers, e.MultiHeaders = nil, map[string][]string{"X-A": e.MultiHeaders["X-A"], "X-Forwarded-For": e.MultiHeaders["X-Forwarded-For"]}
	want(t, e.JSON(), `{"resource":"","path":"/dev/a b","httpMethod":"POST","headers":null,"multiValueHeaders":{"X-A":["1","2"],"X-Forwarded-For":["192.0.2.7"]},`+
		`"queryStringParameters":{"x":"2","y":""},"multiValueQueryStringParameters":{"x":["1","2"],"y":[""]},"pathParameters":null,"stageVariables":null,`+
		`"requestContext":{"resourceId":null,"resourcePath":"","httpMethod":"POST","extendedRequestId":"0b5f9e9e-0000-4=","requestTime":"02/Jan/2026:03:04:05 +0000","path":"/dev/a b",`+
		`"accountId":"anonymous","protocol":"HTTP/1.1","stage":"","domainPrefix":"api","requestTimeEpoch":1767323045000,"requestId":"0b5f9e9e-0000-4000-8000-000000000001",`+
		`"identity":{"cognitoIdentityPoolId":null,"accountId":null,"cognitoIdentityId":null,"caller":null,"sourceIp":"192.0.2.7","principalOrgId":null,"accessKey":null,`+
		`"cognitoAuthenticationType":null,"cognitoAuthenticationProvider":null,"userArn":null,"userAgent":"ua","user":null},"domainName":"api.example","apiId":""},"body":"text","isBase64Encoded":false}`)
}

func want(t *testing.T, got []byte, want string) {
	t.Helper()
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}
