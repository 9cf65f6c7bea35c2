package s3

import (
	"context"
	"errors"
	"io"
	"strings"

	"github.com/zeebo/xxh3"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// keep puts a received body into the rows of a bucket.
func (s *Service) keep(tx kv.Tx, b *bucket, r *received) (content, error) {
	switch {
	case r.shared:
		if !share(tx, r.blob.ID) {
			return content{}, errGone
		}
		return content{Blob: r.blob}, nil
	case r.blob.ID != "":
		held.Put(tx, heldKey(r.blob.ID), &holders{Count: 1})
		return content{Blob: r.blob}, nil
	case len(r.small) > 0:
		row := s.Random.Uint64()
		bodies.Put(tx, b.bodyKey(row), &small{r.small})
		return content{Row: row}, nil
	}
	return content{}, nil
}

// errGone tells that what was to be shared is gone: look again.
var errGone = errors.New("s3: the source was replaced")

// share makes another row refer to a blob. ok is false when the blob has gone
// since it was looked up.
func share(tx kv.Tx, id blob.ID) (ok bool) {
	h, ok := held.Get(tx, heldKey(id))
	if ok {
		h.Count++
		held.Put(tx, heldKey(id), h)
	}
	return ok
}

// release gives up the bytes of a row that is deleted in tx.
func (b *bucket) release(tx kv.Tx, c content) {
	switch {
	case c.Row != 0:
		bodies.Delete(tx, b.bodyKey(c.Row))
	case c.Blob.ID != "":
		unhold(tx, c.Blob.ID)
	case c.Parts != 0:
		of := extents.Prefix(b.scope(), b.id(), kv.Uint(c.Parts))
		for _, p := range extents.Scan(tx, kv.Prefix(of)) {
			b.release(tx, p.Content)
		}
		extents.DeleteAll(tx, of)
	}
}

// unhold takes back one reference to a blob. With the last, a job deletes it.
func unhold(tx kv.Tx, id blob.ID) {
	key := heldKey(id)
	h, ok := held.Get(tx, key)
	if ok && h.Count > 1 {
		h.Count--
		held.Put(tx, key, h)
		return
	}
	held.Delete(tx, key)
	job.PutNow(tx, &job.Job{Kind: kindDelete, ID: string(id), Payload: []byte(id)})
}

// deleteBlob is the job that deletes a blob which no row refers to any more.
// While there are saved states, which may refer to it, it is left to the collector.
func (s *Service) deleteBlob(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	id := blob.ID(j.Payload)
	wanted, err := s.wanted(ctx, id)
	if err != nil || wanted {
		return nil, err
	}
	return nil, s.Blobs.Delete(id)
}

// wanted reports whether a row may refer to a blob, of the present state or of
// a saved one.
func (s *Service) wanted(ctx context.Context, id blob.ID) (wanted bool, err error) {
	if saved, err := s.Saved(); saved || err != nil {
		return saved, err
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		wanted = held.Has(tx, heldKey(id))
		return nil
	})
	return wanted, err
}

// piece is a run of bytes in one place.
type piece struct {
	small string
	blob  blob.ID
	from  int64
	size  int64
	whole *uint64 // the checksum, when this is all of the blob
}

// pieces are where the bytes [from, from+size) of an object are.
func (b *bucket) pieces(tx kv.Tx, c content, from, size int64) []piece {
	if size == 0 {
		return nil
	}
	if c.Parts == 0 {
		return b.plain(tx, c, from, size)
	}
	var all []piece
	for key, p := range extents.Scan(tx, b.extentsFrom(tx, c.Parts, from)) {
		start := startOf(key)
		if start >= from+size {
			break
		}
		skip := max(from-start, 0)
		n := min(p.Size-skip, from+size-start-skip)
		all = append(all, b.plain(tx, p.Content, skip, n)...)
	}
	return all
}

// extentsFrom is the range of extents from the one that holds the byte at from.
func (b *bucket) extentsFrom(tx kv.Tx, row uint64, from int64) kv.Range {
	r := kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(row)))
	before := kv.Range{From: r.From, To: behind(b.extentKey(row, from)), Reverse: true}
	for key := range extents.Scan(tx, before) {
		r.From = append(kv.Key(nil), key...)
		break
	}
	return r
}

func startOf(extent kv.Key) int64 {
	rd := extents.Parts(extent)
	rd.Skip(2)
	return rd.Int()
}

func (b *bucket) plain(tx kv.Tx, c content, from, size int64) []piece {
	if c.Row == 0 {
		p := piece{blob: c.Blob.ID, from: from, size: size}
		if size == c.Blob.Size {
			p.whole = &c.Blob.Checksum
		}
		return []piece{p}
	}
	body, ok := texts.Get(tx, b.bodyKey(c.Row))
	if !ok || int64(len(body.Bytes)) < from+size {
		kv.Fail(errLost)
	}
	return []piece{{small: body.Bytes[from : from+size], size: size}}
}

var errLost = errors.New("s3: the bytes of an object are gone")

// reading is the content of an object, or of a range of it. Its WriteTo hands
// files to the writer as they are, for the operating system to send.
type reading struct {
	blobs  blob.Store
	pieces []piece
	ahead  []blob.Reader // of the pieces behind the first, as far as they are open
	open   blob.Reader   // of the first piece
	left   int64         // bytes of it to come
	sum    xxh3.Hasher   // of those that came
}

// openPieces opens blobs at once: what is open stays, should the object be
// replaced while it is read, and one that is gone is noticed while another try is
// possible. Of an object of very many parts, only the first are opened.
func (s *Service) openPieces(pieces []piece) (io.ReadCloser, error) {
	if len(pieces) == 0 {
		return io.NopCloser(emptyBody()), nil
	}
	if len(pieces) == 1 && pieces[0].blob == "" {
		return io.NopCloser(strings.NewReader(pieces[0].small)), nil
	}
	r := &reading{blobs: s.Blobs, pieces: pieces}
	for i := range min(len(pieces), openAhead) {
		var b blob.Reader
		if id := pieces[i].blob; id != "" {
			var err error
			if b, err = s.Blobs.Open(id); err != nil {
				return nil, errors.Join(err, r.Close())
			}
		}
		r.ahead = append(r.ahead, b)
	}
	return r, r.next()
}

// next opens the first piece.
func (r *reading) next() error {
	p := &r.pieces[0]
	r.left = p.size
	r.sum.Reset()
	if len(r.ahead) > 0 {
		r.open, r.ahead = r.ahead[0], r.ahead[1:]
	} else if p.blob != "" {
		var err error
		if r.open, err = r.blobs.Open(p.blob); err != nil {
			return err
		}
	}
	if p.blob == "" {
		return nil
	}
	_, err := r.open.Seek(p.from, io.SeekStart)
	return err
}

// source is the bytes of the first piece that are to come.
func (r *reading) source() io.Reader {
	p := &r.pieces[0]
	if p.blob == "" {
		return strings.NewReader(p.small[p.size-r.left:])
	}
	if f := r.open.File(); f != nil {
		return f
	}
	return r.open
}

func (r *reading) Read(b []byte) (int, error) {
	for len(r.pieces) > 0 {
		if r.left == 0 {
			if err := r.advance(); err != nil {
				return 0, err
			}
			continue
		}
		n, err := r.source().Read(b[:min(int64(len(b)), r.left)])
		r.left -= int64(n)
		if err == io.EOF {
			if err = nil; r.left > 0 {
				err = io.ErrUnexpectedEOF
			}
		}
		if whole := r.pieces[0].whole; whole != nil {
			_, _ = r.sum.Write(b[:n])
			if r.left == 0 && r.sum.Sum64() != *whole {
				return 0, errDamaged // before the last bytes, so that nobody takes it for whole
			}
		}
		return n, err
	}
	return 0, io.EOF
}

// advance goes on to the piece behind the first.
func (r *reading) advance() error {
	err := r.closeFirst()
	r.pieces = r.pieces[1:]
	if err == nil && len(r.pieces) > 0 {
		err = r.next()
	}
	return err
}

// WriteTo implements io.WriterTo. What the operating system sends is not checked.
func (r *reading) WriteTo(w io.Writer) (total int64, err error) {
	if _, sends := w.(io.ReaderFrom); !sends {
		return io.CopyBuffer(w, readerOnly{r}, make([]byte, bufferSize))
	}
	for len(r.pieces) > 0 {
		n, err := io.Copy(w, &io.LimitedReader{R: r.source(), N: r.left})
		total += n
		r.left -= n
		if err == nil && r.left > 0 {
			err = io.ErrUnexpectedEOF
		}
		if err != nil {
			return total, err
		}
		if err := r.advance(); err != nil {
			return total, err
		}
	}
	return total, nil
}

// readerOnly hides what else a reader can do.
type readerOnly struct{ io.Reader }

func (r *reading) closeFirst() error {
	if r.open == nil {
		return nil
	}
	err := r.open.Close()
	r.open = nil
	return err
}

func (r *reading) Close() error {
	err := r.closeFirst()
	for _, b := range r.ahead {
		if b != nil {
			err = errors.Join(err, b.Close())
		}
	}
	r.ahead = nil
	return err
}
