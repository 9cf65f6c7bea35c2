package sigv4

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestFormerPresignedURL is the example of S3's documentation of 2006.
func TestFormerPresignedURL(t *testing.T) {
	const query = "AWSAccessKeyId=AKIAIOSFODNN7EXAMPLE&Signature=NpgCjnDzrM%2BWFzoENXmpNDUsSn8%3D&Expires=1175139620"
	for _, k := range []struct {
		host, target string
		at           int64
		want         string
	}{
		{"johnsmith.s3.amazonaws.com", "/photos/puppy.jpg?" + query, 1175139620, ""},
		{"s3.amazonaws.com", "/johnsmith/photos/puppy.jpg?" + query, 1175139620, ""},
		{"johnsmith.s3.amazonaws.com", "/photos/puppy.jpg?" + query, 1175139621, "Request has expired"},
		{"johnsmith.s3.amazonaws.com", "/photos/puppy.jpg?acl&" + query, 1175139620, "does not match"},
		{"johnsmith.s3.amazonaws.com", "/photos/other.jpg?" + query, 1175139620, "does not match"},
		{"johnsmith.s3.amazonaws.com", "/photos/puppy.jpg?" + strings.Replace(query, "Npg", "npg", 1), 1175139620, "does not match"},
		{"johnsmith.s3.amazonaws.com", "/photos/puppy.jpg?" + strings.Replace(query, "Expires=", "Expires=x", 1), 1175139620, "requires the Signature"},
	} {
		r := httptest.NewRequest("GET", k.target, nil)
		r.Host = k.host
		a, err := Parse(r, S3)
		if err == nil {
			err = NewVerifier().Verify(r, &a, &Check{Secret: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", Now: time.Unix(k.at, 0)})
		}
		if (err == nil) != (k.want == "") || err != nil && !strings.Contains(err.Error(), k.want) {
			t.Errorf("%s%s: %v, want %q", k.host, k.target, err, k.want)
		}
	}
}
