package logs_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
)

func TestGroupsAreListedByPrefixPatternAndPage(t *testing.T) {
	story(t, func(d *desk) {
		for _, name := range []string{"/app/api", "/app/zone", "/lib"} {
			_, err := d.CreateLogGroup(d.Context(), &cwl.CreateLogGroupInput{LogGroupName: &name, Tags: map[string]string{"a": "b"}})
			d.ok(err)
		}
		_, err := d.CreateLogGroup(d.Context(), &cwl.CreateLogGroupInput{LogGroupName: aws.String("/lib")})
		d.refused(err, "ResourceAlreadyExistsException")
		list := func(in *cwl.DescribeLogGroupsInput) (got []string) {
			for {
				out, err := d.DescribeLogGroups(d.Context(), in)
				d.ok(err)
				for _, g := range out.LogGroups {
					got = append(got, *g.LogGroupName)
				}
				if in.NextToken = out.NextToken; in.NextToken == nil {
					return got
				}
			}
		}
		d.want("all, one by one", list(&cwl.DescribeLogGroupsInput{Limit: aws.Int32(1)}), "[/app/api /app/web /app/zone /lib]")
		d.want("prefix", list(&cwl.DescribeLogGroupsInput{LogGroupNamePrefix: aws.String("/app/")}), "[/app/api /app/web /app/zone]")
		d.want("pattern", list(&cwl.DescribeLogGroupsInput{LogGroupNamePattern: aws.String("LIB")}), "[/lib]")
		summary, err := d.ListLogGroups(d.Context(), &cwl.ListLogGroupsInput{LogGroupNamePattern: aws.String("^/app/z|lib")})
		d.ok(err)
		d.want("regular expression", len(summary.LogGroups), 2)
		tags, err := d.ListTagsForResource(d.Context(), &cwl.ListTagsForResourceInput{ResourceArn: summary.LogGroups[0].LogGroupArn})
		d.ok(err)
		d.want("tags", tags.Tags, "map[a:b]")
	})
}

func TestADeletedGroupTakesItsEventsAlong(t *testing.T) {
	story(t, func(d *desk) {
		d.put("one", line(0, "a"))
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 27)
		_, err := d.PutLogGroupDeletionProtection(d.Context(), &cwl.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: &d.group, DeletionProtectionEnabled: aws.Bool(true)})
		d.ok(err)
		_, err = d.DeleteLogGroup(d.Context(), &cwl.DeleteLogGroupInput{LogGroupName: &d.group})
		d.refused(err, "ValidationException")
		_, err = d.PutLogGroupDeletionProtection(d.Context(), &cwl.PutLogGroupDeletionProtectionInput{LogGroupIdentifier: &d.group, DeletionProtectionEnabled: aws.Bool(false)})
		d.ok(err)
		_, err = d.DeleteLogGroup(d.Context(), &cwl.DeleteLogGroupInput{LogGroupName: &d.group})
		d.ok(err)
		_, err = d.GetLogEvents(d.Context(), &cwl.GetLogEventsInput{LogGroupName: &d.group, LogStreamName: &d.stream})
		d.refused(err, "ResourceNotFoundException")
		_, err = d.CreateLogGroup(d.Context(), &cwl.CreateLogGroupInput{LogGroupName: &d.group})
		d.ok(err)
		d.newStream("one")
		got, _ := d.get()
		d.want("events of the new group", got, "")
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 0)
	})
}

func TestRetentionDeletesEvents(t *testing.T) {
	story(t, func(d *desk) {
		d.put("one", line(2*time.Hour, "a"), line(time.Hour, "b"))
		_, err := d.PutRetentionPolicy(d.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: &d.group, RetentionInDays: aws.Int32(2)})
		d.refused(err, "InvalidParameterException")
		_, err = d.PutRetentionPolicy(d.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: &d.group, RetentionInDays: aws.Int32(1)})
		d.ok(err)
		d.cloud.Advance(22*time.Hour + 30*time.Minute)
		got, _ := d.get()
		d.want("hidden at once", got, "b")
		d.put("one", line(-22*time.Hour, "c"))
		d.cloud.Advance(3 * time.Hour)
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 27)
		d.cloud.Advance(48 * time.Hour)
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 0)
		if st := d.describeStreams()[0]; st.LastEventTimestamp != nil {
			d.Error("an empty stream has a last event")
		}
	})
}

func TestManyEventsAreDeletedInSteps(t *testing.T) {
	story(t, func(d *desk) {
		var events []types.InputLogEvent
		for i := range 1300 {
			events = append(events, line(23*time.Hour-time.Duration(i)*time.Minute, fmt.Sprint(i)))
		}
		d.put("one", events...)
		d.newStream("two")
		d.put("two", line(0, "kept"))
		_, err := d.DeleteLogStream(d.Context(), &cwl.DeleteLogStreamInput{LogGroupName: &d.group, LogStreamName: &d.stream})
		d.ok(err)
		got, _ := d.search("")
		d.want("not seen any more", got, "kept")
		d.cloud.Advance(time.Minute)
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 30)

		d.newStream("one")
		d.put("one", events...)
		_, err = d.PutRetentionPolicy(d.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: &d.group, RetentionInDays: aws.Int32(1)})
		d.ok(err)
		d.cloud.Advance(24*time.Hour + 2*time.Hour)
		d.want("stored", aws.ToInt64(d.described().StoredBytes), 0)
	})
}

func TestStreamsAreListedByNameOrLastEvent(t *testing.T) {
	story(t, func(d *desk) {
		for _, name := range []string{"two", "three", "four"} {
			d.newStream(name)
		}
		d.put("two", line(time.Minute, "x"), line(30*time.Second, "y"))
		d.put("one", line(2*time.Minute, "x"))
		d.put("three", line(3*time.Minute, "x"), line(time.Second, "y"))
		d.want("by name", streamNames(d.describeStreams()), "four one three two")
		d.want("descending", streamNames(d.describeStreams(func(in *cwl.DescribeLogStreamsInput) { in.Descending = aws.Bool(true) })), "two three one four")
		paged, in := "", &cwl.DescribeLogStreamsInput{LogGroupName: &d.group, Descending: aws.Bool(true), Limit: aws.Int32(1)}
		for {
			out, err := d.DescribeLogStreams(d.Context(), in)
			d.ok(err)
			paged += streamNames(out.LogStreams) + " "
			if in.NextToken = out.NextToken; in.NextToken == nil {
				break
			}
		}
		d.want("descending, one by one", paged, "two three one four ")
		d.want("prefix", streamNames(d.describeStreams(func(in *cwl.DescribeLogStreamsInput) { in.LogStreamNamePrefix = aws.String("t") })), "three two")
		in = &cwl.DescribeLogStreamsInput{LogGroupName: &d.group, OrderBy: types.OrderByLastEventTime, Descending: aws.Bool(true), Limit: aws.Int32(3)}
		out, err := d.DescribeLogStreams(d.Context(), in)
		d.ok(err)
		d.want("by last event", streamNames(out.LogStreams), "three two one")
		first := out.LogStreams[0]
		d.want("first event", *first.FirstEventTimestamp, *line(3*time.Minute, "").Timestamp)
		d.want("last event", *first.LastEventTimestamp, *line(time.Second, "").Timestamp)
		in.NextToken = out.NextToken
		out, err = d.DescribeLogStreams(d.Context(), in)
		d.ok(err)
		d.want("the rest", streamNames(out.LogStreams), "four")
	})
}

func TestClassesDoWhatTheyAreFor(t *testing.T) {
	story(t, func(d *desk) {
		for _, class := range []types.LogGroupClass{types.LogGroupClassInfrequentAccess, types.LogGroupClassDelivery} {
			d.group = string(class)
			_, err := d.CreateLogGroup(d.Context(), &cwl.CreateLogGroupInput{LogGroupName: &d.group, LogGroupClass: class})
			d.ok(err)
			d.newStream("one")
			d.put("one", line(0, "a"))
			_, err = d.FilterLogEvents(d.Context(), &cwl.FilterLogEventsInput{LogGroupName: &d.group})
			d.refused(err, "InvalidParameterException")
			d.want("class", d.described().LogGroupClass, class)
		}
		d.want("days of delivery's retention", aws.ToInt32(d.described().RetentionInDays), 1)
		_, err := d.PutRetentionPolicy(d.Context(), &cwl.PutRetentionPolicyInput{LogGroupName: &d.group, RetentionInDays: aws.Int32(7)})
		d.refused(err, "InvalidParameterException")
		d.cloud.Advance(26 * time.Hour)
		d.want("stored a day later", aws.ToInt64(d.described().StoredBytes), 0)
	})
}
