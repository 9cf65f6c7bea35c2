package sns

import (
	"context"
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// feedbackProtocols are those whose deliveries a topic can report, with the
// attributes PROTOCOLSuccessFeedbackRoleArn, PROTOCOLSuccessFeedbackSampleRate
// and PROTOCOLFailureFeedbackRoleArn.
var feedbackProtocols = []string{"HTTP", "Firehose", "Lambda", "Application", "SQS"}

// GetTopicAttributes returns all attributes of a topic.
func (s *Service) GetTopicAttributes(ctx context.Context, in *sns.GetTopicAttributesInput) (*sns.GetTopicAttributesOutput, error) {
	out := new(sns.GetTopicAttributesOutput)
	err := s.viewTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		m := maps.Clone(t.Attributes)
		if m == nil {
			m = map[string]string{}
		}
		m["TopicArn"] = t.at.arn()
		m["Owner"] = string(t.at.Account)
		m["Policy"] = t.Policy
		m["DisplayName"] = t.get("DisplayName")
		m["EffectiveDeliveryPolicy"] = t.effectiveDelivery()
		m["SubscriptionsConfirmed"] = strconv.FormatInt(t.at.total(tx, confirmed), 10)
		m["SubscriptionsPending"] = strconv.FormatInt(t.at.total(tx, pending), 10)
		m["SubscriptionsDeleted"] = strconv.FormatInt(t.at.total(tx, deleted), 10)
		if t.at.fifo() {
			m["FifoTopic"] = "true"
			m["ContentBasedDeduplication"] = t.get("ContentBasedDeduplication")
			m["FifoThroughputScope"] = t.get("FifoThroughputScope")
		}
		out.Attributes = m
		return nil
	})
	return out, err
}

// get returns an attribute that can be set, or its default.
func (t *topic) get(name string) string {
	if name == "Policy" {
		return t.Policy
	}
	if v, ok := t.Attributes[name]; ok {
		return v
	}
	switch name {
	case "ContentBasedDeduplication":
		return "false"
	case "FifoThroughputScope":
		return throughputTopic
	}
	return ""
}

// SetTopicAttributes sets one attribute of a topic.
func (s *Service) SetTopicAttributes(ctx context.Context, in *sns.SetTopicAttributesInput) (*sns.SetTopicAttributesOutput, error) {
	err := s.updateTopic(ctx, in.TopicArn, func(tx kv.Tx, t *topic) error {
		if err := t.set(in.AttributeName, deref(in.AttributeValue), false); err != nil {
			return err
		}
		t.at.put(tx, t)
		return nil
	})
	return &sns.SetTopicAttributesOutput{}, err
}

// set checks an attribute and takes it over. AWS: what is wrong with it is said
// in other words when the topic is being created.
func (t *topic) set(name, value string, creating bool) error {
	prefix := ""
	if creating {
		prefix = "Attributes Reason: "
	}
	bad := func(reason string) error { return invalid("%s%s", prefix, reason) }
	var reason string
	switch name {
	case "Policy":
		if value == "" {
			value = t.at.defaultPolicy()
		}
		if _, err := policy.Parse([]byte(value), policy.Resource); err != nil || len(value) > maxPolicy {
			return bad("Policy Error: null")
		}
		t.Policy = value
		return nil
	case "DeliveryPolicy":
		if _, err := parseDelivery(value); err != nil {
			return bad("DeliveryPolicy: " + err.Error())
		}
	default:
		reason = t.wrong(name, value)
	}
	if reason != "" {
		return bad(reason)
	}
	if t.Attributes == nil {
		t.Attributes = map[string]string{}
	}
	t.Attributes[name] = value
	if value == "" {
		delete(t.Attributes, name)
	}
	return nil
}

// wrong tells what is wrong with an attribute; "" when it is right.
func (t *topic) wrong(name, value string) string {
	switch name {
	case "DisplayName":
		if utf8.RuneCountInString(value) > maxDisplayName || strings.ContainsAny(value, "\r\n") {
			return "DisplayName"
		}
	case "KmsMasterKeyId":
	case "SignatureVersion":
		return oneOf(name, value, "1", "2")
	case "TracingConfig":
		return oneOf(name, value, "PassThrough", "Active")
	case "ContentBasedDeduplication":
		if !t.at.fifo() {
			return "ContentBasedDeduplication can only be set for FIFO topics"
		}
		return oneOf(name, value, "true", "false")
	case "FifoThroughputScope":
		if !t.at.fifo() {
			return "FifoThroughputScope can only be set for FIFO topics"
		}
		return oneOf(name, value, throughputTopic, throughputGroup)
	case "ArchivePolicy":
		return t.wrongArchive(value)
	default:
		return wrongFeedback(name, value)
	}
	return ""
}

func oneOf(name, value string, allowed ...string) string {
	if slices.Contains(allowed, value) {
		return ""
	}
	return name + " Reason: Invalid value [" + value + "]. Must be " + strings.Join(allowed, " or ") + "."
}

func (t *topic) wrongArchive(value string) string {
	var p struct{ MessageRetentionPeriod json.Number }
	switch {
	case !t.at.fifo():
		return "ArchivePolicy: Archive policy can only be set for FIFO topics"
	case value == "" || value == "{}":
		return ""
	case json.Unmarshal([]byte(value), &p) != nil:
		return "ArchivePolicy: failed to parse JSON."
	}
	if days, err := strconv.Atoi(p.MessageRetentionPeriod.String()); err != nil || days < 1 || days > maxArchiveDays {
		return "ArchivePolicy: MessageRetentionPeriod must be between 1 and 365 days"
	}
	return ""
}

func wrongFeedback(name, value string) string {
	for _, p := range feedbackProtocols {
		switch what, ok := strings.CutPrefix(name, p); {
		case !ok:
		case what == "SuccessFeedbackSampleRate":
			if n, err := strconv.Atoi(value); err != nil || n < 0 || n > 100 {
				return name + " Reason: Must be an integer between 0 and 100"
			}
			return ""
		case what == "SuccessFeedbackRoleArn", what == "FailureFeedbackRoleArn":
			return ""
		}
	}
	return "AttributeName"
}

// defaultPolicy is the policy of a topic that has not been given one: all for
// the account's own, nothing for others.
func (a address) defaultPolicy() string {
	return `{"Version":"2008-10-17","Id":"__default_policy_ID","Statement":[{"Sid":"__default_statement_ID","Effect":"Allow","Principal":{"AWS":"*"},` +
		`"Action":["SNS:GetTopicAttributes","SNS:SetTopicAttributes","SNS:AddPermission","SNS:RemovePermission","SNS:DeleteTopic","SNS:Subscribe","SNS:ListSubscriptionsByTopic","SNS:Publish"],` +
		`"Resource":"` + a.arn() + `","Condition":{"StringEquals":{"AWS:SourceOwner":"` + string(a.Account) + `"}}}]}`
}
