package sns

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
)

func TestAFunctionsEventIsAsDocumented(t *testing.T) {
	b := &broadcast{
		Service: New(Deps{Endpoint: func(aws.Region) string { return "http://here" }}),
		t:       &topic{at: address{Name: "t.fifo"}}, // a FIFO topic's messages carry no signature
		m:       &message{ID: "id", Body: "line\n\"two\"", Sent: time.Unix(0, 0), Attributes: text("a", "String", "b")},
		arn:     "arn:aws:sns:us-east-1:000000000000:t.fifo",
	}
	event, err := b.event(&subscription{at: b.t.at, id: "sub"})
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Records []struct {
			EventSource, EventVersion, EventSubscriptionArn string
			Sns                                             struct {
				Type, MessageId, TopicArn, Message, Timestamp, UnsubscribeUrl string
				Subject                                                       *string
				MessageAttributes                                             map[string]struct{ Type, Value string }
			}
		}
	}
	if err := json.Unmarshal(event, &got); err != nil {
		t.Fatalf("%v in %s", err, event)
	}
	r := got.Records[0]
	if r.EventSource != "aws:sns" || r.Sns.Message != b.m.Body || r.Sns.Subject != nil || r.Sns.Timestamp != "1970-01-01T00:00:00.000Z" || r.Sns.MessageAttributes["a"].Value != "b" {
		t.Errorf("got %+v", got)
	}
}

func TestStringsAreEscapedAsJSON(t *testing.T) {
	for _, s := range []string{"", "plain", "a\"b\\c", "\x00\x1f\n\r\t\b\f", "é<>&\u2028", "bad\xffbyte"} {
		var back string
		if err := json.Unmarshal(appendString(nil, s), &back); err != nil {
			t.Errorf("%q: %v", s, err)
		}
		var want string
		b, _ := json.Marshal(s)
		_ = json.Unmarshal(b, &want)
		if back != want {
			t.Errorf("%q came back as %q", s, back)
		}
	}
}

func TestWaitsOfADeliveryPolicy(t *testing.T) {
	for _, function := range []string{"linear", "arithmetic", "geometric", "exponential"} {
		r := retries{MinDelay: 2, MaxDelay: 22, Number: 9, Undelayed: 1, MinDelayed: 1, MaxDelayed: 1, Function: function}
		last := time.Duration(0)
		for n := 1; n <= r.Number; n++ {
			w := r.wait(n)
			if w < last || w > 22*time.Second {
				t.Errorf("%s: wait %d is %s after %s", function, n, w, last)
			}
			last = w
		}
		if r.wait(1) != 0 || r.wait(2) != 2*time.Second || r.wait(9) != 22*time.Second {
			t.Errorf("%s: %s, %s … %s", function, r.wait(1), r.wait(2), r.wait(9))
		}
	}
	total := time.Duration(0)
	for n := 1; n <= managedAttempts; n++ {
		total += managedBackoff(n)
	}
	if days := total.Hours() / 24; days < 23 || days > 24 {
		t.Errorf("deliveries within AWS are tried for %.1f days", days)
	}
}
