package sqs

import (
	"context"
	"slices"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

// property is an attribute of a queue that can be set.
type property struct {
	name string
	fifo bool // of FIFO queues only
	// get returns the value, and whether it is shown at all.
	get func(q *queue) (string, bool)
	// set takes a value, and reports whether it is valid.
	set func(q *queue, v string) bool
}

func invalidAttribute(name string) error {
	return sqs.ErrInvalidAttributeValue("Invalid value for the parameter %s.", name)
}

// properties returns every attribute that can be set, in the order of the documentation.
func properties() []property {
	return []property{
		duration("DelaySeconds", 0, maxDelay, func(q *queue) *time.Duration { return &q.Delay }),
		{name: "MaximumMessageSize", get: func(q *queue) (string, bool) { return strconv.Itoa(q.MaximumSize), true }, set: func(q *queue, v string) bool {
			n, err := strconv.Atoi(v)
			q.MaximumSize = n
			return err == nil && n >= minSize && n <= maxSize
		}},
		duration("MessageRetentionPeriod", minRetention, maxRetention, func(q *queue) *time.Duration { return &q.Retention }),
		duration("ReceiveMessageWaitTimeSeconds", 0, maxWait, func(q *queue) *time.Duration { return &q.Wait }),
		duration("VisibilityTimeout", 0, maxVisibility, func(q *queue) *time.Duration { return &q.Visibility }),
		{name: "Policy", get: func(q *queue) (string, bool) { return q.Policy, q.Policy != "" }, set: func(q *queue, v string) bool {
			q.Policy = v
			_, err := policy.Parse([]byte(v), policy.Resource)
			return v == "" || err == nil
		}},
		{name: "RedrivePolicy", get: func(q *queue) (string, bool) { return q.RedrivePolicy, q.RedrivePolicy != "" }, set: (*queue).setRedrive},
		{name: "RedriveAllowPolicy", get: func(q *queue) (string, bool) { return q.RedriveAllow, q.RedriveAllow != "" }, set: (*queue).setRedriveAllow},
		{name: "KmsMasterKeyId", get: func(q *queue) (string, bool) { return q.KMSKey, q.KMSKey != "" }, set: func(q *queue, v string) bool {
			q.KMSKey = v
			q.ManagedEncryption = v == ""
			return true
		}},
		duration("KmsDataKeyReusePeriodSeconds", minKMSReuse, maxKMSReuse, func(q *queue) *time.Duration { return &q.KMSReuse }),
		boolean("SqsManagedSseEnabled", false, func(q *queue) *bool { return &q.ManagedEncryption }),
		{name: "FifoQueue", fifo: true, get: func(q *queue) (string, bool) { return "true", q.at.fifo() }, set: func(_ *queue, v string) bool { return v == "true" }},
		boolean("ContentBasedDeduplication", true, func(q *queue) *bool { return &q.ContentDedup }),
		choice("DeduplicationScope", func(q *queue) *string { return &q.DedupScope }, scopeQueue, scopeGroup),
		choice("FifoThroughputLimit", func(q *queue) *string { return &q.ThroughputLimit }, limitQueue, limitGroup),
	}
}

// Values of DeduplicationScope and FifoThroughputLimit.
const (
	scopeQueue = "queue"
	scopeGroup = "messageGroup"
	limitQueue = "perQueue"
	limitGroup = "perMessageGroupId"
)

func duration(name string, least, most time.Duration, field func(*queue) *time.Duration) property {
	return property{
		name: name,
		get: func(q *queue) (string, bool) {
			return strconv.Itoa(int(*field(q) / time.Second)), name != "KmsDataKeyReusePeriodSeconds" || q.KMSKey != ""
		},
		set: func(q *queue, v string) bool {
			n, err := strconv.Atoi(v)
			d := time.Duration(n) * time.Second
			*field(q) = d
			return err == nil && d >= least && d <= most
		},
	}
}

func boolean(name string, fifo bool, field func(*queue) *bool) property {
	return property{
		name: name, fifo: fifo,
		get: func(q *queue) (string, bool) { return strconv.FormatBool(*field(q)), !fifo || q.at.fifo() },
		set: func(q *queue, v string) bool {
			*field(q) = v == "true"
			return v == "true" || v == "false"
		},
	}
}

// choice is an attribute of FIFO queues with fixed values, the first the default.
func choice(name string, field func(*queue) *string, values ...string) property {
	return property{
		name: name, fifo: true,
		get: func(q *queue) (string, bool) {
			if v := *field(q); v != "" {
				return v, q.at.fifo()
			}
			return values[0], q.at.fifo()
		},
		set: func(q *queue, v string) bool {
			*field(q) = v
			return slices.Contains(values, v)
		},
	}
}

// set changes attributes, and checks how they fit together.
func (q *queue) set(tx kv.Tx, values map[string]string) error {
	all := properties()
	for name, v := range values {
		i := slices.IndexFunc(all, func(p property) bool { return p.name == name })
		switch {
		case i < 0, all[i].fifo && !q.at.fifo():
			return sqs.ErrInvalidAttributeName("Unknown Attribute %s.", name)
		case !all[i].set(q, v):
			return invalidAttribute(name)
		}
	}
	if q.ThroughputLimit == limitGroup && q.DedupScope != scopeGroup {
		return sqs.ErrInvalidAttributeValue("Invalid value for the parameter FifoThroughputLimit. Reason: perMessageGroupId is allowed only when DeduplicationScope is messageGroup.")
	}
	if values["SqsManagedSseEnabled"] == "true" && q.KMSKey != "" {
		return sqs.ErrInvalidAttributeValue("You can use one type of server-side encryption (SSE) at one time. You can either enable KMS SSE or SQS SSE.")
	}
	if values["RedrivePolicy"] == "" {
		return nil
	}
	return q.checkDeadLetter(tx)
}

// agreesWith compares a queue with one that was asked for by the same name:
// the attributes that were given must have the same values.
func (q *queue) agreesWith(asked *queue, given map[string]string) error {
	for _, p := range properties() {
		if _, ok := given[p.name]; !ok {
			continue
		}
		has, _ := p.get(q)
		wants, _ := p.get(asked)
		if has != wants {
			return sqs.ErrQueueNameExists("A queue already exists with the same name and a different value for attribute %s", p.name)
		}
	}
	return nil
}

// SetQueueAttributes changes attributes of a queue.
func (s *Service) SetQueueAttributes(ctx context.Context, in *sqs.SetQueueAttributesInput) (*sqs.SetQueueAttributesOutput, error) {
	err := s.change(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		if _, ok := in.Attributes["FifoQueue"]; ok && !q.at.fifo() {
			return sqs.ErrInvalidAttributeName("Unknown Attribute FifoQueue.")
		}
		retention := q.Retention
		if err := q.set(tx, in.Attributes); err != nil {
			return err
		}
		q.Modified = tx.Now()
		if q.Retention < retention {
			q.armExpiry(tx, tx.Now()) // some messages may be too old at once
		}
		return nil
	})
	return &sqs.SetQueueAttributesOutput{}, err
}

// GetQueueAttributes returns the attributes that are asked for.
func (s *Service) GetQueueAttributes(ctx context.Context, in *sqs.GetQueueAttributesInput) (*sqs.GetQueueAttributesOutput, error) {
	out := new(sqs.GetQueueAttributesOutput)
	err := s.update(ctx, in.QueueUrl, func(tx kv.Tx, q *queue) error {
		q.sweep(tx) // so that the numbers tell what is so now
		all := q.describe(tx)
		if slices.Contains(in.AttributeNames, sqs.QueueAttributeNameAll) {
			out.Attributes = all
			return nil
		}
		out.Attributes = nil
		for _, name := range in.AttributeNames {
			v, ok := all[string(name)]
			if !ok && !slices.Contains(knownNames(), string(name)) {
				return sqs.ErrInvalidAttributeName("Unknown Attribute %s.", name)
			}
			if out.Attributes == nil {
				out.Attributes = map[string]string{}
			}
			if ok {
				out.Attributes[string(name)] = v
			}
		}
		return nil
	})
	return out, err
}

func knownNames() []string {
	var names []string
	for _, p := range properties() {
		names = append(names, p.name)
	}
	return names
}

func (q *queue) describe(tx kv.Tx) map[string]string {
	all := map[string]string{
		"QueueArn":                              q.at.arn(),
		"CreatedTimestamp":                      seconds(q.Created),
		"LastModifiedTimestamp":                 seconds(q.Modified),
		"ApproximateNumberOfMessages":           strconv.FormatInt(q.visible(tx), 10),
		"ApproximateNumberOfMessagesNotVisible": strconv.FormatInt(q.inFlight(tx), 10),
		"ApproximateNumberOfMessagesDelayed":    strconv.FormatInt(q.delayed(tx), 10),
	}
	for _, p := range properties() {
		if v, ok := p.get(q); ok {
			all[p.name] = v
		}
	}
	return all
}

func seconds(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
