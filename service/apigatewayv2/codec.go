package apigatewayv2

import (
	"encoding/json"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// codec speaks HTTP as HTTP APIs do.
type codec struct{ visit *visit }

// Decode implements wire.Codec.
func (c *codec) Decode(*schema.Operation, *wire.Request) (any, error) { return c.visit, nil }

// Encode implements wire.Codec.
func (c *codec) Encode(_ *schema.Operation, out any, res *wire.Response) {
	answer := out.(*proxyevent.Answer)
	res.Status = answer.Status
	shared := c.visit.program.cors != nil
	for name, values := range answer.Header {
		name = http.CanonicalHeaderKey(name)
		// AWS: "Configure CORS for HTTP APIs": what the backend says of CORS is ignored.
		if shared && strings.HasPrefix(name, "Access-Control-") || proxyevent.IsFraming(name) {
			continue
		}
		res.Header[name] = values
	}
	res.Header["Apigw-Requestid"] = []string{res.RequestID}
	res.Body = append(res.Body, answer.Body...)
}

// refusal is an answer of the API's own. It is the Detail of an error.
type refusal struct {
	challenge string // WWW-Authenticate; "" for none
}

// refuse is an answer in the words of HTTP APIs.
func refuse(status int, message string) *aws.Error {
	e := aws.Errorf(status, "Refused", "%s", message)
	e.Detail = &refusal{}
	return e
}

func notFound() *aws.Error { return refuse(http.StatusNotFound, "Not Found") }

func forbidden() *aws.Error { return refuse(http.StatusForbidden, "Forbidden") }

func unavailable() *aws.Error { return refuse(http.StatusServiceUnavailable, "Service Unavailable") }

func failed() *aws.Error { return refuse(http.StatusInternalServerError, "Internal Server Error") }

// challenge refuses a token. AWS: "Control access to HTTP APIs with JWT authorizers":
// the answer says what is wrong by RFC 6750.
func challenge(status int, message, header string) *aws.Error {
	e := refuse(status, message)
	e.Detail = &refusal{challenge: header}
	return e
}

// EncodeError implements wire.Codec.
func (c *codec) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	own, ok := e.Detail.(*refusal)
	switch {
	case ok:
	case e.Status == http.StatusRequestEntityTooLarge:
		e = refuse(e.Status, "Request Entity Too Large")
	case e.Status == http.StatusForbidden || strings.HasPrefix(e.Code, "MissingAuthenticationToken") || strings.Contains(e.Code, "Signature") || e.Code == "UnrecognizedClientException":
		e = forbidden()
	case e.Code == "InternalFailure":
		e = failed()
	}
	if ok && own.challenge != "" {
		res.Header["Www-Authenticate"] = []string{own.challenge}
	}
	res.Status = e.Status
	res.Header["Content-Type"] = []string{"application/json"}
	res.Header["Apigw-Requestid"] = []string{res.RequestID}
	b, _ := json.Marshal(map[string]string{"message": e.Message}) // cannot fail: it is text
	res.Body = append(res.Body, b...)
}
