package apigateway_test

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// bench is a cloud with an API, with short verbs for stories.
type bench struct {
	*testing.T
	cloud *cloudtest.Cloud
	*apigateway.Client
	api, root *string
}

func story(t *testing.T, options ...cloudtest.Option) *bench {
	t.Helper()
	c := cloudtest.Start(t, append(options, cloudtest.NoRetries())...)
	b := &bench{T: t, cloud: c, Client: apigateway.NewFromConfig(c.Config())}
	made, err := b.CreateRestApi(t.Context(), &apigateway.CreateRestApiInput{Name: aws.String("shop")})
	b.ok(err)
	b.api, b.root = made.Id, made.RootResourceId
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refused wants an error with a code, whose message contains text.
func (b *bench) refused(err error, code, text string) {
	b.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		b.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func (b *bench) want(what string, got, want any) {
	b.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		b.Errorf("%s: %s, want %s", what, g, w)
	}
}

// spaced are values with a space between each two.
func spaced(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

// resource makes the resources of a path that are not there, and returns the last.
func (b *bench) resource(path string) *string {
	b.Helper()
	all, err := b.GetResources(b.Context(), &apigateway.GetResourcesInput{RestApiId: b.api, Limit: aws.Int32(500)})
	b.ok(err)
	ids := map[string]*string{}
	for _, r := range all.Items {
		ids[*r.Path] = r.Id
	}
	id, at := b.root, ""
	for part := range strings.SplitSeq(strings.Trim(path, "/"), "/") {
		if part == "" {
			continue
		}
		at += "/" + part
		if ids[at] == nil {
			made, err := b.CreateResource(b.Context(), &apigateway.CreateResourceInput{RestApiId: b.api, ParentId: id, PathPart: aws.String(part)})
			b.ok(err)
			ids[at] = made.Id
		}
		id = ids[at]
	}
	return id
}

// method makes a method that is answered by an integration.
func (b *bench) method(method, path string, in apigateway.PutIntegrationInput, change ...func(*apigateway.PutMethodInput)) *string {
	b.Helper()
	id := b.resource(path)
	m := &apigateway.PutMethodInput{RestApiId: b.api, ResourceId: id, HttpMethod: &method, AuthorizationType: aws.String("NONE")}
	for _, c := range change {
		c(m)
	}
	_, err := b.PutMethod(b.Context(), m)
	b.ok(err)
	in.RestApiId, in.ResourceId, in.HttpMethod = b.api, id, &method
	_, err = b.PutIntegration(b.Context(), &in)
	b.ok(err)
	return id
}

// says adds a response to a method, with a template for JSON and a pattern that it
// is for.
func (b *bench) says(method, path, status, pattern, template string) {
	b.Helper()
	id := b.resource(path)
	_, err := b.PutMethodResponse(b.Context(), &apigateway.PutMethodResponseInput{RestApiId: b.api, ResourceId: id, HttpMethod: &method, StatusCode: &status})
	b.ok(err)
	in := &apigateway.PutIntegrationResponseInput{RestApiId: b.api, ResourceId: id, HttpMethod: &method, StatusCode: &status}
	if pattern != "" {
		in.SelectionPattern = &pattern
	}
	if template != "" {
		in.ResponseTemplates = map[string]string{"application/json": template}
	}
	_, err = b.PutIntegrationResponse(b.Context(), in)
	b.ok(err)
}

// mock is an integration that answers by itself with status 200.
func mock() apigateway.PutIntegrationInput {
	return apigateway.PutIntegrationInput{Type: types.IntegrationTypeMock, RequestTemplates: map[string]string{"application/json": `{"statusCode":200}`}}
}

// deploy deploys the API to the stage dev.
func (b *bench) deploy(change ...func(*apigateway.CreateDeploymentInput)) *string {
	b.Helper()
	in := &apigateway.CreateDeploymentInput{RestApiId: b.api, StageName: aws.String("dev")}
	for _, c := range change {
		c(in)
	}
	out, err := b.CreateDeployment(b.Context(), in)
	b.ok(err)
	return out.Id
}

func op(op types.Op, path, value string) types.PatchOperation {
	return types.PatchOperation{Op: op, Path: &path, Value: &value}
}

func (b *bench) url(path string) string {
	return "http://" + *b.api + ".execute-api.us-east-1.localhost:4566/dev" + path
}

func (b *bench) request(method, url, body string, headers ...string) *http.Request {
	b.Helper()
	r, err := http.NewRequestWithContext(b.Context(), method, url, strings.NewReader(body))
	b.ok(err)
	for i := 0; i < len(headers); i += 2 {
		r.Header.Add(headers[i], headers[i+1])
	}
	return r
}

func (b *bench) send(r *http.Request) (*http.Response, string) {
	b.Helper()
	res, err := b.cloud.Client().Do(r)
	b.ok(err)
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	b.ok(err)
	return res, string(data)
}

// answers wants a request to be answered with a status and a body.
func (b *bench) answers(r *http.Request, status int, body string) {
	b.Helper()
	res, got := b.send(r)
	b.want(r.Method+" "+r.URL.Path, spaced(res.StatusCode, got), spaced(status, body))
}
