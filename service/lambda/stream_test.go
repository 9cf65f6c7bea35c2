package lambda_test

import (
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func (b *bench) stream(event string) *lambda.InvokeWithResponseStreamOutput {
	b.Helper()
	out, err := b.InvokeWithResponseStream(b.Context(), &lambda.InvokeWithResponseStreamInput{
		FunctionName: aws.String("f"), Payload: []byte(event), LogType: types.LogTypeTail,
	})
	b.ok(err)
	b.Cleanup(func() { _ = out.GetStream().Close() })
	return out
}

// rest is all that a stream still gives, and how it ended.
func (b *bench) rest(out *lambda.InvokeWithResponseStreamOutput) (text string, end types.InvokeWithResponseStreamCompleteEvent) {
	b.Helper()
	for event := range out.GetStream().Events() {
		switch e := event.(type) {
		case *types.InvokeWithResponseStreamResponseEventMemberPayloadChunk:
			text += string(e.Value.Payload)
		case *types.InvokeWithResponseStreamResponseEventMemberInvokeComplete:
			end = e.Value
		}
	}
	b.ok(out.GetStream().Err())
	return text, end
}

// gate is a URL that answers when it is opened.
func gate(t *testing.T) (url string, open func()) {
	opened := make(chan struct{})
	s := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		select {
		case <-opened:
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(s.Close)
	return s.URL, func() { close(opened) }
}

func TestAnswerIsReadWhileItIsWritten(t *testing.T) {
	b := story(t)
	b.runnable()
	url, open := gate(t)
	out := b.stream(`{"Stream":{"Type":"text/plain","Parts":["one,","two"],"Wait":"` + url + `"}}`)
	b.want("version", *out.ExecutedVersion, "$LATEST")
	first := (<-out.GetStream().Events()).(*types.InvokeWithResponseStreamResponseEventMemberPayloadChunk)
	b.want("the first part", string(first.Value.Payload), "one,")
	open()
	text, end := b.rest(out)
	b.want("the rest", text, "two")
	log, _ := base64.StdEncoding.DecodeString(aws.ToString(end.LogResult))
	if end.ErrorCode != nil || !strings.Contains(string(log), "REPORT RequestId") {
		t.Errorf("the end: %v %s", end.ErrorCode, log)
	}
}

func TestStreamsSayHowTheyFailed(t *testing.T) {
	b := story(t)
	b.runnable()
	for _, c := range []struct{ event, text, code, details string }{
		{`{"plain":1}`, `{"plain":1}`, "", ""},
		{`{"Stream":{"Parts":["half"],"Fail":"broke"}}`, "half", "Unhandled", `"errorMessage":"broke"`},
		{`{"Fail":"at once"}`, "", "Unhandled", `"errorMessage":"at once"`},
	} {
		text, end := b.rest(b.stream(c.event))
		if text != c.text || aws.ToString(end.ErrorCode) != c.code || !strings.Contains(aws.ToString(end.ErrorDetails), c.details) {
			t.Errorf("%s: %q %s %s", c.event, text, aws.ToString(end.ErrorCode), aws.ToString(end.ErrorDetails))
		}
	}
	_, err := b.InvokeWithResponseStream(b.Context(), &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("none")})
	b.refused(err, "ResourceNotFoundException", "Function not found")
}

func TestSlowReaderHoldsNobodyUp(t *testing.T) {
	b := story(t)
	b.runnable()
	part := strings.Repeat("x", 1<<20)
	slow := b.stream(`{"Stream":{"Parts":["begin","` + part + `"],"Repeat":15}}`)
	b.want("another call", string(b.invoke(`{"Answer":"done"}`).Payload), `"done"`)
	text, end := b.rest(slow)
	b.want("all of it", len(text), len("begin")+16<<20)
	b.want("no error", aws.ToString(end.ErrorCode), "")
}
