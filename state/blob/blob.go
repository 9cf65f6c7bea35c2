// Package blob keeps large immutable bytes: objects, images, layers, snapshots.
//
// A blob is written once, under an id that the store chooses, and from then on
// read or deleted as a whole. Rows refer to blobs by Ref. The order that keeps
// this safe is: commit the blob, then the row; delete the row, then the blob.
// A crash in between leaves a blob without a row, which the collector finds by
// List; it must also ask every saved state of the kv store, whose rows keep
// blobs alive as well.
package blob

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"iter"
	"os"
	"time"
)

// ID names a blob: 32 lower-case hexadecimal digits.
type ID string

const idBytes = 16

// Valid reports whether id can be the name of a blob. Every method that takes
// an id checks it, so that an id from outside never becomes a path.
func (id ID) Valid() bool {
	if len(id) != 2*idBytes {
		return false
	}
	for i := range len(id) {
		if c := id[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}

func newID() ID {
	var b [idBytes]byte
	_, _ = rand.Read(b[:]) // never fails
	return ID(hex.EncodeToString(b[:]))
}

// Ref is what a row keeps of a blob.
type Ref struct {
	ID       ID     `kv:"1"`
	Size     int64  `kv:"2"` // bytes
	Checksum uint64 `kv:"3"` // XXH3 of the content, to tell damage
}

// Info describes a blob to the collector.
type Info struct {
	ID      ID
	Size    int64
	Created time.Time // real time
}

// Errors of a store.
var (
	ErrNotFound = errors.New("blob: no such blob")
	ErrInvalid  = errors.New("blob: malformed id")
	ErrClosed   = errors.New("blob: the writer is committed or aborted")
)

// Store keeps blobs. All methods may be called from many goroutines.
type Store interface {
	// Create begins a blob. It is there once its writer commits.
	Create(ctx context.Context) (Writer, error)

	// Open returns a blob's content, ErrNotFound when there is none. What is
	// open stays readable when the blob is deleted.
	Open(id ID) (Reader, error)

	// Delete removes a blob. Deleting an absent one is no error.
	Delete(id ID) error

	// List walks all blobs in no particular order, including such as come or
	// go meanwhile.
	List() iter.Seq2[Info, error]
}

// Writer takes the content of one blob. One goroutine uses it, and ends it by
// Commit or Abort.
type Writer interface {
	// Write appends to the content. It fails when the context given to Create
	// has ended.
	io.Writer

	// Commit makes the blob exist. When it returns nil the content is as
	// durable as the store's options promise.
	Commit() (Ref, error)

	// Abort drops what was written. After Commit it does nothing, so that it
	// can be deferred.
	Abort()
}

// Reader is the content of one blob. ReadAt may be called from many goroutines.
type Reader interface {
	io.ReadSeekCloser
	io.ReaderAt
	Size() int64

	// File returns the file that holds the content, for the operating system
	// to send; nil when there is none. It belongs to the Reader.
	File() *os.File
}
