package gateway_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
	"github.com/aws/aws-sdk-go-v2/service/sts"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/front/listen"
)

// head is a request's head for ListQueues, with more headers.
func head(more ...string) string {
	r := request("POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues")
	text := "POST / HTTP/1.1\r\nHost: localhost\r\n"
	for name, v := range r.Header {
		text += name + ": " + v[0] + "\r\n"
	}
	for _, h := range more {
		text += h + "\r\n"
	}
	return text + "\r\n"
}

func zipped(b []byte) string {
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	z.Write(b)
	z.Close()
	return out.String()
}

// TestBadClients writes bytes to the server as no library would.
func TestBadClients(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Loopback())
	address := strings.TrimPrefix(c.Endpoint, "http://")
	bomb := zipped(make([]byte, 17<<20))
	good := zipped([]byte("{}"))
	for name, k := range map[string]struct{ send, want string }{
		"a good one":                {head("Content-Length: 2") + "{}", "200 OK"},
		"chunked":                   {head("Transfer-Encoding: chunked") + "2\r\n{}\r\n0\r\n\r\n", "200 OK"},
		"not HTTP":                  {"hello, is anybody there?\r\n\r\n", "400 Bad Request"},
		"no host":                   {"GET / HTTP/1.1\r\n\r\n", "400 Bad Request"},
		"two lengths":               {head("Content-Length: 2", "Content-Length: 3") + "{}", "400 Bad Request"},
		"large headers":             {head("X-Large: " + strings.Repeat("x", 80<<10)), "431 Request Header Fields Too Large"},
		"body declared too large":   {head("Content-Length: 99999999"), "413 Request Entity Too Large"},
		"body too large":            {head("Transfer-Encoding: chunked") + strings.Repeat("100000\r\n"+strings.Repeat(" ", 1<<20)+"\r\n", 17) + "0\r\n\r\n", "413 Request Entity Too Large"},
		"body ends early":           {head("Content-Length: 200") + "{}", "RequestTimeout"},
		"chunk ends early":          {head("Transfer-Encoding: chunked") + "20\r\n{}", "RequestTimeout"},
		"gzip":                      {head("Content-Encoding: gzip", fmt.Sprint("Content-Length: ", len(good))) + good, "200 OK"},
		"gzip that ends early":      {head("Content-Encoding: gzip", fmt.Sprint("Content-Length: ", len(good)-9)) + good[:len(good)-9], "is not gzip"},
		"gzip bomb":                 {head("Content-Encoding: gzip", fmt.Sprint("Content-Length: ", len(bomb))) + bomb, "413 Request Entity Too Large"},
		"expects to be asked":       {head("Content-Length: 2", "Expect: 100-continue") + "{}", "100 Continue\r\n\r\nHTTP/1.1 200 OK"},
		"is not asked for too much": {head("Content-Length: 99999999", "Expect: 100-continue"), "HTTP/1.1 413 Request Entity Too Large"},
		"goes on after an error":    {head("Content-Length: 1") + "{" + head("Content-Length: 2", "Connection: close") + "{}", "HTTP/1.1 200 OK"},
		"after an unread body":      {strings.Replace(head("Content-Length: 9"), "AmazonSQS", "Nothing", 1) + "123456789" + head("Content-Length: 2", "Connection: close") + "{}", "HTTP/1.1 200 OK"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			conn, err := net.Dial("tcp", address)
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			conn.SetDeadline(time.Now().Add(20 * time.Second))
			go func() {
				io.WriteString(conn, k.send)
				if k.want == "RequestTimeout" {
					conn.(*net.TCPConn).CloseWrite()
				}
			}()
			var got []byte
			for buf := make([]byte, 4096); err == nil && !strings.Contains(string(got), k.want); {
				var n int
				n, err = conn.Read(buf)
				got = append(got, buf[:n]...)
			}
			if !strings.Contains(string(got), k.want) {
				t.Errorf("%q, %v\nwant %s", got, err, k.want)
			}
		})
	}
}

func TestOnePortSpeaksAll(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.Loopback())
	address := strings.TrimPrefix(c.Endpoint, "http://")
	for name, k := range map[string]struct {
		scheme string
		set    func(*http.Protocols)
		proto  string
	}{
		"HTTP/1.1":              {"http", func(p *http.Protocols) { p.SetHTTP1(true) }, "HTTP/1.1"},
		"h2c":                   {"http", func(p *http.Protocols) { p.SetUnencryptedHTTP2(true) }, "HTTP/2.0"},
		"HTTP/1.1 over TLS":     {"https", func(p *http.Protocols) { p.SetHTTP1(true) }, "HTTP/1.1"},
		"HTTP/2 over TLS":       {"https", func(p *http.Protocols) { p.SetHTTP2(true) }, "HTTP/2.0"},
		"what TLS agrees about": {"https", func(p *http.Protocols) { p.SetHTTP1(true); p.SetHTTP2(true) }, "HTTP/2.0"},
	} {
		t.Run(name, func(t *testing.T) {
			tr := &http.Transport{Protocols: new(http.Protocols), TLSClientConfig: &tls.Config{InsecureSkipVerify: true}}
			k.set(tr.Protocols)
			defer tr.CloseIdleConnections()
			for _, body := range []string{"{}", "{", "{}"} {
				r := request("POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n" + body)
				r.RequestURI, r.URL.Scheme, r.URL.Host = "", k.scheme, address
				res, err := tr.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				b, _ := io.ReadAll(res.Body)
				res.Body.Close()
				if res.Proto != k.proto || (res.StatusCode == 200) != (body == "{}") {
					t.Errorf("%s %s %s", res.Proto, res.Status, b)
				}
			}
		})
	}
}

// code is the error code that the SDK reports.
func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func TestDenialsNameWhatIsMissing(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.NoRetries())
	users := iam.NewFromConfig(c.Config())
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("ann")}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("ann")})
	if err != nil {
		t.Fatal(err)
	}
	ann := c.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	for name, k := range map[string]struct {
		call       func(cfg awssdk.Config) error
		code, want string
	}{
		"sns": {func(cfg awssdk.Config) error {
			_, err := sns.NewFromConfig(cfg).ListTopics(t.Context(), nil)
			return err
		}, "AuthorizationError", "sns:ListTopics"},
		"sqs": {func(cfg awssdk.Config) error {
			_, err := sqs.NewFromConfig(cfg).ListQueues(t.Context(), nil)
			return err
		}, "AccessDeniedException", "sqs:listqueues"},
		"iam": {func(cfg awssdk.Config) error {
			_, err := iam.NewFromConfig(cfg).ListUsers(t.Context(), nil)
			return err
		}, "AccessDenied", "iam:ListUsers"},
	} {
		err := k.call(ann)
		if !strings.HasPrefix(code(err), strings.TrimSuffix(k.code, "Exception")) || !strings.Contains(strings.ToLower(fmt.Sprint(err)), strings.ToLower(k.want)) || !strings.Contains(err.Error(), "user/ann") {
			t.Errorf("%s: %v\nwant %s … %s", name, err, k.code, k.want)
		}
	}
	for name, k := range map[string]struct{ key, secret, token, code string }{
		"wrong secret":    {*key.AccessKey.AccessKeyId, "wrong", "", "SignatureDoesNotMatch"},
		"token too much":  {*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "token", "InvalidClientTokenId"},
		"a forgotten key": {"ASIA0000000000000000", "x", "x", "InvalidClientTokenId"},
	} {
		if _, err := sts.NewFromConfig(c.As(k.key, k.secret, k.token)).GetCallerIdentity(t.Context(), nil); code(err) != k.code {
			t.Errorf("%s: %v, want %s", name, err, k.code)
		}
	}
}

func TestLateRequest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t)
		text := "POST /\nScope: sqs\nX-Amz-Target: AmazonSQS.ListQueues\n\n{}"
		early, late := request(text), request(text)
		time.Sleep(14 * time.Minute)
		if res, body := ask(c, early); res.StatusCode != 200 {
			t.Errorf("within the skew: %s", body)
		}
		time.Sleep(2 * time.Minute)
		if res, body := ask(c, late); res.StatusCode != 400 || !strings.Contains(body, "Signature expired") {
			t.Errorf("after it: %s", body)
		}
	})
}

func TestFaultsReachTheSDK(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t, cloudtest.NoRetries())
		client := sqs.NewFromConfig(c.Config())
		list := func() error {
			_, err := client.ListQueues(t.Context(), nil)
			return err
		}
		remove := c.Fault(fault.Rule{Kind: fault.Error, Service: "sqs", Code: "Broken", Status: 502, Message: "on purpose"})
		if err := list(); code(err) != "Broken" || !strings.Contains(err.Error(), "on purpose") {
			t.Error(err)
		}
		if _, err := sns.NewFromConfig(c.Config()).ListTopics(t.Context(), nil); err != nil {
			t.Error("another service:", err)
		}
		remove()
		remove = c.Fault(fault.Rule{Kind: fault.Latency, Latency: 3 * time.Second})
		began := time.Now()
		if err := list(); err != nil || time.Since(began) != 3*time.Second {
			t.Errorf("%v after %v", err, time.Since(began))
		}
		remove()
		c.Fault(fault.Rule{Kind: fault.Throttle, Rate: 0.5, Until: c.Clock().Now().Add(time.Hour)})
		throttled := 0
		for range 400 {
			if err := list(); code(err) == "RequestThrottled" {
				throttled++
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if throttled < 120 || throttled > 280 {
			t.Errorf("%d of 400 throttled at a rate of a half", throttled)
		}
		c.Advance(2 * time.Hour)
		for range 50 {
			if err := list(); err != nil {
				t.Fatal("after the rule's end:", err)
			}
		}
	})
}

func TestShutdownEndsLongPolls(t *testing.T) {
	c := cloudtest.Start(t, cloudtest.NoRetries())
	client := sqs.NewFromConfig(c.Config("eu-west-3"))
	out, err := client.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: new("q")})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	served := make(chan error, 1)
	go func() { served <- c.System().Serve(ctx, l) }()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	body := `{"WaitTimeSeconds":20,"QueueUrl":"` + *out.QueueUrl + `"}`
	io.WriteString(conn, strings.Replace(head(fmt.Sprint("Content-Length: ", len(body))), "ListQueues", "ReceiveMessage", 1)+body)
	began := time.Now()
	time.AfterFunc(100*time.Millisecond, cancel)
	res, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := <-served; err != nil || time.Since(began) > 5*time.Second || res.StatusCode != 200 && res.StatusCode != 503 {
		t.Errorf("%s after %v: %v", res.Status, time.Since(began), err)
	}
}

// TestSlowHeaders holds the server's limits against a client that trickles.
func TestSlowHeaders(t *testing.T) {
	for name, sent := range map[string]string{"nothing": "", "half a head": "GET / HTTP/1.1\r\nHost: x\r\n", "a body that does not come": head("Content-Length: 9")} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := cloudtest.Start(t)
				l := &pipes{conns: make(chan net.Conn), done: make(chan struct{})}
				ctx, cancel := context.WithCancel(t.Context())
				served := make(chan error, 1)
				go func() {
					served <- (&listen.Server{Handler: c.Handler(), Log: slogDiscard, Grace: time.Second}).Serve(ctx, l)
				}()
				client, server := net.Pipe()
				l.conns <- server
				if sent != "" {
					io.WriteString(client, sent)
				}
				began := time.Now()
				io.ReadAll(client)
				if d := time.Since(began); d < 5*time.Second || d > 3*time.Minute {
					t.Errorf("the connection was closed after %v", d)
				}
				client.Close()
				cancel()
				if err := <-served; err != nil {
					t.Error(err)
				}
			})
		})
	}
}

// TestListenerRecovers accepts again after the process ran out of files.
func TestListenerRecovers(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := &pipes{conns: make(chan net.Conn), done: make(chan struct{}), fail: 3}
		answer := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { io.WriteString(w, "here") })
		ctx, cancel := context.WithCancel(t.Context())
		served := make(chan error, 1)
		go func() {
			served <- (&listen.Server{Handler: answer, Log: slogDiscard, Grace: time.Second}).Serve(ctx, l)
		}()
		client, server := net.Pipe()
		l.conns <- server
		go io.WriteString(client, "GET / HTTP/1.1\r\nHost: x\r\n\r\n")
		res, err := http.ReadResponse(bufio.NewReader(client), nil)
		if err != nil || res.StatusCode != http.StatusOK {
			t.Error(res, err)
		}
		cancel()
		if err := <-served; err != nil {
			t.Error(err)
		}
		if _, err := client.Read(make([]byte, 1)); err != io.EOF {
			t.Error("open after the end:", err)
		}
	})
}
