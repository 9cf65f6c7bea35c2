package apigatewayv2_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/apigatewaymanagementapi"
	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"

	"github.com/brume-cloud/brume/cloudtest"
)

// chat is a WebSocket API whose routes lead to a server of the test.
type chat struct {
	*testing.T
	cloud   *cloudtest.Cloud
	api     *gw.Client
	id      *string
	backend *httptest.Server
	heard   chan heard // what the backend was sent
	answer  func(h heard) (status int, body string)
}

// heard is a request to the backend.
type heard struct {
	path, connection, route, body string
	header                        http.Header
}

func newChat(t *testing.T, options ...cloudtest.Option) *chat {
	c := &chat{T: t, heard: make(chan heard, 100), answer: func(heard) (int, string) { return 200, `{"fine":true}` }}
	c.cloud = cloudtest.Start(t, append(options, cloudtest.Loopback(), cloudtest.NoRetries())...)
	c.api = gw.NewFromConfig(c.cloud.Config())
	c.backend = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		h := heard{r.URL.Path, r.Header.Get("Connection-Id"), r.Header.Get("Route"), string(body), r.Header}
		status, said := c.answer(h)
		w.WriteHeader(status)
		io.WriteString(w, said)
		c.heard <- h
	}))
	t.Cleanup(c.backend.Close)
	c.id = newWebSocketAPI(t, c.api)
	return c
}

// route adds a route that leads to the backend at a path; twoWay has it answer.
func (c *chat) route(key string, twoWay bool, change ...func(*gw.CreateRouteInput)) {
	c.Helper()
	i := ok[*gw.CreateIntegrationOutput](c.T)(c.api.CreateIntegration(c.Context(), &gw.CreateIntegrationInput{
		ApiId: c.id, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: new("POST"), IntegrationUri: new(c.backend.URL + "/" + strings.TrimPrefix(key, "$")),
		RequestParameters: map[string]string{
			"integration.request.header.Connection-Id": "context.connectionId", "integration.request.header.Route": "context.routeKey",
			"integration.request.header.Agent": "route.request.header.Agent",
		},
	}))
	c.lead(key, *i.IntegrationId, twoWay, change...)
}

func (c *chat) lead(key, integration string, twoWay bool, change ...func(*gw.CreateRouteInput)) {
	c.Helper()
	in := &gw.CreateRouteInput{ApiId: c.id, RouteKey: &key, Target: new("integrations/" + integration)}
	if twoWay {
		in.RouteResponseSelectionExpression = new("$default")
	}
	for _, f := range change {
		f(in)
	}
	r := ok[*gw.CreateRouteOutput](c.T)(c.api.CreateRoute(c.Context(), in))
	if twoWay {
		ok[*gw.CreateRouteResponseOutput](c.T)(c.api.CreateRouteResponse(c.Context(), &gw.CreateRouteResponseInput{ApiId: c.id, RouteId: r.RouteId, RouteResponseKey: new("$default")}))
	}
}

// deploy makes stage prod, which follows every change.
func (c *chat) deploy() {
	c.Helper()
	ok[*gw.CreateStageOutput](c.T)(c.api.CreateStage(c.Context(), &gw.CreateStageInput{ApiId: c.id, StageName: new("prod"), AutoDeploy: new(true), StageVariables: map[string]string{"mood": "good"}}))
}

func (c *chat) host() string {
	return *c.id + ".execute-api.us-east-1.localhost:" + c.cloud.Endpoint[strings.LastIndexByte(c.cloud.Endpoint, ':')+1:]
}

// toCloud dials the cloud, whatever the host.
func (c *chat) toCloud(ctx context.Context, network, _ string) (net.Conn, error) {
	return (&net.Dialer{}).DialContext(ctx, network, strings.TrimPrefix(c.cloud.Endpoint, "http://"))
}

// dial opens a connection, or returns the status of the refusal.
func (c *chat) dial(url string, header http.Header) (net.Conn, error) {
	c.Helper()
	d := ws.Dialer{NetDial: c.toCloud, Header: ws.HandshakeHeaderHTTP(header), Timeout: 20 * time.Second}
	conn, early, _, err := d.Dial(c.Context(), url)
	if err != nil {
		return nil, err
	}
	c.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	if early != nil {
		return struct {
			io.Reader
			net.Conn
		}{early, conn}.Conn, nil
	}
	return conn, nil
}

func (c *chat) connect() net.Conn {
	c.Helper()
	conn, err := c.dial("ws://"+c.host()+"/prod", http.Header{"Agent": {"test"}})
	if err != nil {
		c.Fatal(err)
	}
	return conn
}

func (c *chat) hear() heard {
	c.Helper()
	select {
	case h := <-c.heard:
		return h
	case <-time.After(20 * time.Second):
		c.Fatal("the backend hears nothing")
	}
	return heard{}
}

func (c *chat) say(conn net.Conn, text string) {
	c.Helper()
	if err := wsutil.WriteClientText(conn, []byte(text)); err != nil {
		c.Fatal(err)
	}
}

func (c *chat) told(conn net.Conn) string {
	c.Helper()
	text, err := wsutil.ReadServerText(conn)
	if err != nil {
		c.Fatal(err)
	}
	return string(text)
}

// manager is the SDK's client for connections.
func (c *chat) manager(endpoint string) *apigatewaymanagementapi.Client {
	return apigatewaymanagementapi.NewFromConfig(c.cloud.Config(), func(o *apigatewaymanagementapi.Options) {
		o.BaseEndpoint, o.HTTPClient = &endpoint, &http.Client{Transport: &http.Transport{DialContext: c.toCloud}}
	})
}

func TestMessagesGoToTheRoutesThatTheyName(t *testing.T) {
	c := newChat(t)
	c.route("$connect", false)
	c.route("send", true)
	c.route("$default", false)
	c.deploy()
	conn := c.connect()
	first := c.hear()
	if first.path != "/connect" || first.route != "$connect" || first.header.Get("Agent") != "test" || len(first.connection) != 16 {
		t.Errorf("$connect: %+v", first)
	}
	c.say(conn, `{"action":"send","text":"hello"}`)
	if h := c.hear(); h.path != "/send" || h.body != `{"action":"send","text":"hello"}` || h.connection != first.connection {
		t.Errorf("send: %+v", h)
	}
	if got := c.told(conn); got != `{"fine":true}` {
		t.Errorf("answer %q", got)
	}
	for _, text := range []string{`{"action":"other"}`, "no JSON", `{"action":"$connect"}`, `{"deep":{"action":"send"}}`} {
		c.say(conn, text)
		if h := c.hear(); h.path != "/default" || h.body != text {
			t.Errorf("%s went to %+v", text, h)
		}
	}
	c.say(conn, `{"action":"send"}`) // after what is not answered
	if c.hear(); c.told(conn) != `{"fine":true}` {
		t.Error("a route that does not answer did")
	}
}

func TestMessageWithoutARouteIsForbidden(t *testing.T) {
	c := newChat(t)
	c.route("send", false)
	c.deploy()
	conn := c.connect()
	c.say(conn, `{"action":"other"}`)
	var said struct{ Message, ConnectionID, RequestID string }
	if got := c.told(conn); json.Unmarshal([]byte(got), &said) != nil || said.Message != "Forbidden" || len(said.ConnectionID) != 16 || len(said.RequestID) != 16 {
		t.Errorf("%s", got)
	}
	c.backend.Close()
	c.say(conn, `{"action":"send"}`)
	if got := c.told(conn); !strings.HasPrefix(got, `{"message": "Internal server error", "connectionId":"`+said.ConnectionID) {
		t.Errorf("%s", got)
	}
}

func TestConnectRouteMayRefuse(t *testing.T) {
	c := newChat(t)
	c.route("$connect", false)
	c.deploy()
	c.answer = func(heard) (int, string) { return 401, "" }
	var refused ws.StatusError
	if _, err := c.dial("ws://"+c.host()+"/prod", nil); !errors.As(err, &refused) || refused != 401 {
		t.Errorf("%v, want 401", err)
	}
	if _, err := c.dial("ws://"+c.host()+"/other", nil); !errors.As(err, &refused) || refused != 403 {
		t.Errorf("another stage: %v, want 403", err)
	}
}

func TestPathFormLeadsToTheAPIAsWell(t *testing.T) {
	c := newChat(t)
	c.route("$default", true)
	c.deploy()
	conn, err := c.dial("ws"+strings.TrimPrefix(c.cloud.Endpoint, "http")+"/_aws/execute-api/"+*c.id+"/prod", nil)
	if err != nil {
		t.Fatal(err)
	}
	c.say(conn, "x")
	id := c.hear().connection
	c.told(conn)
	m := c.manager(c.cloud.Endpoint + "/_aws/execute-api/" + *c.id + "/prod")
	ok[*apigatewaymanagementapi.PostToConnectionOutput](t)(m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte("pushed")}))
	if got := c.told(conn); got != "pushed" {
		t.Errorf("%q", got)
	}
}

func TestBackendsManageConnections(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	c.route("$disconnect", false)
	c.deploy()
	conn := c.connect()
	c.say(conn, "x")
	id := c.hear().connection
	m := c.manager("http://" + c.host() + "/prod")
	ok[*apigatewaymanagementapi.PostToConnectionOutput](t)(m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte("pushed")}))
	if got := c.told(conn); got != "pushed" {
		t.Errorf("%q", got)
	}
	got := ok[*apigatewaymanagementapi.GetConnectionOutput](t)(m.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: &id}))
	if *got.Identity.SourceIp != "127.0.0.1" || got.ConnectedAt.IsZero() || got.LastActiveAt.Before(*got.ConnectedAt) {
		t.Errorf("%+v", got)
	}
	_, err := m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: bytes.Repeat([]byte("x"), 128<<10+1)})
	wants(t, err, "PayloadTooLargeException", "")
	ok[*apigatewaymanagementapi.DeleteConnectionOutput](t)(m.DeleteConnection(t.Context(), &apigatewaymanagementapi.DeleteConnectionInput{ConnectionId: &id}))
	if f, err := ws.ReadFrame(conn); err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatalf("%+v, %v", f, err)
	}
	conn.Close()
	if h := c.hear(); h.path != "/disconnect" || h.connection != id {
		t.Errorf("%+v", h)
	}
	_, err = m.PostToConnection(t.Context(), &apigatewaymanagementapi.PostToConnectionInput{ConnectionId: &id, Data: []byte("x")})
	wants(t, err, "GoneException", "")
	_, err = m.GetConnection(t.Context(), &apigatewaymanagementapi.GetConnectionInput{ConnectionId: new("abc")})
	wants(t, err, "BadRequestException", "Invalid connectionId")
}

func TestConnectionsEndWhenTheyAreIdleOrOld(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	c.route("$disconnect", false)
	c.deploy()
	idle, busy := c.connect(), c.connect()
	for i := range 13 { // 117 minutes, with a message every 9
		c.cloud.Advance(9 * time.Minute)
		c.say(busy, fmt.Sprint(i))
		h := c.hear()
		if i == 1 {
			if status, reason := ending(c.T, idle); status != 1001 || reason != "Going away" {
				t.Errorf("the idle one is told %d %s", status, reason)
			}
			idle.Close()
			if h.path == "/default" {
				h = c.hear()
			} else {
				c.hear()
			}
		}
	}
	c.cloud.Advance(4 * time.Minute)
	if status, _ := ending(c.T, busy); status != 1001 {
		t.Errorf("the old one is told %d", status)
	}
}

// ending is what a client is told of the end of its connection.
func ending(t *testing.T, conn net.Conn) (ws.StatusCode, string) {
	t.Helper()
	f, err := ws.ReadFrame(conn)
	if err != nil || f.Header.OpCode != ws.OpClose {
		t.Fatalf("%+v, %v", f, err)
	}
	return ws.ParseCloseFrameData(f.Payload)
}

func TestRestartTellsOfTheEndOfConnections(t *testing.T) {
	c := newChat(t, cloudtest.Dir(t.TempDir()))
	c.route("$connect", false)
	c.route("$disconnect", false)
	c.deploy()
	c.connect()
	id := c.hear().connection
	c.cloud.Restart()
	if h := c.hear(); h.path != "/disconnect" || h.connection != id {
		t.Errorf("%+v", h)
	}
}

func TestTemplatesAndMocksAnswer(t *testing.T) {
	c := newChat(t)
	mock := ok[*gw.CreateIntegrationOutput](t)(c.api.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: c.id, IntegrationType: types.IntegrationTypeMock, TemplateSelectionExpression: new(`\$default`),
		RequestTemplates: map[string]string{"$default": `{"statusCode": $input.path('$.status')}`},
	})).IntegrationId
	for key, template := range map[string]string{"$default": `well: $stageVariables.mood`, "/4\\d\\d/": `bad: $context.routeKey`} {
		ok[*gw.CreateIntegrationResponseOutput](t)(c.api.CreateIntegrationResponse(t.Context(), &gw.CreateIntegrationResponseInput{
			ApiId: c.id, IntegrationId: mock, IntegrationResponseKey: &key, TemplateSelectionExpression: new(`\$default`), ResponseTemplates: map[string]string{"$default": template},
		}))
	}
	c.lead("ask", *mock, true)
	c.deploy()
	conn := c.connect()
	for status, want := range map[int]string{200: "well: good", 404: "bad: ask"} {
		c.say(conn, fmt.Sprintf(`{"action":"ask","status":%d}`, status))
		if got := c.told(conn); got != want {
			t.Errorf("%d: %q, want %q", status, got, want)
		}
	}
}

func TestConnectionsAreSignedForWhereTheRouteWantsIt(t *testing.T) {
	c := newChat(t)
	i := ok[*gw.CreateIntegrationOutput](t)(c.api.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: c.id, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationMethod: new("POST"), IntegrationUri: &c.backend.URL,
		RequestParameters: map[string]string{"integration.request.header.Route": "context.identity.userArn"},
	})).IntegrationId
	c.lead("$connect", *i, false, func(in *gw.CreateRouteInput) { in.AuthorizationType = types.AuthorizationTypeAwsIam })
	c.deploy()
	var refused ws.StatusError
	if _, err := c.dial("ws://"+c.host()+"/prod", nil); !errors.As(err, &refused) || refused != 403 {
		t.Errorf("unsigned: %v, want 403", err)
	}
	url := presigned(t, c.cloud.Config(), "http://"+c.host()+"/prod")
	if _, err := c.dial("ws"+strings.TrimPrefix(url, "http"), nil); err != nil {
		t.Fatalf("signed: %v", err)
	}
	if h := c.hear(); h.route != "arn:aws:iam::000000000000:root" {
		t.Errorf("$connect is told %q", h.route)
	}
}

func TestMessagesAreHeldAgainstModels(t *testing.T) {
	c := newChat(t)
	for name, schema := range map[string]string{"order": `{"type":"object","required":["n"],"properties":{"n":{"type":"integer"}}}`, "text": `{"type":"object","required":["text"]}`} {
		ok[*gw.CreateModelOutput](t)(c.api.CreateModel(t.Context(), &gw.CreateModelInput{ApiId: c.id, Name: &name, Schema: &schema}))
	}
	_, err := c.api.CreateModel(t.Context(), &gw.CreateModelInput{ApiId: c.id, Name: new("bad"), Schema: new(`{"type":"things"}`)})
	wants(t, err, "BadRequestException", "Invalid model")
	c.route("$default", true, func(in *gw.CreateRouteInput) {
		in.ModelSelectionExpression, in.RequestModels = new("$request.body.kind"), map[string]string{"order": "order", "$default": "text"}
	})
	c.deploy()
	conn := c.connect()
	for text, fits := range map[string]bool{
		`{"kind":"order","n":1}`: true, `{"kind":"order","n":"1"}`: false, `{"kind":"other","text":""}`: true, `{}`: false, `no JSON`: false,
	} {
		c.say(conn, text)
		want := `{"fine":true}`
		if !fits {
			want = `{"message": "Bad request body"`
		}
		if got := c.told(conn); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %s, want %s", text, got, want)
		}
	}
	ok[*gw.UpdateApiOutput](t)(c.api.UpdateApi(t.Context(), &gw.UpdateApiInput{ApiId: c.id, DisableSchemaValidation: new(true)}))
	c.say(conn, `{}`)
	if got := c.told(conn); got != `{"fine":true}` {
		t.Errorf("without validation: %s", got)
	}
}

func TestConnectionsEndWithTheirStage(t *testing.T) {
	c := newChat(t)
	c.route("$default", false)
	c.deploy()
	conn := c.connect()
	ok[*gw.DeleteStageOutput](t)(c.api.DeleteStage(t.Context(), &gw.DeleteStageInput{ApiId: c.id, StageName: new("prod")}))
	if status, _ := ending(t, conn); status != 1001 {
		t.Errorf("told %d", status)
	}
}
