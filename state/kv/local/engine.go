package local

// engine is an ordered map with atomic batches and snapshots: what Pebble and
// the copy-on-write tree have in common. Everything else, transactions above
// all, is the Store's.
//
// begin, commit and the batch between them are used by one goroutine at a
// time, get and snapshots by any number.
type engine interface {
	getter // of the present state, which may be that of a commit under way
	snapshot() snapshot
	begin() batch
	close() error
}

// batch is a set of changes that become visible and durable together.
// It copies what it is given.
type batch interface {
	set(key, value []byte)
	delete(key []byte)
	deleteRange(from, to []byte)
	commit() error // not to be used again after
	drop()         // instead of commit
}

// getter finds values. Memory that it returns either never changes or is taken
// from the arena.
type getter interface {
	get(key []byte, a *arena) (value []byte, ok bool, err error)
}

// snapshot is the state as of one moment.
type snapshot interface {
	getter
	walk(w way) (cursor, error)
	close() error
}

// way is what a cursor walks, and how.
type way struct {
	from, to []byte
	reverse  bool
	arena    *arena // nil: what the cursor returns is valid until its next step
}

// cursor walks keys in order.
type cursor interface {
	next() (key, value []byte, ok bool)
	err() error // after next returned false: what ended the walk early, if anything
	close() error
}

// Users' keys are tuples, which begin with a tag between 0x00 and 0xFF. Keys
// that begin with a zero byte are the store's own.
var (
	keyVersion = []byte{0, 'v'} // a bound that no given version exceeds
	firstKey   = []byte{0x01}   // the users' keys are those from here
	lastKey    = []byte{0xFF}   // up to here
)
