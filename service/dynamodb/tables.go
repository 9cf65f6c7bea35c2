package dynamodb

import (
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// table is a table and its settings.
type table struct {
	at address `kv:"-"` // where it was found

	ID           uint64            `kv:"1"` // in the keys of its items; a table made anew has another
	UUID         string            `kv:"2"` // TableId
	Created      time.Time         `kv:"3"`
	Keys         keys              `kv:"4"`
	Attributes   []definition      `kv:"5"`
	Billing      string            `kv:"6"`
	Throughput   throughput        `kv:"7"`
	Indexes      []index           `kv:"8"`
	Tags         map[string]string `kv:"9"`
	Protected    bool              `kv:"10"` // from deletion
	StreamView   string            `kv:"11"` // empty: no stream
	StreamFrom   time.Time         `kv:"12"` // when the stream was made: its label
	TTL          string            `kv:"13"` // the attribute with the time of expiry; empty: none
	Policy       string            `kv:"14"`
	Revision     string            `kv:"15"` // of Policy
	Class        string            `kv:"16"`
	OnDemand     *onDemand         `kv:"17"`
	Encryption   *encryption       `kv:"18"`
	OnDemandAt   time.Time         `kv:"19"` // when it became PAY_PER_REQUEST
	LastIndex    uint64            `kv:"20"` // the highest id given to an index
	Stream       uint64            `kv:"21"` // the id of the stream that StreamFrom and StreamView are about
	Shards       []openShard       `kv:"22"` // of the stream, into which changes go now
	Epoch        uint64            `kv:"31"` // counts the copies that were begun, so that changes tell before from after
	Copies       int               `kv:"32"` // that are being made of the table
	Recovery     *recovery         `kv:"33"` // nil: point-in-time recovery is off
	Restored     *restored         `kv:"34"` // nil unless it was made of another
	Importing    bool              `kv:"35"` // not all items are there yet
	Replicas     []replica         `kv:"41"` // in other regions
	Hold         time.Duration     `kv:"51"` // how long transactions take: see holdTag
	Lag          time.Duration     `kv:"52"` // how old eventually consistent reads are: see staleTag
	Warm         warmth            `kv:"53"` // the most that warm throughput was
	Insights     *insight          `kv:"54"` // nil: never set
	Own          *own              `kv:"56"` // settings of one replica; nil: none
	Destinations []destination     `kv:"55"` // Kinesis streams
}

// replica is another table of a global table.
type replica struct {
	Region  aws.Region `kv:"1"`
	Filling bool       `kv:"2"` // this table is still sending it what it had
}

// version tells which write of an item of a global table was last, and stays
// while others could bring an older one.
type version struct {
	At     time.Time  `kv:"1"`
	Count  uint64     `kv:"2"` // of the writes with that time
	Region aws.Region `kv:"3"` // where it was written
}

// keys names the attributes of a primary key, of a table or an index.
type keys struct {
	Hash   string   `kv:"1"`
	Range  string   `kv:"2"` // empty: none
	Hashes []string `kv:"3"` // of a global index: more attributes behind Hash
	Ranges []string `kv:"4"` // likewise
}

// definition is an attribute that is part of some key.
type definition struct {
	Name string `kv:"1"`
	Type string `kv:"2"` // S, N or B
}

// throughput is provisioned capacity, in units a second.
type throughput struct {
	Read      int64     `kv:"1"`
	Write     int64     `kv:"2"`
	Increased time.Time `kv:"3"`
	Decreased time.Time `kv:"4"`
}

// onDemand is the most request units a second; -1 is no limit, 0 not said.
type onDemand struct {
	Read  int64 `kv:"1"`
	Write int64 `kv:"2"`
}

// encryption is the SSESpecification with a KMS key.
type encryption struct {
	Key string `kv:"1"` // ARN
}

// index is a secondary index.
type index struct {
	ID         uint64     `kv:"1"` // in the keys of its entries
	Name       string     `kv:"2"`
	Global     bool       `kv:"3"`
	Keys       keys       `kv:"4"`
	Projection string     `kv:"5"`
	Include    []string   `kv:"6"` // with the projection INCLUDE
	Throughput throughput `kv:"7"`
	Filling    bool       `kv:"8"` // not all items are in it yet
	OnDemand   *onDemand  `kv:"9"`
	Warm       warmth     `kv:"10"` // likewise
	Insights   *insight   `kv:"11"` // nil: never set
}

// importing is a table being made of objects of S3.
type importing struct {
	at kv.Scope `kv:"-"`

	ID       string    `kv:"1"` // begins with the time
	Table    string    `kv:"2"` // name
	TableID  string    `kv:"3"` // UUID
	Request  []byte    `kv:"4"` // JSON of the input
	Caller   []byte    `kv:"5"` // JSON of who asked for it, and acts
	Started  time.Time `kv:"6"`
	Ended    time.Time `kv:"7"`
	Status   string    `kv:"8"`
	Code     string    `kv:"9"` // of the failure
	Message  string    `kv:"10"`
	Finished string    `kv:"11"` // the last object that was read to its end
	Read     int64     `kv:"12"` // records that were read of the next
	Records  int64     `kv:"13"` // of all
	Items    int64     `kv:"14"` // that were put
	Errors   int64     `kv:"15"`
	Bytes    int64     `kv:"16"`
}

// recovery is the point-in-time recovery of a table.
type recovery struct {
	Since time.Time `kv:"1"` // when it was switched on
	Days  int       `kv:"2"` // how far back it goes
}

// restored says what a table was made of.
type restored struct {
	Backup string    `kv:"1"` // ARN; empty: of a moment of Source
	Source string    `kv:"2"` // ARN
	At     time.Time `kv:"3"`
	Busy   bool      `kv:"4"` // not all items are there yet
}

// undo is what a change of an item replaced.
type undo struct {
	At    time.Time `kv:"1"`
	Epoch uint64    `kv:"2"` // of the table
	Item  []byte    `kv:"3"` // where it is: see place
	Was   []byte    `kv:"4"` // encode's; empty: there was none
}

// backup is a copy of a table.
type backup struct {
	at kv.Scope `kv:"-"`

	ID      string    `kv:"1"` // begins with the time, so that they order by it
	Name    string    `kv:"2"`
	Table   string    `kv:"3"` // name
	Of      table     `kv:"4"` // as it was
	Created time.Time `kv:"5"`
	Ready   bool      `kv:"6"`
	Items   int64     `kv:"7"`
	Bytes   int64     `kv:"8"`
	Uses    int       `kv:"9"` // tables that are being made of it
}

// export is a copy of a table's state or changes in objects of S3.
type export struct {
	at kv.Scope `kv:"-"`

	ID      string    `kv:"1"` // begins with the time
	Table   string    `kv:"2"` // name
	TableID string    `kv:"3"` // UUID
	Token   string    `kv:"4"` // ClientToken
	Bucket  string    `kv:"5"`
	Owner   string    `kv:"6"` // of the bucket, as was said
	Prefix  string    `kv:"7"`
	SSE     string    `kv:"8"`
	Key     string    `kv:"9"`  // of KMS
	Caller  []byte    `kv:"10"` // JSON of who asked for it, and acts
	From    time.Time `kv:"11"` // of an incremental export; zero: it is full
	At      time.Time `kv:"12"` // the state at this time
	Moment  moment    `kv:"13"` // the same, more exactly
	View    string    `kv:"14"` // of an incremental export
	Started time.Time `kv:"15"`
	Ended   time.Time `kv:"16"`
	Status  string    `kv:"17"`
	Code    string    `kv:"18"` // of the failure
	Message string    `kv:"19"`
	Items   int64     `kv:"20"`
	Bytes   int64     `kv:"21"`
	Files   int       `kv:"22"`
	After   []byte    `kv:"23"` // the place of the last item written
}

// exported is one file of an export.
type exported struct {
	Items int64  `kv:"1"`
	MD5   []byte `kv:"2"`
	ETag  string `kv:"3"`
	Key   string `kv:"4"` // of the object
}

// token remembers the answer to a TransactWriteItems with a ClientRequestToken.
type token struct {
	At      time.Time `kv:"1"`
	Request []byte    `kv:"2"` // digest
}

// stream is what of a stream outlives the table that it is about.
type stream struct {
	at    address `kv:"-"` // of the table; these are where it was found
	label string  `kv:"-"`

	ID        uint64    `kv:"1"` // in the keys of its shards and changes
	Table     uint64    `kv:"2"` // the table's id
	View      string    `kv:"3"`
	Keys      keys      `kv:"4"`
	Created   time.Time `kv:"5"`
	Ended     time.Time `kv:"6"` // zero while changes are written
	LastShard uint64    `kv:"7"` // the highest number given to a shard
}

// openShard is a shard into which changes go: those of items with digests of
// their partition key, by its first half, from From to To.
type openShard struct {
	Number uint64 `kv:"1"`
	From   uint64 `kv:"2"`
	To     uint64 `kv:"3"`
}

// shard is a shard of a stream, open or closed.
type shard struct {
	number uint64 `kv:"-"` // where it was found

	Parent uint64    `kv:"1"` // 0: none
	From   uint64    `kv:"2"`
	To     uint64    `kv:"3"`
	Began  time.Time `kv:"4"`
	Ended  time.Time `kv:"5"` // zero while it is open
	First  place     `kv:"6"` // before its first change
	Last   place     `kv:"7"` // of its last change, or First, once it is closed
}

// place is a place in a shard: the stamp of a change.
type place struct {
	Version uint64 `kv:"1"`
	Seq     uint16 `kv:"2"`
}

// changed is a change of an item, as far as the stream shows it. Items are as
// encode makes them.
type changeRow struct {
	At      time.Time `kv:"1"`
	Keys    []byte    `kv:"2"`
	Old     []byte    `kv:"3"` // empty: not shown, or none
	New     []byte    `kv:"4"`
	Name    string    `kv:"5"` // INSERT, MODIFY or REMOVE
	Expired bool      `kv:"6"` // by its time to live
	Size    int64     `kv:"7"` // bytes, by DynamoDB's own counting
}

// The tables. Those of items, entries, counts and undos begin with the table's id.
var (
	tables   = kv.Table[table]{Name: "ddb.table"}       // name
	items    = kv.Table[struct{}]{Name: "ddb.item"}     // partition, sort key; the value is encode's
	entries  = kv.Table[struct{}]{Name: "ddb.entry"}    // index, partition, sort key, digest of the primary key; the same
	counts   = kv.Table[struct{}]{Name: "ddb.count"}    // index (0: the table), what
	tokens   = kv.Table[token]{Name: "ddb.token"}       // token
	streams  = kv.Table[stream]{Name: "ddb.stream"}     // table's name, label; without the table's id, which may be gone
	shards   = kv.Table[shard]{Name: "ddb.shard"}       // stream's id, number
	changes  = kv.Table[changeRow]{Name: "ddb.change"}  // stream's id, shard's number, stamp
	undos    = kv.Table[undo]{Name: "ddb.undo"}         // partition, sort key, stamp
	backups  = kv.Table[backup]{Name: "ddb.backup"}     // id
	imports  = kv.Table[importing]{Name: "ddb.import"}  // id
	exports  = kv.Table[export]{Name: "ddb.export"}     // id
	files    = kv.Table[exported]{Name: "ddb.exported"} // export, number
	copies   = kv.Table[struct{}]{Name: "ddb.copy"}     // backup, place; the value is encode's
	versions = kv.Table[version]{Name: "ddb.version"}   // digest of the primary key; of tables with replicas
	olds     = kv.Table[old]{Name: "ddb.old"}           // stamp; of tables with a lag
	layouts  = kv.Table[layout]{Name: "ddb.layout"}     // index (0: the table)
	waiting  = kv.Table[changeRow]{Name: "ddb.waiting"} // stamp; changes for a Kinesis stream
	leases   = kv.Table[lease]{Name: "ddb.lease"}       // digest of the primary key; of tables whose transactions take time
)

// Counters of a table or an index.
const (
	countItems = "items"
	countBytes = "bytes"
)

func (a address) key() kv.Key { return tables.Key(a.Scope, kv.String(a.Name)) }

// drop deletes every row of the table but its own.
func (t *table) drop(tx kv.Tx) {
	sc, id := t.at.Scope, kv.Uint(t.ID)
	items.DeleteAll(tx, items.Prefix(sc, id))
	entries.DeleteAll(tx, entries.Prefix(sc, id))
	counts.DeleteAll(tx, counts.Prefix(sc, id))
	undos.DeleteAll(tx, undos.Prefix(sc, id))
	versions.DeleteAll(tx, versions.Prefix(sc, id))
	leases.DeleteAll(tx, leases.Prefix(sc, id))
	waiting.DeleteAll(tx, waiting.Prefix(sc, id))
	layouts.DeleteAll(tx, layouts.Prefix(sc, id))
	olds.DeleteAll(tx, olds.Prefix(sc, id))
}

func (t *table) versionKey(key item) kv.Key {
	return versions.Key(t.at.Scope, append([]kv.Part{kv.Uint(t.ID)}, t.primary(key).parts()...)...)
}

// dropIndex deletes the entries of an index.
func (t *table) dropIndex(tx kv.Tx, x *index) {
	sc, id, ix := t.at.Scope, kv.Uint(t.ID), kv.Uint(x.ID)
	entries.DeleteAll(tx, entries.Prefix(sc, id, ix))
	counts.DeleteAll(tx, counts.Prefix(sc, id, ix))
	layouts.Delete(tx, t.layoutKey(x.ID))
}

func (t *table) count(tx kv.Tx, index uint64, what string, n int) {
	if n != 0 {
		tx.Add(counts.Key(t.at.Scope, kv.Uint(t.ID), kv.Uint(index), kv.String(what)), int64(n))
	}
}

func (t *table) total(tx kv.Tx, index uint64, what string) int64 {
	v, _ := tx.Peek(counts.Key(t.at.Scope, kv.Uint(t.ID), kv.Uint(index), kv.String(what)))
	return kv.CounterValue(v)
}
