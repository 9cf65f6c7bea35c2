package kvtest

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"

	"github.com/brume-cloud/brume/state/kv"
)

// logged appends rows with these values to the log, each in a transaction.
func (b *bench) logged(values ...string) {
	b.Helper()
	for _, v := range values {
		b.update(func(tx kv.Tx) { tx.PutStamped(key("log"), nil, []byte(v)) })
	}
}

// taker claims up to n rows of the log, and deletes those that take says.
type taker struct {
	n    int
	take func(value string) bool // nil for all
	from kv.Key
}

func (t taker) run(tx kv.Tx) (claimed []string) {
	if t.n == 0 {
		return nil
	}
	for k, v := range tx.Claim(key("log"), func() kv.Key { return t.from }) {
		claimed = append(claimed, string(v))
		if t.take == nil || t.take(string(v)) {
			tx.Delete(k)
		}
		if len(claimed) == t.n {
			break
		}
	}
	return claimed
}

// wantClaims claims up to n rows for good and compares their values.
func (b *bench) wantClaims(n int, want ...string) {
	b.Helper()
	var got []string
	b.update(func(tx kv.Tx) { got = taker{n: n}.run(tx) })
	if strings.Join(got, " ") != strings.Join(want, " ") {
		b.Errorf("claimed %v, want %v", got, want)
	}
}

func claim(b *bench) {
	b.wantClaims(3)
	b.logged("a", "b", "c", "d", "e", "f")
	b.wantClaims(2, "a", "b")
	b.update(func(tx kv.Tx) {
		taker{n: 1}.run(tx)       // c
		b.wantClaims(2, "d", "e") // what is claimed is not given twice
		b.logged("g")
	})
	b.wantClaims(9, "f", "g")
	b.wantClaims(9)

	b.logged("h", "i", "j", "k", "l")
	broken := errors.New("broken")
	if err := b.Update(context.Background(), func(tx kv.Tx) error { taker{n: 2}.run(tx); return broken }); err != broken {
		b.Fatal(err)
	}
	b.update(func(tx kv.Tx) { taker{n: 9, take: func(v string) bool { return v == "i" }}.run(tx) })
	b.update(func(tx kv.Tx) { // one that is deleted by another way is not claimed
		for k, v := range tx.Scan(kv.Prefix(key("log"))) {
			if string(v) == "j" {
				tx.Delete(k)
			}
		}
	})
	b.update(func(tx kv.Tx) {
		mark := tx.Mark()
		taker{n: 1}.run(tx) // h
		tx.Rollback(mark)
	})
	b.wantClaims(9, "h", "k", "l")

	b.logged("m", "n")
	b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Prefix(key("log"))) })
	b.logged("o")
	b.wantClaims(9, "o")

	b.logged("p", "q")
	runs := b.runs(func(tx kv.Tx) { taker{n: 1}.run(tx) }, func(tx kv.Tx) {
		for k := range tx.Scan(kv.Prefix(key("log"))) {
			tx.Delete(k)
			break
		}
	})
	if runs != 2 {
		b.Errorf("a claim of a row that is deleted meanwhile ran %d times, want 2", runs)
	}
	b.wantClaims(9)
	err := b.View(context.Background(), func(tx kv.Tx) error { taker{n: 1}.run(tx); return nil })
	if !errors.Is(err, kv.ErrReadOnly) {
		b.Errorf("claim in a view: %v", err)
	}
}

// claimFollowsTheLog holds Claim and Oldest against a list, over logs that are
// longer than what a store may keep in memory and rows of all sizes.
func claimFollowsTheLog(b *bench) {
	r := rand.New(rand.NewPCG(1, 2))
	var want []string
	var from kv.Key
	for i := range 400 {
		switch r.IntN(5) {
		case 0, 1:
			n := r.IntN(60)
			b.update(func(tx kv.Tx) {
				for j := range n {
					v := fmt.Sprintf("%d.%d%s", i, j, strings.Repeat("x", r.IntN(3)*r.IntN(4000)))
					tx.PutStamped(key("log"), nil, []byte(v))
					want = append(want, v)
				}
			})
		case 2:
			if r.IntN(10) == 0 {
				b.update(func(tx kv.Tx) { tx.DeleteRange(kv.Prefix(key("log"))) })
				want = nil
			}
		default:
			n := min(r.IntN(90), len(want))
			b.update(func(tx kv.Tx) {
				taker{n: n, from: from}.run(tx)
				if oldest := tx.Oldest(key("log")); oldest != nil {
					from = append(kv.Key(nil), oldest...)
				} else if n > 0 {
					b.Error("nothing is oldest behind a claim")
				}
			})
			want = want[n:]
		}
		b.view(func(tx kv.Tx) {
			var got []string
			for _, v := range tx.Scan(kv.Prefix(key("log"))) {
				got = append(got, string(v))
			}
			if strings.Join(got, " ") != strings.Join(want, " ") {
				b.Fatalf("step %d: %d rows are left, want %d", i, len(got), len(want))
			}
			if from == nil {
				return
			}
			for k := range tx.Scan(kv.Prefix(key("log"))) {
				if k.Compare(from) < 0 {
					b.Fatalf("step %d: %v lies before the oldest row, %v", i, k, from)
				}
			}
		})
	}
}

// concurrentClaims has writers and takers at work on one log: every row is
// taken once, and none is left behind.
func concurrentClaims(b *bench) {
	const writers, takers, rows = 4, 4, 200
	var mu sync.Mutex
	taken := map[string]int{}
	left := writers * rows
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for i := range rows {
				b.logged(fmt.Sprint(w, ".", i))
			}
		})
	}
	for w := range takers {
		wg.Go(func() {
			r := rand.New(rand.NewPCG(uint64(w), 1))
			for {
				var got []string
				give := r.IntN(4) == 0
				err := b.Update(context.Background(), func(tx kv.Tx) error {
					got = taker{n: 1 + r.IntN(5)}.run(tx)
					if give {
						return errors.New("given back")
					}
					return nil
				})
				mu.Lock()
				if err == nil {
					for _, v := range got {
						taken[v]++
						left--
					}
				} else if !give {
					b.Error(err)
				}
				done := left <= 0
				mu.Unlock()
				if done {
					return
				}
			}
		})
	}
	wg.Wait()
	for v, n := range taken {
		if n != 1 {
			b.Errorf("%s was taken %d times", v, n)
		}
	}
	if len(taken) != writers*rows {
		b.Errorf("%d rows were taken, want %d", len(taken), writers*rows)
	}
}
