package sigv4

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"hash/maphash"
	"net/http"
	"strings"
	"sync"
	"time"
)

// The words that stand in the place of a payload's digest.
const (
	unsignedPayload = "UNSIGNED-PAYLOAD"
	streamingPrefix = "STREAMING-"
	emptyPayload    = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// Verifier verifies requests. It keeps derived keys and scratch memory; one
// serves all goroutines.
type Verifier struct {
	keys    keyCache
	scratch sync.Pool
}

// NewVerifier makes a Verifier.
func NewVerifier() *Verifier {
	v := &Verifier{keys: keyCache{seed: maphash.MakeSeed()}}
	v.scratch.New = func() any { return new(scratch) }
	return v
}

// Check is what a signature is held against.
type Check struct {
	Secret  string    // the secret of the access key
	Now     time.Time // wall time, never the virtual clock
	Region  string    // what the scope's region must be; empty accepts any
	Service string    // what the scope's service must be; empty accepts any

	// Body is the whole body. Where the caller means to stream it instead, it
	// leaves Body nil, sets Streamed, and must read through Auth.Body.
	Body     []byte
	Streamed bool
}

// Verify checks that a, parsed from r, is a signature over r made with c.Secret.
func (v *Verifier) Verify(r *http.Request, a *Auth, c *Check) error {
	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	if err := a.checkClaims(s, r, c); err != nil {
		return err
	}
	if a.Scheme == V2 {
		return a.verifyV2(r, c.Secret)
	}
	id := keyID{secret: c.Secret, date: a.date, region: a.Region, service: a.Service}
	if a.Scheme == V4a {
		id = keyID{secret: c.Secret, accessKey: a.AccessKeyID}
	}
	key, err := v.keys.get(id)
	if err != nil {
		return err
	}
	if err := a.checkSignature(s, r, &key); err != nil {
		return err
	}
	a.key, a.proof = key, verified
	return a.checkBody(c)
}

// Trust accepts a signature whose secret nobody knows: those of the access keys
// that Brume makes welcome on loopback. All but the signature itself is checked
// as Verify does, so that a presigned URL expires all the same.
func (v *Verifier) Trust(r *http.Request, a *Auth, c *Check) error {
	s := v.scratch.Get().(*scratch)
	defer v.scratch.Put(s)
	if err := a.checkClaims(s, r, c); err != nil {
		return err
	}
	a.proof = trusted
	return a.checkBody(c)
}

// checkClaims checks what can be checked without the secret.
func (a *Auth) checkClaims(s *scratch, r *http.Request, c *Check) error {
	if a.Scheme == Anonymous {
		return NotSigned(a.flavor)
	}
	if a.Scheme == V2 {
		return a.checkExpiry(c.Now)
	}
	if err := a.checkScope(c); err != nil {
		return err
	}
	if a.form != "" {
		return nil // its policy has the rules, and an expiration of its own
	}
	if err := a.checkTime(c.Now); err != nil {
		return err
	}
	if err := a.checkSignedHeaders(r); err != nil {
		return err
	}
	return a.checkPayload(s, c)
}

// checkBody holds the body against the digest that was signed.
// AWS: S3 alone signs the digest that the client states; elsewhere the digest
// of the body itself is in the canonical request.
func (a *Auth) checkBody(c *Check) error {
	if a.flavor == S3 && !c.Streamed && isDigest(a.Payload) && !bodyIs(c.Body, a.Payload) {
		return errPayloadMismatch()
	}
	return nil
}

// checkScope holds the credential's scope against where the request arrived.
func (a *Auth) checkScope(c *Check) error {
	if c.Service != "" && a.Service != c.Service {
		return errService(a.flavor, a.Service, c.Service)
	}
	if a.Scheme == V4 && !isRegion(a.Region) {
		return errRegion(a.flavor, a.Region, "us-east-1")
	}
	if c.Region == "" || a.Scheme == V4 && a.Region == c.Region {
		return nil
	}
	if a.Scheme == V4a && regionIn(a.Region, c.Region) {
		return nil
	}
	return errRegion(a.flavor, a.Region, c.Region)
}

// regionIn reports whether set, such as "us-east-1,eu-*", holds region.
func regionIn(set, region string) bool {
	for one := range strings.SplitSeq(set, ",") {
		one = strings.TrimSpace(one)
		prefix, wild := strings.CutSuffix(one, "*")
		if one == region || wild && strings.HasPrefix(region, prefix) {
			return true
		}
	}
	return false
}

// checkTime holds the signature's time against the clock.
func (a *Auth) checkTime(now time.Time) error {
	if !a.Presigned {
		if age := now.Sub(a.Time); age > maxSkew || age < -maxSkew {
			return errStale(a.flavor, a.Time, now)
		}
		return nil
	}
	life := a.Expires
	if life == 0 && a.flavor != S3 {
		life = maxSkew
	}
	if now.After(a.Time.Add(life)) || now.Before(a.Time.Add(-maxSkew)) {
		return errPresignedTime(a.flavor, a, now)
	}
	return nil
}

// checkSignedHeaders refuses a request where something that counts is not
// covered by the signature.
func (a *Auth) checkSignedHeaders(r *http.Request) error {
	if !listed(a.signedHeaders, "host") && !listed(a.signedHeaders, ":authority") {
		return errHostNotSigned(a.flavor)
	}
	if a.flavor != S3 {
		return nil
	}
	// AWS: "Signature Calculations for the Authorization Header": every
	// x-amz-* header must be signed. The digest of a presigned request's
	// payload is covered already, as the last line of the canonical request.
	for name := range r.Header {
		if !strings.HasPrefix(name, "X-Amz-") || a.Presigned && name == "X-Amz-Content-Sha256" {
			continue
		}
		if !listed(a.signedHeaders, name) {
			return errHeaderNotSigned(strings.ToLower(name))
		}
	}
	return nil
}

// listed reports whether the semicolon-separated names hold name, whatever its case.
func listed(names, name string) bool {
	for names != "" {
		var one string
		one, names, _ = strings.Cut(names, ";")
		if len(one) == len(name) && strings.EqualFold(one, name) {
			return true
		}
	}
	return false
}

// checkPayload finds the last line of the canonical request and leaves it in
// s.payload.
func (a *Auth) checkPayload(s *scratch, c *Check) error {
	stated := a.Payload
	if a.flavor == S3 && stated == "" {
		return errInvalid("InvalidRequest", "Missing required header for this request: x-amz-content-sha256")
	}
	switch {
	case stated == unsignedPayload, strings.HasPrefix(stated, streamingPrefix):
	case a.flavor == S3 && !isDigest(stated):
		return errInvalid("InvalidArgument", "x-amz-content-sha256 must be UNSIGNED-PAYLOAD, "+streamedV4Trailer+", "+
			streamedUnsigned+", "+streamedV4+", or a valid sha256 value.")
	case a.flavor == S3:
	case c.Streamed && isDigest(stated):
	case c.Streamed: // nothing stated: the signer must have meant no body, and Body will see to it
		a.Payload, stated = emptyPayload, emptyPayload
	default: // only the body itself counts
		sum := sha256.Sum256(c.Body)
		hex.Encode(s.hex[:], sum[:])
		s.payload = append(s.payload[:0], s.hex[:]...)
		return nil
	}
	s.payload = append(s.payload[:0], stated...)
	return nil
}

// checkSignature builds what must have been signed and compares.
func (a *Auth) checkSignature(s *scratch, r *http.Request, k *key) error {
	if a.form != "" {
		s.toSign, s.signature = append(s.toSign[:0], a.form...), append(s.signature[:0], a.signature...)
		if k.signs(s, s.toSign, s.signature) {
			return nil
		}
		return errMismatch(a.flavor, textMismatchS3)
	}
	forms := pathForms(a.flavor)
	for _, form := range forms {
		s.build(r, a, form)
		s.buildToSign(a)
		s.signature = append(s.signature[:0], a.signature...)
		if k.signs(s, s.toSign, s.signature) {
			return nil
		}
	}
	s.build(r, a, forms[0])
	s.buildToSign(a)
	return errSignature(a.flavor, string(s.request), string(s.toSign))
}

// buildToSign writes the string to sign of the canonical request in s.
func (s *scratch) buildToSign(a *Auth) {
	algorithm := algorithmV4
	if a.Scheme == V4a {
		algorithm = algorithmV4a
	}
	b := append(s.toSign[:0], algorithm...)
	b = append(b, '\n')
	b = append(b, a.stamp...)
	b = append(b, '\n')
	b = append(b, a.scope...)
	b = append(b, '\n')
	sum := sha256.Sum256(s.request)
	s.toSign = hex.AppendEncode(b, sum[:])
}

// isDigest reports whether s has the form of a SHA-256 in hexadecimal.
func isDigest(s string) bool {
	if len(s) != hex.EncodedLen(sha256.Size) {
		return false
	}
	for i := range len(s) {
		if !isHex(s[i]) {
			return false
		}
	}
	return true
}

func bodyIs(body []byte, digest string) bool {
	sum := sha256.Sum256(body)
	var text [2 * sha256.Size]byte
	hex.Encode(text[:], sum[:])
	return bytes.EqualFold(text[:], []byte(digest))
}

// isRegion reports whether s has the form of a region's name.
func isRegion(s string) bool {
	for i := range len(s) {
		if c := s[i]; (c < 'a' || c > 'z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return s != "" && len(s) <= maxRegion
}

const maxRegion = 64
