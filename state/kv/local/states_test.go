package local

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
)

func put(t testing.TB, s *Store, name, value string) {
	t.Helper()
	err := s.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put(kv.NewKey(kv.String(name)), []byte(value))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func dump(t testing.TB, s *Store) (all string) {
	t.Helper()
	err := s.View(context.Background(), func(tx kv.Tx) error {
		for k, v := range tx.Scan(kv.Range{}) {
			all += fmt.Sprintf("%v=%s ", k, v)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return all
}

func wantDump(t testing.TB, s *Store, want string) {
	t.Helper()
	if got := dump(t, s); got != want {
		t.Errorf("holds %q, want %q", got, want)
	}
}

// both runs a test on a store of each kind.
func both(t *testing.T, run func(t *testing.T, s *Store)) {
	t.Run("Memory", func(t *testing.T) {
		s := Memory(Options{})
		defer s.Close()
		run(t, s)
	})
	t.Run("Pebble", func(t *testing.T) {
		s := open(t, Options{Dir: t.TempDir()})
		defer func() {
			if err := s.Close(); err != nil {
				t.Error(err)
			}
		}()
		run(t, s)
	})
}

func TestSaveLoadReset(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		ctx := t.Context()
		put(t, s, "a", "1")
		if err := s.Save(ctx, "one"); err != nil {
			t.Fatal(err)
		}
		put(t, s, "a", "2")
		put(t, s, "b", "2")
		if err := s.Save(ctx, "two"); err != nil {
			t.Fatal(err)
		}
		w := s.Watch(kv.NewKey(kv.String("elsewhere")))
		for range 2 {
			if err := s.Load(ctx, "one"); err != nil {
				t.Fatal(err)
			}
			wantDump(t, s, "(a)=1 ")
			put(t, s, "c", "3")
		}
		if len(w.C) != 1 {
			t.Error("a watch was not told")
		}
		if err := s.Reset(ctx); err != nil {
			t.Fatal(err)
		}
		wantDump(t, s, "")
		if err := s.Load(ctx, "two"); err != nil {
			t.Fatal(err)
		}
		wantDump(t, s, "(a)=2 (b)=2 ")
		all, err := s.Snapshots()
		if err != nil || len(all) != 2 || all[0].Name != "one" || all[1].Name != "two" {
			t.Errorf("snapshots %v, %v", all, err)
		}
		if err := s.Remove("one"); err != nil {
			t.Error(err)
		}
		for what, err := range map[string][2]error{
			"save twice":  {s.Save(ctx, "two"), ErrExists},
			"load absent": {s.Load(ctx, "one"), ErrAbsent},
			"remove":      {s.Remove("one"), ErrAbsent},
			"dot":         {s.Save(ctx, ".x"), ErrName},
			"path":        {s.Save(ctx, "../x"), ErrName},
			"empty":       {s.Load(ctx, ""), ErrName},
		} {
			if !errors.Is(err[0], err[1]) {
				t.Errorf("%s: %v, want %v", what, err[0], err[1])
			}
		}
	})
}

func TestVersionsGrowAcrossLoad(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		var last uint64
		step := func() {
			err := s.Update(t.Context(), func(tx kv.Tx) error {
				tx.Add(kv.NewKey(kv.String("n")), 1)
				tx.OnCommit(func(v uint64) {
					if v <= last {
						t.Errorf("version %d after %d", v, last)
					}
					last = v
				})
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		step()
		if err := s.Save(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		for range 3 {
			step()
			step()
			if err := s.Load(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
		}
		step()
		_ = s.View(t.Context(), func(tx kv.Tx) error {
			if v, _ := tx.Get(kv.NewKey(kv.String("n"))); kv.CounterValue(v) != 2 {
				t.Errorf("counter %d, want 2", kv.CounterValue(v))
			}
			return nil
		})
	})
}

func TestTransactionsRunAgainAfterLoad(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put(t, s, "a", "old")
		if err := s.Save(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		put(t, s, "a", "new")
		var seen []string
		err := s.Update(t.Context(), func(tx kv.Tx) error {
			v, _ := tx.Get(kv.NewKey(kv.String("a")))
			seen = append(seen, string(v))
			if len(seen) == 1 {
				if err := s.Load(t.Context(), "x"); err != nil {
					t.Error(err)
				}
			}
			tx.Put(kv.NewKey(kv.String("b")), v)
			return nil
		})
		if err != nil || fmt.Sprint(seen) != "[new old]" {
			t.Errorf("saw %v, %v", seen, err)
		}
		wantDump(t, s, "(a)=old (b)=old ")
	})
}

func TestLoadUnderLoad(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put(t, s, "a", "1")
		if err := s.Save(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		for c := range 4 {
			wg.Go(func() {
				for i := range 200 {
					put(t, s, fmt.Sprint("k", c), fmt.Sprint(i))
					dump(t, s)
				}
			})
		}
		for range 5 {
			if err := s.Load(t.Context(), "x"); err != nil {
				t.Error(err)
			}
		}
		wg.Wait()
	})
}

func TestForkIsAStoreOfItsOwn(t *testing.T) {
	both(t, func(t *testing.T, s *Store) {
		put(t, s, "a", "1")
		if err := s.Save(t.Context(), "x"); err != nil {
			t.Fatal(err)
		}
		dir := filepath.Join(t.TempDir(), "fork")
		if err := s.Fork(t.Context(), "x", dir); err != nil {
			t.Fatal(err)
		}
		if err := s.Fork(t.Context(), "x", dir); !errors.Is(err, os.ErrExist) {
			t.Errorf("fork onto something: %v", err)
		}
		fork := open(t, Options{Dir: dir})
		defer fork.Close()
		put(t, fork, "b", "2")
		wantDump(t, fork, "(a)=1 (b)=2 ")
		wantDump(t, s, "(a)=1 ")
	})
}
