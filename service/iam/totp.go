package iam

import (
	"strings"
	"time"

	"github.com/brume-cloud/brume/front/totp"
)

const (
	seedLength = 40
	totpWindow = 1 // steps before and after that are accepted too
	// resyncWindow is how many steps a device may have drifted when it is
	// enabled or resynchronised.
	resyncWindow = 10
)

// resync looks for two codes in sequence, near now, and notes how far off the
// device is.
func (d *device) resync(now time.Time, first, second string) bool {
	step := totp.Step(now)
	for skew := int64(-resyncWindow); skew <= resyncWindow; skew++ {
		if totp.Is(d.Seed, step+skew, first) && totp.Is(d.Seed, step+skew+1, second) {
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
	step := totp.Step(now) + d.Skew
	for s := step - totpWindow; s <= step+totpWindow; s++ {
		if s > d.Step && totp.Is(d.Seed, s, strings.TrimSpace(code)) {
			d.Step = s
			return true
		}
	}
	return false
}
