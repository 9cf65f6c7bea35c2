package function

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
)

// cache keeps unpacked archives as directories. What no environment uses may be
// removed, the longest unused first, when the whole grows over its size.
type cache struct {
	dir      string
	max      int64 // bytes of all, roughly
	unpacked int64 // bytes of one

	mu      sync.Mutex
	entries map[string]*entry
	turn    uint64 // counts uses, for the order
}

type entry struct {
	once  sync.Once
	err   error
	bytes int64
	users int
	used  uint64
}

// use returns the name, below the cache's directory, of a directory with the
// archives unpacked over each other, and a function to give it back.
func (c *cache) use(ctx context.Context, archives []Archive) (name string, release func(), err error) {
	h := sha256.New()
	for _, a := range archives {
		fmt.Fprintf(h, "%d:%s", len(a.Hash), a.Hash)
	}
	name = hex.EncodeToString(h.Sum(nil)[:16])
	c.mu.Lock()
	e := c.entries[name]
	if e == nil {
		e = &entry{}
		c.entries[name] = e
	}
	e.users++
	c.turn++
	e.used = c.turn
	c.mu.Unlock()
	e.once.Do(func() { e.bytes, e.err = c.unpack(ctx, name, archives) })
	release = sync.OnceFunc(func() { c.release(name, e) })
	if e.err != nil {
		release()
		return "", nil, e.err
	}
	return name, release, nil
}

func (c *cache) release(name string, e *entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e.users--
	if e.err != nil && c.entries[name] == e {
		delete(c.entries, name) // so that the next one tries again
	}
	c.shrink()
}

// shrink removes unused directories until the rest fits.
func (c *cache) shrink() {
	for {
		var total int64
		var oldest string
		for name, e := range c.entries {
			if e.users > 0 {
				total += e.bytes
				continue
			}
			total += e.bytes
			if oldest == "" || e.used < c.entries[oldest].used {
				oldest = name
			}
		}
		if total <= c.max || oldest == "" {
			return
		}
		delete(c.entries, oldest)
		_ = os.RemoveAll(filepath.Join(c.dir, oldest))
	}
}

func (c *cache) unpack(ctx context.Context, name string, archives []Archive) (int64, error) {
	tmp, err := os.MkdirTemp(c.dir, "unpack-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(tmp)
	if err := os.Chmod(tmp, 0o755); err != nil {
		return 0, err
	}
	root, err := os.OpenRoot(tmp)
	if err != nil {
		return 0, err
	}
	defer root.Close()
	u := unpacking{root: root, max: c.unpacked}
	for _, a := range archives {
		if err := u.archive(ctx, a); err != nil {
			return 0, err
		}
	}
	target := filepath.Join(c.dir, name)
	if err := os.RemoveAll(target); err != nil { // of an earlier process
		return 0, err
	}
	return u.bytes, os.Rename(tmp, target)
}

// unpacking writes archives below a root that nothing leaves: os.Root follows
// no link out of it, so an archive that holds a link and then a file below the
// link fails.
type unpacking struct {
	root  *os.Root
	bytes int64
	max   int64
	files int
}

func (u *unpacking) archive(ctx context.Context, a Archive) error {
	z, err := a.Open(ctx)
	if err != nil {
		return err
	}
	defer z.Close()
	r, err := zip.NewReader(z, z.Size())
	if err != nil {
		return fmt.Errorf("%w: %w", ErrArchive, err)
	}
	for _, f := range r.File {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := u.file(f); err != nil {
			return fmt.Errorf("%w: %q: %w", ErrArchive, f.Name, err)
		}
	}
	return nil
}

func (u *unpacking) file(f *zip.File) error {
	name := filepath.FromSlash(strings.TrimSuffix(strings.ReplaceAll(f.Name, `\`, "/"), "/"))
	if name == "" || name == "." {
		return nil
	}
	if !filepath.IsLocal(name) {
		return errors.New("leaves the archive's directory")
	}
	if u.files++; u.files > maxFiles {
		return errors.New("too many files")
	}
	if f.FileInfo().IsDir() {
		return u.root.MkdirAll(name, 0o755)
	}
	if err := u.root.MkdirAll(filepath.Dir(name), 0o755); err != nil {
		return err
	}
	if old, err := u.root.Lstat(name); err == nil && !old.IsDir() {
		if err := u.root.Remove(name); err != nil { // an earlier layer's
			return err
		}
	}
	r, err := f.Open()
	if err != nil {
		return err
	}
	defer r.Close()
	switch mode := f.Mode(); {
	case mode&fs.ModeSymlink != 0:
		return u.link(name, r)
	case mode.IsRegular():
		return u.regular(name, mode, r)
	}
	return errors.New("is neither a file, a directory nor a link")
}

func (u *unpacking) link(name string, r io.Reader) error {
	b, err := io.ReadAll(io.LimitReader(r, 4096))
	if err != nil {
		return err
	}
	// An absolute link is left for the function to follow in its own root; one
	// that climbs out of the archive can have no good meaning.
	target := string(b)
	if !filepath.IsAbs(target) && !filepath.IsLocal(filepath.Join(filepath.Dir(name), target)) {
		return errors.New("links out of the archive's directory")
	}
	return u.root.Symlink(target, name)
}

func (u *unpacking) regular(name string, mode fs.FileMode, r io.Reader) error {
	// Everybody may read, because environments run as users of their own.
	w, err := u.root.OpenFile(name, os.O_CREATE|os.O_EXCL|os.O_WRONLY, mode.Perm()&0o755|0o444)
	if err != nil {
		return err
	}
	n, err := io.Copy(w, io.LimitReader(r, u.max-u.bytes+1))
	if err2 := w.Close(); err == nil {
		err = err2
	}
	if u.bytes += n; u.bytes > u.max {
		return fmt.Errorf("unpacked size must be smaller than %d bytes", u.max)
	}
	return err
}
