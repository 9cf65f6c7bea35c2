package sigv4

import (
	"bytes"
	"net/http"
	"slices"
	"strconv"
	"strings"
)

// scratch is the memory of one verification, kept for the next.
type scratch struct {
	request   []byte   // the canonical request
	toSign    []byte   // the string to sign
	payload   []byte   // the payload's digest, or the word in its place
	signature []byte   // the signature that the client gave
	encoded   []byte   // the query's names and values, canonically encoded
	pairs     []pair   // where they lie in encoded
	name      []byte   // a header's name, in the spelling of http.Header
	mac       []byte   // the blocks that an HMAC hashes
	hex       [64]byte // a digest in hexadecimal
}

// pair is one query parameter, as the ends of its name and value in encoded.
type pair struct{ start, mid, end int }

// pathForm is a way to write a path in the canonical request.
type pathForm uint8

const (
	pathRaw          pathForm = iota // as it was sent
	pathReencoded                    // decoded and encoded once
	pathNormalDouble                 // dot segments and double slashes removed, then encoded again
	pathDouble                       // encoded again, not normalised
)

// pathForms gives the forms that a flavor accepts, the expected one first.
//
// AWS: S3 neither normalises paths nor encodes them twice; every other service
// does both ("Create a signed AWS API request"). The second forms are for
// signers that differ where a path is unusual: several SDKs encode twice but
// do not normalise, and an S3 key may reach us with other characters escaped
// than the ones that the signer escapes. Both forms name the same resource, so
// nothing is signed that the signer did not mean.
func pathForms(f Flavor) [2]pathForm {
	if f == S3 {
		return [2]pathForm{pathRaw, pathReencoded}
	}
	return [2]pathForm{pathNormalDouble, pathDouble}
}

// wirePath is the path as the client sent it: http.Request.URL may have lost
// how it was escaped.
func wirePath(r *http.Request) string {
	path := r.RequestURI
	if strings.HasPrefix(path, "/") {
		path, _, _ = strings.Cut(path, "?")
	} else {
		path = r.URL.EscapedPath()
	}
	if path == "" {
		return "/"
	}
	return path
}

// build writes the canonical request of r into s.request.
func (s *scratch) build(r *http.Request, a *Auth, form pathForm) {
	b := append(s.request[:0], r.Method...)
	b = append(b, '\n')
	b = appendPath(b, wirePath(r), form)
	b = append(b, '\n')
	s.request = s.appendQuery(b, r.URL.RawQuery, a.Presigned)
	s.request = append(s.request, '\n')
	for names := a.signedHeaders; names != ""; {
		var name string
		name, names, _ = strings.Cut(names, ";")
		s.appendHeader(r, name)
	}
	b = append(s.request, '\n')
	b = append(b, a.signedHeaders...)
	b = append(b, '\n')
	s.request = append(b, s.payload...)
}

// appendPath writes path in the given form.
func appendPath(b []byte, path string, form pathForm) []byte {
	switch form {
	case pathRaw:
		return append(b, path...)
	case pathReencoded:
		return appendEncoded(b, path, '/')
	case pathNormalDouble:
		path = normalise(path)
	}
	for i := range len(path) {
		if c := path[i]; c == '/' || unreserved(c) {
			b = append(b, c)
		} else {
			b = appendEscape(b, c)
		}
	}
	return b
}

// normalise removes empty and dot segments, as RFC 3986 and AWS do.
func normalise(path string) string {
	if !strings.Contains(path, "//") && !strings.Contains(path, "/.") {
		return path
	}
	var kept []string
	for segment := range strings.SplitSeq(path, "/") {
		switch segment {
		case "", ".":
		case "..":
			kept = kept[:max(0, len(kept)-1)]
		default:
			kept = append(kept, segment)
		}
	}
	clean := "/" + strings.Join(kept, "/")
	slashed := strings.HasSuffix(path, "/") || strings.HasSuffix(path, "/.") || strings.HasSuffix(path, "/..")
	if slashed && len(kept) > 0 {
		clean += "/"
	}
	return clean
}

// appendQuery writes the parameters sorted by name and then value, all but the
// signature itself.
func (s *scratch) appendQuery(b []byte, query string, presigned bool) []byte {
	if query == "" {
		return b
	}
	s.encoded, s.pairs = s.encoded[:0], s.pairs[:0]
	for query != "" {
		var part string
		part, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(part, "=")
		if part == "" || presigned && name == "X-Amz-Signature" {
			continue
		}
		p := pair{start: len(s.encoded)}
		s.encoded = appendEncoded(s.encoded, name, 0)
		p.mid = len(s.encoded)
		s.encoded = appendEncoded(s.encoded, value, 0)
		p.end = len(s.encoded)
		s.pairs = append(s.pairs, p)
	}
	e := s.encoded
	slices.SortFunc(s.pairs, func(x, y pair) int {
		if c := bytes.Compare(e[x.start:x.mid], e[y.start:y.mid]); c != 0 {
			return c
		}
		return bytes.Compare(e[x.mid:x.end], e[y.mid:y.end])
	})
	for i, p := range s.pairs {
		if i > 0 {
			b = append(b, '&')
		}
		b = append(b, e[p.start:p.mid]...)
		b = append(b, '=')
		b = append(b, e[p.mid:p.end]...)
	}
	return b
}

// appendHeader writes "name:value\n", with the values of a repeated header
// joined by commas.
func (s *scratch) appendHeader(r *http.Request, name string) {
	b := append(s.request, name...)
	b = append(b, ':')
	switch {
	case name == "host" || name == ":authority":
		b = appendTrimmed(b, r.Host)
	default:
		s.name = appendHeaderKey(s.name[:0], name)
		values, ok := r.Header[string(s.name)]
		if !ok && name == "content-length" && r.ContentLength >= 0 {
			// A request that never was on a wire has it here only.
			b = strconv.AppendInt(b, r.ContentLength, 10)
		}
		for i, value := range values {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendTrimmed(b, value)
		}
	}
	s.request = append(b, '\n')
}

// appendHeaderKey writes a lower-case name as http.Header spells it, without
// the allocation of http.CanonicalHeaderKey.
func appendHeaderKey(b []byte, name string) []byte {
	upper := true
	for i := range len(name) {
		c := name[i]
		if upper && 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		b = append(b, c)
		upper = c == '-'
	}
	return b
}

// appendTrimmed writes value without outer spaces and with inner runs of
// spaces as one.
func appendTrimmed(b []byte, value string) []byte {
	value = strings.Trim(value, " \t")
	for {
		i := strings.Index(value, "  ")
		if i < 0 {
			return append(b, value...)
		}
		b = append(b, value[:i+1]...)
		value = strings.TrimLeft(value[i:], " ")
	}
}

// appendEncoded decodes s and encodes it again in the one canonical way, so
// that "%7e" and "~" are the same. The byte keep stays as it is.
func appendEncoded(b []byte, s string, keep byte) []byte {
	for i := 0; i < len(s); i++ {
		c := s[i]
		switch {
		case c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]):
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		case c == '+' && keep == 0: // in a query a plus is a space
			c = ' '
		}
		if unreserved(c) || c == keep && keep != 0 {
			b = append(b, c)
		} else {
			b = appendEscape(b, c)
		}
	}
	return b
}

const upperHex = "0123456789ABCDEF"

func appendEscape(b []byte, c byte) []byte {
	return append(b, '%', upperHex[c>>4], upperHex[c&15])
}

func unreserved(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' ||
		c == '-' || c == '.' || c == '_' || c == '~'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

// unhex is the value of a digit for which isHex holds.
func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c&^0x20 - 'A' + 10
}
