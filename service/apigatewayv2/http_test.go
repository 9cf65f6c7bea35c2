package apigatewayv2_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloudtest"
	functions "github.com/brume-cloud/brume/cloudtest/function"
)

// site is an HTTP API with short verbs for stories.
type site struct {
	*testing.T
	*gw.Client
	cloud *cloudtest.Cloud
	id    string
	url   string // of the stage $default
}

// published makes an API whose changes are seen at once.
func published(t *testing.T, change ...func(*gw.CreateApiInput)) *site {
	t.Helper()
	cloud := cloudtest.Start(t, cloudtest.NoRetries())
	s := &site{T: t, Client: gw.NewFromConfig(cloud.Config()), cloud: cloud}
	in := &gw.CreateApiInput{Name: new("site"), ProtocolType: types.ProtocolTypeHttp}
	for _, c := range change {
		c(in)
	}
	made := ok[*gw.CreateApiOutput](t)(s.CreateApi(t.Context(), in))
	s.id, s.url = *made.ApiId, *made.ApiEndpoint
	s.stage("$default")
	return s
}

func (s *site) stage(name string, change ...func(*gw.CreateStageInput)) {
	s.Helper()
	in := &gw.CreateStageInput{ApiId: &s.id, StageName: &name, AutoDeploy: new(true)}
	for _, c := range change {
		c(in)
	}
	ok[*gw.CreateStageOutput](s.T)(s.CreateStage(s.Context(), in))
}

// route leads a route to an integration.
func (s *site) route(key, integration string, change ...func(*gw.CreateRouteInput)) {
	s.Helper()
	in := &gw.CreateRouteInput{ApiId: &s.id, RouteKey: &key, Target: new("integrations/" + integration)}
	for _, c := range change {
		c(in)
	}
	ok[*gw.CreateRouteOutput](s.T)(s.CreateRoute(s.Context(), in))
}

// toFunction is an integration with a function that does what always says.
func (s *site) toFunction(version, always string) string {
	s.Helper()
	name := fmt.Sprintf("f%d", s.count())
	arn := functions.Function{Name: name, Caller: "apigateway.amazonaws.com", Always: always}.Create(s.T, s.cloud)
	return *ok[*gw.CreateIntegrationOutput](s.T)(s.CreateIntegration(s.Context(), &gw.CreateIntegrationInput{
		ApiId: &s.id, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: &arn, PayloadFormatVersion: &version,
	})).IntegrationId
}

func (s *site) count() int {
	s.Helper()
	return len(ok[*gw.GetIntegrationsOutput](s.T)(s.GetIntegrations(s.Context(), &gw.GetIntegrationsInput{ApiId: &s.id})).Items)
}

// toBackend is an integration with an HTTP backend that says what it got.
func (s *site) toBackend(path string, change ...func(*gw.CreateIntegrationInput)) string {
	s.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		w.Header().Set("X-Backend", "yes")
		w.Header().Set("Access-Control-Allow-Origin", "backend")
		fmt.Fprint(w, r.Method, " ", r.URL, " ", r.Header.Get("X-A"), " ", string(body))
	}))
	s.Cleanup(server.Close)
	in := &gw.CreateIntegrationInput{
		ApiId: &s.id, IntegrationType: types.IntegrationTypeHttpProxy, IntegrationUri: new(server.URL + path), IntegrationMethod: new("ANY"), PayloadFormatVersion: new("1.0"),
	}
	for _, c := range change {
		c(in)
	}
	return *ok[*gw.CreateIntegrationOutput](s.T)(s.CreateIntegration(s.Context(), in)).IntegrationId
}

// send sends a request, and returns the answer and its body.
func (s *site) send(method, url, body string, headers ...string) (*http.Response, string) {
	s.Helper()
	r, err := http.NewRequestWithContext(s.Context(), method, url, strings.NewReader(body))
	if err != nil {
		s.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	res, err := s.cloud.Client().Do(r)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		s.Fatal(err)
	}
	return res, string(b)
}

// says wants a status and a text in the answer to a request.
func (s *site) says(method, path, want string, headers ...string) *http.Response {
	s.Helper()
	res, body := s.send(method, s.url+path, "", headers...)
	if got := fmt.Sprint(res.StatusCode, " ", body); !strings.HasPrefix(got, want) {
		s.Errorf("%s %s: %s, want %s", method, path, got, want)
	}
	return res
}

func TestRoutesAreFoundByTheirPriorities(t *testing.T) {
	s := published(t)
	for _, key := range []string{"GET /pets/dog/1", "GET /pets/dog/{id}", "GET /pets/{proxy+}", "ANY /{proxy+}", "ANY /pets/{kind}", "GET /", "GET /{any}/cat"} {
		s.route(key, s.toBackend("/"+strings.ReplaceAll(strings.NewReplacer("{", "", "}", "", "+", "").Replace(key), " ", "_")))
	}
	const none = `404 {"message":"Not Found"}`
	for request, want := range map[string]string{
		"GET /pets/dog/1":   "GET_/pets/dog/1",
		"GET /pets/dog/2":   "GET_/pets/dog/id",
		"GET /pets/cat/1":   "GET_/pets/proxy",
		"GET /pets/cat":     "ANY_/pets/kind", // matched in full before greedily, ANY or not
		"POST /pets/dog/1":  "ANY_/proxy",
		"GET /dogs/cat":     "GET_/any/cat",
		"GET /":             "GET_/",
		"PUT /x/y/z":        "ANY_/proxy",
		"POST /":            none,
		"GET /pets%2Fdog/1": "GET_/pets/dog/1",
	} {
		method, path, _ := strings.Cut(request, " ")
		if want != none {
			want = "200 " + method + " /" + want + " "
		}
		s.says(method, path, want)
	}
	s.route("$default", s.toBackend("/default"))
	s.says("POST", "/", "200 POST /default")
}

func TestFunctionsGetTheRequestInBothVersions(t *testing.T) {
	s := published(t)
	s.stage("dev", func(in *gw.CreateStageInput) { in.StageVariables = map[string]string{"colour": "red"} })
	s.route("ANY /two/{id}", s.toFunction("2.0", ""))
	s.route("ANY /one/{id}", s.toFunction("1.0", `{"Answer":{"statusCode":"202","multiValueHeaders":{"X-A":["1","2"]},"body":"b25l","isBase64Encoded":true}}`))
	res, body := s.send("POST", s.url+"/dev/two/a%20b?x=1&x=2", `{"in":1}`, "Content-Type", "application/json", "Cookie", "a=1; b=2")
	var e struct {
		Version, RouteKey, RawPath, RawQueryString, Body               string
		Cookies                                                        []string
		Headers, QueryStringParameters, PathParameters, StageVariables map[string]string
		RequestContext                                                 struct{ AccountID, APIID, Stage, RouteKey, DomainName, DomainPrefix, RequestID string }
	}
	if err := json.Unmarshal([]byte(body), &e); err != nil {
		t.Fatal(err, body)
	}
	host := s.id + ".execute-api.us-east-1.localhost"
	got := fmt.Sprintln(res.StatusCode, e.Version, e.RouteKey, e.RawPath, e.RawQueryString, e.Body, e.Cookies, e.QueryStringParameters, e.PathParameters, e.StageVariables, e.Headers["content-type"], e.RequestContext)
	want := fmt.Sprintln(200, "2.0", "ANY /two/{id}", "/dev/two/a%20b", "x=1&x=2", `{"in":1}`, []string{"a=1", "b=2"}, map[string]string{"x": "1,2"}, map[string]string{"id": "a b"}, map[string]string{"colour": "red"}, "application/json",
		struct{ AccountID, APIID, Stage, RouteKey, DomainName, DomainPrefix, RequestID string }{"000000000000", s.id, "dev", "ANY /two/{id}", host, s.id, res.Header.Get("Apigw-Requestid")})
	if got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
	res, body = s.send("GET", s.url+"/one/1", "")
	if got := fmt.Sprintln(res.StatusCode, res.Header["X-A"], body); got != "202 [1 2] one\n" {
		t.Error(got)
	}
}

func TestAPIsAreReachedByEveryName(t *testing.T) {
	s := published(t)
	s.stage("v1")
	s.route("GET /{p}", s.toBackend("/{p}"))
	for _, url := range []string{
		s.url + "/x", s.url + "/v1/x", "http://localhost:4566/_aws/execute-api/" + s.id + "/x", "http://localhost:4566/_aws/execute-api/" + s.id + "/v1/x",
		"https://" + s.id + ".execute-api.us-east-1.amazonaws.com/x",
	} {
		if res, body := s.send("GET", url, ""); res.StatusCode != 200 || !strings.HasPrefix(body, "GET /x") {
			t.Errorf("%s: %d %s", url, res.StatusCode, body)
		}
	}
	for _, url := range []string{"http://nosuchapi0.execute-api.us-east-1.localhost:4566/x", "http://localhost:4566/_aws/execute-api/nosuchapi0/x"} {
		if res, body := s.send("GET", url, ""); res.StatusCode != 403 || body != `{"message":"Forbidden"}` {
			t.Errorf("%s: %d %s", url, res.StatusCode, body)
		}
	}
	ok[*gw.UpdateApiOutput](t)(s.UpdateApi(t.Context(), &gw.UpdateApiInput{ApiId: &s.id, DisableExecuteApiEndpoint: new(true)}))
	s.says("GET", "/x", "404")
}

func TestFailuresOfBackends(t *testing.T) {
	s := published(t)
	hold := make(chan struct{})
	slow := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-hold }))
	defer slow.Close()
	defer close(hold)
	s.route("GET /fails", s.toFunction("2.0", `{"Fail":"oh"}`))
	s.route("GET /malformed", s.toFunction("1.0", `{"Answer":{"no":"status"}}`))
	s.route("GET /slow", s.toBackend("", func(in *gw.CreateIntegrationInput) { in.IntegrationUri, in.TimeoutInMillis = &slow.URL, new(int32(50)) }))
	s.route("GET /gone", s.toBackend("", func(in *gw.CreateIntegrationInput) { in.IntegrationUri = new("http://127.0.0.1:1") }))
	arn := functions.Function{Name: "private"}.Create(t, s.cloud)
	s.route("GET /private", *ok[*gw.CreateIntegrationOutput](t)(s.CreateIntegration(t.Context(), &gw.CreateIntegrationInput{
		ApiId: &s.id, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationUri: &arn, PayloadFormatVersion: new("2.0"),
	})).IntegrationId)
	const internal, unavailable = `500 {"message":"Internal Server Error"}`, `503 {"message":"Service Unavailable"}`
	for path, want := range map[string]string{"/fails": internal, "/malformed": internal, "/private": internal, "/slow": unavailable, "/gone": unavailable} {
		s.says("GET", path, want)
	}
	res, body := s.send("POST", s.url+"/gone", strings.Repeat("x", 10<<20+1))
	if res.StatusCode != 404 {
		t.Errorf("a body for no route: %d %s", res.StatusCode, body)
	}
	s.route("POST /gone", s.toBackend(""))
	if res, body = s.send("POST", s.url+"/gone", strings.Repeat("x", 10<<20+1)); res.StatusCode != 413 || body != `{"message":"Request Entity Too Large"}` {
		t.Errorf("a body that is too large: %d %s", res.StatusCode, body)
	}
}

func TestBrowsersAreAnsweredByTheCORSSettings(t *testing.T) {
	s := published(t, func(in *gw.CreateApiInput) {
		in.CorsConfiguration = &types.Cors{AllowOrigins: []string{"https://a.example", "https://*"}, AllowMethods: []string{"PUT"}, AllowHeaders: []string{"x-a"}, MaxAge: new(int32(60)), ExposeHeaders: []string{"x-backend"}}
	})
	s.route("GET /{p}", s.toBackend("/{p}"))
	res := s.says("OPTIONS", "/anything", "204", "Origin", "https://a.example", "Access-Control-Request-Method", "PUT")
	h := res.Header
	if got := fmt.Sprintln(h.Get("Access-Control-Allow-Origin"), h.Get("Access-Control-Allow-Methods"), h.Get("Access-Control-Allow-Headers"), h.Get("Access-Control-Max-Age")); got != "https://a.example PUT x-a 60\n" {
		t.Error(got)
	}
	if h = s.says("GET", "/x", "200", "Origin", "https://b.example").Header; h.Get("Access-Control-Allow-Origin") != "https://b.example" || h.Get("Access-Control-Expose-Headers") != "x-backend" {
		t.Errorf("%v", h)
	}
	if h = s.says("GET", "/x", "200", "Origin", "http://b.example").Header; h.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("another origin, and what the backend says of CORS: %v", h)
	}
}

func TestLongHeadersAndAddressesAreRefused(t *testing.T) {
	s := published(t)
	s.route("GET /x", s.toBackend("/x"))
	long := strings.Repeat("x", 5000)
	s.says("GET", "/x", "200", "X-Long", long, "X-Longer", long)
	s.says("GET", "/x", `431 {"message":"Request Header Fields Too Large"}`, "X-Long", long, "X-Longer", long+strings.Repeat("x", 241))
	s.says("GET", "/x?q="+long+"&q="+long[:241], `431 {"message":"Request Header Fields Too Large"}`, "X-Long", long)
}

func TestParametersAreMapped(t *testing.T) {
	s := published(t)
	integration := s.toBackend("/base", func(in *gw.CreateIntegrationInput) {
		in.RequestParameters = map[string]string{
			"overwrite:path": "/mapped/${request.path.id}", "append:header.x-a": "$request.querystring.q", "remove:querystring.gone": "''", "overwrite:querystring.n": "$request.body.a[1].b",
		}
		in.ResponseParameters = map[string]map[string]string{"200": {"overwrite:statuscode": "203", "append:header.x-made": "$response.header.X-Backend", "remove:header.x-backend": "''"}}
	})
	s.route("POST /items/{id}", integration)
	res, body := s.send("POST", s.url+"/items/7?q=w&gone=1", `{"a":[0,{"b":"deep"}]}`, "X-A", "v")
	if got, want := fmt.Sprintln(res.StatusCode, body, res.Header["X-Made"], res.Header["X-Backend"]), "203 POST /mapped/7?n=deep&q=w v {\"a\":[0,{\"b\":\"deep\"}]} [yes] []\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestRequestsAreThrottledToTheBurst(t *testing.T) {
	s := published(t)
	s.stage("slow", func(in *gw.CreateStageInput) {
		in.DefaultRouteSettings = &types.RouteSettings{ThrottlingBurstLimit: new(int32(3)), ThrottlingRateLimit: new(2.0)}
	})
	s.route("GET /{p}", s.toBackend("/{p}"))
	passed := func() (n int) {
		for range 10 {
			if res, body := s.send("GET", s.url+"/slow/x", ""); res.StatusCode == 200 {
				n++
			} else if res.StatusCode != 429 || body != `{"message":"Too Many Requests"}` {
				t.Fatalf("%d %s", res.StatusCode, body)
			}
		}
		return n
	}
	if n := passed(); n != 3 {
		t.Errorf("%d requests passed at first, the burst is 3", n)
	}
	s.cloud.Advance(time.Second)
	if n := passed(); n != 2 {
		t.Errorf("%d requests passed a second later, the rate is 2", n)
	}
}

func TestStagesServeWhatWasDeployed(t *testing.T) {
	s := published(t)
	s.stage("fixed", func(in *gw.CreateStageInput) { in.AutoDeploy = nil })
	s.route("GET /{p}", s.toBackend("/{p}"))
	s.says("GET", "/fixed/x", "404")
	deploy := func() {
		ok[*gw.CreateDeploymentOutput](t)(s.CreateDeployment(t.Context(), &gw.CreateDeploymentInput{ApiId: &s.id, StageName: new("fixed")}))
	}
	deploy()
	s.says("GET", "/fixed/x", "200")
	s.route("POST /{p}", s.toBackend("/{p}"))
	s.says("POST", "/fixed/x", "404")
	s.says("POST", "/x", "200")
	deploy()
	s.says("POST", "/fixed/x", "200")
}

func TestRoutesLeadToAQueue(t *testing.T) {
	s := published(t)
	ctx, cfg := t.Context(), s.cloud.Config()
	queues, roles := sqs.NewFromConfig(cfg), iam.NewFromConfig(cfg)
	queue := ok[*sqs.CreateQueueOutput](t)(queues.CreateQueue(ctx, &sqs.CreateQueueInput{QueueName: new("q")})).QueueUrl
	role := ok[*iam.CreateRoleOutput](t)(roles.CreateRole(ctx, &iam.CreateRoleInput{
		RoleName: new("api"), AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"apigateway.amazonaws.com"},"Action":"sts:AssumeRole"}}`),
	})).Role.Arn
	s.route("POST /messages", *ok[*gw.CreateIntegrationOutput](t)(s.CreateIntegration(ctx, &gw.CreateIntegrationInput{
		ApiId: &s.id, IntegrationType: types.IntegrationTypeAwsProxy, IntegrationSubtype: new("SQS-SendMessage"), PayloadFormatVersion: new("1.0"), CredentialsArn: role,
		RequestParameters: map[string]string{"QueueUrl": *queue, "MessageBody": "$request.body.text", "MessageAttributes": `{"who":{"DataType":"String","StringValue":"${request.header.X-A}"}}`},
	})).IntegrationId)
	if res, body := s.send("POST", s.url+"/messages", `{"text":"hello"}`); res.StatusCode != 403 || !strings.Contains(body, "AccessDenied") {
		t.Errorf("without permission: %d %s", res.StatusCode, body)
	}
	ok[*iam.PutRolePolicyOutput](t)(roles.PutRolePolicy(ctx, &iam.PutRolePolicyInput{
		RoleName: new("api"), PolicyName: new("send"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"*"}}`),
	}))
	if res, body := s.send("POST", s.url+"/messages", `{"text":"hello"}`, "X-A", "ada"); res.StatusCode != 200 || !strings.Contains(body, "<MD5OfMessageBody>5d41402abc4b2a76b9719d911017c592<") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
	got := ok[*sqs.ReceiveMessageOutput](t)(queues.ReceiveMessage(ctx, &sqs.ReceiveMessageInput{QueueUrl: queue, MessageAttributeNames: []string{"All"}})).Messages
	if len(got) != 1 || *got[0].Body != "hello" || *got[0].MessageAttributes["who"].StringValue != "ada" {
		t.Errorf("%+v", got)
	}
}
