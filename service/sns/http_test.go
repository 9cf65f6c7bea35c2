package sns_test

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/sns"

	"github.com/brume-cloud/brume/cloudtest"
)

// server is an HTTP endpoint that subscribes, and notes what it gets.
type server struct {
	*httptest.Server
	mu     sync.Mutex
	got    []delivered
	answer func(n int) int // the status of the nth answer, from 1; 200 when nil
}

type delivered struct {
	header http.Header
	body   string
}

func serve(t *testing.T) *server {
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		defer s.mu.Unlock()
		s.got = append(s.got, delivered{r.Header, string(body)})
		if s.answer != nil {
			w.WriteHeader(s.answer(len(s.got)))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// all is what the server got; then it forgets that.
func (s *server) all() []delivered {
	s.mu.Lock()
	defer s.mu.Unlock()
	got := s.got
	s.got = nil
	return got
}

// outside makes a desk whose cloud can reach real servers: not in a bubble.
func outside(t *testing.T) *desk {
	t.Helper()
	d := newDesk(t, cloudtest.Start(t, cloudtest.NoRetries()))
	d.topic = d.create("news", nil)
	return d
}

// settle lets everything run that is due.
func (d *desk) settle() { d.cloud.Advance(time.Millisecond) }

// get fetches a URL of the cloud, unsigned.
func (d *desk) get(link string) (status int, body string) {
	d.Helper()
	res, err := d.cloud.Client().Get(link)
	d.must(err)
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	d.must(err)
	return res.StatusCode, string(b)
}

// verify checks a message's signature as the documentation says.
func (d *desk) verify(n *notification) {
	d.Helper()
	var text bytes.Buffer
	add := func(name, value string) {
		if value != "" {
			text.WriteString(name + "\n" + value + "\n")
		}
	}
	add("Message", n.Message)
	add("MessageId", n.MessageId)
	if n.Type == "Notification" {
		add("Subject", n.Subject)
	} else {
		add("SubscribeURL", n.SubscribeURL)
	}
	add("Timestamp", n.Timestamp)
	if n.Type != "Notification" {
		add("Token", n.Token)
	}
	add("TopicArn", n.TopicArn)
	add("Type", n.Type)
	status, certificate := d.get(n.SigningCertURL)
	if status != 200 {
		d.Fatalf("the certificate: %d %s", status, certificate)
	}
	block, _ := pem.Decode([]byte(certificate))
	cert, err := x509.ParseCertificate(block.Bytes)
	d.must(err)
	signature, err := base64.StdEncoding.DecodeString(n.Signature)
	d.must(err)
	one, two := sha1.Sum(text.Bytes()), sha256.Sum256(text.Bytes())
	hash, digest := crypto.SHA1, one[:]
	if n.SignatureVersion == "2" {
		hash, digest = crypto.SHA256, two[:]
	}
	if err := rsa.VerifyPKCS1v15(cert.PublicKey.(*rsa.PublicKey), hash, digest, signature); err != nil {
		d.Errorf("the signature of %+v: %v", n, err)
	}
}

func TestAnHTTPEndpointConfirmsAndGetsMessages(t *testing.T) {
	d, s := outside(t), serve(t)
	sub := d.subscribe("http", s.URL, nil)
	d.publish("too early")
	d.settle()
	got := s.all()
	if len(got) != 1 || got[0].header.Get("x-amz-sns-message-type") != "SubscriptionConfirmation" || got[0].header.Get("x-amz-sns-subscription-arn") != "" {
		t.Fatalf("got %v", got)
	}
	n := d.parse(got[0].body)
	d.verify(&n)
	if status, body := d.get(n.SubscribeURL); status != 200 || !strings.Contains(body, sub) {
		t.Fatalf("confirming: %d %s", status, body)
	}
	_, err := d.SetTopicAttributes(t.Context(), &sns.SetTopicAttributesInput{TopicArn: &d.topic, AttributeName: ptr("SignatureVersion"), AttributeValue: ptr("2")})
	d.must(err)
	out := d.publish("news")
	d.settle()
	got = s.all()
	if len(got) != 1 {
		t.Fatalf("got %v", got)
	}
	h := got[0].header
	for name, want := range map[string]string{
		"x-amz-sns-message-type": "Notification", "x-amz-sns-message-id": *out.MessageId, "x-amz-sns-topic-arn": d.topic, "x-amz-sns-subscription-arn": sub,
		"Content-Type": "text/plain; charset=UTF-8", "User-Agent": "Amazon Simple Notification Service Agent", "x-amz-sns-rawdelivery": "",
	} {
		if h.Get(name) != want {
			t.Errorf("%s is %q, not %q", name, h.Get(name), want)
		}
	}
	n = d.parse(got[0].body)
	d.verify(&n)
	if status, body := d.get(n.UnsubscribeURL); status != 200 {
		t.Fatalf("unsubscribing: %d %s", status, body)
	}
	d.publish("not for us")
	d.settle()
	got = s.all()
	if len(got) != 1 || got[0].header.Get("x-amz-sns-message-type") != "UnsubscribeConfirmation" {
		t.Fatalf("got %v", got)
	}
	n = d.parse(got[0].body)
	d.verify(&n)
	d.get(n.SubscribeURL) // and back again
	d.publish("again")
	d.settle()
	if got := s.all(); len(got) != 1 {
		t.Errorf("after the subscription was restored: %v", got)
	}
}

func ptr[T any](v T) *T { return &v }

// confirmed subscribes the server and confirms it.
func (d *desk) confirmed(s *server, attributes map[string]string) string {
	d.Helper()
	sub := d.subscribe("http", s.URL, attributes)
	d.settle()
	n := d.parse(s.all()[0].body)
	out, err := d.ConfirmSubscription(d.Context(), &sns.ConfirmSubscriptionInput{TopicArn: &d.topic, Token: &n.Token, AuthenticateOnUnsubscribe: ptr("true")})
	d.must(err)
	if *out.SubscriptionArn != sub {
		d.Errorf("confirmed %s", *out.SubscriptionArn)
	}
	return sub
}

func TestAnEndpointThatFailsIsTriedAgainAndThenGivenUp(t *testing.T) {
	d, s := outside(t), serve(t)
	dead, deadARN := d.queue("dead")
	d.confirmed(s, map[string]string{
		"RawMessageDelivery": "true", "RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`,
		"DeliveryPolicy": `{"healthyRetryPolicy":{"minDelayTarget":1,"maxDelayTarget":10,"numRetries":4,"numNoDelayRetries":1,"numMinDelayRetries":1,"backoffFunction":"exponential"},"requestPolicy":{"headerContentType":"application/json"}}`,
	})
	s.answer = func(int) int { return 503 }
	d.publish("hello", attributes("a", "String", "b"))
	d.settle()
	if got := s.all(); len(got) != 2 || got[0].body != "hello" || got[0].header.Get("x-amz-sns-rawdelivery") != "true" || got[0].header.Get("Content-Type") != "application/json" {
		t.Fatalf("at once: %v", got)
	}
	d.cloud.Advance(time.Hour)
	if got := s.all(); len(got) != 3 {
		t.Errorf("later: %d attempts", len(got))
	}
	got := d.take(dead)
	if len(got) != 1 || *got[0].Body != "hello" || *got[0].MessageAttributes["a"].StringValue != "b" {
		t.Errorf("dead letters: %v", got)
	}
}

func TestAnEndpointsRefusalIsFinal(t *testing.T) {
	d, s := outside(t), serve(t)
	dead, deadARN := d.queue("dead")
	d.confirmed(s, map[string]string{"RedrivePolicy": `{"deadLetterTargetArn":"` + deadARN + `"}`})
	s.answer = func(int) int { return 404 }
	d.publish("hello")
	d.cloud.Advance(time.Hour)
	if got := s.all(); len(got) != 1 {
		t.Errorf("%d attempts", len(got))
	}
	if got := d.take(dead); len(got) != 1 || d.parse(*got[0].Body).Message != "hello" {
		t.Errorf("dead letters: %v", got)
	}
}

func TestAThrottledEndpointGetsMessagesOneByOne(t *testing.T) {
	d, s := outside(t), serve(t)
	d.confirmed(s, map[string]string{"DeliveryPolicy": `{"throttlePolicy":{"maxReceivesPerSecond":1}}`})
	for range 5 {
		d.publish("hello")
	}
	d.cloud.Advance(1500 * time.Millisecond)
	if n := len(s.all()); n != 2 {
		t.Errorf("%d in the first second and a half", n)
	}
	d.cloud.Advance(10 * time.Second)
	if n := len(s.all()); n != 3 {
		t.Errorf("%d afterwards", n)
	}
}

func TestWhoConfirmedWithASignatureMustSignToUnsubscribe(t *testing.T) {
	d, s := outside(t), serve(t)
	sub := d.confirmed(s, nil)
	if status, _ := d.get(d.cloud.Endpoint + "/?Action=Unsubscribe&SubscriptionArn=" + url.QueryEscape(sub)); status != 403 {
		t.Errorf("unsigned: %d", status)
	}
	_, err := d.Unsubscribe(t.Context(), &sns.UnsubscribeInput{SubscriptionArn: &sub})
	d.must(err)
}

func TestASubscriptionThatNobodyConfirmsIsDeleted(t *testing.T) {
	d, s := outside(t), serve(t)
	sub := d.subscribe("http", s.URL, nil)
	d.cloud.Advance(49 * time.Hour)
	_, err := d.GetSubscriptionAttributes(t.Context(), &sns.GetSubscriptionAttributesInput{SubscriptionArn: &sub})
	d.refused(err, "NotFound", "Subscription does not exist")
	_, err = d.ConfirmSubscription(t.Context(), &sns.ConfirmSubscriptionInput{TopicArn: &d.topic, Token: ptr(d.parse(s.all()[0].body).Token)})
	d.refused(err, "InvalidParameter", "Invalid parameter: Token")
}
