package local

import (
	"bytes"
	"iter"

	"github.com/brume-cloud/brume/state/kv"
)

func (t *tx) Scan(r kv.Range) iter.Seq2[kv.Key, []byte] {
	return func(yield func(kv.Key, []byte) bool) {
		from, to := bound(r)
		if bytes.Compare(from, to) >= 0 {
			return
		}
		w := walk{tx: t, way: way{from: t.arena.copy(from), to: t.arena.copy(to), reverse: r.Reverse, arena: &t.arena}, peek: r.Peek || t.readOnly, span: -1}
		if r.Brief && w.peek {
			w.arena = nil
		}
		w.begin()
		defer w.end()
		for steps := 1; w.next(); steps++ {
			if steps%256 == 0 && t.ctx.Err() != nil {
				kv.Fail(t.ctx.Err())
			}
			if !yield(w.key, w.value) {
				return
			}
		}
	}
}

// walk merges the keys of the snapshot with those that the transaction wrote,
// including what it writes while the walk goes on.
type walk struct {
	tx *tx
	way
	peek bool // conflicts with nothing
	span int  // index in tx.spans, -1 when the walk conflicts with nothing

	base      cursor
	baseKey   []byte // the cursor's next key, nil at its end
	baseValue []byte
	consumed  bool // the walk came to baseKey

	key, value []byte // the walk's present place
	began      bool
}

func (w *walk) begin() {
	w.tx.begin()
	base, err := w.tx.snap.walk(w.way)
	if err != nil {
		kv.Fail(err)
	}
	w.base = base
	w.advance()
	if !w.peek {
		w.span = len(w.tx.spans)
		w.tx.spans = append(w.tx.spans, span{from: w.from, to: w.from}) // nothing yet
	}
}

func (w *walk) end() {
	if err := w.base.close(); err != nil {
		w.tx.store.opts.Log.Error("read the store", "error", err)
	}
}

// advance moves the snapshot's cursor by one.
func (w *walk) advance() {
	var ok bool
	w.baseKey, w.baseValue, ok = w.base.next()
	if !ok {
		w.baseKey = nil
		if err := w.base.err(); err != nil {
			kv.Fail(err)
		}
	}
}

// next moves on to the next key that exists.
func (w *walk) next() bool {
	for {
		own := w.ownNext()
		if w.consumed { // not before: key and value may be the cursor's own
			w.consumed = false
			w.advance()
		}
		switch {
		case own == nil && w.baseKey == nil:
			w.walked(nil)
			return false
		case own == nil, w.baseKey != nil && w.ahead(w.baseKey, own):
			w.key, w.value = w.baseKey, w.baseValue
			w.began, w.consumed = true, true
			if o := w.latest(); o != nil { // covered by a DeleteRange
				continue
			}
		default:
			var under []byte
			if bytes.Equal(own, w.baseKey) {
				under = w.baseValue
				w.consumed = true
			}
			w.key = own
			w.began = true
			if !w.own(under) {
				continue
			}
		}
		w.walked(w.key)
		return true
	}
}

func (w *walk) latest() *op {
	if len(w.tx.writes.log) == 0 {
		return nil
	}
	return w.tx.writes.latest(w.key)
}

// own sets the value of a key that the transaction wrote; under is what the
// snapshot has for it. It reports whether the key exists.
func (w *walk) own(under []byte) bool {
	switch o := w.tx.writes.latest(w.key); o.kind {
	case opPut:
		w.value = o.value
	case opAdd:
		w.value = kv.Counter(kv.CounterValue(under) + o.sum)
	default:
		return false
	}
	return true
}

// ahead reports whether the walk comes to a before it comes to b.
func (w *walk) ahead(a, b []byte) bool {
	c := bytes.Compare(a, b)
	return c < 0 && !w.reverse || c > 0 && w.reverse
}

// ownNext returns the next key of the range that the transaction wrote.
func (w *walk) ownNext() []byte {
	if len(w.tx.writes.log) == 0 {
		return nil
	}
	var key []byte
	switch {
	case w.reverse && w.began:
		key = w.tx.writes.before(w.key)
	case w.reverse:
		key = w.tx.writes.before(w.to)
	case w.began:
		key = w.tx.writes.after(w.key, false)
	default:
		key = w.tx.writes.after(w.from, true)
	}
	if key == nil || bytes.Compare(key, w.from) < 0 || bytes.Compare(key, w.to) >= 0 {
		return nil
	}
	return key
}

// walked notes how far the walk has come: up to key, or to the end when nil.
func (w *walk) walked(key []byte) {
	if w.span < 0 {
		return
	}
	s := &w.tx.spans[w.span]
	switch {
	case key == nil:
		*s = span{from: w.from, to: w.to}
	case w.reverse:
		*s = span{from: key, to: w.to}
	default:
		*s = span{from: w.from, to: key, closed: true}
	}
}
