package lambda

import (
	"errors"
	"strings"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/logwriter"
)

// writeLog gives what a call has printed to CloudWatch Logs, as the function's
// role, which has to be allowed to. AWS, too, loses the log when it is not.
func (s *Service) writeLog(t target, out *Outcome) {
	if len(out.Logs) == 0 {
		return
	}
	role, err := aws.ParseARN(t.c.Role)
	if err != nil {
		return
	}
	s.Logs.Write(logwriter.Destination{
		Group: t.c.group(t.f), Stream: out.LogStream,
		Actor: aws.Actor{Caller: t.session(role), Account: t.f.at.Account, Region: t.f.at.Region},
	}, out.Logs)
}

// session is who a function is to other services.
func (t target) session(role aws.ARN) aws.Caller {
	return sessionOf(role, t.f.at.Name, t.c.RoleSession)
}

// sessionOf is a session of a role with a name and the unique id of such sessions.
func sessionOf(role aws.ARN, name, id string) aws.Caller {
	arn := role
	arn.Service, arn.Resource = "sts", "assumed-role/"+role.Resource[strings.LastIndexByte(role.Resource, '/')+1:]+"/"+name
	return aws.Caller{Kind: aws.AssumedRole, Account: role.Account, ARN: arn.String(), UserID: id, Session: &aws.Session{Role: role.String()}}
}

func isCode(err error, code string) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Code == code
}
