package aws

import "context"

// Actor is who makes a call from within: mostly a service principal, acting for
// a resource in an account and region.
type Actor struct {
	Caller  Caller
	Account Account // whose state the call works on
	Region  Region
	Source  string // the resource on whose behalf, as aws:SourceArn

	SourceAccount Account // its owner, where the ARN does not tell

	Trace string // X-Ray's header; empty for that of the call that ctx carries

	Hurry bool // somebody waits: a call that would be held up fails instead, for the actor to try again later
}

type actorKey struct{}

// ActAs returns a context in which calls through an Invoker are made by a.
func ActAs(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorFrom returns the actor that ActAs put into ctx.
func ActorFrom(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok
}
