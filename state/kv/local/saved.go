package local

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// A home keeps saved states under snapshots/: Pebble checkpoints, whose tables
// are hard links to the engine's. One under way has a name that begins with a
// dot, which no snapshot's does.

const snapshotsDir = "snapshots"

func (h *home) stateDir(name string) string { return filepath.Join(h.dir, snapshotsDir, name) }

func (h *home) save(e engine, name string) error {
	to, tmp := h.stateDir(name), h.stateDir(".saving")
	if exists(to) {
		return ErrExists
	}
	if err := errors.Join(os.RemoveAll(tmp), os.MkdirAll(filepath.Dir(tmp), 0o755)); err != nil {
		return err
	}
	if err := e.(*disk).db.Checkpoint(tmp); err != nil {
		return errors.Join(err, os.RemoveAll(tmp))
	}
	if err := os.Rename(tmp, to); err != nil {
		return err
	}
	return syncDir(filepath.Dir(to))
}

func (h *home) list() ([]SnapshotInfo, error) {
	dirs, err := os.ReadDir(filepath.Join(h.dir, snapshotsDir))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	var all []SnapshotInfo
	for _, d := range dirs {
		if info, err := d.Info(); err == nil && snapshotName.MatchString(d.Name()) {
			all = append(all, SnapshotInfo{Name: d.Name(), Saved: info.ModTime()})
		}
	}
	return all, err
}

func (h *home) remove(name string) error {
	from, tmp := h.stateDir(name), h.stateDir(".removing")
	if !exists(from) {
		return ErrAbsent
	}
	if err := os.RemoveAll(tmp); err != nil { // of a process that ended here
		return err
	}
	if err := os.Rename(from, tmp); err != nil {
		return err
	}
	return os.RemoveAll(tmp)
}

func (h *home) prepare(name string) (candidate, error) {
	h.serial++
	serial := h.serial
	dir := h.engineDir(serial)
	if err := os.RemoveAll(dir); err != nil {
		return candidate{}, err
	}
	if name != "" {
		if err := h.clone(name, dir); err != nil {
			return candidate{}, errors.Join(err, os.RemoveAll(dir))
		}
	}
	e, err := openDisk(dir, h.opts)
	if err != nil {
		return candidate{}, errors.Join(err, os.RemoveAll(dir))
	}
	return candidate{
		engine: e,
		adopt:  func() error { return h.setCurrent(serial) },
		drop:   func() error { return os.RemoveAll(dir) },
	}, nil
}

func (h *home) fork(name, dir string) error {
	if !exists(h.stateDir(name)) {
		return ErrAbsent
	}
	o := *h.opts
	o.Dir = dir
	other, err := newHome(&o)
	if err != nil {
		return err
	}
	defer other.unlock()
	if err := h.clone(name, other.engineDir(1)); err != nil {
		return err
	}
	return other.setCurrent(1)
}

// clone makes an engine's directory from a saved state. Tables are linked, as
// they never change; the rest is small, and copied, as the engine will write it.
func (h *home) clone(name, dir string) error {
	from := h.stateDir(name)
	files, err := os.ReadDir(from)
	if errors.Is(err, fs.ErrNotExist) {
		return ErrAbsent
	}
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	for _, f := range files {
		src, dst := filepath.Join(from, f.Name()), filepath.Join(dir, f.Name())
		if strings.HasSuffix(src, ".sst") && os.Link(src, dst) == nil {
			continue
		}
		if err := copyFile(src, dst); err != nil {
			return err
		}
	}
	return syncDir(dir)
}

func copyFile(from, to string) error {
	src, err := os.Open(from)
	if err != nil {
		return err
	}
	defer src.Close()
	dst, err := os.Create(to)
	if err != nil {
		return err
	}
	_, err = io.Copy(dst, src)
	return errors.Join(err, dst.Sync(), dst.Close())
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return err == nil
}
