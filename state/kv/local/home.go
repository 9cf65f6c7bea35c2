package local

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// home is a data directory:
//
//	LOCK          held while a Store is open
//	FORMAT        the layout's version
//	CURRENT       the name of the engine's directory
//	current-N/    the engine; others than CURRENT's are leftovers
//	snapshots/    saved states, one directory each
//
// CURRENT is replaced by a rename, so that loading a snapshot either happened
// or did not, whenever the process ends.
type home struct {
	dir    string
	opts   *Options
	lock   *os.File
	serial int // of the engine's directory, the highest in use
}

const (
	format       = "brume-state 1\n"
	enginePrefix = "current-"
)

// LockedError tells that another process has the data directory open.
type LockedError struct{ Dir string }

// Error says what to do.
func (e *LockedError) Error() string {
	return fmt.Sprintf("the data directory %s is in use by another process: stop it, or choose another directory with --data", e.Dir)
}

// FormatError tells that the data directory was written by a newer version.
type FormatError struct{ Dir, Format string }

// Error says what to do.
func (e *FormatError) Error() string {
	return fmt.Sprintf("the data directory %s has the format %q, which this version does not know: use a newer one, or choose another directory with --data", e.Dir, e.Format)
}

func openHome(o *Options) (*home, error) {
	dir := o.Dir
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, err
	}
	lock, err := lockFile(filepath.Join(dir, "LOCK"))
	if errors.Is(err, errLocked) {
		return nil, &LockedError{dir}
	}
	if err != nil {
		return nil, fmt.Errorf("lock the data directory: %w", err)
	}
	h := &home{dir: dir, opts: o, lock: lock}
	if err := h.check(); err != nil {
		h.unlock()
		return nil, err
	}
	return h, nil
}

// newHome makes a data directory where there is nothing yet.
func newHome(o *Options) (*home, error) {
	if exists(o.Dir) {
		return nil, fmt.Errorf("%s: %w", o.Dir, fs.ErrExist)
	}
	return openHome(o)
}

// check reads FORMAT and CURRENT, or writes FORMAT in a new directory.
func (h *home) check() error {
	got, err := os.ReadFile(filepath.Join(h.dir, "FORMAT"))
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if err := writeFile(h.dir, "FORMAT", format); err != nil {
			return err
		}
	case err != nil:
		return err
	case string(got) != format:
		return &FormatError{h.dir, strings.TrimSpace(string(got))}
	}
	name, err := os.ReadFile(filepath.Join(h.dir, "CURRENT"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if _, err := fmt.Sscanf(string(name), enginePrefix+"%d", &h.serial); err != nil {
		return fmt.Errorf("%s: unreadable CURRENT %q", h.dir, name)
	}
	return nil
}

// openCurrent opens the engine that CURRENT names, or a new one, and returns
// the bound of the versions that it holds.
func (h *home) openCurrent() (candidate, uint64, error) {
	if h.serial == 0 {
		h.serial = 1
		if err := h.setCurrent(h.serial); err != nil {
			return candidate{}, 0, err
		}
	}
	h.sweep()
	dir := h.engineDir(h.serial)
	e, err := openDisk(dir, h.opts)
	if err != nil {
		return candidate{}, 0, err
	}
	version, err := versionBound(e)
	if err != nil {
		return candidate{}, 0, errors.Join(err, e.close())
	}
	return candidate{engine: e, drop: func() error { return os.RemoveAll(dir) }}, version, nil
}

// sweep removes the engines of earlier eras, best effort.
func (h *home) sweep() {
	dirs, _ := filepath.Glob(filepath.Join(h.dir, enginePrefix+"*"))
	for _, dir := range dirs {
		if dir != h.engineDir(h.serial) {
			_ = os.RemoveAll(dir)
		}
	}
}

func (h *home) engineDir(serial int) string {
	return filepath.Join(h.dir, fmt.Sprintf("%s%d", enginePrefix, serial))
}

func (h *home) setCurrent(serial int) error {
	return writeFile(h.dir, "CURRENT", fmt.Sprintf("%s%d\n", enginePrefix, serial))
}

func (h *home) unlock() { _ = h.lock.Close() }

// versionBound returns what keyVersion holds.
func versionBound(e engine) (uint64, error) {
	s := e.snapshot()
	var a arena
	b, ok, err := s.get(keyVersion, &a)
	if err := errors.Join(err, s.close()); err != nil || !ok {
		return 0, err
	}
	if len(b) != 8 {
		return 0, fmt.Errorf("malformed version bound %x", b)
	}
	return binary.BigEndian.Uint64(b), nil
}

// writeFile replaces dir/name, durably, by a file with the content.
func writeFile(dir, name, content string) error {
	f, err := os.CreateTemp(dir, name+".tmp-*")
	if err != nil {
		return err
	}
	_, err = f.WriteString(content)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, name))
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return syncDir(dir)
}

func syncDir(dir string) error {
	d, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
