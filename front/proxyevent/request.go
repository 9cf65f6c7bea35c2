// Package proxyevent is how Lambda functions get HTTP requests, and how they
// answer them: the payloads of API Gateway's proxy integrations, in version 1.0
// (REST APIs, and HTTP APIs that ask for it) and 2.0 (HTTP APIs and functions'
// URLs), and the events of Lambda authorizers, which are nearly the same.
//
// A payload is made from the request and the call that it is. What only the API
// knows, such as the route, its maker fills in.
package proxyevent

import (
	"encoding/base64"
	"fmt"
	"mime"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
)

// timeForm is how the payloads write the time of a request.
const timeForm = "02/Jan/2006:15:04:05 +0000"

// Written is a time as the payloads and access logs write it.
func Written(t time.Time) string { return t.UTC().Format(timeForm) }

// Hostname is the name in a Host header, without the port.
func Hostname(host string) string {
	if name, _, err := net.SplitHostPort(host); err == nil {
		return name
	}
	return host
}

// HeaderBytes is how long the values of a request's headers are together, with its host.
func HeaderBytes(r *http.Request) (n int) {
	n = len(r.Host)
	for _, values := range r.Header {
		for _, v := range values {
			n += len(v)
		}
	}
	return n
}

func prefixOf(host string) string {
	prefix, _, _ := strings.Cut(host, ".")
	return prefix
}

// Trace is the X-Ray header of a call: the one that came, or a new one.
func Trace(call *aws.Call) string {
	if call.Trace != "" {
		return call.Trace
	}
	return fmt.Sprintf("Root=1-%08x-%.24s", call.Start.Unix(), strings.ReplaceAll(call.RequestID, "-", ""))
}

// Forwarded are the headers that a front adds to those of the request, by their
// canonical names.
func Forwarded(call *aws.Call) map[string]string {
	scheme, port := "http", "80"
	if call.TLS {
		scheme, port = "https", "443"
	}
	if _, p, err := net.SplitHostPort(call.Host); err == nil {
		port = p
	}
	return map[string]string{
		"Host": Hostname(call.Host), "X-Forwarded-For": call.SourceIP, "X-Forwarded-Port": port, "X-Forwarded-Proto": scheme, "X-Amzn-Trace-Id": Trace(call),
	}
}

// headers are those of the request and those that the front adds, by names that
// spell writes; values of one name are parted by commas.
func headers(call *aws.Call, h http.Header, spell func(string) string) map[string]string {
	all := make(map[string]string, len(h)+5)
	for name, values := range h {
		all[spell(name)] = strings.Join(values, ",")
	}
	for name, value := range Forwarded(call) {
		all[spell(name)] = value
	}
	return all
}

// joined are parameters by name; those of one name are parted by commas. It is
// nil where there are none.
func joined(params []wire.Param) map[string]string {
	if len(params) == 0 {
		return nil
	}
	all := make(map[string]string, len(params))
	for _, p := range params {
		if old, ok := all[p.Name]; ok {
			p.Value = old + "," + p.Value
		}
		all[p.Name] = p.Value
	}
	return all
}

// Decoded is a path without its percent signs; one that is not well written stays as it is.
func Decoded(raw string) string {
	if !strings.Contains(raw, "%") {
		return raw
	}
	if p, err := url.PathUnescape(raw); err == nil {
		return p
	}
	return raw
}

// Body returns how JSON carries a body: as it is, or in base64 where it is not
// text. It is nil for an empty one.
func Body(b []byte, text bool) (body *string, inBase64 bool) {
	if len(b) == 0 {
		return nil, false
	}
	if text && utf8.Valid(b) {
		return new(string(b)), false
	}
	return new(base64.StdEncoding.EncodeToString(b)), true
}

// IsText reports whether HTTP APIs and functions' URLs give a body as it is
// rather than in base64. A form they do not.
func IsText(h http.Header) bool {
	kind := h.Get("Content-Type")
	if kind == "" || h.Get("Content-Encoding") != "" {
		return false
	}
	t, _, err := mime.ParseMediaType(kind)
	if err != nil {
		return false
	}
	return strings.HasPrefix(t, "text/") || strings.HasSuffix(t, "+json") || strings.HasSuffix(t, "+xml") ||
		t == "application/json" || t == "application/xml" || t == "application/javascript"
}
