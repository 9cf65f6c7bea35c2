package sigv4

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// V2 is S3's former signature, of which presigned URLs and forms live on: boto3
// and the AWS CLI make them unless they are told otherwise.
// AWS: "Signing and authenticating REST requests", S3 User Guide of 2006, query
// string request authentication alternative.

// parseV2 reads a URL that was presigned the former way.
func (a *Auth) parseV2(query string) error {
	q, err := url.ParseQuery(query)
	if err != nil {
		return errQueryParameters(a.flavor, "The query is not well encoded.")
	}
	a.Scheme, a.Presigned, a.Payload = V2, true, unsignedPayload
	a.AccessKeyID, a.signature, a.Token = q.Get("AWSAccessKeyId"), q.Get("Signature"), q.Get("x-amz-security-token")
	seconds, err := strconv.ParseInt(q.Get("Expires"), 10, 64)
	if err != nil || a.AccessKeyID == "" || a.signature == "" {
		return errV2Query()
	}
	a.stamp, a.Time = q.Get("Expires"), time.Unix(seconds, 0)
	return nil
}

func errV2Query() error {
	e := errInvalid("AccessDenied", "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters")
	e.Status = http.StatusForbidden
	return e
}

// checkExpiry holds a URL's end against the clock.
func (a *Auth) checkExpiry(now time.Time) error {
	if a.form == "" && now.After(a.Time) {
		e := errInvalid("AccessDenied", "Request has expired")
		e.Status = http.StatusForbidden
		return e
	}
	return nil
}

// verifyV2 checks a signature over r, or over a form's policy.
func (a *Auth) verifyV2(r *http.Request, secret string) error {
	texts := []string{a.form}
	if a.form == "" {
		texts = nil
		for _, resource := range resourcesV2(r) {
			texts = append(texts, a.toSignV2(r, resource))
		}
	}
	for _, text := range texts {
		mac := hmac.New(sha1.New, []byte(secret))
		mac.Write([]byte(text))
		if hmac.Equal([]byte(base64.StdEncoding.EncodeToString(mac.Sum(nil))), []byte(a.signature)) {
			a.proof = verified
			return nil
		}
	}
	return errMismatch(a.flavor, textMismatchS3)
}

// toSignV2 is the string to sign of a presigned URL.
func (a *Auth) toSignV2(r *http.Request, resource string) string {
	var b strings.Builder
	for _, part := range [...]string{r.Method, r.Header.Get("Content-Md5"), r.Header.Get("Content-Type"), a.stamp} {
		b.WriteString(part + "\n")
	}
	lines := []string{}
	for name, values := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") {
			lines = append(lines, lower+":"+strings.Join(values, ",")+"\n")
		}
	}
	if a.Token != "" && r.Header.Get("X-Amz-Security-Token") == "" {
		lines = append(lines, "x-amz-security-token:"+a.Token+"\n")
	}
	slices.Sort(lines)
	return b.String() + strings.Join(lines, "") + resource
}

// resourcesV2 are the forms that the signed resource may have: a bucket in the
// host's name stands before the path.
func resourcesV2(r *http.Request) []string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	if r.RequestURI == "" {
		path = r.URL.EscapedPath()
	}
	var signed []string
	for pair := range strings.SplitSeq(r.URL.RawQuery, "&") {
		name, value, has := strings.Cut(pair, "=")
		if !slices.Contains(subresources(), name) {
			continue
		}
		if value, err := url.QueryUnescape(value); err == nil && has && value != "" {
			name += "=" + value
		}
		signed = append(signed, name)
	}
	slices.Sort(signed)
	query := ""
	if len(signed) > 0 {
		query = "?" + strings.Join(signed, "&")
	}
	all := []string{path + query}
	for _, end := range [...]string{".s3", "."} {
		if bucket, _, ok := strings.Cut(r.Host, end); ok {
			all = append(all, "/"+bucket+path+query)
		}
	}
	return all
}

// subresources are the parameters that V2 signs.
func subresources() []string {
	return []string{
		"accelerate", "acl", "cors", "defaultObjectAcl", "location", "logging", "partNumber", "policy", "requestPayment", "torrent", "versioning", "versionId", "versions",
		"website", "uploads", "uploadId", "response-content-type", "response-content-language", "response-expires", "response-cache-control",
		"response-content-disposition", "response-content-encoding", "delete", "lifecycle", "tagging", "restore", "storageClass", "notification", "replication",
		"analytics", "metrics", "inventory", "select", "select-type", "object-lock", "legal-hold", "retention", "publicAccessBlock", "ownershipControls",
	}
}
