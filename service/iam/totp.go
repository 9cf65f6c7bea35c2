package iam

import (
	"crypto/hmac"
	"crypto/sha1" //nolint:gosec // RFC 6238, as authenticator apps have it
	"crypto/subtle"
	"encoding/binary"
	"fmt"
	"strings"
	"time"
)

const (
	seedLength = 40
	totpStep   = 30 // seconds
	totpWindow = 1  // steps before and after that are accepted too
	// resyncWindow is how many steps a device may have drifted when it is
	// enabled or resynchronised.
	resyncWindow = 10
)

// totp is the code of a time step (RFC 6238 with SHA-1 and six digits).
func totp(seed []byte, step int64) string {
	var counter [8]byte
	binary.BigEndian.PutUint64(counter[:], uint64(step))
	mac := hmac.New(sha1.New, seed)
	mac.Write(counter[:])
	sum := mac.Sum(nil)
	at := sum[len(sum)-1] & 15
	return fmt.Sprintf("%06d", binary.BigEndian.Uint32(sum[at:])&0x7fffffff%1_000_000)
}

func sameCode(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

// resync looks for two codes in sequence, near now, and notes how far off the
// device is.
func (d *device) resync(now time.Time, first, second string) bool {
	step := now.Unix() / totpStep
	for skew := int64(-resyncWindow); skew <= resyncWindow; skew++ {
		if sameCode(totp(d.Seed, step+skew), first) && sameCode(totp(d.Seed, step+skew+1), second) {
			// The second code may be typed before or after its step begins.
			d.Skew, d.Step = skew+1, step+skew+1
			if skew >= -totpWindow && skew <= totpWindow {
				d.Skew = 0
			}
			return true
		}
	}
	return false
}

// accept checks one code, and that it was not used before.
func (d *device) accept(now time.Time, code string) bool {
	step := now.Unix()/totpStep + d.Skew
	for s := step - totpWindow; s <= step+totpWindow; s++ {
		if s > d.Step && sameCode(totp(d.Seed, s), strings.TrimSpace(code)) {
			d.Step = s
			return true
		}
	}
	return false
}
