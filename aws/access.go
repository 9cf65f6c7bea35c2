package aws

import "context"

// Access is one action on one resource that a call needs to be allowed.
type Access struct {
	Action   string  // as policies write it, such as sqs:SendMessage
	Resource string  // an ARN, or "*" where the action is about none in particular
	Owner    Account // the account that owns the resource; empty means the caller's
	Policy   string  // the resource's own policy document; empty when it has none
	// PolicyRequired says that the resource's policy must allow, too: identity
	// policies alone are not enough (KMS keys, role trust policies).
	PolicyRequired bool
	// Keys gives the values of condition keys that the service adds, by name in
	// lower case, such as sns:protocol. It may be nil.
	Keys func(key string) (values []string, ok bool)
}

// Guard is implemented by services: it tells what a call must be allowed to do.
// It is asked before the operation runs. A resource that does not exist is not
// its concern: it returns the resource's ARN all the same, so that a caller
// without permission learns nothing. A service without Guard needs permission
// for service:Operation on "*".
type Guard interface {
	Access(ctx context.Context, operation string, input any) ([]Access, error)
}
