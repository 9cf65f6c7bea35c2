// Package totp makes the codes of authenticator apps, by RFC 6238 with SHA-1, steps of
// 30 seconds and six digits: IAM's virtual devices and Cognito's users have them.
package totp

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // as authenticator apps have it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"time"
)

const period = 30 // seconds

// Step is the number of the step that a time is in.
func Step(now time.Time) int64 { return now.Unix() / period }

// Code is the code of a step.
func Code(secret []byte, step int64) string {
	return fmt.Sprintf("%06d", number(secret, step)%1_000_000)
}

// number is what a code is the last digits of: RFC 4226, 5.3.
func number(secret []byte, step int64) uint32 {
	mac := hmac.New(sha1.New, secret)
	mac.Write(binary.BigEndian.AppendUint64(nil, uint64(step)))
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 0xf
	return binary.BigEndian.Uint32(sum[at:]) & 0x7fffffff
}

// Is reports whether a text is the code of a step, in a time that does not tell how
// much of it is right.
func Is(secret []byte, step int64, code string) bool {
	return subtle.ConstantTimeCompare([]byte(Code(secret, step)), []byte(code)) == 1
}
