package lambda

import (
	"context"
	"errors"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
)

// writeLog writes what a call has printed to CloudWatch Logs, as the function's
// role, which has to be allowed to. AWS, too, loses the log when it is not.
func (s *Service) writeLog(ctx context.Context, t target, out *Outcome) {
	if len(out.Logs) == 0 {
		return
	}
	role, err := aws.ParseARN(t.c.Role)
	if err != nil {
		return
	}
	ctx = aws.ActAs(ctx, aws.Actor{Caller: t.session(role), Account: t.f.at.Account, Region: t.f.at.Region})
	client, group := logs.NewClient(s.Via), t.c.group(t.f)
	for batch := range batches(out.Logs) {
		in := &logs.PutLogEventsInput{LogGroupName: group, LogStreamName: out.LogStream, LogEvents: batch}
		_, err := client.PutLogEvents(ctx, in)
		if isCode(err, "ResourceNotFoundException") {
			// Another call may make them as well: what is wrong shows at the second attempt.
			errStream := makeStream(ctx, client, in)
			if _, err = client.PutLogEvents(ctx, in); err != nil {
				err = errors.Join(errStream, err)
			}
		}
		if err != nil {
			s.Log.Warn("a function's log could not be written", "function", t.f.at.arn(), "error", err)
			return
		}
	}
}

// makeStream makes the stream that a batch is for, and its group if that is missing.
func makeStream(ctx context.Context, client logs.Client, in *logs.PutLogEventsInput) error {
	stream := &logs.CreateLogStreamInput{LogGroupName: in.LogGroupName, LogStreamName: in.LogStreamName}
	_, err := client.CreateLogStream(ctx, stream)
	if isCode(err, "ResourceNotFoundException") {
		_, errGroup := client.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: in.LogGroupName})
		_, err = client.CreateLogStream(ctx, stream)
		err = errors.Join(errGroup, err)
	}
	return err
}

func isCode(err error, code string) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Code == code
}

// AWS: "PutLogEvents": a batch has at most 10,000 events and 1,048,576 bytes,
// with 26 for each event.
const (
	batchEvents = 10_000
	batchBytes  = 1 << 20
	eventBytes  = 26
)

// batches parts a log into what PutLogEvents takes. Empty lines are left out:
// an event has at least one character.
func batches(lines []Line) func(yield func([]logs.InputLogEvent) bool) {
	return func(yield func([]logs.InputLogEvent) bool) {
		var batch []logs.InputLogEvent
		size := 0
		for _, l := range lines {
			if l.Text == "" {
				continue
			}
			n := len(l.Text) + eventBytes
			if len(batch) > 0 && (len(batch) == batchEvents || size+n > batchBytes) {
				if !yield(batch) {
					return
				}
				batch, size = nil, 0
			}
			batch = append(batch, logs.InputLogEvent{Timestamp: l.At.UnixMilli(), Message: l.Text})
			size += n
		}
		if len(batch) > 0 {
			yield(batch)
		}
	}
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
