package sns_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/brume-cloud/brume/cloudtest"
)

// What it costs to publish a message to a topic with three queues, until all
// copies are there.
func BenchmarkPublishToThreeQueues(b *testing.B) {
	for _, raw := range []string{"false", "true"} {
		b.Run("raw="+raw, func(b *testing.B) {
			c := cloudtest.Start(b)
			clients := newDesk(&testing.T{}, c)
			ctx := b.Context()
			topic, err := clients.CreateTopic(ctx, &sns.CreateTopicInput{Name: ptr("t")})
			if err != nil {
				b.Fatal(err)
			}
			for i := range 3 {
				_, err := clients.queues.CreateQueue(ctx, queueInput(fmt.Sprint("q", i)))
				if err != nil {
					b.Fatal(err)
				}
				_, err = clients.Subscribe(ctx, &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: ptr("sqs"), Endpoint: ptr(fmt.Sprint("arn:aws:sqs:us-east-1:000000000000:q", i)), Attributes: map[string]string{"RawMessageDelivery": raw}})
				if err != nil {
					b.Fatal(err)
				}
			}
			form := url.Values{"Action": {"Publish"}, "Version": {"2010-03-31"}, "TopicArn": {*topic.TopicArn}, "Message": {strings.Repeat("x", 1024)}}.Encode()
			b.ReportAllocs()
			for b.Loop() {
				r := httptest.NewRequest(http.MethodPost, "/", strings.NewReader(form))
				r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
				now := time.Now().UTC()
				r.Header.Set("X-Amz-Date", now.Format("20060102T150405Z"))
				r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=test/"+now.Format("20060102")+"/us-east-1/sns/aws4_request, SignedHeaders=host;x-amz-date, Signature="+strings.Repeat("0", 64))
				w := httptest.NewRecorder()
				c.Handler().ServeHTTP(w, r)
				if w.Code != 200 {
					b.Fatal(w.Body)
				}
			}
			c.Advance(time.Millisecond)
		})
	}
}
