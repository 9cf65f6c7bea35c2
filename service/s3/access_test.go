package s3_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// open lets the bucket be public.
func (s *shelf) unblock() {
	s.Helper()
	if _, err := s.DeletePublicAccessBlock(s.Context(), &s3.DeletePublicAccessBlockInput{Bucket: &s.bucket}); err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) policy(statements string) error {
	_, err := s.PutBucketPolicy(s.Context(), &s3.PutBucketPolicyInput{Bucket: &s.bucket, Policy: new(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)})
	return err
}

const publicRead = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*"}`

func TestStrangersNeedAPolicy(t *testing.T) {
	s := open(t)
	s.put("k", "hello")
	url := s.cloud.Endpoint + "/shelf/k"
	s.http("GET", url, "", 403)
	s.want("AccessDenied", s.policy(publicRead)) // public policies are blocked
	s.unblock()
	s.want("", s.policy(publicRead))
	if got := s.http("GET", url, "", 200); got != "hello" {
		t.Error(got)
	}
	s.http("GET", s.cloud.Endpoint+"/shelf/nothing", "", 403) // not even that it is not there
	s.http("GET", s.cloud.Endpoint+"/shelf", "", 403)
	s.http("PUT", url, "x", 403)
	status, err := s.GetBucketPolicyStatus(t.Context(), &s3.GetBucketPolicyStatusInput{Bucket: &s.bucket})
	if err != nil || !*status.PolicyStatus.IsPublic {
		t.Error(status, err)
	}
	if _, err := s.PutPublicAccessBlock(t.Context(), &s3.PutPublicAccessBlockInput{Bucket: &s.bucket, PublicAccessBlockConfiguration: &types.PublicAccessBlockConfiguration{RestrictPublicBuckets: new(true)}}); err != nil {
		t.Fatal(err)
	}
	s.http("GET", url, "", 403)
	if got := s.get("k"); got != "hello" {
		t.Error("the owner:", got)
	}
	for _, bad := range []string{`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::other/*"}`, `{"Effect":"Allow","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*"}`, `{`} {
		s.want("MalformedPolicy", s.policy(bad))
	}
}

func TestConditionsOfTheRequest(t *testing.T) {
	s := open(t)
	s.unblock()
	s.put("k", "x", func(in *s3.PutObjectInput) { in.Tagging = new("public=yes") })
	s.put("p", "x")
	s.want("", s.policy(`{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*","Condition":{"StringEquals":{"s3:ExistingObjectTag/public":"yes"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:::shelf/*","Condition":{"StringLike":{"aws:Referer":"http://thief.example/*"}}},
		{"Effect":"Deny","Principal":"*","Action":"s3:PutObject","Resource":"arn:aws:s3:::shelf/*","Condition":{"StringNotEquals":{"s3:x-amz-server-side-encryption":"aws:kms"}}}`))
	s.http("GET", s.cloud.Endpoint+"/shelf/k", "", 200)
	s.http("GET", s.cloud.Endpoint+"/shelf/p", "", 403)
	req, _ := newRequest(t.Context(), "GET", s.cloud.Endpoint+"/shelf/k", "")
	req.Header.Set("Referer", "http://thief.example/page")
	if res, err := s.cloud.Client().Do(req); err != nil || res.StatusCode != 403 {
		t.Error(res, err)
	}
	_, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("x"), Body: strings.NewReader("x")})
	s.want("AccessDenied", err)
	s.put("x", "x", func(in *s3.PutObjectInput) { in.ServerSideEncryption = "aws:kms" })
	req, _ = newRequest(t.Context(), "POST", s.cloud.Endpoint+"/shelf?delete", "<Delete><Object><Key>k</Key></Object></Delete>")
	req.Header.Set("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg==")
	if res, err := s.cloud.Client().Do(req); err != nil || res.StatusCode != 400 {
		t.Error(res, err)
	}
}

func TestACLs(t *testing.T) {
	s := open(t)
	_, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), ACL: "public-read", Body: strings.NewReader("x")})
	s.want("AccessControlListNotSupported", err)
	if _, err := s.PutBucketOwnershipControls(t.Context(), &s3.PutBucketOwnershipControlsInput{Bucket: &s.bucket, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: "ObjectWriter"}}}}); err != nil {
		t.Fatal(err)
	}
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), ACL: "public-read", Body: strings.NewReader("x")})
	s.want("AccessDenied", err)
	s.unblock()
	s.put("k", "open", func(in *s3.PutObjectInput) { in.ACL = "public-read" })
	s.put("p", "closed")
	if got := s.http("GET", s.cloud.Endpoint+"/shelf/k", "", 200); got != "open" {
		t.Error(got)
	}
	s.http("GET", s.cloud.Endpoint+"/shelf/p", "", 403)
	acl, err := s.GetObjectAcl(t.Context(), &s3.GetObjectAclInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil || len(acl.Grants) != 2 || *acl.Grants[1].Grantee.URI != "http://acs.amazonaws.com/groups/global/AllUsers" {
		t.Error(acl, err)
	}
	other := client(s.cloud.As("222222222222", "x", ""))
	_, err = other.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket})
	s.want("AccessDenied", err)
	theirs, err := other.ListBuckets(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.PutBucketAcl(t.Context(), &s3.PutBucketAclInput{Bucket: &s.bucket, GrantRead: new(`id="` + *theirs.Owner.ID + `"`), GrantWrite: new(`id=` + *theirs.Owner.ID)}); err != nil {
		t.Fatal(err)
	}
	list, err := other.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket})
	if err != nil || len(list.Contents) != 2 {
		t.Error(list, err)
	}
	_, err = other.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("theirs"), Body: strings.NewReader("x")})
	s.want("", err)
	if got := s.get("theirs"); got != "<AccessDenied>" {
		t.Error("the bucket's owner, of an object that is not theirs:", got)
	}
}

func TestUsersAreHeldToTheirPolicies(t *testing.T) {
	s := open(t)
	s.put("mine/a", "x")
	users := iam.NewFromConfig(s.cloud.Config())
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("ann")}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("ann")})
	if err != nil {
		t.Fatal(err)
	}
	ann := client(s.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
	list := func(prefix string) error {
		_, err := ann.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: &prefix})
		return err
	}
	s.want("AccessDenied", list("mine/"))
	if _, err := users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: new("ann"), PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shelf","Condition":{"StringLike":{"s3:prefix":"mine/*"}}},
		{"Effect":"Allow","Action":["s3:GetObject","s3:PutObject"],"Resource":"arn:aws:s3:::shelf/mine/*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	s.want("", list("mine/"))
	s.want("AccessDenied", list(""))
	// With a real secret signatures are checked, chunk by chunk.
	for _, size := range []int{3, 300_000} {
		_, err = ann.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("mine/b"), Body: bytes.NewReader(make([]byte, size))})
		s.want("", err)
	}
	_, err = ann.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.bucket, Key: new("mine/b")})
	s.want("AccessDenied", err)
	if _, err := users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: new("ann"), PolicyName: new("d"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:DeleteObject","Resource":"arn:aws:s3:::shelf/mine/c*"}]}`)}); err != nil {
		t.Fatal(err)
	}
	s.put("mine/c1", "x")
	gone, err := ann.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("mine/b")}, {Key: new("mine/c1")}}}})
	if err != nil || len(gone.Deleted) != 1 || *gone.Deleted[0].Key != "mine/c1" || len(gone.Errors) != 1 || *gone.Errors[0].Code != "AccessDenied" || s.keys() != "mine/a mine/b" {
		t.Error(gone, err, s.keys())
	}
	wrong := client(s.cloud.As(*key.AccessKey.AccessKeyId, "wrong", ""))
	_, err = wrong.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("mine/b")})
	s.want("SignatureDoesNotMatch", err)
	s.form(t, *key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey)
}

// form uploads through a form with a policy.
func (s *shelf) form(t *testing.T, keyID, secret string) {
	upload := func(expires time.Duration, change func(map[string]string)) (*http.Response, string) {
		now := time.Now().UTC()
		credential := keyID + "/" + now.Format("20060102") + "/us-east-1/s3/aws4_request"
		policy := base64.StdEncoding.EncodeToString(fmt.Appendf(nil, `{"expiration":%q,"conditions":[{"bucket":"shelf"},["starts-with","$key","mine/"],["content-length-range",1,20],
			{"x-amz-credential":%q},{"x-amz-algorithm":"AWS4-HMAC-SHA256"},{"x-amz-date":%q},{"success_action_status":"201"},["starts-with","$Content-Type","text/"]]}`,
			now.Add(expires).Format(time.RFC3339), credential, now.Format("20060102T150405Z")))
		k := []byte("AWS4" + secret)
		for _, part := range []string{now.Format("20060102"), "us-east-1", "s3", "aws4_request", policy} {
			h := hmac.New(sha256.New, k)
			h.Write([]byte(part))
			k = h.Sum(nil)
		}
		fields := map[string]string{
			"key": "mine/${filename}", "policy": policy, "X-Amz-Credential": credential, "X-Amz-Algorithm": "AWS4-HMAC-SHA256", "X-Amz-Date": now.Format("20060102T150405Z"),
			"X-Amz-Signature": hex.EncodeToString(k), "success_action_status": "201", "Content-Type": "text/plain", "file": "from a form",
		}
		if change != nil {
			change(fields)
		}
		var body bytes.Buffer
		w := multipart.NewWriter(&body)
		for name, v := range fields {
			if name != "file" {
				w.WriteField(name, v)
			}
		}
		f, _ := w.CreateFormFile("file", "a b.txt")
		io.WriteString(f, fields["file"])
		w.Close()
		req, _ := newRequest(t.Context(), "POST", s.cloud.Endpoint+"/shelf", body.String())
		req.Header.Set("Content-Type", w.FormDataContentType())
		res, err := s.cloud.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		b, _ := io.ReadAll(res.Body)
		return res, string(b)
	}
	res, body := upload(time.Hour, nil)
	if res.StatusCode != 201 || !strings.Contains(body, "<Key>mine/a b.txt</Key>") || s.get("mine/a b.txt") != "from a form" {
		t.Error(res.Status, body, s.get("mine/a b.txt"))
	}
	for wanted, k := range map[string]struct {
		expires time.Duration
		change  func(map[string]string)
	}{
		"Policy expired":           {-time.Hour, nil},
		"SignatureDoesNotMatch":    {time.Hour, func(f map[string]string) { f["X-Amz-Signature"] = strings.Repeat("0", 64) }},
		"Policy Condition failed":  {time.Hour, func(f map[string]string) { f["key"] = "other" }},
		"Extra input fields: acl":  {time.Hour, func(f map[string]string) { f["acl"] = "public-read" }},
		"EntityTooLarge":           {time.Hour, func(f map[string]string) { f["file"] = strings.Repeat("x", 21) }},
		"EntityTooSmall":           {time.Hour, func(f map[string]string) { f["file"] = "" }},
		"<Code>AccessDenied</Code": {time.Hour, func(f map[string]string) { delete(f, "policy"); delete(f, "X-Amz-Signature") }},
	} {
		if res, body := upload(k.expires, k.change); res.StatusCode < 400 || !strings.Contains(body, wanted) {
			t.Errorf("%s: %s %s", wanted, res.Status, body)
		}
	}
}

func TestCORS(t *testing.T) {
	s := open(t)
	s.put("k", "x")
	ask := func(method string, headers ...string) *http.Response {
		req, _ := newRequest(t.Context(), method, s.cloud.Endpoint+"/shelf/k", "")
		for i := 0; i < len(headers); i += 2 {
			req.Header.Set(headers[i], headers[i+1])
		}
		res, err := s.cloud.Client().Do(req)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		return res
	}
	if res := ask("OPTIONS", "Origin", "http://page", "Access-Control-Request-Method", "PUT"); res.StatusCode != 403 {
		t.Error("without rules:", res.Status)
	}
	if _, err := s.PutBucketCors(t.Context(), &s3.PutBucketCorsInput{Bucket: &s.bucket, CORSConfiguration: &types.CORSConfiguration{CORSRules: []types.CORSRule{
		{AllowedMethods: []string{"PUT"}, AllowedOrigins: []string{"http://*.page"}, AllowedHeaders: []string{"x-amz-*"}, MaxAgeSeconds: new(int32(60))},
		{AllowedMethods: []string{"GET"}, AllowedOrigins: []string{"*"}, ExposeHeaders: []string{"ETag"}},
	}}}); err != nil {
		t.Fatal(err)
	}
	res := ask("OPTIONS", "Origin", "http://my.page", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "X-Amz-Acl, x-amz-date")
	if h := res.Header; res.StatusCode != 200 || h.Get("Access-Control-Allow-Origin") != "http://my.page" || h.Get("Access-Control-Allow-Headers") != "x-amz-acl, x-amz-date" || h.Get("Access-Control-Max-Age") != "60" {
		t.Error(res.Status, h)
	}
	if res := ask("OPTIONS", "Origin", "http://my.page", "Access-Control-Request-Method", "PUT", "Access-Control-Request-Headers", "other"); res.StatusCode != 403 {
		t.Error(res.Status)
	}
	if res := ask("GET", "Origin", "http://anywhere"); res.StatusCode != 403 || res.Header.Get("Access-Control-Allow-Origin") != "*" || res.Header.Get("Access-Control-Expose-Headers") != "ETag" {
		t.Error("a page may read a refusal, too:", res.Status, res.Header)
	}
}

func TestHosts(t *testing.T) {
	s := open(t)
	virtual := s3.NewFromConfig(s.cloud.Config())
	if _, err := virtual.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("dir/k"), Body: strings.NewReader("x")}); err != nil {
		t.Fatal(err)
	}
	s.unblock()
	s.want("", s.policy(publicRead))
	for _, host := range []string{"shelf.s3.localhost:4566", "shelf.s3.amazonaws.com", "shelf.s3.eu-west-3.amazonaws.com", "shelf.s3-us-west-2.amazonaws.com", "shelf.s3.dualstack.eu-west-1.amazonaws.com", "shelf.localhost:4566"} {
		if got := s.http("GET", "http://"+host+"/dir/k", "", 200); got != "x" {
			t.Errorf("%s: %s", host, got)
		}
	}
}

func TestWebsites(t *testing.T) {
	s := open(t)
	s.unblock()
	s.want("", s.policy(publicRead))
	site := "http://shelf.s3-website-us-east-1.amazonaws.com"
	if got := s.http("GET", site+"/", "", 404); !strings.Contains(got, "NoSuchWebsiteConfiguration") {
		t.Error(got)
	}
	if _, err := s.PutBucketWebsite(t.Context(), &s3.PutBucketWebsiteInput{Bucket: &s.bucket, WebsiteConfiguration: &types.WebsiteConfiguration{
		IndexDocument: &types.IndexDocument{Suffix: new("index.html")}, ErrorDocument: &types.ErrorDocument{Key: new("error.html")},
		RoutingRules: []types.RoutingRule{
			{Condition: &types.Condition{KeyPrefixEquals: new("old/")}, Redirect: &types.Redirect{ReplaceKeyPrefixWith: new("new/")}},
			{Condition: &types.Condition{HttpErrorCodeReturnedEquals: new("403"), KeyPrefixEquals: new("gone/")}, Redirect: &types.Redirect{HostName: new("example.com"), HttpRedirectCode: new("302"), Protocol: "https"}},
		},
	}}); err != nil {
		t.Fatal(err)
	}
	html := func(in *s3.PutObjectInput) { in.ContentType = new("text/html") }
	s.put("index.html", "home", html)
	s.put("docs/index.html", "docs", html)
	s.put("error.html", "oops", html)
	s.put("moved", "", func(in *s3.PutObjectInput) { in.WebsiteRedirectLocation = new("/docs/") })
	follow := *s.cloud.Client()
	follow.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	for _, k := range []struct {
		path         string
		status       int
		body, header string
	}{
		{"/", 200, "home", ""}, {"/docs/", 200, "docs", ""}, {"/docs", 403, "oops", ""}, {"/nothing", 403, "oops", ""},
		{"/old/x%20y", 301, "", site + "/new/x%20y"}, {"/gone/x", 302, "", "https://example.com/gone/x"}, {"/moved", 301, "", "/docs/"},
	} {
		res, err := follow.Get(site + k.path)
		if err != nil {
			t.Fatal(err)
		}
		b, _ := io.ReadAll(res.Body)
		res.Body.Close()
		if res.StatusCode != k.status || string(b) != k.body || res.Header.Get("Location") != k.header {
			t.Errorf("%+v: %s %s %s", k, res.Status, b, res.Header.Get("Location"))
		}
	}
	// Who may list learns what is not there.
	s.want("", s.policy(publicRead+`,{"Effect":"Allow","Principal":"*","Action":"s3:ListBucket","Resource":"arn:aws:s3:::shelf"}`))
	for path, wanted := range map[string]int{"/nothing": 404, "/docs": 302} {
		res, err := follow.Get(site + path)
		if err != nil || res.StatusCode != wanted {
			t.Error(path, res, err)
		}
	}
}
