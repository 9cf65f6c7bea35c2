package aws

import (
	"context"
	"errors"
	"strings"
	"time"
)

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

	// Patience is how long the actor waits, in wall time; 0 is until the end. Then
	// the call fails with ErrPatience, and goes on without anybody who waits. A call
	// within a transaction must not have any.
	Patience time.Duration
}

// ErrPatience is of a call that took longer than its actor waits.
var ErrPatience = errors.New("aws: the call takes longer than its actor waits")

// RoleSession is who a service is when it has assumed a role in a session with a
// name; id is the session's unique id, where it is known.
func RoleSession(role ARN, name, id string) Caller {
	arn := role
	arn.Service, arn.Resource = "sts", "assumed-role/"+role.Resource[strings.LastIndexByte(role.Resource, '/')+1:]+"/"+name
	return Caller{Kind: AssumedRole, Account: role.Account, ARN: arn.String(), UserID: id, Session: &Session{Role: role.String()}}
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
