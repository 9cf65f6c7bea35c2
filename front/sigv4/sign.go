package sigv4

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Credential is an access key with its secret.
type Credential struct {
	AccessKeyID string
	Secret      string
	Token       string // of temporary credentials; may be empty
}

// Scope is what a signature is good for.
type Scope struct {
	Region  string
	Service string // the signing name, such as s3
	Time    time.Time
	Flavor  Flavor
}

// Sign signs r, which has the given body, in its Authorization header. It
// signs the host, the content type and every x-amz-* header.
func Sign(r *http.Request, body []byte, cred Credential, scope Scope) {
	sum := sha256.Sum256(body)
	payload := hex.EncodeToString(sum[:])
	a := scope.auth()
	r.Header.Set("X-Amz-Date", a.stamp)
	if cred.Token != "" {
		r.Header.Set("X-Amz-Security-Token", cred.Token)
	}
	if scope.Flavor == S3 {
		r.Header.Set("X-Amz-Content-Sha256", payload)
	}
	a.signedHeaders = headersToSign(r)
	r.Header.Set("Authorization", algorithmV4+" Credential="+cred.AccessKeyID+"/"+a.scope+
		", SignedHeaders="+a.signedHeaders+", Signature="+a.sign(r, payload, cred.Secret))
}

// Presign adds a signature to r's query that is good for the given time, and
// leaves the payload open for S3 and empty for others.
func Presign(r *http.Request, expires time.Duration, cred Credential, scope Scope) {
	payload := emptyPayload
	if scope.Flavor == S3 {
		payload = unsignedPayload
	}
	a := scope.auth()
	a.signedHeaders = headersToSign(r)
	query := url.Values{
		"X-Amz-Algorithm":     {algorithmV4},
		"X-Amz-Credential":    {cred.AccessKeyID + "/" + a.scope},
		"X-Amz-Date":          {a.stamp},
		"X-Amz-Expires":       {strconv.Itoa(int(expires / time.Second))},
		"X-Amz-SignedHeaders": {a.signedHeaders},
	}
	if cred.Token != "" {
		query.Set("X-Amz-Security-Token", cred.Token)
	}
	if r.URL.RawQuery != "" {
		r.URL.RawQuery += "&"
	}
	r.URL.RawQuery += query.Encode()
	r.URL.RawQuery += "&X-Amz-Signature=" + a.sign(r, payload, cred.Secret)
}

// SignText signs a text of the caller's own, such as the policy of an S3 POST form.
func SignText(text, secret string, scope Scope) string {
	a := scope.auth()
	mac := signingKey(keyID{secret: secret, date: a.date, region: a.Region, service: a.Service})
	mac, _ = hmacSHA256(nil, mac[:], []byte(text))
	return hex.EncodeToString(mac[:])
}

// auth begins a signature in this scope.
func (s Scope) auth() *Auth {
	a := &Auth{Scheme: V4, Region: s.Region, Service: s.Service, Time: s.Time.UTC(), flavor: s.Flavor}
	a.stamp = a.Time.Format(timeFormat)
	a.date = a.stamp[:dateDigits]
	a.scope = a.date + "/" + s.Region + "/" + s.Service + "/" + terminator
	return a
}

// sign gives the signature of r.
func (a *Auth) sign(r *http.Request, payload, secret string) string {
	s := &scratch{payload: []byte(payload)}
	s.build(r, a, pathForms(a.flavor)[0])
	s.buildToSign(a)
	mac := signingKey(keyID{secret: secret, date: a.date, region: a.Region, service: a.Service})
	mac, _ = hmacSHA256(nil, mac[:], s.toSign)
	return hex.EncodeToString(mac[:])
}

// headersToSign lists the headers of r that a signature should cover.
func headersToSign(r *http.Request) string {
	names := []string{"host"}
	for name := range r.Header {
		if name = strings.ToLower(name); name == "content-type" || strings.HasPrefix(name, "x-amz-") {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return strings.Join(names, ";")
}
