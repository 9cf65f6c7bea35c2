// Package kv is the ordered, transactional store that all state lives in.
//
// A Store maps keys to values, both bytes, in key order. It is read and written
// in transactions given as closures:
//
//	err := kv.Update(ctx, store, func(tx kv.Tx) error {
//		q, ok := queues.Get(tx, key)
//		if !ok {
//			return api.ErrQueueDoesNotExist("The specified queue does not exist.")
//		}
//		…
//		queues.Put(tx, key, q)
//		return nil
//	})
//
// Transactions are serialisable. Concurrency is optimistic: nothing is locked
// while the closure runs; if another transaction has meanwhile written a key or
// a range that this one read, its writes are dropped and the closure runs again.
// A closure may therefore run more than once, and must not do I/O, send on a
// channel, start a goroutine or read a clock (tx.Now has the time).
//
// The methods of a Tx return no errors. Where a transaction cannot go on (a
// conflict is already certain, the disk failed, the context ended), the method
// unwinds the closure by a panic that View and Update turn into a retry or an
// error; a closure must not recover it.
//
// The contract is what a distributed ordered store offers as well, so that the
// same services can later run as many processes over one. Every implementation
// passes the suite in kvtest.
package kv

import (
	"context"
	"errors"
	"iter"
	"time"
)

// Limits of every store. A transaction that exceeds one fails with ErrTooLarge.
const (
	MaxKey         = 4 << 10  // bytes in a key
	MaxValue       = 4 << 20  // bytes in a value
	MaxTransaction = 64 << 20 // bytes of all keys and values that a transaction writes
)

// Errors of a store. They are faults of the house, never a caller's.
var (
	ErrClosed   = errors.New("kv: the store is closed")
	ErrTooLarge = errors.New("kv: key, value or transaction too large")
	ErrConflict = errors.New("kv: gave up after too many conflicts")
	ErrReadOnly = errors.New("kv: write in a read-only transaction")
	ErrBroken   = errors.New("kv: the store failed and must be opened again")
	ErrReserved = errors.New("kv: key is empty or begins with 0x00 or 0xFF")
)

// Store is an ordered, transactional map. Use the functions View and Update,
// which join a transaction that the context already carries.
//
// All methods may be called from many goroutines.
type Store interface {
	// View runs fn on a consistent snapshot. Writing in fn fails with ErrReadOnly.
	View(ctx context.Context, fn func(Tx) error) error

	// Update runs fn and commits what it wrote, atomically. When Update returns
	// nil the writes survive the end of the process; when it returns an error,
	// none of them happened. An error from fn drops the writes and is returned
	// as it is, but only once fn is known to have seen a consistent state.
	Update(ctx context.Context, fn func(Tx) error) error

	// Watch returns a watch on every key that starts with prefix. It is in
	// memory and lossy: it tells that something under prefix was committed
	// since the last receive, not what, nor how often. bells, which should have
	// a buffer, are told the same, after the watch's own channel has been: one
	// channel can so serve many watches.
	Watch(prefix Key, bells ...chan<- struct{}) *Watch

	// Close waits for running transactions and releases the store.
	Close() error
}

// Tx is a transaction. It is used by one goroutine, and not after its closure
// has returned. Reads see the transaction's own writes, stamped ones excepted.
// Keys and values that it returns are valid until the closure returns, and
// must not be changed.
type Tx interface {
	// Now returns the (virtual) time at which the transaction began; it is the
	// same throughout one run of the closure.
	Now() time.Time

	// Get returns the value of key, and whether there is one.
	Get(key Key) ([]byte, bool)

	// Peek is Get without a conflict: a later change of key by another
	// transaction does not make this one run again. For hints and counters.
	Peek(key Key) ([]byte, bool)

	// GetShared is Get for a record that nearly every call reads. What decode
	// makes of the value is remembered with it and given to all who ask, so it
	// must not be changed, and decode must use nothing but the key and the value.
	GetShared(key Key, decode func(value []byte) any) (any, bool)

	// Scan walks the keys of r in order. The walk is lazy, holds little memory
	// whatever the size of r, and conflicts only with changes in the part of r
	// that was walked.
	Scan(r Range) iter.Seq2[Key, []byte]

	// Claim walks the log under prefix, that is the keys that PutStamped makes
	// with it, oldest first, and claims each row that it comes to: until this
	// transaction ends, no other comes to it. So many consumers can work at the
	// head of one log side by side. A row that the transaction has not deleted
	// is anybody's again. from tells a key before which the log is known to be
	// empty; it is only asked where the store does not know. It may be nil.
	//
	// Keys and values that it yields stay valid for good.
	//
	// Claims are in memory and of this process. They are a courtesy: each row
	// is also a Get, and whoever meets it by another way conflicts as ever.
	Claim(prefix Key, from func() Key) iter.Seq2[Key, []byte]

	// Oldest returns a row of the log under prefix before which, committed
	// claims considered, there is nothing left, for a later Claim to begin at;
	// nil when none is known. It is never nil behind a row that was claimed.
	Oldest(prefix Key) Key

	// Put sets key to value. Both are copied.
	Put(key Key, value []byte)

	// PutStamped sets the key made of prefix, the transaction's stamp and
	// suffix. Stamps grow in the order of commits, so such keys form a log to
	// which transactions append without conflict and which nothing is ever
	// inserted into behind its end. Each call in a transaction gets its own,
	// growing, stamp. The key cannot be read before the commit; its stamp is
	// known to OnCommit.
	PutStamped(prefix, suffix Key, value []byte) (seq uint16)

	// Delete removes key. Deleting an absent key is no error.
	Delete(key Key)

	// DeleteRange removes every key in r (Reverse is ignored) at a cost that
	// does not depend on how many there are.
	DeleteRange(r Range)

	// Add adds delta to the counter at key (an absent one is 0) without reading
	// it, so that concurrent Adds do not conflict. Read it with CounterValue.
	// A Get or Peek in the same transaction sees the value with its own Adds.
	Add(key Key, delta int64)

	// OnCommit runs fn after the commit, before Update returns, with the
	// commit's version: the stamps of this transaction are {version, seq}.
	// fn does not run when the transaction is dropped or run again. It must be
	// quick and must not use the store.
	OnCommit(fn func(version uint64))

	// Mark and Rollback bracket a part of a transaction that may fail alone:
	// Rollback undoes the writes (and OnCommit calls) made since the mark. What
	// was read stays part of the transaction's conflicts.
	Mark() int
	Rollback(mark int)
}

// Range is the keys k with From <= k < To, walked backwards when Reverse is set.
// A nil To means the end of the store.
type Range struct {
	From, To Key
	Reverse  bool

	// Peek walks without a conflict, as Tx.Peek reads.
	Peek bool

	// Brief says that each key and value is used before the next step only, so
	// that the store need not copy them. For long walks that keep little.
	Brief bool
}

// Stamp is the place of a PutStamped write in the order of all commits.
type Stamp struct {
	Version uint64 // of the commit; grows, has gaps
	Seq     uint16 // within the transaction
}

// Watch tells of commits under a prefix. Close it when done.
type Watch struct {
	C     <-chan struct{} // receives at most one pending notice
	close func()
}

// NewWatch is for implementations of Store: c should have a buffer of one.
func NewWatch(c <-chan struct{}, closeFunc func()) *Watch { return &Watch{C: c, close: closeFunc} }

// Close ends the watch. It may be called more than once.
func (w *Watch) Close() { w.close() }

type txKey struct{}

type joined struct {
	store Store
	tx    Tx
}

// Join returns a context in which Update and View on s take part in tx instead
// of beginning a transaction of their own. So an operation that is called in
// process, through the chain, can be part of its caller's transaction.
func Join(ctx context.Context, s Store, tx Tx) context.Context {
	return context.WithValue(ctx, txKey{}, joined{s, tx})
}

// Update runs fn in the transaction that ctx carries for s, or in one of its
// own. Inside a carried transaction an error from fn undoes what fn wrote and
// nothing else; OnCommit then runs when the outer transaction commits.
func Update(ctx context.Context, s Store, fn func(Tx) error) error {
	j, ok := ctx.Value(txKey{}).(joined)
	if !ok || j.store != s {
		return s.Update(ctx, fn)
	}
	mark := j.tx.Mark()
	if err := fn(j.tx); err != nil {
		j.tx.Rollback(mark)
		return err
	}
	return nil
}

// View runs fn in the transaction that ctx carries for s, or on a snapshot of its own.
func View(ctx context.Context, s Store, fn func(Tx) error) error {
	if j, ok := ctx.Value(txKey{}).(joined); ok && j.store == s {
		return fn(j.tx)
	}
	return s.View(ctx, fn)
}
