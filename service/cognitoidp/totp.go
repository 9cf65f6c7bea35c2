package cognitoidp

import (
	"time"

	"github.com/brume-cloud/brume/front/totp"
)

const (
	totpLeeway = 1  // steps that a device's clock may be wrong by
	totpSecret = 32 // bytes
)

// totpMatch finds the step near now whose code it is.
func totpMatch(secret []byte, now time.Time, code string) (step int64, ok bool) {
	current := totp.Step(now)
	for step = current - totpLeeway; step <= current+totpLeeway; step++ {
		if totp.Is(secret, step, code) {
			return step, true
		}
	}
	return 0, false
}
