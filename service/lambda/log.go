package lambda

import (
	"errors"

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
	return aws.RoleSession(role, t.f.at.Name, t.c.RoleSession)
}

func isCode(err error, code string) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Code == code
}
