package sqs

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/api/sqs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// redrivePolicy says when and where messages are dead-lettered.
type redrivePolicy struct {
	Target   string      `json:"deadLetterTargetArn"`
	Receives json.Number `json:"maxReceiveCount"` // AWS: a number, or a number in a string
}

// defaultMaxReceives applies to a policy without maxReceiveCount.
const defaultMaxReceives = 10

func (q *queue) setRedrive(v string) bool {
	q.RedrivePolicy, q.DeadLetterARN, q.MaxReceives = v, "", 0
	if v == "" {
		return true
	}
	var p redrivePolicy
	if strictJSON(v, &p) != nil || p.Target == "" {
		return false
	}
	q.DeadLetterARN, q.MaxReceives = p.Target, defaultMaxReceives
	if p.Receives != "" {
		n, err := strconv.Atoi(p.Receives.String())
		if err != nil {
			return false
		}
		q.MaxReceives = n
	}
	return q.MaxReceives >= 1 && q.MaxReceives <= maxReceiveCount
}

func strictJSON(text string, into any) error {
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	return d.Decode(into)
}

// checkDeadLetter checks that the dead-letter queue exists, is of the same
// kind, account and region, and wants messages from q.
func (q *queue) checkDeadLetter(tx kv.Tx) error {
	refuse := func(reason string) error {
		return aws.Errorf(http.StatusBadRequest, "InvalidParameterValue", "Value %s for parameter RedrivePolicy is invalid. Reason: %s", q.RedrivePolicy, reason)
	}
	target, ok := addressOfARN(q.DeadLetterARN)
	if !ok {
		return refuse("Invalid value for deadLetterTargetArn.")
	}
	if target.Scope != q.at.Scope {
		return refuse("Dead letter target owned by another account or in another region.")
	}
	dead, ok := queues.Get(tx, target.key())
	switch {
	case !ok:
		return sqs.ErrInvalidAttributeValue("Value %s for parameter RedrivePolicy is invalid. Reason: Dead letter target does not exist.", q.RedrivePolicy)
	case target.fifo() != q.at.fifo():
		return refuse("Dead-letter queue must be same type of queue as the source.")
	case !dead.accepts(q.at.arn()):
		return refuse("Dead-letter queue does not allow this queue as its source.")
	}
	return nil
}

// redriveAllowPolicy says which queues may use this one as their dead-letter queue.
type redriveAllowPolicy struct {
	Permission string   `json:"redrivePermission"`
	Sources    []string `json:"sourceQueueArns"`
}

func (q *queue) setRedriveAllow(v string) bool {
	q.RedriveAllow = v
	if v == "" {
		return true
	}
	var p redriveAllowPolicy
	if strictJSON(v, &p) != nil {
		return false
	}
	switch p.Permission {
	case "allowAll", "denyAll":
		return len(p.Sources) == 0
	case "byQueue":
		return len(p.Sources) > 0 && len(p.Sources) <= maxSourceQueues
	}
	return false
}

// accepts reports whether the queue takes dead letters from source.
func (q *queue) accepts(source string) bool {
	if q.RedriveAllow == "" {
		return true
	}
	var p redriveAllowPolicy
	if strictJSON(q.RedriveAllow, &p) != nil {
		return false
	}
	return p.Permission == "allowAll" || p.Permission == "byQueue" && slices.Contains(p.Sources, source)
}

// exhausted reports whether a message was received as often as the redrive
// policy allows.
func (q *queue) exhausted(m *message) bool {
	return q.DeadLetterARN != "" && m.Receives >= q.MaxReceives
}

// deadLetter puts a message that has left q into its dead-letter queue. It
// keeps its id and the time when it was sent; it reports whether there is one.
func (q *queue) deadLetter(tx kv.Tx, m *message) bool {
	target, ok := addressOfARN(q.DeadLetterARN)
	if !ok {
		return false
	}
	dead, err := target.find(tx)
	if err != nil {
		return false
	}
	q.transfer(tx, m, dead)
	m.Source = q.at.arn()
	dead.enter(tx, m)
	return true
}

// transfer readies a message that has left q for another queue.
func (q *queue) transfer(tx kv.Tx, m *message, to *queue) {
	if m.Apart {
		key := bodies.Key(q.at.Scope, kv.Uint(q.ID), kv.String(m.ID))
		if b, ok := bodies.Get(tx, key); ok {
			bodies.Put(tx, bodies.Key(to.at.Scope, kv.Uint(to.ID), kv.String(m.ID)), b)
		}
		bodies.Delete(tx, key)
	}
	m.Receives = 0
	m.Moved, m.Version, m.Seq = false, 0, 0
}
