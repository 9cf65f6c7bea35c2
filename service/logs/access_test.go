package logs_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs/types"
	"github.com/aws/aws-sdk-go-v2/service/iam"
)

// user makes a user who may do what policy says, and returns a client of theirs.
func (d *desk) user(name, policy string) *cwl.Client {
	d.Helper()
	users := iam.NewFromConfig(d.cloud.Config())
	_, err := users.CreateUser(d.Context(), &iam.CreateUserInput{UserName: &name})
	d.ok(err)
	_, err = users.PutUserPolicy(d.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: &name, PolicyDocument: &policy})
	d.ok(err)
	key, err := users.CreateAccessKey(d.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	d.ok(err)
	return cwl.NewFromConfig(d.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, ""))
}

func allowed(action, resource string) string {
	return `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"` + action + `","Resource":"` + resource + `"}]}`
}

const groupARN = "arn:aws:logs:us-east-1:000000000000:log-group:/app/web"

func TestAWriterMayWriteToOneStreamOnly(t *testing.T) {
	story(t, func(d *desk) {
		d.newStream("two")
		writer := d.user("writer", allowed("logs:PutLogEvents", groupARN+":log-stream:one"))
		write := func(stream string) error {
			_, err := writer.PutLogEvents(d.Context(), &cwl.PutLogEventsInput{LogGroupName: &d.group, LogStreamName: &stream, LogEvents: []types.InputLogEvent{line(0, "x")}})
			return err
		}
		d.ok(write("one"))
		d.refused(write("two"), "AccessDeniedException")
		_, err := writer.GetLogEvents(d.Context(), &cwl.GetLogEventsInput{LogGroupName: &d.group, LogStreamName: aws.String("one")})
		d.refused(err, "AccessDeniedException")
	})
}

func TestAGroupsResourceEndsWithAnAsterisk(t *testing.T) {
	story(t, func(d *desk) {
		create := func(c *cwl.Client, stream string) error {
			_, err := c.CreateLogStream(d.Context(), &cwl.CreateLogStreamInput{LogGroupName: &d.group, LogStreamName: &stream})
			return err
		}
		tags := func(c *cwl.Client) error {
			_, err := c.ListTagsForResource(d.Context(), &cwl.ListTagsForResourceInput{ResourceArn: aws.String(groupARN)})
			return err
		}
		with, without := d.user("with", allowed("logs:*", groupARN+":*")), d.user("without", allowed("logs:*", groupARN))
		d.ok(create(with, "a"))
		d.refused(create(without, "b"), "AccessDeniedException")
		d.refused(tags(with), "AccessDeniedException")
		d.ok(tags(without))
	})
}

func TestAResourcePolicyLetsAnotherAccountRead(t *testing.T) {
	story(t, func(d *desk) {
		d.put("one", line(time.Second, "hello"))
		other := cwl.NewFromConfig(d.cloud.As("111122223333", "secret", ""))
		read := func() error {
			_, err := other.FilterLogEvents(d.Context(), &cwl.FilterLogEventsInput{LogGroupIdentifier: aws.String(groupARN)})
			return err
		}
		d.refused(read(), "AccessDeniedException")
		name, policy := "readers", `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"AWS":"111122223333"},"Action":"logs:FilterLogEvents","Resource":"`+groupARN+`:*"}}`
		put, err := d.PutResourcePolicy(d.Context(), &cwl.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: &policy})
		d.ok(err)
		d.ok(read())
		_, err = d.PutResourcePolicy(d.Context(), &cwl.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: &policy, ExpectedRevisionId: aws.String("x")})
		d.refused(err, "OperationAbortedException")
		list, err := d.DescribeResourcePolicies(d.Context(), &cwl.DescribeResourcePoliciesInput{})
		d.ok(err)
		d.want("revision", *list.ResourcePolicies[0].RevisionId, *put.RevisionId)
		_, err = d.DeleteResourcePolicy(d.Context(), &cwl.DeleteResourcePolicyInput{PolicyName: &name})
		d.ok(err)
		d.refused(read(), "AccessDeniedException")
		_, err = d.PutResourcePolicy(d.Context(), &cwl.PutResourcePolicyInput{PolicyName: &name, PolicyDocument: aws.String("{")})
		d.refused(err, "InvalidParameterException")
	})
}

func TestTagsComeAndGo(t *testing.T) {
	story(t, func(d *desk) {
		_, err := d.TagResource(d.Context(), &cwl.TagResourceInput{ResourceArn: aws.String(groupARN), Tags: map[string]string{"a": "1", "b": "2"}})
		d.ok(err)
		_, err = d.TagLogGroup(d.Context(), &cwl.TagLogGroupInput{LogGroupName: &d.group, Tags: map[string]string{"b": "3"}})
		d.ok(err)
		_, err = d.UntagResource(d.Context(), &cwl.UntagResourceInput{ResourceArn: aws.String(groupARN), TagKeys: []string{"a", "none"}})
		d.ok(err)
		out, err := d.ListTagsLogGroup(d.Context(), &cwl.ListTagsLogGroupInput{LogGroupName: &d.group})
		d.ok(err)
		d.want("tags", out.Tags, "map[b:3]")
		_, err = d.TagResource(d.Context(), &cwl.TagResourceInput{ResourceArn: aws.String(groupARN + ":*"), Tags: map[string]string{"a": "1"}})
		d.refused(err, "InvalidParameterException")
		_, err = d.TagResource(d.Context(), &cwl.TagResourceInput{ResourceArn: aws.String(groupARN + "x"), Tags: map[string]string{"a": "1"}})
		d.refused(err, "ResourceNotFoundException")
	})
}

func TestAFilterIsTriedOut(t *testing.T) {
	story(t, func(d *desk) {
		out, err := d.TestMetricFilter(d.Context(), &cwl.TestMetricFilterInput{FilterPattern: aws.String("[..., size > 10]"), LogEventMessages: []string{"a 5", "b 50"}})
		d.ok(err)
		d.want("matches", len(out.Matches), 1)
		m := out.Matches[0]
		d.want("match", []any{m.EventNumber, *m.EventMessage, m.ExtractedValues}[1:], "[b 50 map[$1:b $size:50]]")
		d.want("number", m.EventNumber, 2)
		_, err = d.TestMetricFilter(d.Context(), &cwl.TestMetricFilterInput{FilterPattern: aws.String("[a"), LogEventMessages: []string{"a"}})
		d.refused(err, "InvalidParameterException")
	})
}

func TestASubscriptionsDestinationIsChecked(t *testing.T) {
	story(t, func(d *desk) {
		subscribe := func(destination string, role *string, pattern string) error {
			_, err := d.PutSubscriptionFilter(d.Context(), &cwl.PutSubscriptionFilterInput{LogGroupName: &d.group, FilterName: aws.String("f"), FilterPattern: &pattern, DestinationArn: &destination, RoleArn: role})
			return err
		}
		d.refused(subscribe("arn:aws:sqs:us-east-1:000000000000:q", nil, ""), "InvalidParameterException")
		d.refused(subscribe("arn:aws:kinesis:us-east-1:000000000000:stream/s", nil, ""), "InvalidParameterException")
		d.refused(subscribe("arn:aws:lambda:us-east-1:000000000000:function:f", nil, "{"), "InvalidParameterException")
		if err := subscribe("arn:aws:lambda:us-east-1:000000000000:function:f", nil, ""); err == nil {
			d.Error("a function that is not there was subscribed")
		}
		out, err := d.DescribeSubscriptionFilters(d.Context(), &cwl.DescribeSubscriptionFiltersInput{LogGroupName: &d.group})
		d.ok(err)
		d.want("filters", len(out.SubscriptionFilters), 0)
		_, err = d.DeleteSubscriptionFilter(d.Context(), &cwl.DeleteSubscriptionFilterInput{LogGroupName: &d.group, FilterName: aws.String("f")})
		d.refused(err, "ResourceNotFoundException")
	})
}
