package iam

import (
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/front/policy"
)

// encode gives a document as responses carry it: percent-encoded as a part of
// a URL. AWS: "GetRolePolicy", compliance with RFC 3986.
func encode(document string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	b.Grow(len(document) + len(document)/2)
	for i := range len(document) {
		c := document[i]
		if 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0 {
			b.WriteByte(c)
			continue
		}
		b.WriteByte('%')
		b.WriteByte(hex[c>>4])
		b.WriteByte(hex[c&15])
	}
	return b.String()
}

// size is the length of a document as quotas count it: without whitespace.
func size(document string) (n int) {
	for _, r := range document {
		switch r {
		case ' ', '\t', '\r', '\n':
		default:
			n++
		}
	}
	return n
}

// check parses a document that a principal is to hold.
func (s *Service) check(document string) error {
	_, err := s.Deps.Policies.Get(document, policy.Identity)
	return modelled(err)
}

// modelled gives a parser's error the model's shape.
func modelled(err error) error {
	if err == nil {
		return nil
	}
	return api.ErrMalformedPolicyDocumentException("%s", strings.TrimPrefix(err.Error(), "MalformedPolicyDocument: "))
}
