package lambda

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// urlEvent is what a function gets of a request to its URL.
// AWS: "Invoking Lambda function URLs", request payload format: that of API
// Gateway's version 2.0, with what does not apply left out.
type urlEvent struct {
	Version         string            `json:"version"`
	RouteKey        string            `json:"routeKey"`
	RawPath         string            `json:"rawPath"`
	RawQuery        string            `json:"rawQueryString"`
	Cookies         []string          `json:"cookies,omitempty"`
	Headers         map[string]string `json:"headers"`
	Query           map[string]string `json:"queryStringParameters,omitempty"`
	Context         urlContext        `json:"requestContext"`
	Body            *string           `json:"body,omitempty"`
	IsBase64Encoded bool              `json:"isBase64Encoded"`
}

type urlContext struct {
	AccountID    string         `json:"accountId"`
	APIID        string         `json:"apiId"`
	Authorizer   *urlAuthorizer `json:"authorizer,omitempty"`
	DomainName   string         `json:"domainName"`
	DomainPrefix string         `json:"domainPrefix"`
	HTTP         urlHTTP        `json:"http"`
	RequestID    string         `json:"requestId"`
	RouteKey     string         `json:"routeKey"`
	Stage        string         `json:"stage"`
	Time         string         `json:"time"`
	Epoch        int64          `json:"timeEpoch"` // milliseconds
}

type urlHTTP struct {
	Method    string `json:"method"`
	Path      string `json:"path"`
	Protocol  string `json:"protocol"`
	SourceIP  string `json:"sourceIp"`
	UserAgent string `json:"userAgent"`
}

type urlAuthorizer struct {
	IAM struct {
		AccessKey string `json:"accessKey"`
		Account   string `json:"accountId"`
		Caller    string `json:"callerId"`
		ARN       string `json:"userArn"`
		User      string `json:"userId"`
	} `json:"iam"`
}

// event makes the event of a request.
func (v *visit) event(call *aws.Call) []byte {
	r := v.request
	host, _, err := net.SplitHostPort(call.Host)
	if err != nil {
		host = call.Host
	}
	e := urlEvent{
		Version: "2.0", RouteKey: "$default", RawPath: r.Path, RawQuery: r.URL.RawQuery, Headers: v.headers(call, host), Query: joined(r.Params),
		Context: urlContext{
			AccountID: "anonymous", APIID: v.url.ID, DomainName: host, DomainPrefix: v.url.ID, RequestID: call.RequestID, RouteKey: "$default", Stage: "$default",
			Time: call.Start.UTC().Format("02/Jan/2006:15:04:05 +0000"), Epoch: call.Start.UnixMilli(),
			HTTP: urlHTTP{Method: r.Method, Path: plainPath(r.Path), Protocol: r.Proto, SourceIP: call.SourceIP, UserAgent: call.UserAgent},
		},
	}
	for _, line := range r.Header.Values("Cookie") {
		for cookie := range strings.SplitSeq(line, ";") {
			e.Cookies = append(e.Cookies, strings.TrimSpace(cookie))
		}
	}
	if c := call.Caller; c.Kind != aws.Anonymous {
		e.Context.AccountID = string(c.Account)
		e.Context.Authorizer = &urlAuthorizer{}
		iam := &e.Context.Authorizer.IAM
		iam.AccessKey, iam.Account, iam.Caller, iam.ARN, iam.User = c.AccessKeyID, string(c.Account), c.UserID, c.ARN, c.UserID
	}
	if len(r.Body) > 0 {
		text := string(r.Body)
		if e.IsBase64Encoded = !isText(r.Header) || !utf8.Valid(r.Body); e.IsBase64Encoded {
			text = base64.StdEncoding.EncodeToString(r.Body)
		}
		e.Body = &text
	}
	b, _ := json.Marshal(e) // cannot fail: it has nothing but text
	return b
}

func (v *visit) headers(call *aws.Call, host string) map[string]string {
	h := map[string]string{}
	for name, values := range v.request.Header {
		h[strings.ToLower(name)] = strings.Join(values, ",")
	}
	scheme, port := "http", "80"
	if call.TLS {
		scheme, port = "https", "443"
	}
	if _, p, err := net.SplitHostPort(call.Host); err == nil {
		port = p
	}
	h["host"], h["x-forwarded-for"], h["x-forwarded-port"], h["x-forwarded-proto"] = host, call.SourceIP, port, scheme
	if h["x-amzn-trace-id"] == "" {
		h["x-amzn-trace-id"] = fmt.Sprintf("Root=1-%08x-%.24s", call.Start.Unix(), strings.ReplaceAll(call.RequestID, "-", ""))
	}
	return h
}

// joined are parameters by name; those of one name are parted by commas.
func joined(params []wire.Param) map[string]string {
	if len(params) == 0 {
		return nil
	}
	all := map[string]string{}
	for _, p := range params {
		if old, ok := all[p.Name]; ok {
			p.Value = old + "," + p.Value
		}
		all[p.Name] = p.Value
	}
	return all
}

func plainPath(raw string) string {
	if p, err := url.PathUnescape(raw); err == nil {
		return p
	}
	return raw
}

// isText reports whether a body goes as it is rather than in base64. A form does not:
// AWS sends it in base64, too.
func isText(h http.Header) bool {
	t, _, err := mime.ParseMediaType(h.Get("Content-Type"))
	if err != nil || h.Get("Content-Encoding") != "" {
		return false
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") ||
		t == "application/json" || t == "application/xml" || t == "application/javascript"
}
