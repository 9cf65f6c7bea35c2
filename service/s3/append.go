package s3

import (
	"context"
	"net/http"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// extend appends a body to an object of a directory bucket: it becomes a part of
// it, and what was there is not touched. At offset 0, it may be a new object.
// AWS: "Appending data to objects in directory buckets".
func (s *Service) extend(ctx context.Context, in *api.PutObjectInput, p promise) (*api.PutObjectOutput, error) {
	w := &write{in: in, event: "Put", when: conditions{match: in.IfMatch, noneMatch: in.IfNoneMatch}}
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		fresh, err := w.stretch(ctx, tx, b)
		if !fresh && err == nil {
			p.kept = w.o.Sum.Algorithm
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	if w.body, err = s.receive(ctx, in.Body, p); err != nil {
		return nil, err
	}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		fresh, err := w.stretch(ctx, tx, b)
		switch {
		case err != nil:
			return err
		case fresh:
			w.o.Size, w.o.Sum, w.o.ETag = w.body.size, w.body.sum, s.expressTag()
			if w.o.Content, err = s.keep(tx, b, w.body); err == nil {
				s.publish(ctx, tx, w)
			}
			return err
		case w.o.Sum.Algorithm != w.body.sum.Algorithm:
			return aws.Errorf(http.StatusConflict, "ConditionalRequestConflict", "The object was replaced while the data to append to it came. Retry the request.")
		}
		return s.attach(tx, w)
	})
	if err != nil {
		s.drop(w.body)
		return nil, err
	}
	out := w.answer()
	out.Size = &w.o.Size
	return out, nil
}

// stretch finds the object that the request appends to, or says that it makes a
// fresh one.
func (w *write) stretch(ctx context.Context, tx kv.Tx, b *bucket) (fresh bool, err error) {
	if !b.isDirectory() {
		return false, errNotForDirectories()
	}
	offset := *w.in.WriteOffsetBytes
	if err := w.prepare(ctx, tx, b); err != nil {
		return false, err
	}
	o, ok := b.latest(tx, w.in.Key)
	switch {
	case !ok && offset == 0:
		return true, nil
	case !ok || offset != o.Size:
		return false, api.ErrInvalidWriteOffset("The write offset value that you specified does not match the current object size.")
	case o.Parts >= maxPart:
		return false, api.ErrTooManyParts("You have attempted to add more parts than the maximum of 10000 that are allowed for this object. You can use the CopyObject operation to copy this object to another and then add more data to the newly copied object.")
	}
	if a, _ := algorithmNamed(o.Sum.Algorithm); a.crc == 0 && !o.Sum.Composite {
		return false, api.ErrInvalidRequest("Data can only be appended to objects whose checksum is a CRC.")
	}
	w.o = o
	return false, nil
}

// attach makes the body the last part of the object.
func (s *Service) attach(tx kv.Tx, w *write) error {
	b, o := w.b, w.o
	old := *o
	o.Modified, o.ETag, o.Upload = tx.Now(), s.expressTag(), ""
	if w.body.size > 0 {
		kept, err := s.keep(tx, b, w.body)
		if err != nil {
			return err
		}
		row := o.Content.Parts
		if row == 0 {
			row, o.Parts = s.Random.Uint64(), 0
			if o.Size > 0 {
				o.Parts = 1
				extents.Put(tx, b.extentKey(row, 0), &part{Number: 1, Size: o.Size, ETag: old.ETag, Sum: o.Sum, Content: o.Content, Modified: old.Modified})
			}
		}
		last := b.lastPart(tx, row)
		extents.Put(tx, b.extentKey(row, o.Size), &part{Number: last + 1, Size: w.body.size, ETag: o.ETag, Sum: w.body.sum, Content: kept, Modified: o.Modified})
		o.Content, o.Parts, o.Size = content{Parts: row}, o.Parts+1, o.Size+w.body.size
		o.Sum = b.sumOf(tx, o, &old, w.body)
	}
	b.settle(tx, &old)
	b.bill(tx, o)
	objects.Put(tx, b.objectKey(o.Key), o)
	return nil
}

// lastPart is the number of the last part; 0 when there is none.
func (b *bucket) lastPart(tx kv.Tx, row uint64) int {
	all := kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(row)))
	all.Reverse = true
	for _, p := range extents.Scan(tx, all) {
		return p.Number
	}
	return 0
}

// sumOf is the checksum of an object that was old before more came.
func (b *bucket) sumOf(tx kv.Tx, o, old *object, more *received) sum {
	if !old.Sum.Composite {
		var whole joint
		whole.a, _ = algorithmNamed(old.Sum.Algorithm)
		whole.add(old.Sum.Value, old.Size)
		whole.add(more.sum.Value, more.size)
		return whole.sum()
	}
	var values []string
	for _, p := range extents.Scan(tx, kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(o.Content.Parts)))) {
		values = append(values, p.Sum.Value)
	}
	return composite(old.Sum.Algorithm, values)
}
