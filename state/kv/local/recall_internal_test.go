package local

import (
	"bytes"
	"strconv"
	"testing"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// decoded counts how often large records are decoded that are each read n times.
func decoded(t *testing.T, s *Store, key string, n int) (count int) {
	t.Helper()
	for range n {
		err := s.View(t.Context(), func(tx kv.Tx) error {
			v, ok := tx.GetShared(kv.Key(key), func(b []byte) any { count++; return len(b) })
			if !ok || v.(int) < recallValue {
				t.Errorf("%s is %v, %t", key, v, ok)
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return count
}

func putLarge(t *testing.T, s *Store, key string, size int) {
	t.Helper()
	err := s.Update(t.Context(), func(tx kv.Tx) error {
		tx.Put(kv.Key(key), bytes.Repeat([]byte("x"), size))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func TestLargeRecordsThatAreSharedAreDecodedOnce(t *testing.T) {
	s := Memory(Options{Now: time.Now})
	defer s.Close()
	putLarge(t, s, "large", 100<<10)
	decoded(t, s, "large", 3) // until it is known that it is read often
	if n := decoded(t, s, "large", 100); n != 0 {
		t.Errorf("it was decoded %d times again", n)
	}
	putLarge(t, s, "large", 200<<10)
	if n := decoded(t, s, "large", 100); n == 0 || n > 4 {
		t.Errorf("after a write it was decoded %d times", n)
	}
	putLarge(t, s, "too large", recallShared+1)
	if n := decoded(t, s, "too large", 10); n != 10 {
		t.Errorf("a record above the limit was decoded %d times of 10", n)
	}
}

func TestLargeRecordsAreBounded(t *testing.T) {
	s := Memory(Options{Now: time.Now})
	defer s.Close()
	for i := range 100 {
		key := strconv.Itoa(i)
		putLarge(t, s, key, 512<<10)
		decoded(t, s, key, 4)
		era, err := s.enter()
		if err != nil {
			t.Fatal(err)
		}
		var kept int64
		for p := range era.recall.places {
			if m := era.recall.places[p].Load(); m != nil {
				kept += m.largeness()
			}
		}
		counted := era.recall.large.Load()
		era.leave()
		if kept != counted || kept > recallLarge {
			t.Fatalf("%d bytes are kept after %d records, %d are counted, the bound is %d", kept, i, counted, recallLarge)
		}
	}
}
