package kv

import (
	"bytes"
	"encoding/binary"
	"errors"
	"iter"
)

// Index is a second order of a table's records, kept up to date by the table's
// Put and Delete. Its entries are at (account, region, table.Name/index.Name,
// parts…, the record's own key elements…).
type Index[R any] struct {
	Name string // unique in the table, and stored: never rename

	// Key returns the elements that a record is found by, and whether it is
	// in the index at all. It must depend on the record alone.
	Key func(*R) ([]Part, bool)
}

// IndexPrefix returns the key that starts all entries of x in sc whose elements
// begin with parts, for a range to pass to ScanBy or KeysBy.
func (t *Table[R]) IndexPrefix(x *Index[R], sc Scope, parts ...Part) Key {
	return head(sc, t.indexName(x), parts)
}

// GetBy returns the first record that x finds by parts, with its key.
func (t *Table[R]) GetBy(tx Tx, x *Index[R], sc Scope, parts ...Part) (Key, *R, bool) {
	for key, r := range t.ScanBy(tx, Prefix(t.IndexPrefix(x, sc, parts...))) {
		return key, r, true
	}
	return nil, nil, false
}

// ScanBy walks records in the order of an index; r is a range of index entries.
func (t *Table[R]) ScanBy(tx Tx, r Range) iter.Seq2[Key, *R] {
	return func(yield func(Key, *R) bool) {
		for _, key := range t.KeysBy(tx, r) {
			record, ok := t.Get(tx, key)
			if !ok {
				Fail(&RecordError{Key: key, Err: errDangling})
			}
			if !yield(key, record) {
				return
			}
		}
	}
}

// KeysBy walks index entries and the keys of their records, without reading
// the records.
func (t *Table[R]) KeysBy(tx Tx, r Range) iter.Seq2[Key, Key] {
	return func(yield func(entry, key Key) bool) {
		for entry, value := range tx.Scan(r) {
			if !yield(entry, t.primary(entry, value)) {
				return
			}
		}
	}
}

var errDangling = errors.New("index entry without a record")

func (t *Table[R]) indexName(x *Index[R]) string { return t.Name + "/" + x.Name }

// reindex moves the entries of a record from what they were for before to what
// they are for after; either may be nil.
func (t *Table[R]) reindex(tx Tx, key Key, before, after *R) {
	for i := range t.Indexes {
		x := &t.Indexes[i]
		was, own := t.entry(x, key, before)
		is, _ := t.entry(x, key, after)
		if bytes.Equal(was, is) {
			continue
		}
		if was != nil {
			tx.Delete(was)
		}
		if is != nil {
			// The value tells primary where the record's own elements begin.
			tx.Put(is, binary.AppendUvarint(nil, uint64(own)))
		}
	}
}

// entry returns the index key for a record at key, nil when it is not in x, and
// how many bytes of it are the record's own key elements.
func (t *Table[R]) entry(x *Index[R], key Key, r *R) (entry Key, own int) {
	rd := Read(key)
	rd.Skip(2)
	scope := key[:len(key)-len(rd.Rest())]
	rd.Skip(1)
	own = len(rd.Rest())
	if r == nil {
		return nil, own
	}
	parts, ok := x.Key(r)
	if !ok {
		return nil, own
	}
	entry = scope.With(String(t.indexName(x))).With(parts...)
	return append(entry, rd.Rest()...), own
}

// primary returns the key of the record that an index entry stands for.
func (t *Table[R]) primary(entry Key, value []byte) Key {
	own, n := binary.Uvarint(value)
	rd := Read(entry)
	rd.Skip(2)
	if n <= 0 || rd.Err() != nil || own > uint64(len(rd.Rest())) {
		Fail(&RecordError{Key: entry, Err: ErrRecord})
	}
	scope := entry[:len(entry)-len(rd.Rest())]
	return append(scope.With(String(t.Name)), entry[len(entry)-int(own):]...)
}
