package blob

import (
	"context"
	"errors"
	"io/fs"
	"iter"
	"os"
	"path/filepath"

	"github.com/zeebo/xxh3"
)

// Dir is a Store in a directory. The blob 0123… is the file 01/23/0123…; what
// is being written is under tmp/.
type Dir struct {
	root string
	sync bool
}

const tmpDir = "tmp"

// OpenDir opens the store in the directory root, which is made when missing,
// and removes what unfinished writers left there. With sync a committed blob
// survives a power loss, without it the end of the process. One Dir at a time
// may have the directory open.
func OpenDir(root string, sync bool) (*Dir, error) {
	tmp := filepath.Join(root, tmpDir)
	if err := os.RemoveAll(tmp); err != nil {
		return nil, err
	}
	if err := os.MkdirAll(tmp, 0o755); err != nil {
		return nil, err
	}
	return &Dir{root: root, sync: sync}, nil
}

func (d *Dir) path(id ID) string {
	return filepath.Join(d.root, string(id[:2]), string(id[2:4]), string(id))
}

// Create implements Store.
func (d *Dir) Create(ctx context.Context) (Writer, error) {
	id := newID()
	f, err := os.OpenFile(filepath.Join(d.root, tmpDir, string(id)), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	return &fileWriter{ctx: ctx, dir: d, id: id, file: f}, nil
}

type fileWriter struct {
	ctx  context.Context
	dir  *Dir
	id   ID
	file *os.File // nil when done
	size int64
	sum  xxh3.Hasher
}

func (w *fileWriter) Write(p []byte) (int, error) {
	if w.file == nil {
		return 0, ErrClosed
	}
	if err := w.ctx.Err(); err != nil {
		return 0, err
	}
	n, err := w.file.Write(p)
	_, _ = w.sum.Write(p[:n])
	w.size += int64(n)
	return n, err
}

func (w *fileWriter) Commit() (Ref, error) {
	if w.file == nil {
		return Ref{}, ErrClosed
	}
	if err := w.commit(); err != nil {
		w.Abort()
		return Ref{}, err
	}
	return Ref{ID: w.id, Size: w.size, Checksum: w.sum.Sum64()}, nil
}

func (w *fileWriter) commit() error {
	if err := w.ctx.Err(); err != nil {
		return err
	}
	if w.dir.sync {
		if err := w.file.Sync(); err != nil {
			return err
		}
	}
	if err := w.file.Close(); err != nil {
		return err
	}
	to := w.dir.path(w.id)
	if err := w.dir.publish(w.file.Name(), to); err != nil {
		return err
	}
	w.file = nil
	return nil
}

// publish renames a written file to its place.
func (d *Dir) publish(from, to string) error {
	err := os.Rename(from, to)
	if errors.Is(err, fs.ErrNotExist) { // the first blob in its directory
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			return err
		}
		err = os.Rename(from, to)
	}
	if err != nil || !d.sync {
		return err
	}
	inner := filepath.Dir(to)
	for _, dir := range []string{inner, filepath.Dir(inner), d.root} {
		if err := syncDir(dir); err != nil {
			return err
		}
	}
	return nil
}

func syncDir(dir string) error {
	f, err := os.Open(dir)
	if err != nil {
		return err
	}
	return errors.Join(f.Sync(), f.Close())
}

func (w *fileWriter) Abort() {
	if w.file == nil {
		return
	}
	_ = w.file.Close()
	_ = os.Remove(w.file.Name()) // what stays is removed by the next OpenDir
	w.file = nil
}

// Open implements Store.
func (d *Dir) Open(id ID) (Reader, error) {
	if !id.Valid() {
		return nil, ErrInvalid
	}
	f, err := os.Open(d.path(id))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, ErrNotFound
	}
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return &fileReader{file{f}, info.Size()}, nil
}

// file hides the method File would otherwise collide with.
type file struct{ *os.File }

type fileReader struct {
	file
	size int64
}

func (r *fileReader) Size() int64    { return r.size }
func (r *fileReader) File() *os.File { return r.file.File }

// Delete implements Store.
func (d *Dir) Delete(id ID) error {
	if !id.Valid() {
		return ErrInvalid
	}
	if err := os.Remove(d.path(id)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return nil
}

// List implements Store.
func (d *Dir) List() iter.Seq2[Info, error] {
	return func(yield func(Info, error) bool) {
		err := filepath.WalkDir(d.root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case errors.Is(err, fs.ErrNotExist):
				return nil
			case err != nil:
				return err
			case e.IsDir() && e.Name() == tmpDir && filepath.Dir(path) == filepath.Clean(d.root):
				return fs.SkipDir
			case e.IsDir() || !ID(e.Name()).Valid():
				return nil
			}
			info, err := e.Info()
			if errors.Is(err, fs.ErrNotExist) {
				return nil
			}
			if err != nil {
				return err
			}
			if !yield(Info{ID: ID(e.Name()), Size: info.Size(), Created: info.ModTime()}, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield(Info{}, err)
		}
	}
}
