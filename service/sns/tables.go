package sns

import (
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// topic is a topic.
type topic struct {
	at address `kv:"-"` // where it was found

	Attributes map[string]string `kv:"1"` // those that were set, by AWS's names
	Tags       map[string]string `kv:"2"`
	Policy     string            `kv:"3"`
	Protection string            `kv:"4"` // data protection policy
	Created    time.Time         `kv:"5"`
}

// subscription is a subscription of one endpoint to one topic.
type subscription struct {
	at address `kv:"-"` // of the topic
	id string  `kv:"-"` // the last part of the ARN

	Protocol      string            `kv:"1"`
	Endpoint      string            `kv:"2"`
	Owner         aws.Account       `kv:"3"`
	Principal     string            `kv:"4"` // ARN of who subscribed
	Pending       bool              `kv:"5"`
	Authenticated bool              `kv:"6"` // confirmed by a signed request
	Guarded       bool              `kv:"7"` // only signed requests may unsubscribe
	Raw           bool              `kv:"8"`
	Filter        string            `kv:"9"`
	FilterScope   string            `kv:"10"`
	DeadLetter    string            `kv:"11"` // ARN of the queue in RedrivePolicy
	Attributes    map[string]string `kv:"12"` // the others, by AWS's names
	Token         string            `kv:"13"` // while it is pending
}

// token lets whoever has it confirm a subscription, or take back its end.
type token struct {
	Subscription string        `kv:"1"`
	Expires      time.Time     `kv:"2"`
	Removed      *subscription `kv:"3"` // set when the token restores one that was removed
}

// foreign refers from the account that owns a subscription to the topic in
// another account that it is for.
type foreign struct {
	Topic string `kv:"1"` // ARN
}

// attribute is a message attribute.
type attribute struct {
	Name   string `kv:"1"`
	Type   string `kv:"2"`
	Text   string `kv:"3"`
	Binary []byte `kv:"4"`
}

// message is a published message.
type message struct {
	ID         string            `kv:"1"`
	Body       string            `kv:"2"` // the default one where each protocol has its own
	Subject    string            `kv:"3"`
	Bodies     map[string]string `kv:"4"` // by protocol (MessageStructure json)
	Attributes []attribute       `kv:"5"` // by name
	Group      string            `kv:"6"`
	Dedup      string            `kv:"7"`
	Sequence   uint64            `kv:"8"`
	Sent       time.Time         `kv:"9"`
	Topic      string            `kv:"10"` // its name
	Trace      string            `kv:"11"` // X-Ray's header
}

// sequence counts the messages of a FIFO topic.
type sequence struct {
	Last uint64 `kv:"1"`
}

// dedup remembers a message that was published to a FIFO topic.
type dedup struct {
	ID       string    `kv:"1"`
	Sequence uint64    `kv:"2"`
	Sent     time.Time `kv:"3"`
}

// lane counts the messages of a group that wait for a subscription's endpoint
// to work again, while there are any.
type lane struct {
	Waiting int `kv:"1"`
}

// pace is when a subscription with a throttle policy gets its next message.
type pace struct {
	Next time.Time `kv:"1"`
}

// application is a platform application, for push notifications.
type application struct {
	Attributes map[string]string `kv:"1"`
}

// endpoint is a device, or rather an app on it.
type endpoint struct {
	Token      string            `kv:"1"`
	Attributes map[string]string `kv:"2"`
}

// setting is the account's settings for text messages.
type settings struct {
	Attributes map[string]string `kv:"1"`
}

// phone is a number in the sandbox.
type phone struct {
	Verified bool   `kv:"1"`
	Code     string `kv:"2"`
}

// The tables, with what follows account and region in their keys.
var (
	topics        = kv.Table[topic]{Name: "sns.topic"}                                                              // name
	subscriptions = kv.Table[subscription]{Name: "sns.subscription", Indexes: []kv.Index[subscription]{byEndpoint}} // topic, id
	rosters       = kv.Table[roster]{Name: "sns.roster"}                                                            // topic
	foreigners    = kv.Table[foreign]{Name: "sns.foreign"}                                                          // topic's ARN, id; in the owner's account
	tokens        = kv.Table[token]{Name: "sns.token"}                                                              // topic, token
	counts        = kv.Table[struct{}]{Name: "sns.count"}                                                           // topic, what
	sequences     = kv.Table[sequence]{Name: "sns.sequence"}                                                        // topic
	dedups        = kv.Table[dedup]{Name: "sns.dedup"}                                                              // topic, 5-minute slot, scope, id
	lanes         = kv.Table[lane]{Name: "sns.lane"}                                                                // topic, subscription, group
	paces         = kv.Table[pace]{Name: "sns.pace"}                                                                // topic, subscription

	applications = kv.Table[application]{Name: "sns.application"}                                   // platform, name
	endpoints    = kv.Table[endpoint]{Name: "sns.endpoint", Indexes: []kv.Index[endpoint]{byToken}} // platform, application, id

	outbox  = kv.Table[Letter]{Name: "sns.outbox"}     // time, stamp
	texting = kv.Table[settings]{Name: "sns.settings"} //
	optOuts = kv.Table[struct{}]{Name: "sns.optout"}   // phone number
	sandbox = kv.Table[phone]{Name: "sns.sandbox"}     // phone number
	keys    = kv.Table[signingKey]{Name: "sns.key"}    // in no account
)

// byEndpoint finds the subscription of an endpoint. The topic comes with the
// record's own key, which an entry ends with.
var byEndpoint = kv.Index[subscription]{Name: "endpoint", Key: func(s *subscription) ([]kv.Part, bool) {
	return []kv.Part{kv.String(s.Protocol), kv.String(s.Endpoint)}, true
}}

// byToken finds the endpoint of a device's token.
var byToken = kv.Index[endpoint]{Name: "token", Key: func(e *endpoint) ([]kv.Part, bool) {
	return []kv.Part{kv.String(e.Token)}, true
}}

// address is where a topic is.
type address struct {
	kv.Scope
	Name string
}

func (a address) arn() string { return aws.NewARN("sns", a.Region, a.Account, a.Name).String() }

func (a address) key() kv.Key { return topics.Key(a.Scope, kv.String(a.Name)) }

// find returns the topic at an address.
func (a address) find(tx kv.Tx) (*topic, error) {
	t, ok := topics.Get(tx, a.key())
	if !ok {
		return nil, errNoTopic()
	}
	t.at = a
	return t, nil
}

func (a address) put(tx kv.Tx, t *topic) { topics.Put(tx, a.key(), t) }

func (a address) subscriptionKey(id string) kv.Key {
	return subscriptions.Key(a.Scope, kv.String(a.Name), kv.String(id))
}

// subscription returns one subscription of the topic.
func (a address) subscription(tx kv.Tx, id string) (*subscription, bool) {
	s, ok := subscriptions.Get(tx, a.subscriptionKey(id))
	if ok {
		s.at, s.id = a, id
	}
	return s, ok
}

func (s *subscription) arn() string { return s.at.arn() + ":" + s.id }

func (s *subscription) put(tx kv.Tx) {
	subscriptions.Put(tx, s.at.subscriptionKey(s.id), s)
	s.at.enroll(tx)
}

// Counters of a topic: subscriptions, and notifications.
const (
	confirmed = "confirmed"
	pending   = "pending"
	deleted   = "deleted"
	filters   = "filters" // subscriptions with a filter policy
	failed    = "failed"  // notifications that were given up
)

func (a address) count(tx kv.Tx, what string, n int64) {
	tx.Add(counts.Key(a.Scope, kv.String(a.Name), kv.String(what)), n)
}

// total reads a counter without a conflict: AWS's numbers are approximate.
func (a address) total(tx kv.Tx, what string) int64 {
	v, _ := tx.Peek(counts.Key(a.Scope, kv.String(a.Name), kv.String(what)))
	return max(0, kv.CounterValue(v))
}

// drop deletes every row of the topic.
func (a address) drop(tx kv.Tx) {
	name := kv.String(a.Name)
	for key, s := range subscriptions.Scan(tx, kv.Prefix(subscriptions.Prefix(a.Scope, name))) {
		if s.Owner != a.Account {
			parts := subscriptions.Parts(key)
			parts.Skip(1)
			foreigners.Delete(tx, foreignKey(s.Owner, a, parts.String()))
		}
	}
	subscriptions.DeleteAll(tx, subscriptions.Prefix(a.Scope, name))
	rosters.Delete(tx, a.rosterKey())
	tokens.DeleteAll(tx, tokens.Prefix(a.Scope, name))
	counts.DeleteAll(tx, counts.Prefix(a.Scope, name))
	sequences.DeleteAll(tx, sequences.Prefix(a.Scope, name))
	dedups.DeleteAll(tx, dedups.Prefix(a.Scope, name))
	lanes.DeleteAll(tx, lanes.Prefix(a.Scope, name))
	paces.DeleteAll(tx, paces.Prefix(a.Scope, name))
	topics.Delete(tx, a.key())
}

func foreignKey(owner aws.Account, a address, id string) kv.Key {
	return foreigners.Key(kv.Scope{Account: owner, Region: a.Region}, kv.String(a.arn()), kv.String(id))
}
