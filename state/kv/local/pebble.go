package local

import (
	"errors"
	"fmt"
	"log/slog"

	"github.com/cockroachdb/pebble/v2"
	"github.com/cockroachdb/pebble/v2/bloom"
)

// disk is the engine that keeps everything in a directory: Pebble.
type disk struct {
	db *pebble.DB
	snapshots
}

const (
	memTable     = 16 << 20 // starts at 256 KiB and doubles up to this
	memTables    = 4        // at most, before writes wait for a flush
	defaultCache = 32 << 20
)

func openDisk(dir string, o *Options) (*disk, error) {
	// Pebble takes the memory of its memtables out of the cache. Without room
	// for them, writing would leave none for blocks, and every read of a table
	// would read and decompress it again.
	cache := pebble.NewCache(o.CacheSize + memTables*memTable)
	defer cache.Unref()
	po := &pebble.Options{
		FS:                          walFS(o.disk, o.Sync),
		Cache:                       cache,
		FormatMajorVersion:          pebble.FormatValueSeparation,
		MemTableSize:                memTable,
		MemTableStopWritesThreshold: memTables,
		L0CompactionThreshold:       16, // 8 tables deep: each key range is rewritten the less often
		L0StopWritesThreshold:       64, // a burst of writes waits for the disk, not for order
		LBaseMaxBytes:               64 << 20,
		MaxOpenFiles:                512,
		Logger:                      quiet{o.Log},
		CompactionConcurrencyRange:  func() (int, int) { return 1, 2 },
	}
	po.Experimental.FileCacheShards = 1
	for i := range po.Levels {
		po.Levels[i].FilterPolicy = bloom.FilterPolicy(10)
	}
	po.EventListener = &pebble.EventListener{BackgroundError: func(err error) {
		o.Log.Error("the store's disk work failed and will be tried again", "dir", dir, "error", err)
	}}
	db, err := pebble.Open(dir, po)
	if err != nil {
		return nil, fmt.Errorf("open the store in %s: %w", dir, err)
	}
	return &disk{db: db}, nil
}

// quiet passes on what Pebble reports as an error, and nothing else.
type quiet struct{ log *slog.Logger }

func (quiet) Infof(string, ...any) {}

func (q quiet) Errorf(format string, args ...any) { q.log.Error(fmt.Sprintf(format, args...)) }

// Fatalf is called where Pebble cannot go on, such as when the log cannot be
// written. On the way through a commit the panic becomes the commit's error.
func (quiet) Fatalf(format string, args ...any) { panic(fmt.Errorf(format, args...)) }

func (d *disk) begin() batch { return &diskBatch{d.db.NewBatch(), d} }

func (d *disk) close() error {
	if s := d.latest.Swap(nil); s != nil {
		_ = s.close()
	}
	return d.db.Close()
}

type diskBatch struct {
	b    *pebble.Batch
	disk *disk
}

// Filling a batch in memory cannot fail, hence the dropped errors.

func (d *diskBatch) set(key, value []byte)       { _ = d.b.Set(key, value, nil) }
func (d *diskBatch) delete(key []byte)           { _ = d.b.Delete(key, nil) }
func (d *diskBatch) deleteRange(from, to []byte) { _ = d.b.DeleteRange(from, to, nil) }
func (d *diskBatch) drop()                       { _ = d.b.Close() }

// commit returns an error also where Pebble panics for one. Pebble cannot be
// written to, nor closed, after that.
func (d *diskBatch) commit() (err error) {
	d.disk.committing.Lock()
	defer d.disk.committing.Unlock()
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("%v", r)
		}
	}()
	// Sync waits until the log has passed Write and Sync; walFS decides what
	// Sync does. NoSync would leave the end of the log in this process's memory.
	if err := d.b.Commit(pebble.Sync); err != nil {
		return err
	}
	d.disk.replaceSnapshot()
	return d.b.Close()
}

func (d *disk) get(key []byte, a *arena) ([]byte, bool, error)         { return getOf(d.db, key, a) }
func (d *diskSnapshot) get(key []byte, a *arena) ([]byte, bool, error) { return getOf(d.s, key, a) }

func getOf(r pebble.Reader, key []byte, a *arena) ([]byte, bool, error) {
	v, closer, err := r.Get(key)
	if errors.Is(err, pebble.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	v = a.copy(v)
	return v, true, closer.Close()
}

func (d *diskSnapshot) walk(w way) (cursor, error) {
	it, err := d.s.NewIter(&pebble.IterOptions{LowerBound: w.from, UpperBound: w.to})
	if err != nil {
		return nil, err
	}
	return &diskCursor{it: it, way: w}, nil
}

func (d *diskSnapshot) close() error { return d.s.Close() }

type diskCursor struct {
	way
	it    *pebble.Iterator
	began bool
}

func (c *diskCursor) next() (key, value []byte, ok bool) {
	if !c.step() {
		return nil, nil, false
	}
	if c.arena == nil {
		return c.it.Key(), c.it.Value(), true
	}
	return c.arena.copy(c.it.Key()), c.arena.copy(c.it.Value()), true
}

func (c *diskCursor) step() bool {
	first := !c.began
	c.began = true
	switch {
	case !first && c.reverse:
		return c.it.Prev()
	case !first:
		return c.it.Next()
	case c.reverse:
		return c.it.Last()
	}
	return c.it.First()
}

func (c *diskCursor) err() error   { return c.it.Error() }
func (c *diskCursor) close() error { return c.it.Close() }
