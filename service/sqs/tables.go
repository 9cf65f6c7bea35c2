package sqs

import (
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// queue is a queue and its attributes. Durations are whole seconds.
type queue struct {
	at address `kv:"-"` // where it was found

	ID                uint64            `kv:"1"` // in the keys of its messages; a queue made anew has another
	Created           time.Time         `kv:"2"`
	Modified          time.Time         `kv:"3"`
	Tags              map[string]string `kv:"4"`
	Delay             time.Duration     `kv:"5"`
	MaximumSize       int               `kv:"6"`
	Retention         time.Duration     `kv:"7"`
	Wait              time.Duration     `kv:"8"`
	Visibility        time.Duration     `kv:"9"`
	Policy            string            `kv:"10"`
	RedrivePolicy     string            `kv:"11"`
	RedriveAllow      string            `kv:"12"`
	DeadLetterARN     string            `kv:"13"` // from RedrivePolicy
	MaxReceives       int               `kv:"14"` // from RedrivePolicy
	ContentDedup      bool              `kv:"15"`
	DedupScope        string            `kv:"16"`
	ThroughputLimit   string            `kv:"17"`
	KMSKey            string            `kv:"18"`
	KMSReuse          time.Duration     `kv:"19"`
	ManagedEncryption bool              `kv:"20"`
	Purged            time.Time         `kv:"21"`
}

// message is a message, in whichever table it is.
type message struct {
	ID         string               `kv:"1"`
	Body       string               `kv:"2"` // empty when it is in bodies
	BodySum    []byte               `kv:"3"` // MD5
	Attributes map[string]attribute `kv:"4"`
	Sent       time.Time            `kv:"5"`
	Sender     string               `kv:"6"`
	Group      string               `kv:"7"`
	Dedup      string               `kv:"8"`
	Trace      string               `kv:"9"`
	Source     string               `kv:"10"` // ARN of the queue that it was dead-lettered from
	Apart      bool                 `kv:"11"` // the body is in bodies

	Receives int       `kv:"12"`
	First    time.Time `kv:"13"` // received

	// In flight only.
	Moved   bool   `kv:"14"` // its visibility was changed: moved tells where it is
	Version uint64 `kv:"15"` // FIFO: the stamp of its row in fifo
	Seq     uint16 `kv:"16"`
}

func (m *message) stamp() kv.Stamp { return kv.Stamp{Version: m.Version, Seq: m.Seq} }

// attribute is a message attribute.
type attribute struct {
	Type   string `kv:"1"`
	Text   string `kv:"2"`
	Binary []byte `kv:"3"`
}

// group is the state of a FIFO queue's message group. It has a row while the
// group has messages; it is in groupsReady unless some are in flight.
type group struct {
	InFlight int    `kv:"1"`
	Version  uint64 `kv:"2"` // messages before this stamp are gone; zero when not known
}

// dedup remembers a message that was sent to a FIFO queue.
type dedup struct {
	ID   string    `kv:"1"`
	Sent time.Time `kv:"2"`
}

// attempt remembers a receive with a ReceiveRequestAttemptId.
type attempt struct {
	Handles []string  `kv:"1"`
	At      time.Time `kv:"2"`
}

// mark is where scans of a queue's rows begin.
type mark struct {
	Version uint64    `kv:"1"` // head: nothing is ready before this stamp
	Seq     uint16    `kv:"2"`
	Time    time.Time `kv:"3"` // sweep: nothing is due before this
}

// pointer refers from a message's id to its row in inflight.
type pointer struct {
	Due time.Time `kv:"1"`
}

// large is a body that is kept apart from its message.
type large struct {
	Body string `kv:"1"`
}

// deleted remembers when a queue of the name was deleted.
type deleted struct {
	At time.Time `kv:"1"`
}

// The tables. All but the first two begin with the queue's id.
var (
	queues  = kv.Table[queue]{Name: "sqs.queue", Indexes: []kv.Index[queue]{byDeadLetter}}
	removed = kv.Table[deleted]{Name: "sqs.removed"} // name

	ready    = kv.Table[message]{Name: "sqs.ready"}     // stamp
	delayed  = kv.Table[message]{Name: "sqs.delayed"}   // due, stamp
	inflight = kv.Table[message]{Name: "sqs.inflight"}  // due, id
	moved    = kv.Table[pointer]{Name: "sqs.moved"}     // id: where it is after a change of visibility
	returned = kv.Table[pointer]{Name: "sqs.returned"}  // id: ready again after it was received
	bodies   = kv.Table[large]{Name: "sqs.body"}        // id: bodies too large to be moved around
	heads    = kv.Table[mark]{Name: "sqs.head"}         // of ready and groupsReady
	sweeps   = kv.Table[mark]{Name: "sqs.sweep"}        //
	armed    = kv.Table[pointer]{Name: "sqs.armed"}     // set while an expiry job is put
	counts   = kv.Table[struct{}]{Name: "sqs.count"}    // what
	attempts = kv.Table[attempt]{Name: "sqs.attempt"}   // 5-minute slot, attempt id
	tasks    = kv.Table[moveTask]{Name: "sqs.movetask"} // by name and start: of the source queue

	fifo        = kv.Table[message]{Name: "sqs.fifo"}     // group, stamp
	groups      = kv.Table[group]{Name: "sqs.group"}      // group
	groupsReady = kv.Table[group]{Name: "sqs.groupready"} // stamp, group
	dedups      = kv.Table[dedup]{Name: "sqs.dedup"}      // 5-minute slot, scope, dedup id, stamp
)

// byDeadLetter finds the queues whose redrive policy names a dead-letter queue.
var byDeadLetter = kv.Index[queue]{Name: "deadletter", Key: func(q *queue) ([]kv.Part, bool) {
	return []kv.Part{kv.String(q.DeadLetterARN)}, q.DeadLetterARN != ""
}}

// drop deletes every row of the queue but its own.
func (q *queue) drop(tx kv.Tx) {
	sc, id := q.at.Scope, kv.Uint(q.ID)
	ready.DeleteAll(tx, ready.Prefix(sc, id))
	delayed.DeleteAll(tx, delayed.Prefix(sc, id))
	inflight.DeleteAll(tx, inflight.Prefix(sc, id))
	moved.DeleteAll(tx, moved.Prefix(sc, id))
	returned.DeleteAll(tx, returned.Prefix(sc, id))
	bodies.DeleteAll(tx, bodies.Prefix(sc, id))
	heads.DeleteAll(tx, heads.Prefix(sc, id))
	sweeps.DeleteAll(tx, sweeps.Prefix(sc, id))
	armed.DeleteAll(tx, armed.Prefix(sc, id))
	counts.DeleteAll(tx, counts.Prefix(sc, id))
	attempts.DeleteAll(tx, attempts.Prefix(sc, id))
	fifo.DeleteAll(tx, fifo.Prefix(sc, id))
	groups.DeleteAll(tx, groups.Prefix(sc, id))
	groupsReady.DeleteAll(tx, groupsReady.Prefix(sc, id))
}

// forget deletes what a purge leaves: the deduplication ids.
func (q *queue) forget(tx kv.Tx) { dedups.DeleteAll(tx, dedups.Prefix(q.at.Scope, kv.Uint(q.ID))) }

// Counters of a queue. They only grow, so that each change of a message's state
// is one Add: what entered and was not taken is visible, what was taken and is
// not done is in flight.
const (
	entered = "entered" // became visible
	taken   = "taken"   // stopped being visible
	done    = "done"    // left flight: deleted, or visible again
	waiting = "waiting" // is delayed; this one goes up and down
)

func (q *queue) count(tx kv.Tx, what string, n int) {
	tx.Add(counts.Key(q.at.Scope, kv.Uint(q.ID), kv.String(what)), int64(n))
}

// total reads a counter without a conflict: numbers of messages are approximate.
func (q *queue) total(tx kv.Tx, what string) int64 {
	v, _ := tx.Peek(counts.Key(q.at.Scope, kv.Uint(q.ID), kv.String(what)))
	return kv.CounterValue(v)
}

func (q *queue) visible(tx kv.Tx) int64  { return max(0, q.total(tx, entered)-q.total(tx, taken)) }
func (q *queue) inFlight(tx kv.Tx) int64 { return max(0, q.total(tx, taken)-q.total(tx, done)) }
func (q *queue) delayed(tx kv.Tx) int64  { return max(0, q.total(tx, waiting)) }
