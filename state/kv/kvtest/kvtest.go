// Package kvtest is the contract of kv.Store as a suite of tests. A store
// adopts it in a few lines:
//
//	func TestMemory(t *testing.T) {
//		kvtest.Run(t, func(t *testing.T) kv.Store { return local.Memory(local.Options{}) })
//	}
package kvtest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
)

// Open returns a new, empty store. Run closes it.
type Open func(t *testing.T) kv.Store

// Run runs the suite, each test on a store of its own.
func Run(t *testing.T, open Open) {
	tests := []struct {
		name string
		run  func(*bench)
	}{
		{"Basics", basics},
		{"Order", order},
		{"ReadYourWrites", readYourWrites},
		{"WritesDuringScan", writesDuringScan},
		{"Shared", shared},
		{"Stamps", stamps},
		{"StampsGrowWithCommits", stampsGrow},
		{"Counters", counters},
		{"CountersMeetOtherWrites", countersMeetOtherWrites},
		{"DeleteRange", deleteRange},
		{"Rollback", rollback},
		{"OnCommit", onCommit},
		{"Join", join},
		{"Limits", limits},
		{"ReadOnly", readOnly},
		{"Errors", errorsDropWrites},
		{"Panics", panics},
		{"Closed", closed},
		{"Context", contexts},
		{"LostUpdate", lostUpdate},
		{"WriteSkew", writeSkew},
		{"Phantom", phantom},
		{"Conflicts", conflicts},
		{"Snapshot", snapshot},
		{"Bank", bank},
		{"ConcurrentCounters", concurrentCounters},
		{"Claim", claim},
		{"ClaimFollowsTheLog", claimFollowsTheLog},
		{"ConcurrentClaims", concurrentClaims},
		{"Watch", watch},
		{"WatchRange", watchRange},
		{"Tables", tables},
		{"Model", model},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := open(t)
			t.Cleanup(func() {
				if err := s.Close(); err != nil {
					t.Errorf("Close: %v", err)
				}
			})
			test.run(&bench{T: t, Store: s})
		})
	}
}

// bench is a test with its store, and short ways to use it.
type bench struct {
	*testing.T
	kv.Store
}

func (b *bench) update(fn func(tx kv.Tx)) {
	b.Helper()
	if err := b.Update(context.Background(), func(tx kv.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatalf("Update: %v", err)
	}
}

func (b *bench) view(fn func(tx kv.Tx)) {
	b.Helper()
	if err := b.View(context.Background(), func(tx kv.Tx) error { fn(tx); return nil }); err != nil {
		b.Fatalf("View: %v", err)
	}
}

// put stores pairs written as k=v.
func (b *bench) put(pairs ...string) {
	b.Helper()
	b.update(func(tx kv.Tx) {
		for _, p := range pairs {
			k, v, _ := strings.Cut(p, "=")
			tx.Put(key(k), []byte(v))
		}
	})
}

// want checks that the store holds exactly pairs, in order.
func (b *bench) want(pairs ...string) {
	b.Helper()
	b.view(func(tx kv.Tx) { b.wantTx(tx, kv.Range{}, pairs...) })
}

func (b *bench) wantTx(tx kv.Tx, r kv.Range, pairs ...string) {
	b.Helper()
	if got := list(tx, r); !slices.Equal(got, pairs) {
		b.Errorf("got %v, want %v", got, pairs)
	}
}

// list returns what is in r, as k=v.
func list(tx kv.Tx, r kv.Range) []string {
	var got []string
	for k, v := range tx.Scan(r) {
		got = append(got, name(k)+"="+string(v))
	}
	return got
}

func key(name string) kv.Key { return kv.NewKey(kv.String(name)) }

func name(k kv.Key) string { return strings.Trim(k.String(), "()") }

func span(from, to string) kv.Range { return kv.Range{From: key(from), To: key(to)} }

func basics(b *bench) {
	b.view(func(tx kv.Tx) {
		if _, ok := tx.Get(key("a")); ok {
			b.Error("a new store holds a key")
		}
	})
	b.put("a=1", "b=2", "empty=")
	b.want("a=1", "b=2", "empty=")
	b.put("a=3")
	b.update(func(tx kv.Tx) {
		tx.Delete(key("b"))
		tx.Delete(key("absent"))
	})
	b.want("a=3", "empty=")
	b.view(func(tx kv.Tx) {
		if v, ok := tx.Get(key("empty")); !ok || len(v) != 0 {
			b.Errorf("empty value: %q, %v", v, ok)
		}
		if tx.Now() != tx.Now() {
			b.Error("time passes within a transaction")
		}
	})
}

func order(b *bench) {
	b.put("a=1", "b=2", "c=3", "d=4", "e=5")
	b.view(func(tx kv.Tx) {
		b.wantTx(tx, span("b", "d"), "b=2", "c=3")
		r := span("b", "d")
		r.Reverse = true
		b.wantTx(tx, r, "c=3", "b=2")
		b.wantTx(tx, kv.Range{Reverse: true}, "e=5", "d=4", "c=3", "b=2", "a=1")
		b.wantTx(tx, kv.Range{From: key("d")}, "d=4", "e=5")
		b.wantTx(tx, span("d", "b"))
		b.wantTx(tx, kv.Range{From: key("b").After(), To: key("d").After()}, "c=3", "d=4")
		for k := range tx.Scan(kv.Range{}) {
			if got := list(tx, kv.Prefix(k)); len(got) != 1 {
				b.Errorf("nested scan of %v: %v", k, got)
			}
			if name(k) == "c" {
				break
			}
		}
	})
}

func readYourWrites(b *bench) {
	b.put("a=1", "c=3", "e=5")
	b.update(func(tx kv.Tx) {
		tx.Put(key("b"), []byte("2"))
		tx.Put(key("c"), []byte("30"))
		tx.Delete(key("e"))
		tx.Put(key("f"), []byte("6"))
		b.wantTx(tx, kv.Range{}, "a=1", "b=2", "c=30", "f=6")
		b.wantTx(tx, kv.Range{Reverse: true}, "f=6", "c=30", "b=2", "a=1")
		tx.Put(key("e"), []byte("50"))
		if v, ok := tx.Get(key("e")); !ok || string(v) != "50" {
			b.Errorf("e is %q, %v", v, ok)
		}
		for i := range 100 { // past any small write buffer
			tx.Put(kv.NewKey(kv.String("n"), kv.Int(int64(i))), nil)
		}
		tx.Delete(kv.NewKey(kv.String("n"), kv.Int(50)))
		if got := len(list(tx, kv.Prefix(key("n")))); got != 99 {
			b.Errorf("%d of 99 own keys", got)
		}
		b.wantTx(tx, kv.Range{To: key("n"), Reverse: true}, "f=6", "e=50", "c=30", "b=2", "a=1")
		tx.DeleteRange(kv.Prefix(key("n")))
	})
	b.want("a=1", "b=2", "c=30", "e=50", "f=6")
}

// sharedText reads a key's value as a shared record, "" when there is none.
func sharedText(tx kv.Tx, name string) string {
	v, ok := tx.GetShared(key(name), func(value []byte) any { return new(string(value)) })
	if !ok {
		return ""
	}
	return *v.(*string)
}

func shared(b *bench) {
	want := func(tx kv.Tx, text string) {
		b.Helper()
		for range 3 { // stores remember at the second or third time
			if got := sharedText(tx, "k"); got != text {
				b.Errorf("shared read is %q, want %q", got, text)
			}
		}
	}
	for _, text := range []string{"", "one", "two"} {
		if text != "" {
			b.put("k=" + text)
		}
		b.view(func(tx kv.Tx) { want(tx, text) })
		b.update(func(tx kv.Tx) { want(tx, text) })
	}
	b.update(func(tx kv.Tx) {
		tx.Put(key("k"), []byte("mine"))
		want(tx, "mine")
		b.view(func(tx kv.Tx) { want(tx, "two") })
		tx.Delete(key("k"))
		want(tx, "")
	})
	b.view(func(tx kv.Tx) { want(tx, "") })
}

func writesDuringScan(b *bench) {
	for i := range 40 {
		b.put(fmt.Sprintf("k%02d=", i))
	}
	b.update(func(tx kv.Tx) {
		seen := 0
		for k := range tx.Scan(kv.Range{}) {
			tx.Delete(k)
			seen++
		}
		if seen != 40 {
			b.Errorf("deleted %d of 40 while walking", seen)
		}
	})
	b.want()
}

func rollback(b *bench) {
	b.put("a=1")
	var told []string
	b.update(func(tx kv.Tx) {
		tx.OnCommit(func(uint64) { told = append(told, "first") })
		tx.Put(key("b"), []byte("2"))
		mark := tx.Mark()
		tx.Put(key("a"), []byte("x"))
		tx.Put(key("b"), []byte("x"))
		tx.DeleteRange(kv.Range{})
		tx.OnCommit(func(uint64) { told = append(told, "undone") })
		for i := range 50 {
			tx.Put(kv.NewKey(kv.String("n"), kv.Int(int64(i))), nil)
			tx.Put(key("b"), []byte("y"))
		}
		tx.Rollback(mark)
		b.wantTx(tx, kv.Range{}, "a=1", "b=2")
		tx.Put(key("c"), []byte("3"))
	})
	b.want("a=1", "b=2", "c=3")
	if !slices.Equal(told, []string{"first"}) {
		b.Errorf("OnCommit ran %v", told)
	}
}

func onCommit(b *bench) {
	var versions []uint64
	for range 3 {
		b.update(func(tx kv.Tx) {
			tx.Put(key("a"), nil)
			tx.OnCommit(func(v uint64) { versions = append(versions, v) })
		})
	}
	if len(versions) != 3 || !slices.IsSorted(versions) || versions[0] == versions[1] {
		b.Errorf("versions %v", versions)
	}
	_ = b.Update(context.Background(), func(tx kv.Tx) error {
		tx.OnCommit(func(uint64) { b.Error("OnCommit ran without a commit") })
		return errors.New("no")
	})
}

func join(b *bench) {
	failed := errors.New("inner")
	err := kv.Update(b.Context(), b.Store, func(tx kv.Tx) error {
		ctx := kv.Join(b.Context(), b.Store, tx)
		tx.Put(key("a"), []byte("1"))
		err := kv.Update(ctx, b.Store, func(tx kv.Tx) error {
			tx.Put(key("a"), []byte("2"))
			return failed
		})
		if err != failed {
			b.Errorf("inner Update: %v", err)
		}
		return kv.Update(ctx, b.Store, func(tx kv.Tx) error {
			b.wantTx(tx, kv.Range{}, "a=1")
			tx.Put(key("b"), []byte("2"))
			return nil
		})
	})
	if err != nil {
		b.Error(err)
	}
	b.want("a=1", "b=2")
}
