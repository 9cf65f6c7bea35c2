package kvtest

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/state/kv"
)

func limits(b *bench) {
	tests := []struct {
		name string
		want error
		do   func(tx kv.Tx)
	}{
		{"key", kv.ErrTooLarge, func(tx kv.Tx) { tx.Put(kv.NewKey(kv.Bytes(make([]byte, kv.MaxKey))), nil) }},
		{"value", kv.ErrTooLarge, func(tx kv.Tx) { tx.Put(key("a"), make([]byte, kv.MaxValue+1)) }},
		{"transaction", kv.ErrTooLarge, func(tx kv.Tx) {
			v := make([]byte, kv.MaxValue)
			for i := range kv.MaxTransaction/kv.MaxValue + 1 {
				tx.Put(kv.NewKey(kv.Int(int64(i))), v)
			}
		}},
		{"stamps", kv.ErrTooLarge, func(tx kv.Tx) {
			for range 1<<16 + 1 {
				tx.PutStamped(key("log"), nil, nil)
			}
		}},
		{"empty key", kv.ErrReserved, func(tx kv.Tx) { tx.Put(nil, nil) }},
		{"zero key", kv.ErrReserved, func(tx kv.Tx) { tx.Put(kv.Key{0, 'v'}, nil) }},
		{"high key", kv.ErrReserved, func(tx kv.Tx) { tx.Put(kv.Key{0xFF}, nil) }},
	}
	for _, test := range tests {
		err := b.Update(context.Background(), func(tx kv.Tx) error { test.do(tx); return nil })
		if !errors.Is(err, test.want) {
			b.Errorf("%s: %v, want %v", test.name, err, test.want)
		}
	}
	b.want()
}

func readOnly(b *bench) {
	for _, write := range []func(tx kv.Tx){
		func(tx kv.Tx) { tx.Put(key("a"), nil) },
		func(tx kv.Tx) { tx.PutStamped(key("a"), nil, nil) },
		func(tx kv.Tx) { tx.Delete(key("a")) },
		func(tx kv.Tx) { tx.DeleteRange(kv.Range{}) },
		func(tx kv.Tx) { tx.Add(key("a"), 1) },
	} {
		err := b.View(context.Background(), func(tx kv.Tx) error { write(tx); return nil })
		if !errors.Is(err, kv.ErrReadOnly) {
			b.Errorf("write in View: %v", err)
		}
	}
}

func errorsDropWrites(b *bench) {
	b.put("a=1")
	failed := errors.New("failed")
	err := b.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put(key("a"), []byte("2"))
		return failed
	})
	if err != failed {
		b.Errorf("Update: %v", err)
	}
	err = b.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put(key("a"), []byte("2"))
		kv.Fail(failed)
		return nil
	})
	if err != failed {
		b.Errorf("Update after Fail: %v", err)
	}
	b.want("a=1")
}

func panics(b *bench) {
	b.put("a=1")
	for _, do := range []func(context.Context, func(kv.Tx) error) error{b.Update, b.View} {
		func() {
			defer func() {
				if r := recover(); r != "mine" {
					b.Errorf("recovered %v", r)
				}
			}()
			_ = do(context.Background(), func(tx kv.Tx) error {
				for range tx.Scan(kv.Range{}) {
					panic("mine")
				}
				return nil
			})
		}()
	}
	b.put("b=2")
	b.want("a=1", "b=2")
}

func closed(b *bench) {
	b.put("a=1")
	if err := b.Close(); err != nil {
		b.Fatal(err)
	}
	nothing := func(kv.Tx) error { return nil }
	if err := b.Update(context.Background(), nothing); !errors.Is(err, kv.ErrClosed) {
		b.Errorf("Update: %v", err)
	}
	if err := b.View(context.Background(), nothing); !errors.Is(err, kv.ErrClosed) {
		b.Errorf("View: %v", err)
	}
}

func contexts(b *bench) {
	ctx, cancel := context.WithCancel(context.Background())
	err := b.Update(ctx, func(tx kv.Tx) error { // never gets through, and is cancelled
		tx.Get(key("a"))
		b.put("a=1")
		cancel()
		tx.Put(key("a"), []byte("2"))
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		b.Errorf("Update: %v", err)
	}
	if err := b.View(ctx, func(kv.Tx) error { return nil }); !errors.Is(err, context.Canceled) {
		b.Errorf("View: %v", err)
	}
	b.want("a=1")
}
