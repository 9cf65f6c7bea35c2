package local

import (
	"context"
	"fmt"
	"sync/atomic"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
)

// engines runs a benchmark on a store of each kind.
func engines(b *testing.B, run func(b *testing.B, s *Store)) {
	b.Run("Memory", func(b *testing.B) { run(b, Memory(Options{})) })
	b.Run("Pebble", func(b *testing.B) {
		s := open(b, Options{Dir: b.TempDir()})
		defer s.Close()
		run(b, s)
	})
}

func benchKey(i int) kv.Key {
	return kv.NewKey(kv.String("000000000000"), kv.String("us-east-1"), kv.String("bench"), kv.Int(int64(i)))
}

func BenchmarkPut1KiB(b *testing.B) {
	for _, clients := range []int{1, 16} {
		b.Run(fmt.Sprintf("%dclients", clients), func(b *testing.B) {
			engines(b, func(b *testing.B, s *Store) {
				var n atomic.Int64
				value := make([]byte, 1<<10)
				b.SetParallelism(max(clients/2, 1))
				b.ReportAllocs()
				put := func() {
					k := benchKey(int(n.Add(1)) % 100_000)
					_ = s.Update(context.Background(), func(tx kv.Tx) error { tx.Put(k, value); return nil })
				}
				if clients == 1 {
					for b.Loop() {
						put()
					}
					return
				}
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						put()
					}
				})
			})
		})
	}
}

// BenchmarkUpdate reads and writes one record, without conflicts.
func BenchmarkUpdate(b *testing.B) {
	engines(b, func(b *testing.B, s *Store) {
		var n atomic.Int64
		value := make([]byte, 100)
		b.SetParallelism(8)
		b.ReportAllocs()
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				k := benchKey(int(n.Add(1)) % 100_000)
				_ = s.Update(context.Background(), func(tx kv.Tx) error {
					tx.Get(k)
					tx.Put(k, value)
					return nil
				})
			}
		})
	})
}

func fill(b *testing.B, s *Store, n int) {
	b.Helper()
	err := s.Update(context.Background(), func(tx kv.Tx) error {
		for i := range n {
			tx.Put(benchKey(i), make([]byte, 100))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
}

func BenchmarkGet(b *testing.B) {
	engines(b, func(b *testing.B, s *Store) {
		fill(b, s, 10_000)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			k := benchKey(i % 10_000)
			_ = s.View(context.Background(), func(tx kv.Tx) error { tx.Get(k); return nil })
		}
	})
}

func BenchmarkScan10(b *testing.B) {
	engines(b, func(b *testing.B, s *Store) {
		fill(b, s, 10_000)
		b.ReportAllocs()
		i := 0
		for b.Loop() {
			i++
			r := kv.Range{From: benchKey(i % 9_000)}
			_ = s.View(context.Background(), func(tx kv.Tx) error {
				n := 0
				for range tx.Scan(r) {
					if n++; n == 10 {
						break
					}
				}
				return nil
			})
		}
	})
}

func BenchmarkCommitWith100000Watches(b *testing.B) {
	s := Memory(Options{})
	for i := range 100_000 {
		s.Watch(kv.NewKey(kv.String("queue"), kv.String(fmt.Sprint(i))))
	}
	k := kv.NewKey(kv.String("queue"), kv.String("77"), kv.Int(1))
	b.ReportAllocs()
	for b.Loop() {
		_ = s.Update(context.Background(), func(tx kv.Tx) error { tx.Put(k, nil); return nil })
	}
}

func BenchmarkOpen(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		s := open(b, Options{Dir: dir})
		s.Close()
	}
}
