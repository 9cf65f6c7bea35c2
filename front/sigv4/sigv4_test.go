package sigv4

import (
	"bufio"
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	sdkv4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/smithy-go/aws-http-auth/credentials"
	smithy4 "github.com/aws/smithy-go/aws-http-auth/sigv4"
	smithy4a "github.com/aws/smithy-go/aws-http-auth/sigv4a"
	smithyv4 "github.com/aws/smithy-go/aws-http-auth/v4"

	"github.com/brume-cloud/brume/aws"
)

const (
	testKey    = "AKIDEXAMPLE"
	testSecret = "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"
)

func testTime() time.Time { return time.Date(2015, 8, 30, 12, 36, 0, 0, time.UTC) }

func testCheck(body string) *Check {
	return &Check{Secret: testSecret, Now: testTime(), Region: "us-east-1", Service: "service", Body: []byte(body)}
}

// overWire sends r through HTTP/1.1's text form, as a server would get it.
func overWire(t testing.TB, r *http.Request) *http.Request {
	t.Helper()
	var wire bytes.Buffer
	if err := r.Write(&wire); err != nil {
		t.Fatal(err)
	}
	got, err := http.ReadRequest(bufio.NewReader(&wire))
	if err != nil {
		t.Fatal(err)
	}
	return got
}

// verify runs both steps.
func verify(r *http.Request, f Flavor, c *Check) error {
	a, err := Parse(r, f)
	if err != nil {
		return err
	}
	return NewVerifier().Verify(r, &a, c)
}

func code(err error) string {
	var e *aws.Error
	if errors.As(err, &e) {
		return e.Code
	}
	if err != nil {
		return "not an *aws.Error: " + err.Error()
	}
	return ""
}

// request makes a request to sign, such as "GET /path"; more are pairs of header
// name and value.
func request(t testing.TB, line, body string, more ...string) *http.Request {
	t.Helper()
	method, target, _ := strings.Cut(line, " ")
	r, err := http.NewRequest(method, "https://example.amazonaws.com"+target, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(more); i += 2 {
		r.Header.Add(more[i], more[i+1])
	}
	return r
}

func digest(body string) string {
	sum := sha256.Sum256([]byte(body))
	return hex.EncodeToString(sum[:])
}

func signSDK(t testing.TB, r *http.Request, f Flavor, token string) {
	t.Helper()
	payload := digest(bodyOf(t, r))
	s := sdkv4.NewSigner(func(o *sdkv4.SignerOptions) { o.DisableURIPathEscaping = f == S3 })
	cred := awssdk.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: token}
	if f == S3 {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	if err := s.SignHTTP(context.Background(), cred, r, payload, "service", "us-east-1", testTime()); err != nil {
		t.Fatal(err)
	}
}

func signSmithy(t testing.TB, r *http.Request, f Flavor, token string) {
	t.Helper()
	s := smithy4.New(func(o *smithyv4.SignerOptions) {
		o.DisableDoublePathEscape = f == S3
		o.AddPayloadHashHeader = f == S3
	})
	raw := sha256.Sum256([]byte(bodyOf(t, r)))
	err := s.SignRequest(&smithy4.SignRequestInput{
		Request: r, PayloadHash: raw[:], Service: "service", Region: "us-east-1", Time: testTime(),
		Credentials: credentials.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: token},
	})
	if err != nil {
		t.Fatal(err)
	}
}

func signOurs(t testing.TB, r *http.Request, f Flavor, token string) {
	Sign(r, []byte(bodyOf(t, r)), Credential{testKey, testSecret, token}, Scope{"us-east-1", "service", testTime(), f})
}

// bodyOf gives the body of a request that was not sent yet.
func bodyOf(t testing.TB, r *http.Request) string {
	t.Helper()
	copied, err := r.GetBody()
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(copied)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// weirdTargets are paths and queries that signers and servers are known to
// disagree about.
func weirdTargets() []string {
	return []string{
		"/", "/a/b", "/a//b", "//a", "/a%2Fb", "/a/../b", "/a/./b/", "/a%20b", "/%E1%88%B4", "/a+b", "/a%2Bb",
		"/~a-b_c.d", "/a=b&c", "/a:b@c", "/100%25", "/(x)*!'",
		"/?b=2&a=1", "/?a=2&a=1", "/?a=x%20y&b=%2F%3D", "/?acl", "/?acl&x=", "/?%E1%88%B4=bar", "/?a=%7E&A=~", "/?a-b=1&a=2",
	}
}

func TestVerifiesWhatIndependentSignersSign(t *testing.T) {
	signers := map[string]func(testing.TB, *http.Request, Flavor, string){
		"sdk": signSDK, "smithy": signSmithy, "ours": signOurs,
	}
	for name, sign := range signers {
		for _, f := range []Flavor{JSON, S3} {
			for _, target := range weirdTargets() {
				for _, token := range []string{"", "to/ken+=="} {
					value := "  a   b "
					if name == "smithy" { // it does not collapse spaces, which AWS asks for
						value = "a b"
					}
					r := request(t, "POST "+target, "hello", "Content-Type", "text/plain", "X-Amz-Meta-A", value, "X-Amz-Meta-A", "c")
					sign(t, r, f, token)
					r.Header.Del("Host")
					err := verify(overWire(t, r), f, testCheck("hello"))
					if err != nil {
						t.Errorf("%s, flavor %d, %s: %v", name, f, target, err)
					}
				}
			}
		}
	}
}

func TestVerifiesPresigned(t *testing.T) {
	for _, f := range []Flavor{Query, S3} {
		for _, target := range weirdTargets() {
			sep := "?"
			if strings.Contains(target, "?") {
				sep = "&"
			}
			r := request(t, "GET "+target+sep+"X-Amz-Expires=60", "")
			payload := emptyPayload
			if f == S3 {
				payload = unsignedPayload
			}
			s := sdkv4.NewSigner(func(o *sdkv4.SignerOptions) { o.DisableURIPathEscaping = f == S3 })
			cred := awssdk.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret, SessionToken: "to/ken"}
			uri, _, err := s.PresignHTTP(context.Background(), cred, r, payload, "service", "us-east-1", testTime())
			if err != nil {
				t.Fatal(err)
			}
			signed, err := http.NewRequest("GET", uri, nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := verify(overWire(t, signed), f, testCheck("")); err != nil {
				t.Errorf("flavor %d, %s: %v", f, target, err)
			}
			own := request(t, "GET "+target, "")
			Presign(own, time.Minute, Credential{testKey, testSecret, ""}, Scope{"us-east-1", "service", testTime(), f})
			if err := verify(overWire(t, own), f, testCheck("")); err != nil {
				t.Errorf("ours, flavor %d, %s: %v", f, target, err)
			}
		}
	}
}

func TestVerifiesV4a(t *testing.T) {
	for _, test := range []struct{ set, region, want string }{
		{"*", "us-east-1", ""},
		{"eu-west-1,us-*", "us-east-1", ""},
		{"eu-west-1", "us-east-1", "AuthorizationHeaderMalformed"},
	} {
		r := request(t, "PUT /key", "hello")
		s := smithy4a.New(func(o *smithyv4.SignerOptions) { o.DisableDoublePathEscape, o.AddPayloadHashHeader = true, true })
		raw, _ := hex.DecodeString(digest("hello"))
		err := s.SignRequest(&smithy4a.SignRequestInput{
			Request: r, PayloadHash: raw, Service: "service", RegionSet: strings.Split(test.set, ","), Time: testTime(),
			Credentials: credentials.Credentials{AccessKeyID: testKey, SecretAccessKey: testSecret},
		})
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Del("Host")
		got := overWire(t, r)
		if err := verify(got, S3, testCheck("hello")); code(err) != test.want {
			t.Errorf("set %s: %v, want %q", test.set, err, test.want)
		}
		c := testCheck("hello")
		c.Secret = "another"
		if err := verify(got, S3, c); err == nil {
			t.Errorf("set %s: another secret was accepted", test.set)
		}
	}
}

// TestPublishedSuite holds the verifier against signatures of AWS's own
// Signature Version 4 test suite.
func TestPublishedSuite(t *testing.T) {
	for _, test := range []struct{ name, method, target, signed, signature, body, header string }{
		{"get-vanilla", "GET", "/", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "", ""},
		{"get-vanilla-query-order-key-case", "GET", "/?Param2=value2&Param1=value1", "host;x-amz-date", "b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500", "", ""},
		{"get-header-key-duplicate", "GET", "/", "host;my-header1;x-amz-date", "c9d5ea9f3f72853aea855b47ea873832890dbdd183b4468f858259531a5138ea", "", "value2|value2|value1"},
		{"get-relative", "GET", "/example/..", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "", ""},
		{"get-slash", "GET", "//", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "", ""},
		{"get-slash-dot-slash", "GET", "/./", "host;x-amz-date", "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31", "", ""},
		{"get-vanilla-with-header-parts", "GET", "/", "host;my-header1;x-amz-date", "ba17b383a53190154eb5fa66a1b836cc297cc0a3d70a5d00705980573d8ff790", "", "value1|value2|value3"},
		{"post-vanilla", "POST", "/", "host;x-amz-date", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b", "", ""},
	} {
		r := request(t, test.method+" "+test.target, test.body, "X-Amz-Date", "20150830T123600Z")
		if test.header != "" {
			r.Header["My-Header1"] = strings.Split(test.header, "|")
		}
		r.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders="+
			test.signed+", Signature="+test.signature)
		if err := verify(r, Query, testCheck(test.body)); err != nil {
			t.Errorf("%s: %v", test.name, err)
		}
	}
}

func TestRefusesEveryTampering(t *testing.T) {
	edit := map[string]func(*http.Request, *Check){
		"method":         func(r *http.Request, _ *Check) { r.Method = "PUT" },
		"path":           func(r *http.Request, _ *Check) { r.RequestURI = "/other?a=1" },
		"query":          func(r *http.Request, _ *Check) { r.URL.RawQuery = "a=2" },
		"query added":    func(r *http.Request, _ *Check) { r.URL.RawQuery = "a=1&b=2" },
		"host":           func(r *http.Request, _ *Check) { r.Host = "evil.example.com" },
		"signed header":  func(r *http.Request, _ *Check) { r.Header.Set("X-Amz-Target", "Evil") },
		"header dropped": func(r *http.Request, _ *Check) { r.Header.Del("X-Amz-Target") },
		"token":          func(r *http.Request, _ *Check) { r.Header.Set("X-Amz-Security-Token", "x") },
		"date":           func(r *http.Request, _ *Check) { r.Header.Set("X-Amz-Date", "20150830T123601Z") },
		"body":           func(_ *http.Request, c *Check) { c.Body = []byte("hellO") },
		"secret":         func(_ *http.Request, c *Check) { c.Secret += "x" },
		"region":         func(_ *http.Request, c *Check) { c.Region = "eu-west-1" },
		"service":        func(_ *http.Request, c *Check) { c.Service = "other" },
		"late":           func(_ *http.Request, c *Check) { c.Now = c.Now.Add(maxSkew + time.Second) },
		"early":          func(_ *http.Request, c *Check) { c.Now = c.Now.Add(-maxSkew - time.Second) },
		"scope date":     replaceAuth("20150830/", "20150831/"),
		"scope region":   replaceAuth("us-east-1", "us-east-2"),
		"scope service":  replaceAuth("/service/", "/sqs/"),
		"terminator":     replaceAuth("aws4_request", "aws5_request"),
		"host unsigned":  replaceAuth("host;", ""),
		"unsigned":       func(r *http.Request, _ *Check) { r.Header.Del("Authorization") },
	}
	for _, f := range []Flavor{JSON, REST, Query, EC2, S3} {
		for name, change := range edit {
			r := request(t, "POST /path?a=1", "hello", "X-Amz-Target", "Sqs.Send")
			signSDK(t, r, f, "token")
			r = overWire(t, r)
			c := testCheck("hello")
			if err := verify(r, f, c); err != nil {
				t.Fatalf("flavor %d, untouched: %v", f, err)
			}
			change(r, c)
			if got := code(verify(r, f, c)); got == "" || strings.HasPrefix(got, "not") {
				t.Errorf("flavor %d, %s: accepted or wrong (%q)", f, name, got)
			}
		}
	}
}

func replaceAuth(old, by string) func(*http.Request, *Check) {
	return func(r *http.Request, _ *Check) {
		r.Header.Set("Authorization", strings.Replace(r.Header.Get("Authorization"), old, by, 1))
	}
}

func TestHMACIsHMAC(t *testing.T) {
	for _, n := range []int{0, 1, 32, 64, 65, 200} {
		k := bytes.Repeat([]byte{7}, n)
		h := hmac.New(sha256.New, k)
		h.Write([]byte("message"))
		if got, _ := hmacSHA256(nil, k, []byte("message")); !bytes.Equal(got[:], h.Sum(nil)) {
			t.Errorf("key of %d bytes: wrong", n)
		}
	}
}

// TestSigningKey holds to the published example of a derived key, "Examples of
// how to derive a signing key for Signature Version 4".
func TestSigningKey(t *testing.T) {
	mac := signingKey(keyID{secret: testSecret, date: "20120215", region: "us-east-1", service: "iam"})
	if got := hex.EncodeToString(mac[:]); got != "f4780e2d9f65fa895f9c67b32ce1baf0b0d8a43505a000a1a9e090d414db404d" {
		t.Error(got)
	}
	h := hmac.New(sha256.New, mac[:])
	h.Write([]byte("text"))
	scope := Scope{"us-east-1", "iam", time.Date(2012, 2, 15, 0, 0, 0, 0, time.UTC), Query}
	if got := SignText("text", testSecret, scope); got != hex.EncodeToString(h.Sum(nil)) {
		t.Error(got)
	}
}

// TestKeyCacheNeverMixesKeys fills the cache several times over.
func TestKeyCacheNeverMixesKeys(t *testing.T) {
	v := NewVerifier()
	for i := range 5 * len(v.keys.slots) {
		id := keyID{secret: "s", date: "20150830", region: strconv.Itoa(i), service: "sqs"}
		for range 2 {
			if got, err := v.keys.get(id); err != nil || got.mac != signingKey(id) {
				t.Fatalf("%+v has another's key (%v)", id, err)
			}
		}
	}
}

func BenchmarkVerify1KiB(b *testing.B) {
	body := strings.Repeat("x", 1024)
	r := request(b, "POST /", body, "X-Amz-Target", "AmazonSQS.SendMessage", "Content-Type", "application/x-amz-json-1.0")
	signSDK(b, r, JSON, "")
	r = overWire(b, r)
	v, c := NewVerifier(), testCheck(body)
	b.ReportAllocs()
	for b.Loop() {
		a, err := Parse(r, JSON)
		if err == nil {
			err = v.Verify(r, &a, c)
		}
		if err != nil {
			b.Fatal(err)
		}
	}
}
