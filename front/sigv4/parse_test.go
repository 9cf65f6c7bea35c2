package sigv4

import (
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
)

func TestParseHeader(t *testing.T) {
	const good = "AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/sqs/aws4_request, SignedHeaders=host;x-amz-date, Signature=abc"
	for _, test := range []struct {
		header string
		flavor Flavor
		want   string
	}{
		{good, JSON, ""},
		{strings.ReplaceAll(good, ", ", ","), S3, ""},
		{strings.ReplaceAll(good, ", ", " ,   "), S3, ""},
		{"AWS4-HMAC-SHA256 Signature=abc", JSON, "IncompleteSignatureException"},
		{"AWS4-HMAC-SHA256 Signature=abc", Query, "IncompleteSignature"},
		{"AWS4-HMAC-SHA256 Signature=abc", S3, "AuthorizationHeaderMalformed"},
		{"AWS4-HMAC-SHA256", JSON, "IncompleteSignatureException"},
		{strings.Replace(good, "/sqs", "", 1), Query, "IncompleteSignature"},
		{strings.Replace(good, "=AKID", "=", 1), S3, "AuthorizationHeaderMalformed"},
		{strings.Replace(good, "aws4_request", "x", 1), Query, "SignatureDoesNotMatch"},
		{strings.Replace(good, "20150830", "20150831", 1), JSON, "InvalidSignatureException"},
		{"AWS AKID:signature", S3, "InvalidRequest"},
		{"AWS AKID:signature", Query, "IncompleteSignature"},
		{"Bearer token", S3, "InvalidArgument"},
		{"AWS4-HMAC-SHA256 Credential", JSON, "IncompleteSignatureException"},
		{"Bearer token", JSON, "IncompleteSignatureException"},
	} {
		r := request(t, "GET /", "", "Authorization", test.header, "X-Amz-Date", "20150830T123600Z")
		a, err := Parse(r, test.flavor)
		if code(err) != test.want {
			t.Errorf("%s: %v, want %q", test.header, err, test.want)
		}
		if err == nil && (a.AccessKeyID != "AKID" || a.Region != "us-east-1" || a.Service != "sqs" || a.Time != testTime()) {
			t.Errorf("%s: parsed as %+v", test.header, a)
		}
	}
}

func TestParseDate(t *testing.T) {
	for stamp, want := range map[string]string{
		"Sun, 30 Aug 2015 12:36:00 GMT": "",
		"20150830T123600Z":              "",
		"2015-08-30T12:36:00Z":          "AccessDenied",
		"":                              "AuthorizationHeaderMalformed",
	} {
		r := request(t, "GET /", "", "Date", stamp, "Authorization",
			"AWS4-HMAC-SHA256 Credential=AKID/20150830/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=abc")
		if _, err := Parse(r, S3); code(err) != want {
			t.Errorf("Date %q: %v, want %q", stamp, err, want)
		}
	}
}

func TestPresignedWindow(t *testing.T) {
	for _, test := range []struct {
		expires string
		age     time.Duration
		flavor  Flavor
		want    string
	}{
		{"60", time.Minute, S3, ""},
		{"60", time.Minute + time.Second, S3, "AccessDenied"},
		{"60", time.Minute + time.Second, Query, "SignatureDoesNotMatch"},
		{"604800", 7 * 24 * time.Hour, S3, ""},
		{"604801", 0, S3, "AuthorizationQueryParametersError"},
		{"-1", 0, S3, "AuthorizationQueryParametersError"},
		{"x", 0, Query, "IncompleteSignature"},
		{"", 0, S3, "AuthorizationQueryParametersError"},
		{"", maxSkew, Query, ""},
		{"60", -maxSkew - time.Second, S3, "AccessDenied"},
	} {
		r := request(t, "GET /key", "")
		Presign(r, 0, Credential{testKey, testSecret, ""}, Scope{"us-east-1", "service", testTime(), test.flavor})
		r.URL.RawQuery = strings.Replace(r.URL.RawQuery, "X-Amz-Expires=0", "X-Amz-Expires="+test.expires, 1)
		c := testCheck("")
		c.Now = c.Now.Add(test.age)
		err := func() error {
			a, err := Parse(r, test.flavor)
			if err != nil {
				return err
			}
			return NewVerifier().Trust(r, &a, c)
		}()
		if code(err) != test.want {
			t.Errorf("expires %q at %v: %v, want %q", test.expires, test.age, err, test.want)
		}
	}
}

func TestS3WantsEveryAmzHeaderSigned(t *testing.T) {
	r := request(t, "PUT /key", "hello")
	signSDK(t, r, S3, "")
	r.Header.Set("X-Amz-Acl", "public-read")
	if err := verify(overWire(t, r), S3, testCheck("hello")); code(err) != "AccessDenied" {
		t.Error(err)
	}
}

func TestOneMechanismOnly(t *testing.T) {
	r := request(t, "GET /key", "")
	signSDK(t, r, S3, "")
	Presign(r, time.Minute, Credential{testKey, testSecret, ""}, Scope{"us-east-1", "service", testTime(), S3})
	if _, err := Parse(r, S3); code(err) != "InvalidArgument" {
		t.Error(err)
	}
}

// TestS3PathEscapedOtherwise sends a path with other characters escaped than
// the signer did.
func TestS3PathEscapedOtherwise(t *testing.T) {
	for signed, sent := range map[string]string{"/a%2Bb": "/a+b", "/%7Ea": "/~a", "/~a": "/%7ea", "/%C3%A9": "/%c3%a9"} {
		r := request(t, "GET "+signed, "")
		signSDK(t, r, S3, "")
		r = overWire(t, r)
		r.RequestURI = sent
		// Only the canonical way to escape a path may be sent another way.
		want := ""
		if signed == "/%7Ea" {
			want = "SignatureDoesNotMatch"
		}
		if err := verify(r, S3, testCheck("")); code(err) != want {
			t.Errorf("signed %s, sent %s: %v, want %q", signed, sent, err, want)
		}
	}
}

func TestPresignedMayRepeatItsPayloadInAHeader(t *testing.T) {
	r := request(t, "PUT /key", "hello")
	Presign(r, time.Minute, Credential{testKey, testSecret, ""}, Scope{"us-east-1", "service", testTime(), S3})
	for header, want := range map[string]string{unsignedPayload: "", digest("hello"): "SignatureDoesNotMatch"} {
		r.Header.Set("X-Amz-Content-Sha256", header)
		if err := verify(r, S3, testCheck("hello")); code(err) != want {
			t.Errorf("%s: %v, want %q", header, err, want)
		}
	}
}

func TestStaleSignatureSaysWhen(t *testing.T) {
	r := request(t, "POST /", "hello")
	signSDK(t, r, Query, "")
	c := testCheck("hello")
	c.Now = c.Now.Add(time.Hour)
	const want = "Signature expired: 20150830T123600Z is now earlier than 20150830T132100Z (20150830T133600Z - 15 min.)"
	if err := verify(overWire(t, r), Query, c); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("%v, want %s", err, want)
	}
}

func TestMismatchShowsWhatWasSigned(t *testing.T) {
	r := request(t, "POST /a//b", "hello")
	signSDK(t, r, JSON, "")
	c := testCheck("other")
	err := verify(overWire(t, r), JSON, c)
	for _, want := range []string{"The Canonical String for this request should have been\n'POST\n/a/b\n", "The String-to-Sign should have been\n'AWS4-HMAC-SHA256\n20150830T123600Z\n20150830/us-east-1/service/aws4_request\n"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v\nlacks %q", err, want)
		}
	}
}

func TestFlavors(t *testing.T) {
	for _, test := range []struct {
		name string
		make func(Flavor) *aws.Error
		want [5]string
	}{
		{"not signed", NotSigned, [5]string{"MissingAuthenticationTokenException", "MissingAuthenticationTokenException", "MissingAuthenticationToken", "AuthFailure", "AccessDenied"}},
		{"unknown key", UnknownKey, [5]string{"UnrecognizedClientException", "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "InvalidAccessKeyId"}},
		{"bad token", BadToken, [5]string{"UnrecognizedClientException", "UnrecognizedClientException", "InvalidClientTokenId", "AuthFailure", "InvalidToken"}},
		{"expired token", ExpiredToken, [5]string{"ExpiredTokenException", "ExpiredTokenException", "ExpiredToken", "RequestExpired", "ExpiredToken"}},
	} {
		for i, want := range test.want {
			if e := test.make(Flavor(i)); e.Code != want || e.Message == "" {
				t.Errorf("%s, flavor %d: %v, want %s", test.name, i, e, want)
			}
			if e := test.make(Flavor(i)); Flavor(i) == JSON && e.QueryCode != test.want[Query] {
				t.Errorf("%s: %s to those who know the service's Query protocol, want %s", test.name, e.QueryCode, test.want[Query])
			}
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("AWS4-HMAC-SHA256 Credential=A/20150830/r/s/aws4_request, SignedHeaders=host, Signature=00", "", "/a//..%2f")
	f.Add("", "X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=A%2F20150830%2Fr%2Fs%2Faws4_request&X-Amz-Date=20150830T123600Z&X-Amz-SignedHeaders=host&X-Amz-Signature=00&X-Amz-Expires=9", "/")
	f.Add("AWS4-ECDSA-P256-SHA256 Credential=A/20150830/s/aws4_request,SignedHeaders=host,Signature=zz", "%zz&=&a", "/%")
	v := NewVerifier()
	f.Fuzz(func(t *testing.T, header, query, path string) {
		for _, flavor := range []Flavor{JSON, S3} {
			r := &http.Request{Method: "GET", RequestURI: path, Host: "h", URL: &url.URL{Path: path, RawQuery: query}, Header: http.Header{
				"Authorization": {header}, "X-Amz-Date": {"20150830T123600Z"}, "X-Amz-Content-Sha256": {unsignedPayload},
			}}
			a, err := Parse(r, flavor)
			if err != nil {
				continue
			}
			if err := v.Verify(r, &a, &Check{Secret: "s", Now: testTime()}); err == nil {
				t.Error("a made-up signature was accepted")
			}
		}
	})
}
