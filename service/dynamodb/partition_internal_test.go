package dynamodb

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/brume-cloud/brume/front/pace"
	"github.com/brume-cloud/brume/state/kv"
)

func TestPartitionsOfALayout(t *testing.T) {
	for _, c := range []struct {
		warm  warmth
		bytes int64
		want  int // partitions
	}{
		{warmth{1, 1}, 0, 1}, {warmth{3000, 1000}, 0, 1}, {warmth{3001, 1}, 0, 2}, {warmth{12_000, 4_000}, 0, 4},
		{warmth{1, 5000}, 0, 8}, {warmth{1, 1}, 10 << 30, 1}, {warmth{1, 1}, 25 << 30, 4},
	} {
		if got := 1 << pieces(c.warm, c.bytes); got != c.want {
			t.Errorf("%+v with %d bytes: %d partitions, want %d", c.warm, c.bytes, got, c.want)
		}
	}
	const top = ^uint64(0)
	l := &layout{}
	for _, e := range []uint64{1 << 62, 3 << 61, 1 << 62} {
		l.split(e)
	}
	for _, c := range []struct {
		high uint64
		k    int
		want piece
	}{
		{0, 0, piece{0, 1<<62 - 1}}, {1 << 62, 0, piece{1 << 62, 3<<61 - 1}}, {3 << 61, 0, piece{3 << 61, top}}, {top, 0, piece{3 << 61, top}},
		{0, 1, piece{0, 1<<62 - 1}}, {3 << 61, 1, piece{3 << 61, 1<<63 - 1}}, {top, 1, piece{1 << 63, top}}, {top, 2, piece{3 << 62, top}},
	} {
		if got := l.at(c.high, c.k); got != c.want {
			t.Errorf("digest %x among %d: %x, want %x", c.high, 1<<c.k, got, c.want)
		}
	}
	for range 1000 { // every digest is in its partition, and partitions do not overlap
		high, k := rand.Uint64(), rand.IntN(6)
		p := l.at(high, k)
		if high < p.From || high > p.To || l.at(p.From, k) != p || l.at(p.To, k) != p || l.at(p.middle(), k) != p {
			t.Fatalf("digest %x is in %x", high, p)
		}
	}
}

// traffic is a throttled table with a stream, under load.
type traffic struct {
	*past
	*Service
}

func newTraffic(t *testing.T, billing string) *traffic {
	f := &traffic{past: newPast(t)}
	f.Service = New(Deps{Store: f.store, Pace: new(pace.Buckets)})
	f.table.Tags, f.table.Billing, f.table.Throughput, f.table.StreamView = map[string]string{throttleTag: "on"}, billing, throughput{Read: 12_000, Write: 4_000}, "KEYS_ONLY"
	f.update(func(tx kv.Tx) {
		f.table.beginStream(tx, 7)
		tables.Put(tx, f.table.at.key(), f.table)
	})
	return f
}

// write writes so many units in each of so many seconds, to partitions in turn. It
// returns how many requests were refused.
func (f *traffic) write(seconds int, units float64, highs ...uint64) (refused int) {
	for range seconds {
		f.now = f.now.Add(time.Second)
		for _, high := range highs {
			f.update(func(tx kv.Tx) {
				t, _ := f.table.at.find(tx)
				p := f.pacing(tx)
				u := use{table: t, part: &partition{high: high}, write: true}
				if p.admit(u) != nil {
					refused++
					return
				}
				p.spend(u, units)
				p.charge(f.Context())
			})
		}
	}
	return refused
}

// shape is the table as it is now: its extra edges, and the shards of its stream.
func (f *traffic) shape() (edges []uint64, open []openShard, warm warmth) {
	f.update(func(tx kv.Tx) {
		t, _ := f.table.at.find(tx)
		if l, ok := layouts.Get(tx, t.layoutKey(0)); ok {
			edges = l.Edges
		}
		open, warm = t.Shards, t.warm(nil)
	})
	return edges, open, warm
}

func TestHotPartitionIsSplit(t *testing.T) {
	f := newTraffic(t, "PROVISIONED")
	// Two keys in the first of four partitions, which may write 1,000 units in all.
	one, two := uint64(1), uint64(1)<<61+1
	if f.write(10, 1000, one, two) == 0 {
		t.Error("the partition did more than it can")
	}
	f.now = f.now.Add(time.Hour)
	f.write(240, 500, one, two)
	if edges, _, _ := f.shape(); edges != nil {
		t.Errorf("split too early: %x", edges)
	}
	f.write(120, 500, one, two)
	edges, open, warm := f.shape()
	if !slices.Equal(edges, []uint64{1 << 61}) {
		t.Errorf("edges are %x", edges)
	}
	if len(open) != 2 || open[0].To != 1<<61-1 || open[1].From != 1<<61 {
		t.Errorf("the stream did not follow: %+v", open)
	}
	if warm != (warmth{12_000, 4_000}) {
		t.Errorf("warm throughput is %+v", warm)
	}
	f.now = f.now.Add(time.Minute)
	if n := f.write(10, 1000, one, two); n != 0 {
		t.Errorf("%d were refused, though each has a partition now", n)
	}
	f.write(10_000, 900, one) // one key cannot be split
	if edges, _, _ := f.shape(); len(edges) > 12 {
		t.Errorf("%d edges for one key", len(edges))
	}
}

func TestPartitionBelowItsLimitIsLeftAlone(t *testing.T) {
	f := newTraffic(t, "PROVISIONED")
	f.write(3600, 700, 1)
	if edges, open, _ := f.shape(); edges != nil || len(open) != 1 {
		t.Errorf("%x, %+v", edges, open)
	}
}

func TestOnDemandTableGrowsWithItsTraffic(t *testing.T) {
	f := newTraffic(t, "PAY_PER_REQUEST")
	var everywhere []uint64
	for i := range uint64(8) {
		everywhere = append(everywhere, i<<61+1)
	}
	if n := f.write(60, 500, everywhere...); n != 0 {
		t.Errorf("%d were refused of 4,000 units a second", n)
	}
	if f.write(5, 1000, everywhere...) == 0 {
		t.Error("8,000 units a second were served at once")
	}
	f.write(600, 500, everywhere...)
	if _, _, warm := f.shape(); warm != (warmth{12_000, 8_000}) {
		t.Errorf("warm throughput is %+v", warm)
	}
	if n := f.write(60, 1000, everywhere...); n != 0 {
		t.Errorf("%d were refused of twice the traffic, after ten minutes", n)
	}
	f.write(3600, 1000, everywhere...)
	f.write(3600, 2000, everywhere...)
	if _, _, warm := f.shape(); warm.Write != 16_000 && warm.Write != maxTableUnits {
		t.Errorf("warm throughput is %+v", warm)
	}
}
