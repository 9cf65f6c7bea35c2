package blob

import (
	"bytes"
	"context"
	"iter"
	"os"
	"sync"
	"time"

	"github.com/zeebo/xxh3"
)

// Memory is a Store in memory. The zero value is ready.
type Memory struct {
	mu    sync.RWMutex
	blobs map[ID]memoryBlob
}

type memoryBlob struct {
	content []byte
	created time.Time
}

// Create implements Store.
func (m *Memory) Create(ctx context.Context) (Writer, error) {
	return &memoryWriter{ctx: ctx, store: m}, nil
}

type memoryWriter struct {
	ctx   context.Context
	store *Memory // nil when done
	buf   bytes.Buffer
}

func (w *memoryWriter) Write(p []byte) (int, error) {
	if w.store == nil {
		return 0, ErrClosed
	}
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	return w.buf.Write(p)
}

func (w *memoryWriter) Commit() (Ref, error) {
	if w.store == nil {
		return Ref{}, ErrClosed
	}
	m := w.store
	w.store = nil
	if err := w.ctx.Err(); err != nil {
		return Ref{}, err
	}
	id, content := newID(), w.buf.Bytes()
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.blobs == nil {
		m.blobs = map[ID]memoryBlob{}
	}
	m.blobs[id] = memoryBlob{content, time.Now()}
	return Ref{ID: id, Size: int64(len(content)), Checksum: xxh3.Hash(content)}, nil
}

func (w *memoryWriter) Abort() { w.store = nil }

// Open implements Store.
func (m *Memory) Open(id ID) (Reader, error) {
	if !id.Valid() {
		return nil, ErrInvalid
	}
	m.mu.RLock()
	defer m.mu.RUnlock()
	b, ok := m.blobs[id]
	if !ok {
		return nil, ErrNotFound
	}
	return memoryReader{bytes.NewReader(b.content)}, nil
}

type memoryReader struct{ *bytes.Reader }

func (memoryReader) File() *os.File { return nil }
func (memoryReader) Close() error   { return nil }

// Delete implements Store.
func (m *Memory) Delete(id ID) error {
	if !id.Valid() {
		return ErrInvalid
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	delete(m.blobs, id)
	return nil
}

// List implements Store.
func (m *Memory) List() iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		m.mu.RLock()
		all := make([]Info, 0, len(m.blobs))
		for id, b := range m.blobs {
			all = append(all, Info{ID: id, Size: int64(len(b.content)), Created: b.created})
		}
		m.mu.RUnlock()
		for _, info := range all {
			if !yield(info, nil) {
				return
			}
		}
	}
}
