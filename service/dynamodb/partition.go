package dynamodb

import (
	"context"
	"fmt"
	"math/bits"
	"slices"

	"github.com/brume-cloud/brume/state/kv"
)

// A table that keeps to its capacity, and each of its global indexes, has
// partitions: ranges of the digests of partition keys. There are as many, of one
// width, as its warm throughput and its size ask for; some of them were split
// because they were hot. Partitions are never merged.
// AWS: "Partitions and data distribution in DynamoDB", "Burst and adaptive capacity".

// layout is where partitions begin that were split for heat, in order.
type layout struct {
	Edges []uint64 `kv:"1"`
}

// piece is a partition: the digests from From to To.
type piece struct{ From, To uint64 }

// middle is where the second half of a piece begins.
func (p piece) middle() uint64 { return p.From + (p.To-p.From)/2 + 1 }

// pieces is how many partitions throughput and size ask for, as the exponent of a
// power of two.
func pieces(w warmth, bytes int64) int {
	n := max((w.Read+partitionReads-1)/partitionReads, (w.Write+partitionWrites-1)/partitionWrites, (bytes+partitionBytes-1)/partitionBytes, 1)
	return bits.Len64(uint64(n - 1))
}

// at returns the partition of a digest, among 1<<k of one width.
func (l *layout) at(high uint64, k int) piece {
	from := high >> (64 - k) << (64 - k)
	p := piece{from, from + ^uint64(0)>>k}
	i, found := slices.BinarySearch(l.Edges, high)
	if found {
		i++
	}
	if i > 0 {
		p.From = max(p.From, l.Edges[i-1])
	}
	if i < len(l.Edges) {
		p.To = min(p.To, l.Edges[i]-1)
	}
	return p
}

// split lets a partition begin at an edge.
func (l *layout) split(edge uint64) {
	if i, found := slices.BinarySearch(l.Edges, edge); !found {
		l.Edges = slices.Insert(l.Edges, i, edge)
	}
}

func (t *table) layoutKey(index uint64) kv.Key {
	return layouts.Key(t.at.Scope, kv.Uint(t.ID), kv.Uint(index))
}

// pieceOf is the partition that a use is of.
func (p *pacing) pieceOf(u use) piece {
	var id uint64
	if u.index != nil {
		id = u.index.ID
	}
	l, ok := layouts.GetShared(p.tx, u.table.layoutKey(id), nil)
	if !ok {
		l = new(layout)
	}
	return l.at(u.part.high, pieces(u.table.warm(u.index), u.table.total(p.tx, id, countBytes)))
}

// heat is a bucket of what traffic may go on for a while before partitions are
// split: it empties after heatTime at full use, and sooner only by bursts.
type heat struct {
	lane
	use
	piece  piece // to split; the zero piece: throughput grows as a whole
	units  float64
	growth warmth // the throughput to grow to
}

// warming returns the heat that a use adds to the partition with a limit.
func (u use) warming(of lane, p piece) []heat {
	var all []heat
	if p.To-p.From > narrowest {
		all = append(all, heat{lane: of.heated(fmt.Sprintf("/heat/%x", p.To), of.rate), use: u, piece: p})
	}
	return all
}

// growing returns the heat that a use adds to an on-demand table or index as a
// whole. AWS: "On-demand capacity mode": it serves up to twice its highest traffic.
func (u use) growing(name string) []heat {
	w, more := u.table.warm(u.index), warmth{}
	now := float64(w.Read)
	if more.Read = min(2*w.Read, maxTableUnits); u.write {
		now, more = float64(w.Write), warmth{Write: min(2*w.Write, maxTableUnits)}
	}
	if u.table.provisioned() || more.Read <= w.Read && more.Write <= w.Write {
		return nil
	}
	return []heat{{lane: lane{name: name}.heated(fmt.Sprint("/heat/", now), now), use: u, growth: more}}
}

// heated is the bucket of heat beside a lane with so many units a second.
func (l lane) heated(name string, limit float64) lane {
	return lane{name: l.name + name, rate: limit * heatShare, most: limit * (1 - heatShare) * heatTime.Seconds()}
}

// grow does what sustained traffic calls for, if it is still so. What cannot be
// stored now is called for again by the next request.
func (s *Service) grow(ctx context.Context, h *heat) {
	_ = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		t, ok := tables.Get(tx, h.table.at.key())
		if !ok || t.ID != h.table.ID {
			return nil
		}
		t.at = h.table.at
		var x *index
		id := uint64(0)
		if h.index != nil {
			if x = t.index(h.index.Name); x == nil || x.ID != h.index.ID {
				return nil
			}
			id = x.ID
		}
		if h.piece == (piece{}) {
			t.raise(x, h.growth)
		} else {
			l, ok := layouts.Get(tx, t.layoutKey(id))
			if !ok {
				l = new(layout)
			}
			l.split(h.piece.middle())
			layouts.Put(tx, t.layoutKey(id), l)
			if x == nil {
				t.splitShard(tx, h.piece.middle())
			}
		}
		tables.Put(tx, t.at.key(), t)
		return nil
	})
}
