package s3

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"

	"github.com/zeebo/xxh3"

	"github.com/brume-cloud/brume/state/blob"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Damage tells of bytes at rest that are not those that were stored.
type Damage struct {
	Bucket, Key string
	Version     string // id; null where there is none
	Upload      string // id, of an upload that is not complete
	What        string // was found
}

// Scrubbed is what a scrub has checked, and what it found.
type Scrubbed struct {
	Objects, Bytes int64
	Damaged        []Damage
}

// Scrub reads all that is kept, and holds it against its checksums.
func (s *Service) Scrub(ctx context.Context) (*Scrubbed, error) {
	t := &scrub{Service: s}
	_, err := t.run(ctx, 1<<62)
	return &t.Scrubbed, err
}

// armScrub puts the job that scrubs, unless it is put already.
func armScrub(tx kv.Tx) {
	key := armed.Key(kv.Scope{}, kv.String(kindScrub))
	if !armed.Has(tx, key) {
		armed.Put(tx, key, &struct{}{})
		job.Put(tx, &job.Job{Kind: kindScrub, Due: tx.Now().Add(scrubPeriod), Payload: kv.Append(nil, &spot{})})
	}
}

// scrubSome is the job: it goes on where the last one ended, for scrubBytes.
func (s *Service) scrubSome(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	t := &scrub{Service: s}
	if err := kv.Decode(j.Payload, &t.at); err != nil {
		return nil, err
	}
	done, err := t.run(ctx, scrubBytes)
	if err != nil {
		return nil, err
	}
	return func(tx kv.Tx) error {
		wait := scrubPause
		if done {
			wait, t.at = scrubPeriod, spot{}
		}
		job.Put(tx, &job.Job{Kind: kindScrub, Due: tx.Now().Add(wait), Payload: kv.Append(nil, &t.at)})
		return nil
	}, nil
}

// spot is where a scrub is: behind a row.
type spot struct {
	Bucket []byte `kv:"1"` // the key of the bucket's row
	Table  int    `kv:"2"` // of the bucket, in the order of look
	Row    []byte `kv:"3"` // the key of the last row that was checked
}

// scrub is a way through all buckets.
type scrub struct {
	*Service
	Scrubbed
	at spot
}

// run checks row by row, until all are done or a number of bytes is read.
func (t *scrub) run(ctx context.Context, bytes int64) (done bool, err error) {
	for bytes > 0 {
		var of *suspect
		err := kv.View(ctx, t.Store, func(tx kv.Tx) error {
			of = t.look(tx)
			return nil
		})
		if err != nil || of == nil {
			return err == nil, err
		}
		before := t.Bytes
		for i := range of.chunks {
			if err := t.check(ctx, of, &of.chunks[i]); err != nil {
				return false, err
			}
		}
		if len(of.chunks) > 0 {
			t.Objects++
		}
		t.at = of.at
		bytes -= t.Bytes - before + scrubRow
	}
	return false, nil
}

// suspect is what one row refers to.
type suspect struct {
	Damage
	at     spot
	chunks []chunk
}

// chunk is bytes in one place, with what they were.
type chunk struct {
	blob  blob.Ref
	small []byte
	lost  bool
	sum   sum // of small
}

// look finds the next row; nil at the end.
func (t *scrub) look(tx kv.Tx) *suspect {
	for sc := range kv.Scopes(tx) {
		if sc.Account != "" {
			break // buckets are in no account's scope
		}
		in := kv.Prefix(buckets.Prefix(sc))
		if kv.Key(t.at.Bucket).Compare(in.From) > 0 {
			in.From = t.at.Bucket
		}
		for key, b := range buckets.Scan(tx, in) {
			rd := buckets.Parts(key)
			b.Name = rd.String()
			at := spot{Bucket: append([]byte(nil), key...)}
			if kv.Key(t.at.Bucket).Compare(key) == 0 {
				at = t.at
			}
			if of := b.suspectBehind(tx, at); of != nil {
				return of
			}
		}
	}
	return nil
}

// suspectBehind finds the next row of a bucket.
func (b *bucket) suspectBehind(tx kv.Tx, at spot) *suspect {
	for ; at.Table < 3; at = (spot{Bucket: at.Bucket, Table: at.Table + 1}) {
		of := &suspect{Damage: Damage{Bucket: b.Name}, at: at}
		var in kv.Range
		behind := func(all kv.Key) {
			if in = kv.Prefix(all); at.Row != nil {
				in.From = kv.Key(at.Row).After()
			}
		}
		switch at.Table {
		case 0, 1:
			table := &objects
			if at.Table == 1 {
				table = &versions
			}
			behind(table.Prefix(b.scope(), b.id()))
			for key, o := range table.Scan(tx, in) {
				rd := table.Parts(key)
				rd.Skip(1)
				of.Key, of.Version, of.at.Row = rd.String(), o.id(), append([]byte(nil), key...)
				of.add(tx, b, o.Content, o.Sum)
				return of
			}
		case 2:
			behind(uploads.Prefix(b.scope(), b.id()))
			for key, u := range uploads.Scan(tx, in) {
				rd := uploads.Parts(key)
				rd.Skip(1)
				of.Key, of.Upload, of.at.Row = rd.String(), rd.String(), append([]byte(nil), key...)
				for _, p := range parts.Scan(tx, kv.Prefix(parts.Prefix(b.scope(), b.id(), kv.Uint(u.Number)))) {
					of.add(tx, b, p.Content, p.Sum)
				}
				return of
			}
		}
	}
	return nil
}

// add adds what a content consists of.
func (of *suspect) add(tx kv.Tx, b *bucket, c content, was sum) {
	switch {
	case c.Row != 0:
		body, ok := bodies.Get(tx, b.bodyKey(c.Row))
		if !ok {
			of.chunks = append(of.chunks, chunk{lost: true})
			return
		}
		of.chunks = append(of.chunks, chunk{small: body.Bytes, sum: was})
	case c.Blob.ID != "":
		of.chunks = append(of.chunks, chunk{blob: c.Blob})
	case c.Parts != 0:
		for _, p := range extents.Scan(tx, kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(c.Parts)))) {
			of.add(tx, b, p.Content, p.Sum)
		}
	}
}

// check reads a chunk and holds it against its checksum.
func (t *scrub) check(ctx context.Context, of *suspect, c *chunk) error {
	if c.blob.ID == "" {
		t.Bytes += int64(len(c.small))
		if c.lost {
			t.report(of, "the row of its bytes is missing")
		} else if a, ok := algorithmNamed(c.sum.Algorithm); ok && !c.sum.Composite {
			h := a.make()
			h.Write(c.small)
			if base64.StdEncoding.EncodeToString(h.Sum(nil)) != c.sum.Value {
				t.report(of, "its bytes have another checksum than when they were stored")
			}
		}
		return nil
	}
	r, err := t.Blobs.Open(c.blob.ID)
	if errors.Is(err, blob.ErrNotFound) {
		return t.missing(ctx, of, c.blob.ID)
	}
	if err != nil {
		t.report(of, fmt.Sprintf("blob %s cannot be opened: %v", c.blob.ID, err))
		return nil
	}
	defer r.Close()
	h := xxh3.New()
	n, err := io.CopyBuffer(h, untilEnded{ctx, r}, make([]byte, bufferSize))
	t.Bytes += n
	switch {
	case ctx.Err() != nil:
		return ctx.Err()
	case err != nil:
		t.report(of, fmt.Sprintf("blob %s cannot be read: %v", c.blob.ID, err))
	case n != c.blob.Size:
		t.report(of, fmt.Sprintf("blob %s has %d bytes instead of %d", c.blob.ID, n, c.blob.Size))
	case h.Sum64() != c.blob.Checksum:
		t.report(of, fmt.Sprintf("blob %s has another checksum than when it was stored", c.blob.ID))
	}
	return nil
}

// missing reports a blob that is not there, unless the row has gone as well.
func (t *scrub) missing(ctx context.Context, of *suspect, id blob.ID) error {
	still := false
	err := kv.View(ctx, t.Store, func(tx kv.Tx) error {
		still = held.Has(tx, heldKey(id))
		return nil
	})
	if still {
		t.report(of, fmt.Sprintf("blob %s is missing", id))
	}
	return err
}

func (t *scrub) report(of *suspect, what string) {
	d := of.Damage
	d.What = what
	t.Log.Error("an object is damaged: restore it from another copy", "service", "s3", "bucket", d.Bucket, "key", d.Key, "version", d.Version, "upload", d.Upload, "damage", what)
	t.Damaged = append(t.Damaged, d)
}

// untilEnded reads until its context ends.
type untilEnded struct {
	ctx  context.Context
	from io.Reader
}

func (u untilEnded) Read(p []byte) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.from.Read(p)
}
