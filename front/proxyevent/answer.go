package proxyevent

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

const jsonType = "application/json"

// ErrMalformed is of an answer that is not in the form that proxy integrations need.
var ErrMalformed = errors.New("proxyevent: the function's answer is malformed")

// Answer is what a function says over HTTP.
type Answer struct {
	Status int
	Header http.Header
	Body   []byte
}

// Said is an answer in which the function says its status itself.
type Said struct {
	Status       *status        `json:"statusCode"`
	Headers      map[string]any `json:"headers"`
	MultiHeaders map[string]any `json:"multiValueHeaders"` // 1.0 alone
	Cookies      []string       `json:"cookies"`           // 2.0 alone
	Body         any            `json:"body"`
	IsBase64     bool           `json:"isBase64Encoded"`
}

// status is a number, which some functions write in quotes.
type status int

// UnmarshalJSON implements json.Unmarshaler.
func (s *status) UnmarshalJSON(b []byte) error {
	n, err := strconv.Atoi(string(bytes.Trim(b, `"`)))
	*s = status(n)
	return err
}

// SetStatus says the status.
func (said *Said) SetStatus(n int) { said.Status = new(status(n)) }

// ReadSecond reads an answer to a payload of version 2.0: what has no status is
// itself the body, of type application/json.
// AWS: "Create AWS Lambda proxy integrations for HTTP APIs in API Gateway", Lambda
// function response for format 2.0.
func ReadSecond(payload []byte) (*Answer, error) {
	var members map[string]json.RawMessage
	if json.Unmarshal(payload, &members) != nil || members["statusCode"] == nil {
		return &Answer{Status: http.StatusOK, Header: http.Header{"Content-Type": {jsonType}}, Body: payload}, nil
	}
	var said Said
	if err := json.Unmarshal(payload, &said); err != nil {
		return nil, ErrMalformed
	}
	said.MultiHeaders = nil
	return said.Answer()
}

// ReadFirst reads an answer to a payload of version 1.0, which has to say its status.
// AWS: "Output format of a Lambda function for proxy integration".
func ReadFirst(payload []byte) (*Answer, error) {
	var said Said
	if err := json.Unmarshal(payload, &said); err != nil {
		return nil, ErrMalformed
	}
	said.Cookies = nil
	return said.Answer()
}

// Answer is what was said as HTTP. The type of its body is application/json unless it says another.
func (said *Said) Answer() (*Answer, error) {
	if said.Status == nil || *said.Status < 100 || *said.Status > 599 {
		return nil, ErrMalformed
	}
	a := &Answer{Status: int(*said.Status), Header: http.Header{"Content-Type": {jsonType}}}
	for name, value := range said.Headers {
		a.Header.Set(name, text(value))
	}
	for name, values := range said.MultiHeaders { // AWS: those of both win over single ones
		list, ok := values.([]any)
		if !ok {
			return nil, ErrMalformed
		}
		a.Header.Del(name)
		for _, value := range list {
			a.Header.Add(name, text(value))
		}
	}
	for _, c := range said.Cookies {
		a.Header.Add("Set-Cookie", c)
	}
	switch body := said.Body.(type) {
	case nil:
	case string:
		a.Body = []byte(body)
	default:
		return nil, ErrMalformed
	}
	if said.IsBase64 {
		var err error
		if a.Body, err = base64.StdEncoding.DecodeString(string(a.Body)); err != nil {
			return nil, ErrMalformed
		}
	}
	return a, nil
}

// text is a header's value as functions write it: text, a number or a boolean.
func text(value any) string {
	if s, ok := value.(string); ok {
		return s
	}
	b, _ := json.Marshal(value) // cannot fail: it came out of JSON
	return string(b)
}

// IsFraming reports whether a header is the server's to write.
func IsFraming(name string) bool {
	switch name {
	case "Content-Length", "Transfer-Encoding", "Connection", "Keep-Alive", "Upgrade", "Trailer", "Te":
		return true
	}
	return false
}
