package logs

import (
	"iter"
	"math"
	"slices"

	"github.com/brume-cloud/brume/state/kv"
)

// reading looks for the events of a group, or of one of its streams, that lie
// in [from, to): the earliest ones or, backward, the latest.
//
// Blocks overlap, so the events of a page are known to be the first ones only
// when a block begins behind them. Until then no more than two pages are held,
// and what is behind the page is forgotten. A call that has read readBudget
// ends with what is certain so far.
type reading struct {
	tx       kv.Tx
	g        *group
	one      *stream // nil: all streams
	from, to place   // drawn together as a page fills up
	backward bool
	limit    int

	// take tells whether an event is asked for. Nil takes all.
	take func(message string) bool
	// of tells whether the events of a stream are. Nil takes all that are there.
	of func(stream uint64) bool

	found []found
	bytes int64
	more  bool // there may be events in what was asked for behind the page
}

// found is an event that was found.
type found struct {
	place
	stream   uint64
	ingested int64
	message  string
}

// maxTime is a time that no event has.
const maxTime = math.MaxInt64 / 2

// run does the reading. Afterwards found has a page in ascending order, and
// [from, to) is what the page covers.
func (r *reading) run() {
	origin, read := *r, int64(0)
	for at, b := range r.blocks() {
		if r.beyond(at.first) {
			break
		}
		if read >= readBudget && r.cut(at.first, &origin) {
			break
		}
		if r.of != nil && !r.of(at.stream) {
			read += skipCost
			continue
		}
		read += r.add(at, b())
	}
	r.trim()
}

// skipCost is what looking at a block that is not asked for counts as, in bytes.
const skipCost = 256

// beyond reports whether neither the block that begins at first nor any later
// one has an event of the page.
func (r *reading) beyond(first int64) bool {
	if r.backward {
		return first+blockSpan < r.from.At
	}
	return first > r.to.At
}

// cut ends the reading before the block that begins at first, unless that
// would be no progress.
func (r *reading) cut(first int64, origin *reading) bool {
	edge := place{At: first}
	if r.backward {
		edge.At += blockSpan + 1
		if !edge.before(origin.to) {
			return false
		}
		r.from = edge
		r.found = slices.DeleteFunc(r.found, func(f found) bool { return f.before(edge) })
	} else {
		if !origin.from.before(edge) {
			return false
		}
		r.to = edge
		r.found = slices.DeleteFunc(r.found, func(f found) bool { return !f.before(edge) })
	}
	r.more = true
	return true
}

// add takes the events of a block, and returns their size.
func (r *reading) add(at blockPlace, b *block) (size int64) {
	for i := range b.Events {
		e := &b.Events[i]
		size += e.size()
		p := place{e.At, at.stamp, i}
		if p.before(r.from) || !p.before(r.to) || r.take != nil && !r.take(e.Message) {
			continue
		}
		r.found = append(r.found, found{p, at.stream, b.Ingested, e.Message})
		r.bytes += e.size()
		if len(r.found) > 2*r.limit || r.bytes > 2*maxPageBytes {
			r.trim()
		}
	}
	return size
}

// trim sorts what was found and keeps a page.
func (r *reading) trim() {
	slices.SortFunc(r.found, func(a, b found) int { return a.compare(b.place) })
	n := len(r.found)
	kept, bytes := 0, int64(0)
	for kept < min(n, r.limit) {
		i := kept
		if r.backward {
			i = n - 1 - kept
		}
		one := int64(len(r.found[i].message)) + eventOverhead
		if kept > 0 && bytes+one > maxPageBytes {
			break
		}
		bytes += one
		kept++
	}
	r.bytes = bytes
	if kept == n {
		return
	}
	r.more = true
	if r.backward {
		r.found = slices.Delete(r.found, 0, n-kept)
		r.from = r.found[0].place
		return
	}
	clear(r.found[kept:])
	r.found = r.found[:kept]
	r.to = r.found[kept-1].next()
}

// blocks walks the blocks in the order of their beginnings, or backward. A
// block is read when it is asked for, before the next step.
func (r *reading) blocks() iter.Seq2[blockPlace, func() *block] {
	if r.one != nil {
		return r.blocksOfStream()
	}
	return func(yield func(blockPlace, func() *block) bool) {
		for key, value := range r.tx.Scan(r.within(r.g.blockPrefix())) {
			at := placeOfBlock(key)
			b := func() *block { return decodeBlock(key, value) }
			if !yield(at, b) {
				return
			}
		}
	}
}

func (r *reading) blocksOfStream() iter.Seq2[blockPlace, func() *block] {
	return func(yield func(blockPlace, func() *block) bool) {
		for key := range r.tx.Scan(r.within(r.g.spanPrefix(r.one.ID))) {
			at := placeOfSpan(key)
			b := func() *block {
				if b, ok := blocks.Get(r.tx, r.g.blockKey(at)); ok {
					return b
				}
				return new(block)
			}
			if !yield(at, b) {
				return
			}
		}
	}
}

func decodeBlock(key kv.Key, value []byte) *block {
	b := new(block)
	if err := kv.Decode(value, b); err != nil {
		kv.Fail(&kv.RecordError{Key: key, Err: err})
	}
	return b
}

// within is the range of the rows whose blocks may have events asked for.
func (r *reading) within(prefix kv.Key) kv.Range {
	in := between(prefix, r.from.At-blockSpan, r.to.At)
	in.Reverse, in.Brief, in.Peek = r.backward, true, true
	return in
}
