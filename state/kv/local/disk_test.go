package local

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
	"github.com/cockroachdb/pebble/v2/vfs"
	"github.com/cockroachdb/pebble/v2/vfs/errorfs"
)

// TestFullDisk fills the disk under a store: no write that failed may be
// acknowledged, no later one either, and what was acknowledged must be there.
func TestFullDisk(t *testing.T) {
	for _, test := range []struct {
		name string
		sync bool
		full func(errorfs.Op) bool // which operations fail
	}{
		{"log write", false, func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileWrite }},
		{"log sync", true, func(op errorfs.Op) bool { return op.Kind == errorfs.OpFileSync || op.Kind == errorfs.OpFileSyncData }},
		{"everything", true, func(op errorfs.Op) bool { return op.Kind.ReadOrWrite() == errorfs.OpIsWrite }},
	} {
		t.Run(test.name, func(t *testing.T) {
			full := errorfs.Toggle{Injector: errorfs.InjectorFunc(func(op errorfs.Op) error {
				if test.full(op) {
					return syscall.ENOSPC
				}
				return nil
			})}
			o := Options{Dir: t.TempDir(), Sync: test.sync, Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
			o.disk = errorfs.Wrap(vfs.Default, &full)
			s := open(t, o)
			for i := range 10 {
				put(t, s, fmt.Sprint(i), "kept")
			}
			full.On()
			write := func(name string) error {
				return s.Update(context.Background(), func(tx kv.Tx) error {
					tx.Put(kv.NewKey(kv.String(name)), []byte("lost"))
					return nil
				})
			}
			if err := write("a"); !errors.Is(err, kv.ErrBroken) {
				t.Errorf("write on a full disk: %v", err)
			}
			full.Off()
			if err := write("b"); !errors.Is(err, kv.ErrBroken) {
				t.Errorf("write after one that failed: %v", err)
			}
			if err := s.View(t.Context(), func(kv.Tx) error { return nil }); !errors.Is(err, kv.ErrBroken) {
				t.Errorf("View after a write that failed: %v", err)
			}
			if err := s.Close(); err != nil {
				t.Errorf("Close: %v", err)
			}
			wantKept(t, o.Dir)
		})
	}
}

// wantKept opens what the store left as another process would.
func wantKept(t *testing.T, dir string) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "copy") // Pebble's own lock is still held by this process
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		t.Fatal(err)
	}
	s := open(t, Options{Dir: copied})
	defer s.Close()
	_ = s.View(t.Context(), func(tx kv.Tx) error {
		for i := range 10 {
			if v, _ := tx.Get(kv.NewKey(kv.String(fmt.Sprint(i)))); string(v) != "kept" {
				t.Errorf("%d is %q", i, v)
			}
		}
		return nil
	})
}
