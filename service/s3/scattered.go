package s3

import (
	"io"
	"math"
	"sort"

	"github.com/brume-cloud/brume/state/blob"
)

// scattered is the content of an object by offsets.
type scattered struct {
	blobs  blob.Store
	pieces []piece
	starts []int64
	open   blob.Reader // of the piece that was read last
	at     int         // which that is
	n      *int64      // bytes that were read
}

func (s *Service) scattered(pieces []piece) *scattered {
	c := &scattered{blobs: s.Blobs, pieces: pieces, at: -1, n: new(int64)}
	start := int64(0)
	for i := range pieces {
		c.starts = append(c.starts, start)
		start += pieces[i].size
	}
	return c
}

// ReadAt implements io.ReaderAt, for one goroutine.
func (c *scattered) ReadAt(b []byte, off int64) (n int, err error) {
	for n < len(b) && err == nil {
		i := sort.Search(len(c.starts), func(i int) bool { return c.starts[i] > off }) - 1
		if i < 0 || off >= c.starts[i]+c.pieces[i].size {
			return n, io.EOF
		}
		p := &c.pieces[i]
		from := off - c.starts[i]
		part := b[n:min(len(b), n+int(min(p.size-from, math.MaxInt32)))]
		if p.blob == "" {
			copy(part, p.small[from:])
		} else if err = c.enter(i); err == nil {
			_, err = io.ReadFull(io.NewSectionReader(c.open, p.from+from, int64(len(part))), part)
		}
		n, off = n+len(part), off+int64(len(part))
		*c.n += int64(len(part))
	}
	return n, err
}

// enter opens the blob of a piece.
func (c *scattered) enter(i int) (err error) {
	if c.at == i {
		return nil
	}
	if err := c.Close(); err != nil {
		return err
	}
	if c.open, err = c.blobs.Open(c.pieces[i].blob); err == nil {
		c.at = i
	}
	return err
}

// Read implements io.Reader, which nobody needs of it.
func (c *scattered) Read([]byte) (int, error) { return 0, io.EOF }

// Close gives the blob back that is open.
func (c *scattered) Close() (err error) {
	if c.at >= 0 {
		err, c.at = c.open.Close(), -1
	}
	return err
}
