package logs_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// desk is a group with a stream in a cloud of its own, with short verbs for stories.
type desk struct {
	*testing.T
	cloud *cloudtest.Cloud
	*cwl.Client
	group, stream string
}

// story runs fn in a bubble, where time is virtual.
func story(t *testing.T, fn func(d *desk)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		c := cloudtest.Start(t)
		d := &desk{T: t, cloud: c, Client: cwl.NewFromConfig(c.Config()), group: "/app/web", stream: "one"}
		_, err := d.CreateLogGroup(d.Context(), &cwl.CreateLogGroupInput{LogGroupName: &d.group})
		d.ok(err)
		d.newStream(d.stream)
		fn(d)
	})
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

func (d *desk) refused(err error, code string) {
	d.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code {
		d.Errorf("got %v, want %s", err, code)
	}
}

func (d *desk) want(what string, got, want any) {
	d.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		d.Errorf("%s: %s, want %s", what, g, w)
	}
}

func (d *desk) newStream(name string) {
	d.Helper()
	_, err := d.CreateLogStream(d.Context(), &cwl.CreateLogStreamInput{LogGroupName: &d.group, LogStreamName: &name})
	d.ok(err)
}

// line is an event some time ago.
func line(ago time.Duration, text string) types.InputLogEvent {
	return types.InputLogEvent{Timestamp: aws.Int64(time.Now().Add(-ago).UnixMilli()), Message: &text}
}

func (d *desk) put(stream string, events ...types.InputLogEvent) *cwl.PutLogEventsOutput {
	d.Helper()
	out, err := d.PutLogEvents(d.Context(), &cwl.PutLogEventsInput{LogGroupName: &d.group, LogStreamName: &stream, LogEvents: events})
	d.ok(err)
	return out
}

func (d *desk) get(options ...func(*cwl.GetLogEventsInput)) (string, *cwl.GetLogEventsOutput) {
	d.Helper()
	in := &cwl.GetLogEventsInput{LogGroupName: &d.group, LogStreamName: &d.stream}
	for _, o := range options {
		o(in)
	}
	out, err := d.GetLogEvents(d.Context(), in)
	d.ok(err)
	var texts []string
	for _, e := range out.Events {
		texts = append(texts, *e.Message)
	}
	return strings.Join(texts, " "), out
}

func head(in *cwl.GetLogEventsInput) { in.StartFromHead = aws.Bool(true) }

func most(n int32) func(*cwl.GetLogEventsInput) {
	return func(in *cwl.GetLogEventsInput) { in.Limit = &n }
}

func goOn(token *string) func(*cwl.GetLogEventsInput) {
	return func(in *cwl.GetLogEventsInput) { in.NextToken = token }
}

// search returns all events that match, over all pages, and the number of pages.
func (d *desk) search(pattern string, options ...func(*cwl.FilterLogEventsInput)) (string, int) {
	d.Helper()
	in := &cwl.FilterLogEventsInput{LogGroupName: &d.group, FilterPattern: &pattern}
	for _, o := range options {
		o(in)
	}
	var texts []string
	for pages := 1; ; pages++ {
		out, err := d.FilterLogEvents(d.Context(), in)
		d.ok(err)
		for _, e := range out.Events {
			texts = append(texts, *e.Message)
		}
		if in.NextToken = out.NextToken; in.NextToken == nil {
			return strings.Join(texts, " "), pages
		}
	}
}

func (d *desk) describeStreams(options ...func(*cwl.DescribeLogStreamsInput)) []types.LogStream {
	d.Helper()
	in := &cwl.DescribeLogStreamsInput{LogGroupName: &d.group}
	for _, o := range options {
		o(in)
	}
	out, err := d.DescribeLogStreams(d.Context(), in)
	d.ok(err)
	return out.LogStreams
}

func streamNames(list []types.LogStream) string {
	var names []string
	for _, s := range list {
		names = append(names, *s.LogStreamName)
	}
	return strings.Join(names, " ")
}

func (d *desk) described() types.LogGroup {
	d.Helper()
	out, err := d.DescribeLogGroups(d.Context(), &cwl.DescribeLogGroupsInput{LogGroupNamePrefix: &d.group})
	d.ok(err)
	if len(out.LogGroups) != 1 {
		d.Fatalf("%d groups, want 1", len(out.LogGroups))
	}
	return out.LogGroups[0]
}
