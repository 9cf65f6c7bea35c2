package kvtest

import (
	"context"
	"sync"

	"github.com/brume-cloud/brume/state/kv"
)

func stamps(b *bench) {
	log := key("log")
	var version uint64
	b.update(func(tx kv.Tx) {
		if seq := tx.PutStamped(log, key("x"), []byte("0")); seq != 0 {
			b.Errorf("first seq is %d", seq)
		}
		if seq := tx.PutStamped(log, nil, []byte("1")); seq != 1 {
			b.Errorf("second seq is %d", seq)
		}
		b.wantTx(tx, kv.Range{}) // unreadable until the commit
		tx.OnCommit(func(v uint64) { version = v })
	})
	b.view(func(tx kv.Tx) {
		seq := uint16(0)
		for k, v := range tx.Scan(kv.Prefix(log)) {
			r := kv.Read(k)
			r.Skip(1)
			if got := r.Stamp(); r.Err() != nil || got != (kv.Stamp{Version: version, Seq: seq}) || v[0] != byte('0'+seq) {
				b.Errorf("%v=%s, want the stamp @%d.%d", k, v, version, seq)
			}
			seq++
		}
		if seq != 2 {
			b.Errorf("%d entries, want 2", seq)
		}
		if _, ok := tx.Get(log.With(kv.At(kv.Stamp{Version: version, Seq: 1}))); !ok {
			b.Error("a stamped key cannot be made again")
		}
	})
}

func stampsGrow(b *bench) {
	log := key("log")
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 25 {
				b.update(func(tx kv.Tx) {
					tx.PutStamped(log, nil, nil)
					tx.PutStamped(log, nil, nil)
				})
			}
		})
	}
	// A reader that goes on from where it was never misses an entry.
	from, seen := log, 0
	for seen < 200 {
		b.view(func(tx kv.Tx) {
			for k := range tx.Scan(kv.Range{From: from, To: log.End()}) {
				from = append(kv.Key(nil), k.After()...)
				seen++
			}
		})
	}
	wg.Wait()
	b.view(func(tx kv.Tx) {
		if n := len(list(tx, kv.Prefix(log))); n != 200 || seen != 200 {
			b.Errorf("%d entries, %d seen, want 200", n, seen)
		}
	})
}

func counters(b *bench) {
	c := key("c")
	b.update(func(tx kv.Tx) {
		tx.Add(c, 5)
		tx.Add(c, -2)
		if v, ok := tx.Get(c); !ok || kv.CounterValue(v) != 3 {
			b.Errorf("own Adds are read as %d", kv.CounterValue(v))
		}
	})
	b.update(func(tx kv.Tx) { tx.Add(c, 10) })
	b.wantCounter(c, 13)
	b.update(func(tx kv.Tx) {
		tx.Add(c, 1)
		for k, v := range tx.Scan(kv.Range{}) {
			if name(k) != "c" || kv.CounterValue(v) != 14 {
				b.Errorf("scanned %v=%d", k, kv.CounterValue(v))
			}
		}
	})
	b.wantCounter(c, 14)
}

func (b *bench) wantCounter(k kv.Key, want int64) {
	b.Helper()
	b.view(func(tx kv.Tx) {
		v, _ := tx.Get(k)
		if got := kv.CounterValue(v); got != want {
			b.Errorf("%v is %d, want %d", k, got, want)
		}
	})
}

func countersMeetOtherWrites(b *bench) {
	c := key("c")
	b.update(func(tx kv.Tx) { tx.Add(c, 7) })
	b.update(func(tx kv.Tx) { tx.Put(c, kv.Counter(100)) })
	b.update(func(tx kv.Tx) { tx.Add(c, 1) })
	b.wantCounter(c, 101)
	b.update(func(tx kv.Tx) { tx.Add(c, 1); tx.Delete(c); tx.Add(c, 2) })
	b.wantCounter(c, 2)
	b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Range{}) })
	b.update(func(tx kv.Tx) { tx.Add(c, 4) })
	b.wantCounter(c, 4)
	b.update(func(tx kv.Tx) { tx.Add(c, 1); tx.DeleteRange(kv.Range{}); tx.Add(c, 2); tx.Add(c, 3) })
	b.wantCounter(c, 5)
	b.update(func(tx kv.Tx) { tx.Put(c, kv.Counter(10)); tx.Add(c, 5) })
	b.wantCounter(c, 15)
	b.update(func(tx kv.Tx) {
		mark := tx.Mark()
		tx.Add(c, 1000)
		tx.Rollback(mark)
		tx.Add(c, 1)
	})
	b.wantCounter(c, 16)
}

func concurrentCounters(b *bench) {
	c, other := key("c"), key("other")
	runs := 0
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				b.update(func(tx kv.Tx) { tx.Add(c, 1); tx.Add(other, -1) })
			}
		})
	}
	wg.Wait()
	b.wantCounter(c, 400)
	b.wantCounter(other, -400)
	_ = b.Update(context.Background(), func(tx kv.Tx) error { // an Add does not conflict with an Add
		runs++
		tx.Add(c, 1)
		b.update(func(tx kv.Tx) { tx.Add(c, 1) })
		return nil
	})
	if runs != 1 {
		b.Errorf("an Add ran %d times", runs)
	}
	b.wantCounter(c, 402)
}

func deleteRange(b *bench) {
	b.put("a=1", "b=2", "c=3", "d=4")
	b.update(func(tx kv.Tx) {
		tx.Put(key("bb"), nil)
		tx.DeleteRange(span("b", "d"))
		b.wantTx(tx, kv.Range{}, "a=1", "d=4")
		tx.Put(key("c"), []byte("30"))
		if _, ok := tx.Get(key("b")); ok {
			b.Error("b is still there")
		}
		b.wantTx(tx, kv.Range{}, "a=1", "c=30", "d=4")
	})
	b.want("a=1", "c=30", "d=4")
	b.update(func(tx kv.Tx) { tx.DeleteRange(span("z", "a")) })
	b.want("a=1", "c=30", "d=4")
	b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Range{}) })
	b.want()
}
