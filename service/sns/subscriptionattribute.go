package sns

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/pattern"
	"github.com/brume-cloud/brume/state/kv"
)

// GetSubscriptionAttributes returns all attributes of a subscription.
func (s *Service) GetSubscriptionAttributes(ctx context.Context, in *sns.GetSubscriptionAttributesInput) (*sns.GetSubscriptionAttributesOutput, error) {
	a, id, err := subscriptionAt(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	out := new(sns.GetSubscriptionAttributesOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		sub, ok := a.subscription(tx, id)
		if !ok {
			return errNoSubscription()
		}
		t, err := a.find(tx)
		if err != nil {
			return errNoSubscription()
		}
		out.Attributes = sub.attributes(t)
		return nil
	})
	return out, err
}

func (s *subscription) attributes(t *topic) map[string]string {
	m := maps.Clone(s.Attributes)
	if m == nil {
		m = map[string]string{}
	}
	m["SubscriptionArn"] = s.arn()
	m["TopicArn"] = s.at.arn()
	m["Protocol"] = s.Protocol
	m["Endpoint"] = s.Endpoint
	m["Owner"] = string(s.Owner)
	m["SubscriptionPrincipal"] = s.Principal
	m["PendingConfirmation"] = strconv.FormatBool(s.Pending)
	m["ConfirmationWasAuthenticated"] = strconv.FormatBool(s.Authenticated)
	m["RawMessageDelivery"] = strconv.FormatBool(s.Raw)
	if s.Filter != "" {
		m["FilterPolicy"] = s.Filter
		m["FilterPolicyScope"] = s.FilterScope
	}
	if s.outside() {
		m["EffectiveDeliveryPolicy"] = s.effectiveDelivery(t)
	}
	return m
}

// outside reports whether the endpoint is an HTTP server.
func (s *subscription) outside() bool {
	return s.Protocol == protocolHTTP || s.Protocol == protocolHTTPS
}

// SetSubscriptionAttributes sets one attribute of a subscription.
func (s *Service) SetSubscriptionAttributes(ctx context.Context, in *sns.SetSubscriptionAttributesInput) (*sns.SetSubscriptionAttributesOutput, error) {
	a, id, err := subscriptionAt(in.SubscriptionArn)
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		sub, ok := a.subscription(tx, id)
		if !ok {
			return errNoSubscription()
		}
		had := sub.Filter != ""
		if err := sub.set(in.AttributeName, deref(in.AttributeValue)); err != nil {
			return refused("", err)
		}
		switch has := sub.Filter != ""; {
		case has && !had:
			if err := a.countFilter(tx, 1); err != nil {
				return err
			}
		case had && !has:
			_ = a.countFilter(tx, -1) // fewer are always allowed
		}
		sub.put(tx)
		return nil
	})
	return &sns.SetSubscriptionAttributesOutput{}, err
}

// setAll sets the attributes that Subscribe was given. The scope of a filter
// comes first, because it decides how the filter is read.
func (s *subscription) setAll(attributes map[string]string) error {
	names := []string{"FilterPolicyScope"}
	for name := range attributes {
		if name != names[0] {
			names = append(names, name)
		}
	}
	for _, name := range names {
		value, ok := attributes[name]
		if !ok {
			continue
		}
		if err := s.set(name, value); errors.Is(err, pattern.ErrNested) { // AWS: this one is said alike everywhere
			return refused("", err)
		} else if err != nil {
			return refused("Attributes Reason: ", err)
		}
	}
	if s.Protocol == protocolFirehose && s.Attributes["SubscriptionRoleArn"] == "" {
		return invalid("Attributes Reason: SubscriptionRoleArn: must be set for protocol firehose")
	}
	return nil
}

// refused is the error for an attribute whose value is wrong.
func refused(prefix string, err error) error {
	var public *aws.Error
	if errors.As(err, &public) {
		return public
	}
	return invalid("%s%s", prefix, err.Error())
}

// set checks an attribute and takes it over. The error says what AWS says after
// "Invalid parameter: ".
func (s *subscription) set(name, value string) error {
	switch name {
	case "RawMessageDelivery":
		return s.setRaw(value)
	case "FilterPolicy":
		return s.setFilter(value, s.FilterScope)
	case "FilterPolicyScope":
		if value != scopeAttributes && value != scopeBody {
			return errors.New("FilterPolicyScope: Invalid value [" + value + "]. Please use either MessageBody or MessageAttributes")
		}
		return s.setFilter(s.Filter, value)
	case "RedrivePolicy":
		if err := s.setRedrive(value); err != nil {
			return err
		}
	case "DeliveryPolicy":
		if _, err := parseDelivery(value); err != nil {
			return errors.New("DeliveryPolicy: " + err.Error())
		}
		if !s.outside() && value != "" {
			return errors.New("Delivery protocol [" + s.Protocol + "] does not support delivery policies")
		}
	case "SubscriptionRoleArn":
		if !isRole(value) {
			return errors.New("SubscriptionRoleArn")
		}
	case "ReplayPolicy":
		if err := s.checkReplay(value); err != nil {
			return err
		}
	default:
		return errors.New("AttributeName")
	}
	if s.Attributes == nil {
		s.Attributes = map[string]string{}
	}
	s.Attributes[name] = value
	if value == "" {
		delete(s.Attributes, name)
	}
	return nil
}

func (s *subscription) setRaw(value string) error {
	switch strings.ToLower(value) {
	case "true":
		switch s.Protocol {
		case protocolSQS, protocolHTTP, protocolHTTPS, protocolFirehose:
		default:
			return errors.New("Delivery protocol [" + s.Protocol + "] does not support raw message delivery.")
		}
		s.Raw = true
	case "false":
		s.Raw = false
	default:
		return errors.New("RawMessageDelivery: Invalid value [" + value + "]. Must be true or false.")
	}
	return nil
}

func (s *subscription) setFilter(text, scope string) error {
	if t := strings.TrimSpace(text); t == "" || t == "{}" {
		s.Filter, s.FilterScope = "", scope
		return nil
	}
	if _, err := parseFilter(text, scope); err != nil {
		return err
	}
	s.Filter, s.FilterScope = text, scope
	return nil
}

// setRedrive reads the dead-letter queue of a redrive policy.
// AWS: "Amazon SNS dead-letter queues".
func (s *subscription) setRedrive(value string) error {
	if value == "" {
		s.DeadLetter = ""
		return nil
	}
	var p struct{ DeadLetterTargetArn string }
	if json.Unmarshal([]byte(value), &p) != nil {
		return errors.New("RedrivePolicy: failed to parse JSON.")
	}
	if p.DeadLetterTargetArn == "" { // "{}" takes the policy away
		s.DeadLetter = ""
		return nil
	}
	queue, err := aws.ParseARN(p.DeadLetterTargetArn)
	switch {
	case err != nil || queue.Service != "sqs":
		return errors.New("RedrivePolicy: deadLetterTargetArn is an invalid arn")
	case queue.Account != s.Owner || queue.Region != s.at.Region:
		return errors.New("RedrivePolicy: deadLetterTargetArn must be in the same account and region as the subscription")
	case s.at.fifo() && strings.HasSuffix(s.Endpoint, fifoSuffix) && !strings.HasSuffix(queue.Resource, fifoSuffix):
		return errors.New("RedrivePolicy: must use a FIFO queue as DLQ for a FIFO Subscription to a FIFO Topic.")
	case !s.at.fifo() && strings.HasSuffix(queue.Resource, fifoSuffix):
		return errors.New("RedrivePolicy: must use a standard queue as DLQ for a subscription to a standard topic.")
	}
	s.DeadLetter = p.DeadLetterTargetArn
	return nil
}

// checkReplay refuses what is not built: replays of an archive.
func (s *subscription) checkReplay(value string) error {
	if value == "" || value == "{}" {
		return nil
	}
	if !s.at.fifo() {
		return errors.New("ReplayPolicy: Replay policy can only be set for FIFO topics")
	}
	return aws.NotImplemented("sns", "ReplayPolicy")
}

func isRole(arn string) bool {
	a, err := aws.ParseARN(arn)
	return err == nil && a.Service == "iam" && strings.HasPrefix(a.Resource, "role/")
}

// agreesWith reports whether a subscription that exists has the attributes that
// a request to subscribe asks for.
func (s *subscription) agreesWith(wanted *subscription, asked map[string]string) bool {
	for name := range asked {
		same := true
		switch name {
		case "RawMessageDelivery":
			same = s.Raw == wanted.Raw
		case "FilterPolicy":
			same = s.Filter == wanted.Filter
		case "FilterPolicyScope":
			same = s.FilterScope == wanted.FilterScope
		default:
			same = s.Attributes[name] == wanted.Attributes[name]
		}
		if !same {
			return false
		}
	}
	return true
}
