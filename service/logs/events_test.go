package logs_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestEventsComeBackInTheOrderOfTheirTimes(t *testing.T) {
	story(t, func(d *desk) {
		d.put("one", line(3*time.Minute, "b"), line(time.Minute, "d"))
		d.put("one", line(4*time.Minute, "a"), line(2*time.Minute, "c"), line(time.Second, "e"))
		got, out := d.get(head)
		d.want("events", got, "a b c d e")
		if at := *out.Events[0].IngestionTime; at != time.Now().UnixMilli() {
			d.Errorf("ingested at %d", at)
		}
		got, _ = d.get(most(2))
		d.want("the latest", got, "d e")
		got, _ = d.get(head, func(in *cwl.GetLogEventsInput) {
			in.StartTime, in.EndTime = line(3*time.Minute, "").Timestamp, line(time.Minute, "").Timestamp
		})
		d.want("between times, the end excluded", got, "b c")
	})
}

func TestTheSameTokenComesBackAtTheEnd(t *testing.T) {
	story(t, func(d *desk) {
		for i := range 5 {
			d.put("one", line(time.Duration(5-i)*time.Minute, fmt.Sprint(i)))
		}
		got, page := d.get(head, most(2))
		d.want("first", got, "0 1")
		got, page = d.get(most(2), goOn(page.NextForwardToken))
		d.want("second", got, "2 3")
		back, _ := d.get(most(2), goOn(page.NextBackwardToken))
		d.want("back", back, "0 1")
		got, page = d.get(most(2), goOn(page.NextForwardToken))
		d.want("third", got, "4")
		got, end := d.get(most(2), goOn(page.NextForwardToken))
		d.want("end", got, "")
		d.want("token", *end.NextForwardToken, *page.NextForwardToken)
		back, _ = d.get(most(2), goOn(end.NextBackwardToken))
		d.want("back from the end", back, "3 4")
		d.put("one", line(0, "new"))
		got, _ = d.get(goOn(end.NextForwardToken))
		d.want("what came later", got, "new")

		got, page = d.get(most(4))
		d.want("the tail", got, "2 3 4 new")
		got, page = d.get(goOn(page.NextBackwardToken))
		d.want("before it", got, "0 1")
		got, end = d.get(goOn(page.NextBackwardToken))
		d.want("nothing before that", got, "")
		d.want("backward token", *end.NextBackwardToken, *page.NextBackwardToken)
	})
}

func TestATokenOfNothingLeadsToWhatComesLater(t *testing.T) {
	story(t, func(d *desk) {
		_, empty := d.get()
		d.put("one", line(0, "first"))
		got, _ := d.get(goOn(empty.NextForwardToken))
		d.want("events", got, "first")
		_, err := d.GetLogEvents(d.Context(), &cwl.GetLogEventsInput{LogGroupName: &d.group, LogStreamName: &d.stream, NextToken: aws.String("f/1/s")})
		d.refused(err, "InvalidParameterException")
	})
}

func TestABatchIsHeldToItsRules(t *testing.T) {
	story(t, func(d *desk) {
		for name, events := range map[string][]types.InputLogEvent{
			"not in order":      {line(1*time.Second, "a"), line(2*time.Second, "b")},
			"more than 24 h":    {line(25*time.Hour, "a"), line(0, "b")},
			"too large":         {line(0, strings.Repeat("x", 600<<10)), line(0, strings.Repeat("x", 600<<10))},
			"a too large event": {line(0, strings.Repeat("x", 1<<20))},
		} {
			_, err := d.PutLogEvents(d.Context(), &cwl.PutLogEventsInput{LogGroupName: &d.group, LogStreamName: &d.stream, LogEvents: events})
			d.Log(name, err)
			d.refused(err, "InvalidParameterException")
		}
		_, err := d.PutLogEvents(d.Context(), &cwl.PutLogEventsInput{LogGroupName: &d.group, LogStreamName: aws.String("none"), LogEvents: []types.InputLogEvent{line(0, "a")}})
		d.refused(err, "ResourceNotFoundException")
		d.put("one", line(0, strings.Repeat("x", 1<<20-26)))
		got, _ := d.get()
		d.want("a large event's length", len(got), 1<<20-26)
	})
}

func TestEventsTooOldOrTooNewAreLeftOut(t *testing.T) {
	story(t, func(d *desk) {
		out := d.put("one", line(15*24*time.Hour, "old"), line(14*24*time.Hour+30*time.Hour-24*time.Hour, "old"), line(14*24*time.Hour, "a"))
		d.want("too old", aws.ToInt32(out.RejectedLogEventsInfo.TooOldLogEventEndIndex), 2)
		out = d.put("one", line(0, "b"), line(-3*time.Hour, "new"))
		d.want("too new", aws.ToInt32(out.RejectedLogEventsInfo.TooNewLogEventStartIndex), 1)
		_, err := d.PutRetentionPolicy(d.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: &d.group, RetentionInDays: aws.Int32(1)})
		d.ok(err)
		out = d.put("one", line(25*time.Hour, "expired"), line(2*time.Hour, "c"))
		d.want("expired", aws.ToInt32(out.RejectedLogEventsInfo.ExpiredLogEventEndIndex), 1)
		got, _ := d.get(head)
		d.want("events", got, "c b")
		if d.put("one", line(0, "d")).RejectedLogEventsInfo != nil {
			d.Error("a good batch has rejections")
		}
	})
}

func TestASearchInterleavesStreams(t *testing.T) {
	story(t, func(d *desk) {
		d.newStream("two")
		d.newStream("other")
		d.put("one", line(6*time.Second, "E1"), line(4*time.Second, "I1"), line(2*time.Second, "E3"))
		d.put("two", line(5*time.Second, "E2"), line(3*time.Second, "I2"), line(1*time.Second, "E4"))
		d.put("other", line(0, "E5"))
		got, _ := d.search("E")
		d.want("all streams", got, "E1 E2 E3 E4 E5")
		got, pages := d.search("E", func(in *cwl.FilterLogEventsInput) { in.Limit = aws.Int32(2) })
		d.want("by pages", got, "E1 E2 E3 E4 E5")
		d.want("pages", pages, 3)
		got, _ = d.search("", func(in *cwl.FilterLogEventsInput) { in.LogStreamNames = []string{"two"} })
		d.want("one stream", got, "E2 I2 E4")
		got, _ = d.search("-I", func(in *cwl.FilterLogEventsInput) { in.LogStreamNames = []string{"two", "other"} })
		d.want("two streams", got, "E2 E4 E5")
		got, _ = d.search("", func(in *cwl.FilterLogEventsInput) { in.LogStreamNamePrefix = aws.String("o") })
		d.want("a prefix", got, "E1 I1 E3 E5")
		got, _ = d.search("E", func(in *cwl.FilterLogEventsInput) {
			in.StartTime, in.EndTime = line(5*time.Second, "").Timestamp, line(1*time.Second, "").Timestamp
		})
		d.want("between times, the end included", got, "E2 E3 E4")
		_, err := d.FilterLogEvents(d.Context(), &cwl.FilterLogEventsInput{LogGroupName: &d.group, FilterPattern: aws.String("{ $.a = }")})
		d.refused(err, "InvalidParameterException")
	})
}

// century takes a bubble's clock, which begins in 2000, to where a search may go backward.
const century = 100 * 365 * 24 * time.Hour

func TestASearchGoesBackward(t *testing.T) {
	story(t, func(d *desk) {
		d.cloud.Advance(century)
		for i := range 5 {
			d.put("one", line(time.Duration(-i)*time.Second-century, fmt.Sprint("E", i)), line(time.Duration(-i)*time.Second-century, "other"))
		}
		got, pages := d.search("E", func(in *cwl.FilterLogEventsInput) {
			in.StartTime, in.StartFromHead, in.Limit = line(time.Hour-century, "").Timestamp, aws.Bool(false), aws.Int32(2)
		})
		d.want("the latest first", got, "E4 E3 E2 E1 E0")
		d.want("pages", pages, 3)
	})
}

func TestALongSearchGoesOnWithTokens(t *testing.T) {
	story(t, func(d *desk) {
		var all []string
		filler := strings.Repeat("x", 900<<10)
		d.cloud.Advance(century)
		for i := range 24 {
			at := time.Duration(60-i)*time.Minute - century
			d.put("one", line(at, filler), line(at, fmt.Sprintf("needle%02d", i)))
			all = append(all, fmt.Sprintf("needle%02d", i))
		}
		got, pages := d.search("needle")
		d.want("found", got, strings.Join(all, " "))
		if pages < 2 {
			d.Error("a call searched everything")
		}
		got, pages = d.search("needle", func(in *cwl.FilterLogEventsInput) {
			in.StartTime, in.StartFromHead = line(2*time.Hour-century, "").Timestamp, aws.Bool(false)
		})
		d.want("the latest", got[:8], "needle23")
		d.want("all of them", len(strings.Fields(got)), 24)
		if pages < 2 {
			d.Error("a call searched everything")
		}
	})
}
