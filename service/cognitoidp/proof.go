package cognitoidp

import (
	"time"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/state/kv"
)

// prove checks a password by good, and counts a failure by a kept error.
func (u *user) prove(tx kv.Tx, good func() bool) error {
	if tx.Now().Sub(u.LastFailure) >= maxLockout {
		u.Failures = 0
	}
	if u.Failures > freeFailures && tx.Now().Before(u.LastFailure.Add(lockout(u.Failures))) {
		return cognitoidp.ErrNotAuthorizedException("Password attempts exceeded")
	}
	if len(u.Password.Verifier) == 0 || !good() {
		u.Failures++
		u.LastFailure = tx.Now()
		u.save(tx)
		return kept{incorrect()}
	}
	if u.Failures > 0 {
		u.Failures = 0
		u.save(tx)
	}
	return nil
}

// lockout is how long nothing is tried after so many failures.
// AWS: "Lockout behavior for failed sign-in attempts".
func lockout(failures int32) time.Duration {
	return min(time.Second<<min(failures-freeFailures, 10), maxLockout)
}

func incorrect() error {
	return cognitoidp.ErrNotAuthorizedException("Incorrect username or password.")
}

// absent is what who names a user that does not exist is told.
func (c *client) absent() error {
	if c.hides() {
		return incorrect()
	}
	return cognitoidp.ErrUserNotFoundException("User does not exist.")
}

func disabled() error { return cognitoidp.ErrNotAuthorizedException("User is disabled.") }

// standing checks whether a user who has proved the password may go on.
func (u *user) standing(tx kv.Tx) error {
	switch {
	case u.Status == unconfirmed:
		return cognitoidp.ErrUserNotConfirmedException("User is not confirmed.")
	case u.Status == resetRequired:
		return cognitoidp.ErrPasswordResetRequiredException("Password reset required for the user")
	case u.Status == forceChange && !tx.Now().Before(u.Temporary):
		return cognitoidp.ErrNotAuthorizedException("Temporary password has expired and must be reset by an administrator.")
	}
	return nil
}
