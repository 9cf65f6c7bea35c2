package kv

// unwinding is the panic by which a transaction that cannot go on leaves its
// closure.
type unwinding struct{ err error }

// Fail leaves the closure of the transaction at once and makes View or Update
// return err, having dropped all writes. It is for faults of the house, such as
// a record that cannot be decoded; an answer to the caller is a returned error.
func Fail(err error) { panic(unwinding{err}) }

// Unwound tells an implementation of Store whether a recovered panic value
// comes from Fail, and with which error. Any other panic must go on.
func Unwound(recovered any) (err error, ok bool) {
	u, ok := recovered.(unwinding)
	return u.err, ok
}
