package kv

import (
	"iter"
	"reflect"
	"sync"
	"unsafe"

	"github.com/brume-cloud/brume/aws"
)

// Scope is the part of the world that state belongs to.
type Scope struct {
	Account aws.Account
	Region  aws.Region
}

// Table is a namespace of records of one type, kept in the form that Append
// describes. It is a literal with no state of its own:
//
//	var queues = kv.Table[queue]{Name: "sqs.queue", Indexes: []kv.Index[queue]{queuesByDeadLetter}}
//
// A record's key is (account, region, Name, parts…). A stored record that does
// not decode is a fault of the house, and ends the transaction with an error.
type Table[R any] struct {
	Name    string // unique among all tables, and stored: never rename
	Indexes []Index[R]
}

// headParts is how many elements precede a record's own in its key.
const headParts = 3

// Prefix returns the key that starts all keys of the table in sc that begin
// with parts; with no parts, all of them.
func (t *Table[R]) Prefix(sc Scope, parts ...Part) Key {
	return head(sc, t.Name, parts)
}

// Key returns the key of one record.
func (t *Table[R]) Key(sc Scope, parts ...Part) Key {
	return head(sc, t.Name, parts)
}

// Parts begins reading the record's own elements of a key of this table.
func (t *Table[R]) Parts(k Key) Reader {
	r := Read(k)
	r.Skip(headParts)
	return r
}

// Get returns the record at key, and whether there is one.
func (t *Table[R]) Get(tx Tx, key Key) (*R, bool) {
	b, ok := tx.Get(key)
	if !ok {
		return nil, false
	}
	return mustDecode[R](key, b), true
}

// GetShared is Get for a record that nearly every call reads, decoded once. It
// must not be changed. prepare, which may be nil, completes it from its key.
func (t *Table[R]) GetShared(tx Tx, key Key, prepare func(*R)) (*R, bool) {
	r, ok := tx.GetShared(key, func(b []byte) any {
		r := mustDecode[R](key, b)
		if prepare != nil {
			prepare(r)
		}
		return r
	})
	if !ok {
		return nil, false
	}
	return r.(*R), true
}

// Peek is Get without a conflict, as Tx.Peek is.
func (t *Table[R]) Peek(tx Tx, key Key) (*R, bool) {
	b, ok := tx.Peek(key)
	if !ok {
		return nil, false
	}
	return mustDecode[R](key, b), true
}

// Has reports whether there is a record at key.
func (t *Table[R]) Has(tx Tx, key Key) bool {
	_, ok := tx.Get(key)
	return ok
}

// Put stores the record at key. In a table without indexes it reads nothing.
func (t *Table[R]) Put(tx Tx, key Key, r *R) {
	if len(t.Indexes) > 0 {
		old, _ := t.Get(tx, key)
		t.reindex(tx, key, old, r)
	}
	buf := scratch.Get().(*[]byte)
	b := Append((*buf)[:0], r)
	tx.Put(key, b)
	*buf = b
	scratch.Put(buf)
}

// PutStamped appends the record to the log under prefix, as Tx.PutStamped does.
// The table must not have indexes, because the key is not known yet.
func (t *Table[R]) PutStamped(tx Tx, prefix Key, r *R) (seq uint16) {
	if len(t.Indexes) > 0 {
		panic("kv: stamped record in a table with indexes: " + t.Name)
	}
	buf := scratch.Get().(*[]byte)
	b := Append((*buf)[:0], r)
	seq = tx.PutStamped(prefix, nil, b)
	*buf = b
	scratch.Put(buf)
	return seq
}

// Delete removes the record at key, if there is one.
func (t *Table[R]) Delete(tx Tx, key Key) {
	if len(t.Indexes) > 0 {
		if old, ok := t.Get(tx, key); ok {
			t.reindex(tx, key, old, nil)
		}
	}
	tx.Delete(key)
}

// DeleteAll removes every record whose key starts with prefix: at once in a
// table without indexes, one by one otherwise.
func (t *Table[R]) DeleteAll(tx Tx, prefix Key) {
	if len(t.Indexes) > 0 {
		for key, r := range t.Scan(tx, Prefix(prefix)) {
			t.reindex(tx, key, r, nil)
		}
	}
	tx.DeleteRange(Prefix(prefix))
}

// Scan walks the records of r in key order.
func (t *Table[R]) Scan(tx Tx, r Range) iter.Seq2[Key, *R] {
	return func(yield func(Key, *R) bool) {
		for key, b := range tx.Scan(r) {
			if !yield(key, mustDecode[R](key, b)) {
				return
			}
		}
	}
}

// ScanInto is Scan for pages that are long: a record is decoded into what room
// returns, which may be the same again when the last one was not kept. With
// r.Brief, the texts of a record are valid until the next step only.
func (t *Table[R]) ScanInto(tx Tx, r Range, room func() *R) iter.Seq2[Key, *R] {
	return func(yield func(Key, *R) bool) {
		p, d := planOf(reflect.TypeFor[R]()), new(decoder)
		for key, b := range tx.Scan(r) {
			text := ""
			if r.Brief {
				text = unsafe.String(unsafe.SliceData(b), len(b))
			} else {
				text = string(b)
			}
			into := room()
			if err := decodeBy(p, d, text, into); err != nil {
				Fail(&RecordError{Key: key, Err: err})
			}
			if !yield(key, into) {
				return
			}
		}
	}
}

// Claim walks the records of the log under prefix, as Tx.Claim does.
func (t *Table[R]) Claim(tx Tx, prefix Key, from func() Key) iter.Seq2[Key, *R] {
	return func(yield func(Key, *R) bool) {
		for key, b := range tx.Claim(prefix, from) {
			if !yield(key, mustDecode[R](key, b)) {
				return
			}
		}
	}
}

// scratch holds buffers for encoding, which a Tx copies from.
var scratch = sync.Pool{New: func() any { b := make([]byte, 0, 1<<10); return &b }}

func head(sc Scope, table string, parts []Part) Key {
	h := [headParts]Part{String(sc.Account), String(sc.Region), String(table)}
	n := 0
	for i := range h {
		n += h[i].size()
	}
	for i := range parts {
		n += parts[i].size()
	}
	k := make(Key, 0, n)
	for i := range h {
		k = h[i].append(k)
	}
	for i := range parts {
		k = parts[i].append(k)
	}
	return k
}

func mustDecode[R any](key Key, b []byte) *R {
	r := new(R)
	if err := Decode(b, r); err != nil {
		Fail(&RecordError{Key: key, Err: err})
	}
	return r
}

// RecordError tells which stored record could not be decoded.
type RecordError struct {
	Key Key
	Err error
}

// Error names the record.
func (e *RecordError) Error() string { return "kv: record " + e.Key.String() + ": " + e.Err.Error() }

// Unwrap returns the cause.
func (e *RecordError) Unwrap() error { return e.Err }
