package aws

import (
	"encoding/hex"
	"io"
)

// Random is where services take unpredictable values from: ids, tokens, the
// choice of a shard. In the server it is cryptographically strong; a
// simulation gives a seeded one. It may be used from many goroutines.
type Random interface{ Uint64() uint64 }

// UUID returns a random UUID in its text form (RFC 9562, version 4).
func UUID(r Random) string {
	var b [16]byte
	hi, lo := r.Uint64(), r.Uint64()
	for i := range 8 {
		b[i], b[8+i] = byte(hi>>(8*i)), byte(lo>>(8*i))
	}
	b[6], b[8] = b[6]&0x0f|0x40, b[8]&0x3f|0x80
	var out [36]byte
	hex.Encode(out[:8], b[:4])
	hex.Encode(out[9:13], b[4:6])
	hex.Encode(out[14:18], b[6:8])
	hex.Encode(out[19:23], b[8:10])
	hex.Encode(out[24:], b[10:])
	out[8], out[13], out[18], out[23] = '-', '-', '-', '-'
	return string(out[:])
}

// Alphabets for Text.
const (
	UpperBase32  = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567" // as in access key ids and unique ids
	LowerHex     = "0123456789abcdef"
	AlphaNumeric = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
)

// Text returns n random characters of an alphabet of at most 256.
func Text(r Random, alphabet string, n int) string {
	out := make([]byte, 0, n)
	limit := 256 - 256%len(alphabet) // so that no character is more likely than another
	for len(out) < n {
		bits := r.Uint64()
		for i := 0; i < 8 && len(out) < n; i++ {
			if b := int(byte(bits >> (8 * i))); b < limit {
				out = append(out, alphabet[b%len(alphabet)])
			}
		}
	}
	return string(out)
}

// Reader returns a reader of random bytes, which never fails.
func Reader(r Random) io.Reader { return reader{r} }

type reader struct{ Random }

// Read implements io.Reader.
func (r reader) Read(b []byte) (int, error) {
	for i := range b {
		if i%8 == 0 {
			bits := r.Uint64()
			for j := i; j < min(i+8, len(b)); j++ {
				b[j], bits = byte(bits), bits>>8
			}
		}
	}
	return len(b), nil
}
