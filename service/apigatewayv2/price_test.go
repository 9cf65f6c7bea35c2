package apigatewayv2_test

import (
	"bytes"
	"io"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"

	"github.com/brume-cloud/brume/front/meter"
)

// usage is what this cloud has counted of API Gateway, by dimension.
func usage(t *testing.T, c *chat) map[string]int64 {
	t.Helper()
	used := map[string]int64{}
	for _, l := range ok[[]meter.Line](t)(c.cloud.System().Usage(t.Context())) {
		if l.Service == "apigatewayv2" {
			used[l.Dimension] += l.Amount
		}
	}
	return used
}

func TestMessagesAndMinutesAreCounted(t *testing.T) {
	c := newChat(t)
	c.route("$default", true)
	c.route("$disconnect", false)
	c.deploy()
	conn := c.connect()
	c.say(conn, "x") // one, and its answer another
	id := c.hear().connection
	c.told(conn)
	m := c.manager("http://" + c.host() + "/prod")
	ok[*apigatewaymanagementapi.PostToConnectionOutput](t)(m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{
		ConnectionId: &id, Data: bytes.Repeat([]byte("x"), 32<<10+1), // two
	}))
	c.told(conn)
	c.cloud.Advance(5 * time.Minute)
	conn.Close()
	c.hear()
	got := usage(t, c)
	if got["ApiGatewayMessage"] != 4 || got["ApiGatewayMinute"] != 6 {
		t.Errorf("%v", got)
	}
}

func TestRequestsAreCounted(t *testing.T) {
	s := published(t)
	s.route("POST /{p}", s.toBackend("/{p}"))
	res, err := s.cloud.Client().Post(s.url+"/x", "text/plain", bytes.NewReader(make([]byte, 512<<10+1)))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, err := io.ReadAll(res.Body); err != nil { // the call has ended then
		t.Fatal(err)
	}
	for _, l := range ok[[]meter.Line](t)(s.cloud.System().Usage(t.Context())) {
		if l.Dimension == "ApiGatewayHttpRequest" && l.Amount == 2 && l.Account == "000000000000" {
			return
		}
	}
	t.Error("a request of more than 512 KB is not counted as two")
}
