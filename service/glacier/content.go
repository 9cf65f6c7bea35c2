package glacier

import (
	"context"
	"crypto/sha256"
	"io"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// place is where a content is.
type place struct {
	kv.Scope
	id uint64
}

func (p place) key() kv.Key { return contents.Key(p.Scope, kv.Uint(p.id)) }

func (p place) pieces() kv.Key { return pieces.Prefix(p.Scope, kv.Uint(p.id)) }

func (p place) leaves() kv.Key { return leaves.Prefix(p.Scope, kv.Uint(p.id)) }

// offsetOf reads where a piece, or its leaves, begin in their content.
func offsetOf(r kv.Reader) int64 {
	r.Skip(1)
	return int64(r.Uint())
}

// newContent makes a content without any bytes yet, held once.
func (s *Service) newContent(tx kv.Tx, sc kv.Scope) place {
	p := place{sc, s.Random.Uint64()}
	contents.Put(tx, p.key(), &content{Holders: 1})
	return p
}

// put puts what was received at an offset, in the place of what was there.
func (p place) put(tx kv.Tx, offset int64, r *received) {
	at := kv.Uint(uint64(offset))
	key := p.pieces().With(at)
	if old, ok := pieces.Get(tx, key); ok {
		deleteBlob(tx, old.Blob.ID)
	}
	pieces.Put(tx, key, &piece{Blob: r.blob, TreeHash: r.treeHash})
	leaves.Put(tx, p.leaves().With(at), &leaf{Sums: r.leaves})
}

// hold adds a holder.
func (p place) hold(tx kv.Tx) {
	if c, ok := contents.Get(tx, p.key()); ok {
		c.Holders++
		contents.Put(tx, p.key(), c)
	}
}

// release takes a holder away, and with the last one the content itself.
func (p place) release(tx kv.Tx) {
	c, ok := contents.Get(tx, p.key())
	if !ok {
		return
	}
	if c.Holders > 1 {
		c.Holders--
		contents.Put(tx, p.key(), c)
		return
	}
	for _, q := range pieces.Scan(tx, kv.Prefix(p.pieces())) {
		deleteBlob(tx, q.Blob.ID)
	}
	pieces.DeleteAll(tx, p.pieces())
	leaves.DeleteAll(tx, p.leaves())
	contents.Delete(tx, p.key())
}

// deleteBlob puts the job that deletes a blob which no row refers to any more.
func deleteBlob(tx kv.Tx, id blob.ID) {
	job.PutNow(tx, &job.Job{Kind: kindDelete, ID: string(id)})
}

// deleteNow is the job. While there are saved states, which may refer to the
// blob, it is left to the collector.
func (s *Service) deleteNow(_ context.Context, j *job.Job) (func(kv.Tx) error, error) {
	saved, err := s.Saved()
	if err != nil {
		return nil, err
	}
	if saved {
		return func(tx kv.Tx) error {
			s.sweep().Arm(tx) // for vaults that are older than the collector
			return nil
		}, nil
	}
	return nil, s.Blobs.Delete(blob.ID(j.ID))
}

// span is a run of bytes of one blob.
type span struct {
	blob blob.ID
	from int64
	size int64
}

// spans are where the bytes [from, to) of a content are.
func (p place) spans(tx kv.Tx, from, to int64) []span {
	var all []span
	for key, q := range pieces.Scan(tx, rangeFrom(tx, p.pieces(), from)) {
		offset := offsetOf(pieces.Parts(key))
		if offset >= to {
			break
		}
		first, end := max(from-offset, 0), min(to-offset, q.Blob.Size)
		all = append(all, span{q.Blob.ID, first, end - first})
	}
	return all
}

// rangeFrom is the rows below prefix from the one on that has the byte at offset.
func rangeFrom(tx kv.Tx, prefix kv.Key, offset int64) kv.Range {
	r := kv.Prefix(prefix)
	for key := range tx.Scan(kv.Range{From: prefix, To: prefix.With(kv.Uint(uint64(offset))).End(), Reverse: true}) {
		r.From = key
		break
	}
	return r
}

// rangeHash is the tree hash of the bytes [from, to) of a content, which begin
// and end at leaves.
func (p place) rangeHash(tx kv.Tx, from, to int64) []byte {
	var t tree
	for key, l := range leaves.Scan(tx, rangeFrom(tx, p.leaves(), from)) {
		at := offsetOf(leaves.Parts(key))
		if at >= to {
			break
		}
		for sums := l.Sums; len(sums) > 0 && at < to; sums = sums[sha256.Size:] {
			if at >= from {
				t.add(sums[:sha256.Size])
			}
			at += mebibyte
		}
	}
	return t.root()
}

// download reads spans one after the other, each from its blob, which is
// opened when it is reached.
type download struct {
	blobs blob.Store
	left  []span
	size  int64 // of all
	open  blob.Reader
	at    io.Reader
}

func (s *Service) newDownload(all []span) *download {
	d := &download{blobs: s.Blobs, left: all}
	for _, p := range all {
		d.size += p.size
	}
	return d
}

// Size is how many bytes there are in all.
func (d *download) Size() int64 { return d.size }

// Read implements io.Reader.
func (d *download) Read(p []byte) (int, error) {
	for {
		if d.at == nil {
			if len(d.left) == 0 {
				return 0, io.EOF
			}
			b, err := d.blobs.Open(d.left[0].blob)
			if err != nil {
				return 0, err
			}
			d.open, d.at = b, io.NewSectionReader(b, d.left[0].from, d.left[0].size)
			d.left = d.left[1:]
		}
		n, err := d.at.Read(p)
		if n > 0 {
			return n, nil
		}
		if err != io.EOF {
			return 0, err
		}
		if err := d.Close(); err != nil {
			return 0, err
		}
	}
}

// Close implements io.Closer.
func (d *download) Close() error {
	if d.open == nil {
		return nil
	}
	err := d.open.Close()
	d.open, d.at = nil, nil
	return err
}
