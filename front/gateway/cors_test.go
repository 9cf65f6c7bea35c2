package gateway_test

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/iam"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/gateway"
	"github.com/brume-cloud/brume/state/clock"
)

func TestPreflights(t *testing.T) {
	c := cloudtest.Start(t)
	const (
		from = "\nOrigin: http://localhost:3000"
		post = from + "\nAccess-Control-Request-Method: POST"
		put  = from + "\nAccess-Control-Request-Method: PUT"
		json = post + "\nAccess-Control-Request-Headers: authorization,content-type,x-amz-target"
		auth = "\nAccess-Control-Request-Headers: authorization,content-type"
	)
	presigned := func(service string) string {
		return "?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=test%2F20260101%2Feu-west-3%2F" + service + "%2Faws4_request"
	}
	for _, k := range []struct {
		text     string
		answered bool
	}{
		{"OPTIONS /" + json, true},
		{"OPTIONS /a/b" + json, true},
		{"OPTIONS /" + post + "\nAccess-Control-Request-Headers: smithy-protocol", true},
		{"OPTIONS /" + post + auth, true}, // a form
		{"OPTIONS /" + post, true},
		{"OPTIONS /000000000000/queue" + post + auth, true},
		{"OPTIONS /2015-03-31/functions/f/invocations" + post + auth, true},
		{"OPTIONS /" + presigned("sqs") + post, true},
		{"OPTIONS /functions/f" + presigned("lambda") + put, true},
		{"OPTIONS /\nHost: sqs.eu-west-3.amazonaws.com" + post, true},
		{"OPTIONS /2015-03-31/functions/f/code\nHost: lambda.localhost:4566" + put, true},
		// S3
		{"OPTIONS /bucket/key" + put + auth, false},
		{"OPTIONS /bucket" + post, false}, // a form with a file
		{"OPTIONS /bucket/" + post, false},
		{"OPTIONS /bucket/key?uploads" + post + auth, false},
		{"OPTIONS /bucket/key" + presigned("s3") + put, false},
		{"OPTIONS /\nHost: s3.localhost:4566" + post, false},
		{"OPTIONS /\nHost: bucket.s3.localhost:4566" + post, false},
		{"OPTIONS /\nHost: bucket.s3.eu-west-3.amazonaws.com" + json, false},
		{"OPTIONS /\nHost: bucket.s3-website.eu-west-3.amazonaws.com" + post, false},
		// a site
		{"OPTIONS /\nHost: id.lambda-url.eu-west-3.localhost:4566" + json, false},
		// no preflights
		{"OPTIONS /" + from, false},
		{"OPTIONS /\nAccess-Control-Request-Method: POST", false},
		{"POST /" + json, false},
		{"GET /" + json, false},
	} {
		r := request(k.text)
		res, body := ask(c, r)
		h := res.Header
		if !k.answered {
			if res.StatusCode == 200 || h["Access-Control-Allow-Methods"] != nil {
				t.Errorf("%s\nwas answered: %d %v", k.text, res.StatusCode, h)
			}
			continue
		}
		if res.StatusCode != 200 || body != "" || h.Get("Content-Length") != "0" || h.Get("X-Amzn-Requestid") == "" ||
			h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Max-Age") != "172800" ||
			h.Get("Access-Control-Allow-Methods") != r.Header.Get("Access-Control-Request-Method") ||
			h.Get("Access-Control-Allow-Headers") != r.Header.Get("Access-Control-Request-Headers") {
			t.Errorf("%s\n%d %v %s", k.text, res.StatusCode, h, body)
		}
	}
}

func TestAnswersThatPagesMayRead(t *testing.T) {
	c := cloudtest.Start(t)
	const here, there = "\nOrigin: http://localhost:3000", "\nOrigin: https://elsewhere.example"
	const list = "\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues"
	for _, k := range []struct {
		text   string
		status int // 0: whatever S3 says
		shared bool
	}{
		{"POST /" + list + here + "\n\n{}", 200, true},
		{"POST /" + list + "\n\n{}", 200, false},
		{"POST /" + list + here + "\n\n{", 400, true},
		{"POST /" + list + there + "\n\n{}", 400, true}, // AccessDenied: a stranger is no root there
		{"POST /" + here + "\nX-Amz-Target: Nothing.Here\n\n{}", 400, true},
		{"POST /\nScope: sns\n" + form + here + "\n\nAction=ListTopics", 200, true},
		{"POST /\nScope: states\nX-Amz-Target: AWSStepFunctions.ListStateMachines" + here + "\n\n{}", 501, true},
		{"GET /bucket/key\nScope: s3" + here, 0, false},
		{"GET /bucket/key" + here, 0, false},
		{"GET /v20180820/accesspoint\nScope: s3" + here, 0, false},
	} {
		res, body := ask(c, request(k.text))
		origin, exposed := res.Header.Get("Access-Control-Allow-Origin"), res.Header.Get("Access-Control-Expose-Headers")
		if k.status != 0 && res.StatusCode != k.status || (origin == "*") != k.shared || strings.HasPrefix(exposed, "x-amzn-RequestId,x-amzn-ErrorType") != k.shared {
			t.Errorf("%s\n%d %v %s", k.text, res.StatusCode, res.Header, body)
		}
	}
}

// TestPagesReadHeadersOfAnswers: what an operation answers in headers is exposed, too.
func TestPagesReadHeadersOfAnswers(t *testing.T) {
	g := gateway.New(gateway.Options{Clock: clock.New(), Log: slogDiscard, Identities: nobody{}, Faults: new(fault.Set)},
		[]gateway.Endpoint{{Model: lambda.Model(), Operations: lambda.Operations, Service: lambda.Unimplemented{}}, {Model: sqs.Model()}})
	w := httptest.NewRecorder()
	g.ServeHTTP(w, request("POST /2015-03-31/functions/f/invocations\nScope: lambda\nOrigin: http://localhost:3000\n\n{}"))
	if got := w.Header().Get("Access-Control-Expose-Headers"); !strings.Contains(got, ",X-Amz-Function-Error") || !strings.Contains(got, ",X-Amz-Log-Result") {
		t.Errorf("%d %q %s", w.Code, got, w.Body)
	}
}

// TestPageOfAnotherSite goes through a browser's dialogue, as bytes: such a
// page is refused as a stranger, and may call with a key that somebody made.
func TestPageOfAnotherSite(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Loopback())
	address := strings.TrimPrefix(c.Endpoint, "http://")
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	answers := bufio.NewReader(conn)
	say := func(text string) (int, http.Header, string) {
		t.Helper()
		io.WriteString(conn, text)
		res, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res.StatusCode, res.Header, string(b)
	}
	const page = "\r\nOrigin: https://elsewhere.example"
	ask := "OPTIONS / HTTP/1.1\r\nHost: " + address + page + "\r\nAccess-Control-Request-Method: POST\r\nAccess-Control-Request-Headers: authorization,x-amz-date,x-amz-target\r\n\r\n"
	if status, h, _ := say(ask); status != 200 || h.Get("Access-Control-Allow-Origin") != "*" || h.Get("Access-Control-Allow-Headers") != "authorization,x-amz-date,x-amz-target" {
		t.Fatal(status, h)
	}
	call := func(h http.Header) (int, http.Header, string) {
		t.Helper()
		text := "POST / HTTP/1.1\r\nHost: " + address + page + "\r\nContent-Length: 2\r\n"
		for name := range h {
			text += name + ": " + h.Get(name) + "\r\n"
		}
		return say(text + "\r\n{}")
	}
	status, h, body := call(request("POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues").Header)
	if status != 400 || h.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(body, "web pages of other sites") {
		t.Fatal(status, h, body)
	}

	status, h, body = call(signedByUser(t, c, address))
	if status != 200 || h.Get("Access-Control-Allow-Origin") != "*" {
		t.Fatal(status, h, body)
	}
}

// signedByUser is the head of a ListQueues that is signed with a key that was made.
func signedByUser(t *testing.T, c *cloudtest.Cloud, address string) http.Header {
	t.Helper()
	users := iam.NewFromConfig(c.Config())
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("page")}); err != nil {
		t.Fatal(err)
	}
	if _, err := users.AttachUserPolicy(t.Context(), &iam.AttachUserPolicyInput{UserName: new("page"), PolicyArn: new("arn:aws:iam::aws:policy/AmazonSQSFullAccess")}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("page")})
	if err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequest("POST", "http://"+address+"/", strings.NewReader("{}"))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("X-Amz-Target", "AmazonSQS.ListQueues")
	const hash = "44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a" // of {}
	creds := awssdk.Credentials{AccessKeyID: *key.AccessKey.AccessKeyId, SecretAccessKey: *key.AccessKey.SecretAccessKey}
	if err := v4.NewSigner().SignHTTP(t.Context(), creds, r, hash, "sqs", "eu-west-3", time.Now()); err != nil {
		t.Fatal(fmt.Errorf("sign: %w", err))
	}
	return r.Header
}
