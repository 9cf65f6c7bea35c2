package logs

import (
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// group is a log group and its settings.
type group struct {
	at address `kv:"-"` // where it was found

	ID            uint64            `kv:"1"` // in the keys of all that it holds; a group made anew has another
	Created       time.Time         `kv:"2"`
	Class         string            `kv:"3"`
	KMSKey        string            `kv:"4"`
	Days          int               `kv:"5"` // of retention; 0 for ever
	Tags          map[string]string `kv:"6"`
	Protected     bool              `kv:"7"` // against deletion
	Subscriptions []subscription    `kv:"8"` // in the order of their names
}

// subscription is a subscription filter of a group.
type subscription struct {
	Name        string    `kv:"1"`
	Pattern     string    `kv:"2"`
	Destination string    `kv:"3"` // ARN
	Role        string    `kv:"4"` // ARN; empty for functions
	Random      bool      `kv:"5"` // spread over shards, not by stream
	Created     time.Time `kv:"6"`
}

// stream is a log stream.
type stream struct {
	name string `kv:"-"` // from its key

	ID      uint64    `kv:"1"` // in the keys of its events; a stream made anew has another
	Created time.Time `kv:"2"`
}

// called is the name of a stream's id.
type called struct {
	Name string `kv:"1"`
}

// block is some consecutive events of one batch, in the order of their times.
type block struct {
	Ingested int64   `kv:"1"` // milliseconds since 1970, as all times here
	Events   []event `kv:"2"`
}

type event struct {
	At      int64  `kv:"1"`
	Message string `kv:"2"`
}

// span tells of a block in the order of its stream. Its stamp follows the block's.
type span struct {
	Last  int64 `kv:"1"` // time of the last event
	Bytes int64 `kv:"2"` // that the block counts for
}

// instant is a time that is kept by itself.
type instant struct {
	At time.Time `kv:"1"`
}

// feed is events on their way to a destination.
type feed struct {
	Stream string `kv:"1"` // name
	Events []fed  `kv:"2"`
}

// fed is an event with its place. Its block has the version of the feed's stamp.
type fed struct {
	At      int64  `kv:"1"`
	Message string `kv:"2"`
	Seq     uint16 `kv:"3"` // of the block
	Index   int    `kv:"4"`
}

// resourcePolicy is a policy of an account in a region.
type resourcePolicy struct {
	Document string    `kv:"1"`
	Updated  time.Time `kv:"2"`
	Revision string    `kv:"3"`
}

// The tables. All but the first and the last two begin with the group's id.
var (
	groups  = kv.Table[group]{Name: "logs.group"}     // name
	streams = kv.Table[stream]{Name: "logs.stream"}   // name
	names   = kv.Table[called]{Name: "logs.name"}     // stream id
	touched = kv.Table[instant]{Name: "logs.touched"} // stream id: when events last came
	blocks  = kv.Table[block]{Name: "logs.block"}     // first time, stamp, stream id
	spans   = kv.Table[span]{Name: "logs.span"}       // stream id, first time, stamp
	sizes   = kv.Table[struct{}]{Name: "logs.size"}   // counter of the bytes stored
	armed   = kv.Table[instant]{Name: "logs.armed"}   // when the expiry job is due
	feeds   = kv.Table[feed]{Name: "logs.feed"}       // subscription's name, stamp

	policies = kv.Table[resourcePolicy]{Name: "logs.policy"} // name
	merged   = kv.Table[resourcePolicy]{Name: "logs.merged"} // all policies of the scope in one
)

// drop deletes every row of the group but its own.
func (g *group) drop(tx kv.Tx) {
	sc, id := g.at.Scope, kv.Uint(g.ID)
	streams.DeleteAll(tx, streams.Prefix(sc, id))
	names.DeleteAll(tx, names.Prefix(sc, id))
	touched.DeleteAll(tx, touched.Prefix(sc, id))
	blocks.DeleteAll(tx, blocks.Prefix(sc, id))
	spans.DeleteAll(tx, spans.Prefix(sc, id))
	sizes.DeleteAll(tx, sizes.Prefix(sc, id))
	armed.DeleteAll(tx, armed.Prefix(sc, id))
	feeds.DeleteAll(tx, feeds.Prefix(sc, id))
}

func (g *group) streamKey(name string) kv.Key {
	return streams.Key(g.at.Scope, kv.Uint(g.ID), kv.String(name))
}

func (g *group) nameKey(stream uint64) kv.Key {
	return names.Key(g.at.Scope, kv.Uint(g.ID), kv.Uint(stream))
}

func (g *group) touchedKey(stream uint64) kv.Key {
	return touched.Key(g.at.Scope, kv.Uint(g.ID), kv.Uint(stream))
}

func (g *group) armedKey() kv.Key { return armed.Key(g.at.Scope, kv.Uint(g.ID)) }

func (g *group) feedPrefix(filter string) kv.Key {
	return feeds.Prefix(g.at.Scope, kv.Uint(g.ID), kv.String(filter))
}

// stream returns a stream by its name. It is shared.
func (g *group) stream(tx kv.Tx, name string) (*stream, error) {
	st, ok := streams.GetShared(tx, g.streamKey(name), func(st *stream) { st.name = name })
	if !ok {
		return nil, noStream()
	}
	return st, nil
}

// nameOf returns the name of a stream, and whether the stream is there.
func (g *group) nameOf(tx kv.Tx, stream uint64) (string, bool) {
	n, ok := names.GetShared(tx, g.nameKey(stream), nil)
	if !ok {
		return "", false
	}
	return n.Name, true
}

// append adds a block of a stream, and returns its stamp's sequence.
func (g *group) append(tx kv.Tx, st *stream, b *block) (seq uint16) {
	first := b.Events[0].At
	sp := &span{Last: b.Events[len(b.Events)-1].At}
	for i := range b.Events {
		sp.Bytes += b.Events[i].size()
	}
	prefix := blocks.Prefix(g.at.Scope, kv.Uint(g.ID), kv.Int(first))
	seq = tx.PutStamped(prefix, kv.NewKey(kv.Uint(st.ID)), kv.Append(make([]byte, 0, sp.Bytes+eventOverhead), b))
	spans.PutStamped(tx, spans.Prefix(g.at.Scope, kv.Uint(g.ID), kv.Uint(st.ID), kv.Int(first)), sp)
	return seq
}

// stampOfFeed is the stamp of a feed's key.
func stampOfFeed(k kv.Key) kv.Stamp {
	r := feeds.Parts(k)
	r.Skip(2)
	return r.Stamp()
}

// blockPlace is what the key of a block says.
type blockPlace struct {
	first  int64
	stamp  kv.Stamp
	stream uint64
}

func (g *group) blockKey(p blockPlace) kv.Key {
	return blocks.Key(g.at.Scope, kv.Uint(g.ID), kv.Int(p.first), kv.At(p.stamp), kv.Uint(p.stream))
}

// spanKey is the key of the block's span, which was appended right after it.
func (g *group) spanKey(p blockPlace) kv.Key {
	after := kv.Stamp{Version: p.stamp.Version, Seq: p.stamp.Seq + 1}
	return spans.Key(g.at.Scope, kv.Uint(g.ID), kv.Uint(p.stream), kv.Int(p.first), kv.At(after))
}

func placeOfBlock(k kv.Key) (p blockPlace) {
	r := blocks.Parts(k)
	r.Skip(1)
	p.first, p.stamp, p.stream = r.Int(), r.Stamp(), r.Uint()
	return p
}

func placeOfSpan(k kv.Key) (p blockPlace) {
	r := spans.Parts(k)
	r.Skip(1)
	p.stream, p.first, p.stamp = r.Uint(), r.Int(), r.Stamp()
	p.stamp.Seq--
	return p
}

// between is the range of the rows under prefix whose first time is in [from, to].
func between(prefix kv.Key, from, to int64) kv.Range {
	return kv.Range{From: prefix.With(kv.Int(from)), To: prefix.With(kv.Int(to)).End()}
}

func (g *group) blockPrefix() kv.Key { return blocks.Prefix(g.at.Scope, kv.Uint(g.ID)) }

func (g *group) spanPrefix(stream uint64) kv.Key {
	return spans.Prefix(g.at.Scope, kv.Uint(g.ID), kv.Uint(stream))
}

// grow changes the bytes that the group stores, without reading them.
func (g *group) grow(tx kv.Tx, bytes int64) {
	tx.Add(sizes.Key(g.at.Scope, kv.Uint(g.ID)), bytes)
}

// stored is the number of bytes that the group stores.
func (g *group) stored(tx kv.Tx) int64 {
	v, _ := tx.Peek(sizes.Key(g.at.Scope, kv.Uint(g.ID)))
	return max(0, kv.CounterValue(v))
}
