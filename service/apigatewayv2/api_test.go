package apigatewayv2_test

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"

	gw "github.com/aws/aws-sdk-go-v2/service/apigatewayv2"
	"github.com/aws/aws-sdk-go-v2/service/apigatewayv2/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// wants fails the test unless err has a code, and a message with a text in it.
func wants(t *testing.T, err error, code, text string) {
	t.Helper()
	var api smithy.APIError
	if !errors.As(err, &api) || api.ErrorCode() != code || !strings.Contains(api.ErrorMessage(), text) {
		t.Errorf("got %v, want %s with %q", err, code, text)
	}
}

// ok fails the test at once where there is an error.
func ok[T any](t *testing.T) func(T, error) T {
	return func(v T, err error) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func start(t *testing.T) (*cloudtest.Cloud, *gw.Client) {
	cloud := cloudtest.Start(t)
	return cloud, gw.NewFromConfig(cloud.Config())
}

// newAPI makes an HTTP API, and returns its id.
func newAPI(t *testing.T, c *gw.Client) *string {
	t.Helper()
	return ok[*gw.CreateApiOutput](t)(c.CreateApi(t.Context(), &gw.CreateApiInput{Name: new("pets"), ProtocolType: types.ProtocolTypeHttp})).ApiId
}

func TestAPIIsFoundUntilItIsDeleted(t *testing.T) {
	_, c := start(t)
	id := newAPI(t, c)
	if !regexp.MustCompile(`^[a-z0-9]{10}$`).MatchString(*id) {
		t.Errorf("id %s", *id)
	}
	got := ok[*gw.GetApiOutput](t)(c.GetApi(t.Context(), &gw.GetApiInput{ApiId: id}))
	if want := "http://" + *id + ".execute-api.us-east-1.localhost:4566"; *got.ApiEndpoint != want {
		t.Errorf("endpoint %s, want %s", *got.ApiEndpoint, want)
	}
	if *got.Name != "pets" || got.ProtocolType != types.ProtocolTypeHttp || *got.RouteSelectionExpression != "$request.method $request.path" || *got.ApiKeySelectionExpression != "$request.header.x-api-key" {
		t.Errorf("%+v", got)
	}
	ok[*gw.UpdateApiOutput](t)(c.UpdateApi(t.Context(), &gw.UpdateApiInput{ApiId: id, Description: new("all of them"), CorsConfiguration: &types.Cors{AllowOrigins: []string{"*"}}}))
	got = ok[*gw.GetApiOutput](t)(c.GetApi(t.Context(), &gw.GetApiInput{ApiId: id}))
	if *got.Name != "pets" || *got.Description != "all of them" || got.CorsConfiguration == nil {
		t.Errorf("after the update: %+v", got)
	}
	ok[*gw.DeleteCorsConfigurationOutput](t)(c.DeleteCorsConfiguration(t.Context(), &gw.DeleteCorsConfigurationInput{ApiId: id}))
	if got = ok[*gw.GetApiOutput](t)(c.GetApi(t.Context(), &gw.GetApiInput{ApiId: id})); got.CorsConfiguration != nil {
		t.Error("the CORS settings are still there")
	}
	ok[*gw.DeleteApiOutput](t)(c.DeleteApi(t.Context(), &gw.DeleteApiInput{ApiId: id}))
	_, err := c.GetApi(t.Context(), &gw.GetApiInput{ApiId: id})
	wants(t, err, "NotFoundException", "Invalid API identifier specified 000000000000:"+*id)
}

func TestAPIsAreListedInPages(t *testing.T) {
	_, c := start(t)
	made := map[string]bool{}
	for range 5 {
		made[*newAPI(t, c)] = true
	}
	var next *string
	for pages := 0; ; pages++ {
		out := ok[*gw.GetApisOutput](t)(c.GetApis(t.Context(), &gw.GetApisInput{MaxResults: new("2"), NextToken: next}))
		for _, a := range out.Items {
			if !made[*a.ApiId] {
				t.Errorf("%s was not made, or is listed twice", *a.ApiId)
			}
			delete(made, *a.ApiId)
		}
		if next = out.NextToken; next == nil {
			if len(made) > 0 || pages != 2 {
				t.Errorf("%d pages lack %v", pages+1, made)
			}
			return
		}
	}
}

func TestSettingsOfAPIsAreChecked(t *testing.T) {
	_, c := start(t)
	for name, in := range map[string]*gw.CreateApiInput{
		"Must be one of":                  {Name: new("a"), ProtocolType: "REST"},
		"RouteSelectionExpression":        {Name: new("a"), ProtocolType: types.ProtocolTypeWebsocket},
		"only supported for WebSocket":    {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, DisableSchemaValidation: new(true)},
		"routeSelectionExpression must":   {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, RouteSelectionExpression: new("$request.body.action")},
		"allowCredentials can't be true":  {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{AllowCredentials: new(true), AllowOrigins: []string{"*"}}},
		"Invalid format for origin":       {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, CorsConfiguration: &types.Cors{AllowOrigins: []string{"example.com"}}},
		"aws: prefixed tag key names are": {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, Tags: map[string]string{"aws:x": "y"}},
		fmt.Sprintf("at most %d", 1024):   {Name: new("a"), ProtocolType: types.ProtocolTypeHttp, Description: new(strings.Repeat("x", 1025))},
	} {
		_, err := c.CreateApi(t.Context(), in)
		wants(t, err, "BadRequestException", name)
	}
}

func TestCallerOfAWSsHostIsToldOfAWSsHosts(t *testing.T) {
	cloud, _ := start(t)
	c := gw.NewFromConfig(cloud.Config(), func(o *gw.Options) { o.BaseEndpoint = new("https://apigateway.us-east-1.amazonaws.com") })
	for protocol, scheme := range map[types.ProtocolType]string{types.ProtocolTypeHttp: "https", types.ProtocolTypeWebsocket: "wss"} {
		in := &gw.CreateApiInput{Name: new("a"), ProtocolType: protocol}
		if protocol == types.ProtocolTypeWebsocket {
			in.RouteSelectionExpression = new("$request.body.action")
		}
		made := ok[*gw.CreateApiOutput](t)(c.CreateApi(t.Context(), in))
		if want := scheme + "://" + *made.ApiId + ".execute-api.us-east-1.amazonaws.com"; *made.ApiEndpoint != want {
			t.Errorf("%s, want %s", *made.ApiEndpoint, want)
		}
	}
}
