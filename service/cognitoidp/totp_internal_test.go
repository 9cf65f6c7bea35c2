package cognitoidp

import (
	"testing"
	"time"
)

// RFC 6238, Appendix B, for SHA-1.
func TestCodesAreThoseOfTheRFC(t *testing.T) {
	secret := []byte("12345678901234567890")
	for at, want := range map[int64]uint32{
		59: 94287082, 1111111109: 7081804, 1111111111: 14050471, 1234567890: 89005924, 2000000000: 69279037, 20000000000: 65353130,
	} {
		if got := totp(secret, at/30) % 100_000_000; got != want {
			t.Errorf("at %d: %08d, want %08d", at, got, want)
		}
	}
	now := time.Unix(1111111111, 0)
	for after, want := range map[time.Duration]bool{0: true, -61 * time.Second: true, -62 * time.Second: false, 28 * time.Second: true, 29 * time.Second: false} {
		// The code is that of 1111111109, a step before now.
		if _, ok := totpMatch(secret, now.Add(after), "081804"); ok != want {
			t.Errorf("%v later: %v", after, ok)
		}
	}
}
