package sns_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sns/types"
)

func TestATopicsLife(t *testing.T) {
	story(t, "news", map[string]string{"DisplayName": "News"}, func(d *desk) {
		if d.topic != "arn:aws:sns:us-east-1:000000000000:news" {
			d.Errorf("got %s", d.topic)
		}
		if again := d.create("news", map[string]string{"DisplayName": "News"}); again != d.topic {
			d.Errorf("creating it again made %s", again)
		}
		_, err := d.CreateTopic(d.Context(), &sns.CreateTopicInput{Name: ptr("news"), Attributes: map[string]string{"DisplayName": "Else"}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Attributes Reason: Topic already exists with different attributes")
		_, err = d.CreateTopic(d.Context(), &sns.CreateTopicInput{Name: ptr("news"), Tags: []types.Tag{{Key: ptr("a"), Value: ptr("b")}}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Tags Reason: Topic already exists with different tags")
		got := d.attributesOf(d.topic)
		for name, want := range map[string]string{
			"TopicArn": d.topic, "Owner": "000000000000", "DisplayName": "News", "SubscriptionsConfirmed": "0", "SubscriptionsPending": "0", "SubscriptionsDeleted": "0",
			"EffectiveDeliveryPolicy": `{"http":{"defaultHealthyRetryPolicy":{"minDelayTarget":20,"maxDelayTarget":20,"numRetries":3,"numMaxDelayRetries":0,"numNoDelayRetries":0,"numMinDelayRetries":0,"backoffFunction":"linear"},"disableSubscriptionOverrides":false,"defaultRequestPolicy":{"headerContentType":"text/plain; charset=UTF-8"}}}`,
		} {
			if got[name] != want {
				d.Errorf("%s is %q", name, got[name])
			}
		}
		if !strings.Contains(got["Policy"], `"Id":"__default_policy_ID"`) {
			d.Errorf("the policy is %s", got["Policy"])
		}
		_, err = d.DeleteTopic(d.Context(), &sns.DeleteTopicInput{TopicArn: &d.topic})
		d.must(err)
		_, err = d.DeleteTopic(d.Context(), &sns.DeleteTopicInput{TopicArn: &d.topic})
		d.must(err)
		_, err = d.GetTopicAttributes(d.Context(), &sns.GetTopicAttributesInput{TopicArn: &d.topic})
		d.refused(err, "NotFound", "Topic does not exist")
		_, err = d.Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: ptr("x")})
		d.refused(err, "NotFound", "Topic does not exist")
	})
}

func (d *desk) attributesOf(arn string) map[string]string {
	d.Helper()
	out, err := d.GetTopicAttributes(d.Context(), &sns.GetTopicAttributesInput{TopicArn: &arn})
	d.must(err)
	return out.Attributes
}

func TestTopicNames(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		for _, c := range []struct{ name, fifo, want string }{
			{"a b", "", "Invalid parameter: Topic Name"},
			{strings.Repeat("x", 257), "", "Invalid parameter: Topic Name"},
			{"x.fifo", "", "Invalid parameter: Topic Name"},
			{"x", "true", "Invalid parameter: Topic Name Reason: Fifo Topic names must end with .fifo"},
		} {
			in := &sns.CreateTopicInput{Name: &c.name}
			if c.fifo != "" {
				in.Attributes = map[string]string{"FifoTopic": c.fifo}
			}
			_, err := d.CreateTopic(d.Context(), in)
			d.refused(err, "InvalidParameter", c.want)
		}
	})
}

func TestTopicAttributeMistakes(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		for _, c := range []struct{ name, value, want string }{
			{"FifoTopic", "true", "Invalid parameter: AttributeName"},
			{"Nonsense", "x", "Invalid parameter: AttributeName"},
			{"SignatureVersion", "3", "Invalid parameter: SignatureVersion Reason: Invalid value [3]"},
			{"Policy", "{", "Invalid parameter: Policy Error: null"},
			{"DeliveryPolicy", `{"http":{"defaultHealthyRetryPolicy":{"numRetries":101}}}`, "Invalid parameter: DeliveryPolicy: healthyRetryPolicy.numRetries must be less than or equal to 100"},
			{"ContentBasedDeduplication", "true", "Invalid parameter: ContentBasedDeduplication can only be set for FIFO topics"},
			{"SQSSuccessFeedbackSampleRate", "101", "Invalid parameter: SQSSuccessFeedbackSampleRate"},
			{"DisplayName", strings.Repeat("x", 101), "Invalid parameter: DisplayName"},
		} {
			_, err := d.SetTopicAttributes(d.Context(), &sns.SetTopicAttributesInput{TopicArn: &d.topic, AttributeName: &c.name, AttributeValue: &c.value})
			d.refused(err, "InvalidParameter", c.want)
		}
		for _, c := range []struct{ arn, want string }{
			{"nonsense", "Invalid parameter: TopicArn Reason: An ARN must have at least 6 elements, not 1"},
			{"arn:aws:sns:eu-west-1:000000000000:t", "Invalid parameter: TopicArn"},
		} {
			_, err := d.GetTopicAttributes(d.Context(), &sns.GetTopicAttributesInput{TopicArn: &c.arn})
			d.refused(err, "InvalidParameter", c.want)
		}
	})
}

func TestListingsComeAHundredAtATime(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		for i := range 120 {
			d.create(fmt.Sprint("t", i), nil)
			d.subscribe("email", fmt.Sprintf("me%d@example.com", i), nil)
		}
		first, err := d.ListTopics(d.Context(), &sns.ListTopicsInput{})
		d.must(err)
		rest, err := d.ListTopics(d.Context(), &sns.ListTopicsInput{NextToken: first.NextToken})
		d.must(err)
		if len(first.Topics) != 100 || len(rest.Topics) != 21 || rest.NextToken != nil {
			d.Errorf("%d and %d topics", len(first.Topics), len(rest.Topics))
		}
		one, err := d.ListSubscriptions(d.Context(), &sns.ListSubscriptionsInput{})
		d.must(err)
		two, err := d.ListSubscriptions(d.Context(), &sns.ListSubscriptionsInput{NextToken: one.NextToken})
		d.must(err)
		if len(one.Subscriptions) != 100 || len(two.Subscriptions) != 20 || *one.Subscriptions[0].SubscriptionArn != "PendingConfirmation" {
			d.Errorf("%d and %d subscriptions", len(one.Subscriptions), len(two.Subscriptions))
		}
		by, err := d.ListSubscriptionsByTopic(d.Context(), &sns.ListSubscriptionsByTopicInput{TopicArn: &d.topic, NextToken: nil})
		d.must(err)
		if len(by.Subscriptions) != 100 || by.NextToken == nil {
			d.Errorf("%d subscriptions of the topic", len(by.Subscriptions))
		}
	})
}

func TestTags(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		tag := func(key, value string) types.Tag { return types.Tag{Key: &key, Value: &value} }
		_, err := d.TagResource(d.Context(), &sns.TagResourceInput{ResourceArn: &d.topic, Tags: []types.Tag{tag("a", "1"), tag("b", "2")}})
		d.must(err)
		_, err = d.UntagResource(d.Context(), &sns.UntagResourceInput{ResourceArn: &d.topic, TagKeys: []string{"a"}})
		d.must(err)
		out, err := d.ListTagsForResource(d.Context(), &sns.ListTagsForResourceInput{ResourceArn: &d.topic})
		d.must(err)
		if len(out.Tags) != 1 || *out.Tags[0].Key != "b" {
			d.Errorf("got %v", out.Tags)
		}
		_, err = d.TagResource(d.Context(), &sns.TagResourceInput{ResourceArn: &d.topic, Tags: []types.Tag{tag("a", "1"), tag("a", "2")}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Duplicated keys are not allowed.")
		_, err = d.ListTagsForResource(d.Context(), &sns.ListTagsForResourceInput{ResourceArn: ptr(d.topic + "x")})
		d.refused(err, "ResourceNotFound", "Resource does not exist")
	})
}

func TestPermissions(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		stranger := d.as("111111111111")
		_, err := stranger.Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: ptr("x")})
		if err == nil {
			d.Error("a stranger could publish")
		}
		add := &sns.AddPermissionInput{TopicArn: &d.topic, Label: ptr("them"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"Publish"}}
		_, err = d.AddPermission(d.Context(), add)
		d.must(err)
		_, err = d.AddPermission(d.Context(), add)
		d.refused(err, "InvalidParameter", "Invalid parameter: Statement already exists")
		stranger.publish("x")
		_, err = d.RemovePermission(d.Context(), &sns.RemovePermissionInput{TopicArn: &d.topic, Label: ptr("them")})
		d.must(err)
		if _, err = stranger.Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: ptr("x")}); err == nil {
			d.Error("a stranger can still publish")
		}
		_, err = d.AddPermission(d.Context(), &sns.AddPermissionInput{TopicArn: &d.topic, Label: ptr("n"), AWSAccountId: []string{"111111111111"}, ActionName: []string{"CreateTopic"}})
		d.refused(err, "InvalidParameter", "Invalid parameter: Policy statement action out of service scope!")
	})
}

func TestDataProtectionPolicy(t *testing.T) {
	story(t, "t", nil, func(d *desk) {
		doc := `{"Name":"x","Version":"2021-06-01","Statement":[]}`
		_, err := d.PutDataProtectionPolicy(d.Context(), &sns.PutDataProtectionPolicyInput{ResourceArn: &d.topic, DataProtectionPolicy: &doc})
		d.must(err)
		out, err := d.GetDataProtectionPolicy(d.Context(), &sns.GetDataProtectionPolicyInput{ResourceArn: &d.topic})
		d.must(err)
		if *out.DataProtectionPolicy != doc {
			d.Errorf("got %s", *out.DataProtectionPolicy)
		}
	})
}
