package s3_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

func TestRequestersPayAndSaySo(t *testing.T) {
	s := open(t)
	s.put("k", "hello")
	s.put("gone", "x")
	s.unblock()
	s.want("", s.policy(`{"Effect":"Allow","Principal":"*","Action":["s3:GetObject","s3:DeleteObject"],"Resource":"arn:aws:s3:::shelf/*"},{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shelf"}`))
	other := *s
	other.Client = client(s.cloud.As("111122223333", "x", ""))
	bill := func(account string) (n int64) {
		lines, err := s.cloud.System().Usage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, l := range lines {
			if string(l.Account) == account && l.Dimension == "Requests-Tier2" {
				n = l.Amount
			}
		}
		return n
	}
	if other.get("k") != "hello" || bill("111122223333") != 0 {
		t.Error("the owner pays, unless the bucket says otherwise")
	}
	_, err := s.PutBucketRequestPayment(t.Context(), &s3.PutBucketRequestPaymentInput{Bucket: &s.bucket, RequestPaymentConfiguration: &types.RequestPaymentConfiguration{Payer: "Requester"}})
	s.want("", err)
	if got := other.get("k"); got != "<AccessDenied>" {
		t.Error("without a word:", got)
	}
	s.http("GET", s.cloud.Endpoint+"/shelf/k", "", http.StatusForbidden)
	before := bill("111122223333") // what is refused is the caller's
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: new("k"), RequestPayer: "requester"}
	out, err := other.GetObject(t.Context(), in)
	if err != nil || out.RequestCharged != "requester" {
		t.Fatal(out, err)
	}
	out.Body.Close()
	if got := bill("111122223333"); got != before+1 {
		t.Errorf("the requester's bill went from %d to %d", before, got)
	}
	out, err = s.GetObject(t.Context(), in)
	if err != nil || out.RequestCharged != "" {
		t.Error("the owner is not charged as a requester:", out, err)
	}
	if got := s.get("k"); got != "hello" {
		t.Error("the owner need not say anything:", got)
	}
	_, err = other.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket})
	s.want("AccessDenied", err)
	_, err = other.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket, RequestPayer: "requester"})
	s.want("", err)
	many := &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("gone")}}}}
	_, err = other.DeleteObjects(t.Context(), many)
	s.want("AccessDenied", err)
	many.RequestPayer = "requester"
	deleted, err := other.DeleteObjects(t.Context(), many)
	if err != nil || len(deleted.Errors) != 0 {
		t.Error(deleted, err)
	}
	copied := &s3.CopyObjectInput{Bucket: new("mine"), Key: new("k"), CopySource: new("shelf/k")}
	if _, err := other.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("mine")}); err != nil {
		t.Fatal(err)
	}
	_, err = other.CopyObject(t.Context(), copied)
	s.want("AccessDenied", err)
	copied.RequestPayer = "requester"
	_, err = other.CopyObject(t.Context(), copied)
	s.want("", err)
}

func TestAccelerateHostsLeadToBucketsThatAllowIt(t *testing.T) {
	s := open(t)
	s.put("k", "hello")
	s.unblock()
	s.want("", s.policy(publicRead))
	fast := func() string {
		req, err := newRequest(t.Context(), "GET", s.cloud.Endpoint+"/k", "")
		if err != nil {
			t.Fatal(err)
		}
		req.Host = "shelf.s3-accelerate.amazonaws.com"
		res, err := s.cloud.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		var b strings.Builder
		if err := res.Write(&b); err != nil {
			t.Fatal(err)
		}
		return b.String()
	}
	set := func(status types.BucketAccelerateStatus) {
		_, err := s.PutBucketAccelerateConfiguration(t.Context(), &s3.PutBucketAccelerateConfigurationInput{Bucket: &s.bucket, AccelerateConfiguration: &types.AccelerateConfiguration{Status: status}})
		s.want("", err)
	}
	if got := fast(); !strings.Contains(got, " 400 ") || !strings.Contains(got, "not configured on this bucket") {
		t.Error(got)
	}
	set("Enabled")
	if got := fast(); !strings.Contains(got, " 200 ") || !strings.HasSuffix(got, "hello") {
		t.Error(got)
	}
	set("Suspended")
	if got := fast(); !strings.Contains(got, " 400 ") || !strings.Contains(got, "disabled on this bucket") {
		t.Error(got)
	}
	s.create("a.b")
	_, err := s.PutBucketAccelerateConfiguration(t.Context(), &s3.PutBucketAccelerateConfigurationInput{Bucket: new("a.b"), AccelerateConfiguration: &types.AccelerateConfiguration{Status: "Enabled"}})
	s.want("InvalidRequest", err)
}

func TestPresignedQueriesAgreeToPay(t *testing.T) {
	s := open(t)
	s.put("k", "hello")
	s.unblock()
	s.want("", s.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*"}`))
	_, err := s.PutBucketRequestPayment(t.Context(), &s3.PutBucketRequestPaymentInput{Bucket: &s.bucket, RequestPaymentConfiguration: &types.RequestPaymentConfiguration{Payer: "Requester"}})
	s.want("", err)
	link := func(query string) string {
		req, _ := newRequest(t.Context(), "GET", s.cloud.Endpoint+"/shelf/k?X-Amz-Expires=60"+query, "")
		url, _, err := v4.NewSigner().PresignHTTP(t.Context(), awssdk.Credentials{AccessKeyID: "111122223333", SecretAccessKey: "x"}, req, "UNSIGNED-PAYLOAD", "s3", "us-east-1", time.Now())
		if err != nil {
			t.Fatal(err)
		}
		return url
	}
	s.http("GET", link(""), "", http.StatusForbidden)
	if got := s.http("GET", link("&x-amz-request-payer=requester"), "", http.StatusOK); got != "hello" {
		t.Error(got)
	}
	s.http("GET", s.cloud.Endpoint+"/shelf/k?x-amz-request-payer=requester", "", http.StatusForbidden) // unsigned, nobody would pay
}
