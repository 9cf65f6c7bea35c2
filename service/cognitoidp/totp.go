package cognitoidp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238 and the apps of its users have no other
	"encoding/binary"
	"fmt"
	"time"
)

// Codes of a device are made as RFC 6238 says, as authenticator apps do.
const (
	totpStep    = 30 * time.Second
	totpDigits  = 6
	totpLeeway  = 1  // steps that a device's clock may be wrong by
	totpSecret  = 32 // bytes
	totpModulus = 1_000_000
)

// totp is the number of RFC 4226, 5.3, that a code is the last digits of.
func totp(secret []byte, step int64) uint32 {
	h := hmac.New(sha1.New, secret)
	h.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := h.Sum(nil)
	at := sum[len(sum)-1] & 0xF
	return binary.BigEndian.Uint32(sum[at:]) & 0x7FFFFFFF
}

// totpMatch finds the step near now whose code it is.
func totpMatch(secret []byte, now time.Time, code string) (step int64, ok bool) {
	current := now.Unix() / int64(totpStep/time.Second)
	for step = current - totpLeeway; step <= current+totpLeeway; step++ {
		if hmac.Equal([]byte(code), fmt.Appendf(nil, "%0*d", totpDigits, totp(secret, step)%totpModulus)) {
			return step, true
		}
	}
	return 0, false
}
