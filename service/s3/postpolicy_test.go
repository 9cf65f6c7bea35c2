package s3

import (
	"encoding/base64"
	"strings"
	"testing"
	"time"
)

func TestPostPolicies(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, k := range []struct{ policy, fields, want string }{
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[]}`, "", ""},
		{`{"expiration":"2025-01-01T00:00:00Z","conditions":[]}`, "", "expired"},
		{`{"expiration":"never"}`, "", "expiration"},
		{`{`, "", "JSON"},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[{"Key":"a"}]}`, "key=a", ""},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[{"key":"a"}]}`, "key=b", `"eq", "$key", "a"`},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[["starts-with","$key",""]]}`, "key=b x-ignore-me=1", ""},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[["eq","$bucket","b"]]}`, "", ""},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[["like","$key","b"]]}`, "", "operator"},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[["eq","key","b"]]}`, "", "must begin with"},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[["content-length-range",1,"x"]]}`, "", "content-length-range"},
		{`{"expiration":"2027-01-01T00:00:00Z","conditions":[]}`, "acl=public-read", "Extra input fields: acl"},
	} {
		p, err := parsePostPolicy(base64.StdEncoding.EncodeToString([]byte(k.policy)))
		if err == nil {
			f := &form{bucket: "b", fields: map[string][]string{}}
			for _, pair := range strings.Fields(k.fields) {
				name, v, _ := strings.Cut(pair, "=")
				f.fields[name] = []string{v}
			}
			err = p.allow(f, now)
		}
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s %s: %v, want %q", k.policy, k.fields, err, k.want)
		}
	}
}

// FuzzPostPolicy reads policies of strangers, and holds forms against them.
func FuzzPostPolicy(f *testing.F) {
	f.Add(`{"expiration":"2027-01-01T00:00:00Z","conditions":[{"key":"a"},["starts-with","$key","a"],["content-length-range",0,10]]}`)
	f.Add(`{"expiration":"2027-01-01T00:00:00.000Z","conditions":[[],{},[1,2,3],["eq","$",null],["content-length-range",1e300,-1]]}`)
	f.Fuzz(func(t *testing.T, text string) {
		p, err := parsePostPolicy(base64.StdEncoding.EncodeToString([]byte(text)))
		if err != nil {
			return
		}
		_ = p.allow(&form{bucket: "b", fields: map[string][]string{"key": {"a"}, "acl": {"x"}}}, time.Unix(0, 0))
		strict := &form{bucket: "b", fields: map[string][]string{"no policy speaks of this": {""}}}
		covered := strings.Contains(strings.ToLower(text), "no policy")
		if p.allow(strict, time.Unix(0, 0)) == nil && !covered {
			t.Errorf("%q allows what it does not speak of", text)
		}
	})
}

func FuzzHosted(f *testing.F) {
	for _, host := range []string{"b.s3.localhost:4566", "b.s3-website-us-east-1.amazonaws.com", "s3.amazonaws.com", "[::1]:80", "..s3..localhost", ""} {
		f.Add(host)
	}
	f.Fuzz(func(t *testing.T, host string) {
		if bucket, endpoint := hosted(host); endpoint != "" && bucket == "" {
			t.Errorf("%q is an endpoint of no bucket", host)
		}
	})
}

func TestHosted(t *testing.T) {
	for host, want := range map[string]string{
		"b.s3.localhost:4566": "b", "my.b.s3.eu-west-1.amazonaws.com": "my.b", "s3.localhost": "", "s3.eu-west-1.amazonaws.com": "", "localhost:4566": "", "127.0.0.1:4566": "",
		"b.s3-website.eu-west-1.amazonaws.com": "b*", "b.s3-website-eu-west-1.amazonaws.com": "b*", "b.s3-website.localhost:4566": "b*", "s3-website.localhost": "",
		"b--use1-az4--x-s3.s3express-use1-az4.us-east-1.amazonaws.com": "b--use1-az4--x-s3", "s3express-control.us-east-1.amazonaws.com": "",
		"b.localhost:1": "b", "example.com": "", "b.s3.cn-north-1.amazonaws.com.cn": "b", "b.s3.dualstack.us-west-2.amazonaws.com": "b", "my.s3.files.s3.amazonaws.com": "my.s3.files",
		"desk-000000000000.s3-accesspoint.eu-west-1.amazonaws.com": "desk-000000000000", "desk-000000000000.s3-accesspoint-fips.dualstack.us-west-2.amazonaws.com": "desk-000000000000",
	} {
		bucket, endpoint := hosted(host)
		if strings.HasPrefix(endpoint, websiteLabel) {
			bucket += "*"
		}
		if bucket != want {
			t.Errorf("%s: %q, want %q", host, bucket, want)
		}
	}
}
