package lambda_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brume-cloud/brume/cloudtest/function"
)

// addressed makes a URL of function f.
func (b *bench) addressed(change ...func(*lambda.CreateFunctionUrlConfigInput)) string {
	b.Helper()
	in := &lambda.CreateFunctionUrlConfigInput{FunctionName: aws.String("f"), AuthType: types.FunctionUrlAuthTypeNone}
	for _, c := range change {
		c(in)
	}
	out, err := b.CreateFunctionUrlConfig(b.Context(), in)
	b.ok(err)
	return *out.FunctionUrl
}

// open lets everybody call the URL of function f, by both permissions that this takes.
func (b *bench) open(qualifier *string) {
	b.Helper()
	b.permit("url", func(in *lambda.AddPermissionInput) {
		in.Qualifier, in.Action, in.FunctionUrlAuthType = qualifier, aws.String("lambda:InvokeFunctionUrl"), types.FunctionUrlAuthTypeNone
	})
	b.permit("call", func(in *lambda.AddPermissionInput) {
		in.Qualifier, in.InvokedViaFunctionUrl = qualifier, aws.Bool(true)
	})
}

func (b *bench) permit(sid string, change func(*lambda.AddPermissionInput)) {
	b.Helper()
	in := &lambda.AddPermissionInput{FunctionName: aws.String("f"), StatementId: &sid, Action: aws.String("lambda:InvokeFunction"), Principal: aws.String("*")}
	change(in)
	_, err := b.AddPermission(b.Context(), in)
	b.ok(err)
}

// spaced are values with a space between each two.
func spaced(values ...any) string { return strings.TrimSuffix(fmt.Sprintln(values...), "\n") }

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

func TestURLIsMadeReadChangedListedAndDeleted(t *testing.T) {
	b := story(t)
	ctx, f := b.Context(), aws.String("f")
	_, err := b.CreateFunction(ctx, b.input())
	b.ok(err)
	_, err = b.GetFunctionUrlConfig(ctx, &lambda.GetFunctionUrlConfigInput{FunctionName: f})
	b.refused(err, "ResourceNotFoundException", "The resource you requested does not exist.")
	url := b.addressed()
	if host, _, _ := strings.Cut(strings.TrimPrefix(url, "http://"), ".lambda-url.us-east-1.localhost"); len(host) != 32 {
		t.Errorf("url %s", url)
	}
	_, err = b.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: f, AuthType: types.FunctionUrlAuthTypeNone})
	b.refused(err, "ResourceConflictException", "FunctionUrlConfig exists for this Lambda function")
	_, err = b.CreateFunctionUrlConfig(ctx, &lambda.CreateFunctionUrlConfigInput{FunctionName: f, Qualifier: aws.String("1"), AuthType: types.FunctionUrlAuthTypeNone})
	b.refused(err, "InvalidParameterValueException", "qualifier")
	changed, err := b.UpdateFunctionUrlConfig(ctx, &lambda.UpdateFunctionUrlConfigInput{
		FunctionName: f, AuthType: types.FunctionUrlAuthTypeAwsIam, InvokeMode: types.InvokeModeResponseStream, Cors: &types.Cors{AllowOrigins: []string{"*"}},
	})
	b.ok(err)
	b.want("changed", spaced(*changed.FunctionUrl == url, changed.AuthType, changed.InvokeMode, changed.Cors.AllowOrigins), "true AWS_IAM RESPONSE_STREAM [*]")
	_, err = b.PublishVersion(ctx, &lambda.PublishVersionInput{FunctionName: f})
	b.ok(err)
	_, err = b.CreateAlias(ctx, &lambda.CreateAliasInput{FunctionName: f, Name: aws.String("live"), FunctionVersion: aws.String("1")})
	b.ok(err)
	b.addressed(func(in *lambda.CreateFunctionUrlConfigInput) { in.Qualifier = aws.String("live") })
	list, err := b.ListFunctionUrlConfigs(ctx, &lambda.ListFunctionUrlConfigsInput{FunctionName: f})
	b.ok(err)
	b.want("list", spaced(len(list.FunctionUrlConfigs), *list.FunctionUrlConfigs[1].FunctionArn), "2 arn:aws:lambda:us-east-1:000000000000:function:f:live")
	_, err = b.DeleteAlias(ctx, &lambda.DeleteAliasInput{FunctionName: f, Name: aws.String("live")})
	b.ok(err)
	_, err = b.DeleteFunctionUrlConfig(ctx, &lambda.DeleteFunctionUrlConfigInput{FunctionName: f})
	b.ok(err)
	list, err = b.ListFunctionUrlConfigs(ctx, &lambda.ListFunctionUrlConfigsInput{FunctionName: f})
	b.ok(err)
	b.want("left", len(list.FunctionUrlConfigs), 0)
	res, body := b.send(b.request("GET", url, ""))
	b.want("a URL that is gone", spaced(res.StatusCode, body[:20]), `403 {"Message":"Forbidde`)
}

func TestURLGivesTheFunctionTheRequest(t *testing.T) {
	b := story(t)
	b.runnable()
	url := b.addressed()
	res, body := b.send(b.request("GET", url, ""))
	b.want("without permission", spaced(res.StatusCode, strings.Contains(body, "Forbidden"), res.Header.Get("X-Amzn-Errortype")), "403 true AccessDeniedException")
	b.open(nil)
	res, body = b.send(b.request("POST", url+"a%20b/c?x=1&x=2&y=%20", `{"in":1}`, "Content-Type", "application/json", "Cookie", "a=1; b=2", "Authorization", "Bearer x", "X-Amz-Target", "DynamoDB_20120810.GetItem"))
	b.want("status and type", spaced(res.StatusCode, res.Header.Get("Content-Type")), "200 application/json")
	var e struct {
		Version, RawPath, RawQueryString, Body string
		IsBase64Encoded                        bool
		Cookies                                []string
		Headers, QueryStringParameters         map[string]string
		RequestContext                         struct {
			AccountID, DomainName, DomainPrefix string
			HTTP                                struct{ Method, Path, Protocol string }
		}
	}
	b.ok(json.Unmarshal([]byte(body), &e))
	b.want("path", e.RawPath+" "+e.RequestContext.HTTP.Path, "/a%20b/c /a b/c")
	b.want("query", spaced(e.RawQueryString, e.QueryStringParameters), "x=1&x=2&y=%20 map[x:1,2 y: ]")
	b.want("cookies", spaced(e.Cookies, e.Headers["authorization"]), "[a=1 b=2] Bearer x")
	b.want("body", spaced(e.Version, e.Body, e.IsBase64Encoded), `2.0 {"in":1} false`)
	b.want("context", spaced(e.RequestContext.AccountID, e.RequestContext.HTTP.Method, e.RequestContext.DomainName == e.RequestContext.DomainPrefix+".lambda-url.us-east-1.localhost"), "anonymous POST true")
	_, body = b.send(b.request("POST", url, "a=b", "Content-Type", "application/x-www-form-urlencoded"))
	if !strings.Contains(body, `"body":"YT1i","isBase64Encoded":true`) {
		t.Errorf("a form: %s", body)
	}
	res, _ = b.send(b.request("POST", url, strings.Repeat("x", 6<<20+1)))
	b.want("too long", res.StatusCode, 413)
	aws := strings.Replace(url, "localhost", "on.aws", 1)
	res, _ = b.send(b.request("GET", aws, ""))
	b.want("by AWS's name", res.StatusCode, 200)
}

// says makes a function that answers each request to its URL with answer.
func (b *bench) says(answer string, change ...func(*lambda.CreateFunctionUrlConfigInput)) string {
	b.Helper()
	code, err := function.Zip()
	b.ok(err)
	_, err = b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) {
		in.FunctionName, in.Code.ZipFile = aws.String("f"), code
		in.Environment = &types.Environment{Variables: map[string]string{"ALWAYS": answer}}
	}))
	b.ok(err)
	url := b.addressed(change...)
	b.open(nil)
	return url
}

func (b *bench) forget() {
	b.Helper()
	_, err := b.DeleteFunction(b.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	b.ok(err)
}

func TestURLReadsTheFunctionsAnswer(t *testing.T) {
	b := story(t)
	for _, c := range []struct{ order, status, contentType, body, cookie string }{
		{`{"Answer":{"plain":1}}`, "200", "application/json", `{"plain":1}`, ""},
		{`{"Answer":"text"}`, "200", "application/json", `"text"`, ""},
		{`{"Answer":{"statusCode":201,"headers":{"Content-Type":"text/plain","X-N":5},"cookies":["a=1; Path=/"],"body":"made"}}`, "201", "text/plain", "made", "a=1; Path=/"},
		{`{"Answer":{"statusCode":200,"body":"aGk=","isBase64Encoded":true}}`, "200", "application/json", "hi", ""},
		{`{"Answer":{"statusCode":204}}`, "204", "application/json", "", ""},
		{`{"Answer":{"statusCode":200,"body":{"no":"string"}}}`, "502", "application/json", "Internal Server Error", ""},
		{`{"Answer":{"statusCode":9}}`, "502", "application/json", "Internal Server Error", ""},
		{`{"Fail":"broken"}`, "502", "application/json", "Internal Server Error", ""},
	} {
		url := b.says(c.order)
		res, body := b.send(b.request("GET", url, ""))
		b.want(c.order, fmt.Sprint(res.StatusCode, res.Header.Get("Content-Type"), body, res.Header.Get("Set-Cookie")), c.status+c.contentType+c.body+c.cookie)
		b.forget()
	}
}

func TestURLStreams(t *testing.T) {
	b := story(t)
	stream := func(in *lambda.CreateFunctionUrlConfigInput) { in.InvokeMode = types.InvokeModeResponseStream }
	gateURL, open := gate(t)
	prelude := `{\"statusCode\":202,\"headers\":{\"X-A\":\"b\"},\"cookies\":[\"c=d\"]}\u0000\u0000\u0000\u0000\u0000\u0000\u0000\u0000one`
	url := b.says(`{"Stream":{"Type":"application/vnd.awslambda.http-integration-response","Parts":["`+prelude+`",",two"],"Wait":"`+gateURL+`"}}`, stream)
	res, err := b.cloud.Client().Do(b.request("GET", url, ""))
	b.ok(err)
	b.want("head", spaced(res.StatusCode, res.Header.Get("X-A"), res.Header.Get("Set-Cookie")), "202 b c=d")
	first := make([]byte, 3)
	_, err = io.ReadFull(res.Body, first)
	b.ok(err)
	open()
	rest, err := io.ReadAll(res.Body)
	b.ok(err)
	b.want("body", string(first)+string(rest), "one,two")
	head, none := b.send(b.request("HEAD", url, ""))
	b.want("only the head", spaced(head.StatusCode, none), "202 ")
	b.forget()

	url = b.says(`{"Stream":{"Type":"text/html","Parts":["half"],"Fail":"broken"}}`, stream)
	res, err = b.cloud.Client().Do(b.request("GET", url, ""))
	b.ok(err)
	data, err := io.ReadAll(res.Body)
	b.want("cut off", spaced(string(data), res.Header.Get("Content-Type"), err != nil), "half text/html true")
	b.forget()

	url = b.says(`{"Fail":"broken"}`, stream)
	res, body := b.send(b.request("GET", url, ""))
	b.want("failed before it began", spaced(res.StatusCode, body), "502 Internal Server Error")
}

func TestURLAnswersBrowsers(t *testing.T) {
	b := story(t)
	url := b.says(`{"Answer":{"statusCode":200,"headers":{"Access-Control-Allow-Origin":"https://other"},"body":"x"}}`, func(in *lambda.CreateFunctionUrlConfigInput) {
		in.Cors = &types.Cors{
			AllowOrigins: []string{"https://app.example"}, AllowMethods: []string{"GET", "PUT"}, AllowHeaders: []string{"x-a"},
			ExposeHeaders: []string{"x-b"}, MaxAge: aws.Int32(60), AllowCredentials: aws.Bool(true),
		}
	})
	ask := func(origin, method string) http.Header {
		res, _ := b.send(b.request("OPTIONS", url, "", "Origin", origin, "Access-Control-Request-Method", method))
		b.want("preflight", res.StatusCode, 200)
		return res.Header
	}
	h := ask("https://app.example", "PUT")
	b.want("allowed", spaced(h["Access-Control-Allow-Origin"], h["Access-Control-Allow-Methods"], h["Access-Control-Allow-Headers"], h["Access-Control-Max-Age"], h["Access-Control-Allow-Credentials"]),
		"[https://app.example] [GET,PUT] [x-a] [60] [true]")
	b.want("another method", spaced(ask("https://app.example", "DELETE")["Access-Control-Allow-Methods"]), "[]")
	b.want("another page", spaced(ask("https://evil.example", "GET")["Access-Control-Allow-Origin"]), "[]")
	res, _ := b.send(b.request("GET", url, "", "Origin", "https://app.example"))
	b.want("read", spaced(res.Header["Access-Control-Allow-Origin"], res.Header["Access-Control-Expose-Headers"]), "[https://app.example] [x-b]")
	res, _ = b.send(b.request("GET", url, "", "Origin", "https://evil.example"))
	b.want("not read", spaced(res.Header["Access-Control-Allow-Origin"]), "[]")
}

// signed signs a request for Lambda, as account's root.
func (b *bench) signed(account string, r *http.Request, body string) *http.Request {
	b.Helper()
	sum := sha256.Sum256([]byte(body))
	b.ok(v4.NewSigner().SignHTTP(context.Background(), aws.Credentials{AccessKeyID: account, SecretAccessKey: "secret"}, r, hex.EncodeToString(sum[:]), "lambda", "us-east-1", time.Now()))
	return r
}

func TestURLWithIAMWantsASignatureAndPermissions(t *testing.T) {
	b := story(t)
	b.runnable()
	url := b.addressed(func(in *lambda.CreateFunctionUrlConfigInput) { in.AuthType = types.FunctionUrlAuthTypeAwsIam })
	res, _ := b.send(b.request("GET", url, ""))
	b.want("unsigned", res.StatusCode, 403)
	res, body := b.send(b.signed("000000000000", b.request("POST", url, "x"), "x"))
	b.want("own account", spaced(res.StatusCode, strings.Contains(body, `"userArn":"arn:aws:iam::000000000000:root"`)), "200 true")
	other := func() int {
		res, _ := b.send(b.signed("222222222222", b.request("GET", url, ""), ""))
		return res.StatusCode
	}
	b.want("a stranger", other(), 403)
	b.permit("one", func(in *lambda.AddPermissionInput) {
		in.Action, in.Principal, in.FunctionUrlAuthType = aws.String("lambda:InvokeFunctionUrl"), aws.String("222222222222"), types.FunctionUrlAuthTypeAwsIam
	})
	b.want("with one of two permissions", other(), 403)
	b.permit("two", func(in *lambda.AddPermissionInput) {
		in.Principal, in.InvokedViaFunctionUrl = aws.String("222222222222"), aws.Bool(true)
	})
	b.want("with both", other(), 200)
	_, err := lambda.NewFromConfig(b.cloud.As("222222222222", "secret", "")).Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("arn:aws:lambda:us-east-1:000000000000:function:f")})
	b.refused(err, "AccessDeniedException", "lambda:InvokeFunction")
}

func TestURLSaysThatTheFunctionIsBusy(t *testing.T) {
	b := story(t)
	url := b.says(`{}`)
	_, err := b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(0)})
	b.ok(err)
	res, body := b.send(b.request("GET", url, ""))
	b.want("busy", spaced(res.StatusCode, body), `429 {"Message":"Rate Exceeded.","Reason":"ReservedFunctionConcurrentInvocationLimitExceeded","Type":"User"}`)
}
