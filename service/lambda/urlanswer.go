package lambda

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/proxyevent"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// urlAnswer is what a function says over its URL.
type urlAnswer struct {
	proxyevent.Answer
	stream *Stream // instead of Body
}

const (
	jsonType = "application/json"
	// httpType is of an answer that begins with its status and headers, as
	// awslambda.HttpResponseStream writes it.
	httpType = "application/vnd.awslambda.http-integration-response"
)

// failed is what the caller of a URL sees of a function that failed.
func failed() *urlAnswer {
	return &urlAnswer{Answer: proxyevent.Answer{Status: http.StatusBadGateway, Header: http.Header{"Content-Type": {jsonType}}, Body: []byte("Internal Server Error")}}
}

// whole reads an answer that came at once.
// AWS: "Invoking Lambda function URLs", response payload format.
func whole(out *Outcome) *urlAnswer {
	if out.Error != "" {
		return failed()
	}
	if out.ContentType == httpType {
		return prefaced(bufio.NewReader(bytes.NewReader(out.Payload)))
	}
	return heard(proxyevent.ReadSecond(out.Payload))
}

// heard is an answer of a function, unless it makes no sense.
func heard(a *proxyevent.Answer, err error) *urlAnswer {
	if err != nil {
		return failed()
	}
	return &urlAnswer{Answer: *a}
}

// prefaced reads an answer that begins with its status and headers: JSON, then
// eight zero bytes. The rest of r is the body.
func prefaced(r *bufio.Reader) *urlAnswer {
	said, err := preface(r)
	if err != nil {
		return failed()
	}
	body, err := io.ReadAll(r)
	if err != nil {
		return failed()
	}
	answer, err := said.Answer()
	if err == nil {
		answer.Body = body
	}
	return heard(answer, err)
}

func preface(r *bufio.Reader) (*proxyevent.Said, error) {
	var text []byte
	end := make([]byte, 8)
	for !bytes.HasSuffix(text, end) {
		b, err := r.ReadByte()
		if err != nil {
			return nil, err
		}
		if text = append(text, b); len(text) > maxPrelude {
			return nil, errors.New("lambda: the status and headers of a streamed answer do not end")
		}
	}
	said := &proxyevent.Said{}
	if err := json.Unmarshal(text[:len(text)-len(end)], said); err != nil {
		return nil, err
	}
	if said.Status == nil {
		said.SetStatus(http.StatusOK)
	}
	return said, nil
}

// streamed reads the begin of an answer that is still written.
func streamed(stream *Stream) (*urlAnswer, error) {
	if stream.Failed {
		_, err := stream.End()
		return failed(), err
	}
	if stream.ContentType != httpType {
		h := http.Header{"Content-Type": {"application/octet-stream"}}
		if stream.ContentType != "" {
			h.Set("Content-Type", stream.ContentType)
		}
		return &urlAnswer{Answer: proxyevent.Answer{Status: http.StatusOK, Header: h}, stream: stream}, nil
	}
	r := bufio.NewReader(stream.Body)
	said, err := preface(r)
	if err == nil {
		answer := heard(said.Answer())
		answer.stream = &Stream{Body: rest{r, stream.Body}, End: stream.End}
		return answer, nil
	}
	_ = stream.Body.Close() // nobody reads it any more
	_, err = stream.End()
	return failed(), err
}

// rest is what is left of a body that was begun to be read.
type rest struct {
	io.Reader
	io.Closer
}

// urlCodec speaks HTTP as functions' URLs do.
type urlCodec struct{ visit *visit }

// Decode implements wire.Codec.
func (c *urlCodec) Decode(*schema.Operation, *wire.Request) (any, error) { return c.visit, nil }

// Encode implements wire.Codec.
func (c *urlCodec) Encode(_ *schema.Operation, out any, res *wire.Response) {
	answer := out.(*urlAnswer)
	res.Status = answer.Status
	for name, values := range answer.Header {
		name = http.CanonicalHeaderKey(name)
		if c.visit.url.Shared && strings.HasPrefix(name, "Access-Control-") || proxyevent.IsFraming(name) {
			continue
		}
		res.Header[name] = values
	}
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	if answer.stream == nil {
		res.Body = append(res.Body, answer.Body...)
		return
	}
	if c.visit.request.Method == http.MethodHead { // has no body: the function writes to nobody
		_ = answer.stream.Body.Close()
		_, _ = answer.stream.End() // how it ended is in its log
		return
	}
	res.Events = func(yield func([]byte, error) bool) {
		listening := true
		for chunk := range answer.stream.chunks() {
			if listening = yield(chunk, nil); !listening {
				break
			}
		}
		out, err := answer.stream.End()
		if err == nil && out.Error != "" {
			err = aws.Errorf(http.StatusBadGateway, "FunctionError", "The function failed within its answer: %s", out.ErrorType)
		}
		if listening && err != nil {
			yield(nil, err)
		}
	}
}

func forbidden() *aws.Error {
	return aws.Errorf(http.StatusForbidden, "AccessDeniedException", "Forbidden. For troubleshooting Function URL authorization issues, see: https://docs.aws.amazon.com/lambda/latest/dg/urls-auth.html")
}

func tooLong() *aws.Error {
	return lambda.ErrRequestTooLargeException(nil, "Request must be smaller than %s bytes for the InvokeFunction operation", strconv.Itoa(maxPayload))
}

// EncodeError implements wire.Codec.
func (c *urlCodec) EncodeError(_ *schema.Service, e *aws.Error, res *wire.Response) {
	switch {
	case e.Code == "AccessDeniedException" || strings.HasPrefix(e.Code, "MissingAuthenticationToken"):
		e = forbidden()
	case e.Status == http.StatusRequestEntityTooLarge:
		e = tooLong()
	}
	body := map[string]string{"Message": e.Message}
	if busy, ok := e.Detail.(*lambda.TooManyRequestsException); ok {
		body = map[string]string{"Reason": string(busy.Reason), "Type": user, "Message": e.Message}
	}
	res.Status = e.Status
	res.Header["Content-Type"] = []string{jsonType}
	res.Header["X-Amzn-Requestid"] = []string{res.RequestID}
	res.Header["X-Amzn-Errortype"] = []string{e.Code}
	b, _ := json.Marshal(body) // cannot fail: it has nothing but text
	res.Body = append(res.Body, b...)
}
