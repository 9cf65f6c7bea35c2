package kvtest

import (
	"context"
	"errors"

	"github.com/brume-cloud/brume/state/kv"
)

// told reports whether the watch has a notice, and takes it.
func told(w *kv.Watch) bool {
	select {
	case <-w.C:
		return true
	default:
		return false
	}
}

func watch(b *bench) {
	queue := kv.NewKey(kv.String("queue"), kv.String("a"))
	w, all, again := b.Watch(queue), b.Watch(nil), b.Watch(queue)
	other := b.Watch(kv.NewKey(kv.String("queue"), kv.String("b")))
	if told(w) {
		b.Error("told before any commit")
	}
	message := queue.With(kv.Int(1))
	b.update(func(tx kv.Tx) { tx.Put(message, nil) })
	b.update(func(tx kv.Tx) { tx.Put(message, nil) })
	if !told(w) || !told(all) || !told(again) {
		b.Error("not told")
	}
	if told(w) || told(other) {
		b.Error("told too often")
	}
	for name, write := range map[string]func(kv.Tx){
		"Delete":     func(tx kv.Tx) { tx.Delete(message) },
		"Add":        func(tx kv.Tx) { tx.Add(message, 1) },
		"PutStamped": func(tx kv.Tx) { tx.PutStamped(queue, nil, nil) },
	} {
		b.update(write)
		if !told(w) {
			b.Errorf("not told of %s", name)
		}
	}
	_ = b.Update(context.Background(), func(tx kv.Tx) error {
		tx.Put(message, nil)
		return errors.New("dropped")
	})
	if told(w) {
		b.Error("told of what did not happen")
	}
	bell := make(chan struct{}, 1)
	ringing := b.Watch(queue, bell)
	b.update(func(tx kv.Tx) { tx.Put(message, nil) })
	if !told(ringing) || len(bell) != 1 {
		b.Error("a bell is not told with its watch")
	}
	ringing.Close()
	told(w)
	w.Close()
	w.Close()
	b.update(func(tx kv.Tx) { tx.Put(message, nil) })
	if told(w) || !told(again) {
		b.Error("a closed watch is told, or took another with it")
	}
}

func watchRange(b *bench) {
	inside, around, beside := b.Watch(kv.NewKey(kv.String("q"), kv.Int(5))), b.Watch(key("q")), b.Watch(key("r"))
	b.update(func(tx kv.Tx) {
		tx.DeleteRange(kv.Range{From: kv.NewKey(kv.String("q"), kv.Int(1)), To: kv.NewKey(kv.String("q"), kv.Int(9))})
	})
	if !told(inside) || !told(around) || told(beside) {
		b.Error("DeleteRange told the wrong watches")
	}
	deeper := b.Watch(kv.NewKey(kv.String("q"), kv.Int(9), kv.Int(1)))
	b.update(func(tx kv.Tx) {
		tx.DeleteRange(kv.Range{From: kv.NewKey(kv.String("q"), kv.Int(1)), To: kv.NewKey(kv.String("q"), kv.Int(9))})
	})
	if told(deeper) {
		b.Error("told of a range that ends before it")
	}
}
