package gateway_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sqs"

	"github.com/brume-cloud/brume/cloudtest"
)

// request is a request as a test writes it: the target line, then headers, then
// after an empty line the body.
func request(text string) *http.Request {
	head, body, _ := strings.Cut(text, "\n\n")
	lines := strings.Split(head, "\n")
	method, target, _ := strings.Cut(lines[0], " ")
	r := httptest.NewRequest(method, "http://localhost:4566/", strings.NewReader(body))
	r.RequestURI = target
	r.URL.Path, r.URL.RawQuery, _ = strings.Cut(target, "?")
	r.URL.Opaque = ""
	scope := ""
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ": ")
		switch name {
		case "Host":
			r.Host = value
		case "Scope":
			scope = value
			r.Header.Set("X-Amz-Date", now())
		default:
			r.Header.Add(name, value)
		}
	}
	if scope != "" {
		r.Header.Set("Authorization", authorization(scope, r.Header))
	}
	return r
}

func now() string { return time.Now().UTC().Format("20060102T150405Z") }

// authorization is a signature by an access key that nobody knows.
func authorization(service string, h http.Header) string {
	signed := []string{"host"}
	for name := range h {
		if strings.HasPrefix(name, "X-Amz-") {
			signed = append(signed, strings.ToLower(name))
		}
	}
	slices.Sort(signed)
	region := "eu-west-3"
	if s, r, ok := strings.Cut(service, "@"); ok {
		service, region = s, r
	}
	return "AWS4-HMAC-SHA256 Credential=test/" + now()[:8] + "/" + region + "/" + service +
		"/aws4_request, SignedHeaders=" + strings.Join(signed, ";") + ", Signature=" + strings.Repeat("0", 64)
}

// ask gives a request to the cloud in process.
func ask(c *cloudtest.Cloud, r *http.Request) (*http.Response, string) {
	w := httptest.NewRecorder()
	c.Handler().ServeHTTP(w, r)
	res := w.Result()
	b, _ := io.ReadAll(res.Body)
	return res, string(b)
}

const form = "Content-Type: application/x-www-form-urlencoded"

func TestRouting(t *testing.T) {
	c := cloudtest.Start(t)
	if _, err := sqs.NewFromConfig(c.Config("eu-west-3")).CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new("q")}); err != nil {
		t.Fatal(err)
	}
	const (
		xml, xmlRest, xmlEC2 = "text/xml", "application/xml", "text/xml;charset=UTF-8"
		json, json11, rest   = "application/x-amz-json-1.0", "application/x-amz-json-1.1", "application/json"
		cbor                 = "application/cbor"
		granite              = "/service/GraniteServiceVersion20100801/operation/"
	)
	for _, k := range []struct {
		text   string
		status int
		kind   string // content type
		want   string // in the body
	}{
		// awsJson
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 200, json, `"QueueUrls"`},
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n", 200, json, `"QueueUrls"`},
		{"POST /a/b\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 200, json, `"QueueUrls"`},
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.Nothing\n\n{}", 400, json, `#UnknownOperationException"`},
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.\n\n{}", 400, json, `UnknownOperationException"`},
		{"POST /\nScope: sqs\nX-Amz-Target: Nothing.ListQueues\n\n{}", 400, json, `UnknownOperationException"`},
		{"POST /\nScope: sqs\nX-Amz-Target: ListQueues\n\n{}", 400, json, `UnknownOperationException"`},
		{"POST /\nScope: sqs\nX-Amz-Target: .\n\n{}", 400, json, `UnknownOperationException"`},
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n{", 400, json, `SerializationException"`},
		{"POST /\nScope: sqs\nContent-Type: application/x-amz-json-1.0\n\n{}", 404, json, `UnknownOperationException"`},
		{"POST /\nScope: iam\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 400, json, `Credential should be scoped to correct service: 'sqs'`},
		{"POST /\nScope: sqs@Mars 1\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 400, json, `valid region`},
		{"POST /\nScope: monitoring\nX-Amz-Target: GraniteServiceVersion20100801.ListMetrics\n\n{}", 501, json, "NotImplemented"},
		{"POST /\nScope: states\nX-Amz-Target: AWSStepFunctions.ListStateMachines\n\n{}", 501, json, "stepfunctions:ListStateMachines"},
		{"POST /\nScope: kinesis\nX-Amz-Target: Kinesis_20131202.ListStreams\n\n{}", 501, json11, "NotImplemented"},
		// Smithy RPC v2 CBOR
		{"POST " + granite + "ListMetrics\nScope: monitoring\nSmithy-Protocol: rpc-v2-cbor\n\n\xa0", 501, cbor, "NotImplemented"},
		{"POST /prefix" + granite + "ListMetrics\nScope: monitoring\nSmithy-Protocol: rpc-v2-cbor\n\n\xa0", 501, cbor, "NotImplemented"},
		{"POST " + granite + "Nothing\nScope: monitoring\nSmithy-Protocol: rpc-v2-cbor\n\n\xa0", 400, cbor, "UnknownOperationException"},
		{"POST /service/Nothing/operation/X\nScope: monitoring\nSmithy-Protocol: rpc-v2-cbor\n\n\xa0", 404, cbor, "UnknownOperationException"},
		{"POST /nowhere\nScope: monitoring\nSmithy-Protocol: rpc-v2-cbor\n\n\xa0", 404, cbor, "UnknownOperationException"},
		// Query
		{"POST /\nScope: sqs\n" + form + "\n\nAction=ListQueues&Version=2012-11-05", 200, xml, "<ListQueuesResult>"},
		{"POST /\nScope: sqs\n" + form + "; charset=utf-8\n\nAction=ListQueues", 200, xml, "<ListQueuesResult>"},
		{"GET /?Action=ListQueues\nScope: sqs", 200, xml, "<ListQueuesResult>"},
		{"GET /?Action=ListQueues&Prefix=%zz\nScope: sqs", 200, xml, "<ListQueuesResult>"},
		{"GET http://sqs.eu-west-3.amazonaws.com/?Action=ListQueues\nScope: sqs", 200, xml, "<ListQueuesResult>"},
		{"POST /\nScope: sqs\n" + form + "\n\nAction=Nothing&Version=2012-11-05", 400, xml, "<Code>InvalidAction<"},
		{"POST /\nScope: sqs\n" + form + "\n\nVersion=2012-11-05", 400, xml, "<Code>MissingAction<"},
		{"POST /\nScope: sqs\n" + form + "\n\n", 400, xml, "<Code>MissingAction<"},
		{"POST /\nScope: sts\n" + form + "\n\nAction=GetCallerIdentity&Version=2011-06-15", 200, xml, ":root</Arn>"},
		{"POST /?Action=GetCallerIdentity&Version=2011-06-15\nScope: sts", 200, xml, ":root</Arn>"},
		{"POST /\n" + form + "\n\nAction=GetCallerIdentity&Version=2011-06-15", 403, xml, "<Code>MissingAuthenticationToken<"},
		{"POST /\nHost: sts.amazonaws.com\n" + form + "\n\nAction=GetCallerIdentity", 403, xml, "MissingAuthenticationToken"},
		{"GET /?Action=ListQueues\nHost: sqs.eu-west-3.amazonaws.com", 403, xml, "MissingAuthenticationToken"},
		{"POST /\nScope: sns\n" + form + "\n\nAction=ListTopics&Version=2010-03-31", 200, xml, "<ListTopicsResult>"},
		{"POST /\nScope: iam\n" + form + "\n\nAction=ListUsers&Version=2010-05-08", 200, xml, "<ListUsersResult>"},
		{"POST /\nScope: iam\n" + form + "\n\nAction=ListUsers&Action=ListRoles", 200, xml, "<ListUsersResult>"},
		{"POST /?Action=ListRoles\nScope: iam\n" + form + "\n\nAction=ListUsers", 200, xml, "<ListUsersResult>"},
		{"POST /\nScope: iam\n" + form + "\n\nAction=%zz", 400, xml, "bad percent-encoding"},
		{"POST /\nScope: elasticloadbalancing\n" + form + "\n\nAction=DescribeLoadBalancers&Version=2012-06-01", 501, xml, "elb:DescribeLoadBalancers"},
		{"POST /\nScope: elasticloadbalancing\n" + form + "\n\nAction=DescribeLoadBalancers&Version=2015-12-01", 501, xml, "elbv2:DescribeLoadBalancers"},
		{"POST /\nScope: elasticloadbalancing\n" + form + "\n\nAction=DescribeTargetGroups", 501, xml, "elbv2:DescribeTargetGroups"},
		{"POST /\nScope: elasticloadbalancing\n" + form + "\n\nAction=DescribeTargetGroups&Version=2000-01-01", 400, xml, "InvalidAction"},
		{"POST /\nScope: ec2\n" + form + "\n\nAction=DescribeInstances&Version=2016-11-15", 501, xmlEC2, "<Response><Errors><Error><Code>NotImplemented<"},
		{"POST /\nScope: ec2\n" + form + "\n\nAction=Nothing&Version=2016-11-15", 400, xmlEC2, "<Code>InvalidAction<"},
		// a queue's URL is where the request goes
		{"POST /000000000000/q\nScope: sqs\n" + form + "\n\nAction=SendMessage&MessageBody=x&Version=2012-11-05", 200, xml, "<SendMessageResult>"},
		{"POST /000000000000/q\nScope: sqs\n" + form + "\n\nAction=ReceiveMessage", 200, xml, "<Body>x</Body>"},
		{"GET /000000000000/q?Action=ReceiveMessage\nScope: sqs", 200, xml, "<ReceiveMessageResult>"},
		{"GET /000000000000/none?Action=ReceiveMessage\nScope: sqs", 400, xml, "NonExistentQueue"},
		{"POST /000000000000/none\nScope: sqs\n" + form + "\n\nAction=ReceiveMessage&QueueUrl=http://x/000000000000/q", 200, xml, "<ReceiveMessageResult>"},
		{"POST /\nScope: sqs\n" + form + "\n\nAction=ReceiveMessage", 400, xml, "<Code>MissingParameter<"},
		// REST
		{"GET /2015-03-31/functions\nScope: lambda", 200, rest, `{"Functions":[]}`},
		{"GET /2015-03-31/functions/\nScope: lambda", 200, rest, `{"Functions":[]}`},
		{"POST /2015-03-31/functions/f/invocations\nScope: lambda\n" + form + "\n\nAction=x", 400, rest, "Could not parse request body into json"},
		{"PATCH /2015-03-31/functions/\nScope: lambda", 404, rest, "is no operation"},
		{"GET /nothing/here\nScope: lambda", 404, rest, "is no operation"},
		{"GET /2013-04-01/hostedzone\nScope: route53", 501, xmlRest, "<ErrorResponse"},
		{"GET /nothing\nScope: route53", 404, xmlRest, "<Code>UnknownOperationException<"},
		{"GET /v20180820/storagelensgroup/a\nScope: s3\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD\nX-Amz-Account-Id: 000000000000", 501, xmlRest, "s3control:GetStorageLensGroup"},
		{"GET /\nScope: s3\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD", 200, xmlRest, "ListAllMyBucketsResult"},
		{"GET /", 403, xmlRest, "AccessDenied"},
		{"GET /bucket/../..//key%2F%zz", 404, xmlRest, "NoSuchBucket"},
		{"GET /bucket/key?Action=x\nScope: s3\nX-Amz-Content-Sha256: UNSIGNED-PAYLOAD", 404, xmlRest, "NoSuchBucket"},
		{"HEAD /bucket/key", 404, xmlRest, ""},
		{"HEAD /", 404, xmlRest, ""},
		{"OPTIONS /", 404, xmlRest, "UnknownOperationException"},
		{"OPTIONS *", 404, xmlRest, "UnknownOperationException"},
		{"BREW /", 404, xmlRest, "UnknownOperationException"},
		{"DELETE /a\nScope: sqs", 404, json, "UnknownOperationException"},
		// not signed as AWS signs
		{"POST /\nAuthorization: Basic x\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 400, json, "IncompleteSignatureException"},
		{"POST /\nAuthorization: AWS4-HMAC-SHA256 x\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 400, json, "IncompleteSignatureException"},
		{"POST /\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}", 400, json, "MissingAuthenticationTokenException"},
		{"POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\nContent-Encoding: gzip\n\n{}", 400, json, "is not gzip"},
	} {
		res, body := ask(c, request(k.text))
		if res.StatusCode != k.status || res.Header.Get("Content-Type") != k.kind || !strings.Contains(body, k.want) {
			t.Errorf("%q\ngot  %d %s %q\nwant %d %s … %s", k.text, res.StatusCode, res.Header.Get("Content-Type"), body, k.status, k.kind, k.want)
		}
		if id := res.Header.Get("X-Amzn-Requestid") + res.Header.Get("X-Amz-Request-Id"); len(id) != 36 {
			t.Errorf("%q: request id %q", k.text, id)
		}
		if n := res.Header.Get("Content-Length"); res.Request == nil && !strings.HasPrefix(k.text, "HEAD") && n != strconv.Itoa(len(body)) {
			t.Errorf("%q: length %s of %d bytes", k.text, n, len(body))
		}
	}
}

func TestQueryCodesForThoseWhoAsk(t *testing.T) {
	c := cloudtest.Start(t)
	for mode, want := range map[string]string{"true": "AWS.SimpleQueueService.NonExistentQueue;Sender", "false": "", "": ""} {
		res, body := ask(c, request("POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.GetQueueUrl\nX-Amzn-Query-Mode: "+mode+"\n\n{\"QueueName\":\"none\"}"))
		if got := res.Header.Get("X-Amzn-Query-Error"); got != want || !strings.Contains(body, "com.amazonaws.sqs#QueueDoesNotExist") {
			t.Errorf("mode %q: %q, %s", mode, got, body)
		}
	}
}

func TestStrangersFromPages(t *testing.T) {
	c := cloudtest.Start(t)
	for headers, want := range map[string]string{
		"Origin: http://localhost:3000\nSec-Fetch-Site: same-site": "<ListUsersResult>",
		"Origin: https://evil.example\nSec-Fetch-Site: cross-site": "<Code>AccessDenied</Code><Message>This cloud takes unknown access keys for root, so it refuses them from web pages",
		"Origin: null":               "<Code>AccessDenied</Code>",
		"Host: evil.example:4566":    "<Code>AccessDenied</Code><Message>This cloud takes unknown access keys for root, so it refuses them under the name &quot;evil.example:4566&quot;",
		"Host: iam.amazonaws.com":    "<ListUsersResult>",
		"Sec-Fetch-Site: cross-site": "<Code>AccessDenied</Code>",
		"User-Agent: aws-cli":        "<ListUsersResult>",
	} {
		if _, body := ask(c, request("POST /\nScope: iam\n"+form+"\n"+headers+"\n\nAction=ListUsers")); !strings.Contains(body, want) {
			t.Errorf("%q: %s\nwant %s", headers, body, want)
		}
	}
	res, body := ask(c, request("POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\nOrigin: https://evil.example\n\n{}"))
	if res.StatusCode != 400 || !strings.Contains(body, "AccessDeniedException") {
		t.Errorf("%d %s", res.StatusCode, body)
	}
}
