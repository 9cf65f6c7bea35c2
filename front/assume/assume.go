// Package assume lets a service act with the roles that its customers give it.
package assume

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
)

// Limits on what is remembered.
const (
	kept     = 5 * time.Minute // by the clock that people move
	maxRoles = 1024
)

// Roles are the roles that a service assumes. That it may, by the role's trust
// policy, it remembers for a while. It may be used from many goroutines.
type Roles struct {
	sts       sts.Client
	principal string

	mu  sync.Mutex
	all map[string]session
}

type session struct {
	caller aws.Caller
	until  time.Time
}

// NewRoles makes the roles of a service principal, such as apigateway.amazonaws.com.
func NewRoles(via aws.Invoker, principal string) *Roles {
	return &Roles{sts: sts.NewClient(via), principal: principal, all: map[string]session{}}
}

// Assume returns who the service is in a role, when it acts for the resource
// source. Its errors are STS's.
func (r *Roles) Assume(ctx context.Context, role, source string) (aws.Caller, error) {
	call := aws.CallFrom(ctx)
	key := role + " " + source
	r.mu.Lock()
	s, ok := r.all[key]
	r.mu.Unlock()
	if ok && call.Start.Before(s.until) && s.until.Sub(call.Start) <= kept {
		return s.caller, nil
	}
	arn, err := aws.ParseARN(role)
	if err != nil {
		return aws.Caller{}, err
	}
	name, _, _ := strings.Cut(r.principal, ".")
	actor := aws.Actor{Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: r.principal}, Account: arn.Account, Region: call.Region, Source: source}
	out, err := r.sts.AssumeRole(aws.ActAs(ctx, actor), &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: name})
	if err != nil {
		return aws.Caller{}, err
	}
	caller := aws.RoleSession(arn, name, out.AssumedRoleUser.AssumedRoleId)
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.all) >= maxRoles {
		clear(r.all)
	}
	r.all[key] = session{caller, call.Start.Add(kept)}
	return caller, nil
}
