package apigateway_test

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	lambdatypes "github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

// program is the zip of the program of Lambda's own tests: it answers with its event,
// or as the event or its environment say.
var program = sync.OnceValues(func() ([]byte, error) {
	dir, err := os.MkdirTemp("", "bootstrap")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "bootstrap")
	build := exec.Command("go", "build", "-ldflags", "-s -w", "-o", file, "../lambda/testdata/bootstrap")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, fmt.Errorf("%w: %s", err, out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	w := zip.NewWriter(&buf)
	h := &zip.FileHeader{Name: "bootstrap", Method: zip.Deflate}
	h.SetMode(0o755)
	f, err := w.CreateHeader(h)
	if err != nil {
		return nil, err
	}
	_, _ = f.Write(data)
	_ = w.Close()
	return buf.Bytes(), nil
})

// role makes a role that a service may assume, and that may do actions.
func (b *bench) role(name, service, actions string) string {
	b.Helper()
	roles := iam.NewFromConfig(b.cloud.Config())
	made, err := roles.CreateRole(b.Context(), &iam.CreateRoleInput{
		RoleName: &name, AssumeRolePolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"` + service + `.amazonaws.com"},"Action":"sts:AssumeRole"}}`),
	})
	b.ok(err)
	_, err = roles.PutRolePolicy(b.Context(), &iam.PutRolePolicyInput{
		RoleName: &name, PolicyName: aws.String("p"), PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"` + actions + `","Resource":"*"}}`),
	})
	b.ok(err)
	return *made.Role.Arn
}

// function makes a function that answers with its event, or always with the same. It
// returns the URI that integrations name it by.
func (b *bench) function(name, always string) *string {
	b.Helper()
	if runtime.GOOS == "windows" {
		b.Skip("provided.al2023 needs Linux or macOS")
	}
	code, err := program()
	b.ok(err)
	arch := lambdatypes.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = lambdatypes.ArchitectureArm64
	}
	in := &lambda.CreateFunctionInput{
		FunctionName: &name, Role: aws.String(b.role("role-"+name, "lambda", "logs:*")), Runtime: lambdatypes.RuntimeProvidedal2023, Handler: aws.String("h"),
		Code: &lambdatypes.FunctionCode{ZipFile: code}, Architectures: []lambdatypes.Architecture{arch}, Timeout: aws.Int32(30),
	}
	if always != "" {
		in.Environment = &lambdatypes.Environment{Variables: map[string]string{"ALWAYS": always}}
	}
	made, err := lambda.NewFromConfig(b.cloud.Config()).CreateFunction(b.Context(), in)
	b.ok(err)
	return aws.String("arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/" + *made.FunctionArn + "/invocations")
}

// permit lets API Gateway call a function for what an ARN, below the API's, names.
func (b *bench) permit(function, below string) {
	b.Helper()
	_, err := lambda.NewFromConfig(b.cloud.Config()).AddPermission(b.Context(), &lambda.AddPermissionInput{
		FunctionName: &function, StatementId: aws.String(strings.NewReplacer("/", "-", "*", "all", "{", "", "}", "").Replace(below)), Action: aws.String("lambda:InvokeFunction"),
		Principal: aws.String("apigateway.amazonaws.com"), SourceArn: aws.String("arn:aws:execute-api:us-east-1:000000000000:" + *b.api + "/" + below),
	})
	b.ok(err)
}

func proxy(uri *string) apigateway.PutIntegrationInput {
	return apigateway.PutIntegrationInput{Type: types.IntegrationTypeAwsProxy, IntegrationHttpMethod: aws.String("POST"), Uri: uri}
}

func TestAFunctionGetsTheRequest(t *testing.T) {
	b := story(t)
	b.method("ANY", "/pets/{id}", proxy(b.function("echo", "")))
	b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"color": "red"} })
	b.answers(b.request("GET", b.url("/pets/7"), ""), 500, `{"message":"Internal server error"}`)
	b.permit("echo", "*/GET/pets/*")
	b.answers(b.request("POST", b.url("/pets/7"), ""), 500, `{"message":"Internal server error"}`)
	b.answers(b.request("GET", b.url("/pets/7"), ""), 502, `{"message":"Internal server error"}`) // the event is no answer
	b.forget("echo")
	b.function("echo2", "")
	b.permit("echo2", "dev/*/pets/{id}")
	b.method("GET", "/wrapped/{id}", proxy(b.function("wrap", `{"Answer":{"statusCode":201,"headers":{"X-One":1},"multiValueHeaders":{"X-Two":["a","b"]},"body":"made"}}`)))
	b.permit("wrap", "*")
	b.deploy()
	res, body := b.send(b.request("GET", b.url("/wrapped/1"), ""))
	b.want("answer", spaced(res.StatusCode, res.Header.Get("X-One"), res.Header["X-Two"], body, res.Header.Get("X-Amzn-Trace-Id") != ""), "201 1 [a b] made true")
}

// forget deletes a function.
func (b *bench) forget(name string) {
	b.Helper()
	_, err := lambda.NewFromConfig(b.cloud.Config()).DeleteFunction(b.Context(), &lambda.DeleteFunctionInput{FunctionName: &name})
	b.ok(err)
}

func TestTheEventHasAllOfTheRequest(t *testing.T) {
	b := story(t)
	in := proxy(b.function("echo", ""))
	in.Type = types.IntegrationTypeAws // so that the event comes back: a function's own
	b.permit("echo", "*")
	in.RequestTemplates = map[string]string{"application/json": `{"Answer":{"path":$input.json('$.a'),"id":"$input.params('id')","q":"$input.params().querystring.q","stage":"$context.stage","key":"$context.resourcePath"}}`}
	b.method("POST", "/pets/{id}", in)
	b.says("POST", "/pets/{id}", "200", "", "")
	b.says("POST", "/pets/{id}", "404", "Not found: .*", `{"gone":$input.json('$.errorMessage')}`)
	b.deploy()
	b.answers(b.request("POST", b.url("/pets/7?q=x"), `{"a":[1,2]}`), 200, `{"path":[1,2],"id":"7","q":"x","stage":"dev","key":"/pets/{id}"}`)
	res, body := b.send(b.request("POST", b.url("/pets/7?q=x"), `{"a":`))
	b.want("a body that is not JSON", spaced(res.StatusCode, strings.HasPrefix(body, `{"message":"Could not parse request body into json: `)), "400 true")
}

func TestErrorsOfFunctionsChooseAResponse(t *testing.T) {
	b := story(t)
	in := proxy(b.function("f", ""))
	in.Type = types.IntegrationTypeAws
	b.permit("f", "*")
	b.method("POST", "/", in)
	b.says("POST", "/", "200", "", "")
	b.says("POST", "/", "404", "Not found: .*", `{"gone":$input.json('$.errorMessage')}`)
	b.deploy()
	b.answers(b.request("POST", b.url("/"), `{"Answer":{"a":1}}`), 200, `{"a":1}`)
	b.answers(b.request("POST", b.url("/"), `{"Fail":"Not found: 7"}`), 404, `{"gone":"Not found: 7"}`)
	b.answers(b.request("POST", b.url("/"), `{"Fail":"other"}`), 200, `{"errorType":"Test","errorMessage":"other"}`)
}

func TestProxiedFunctionsSeeThePayloadOfVersionOne(t *testing.T) {
	b := story(t)
	b.function("echo", "")
	uri := "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:000000000000:function:${stageVariables.fn}/invocations"
	b.permit("echo", "*")
	b.method("POST", "/a/{rest+}", proxy(&uri))
	b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"fn": "echo"} })
	// The event is its own answer where the caller's body makes it one.
	tested, err := b.TestInvokeMethod(b.Context(), &apigateway.TestInvokeMethodInput{
		RestApiId: b.api, ResourceId: b.resource("/a/{rest+}"), HttpMethod: aws.String("POST"), PathWithQueryString: aws.String("/a/b/c%2Bd?x=1&x=2"),
		Body: aws.String("text"), Headers: map[string]string{"X-H": "v"}, StageVariables: map[string]string{"fn": "echo"},
	})
	b.ok(err)
	at := strings.Index(*tested.Log, "Endpoint request body after transformations: ")
	line, _, _ := strings.Cut((*tested.Log)[max(at, 0):], "\n")
	var e struct {
		Resource, Path, HTTPMethod, Body                               string
		Headers, QueryStringParameters, PathParameters, StageVariables map[string]string
		MultiValueQueryStringParameters                                map[string][]string
		RequestContext                                                 struct{ Stage, APIID, ResourcePath, AccountID string }
	}
	b.ok(json.Unmarshal([]byte(line[strings.IndexByte(line, '{'):]), &e))
	b.want("event", spaced(e.Resource, e.Path, e.HTTPMethod, e.Body, e.Headers["X-H"], e.QueryStringParameters, e.MultiValueQueryStringParameters, e.PathParameters, e.StageVariables),
		"/a/{rest+} /a/b/c%2Bd POST text v map[x:2] map[x:[1 2]] map[rest:b/c%2Bd] map[fn:echo]")
	b.want("context", spaced(e.RequestContext.Stage, e.RequestContext.APIID == *b.api, e.RequestContext.ResourcePath, e.RequestContext.AccountID), "test-invoke-stage true /a/{rest+} 000000000000")
	b.want("status", tested.Status, 502)
}
