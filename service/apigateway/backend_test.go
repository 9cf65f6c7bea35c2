package apigateway_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/apigateway"
	"github.com/aws/aws-sdk-go-v2/service/apigateway/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	dynamotypes "github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// service is an integration with an AWS service, by a role.
func service(uri, role string) apigateway.PutIntegrationInput {
	return apigateway.PutIntegrationInput{
		Type: types.IntegrationTypeAws, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String("arn:aws:apigateway:us-east-1:" + uri), Credentials: &role,
		RequestTemplates: map[string]string{},
	}
}

func TestSQSTakesRequestsByARole(t *testing.T) {
	b := story(t)
	queues := sqs.NewFromConfig(b.cloud.Config())
	made, err := queues.CreateQueue(b.Context(), &sqs.CreateQueueInput{QueueName: aws.String("orders")})
	b.ok(err)
	in := service("sqs:path/000000000000/orders", b.role("sender", "apigateway", "sqs:SendMessage"))
	in.RequestParameters = map[string]string{"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
	in.RequestTemplates["application/json"] = `Action=SendMessage&MessageBody=$util.urlEncode($input.body)`
	b.method("POST", "/orders", in)
	b.says("POST", "/orders", "200", "", `{"sent":$input.json('$.SendMessageResponse.SendMessageResult.MD5OfMessageBody')}`)
	b.says("POST", "/orders", "500", `[45]\d\d`, `{"sent":false}`)
	in = service("sqs:path/000000000000/orders", b.role("other", "apigateway", "sns:Publish"))
	in.RequestParameters = map[string]string{"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
	in.RequestTemplates["application/json"] = `Action=SendMessage&MessageBody=no`
	b.method("POST", "/denied", in)
	b.says("POST", "/denied", "200", "", `{"sent":true}`)
	b.says("POST", "/denied", "502", `4\d\d`, `{"sent":false}`)
	b.deploy()
	b.answers(b.request("POST", b.url("/orders"), `{"a":"b c"}`), 200, `{"sent":"8fc1a178cdd8f8a9e2608a116a527871"}`)
	b.answers(b.request("POST", b.url("/denied"), `{}`), 502, `{"sent":false}`)
	got, err := queues.ReceiveMessage(b.Context(), &sqs.ReceiveMessageInput{QueueUrl: made.QueueUrl, MaxNumberOfMessages: 10})
	b.ok(err)
	b.want("messages", spaced(len(got.Messages), *got.Messages[0].Body), `1 {"a":"b c"}`)
}

func TestSNSPublishesByAction(t *testing.T) {
	b := story(t)
	made, err := sns.NewFromConfig(b.cloud.Config()).CreateTopic(b.Context(), &sns.CreateTopicInput{Name: aws.String("news")})
	b.ok(err)
	in := service("sns:action/Publish", b.role("editor", "apigateway", "sns:Publish"))
	in.RequestParameters = map[string]string{"integration.request.querystring.TopicArn": "'" + *made.TopicArn + "'", "integration.request.querystring.Message": "method.request.querystring.text"}
	b.method("POST", "/", in, func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.text": true}
	})
	b.says("POST", "/", "200", "", `$input.path('$.PublishResponse.PublishResult.MessageId').length()`)
	b.says("POST", "/", "400", `4\d\d`, `$input.path('$.Error.Code')`)
	b.deploy()
	b.answers(b.request("POST", b.url("/?text=hello"), ""), 200, "36")
	b.answers(b.request("POST", b.url("/"), ""), 400, "ValidationError")
}

func TestDynamoDBAndS3AreReachedByActionAndByPath(t *testing.T) {
	b := story(t)
	tables := dynamodb.NewFromConfig(b.cloud.Config())
	_, err := tables.CreateTable(b.Context(), &dynamodb.CreateTableInput{
		TableName: aws.String("pets"), BillingMode: dynamotypes.BillingModePayPerRequest,
		AttributeDefinitions: []dynamotypes.AttributeDefinition{{AttributeName: aws.String("id"), AttributeType: "S"}},
		KeySchema:            []dynamotypes.KeySchemaElement{{AttributeName: aws.String("id"), KeyType: "HASH"}},
	})
	b.ok(err)
	role := b.role("worker", "apigateway", "*")
	in := service("dynamodb:action/PutItem", role)
	in.RequestTemplates["application/json"] = `{"TableName":"pets","Item":{"id":{"S":"$input.params('id')"},"name":{"S":$input.json('$.name')}}}`
	b.method("PUT", "/pets/{id}", in)
	b.says("PUT", "/pets/{id}", "200", "", "")
	in = service("dynamodb:action/GetItem", role)
	in.RequestTemplates["application/json"] = `{"TableName":"pets","Key":{"id":{"S":"$input.params('id')"}}}`
	b.method("GET", "/pets/{id}", in)
	b.says("GET", "/pets/{id}", "200", "", `{"name":"$input.path('$.Item.name.S')"}`)
	objects := s3.NewFromConfig(b.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err = objects.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: aws.String("files")})
	b.ok(err)
	for _, method := range []string{"PUT", "GET"} {
		in := service("s3:path/files/{key}", role)
		in.IntegrationHttpMethod = aws.String(method)
		in.RequestTemplates = nil
		in.RequestParameters = map[string]string{"integration.request.path.key": "method.request.path.name"}
		b.method(method, "/files/{name}", in)
		b.says(method, "/files/{name}", "200", "", "")
		b.says(method, "/files/{name}", "404", "404", `gone`)
	}
	b.deploy()
	b.answers(b.request("PUT", b.url("/pets/7"), `{"name":"rex"}`), 200, `{}`)
	b.answers(b.request("GET", b.url("/pets/7"), ``), 200, `{"name":"rex"}`)
	b.answers(b.request("PUT", b.url("/files/a%20b.txt"), `text`, "Content-Type", "text/plain"), 200, ``)
	b.answers(b.request("GET", b.url("/files/a%20b.txt"), ``), 200, `text`)
	b.answers(b.request("GET", b.url("/files/none"), ``), 404, `gone`)
}

func TestHTTPBackends(t *testing.T) {
	b := story(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if r.URL.Path == "/missing" {
			w.WriteHeader(http.StatusNotFound)
		}
		w.Header().Set("X-Kind", "cat")
		fmt.Fprint(w, r.Method, " ", r.URL, " ", r.Header.Get("X-Mapped"), " ", r.Header.Get("X-Own"), " ", string(body))
	}))
	t.Cleanup(server.Close)
	to := func(kind types.IntegrationType, path string) apigateway.PutIntegrationInput {
		return apigateway.PutIntegrationInput{
			Type: kind, IntegrationHttpMethod: aws.String("POST"), Uri: aws.String(strings.Replace(server.URL, "127.0.0.1", "${stageVariables.host}", 1) + path),
			RequestParameters: map[string]string{
				"integration.request.path.p": "method.request.path.p", "integration.request.header.X-Mapped": "context.stage", "integration.request.querystring.q": "method.request.querystring.q",
			},
		}
	}
	declare := func(in *apigateway.PutMethodInput) {
		in.RequestParameters = map[string]bool{"method.request.querystring.q": false, "method.request.path.p": true}
	}
	b.method("POST", "/proxy/{p+}", to(types.IntegrationTypeHttpProxy, "/{p}"), declare)
	in := to(types.IntegrationTypeHttp, "/{p}")
	in.RequestTemplates = map[string]string{"application/json": `made of $input.json('$.a')`}
	id := b.method("POST", "/custom/{p}", in, declare)
	for _, status := range []string{"200", "404"} {
		_, err := b.PutMethodResponse(b.Context(), &apigateway.PutMethodResponseInput{
			RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("POST"), StatusCode: &status, ResponseParameters: map[string]bool{"method.response.header.X-Pet": true},
		})
		b.ok(err)
		r := &apigateway.PutIntegrationResponseInput{
			RestApiId: b.api, ResourceId: id, HttpMethod: aws.String("POST"), StatusCode: &status, ResponseParameters: map[string]string{"method.response.header.X-Pet": "integration.response.header.X-Kind"},
		}
		if status == "404" {
			r.SelectionPattern = aws.String(`4\d{2}`)
		}
		_, err = b.PutIntegrationResponse(b.Context(), r)
		b.ok(err)
	}
	b.deploy(func(in *apigateway.CreateDeploymentInput) { in.Variables = map[string]string{"host": "127.0.0.1"} })
	b.answers(b.request("POST", b.url("/proxy/a/b?q=1&r=2"), "body", "X-Own", "mine"), 200, "POST /a/b?q=1&q=1&r=2 dev mine body")
	res, body := b.send(b.request("POST", b.url("/custom/x?q=1&r=2"), `{"a":5}`, "X-Own", "mine"))
	b.want("custom", spaced(res.StatusCode, res.Header.Get("X-Pet"), body), "200 cat POST /x?q=1 dev  made of 5")
	res, _ = b.send(b.request("POST", b.url("/custom/missing"), `{"a":5}`))
	b.want("chosen by status", spaced(res.StatusCode, res.Header.Get("X-Pet")), "404 ")
	server.Close()
	b.answers(b.request("POST", b.url("/proxy/a"), ""), 504, `{"message":"Network error communicating with endpoint"}`)
}

func TestBackendsHaveTheirTime(t *testing.T) {
	b := story(t)
	done := make(chan struct{})
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { <-done }))
	t.Cleanup(server.Close)
	t.Cleanup(func() { close(done) })
	b.method("GET", "/", apigateway.PutIntegrationInput{Type: types.IntegrationTypeHttpProxy, IntegrationHttpMethod: aws.String("GET"), Uri: &server.URL, TimeoutInMillis: aws.Int32(50)})
	b.deploy()
	b.answers(b.request("GET", b.url("/"), ""), 504, `{"message":"Endpoint request timed out"}`)
}
