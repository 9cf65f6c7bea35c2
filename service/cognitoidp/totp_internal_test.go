package cognitoidp

import (
	"testing"
	"time"
)

func TestCodesAreGoodForAStepMoreOrLess(t *testing.T) {
	secret := []byte("12345678901234567890")
	now := time.Unix(1111111111, 0)
	for after, want := range map[time.Duration]bool{0: true, -61 * time.Second: true, -62 * time.Second: false, 28 * time.Second: true, 29 * time.Second: false} {
		// The code is that of 1111111109, a step before now.
		if _, ok := totpMatch(secret, now.Add(after), "081804"); ok != want {
			t.Errorf("%v later: %v", after, ok)
		}
	}
}
