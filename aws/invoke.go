package aws

import "context"

// Invoker makes a call within the process: through the same chain as a call
// from a socket, without a wire format in between. Input and output are the
// generated structures, and belong to the callee and the caller respectively.
type Invoker interface {
	Invoke(ctx context.Context, service, operation string, input any) (output any, err error)
}

// Invoke calls an operation whose output structure is O.
func Invoke[O any](ctx context.Context, via Invoker, service, operation string, input any) (*O, error) {
	out, err := via.Invoke(ctx, service, operation, input)
	if err != nil {
		return nil, err
	}
	return out.(*O), nil
}
