package lambda_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
)

func TestFunctionGoesOnWithoutItsCaller(t *testing.T) {
	for name, call := range map[string]func(context.Context, *bench, string) error{
		"buffered": func(ctx context.Context, b *bench, event string) error {
			_, err := b.Invoke(ctx, &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(event)})
			return err
		},
		"streamed": func(ctx context.Context, b *bench, event string) error {
			out, err := b.InvokeWithResponseStream(ctx, &lambda.InvokeWithResponseStreamInput{FunctionName: aws.String("f"), Payload: []byte(event)})
			if err != nil {
				return err
			}
			<-out.GetStream().Events()
			<-ctx.Done()
			_ = out.GetStream().Close()
			return ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := story(t)
			b.runnable()
			ctx, leave := context.WithCancel(t.Context())
			opened := make(chan struct{})
			running := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				leave() // the function is in the middle of the call
				select {
				case <-opened:
				case <-r.Context().Done():
				}
			}))
			t.Cleanup(running.Close)
			if call(ctx, b, `{"Stream":{"Parts":["one","two"],"Wait":"`+running.URL+`"}}`) == nil {
				t.Error("the caller stayed")
			}
			close(opened)
			b.want("calls that ended", b.calls(cwl.NewFromConfig(b.cloud.Config())), 1)
		})
	}
}
