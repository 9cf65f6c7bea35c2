package kvtest

import (
	"context"
	"fmt"
	"sync"

	"github.com/brume-cloud/brume/state/kv"
)

// runs counts how often a closure runs when another transaction commits
// between what it reads and its own commit.
func (b *bench) runs(mine, other func(tx kv.Tx)) int {
	b.Helper()
	runs := 0
	b.update(func(tx kv.Tx) {
		runs++
		mine(tx)
		if runs == 1 {
			b.update(other)
		}
	})
	return runs
}

func conflicts(b *bench) {
	put := func(name string) func(kv.Tx) { return func(tx kv.Tx) { tx.Put(key(name), nil) } }
	first := func(n int, r kv.Range) func(kv.Tx) {
		return func(tx kv.Tx) {
			left := n
			for range tx.Scan(r) {
				if left--; left == 0 {
					break
				}
			}
			tx.Put(key("mine"), nil)
		}
	}
	reads := func(tx kv.Tx) { tx.Get(key("c")); tx.Put(key("mine"), nil) }
	reverse := kv.Range{From: key("a"), To: key("f"), Reverse: true}
	tests := []struct {
		name        string
		mine, other func(tx kv.Tx)
		want        int
	}{
		{"blind writes", put("c"), put("c"), 1},
		{"read of a written key", reads, put("c"), 2},
		{"shared read of a written key", func(tx kv.Tx) { sharedText(tx, "c"); tx.Put(key("mine"), nil) }, put("c"), 2},
		{"read of another key", reads, put("d"), 1},
		{"read of an absent key that appears", func(tx kv.Tx) { tx.Get(key("new")); tx.Put(key("mine"), nil) }, put("new"), 2},
		{"peek", func(tx kv.Tx) { tx.Peek(key("c")); tx.Put(key("mine"), nil) }, put("c"), 1},
		{"read of an own write", func(tx kv.Tx) { tx.Put(key("c"), nil); tx.Get(key("c")) }, put("c"), 1},
		{"read against delete", reads, func(tx kv.Tx) { tx.Delete(key("c")) }, 2},
		{"read against range", reads, func(tx kv.Tx) { tx.DeleteRange(span("b", "d")) }, 2},
		{"read against another range", reads, func(tx kv.Tx) { tx.DeleteRange(span("d", "f")) }, 1},
		{"read against Add", func(tx kv.Tx) { tx.Get(key("n")); tx.Put(key("mine"), nil) }, func(tx kv.Tx) { tx.Add(key("n"), 1) }, 2},
		{"scan with a new key", first(9, span("a", "f")), put("cc"), 2},
		{"scan with a key behind it", first(9, span("a", "c")), put("cc"), 1},
		{"unwalked part", first(2, span("a", "f")), put("cc"), 1},
		{"walked part", first(2, span("a", "f")), put("ab"), 2},
		{"last walked key", first(2, span("a", "f")), put("b"), 2},
		{"unwalked part, reverse", first(2, reverse), put("bb"), 1},
		{"walked part, reverse", first(2, reverse), put("dd"), 2},
		{"scan against range", first(2, span("a", "f")), func(tx kv.Tx) { tx.DeleteRange(span("b", "c")) }, 2},
		{"unwalked part against range", first(2, span("a", "f")), func(tx kv.Tx) { tx.DeleteRange(span("c", "d")) }, 1},
		{"log", func(tx kv.Tx) { tx.PutStamped(key("log"), nil, nil) }, func(tx kv.Tx) { tx.PutStamped(key("log"), nil, nil) }, 1},
		{"scan against log", first(9, kv.Prefix(key("log"))), func(tx kv.Tx) { tx.PutStamped(key("log"), nil, nil) }, 2},
		{"reads alone", func(tx kv.Tx) { tx.Get(key("c")) }, put("c"), 1},
	}
	for _, test := range tests {
		b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Range{}) })
		b.put("a=", "b=", "c=", "d=", "e=")
		if got := b.runs(test.mine, test.other); got != test.want {
			b.Errorf("%s: ran %d times, want %d", test.name, got, test.want)
		}
	}
}

func lostUpdate(b *bench) {
	b.put("n=")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 25 {
				b.update(func(tx kv.Tx) {
					v, _ := tx.Get(key("n"))
					tx.Put(key("n"), kv.Counter(kv.CounterValue(v)+1))
				})
			}
		})
	}
	wg.Wait()
	b.wantCounter(key("n"), 200)
}

func writeSkew(b *bench) {
	// Each may leave when the other stays; both must not.
	for range 50 {
		b.put("x=on", "y=on")
		var wg sync.WaitGroup
		for _, pair := range [][2]string{{"x", "y"}, {"y", "x"}} {
			wg.Go(func() {
				b.update(func(tx kv.Tx) {
					if v, _ := tx.Get(key(pair[1])); string(v) == "on" {
						tx.Put(key(pair[0]), []byte("off"))
					}
				})
			})
		}
		wg.Wait()
		b.view(func(tx kv.Tx) {
			if got := list(tx, kv.Range{}); fmt.Sprint(got) == "[x=off y=off]" {
				b.Fatal("both left")
			}
		})
	}
}

func phantom(b *bench) {
	// Each adds a row only when there is none.
	for round := range 50 {
		prefix := kv.NewKey(kv.String("r"), kv.Int(int64(round)))
		var wg sync.WaitGroup
		for i := range 4 {
			wg.Go(func() {
				b.update(func(tx kv.Tx) {
					for range tx.Scan(kv.Prefix(prefix)) {
						return
					}
					tx.Put(prefix.With(kv.Int(int64(i))), nil)
				})
			})
		}
		wg.Wait()
		b.view(func(tx kv.Tx) {
			if got := list(tx, kv.Prefix(prefix)); len(got) != 1 {
				b.Fatalf("rows %v", got)
			}
		})
	}
}

func snapshot(b *bench) {
	b.put("a=1", "b=1")
	runs := 0
	b.view(func(tx kv.Tx) {
		runs++
		a, _ := tx.Get(key("a"))
		if runs == 1 {
			b.put("a=2", "b=2", "c=2")
		}
		if string(a) == "1" {
			b.wantTx(tx, kv.Range{}, "a=1", "b=1")
		} else {
			b.wantTx(tx, kv.Range{}, "a=2", "b=2", "c=2")
		}
	})
	if runs > 2 {
		b.Fatalf("it ran %d times", runs)
	}
	b.want("a=2", "b=2", "c=2")
}

func bank(b *bench) {
	const accounts, each, clients, transfers = 10, 100, 6, 60
	account := func(i int) kv.Key { return kv.NewKey(kv.String("account"), kv.Int(int64(i))) }
	sum := func(tx kv.Tx) (total int64) {
		for _, v := range tx.Scan(kv.Prefix(key("account"))) {
			total += kv.CounterValue(v)
		}
		return total
	}
	b.update(func(tx kv.Tx) {
		for i := range accounts {
			tx.Put(account(i), kv.Counter(each))
		}
	})
	var wg sync.WaitGroup
	for c := range clients {
		wg.Go(func() {
			for n := range transfers {
				from, to := account((c+n)%accounts), account((c*n+n+1)%accounts)
				_ = b.Update(context.Background(), func(tx kv.Tx) error {
					v, _ := tx.Get(from)
					w, _ := tx.Get(to)
					if from.Compare(to) != 0 && kv.CounterValue(v) > 0 {
						tx.Put(from, kv.Counter(kv.CounterValue(v)-1))
						tx.Put(to, kv.Counter(kv.CounterValue(w)+1))
					}
					return nil
				})
				b.view(func(tx kv.Tx) {
					if got := sum(tx); got != accounts*each {
						b.Errorf("the sum is %d", got)
					}
				})
			}
		})
	}
	wg.Wait()
}
