package totp

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
		step := Step(time.Unix(at, 0))
		if got := number(secret, step) % 100_000_000; got != want {
			t.Errorf("at %d: %08d, want %08d", at, got, want)
		}
	}
	if step := Step(time.Unix(1111111109, 0)); !Is(secret, step, "081804") || Is(secret, step, "81804") || Is(secret, step+1, "081804") {
		t.Error("a code has six digits, and is of its step alone")
	}
}
