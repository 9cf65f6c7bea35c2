package apigateway

import (
	"context"
	"strings"
	"time"

	"github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/sigv4"
)

// session is a session of a role.
type session struct {
	caller     aws.Caller
	credential sigv4.Credential
	until      time.Time
}

// sessionName is the name of sessions. AWS: it is the same in CloudTrail's records.
const sessionName = "BackplaneAssumeRoleSession"

// early is how long before its end a session is not used any more.
const early = 5 * time.Minute

// session returns a session of a role, which has to trust API Gateway. It is
// remembered until shortly before it ends.
func (s *Service) session(ctx context.Context, a address, role string) (*session, error) {
	name := string(a.Account) + " " + string(a.Region) + " " + role
	now := aws.CallFrom(ctx).Start
	if found, ok := s.sessions.Find(name); ok && now.Before(found.until) {
		return found, nil
	}
	arn, err := aws.ParseARN(role)
	if err != nil || arn.Service != "iam" {
		return nil, internal("Execution failed due to configuration error: Invalid role ARN: " + role)
	}
	actor := aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: arn.Account, Region: a.Region,
		Source: "arn:aws:execute-api:" + string(a.Region) + ":" + string(a.Account) + ":" + a.API, SourceAccount: a.Account,
	}
	out, err := sts.NewClient(s.Via).AssumeRole(aws.ActAs(ctx, actor), &sts.AssumeRoleInput{RoleArn: role, RoleSessionName: sessionName})
	if err != nil {
		return nil, internal("Execution failed due to configuration error: API Gateway does not have permission to assume the provided role " + role)
	}
	made := &session{
		caller: aws.Caller{
			Kind: aws.AssumedRole, Account: arn.Account, ARN: out.AssumedRoleUser.Arn, UserID: out.AssumedRoleUser.AssumedRoleId,
			AccessKeyID: out.Credentials.AccessKeyId, Session: &aws.Session{Role: role},
		},
		credential: sigv4.Credential{AccessKeyID: out.Credentials.AccessKeyId, Secret: out.Credentials.SecretAccessKey, Token: out.Credentials.SessionToken},
		until:      out.Credentials.Expiration.Add(-early),
	}
	s.sessions.Keep(name, made)
	return made, nil
}

// isPassThrough reports whether credentials are the caller's own.
func isPassThrough(role string) bool { return strings.HasPrefix(role, "arn:aws:iam::*:user/") }
