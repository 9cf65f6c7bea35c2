package s3

import (
	"encoding/base64"
	"net/http"
	"strings"
)

// Proof holds a document, such as that of DeleteObjects, against the checksum
// that its headers state. Content-MD5 is the gateway's to check.
func (s *Service) Proof(operation string, h http.Header, body []byte) error {
	if operation == "CompleteMultipartUpload" { // whose checksum is the object's
		return nil
	}
	var all sums
	for i, a := range algorithms() {
		if v := h.Get(checksumHeader + strings.ToLower(a.name)); v != "" {
			all[i] = &v
		}
	}
	c, err := all.stated()
	if err != nil || c.Algorithm == "" {
		return err
	}
	a, _ := algorithmNamed(c.Algorithm)
	digest := a.make()
	digest.Write(body) // never fails
	if base64.StdEncoding.EncodeToString(digest.Sum(nil)) != c.Value {
		return errBadChecksum(c.Algorithm)
	}
	return nil
}
