package aws

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// Error is an error that a caller may see, in AWS's own words. It is the only
// public error type: generated constructors make it, the wire layer encodes it
// in the request's protocol. Any other error that reaches the gateway is a
// fault of Brume, and is answered as InternalFailure with nothing of its text.
type Error struct {
	Code      string // the error code, such as ResourceNotFoundException
	QueryCode string // the code in the Query protocol, where it differs (awsQueryError)
	Message   string // for people; says what is wrong and, where it helps, what to do
	Status    int    // the HTTP status
	Receiver  bool   // the fault lies with the service ("Receiver"), not the caller ("Sender")
	Shape     string // the model's name of the error; empty for errors that every service shares
	Detail    any    // the modelled error structure (a pointer), or nil when it has only a message
}

// Error returns the code and the message.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// Errorf makes an error that no model declares, such as those that every
// service shares. Prefer a generated constructor where the model has the error.
func Errorf(status int, code, format string, args ...any) *Error {
	if len(args) > 0 {
		format = fmt.Sprintf(format, args...)
	}
	return &Error{Code: code, Message: format, Status: status, Receiver: status >= http.StatusInternalServerError}
}

// NotImplemented is the answer to an operation that AWS has and Brume has not yet.
func NotImplemented(service, operation string) *Error {
	return &Error{
		Code:     "NotImplemented",
		Message:  "Brume does not implement " + service + ":" + operation + " yet. The coverage table in the README lists what it does.",
		Status:   http.StatusNotImplemented,
		Receiver: true,
	}
}

// MayPass reports whether what failed may succeed later: the callee's own fault,
// its being asked too much, or a fault of Brume. A job then tries again; what
// may not pass is given up.
func MayPass(err error) bool {
	var e *Error
	switch {
	case err == nil:
		return false
	case !errors.As(err, &e):
		return true
	case strings.Contains(e.Code, "Throttl"), e.Code == "TooManyRequestsException", e.Status == http.StatusTooManyRequests:
		return true
	}
	return e.Status >= http.StatusInternalServerError && e.Status != http.StatusNotImplemented
}
