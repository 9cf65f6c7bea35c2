package sns

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateTopic makes a topic, or returns the one that is there.
func (s *Service) CreateTopic(ctx context.Context, in *sns.CreateTopicInput) (*sns.CreateTopicOutput, error) {
	a := address{scopeOf(ctx), in.Name}
	if err := a.checkName(in.Attributes["FifoTopic"] == "true"); err != nil {
		return nil, err
	}
	tags, err := newTags(in.Tags)
	if err != nil {
		return nil, err
	}
	arn := a.arn()
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t := &topic{at: a, Tags: tags, Policy: a.defaultPolicy(), Created: tx.Now(), Protection: deref(in.DataProtectionPolicy)}
		for name, value := range in.Attributes {
			if name == "FifoTopic" {
				continue // the name says it
			}
			if err := t.set(name, value, true); err != nil {
				return err
			}
		}
		if old, ok := topics.Get(tx, a.key()); ok {
			old.at = a
			return old.agreesWith(t, in)
		}
		a.put(tx, t)
		a.enroll(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &sns.CreateTopicOutput{TopicArn: &arn}, nil
}

func (a address) fifo() bool { return strings.HasSuffix(a.Name, fifoSuffix) }

// checkName checks the name of a new topic, and that it fits the topic's kind.
func (a address) checkName(fifo bool) error {
	base, isFIFO := strings.CutSuffix(a.Name, fifoSuffix)
	good := base != "" && len(a.Name) <= maxTopicName && isWord(base, "")
	switch {
	case fifo && (!isFIFO || !good):
		return invalid("Topic Name Reason: Fifo Topic names must end with .fifo and must be made up of only uppercase and lowercase ASCII letters, numbers, underscores, and hyphens, and must be between 1 and 256 characters long.")
	case !fifo && (isFIFO || !good):
		return invalid("Topic Name")
	}
	return nil
}

// agreesWith reports what a request to create t asks for that the topic, which
// is there already, does not have.
func (t *topic) agreesWith(wanted *topic, in *sns.CreateTopicInput) error {
	for name := range in.Attributes {
		if name != "FifoTopic" && t.get(name) != wanted.get(name) {
			return invalid("Attributes Reason: Topic already exists with different attributes")
		}
	}
	for key, value := range wanted.Tags {
		if have, ok := t.Tags[key]; !ok || have != value {
			return invalid("Tags Reason: Topic already exists with different tags")
		}
	}
	return nil
}

// DeleteTopic deletes a topic and its subscriptions. Deleting one that is not
// there is no error, as with AWS.
func (s *Service) DeleteTopic(ctx context.Context, in *sns.DeleteTopicInput) (*sns.DeleteTopicOutput, error) {
	a, err := topicAt(ctx, in.TopicArn, "TopicArn")
	if err != nil {
		return nil, err
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := a.find(tx); err == nil {
			a.drop(tx)
		}
		return nil
	})
	return &sns.DeleteTopicOutput{}, err
}

// ListTopics lists the account's topics in the order of their names.
func (s *Service) ListTopics(ctx context.Context, in *sns.ListTopicsInput) (*sns.ListTopicsOutput, error) {
	p, err := newPage(in.NextToken)
	if err != nil {
		return nil, err
	}
	sc := scopeOf(ctx)
	out := new(sns.ListTopicsOutput)
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = sns.ListTopicsOutput{Topics: []sns.Topic{}}
		for key := range tx.Scan(p.of(kv.Prefix(topics.Prefix(sc)))) {
			if len(out.Topics) == p.size {
				out.NextToken = p.token(key)
				return nil
			}
			parts := topics.Parts(key)
			arn := address{sc, parts.String()}.arn()
			out.Topics = append(out.Topics, sns.Topic{TopicArn: &arn})
		}
		return nil
	})
	return out, err
}
