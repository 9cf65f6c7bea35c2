package blob

import (
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zeebo/xxh3"
)

// stores runs a test on every kind of store.
func stores(t *testing.T, run func(t *testing.T, s Store)) {
	t.Run("Memory", func(t *testing.T) { run(t, new(Memory)) })
	for name, sync := range map[string]bool{"Dir": false, "DirSync": true} {
		t.Run(name, func(t *testing.T) {
			d, err := OpenDir(t.TempDir(), sync)
			if err != nil {
				t.Fatal(err)
			}
			run(t, d)
		})
	}
}

func put(t *testing.T, s Store, content string) Ref {
	t.Helper()
	w, err := s.Create(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer w.Abort()
	if _, err := io.WriteString(w, content); err != nil {
		t.Fatal(err)
	}
	ref, err := w.Commit()
	if err != nil {
		t.Fatal(err)
	}
	return ref
}

func count(t *testing.T, s Store) (n int) {
	t.Helper()
	for _, err := range s.List() {
		if err != nil {
			t.Fatal(err)
		}
		n++
	}
	return n
}

func TestBlobIsReadBack(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		for _, content := range []string{"", "hello", strings.Repeat("x", 1<<20)} {
			ref := put(t, s, content)
			if !ref.ID.Valid() || ref.Size != int64(len(content)) || ref.Checksum != xxh3.HashString(content) {
				t.Errorf("ref %+v", ref)
			}
			r, err := s.Open(ref.ID)
			if err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(r)
			if string(got) != content || err != nil || r.Size() != ref.Size {
				t.Errorf("read %d bytes of %d, %v", len(got), r.Size(), err)
			}
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}
		if n := count(t, s); n != 3 {
			t.Errorf("%d blobs", n)
		}
	})
}

func TestBlobIsReadInParts(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		ref := put(t, s, "0123456789")
		r, err := s.Open(ref.ID)
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		if err := s.Delete(ref.ID); err != nil { // what is open stays readable
			t.Fatal(err)
		}
		part := make([]byte, 3)
		if _, err := r.ReadAt(part, 4); string(part) != "456" || err != nil {
			t.Errorf("%q, %v", part, err)
		}
		if _, err := r.Seek(-2, io.SeekEnd); err != nil {
			t.Error(err)
		}
		if rest, _ := io.ReadAll(r); string(rest) != "89" {
			t.Errorf("%q", rest)
		}
		if _, isDir := s.(*Dir); isDir != (r.File() != nil) {
			t.Error("File is not the file below")
		}
	})
}

func TestBlobIsDeleted(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		ref := put(t, s, "x")
		for range 2 {
			if err := s.Delete(ref.ID); err != nil {
				t.Error(err)
			}
		}
		if _, err := s.Open(ref.ID); !errors.Is(err, ErrNotFound) {
			t.Errorf("Open: %v", err)
		}
		if n := count(t, s); n != 0 {
			t.Errorf("%d blobs", n)
		}
	})
}

func TestUnfinishedBlobDoesNotExist(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		w, _ := s.Create(t.Context())
		_, _ = io.WriteString(w, "half")
		if n := count(t, s); n != 0 {
			t.Errorf("%d blobs before the commit", n)
		}
		w.Abort()
		w.Abort()
		if _, err := w.Commit(); !errors.Is(err, ErrClosed) {
			t.Errorf("Commit after Abort: %v", err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		w, _ = s.Create(ctx)
		cancel()
		if _, err := io.WriteString(w, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("Write: %v", err)
		}
		if _, err := w.Commit(); !errors.Is(err, context.Canceled) {
			t.Errorf("Commit: %v", err)
		}
		if n := count(t, s); n != 0 {
			t.Errorf("%d blobs", n)
		}
	})
}

func TestIDsFromOutsideAreNoPaths(t *testing.T) {
	stores(t, func(t *testing.T, s Store) {
		for _, id := range []ID{"", "..", "../../../../etc/passwd", ID(strings.Repeat("A", 32)), ID(strings.Repeat("/", 32))} {
			if _, err := s.Open(id); !errors.Is(err, ErrInvalid) {
				t.Errorf("Open(%q): %v", id, err)
			}
			if err := s.Delete(id); !errors.Is(err, ErrInvalid) {
				t.Errorf("Delete(%q): %v", id, err)
			}
		}
	})
}

func TestTornWritesAreRemovedAtOpen(t *testing.T) {
	root := t.TempDir()
	d, err := OpenDir(root, false)
	if err != nil {
		t.Fatal(err)
	}
	ref := put(t, d, "kept")
	w, _ := d.Create(t.Context())
	_, _ = io.WriteString(w, "torn") // and the process ends
	if d, err = OpenDir(root, false); err != nil {
		t.Fatal(err)
	}
	left, err := os.ReadDir(filepath.Join(root, tmpDir))
	if len(left) != 0 || err != nil {
		t.Errorf("left over: %v, %v", left, err)
	}
	r, err := d.Open(ref.ID)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
}
