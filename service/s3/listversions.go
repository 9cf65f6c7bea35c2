package s3

import (
	"context"
	"iter"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// ListObjectVersions lists all versions, by key and from the newest on.
func (s *Service) ListObjectVersions(ctx context.Context, in *api.ListObjectVersionsInput) (*api.ListObjectVersionsOutput, error) {
	l, err := listingOf(in.Prefix, in.Delimiter, in.MaxKeys, in.EncodingType)
	if err != nil {
		return nil, err
	}
	l.after, l.restores = deref(in.KeyMarker), len(in.OptionalObjectAttributes) > 0
	if in.VersionIdMarker != nil && in.KeyMarker == nil {
		return nil, errArgument("version-id-marker", *in.VersionIdMarker, "A version-id marker cannot be specified without a key marker.")
	}
	out := &api.ListObjectVersionsOutput{
		Name: &in.Bucket, Prefix: l.shownPointer(&l.prefix), Delimiter: l.shownPointer(in.Delimiter), KeyMarker: new(l.shown(l.after)), VersionIdMarker: new(deref(in.VersionIdMarker)),
		MaxKeys: new(int32(l.limit)), EncodingType: in.EncodingType, IsTruncated: new(false),
	}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		v := &history{listing: &l, b: b, tx: tx, out: out}
		return v.list(deref(in.VersionIdMarker))
	})
	return out, err
}

// history is a listing of versions.
type history struct {
	*listing
	b        *bucket
	tx       kv.Tx
	out      *api.ListObjectVersionsOutput
	prefixes []string
}

// list fills the answer, from behind the version with the id on.
func (v *history) list(id string) error {
	if v.limit == 0 {
		return nil
	}
	from, inclusive := v.begin()
	if !inclusive && id != "" {
		if _, ok := seqOf(id); !ok && id != nullVersion {
			return errArgument("version-id-marker", id, "Invalid version id specified")
		}
		if more := v.rest(from, id); !more {
			return nil
		}
	}
	for {
		next, ok := v.walk(from, inclusive)
		if !ok {
			break
		}
		from, inclusive = next, true
	}
	v.out.CommonPrefixes = v.shownPrefixes(v.prefixes)
	return nil
}

// rest lists what lies behind one version of a key; more tells whether there is
// room for other keys.
func (v *history) rest(key, id string) (more bool) {
	marker, ok := v.b.version(v.tx, key, id)
	if !ok {
		return true
	}
	r := kv.Prefix(versions.Prefix(v.b.scope(), v.b.id(), kv.String(key)))
	r.From = behind(v.b.versionKey(key, marker.Seq))
	for _, o := range versions.Scan(v.tx, r) {
		o.Key = key
		if !v.add(o, false) {
			return false
		}
	}
	return true
}

// walk lists from a key on. It ends at a common prefix that is worth jumping
// over: next is where to go on.
func (v *history) walk(from string, inclusive bool) (next string, ok bool) {
	under, last := 0, ""
	for o := range v.all(from, inclusive) {
		common := v.common(o.Key)
		if common != "" {
			if n := len(v.prefixes); n > 0 && v.prefixes[n-1] == common {
				if under++; under >= walked {
					return after(common)
				}
				continue
			}
		}
		under = 0
		latest := o.Key != last
		last = o.Key
		if common == "" {
			if !v.add(o, latest) {
				return "", false
			}
			continue
		}
		if !v.room() {
			return "", false
		}
		v.prefixes = append(v.prefixes, common)
		v.out.NextKeyMarker, v.out.NextVersionIdMarker = new(v.shown(common)), nil
	}
	v.out.NextKeyMarker, v.out.NextVersionIdMarker = nil, nil
	return "", false
}

// room reports whether one more fits, and otherwise says that there is more.
func (v *history) room() bool {
	if len(v.out.Versions)+len(v.out.DeleteMarkers)+len(v.prefixes) < v.limit {
		return true
	}
	*v.out.IsTruncated = true
	return false
}

func (v *history) add(o *object, latest bool) bool {
	if !v.room() {
		v.out.CommonPrefixes = v.shownPrefixes(v.prefixes)
		return false
	}
	key, id := new(v.shown(o.Key)), new(o.id())
	v.out.NextKeyMarker, v.out.NextVersionIdMarker = key, id
	if o.Marker {
		v.out.DeleteMarkers = append(v.out.DeleteMarkers, api.DeleteMarkerEntry{Key: key, VersionId: id, IsLatest: &latest, LastModified: &o.Modified, Owner: v.b.ownerOf(o)})
		return true
	}
	shown := api.ObjectVersion{
		Key: key, VersionId: id, IsLatest: &latest, LastModified: &o.Modified, Owner: v.b.ownerOf(o), ETag: quoted(o.ETag), Size: &o.Size,
		StorageClass: api.ObjectVersionStorageClass(o.shownClass()), ChecksumAlgorithm: o.Sum.list(), ChecksumType: o.Sum.kind(),
	}
	if v.restores {
		shown.RestoreStatus = o.restoreStatus(v.tx.Now())
	}
	v.out.Versions = append(v.out.Versions, shown)
	return true
}

// all walks the versions from a key on: it joins the latest ones, which lie in
// objects, with the others.
func (v *history) all(from string, inclusive bool) iter.Seq[*object] {
	return func(yield func(*object) bool) {
		b := v.b
		now := kv.Range{From: b.objectKey(from), To: kv.Prefix(objects.Prefix(b.scope(), b.id())).To}
		old := kv.Range{From: versions.Prefix(b.scope(), b.id(), kv.String(from)), To: kv.Prefix(versions.Prefix(b.scope(), b.id())).To}
		if !inclusive {
			now.From = behind(now.From)
			old.From = kv.Prefix(old.From).To
		}
		if end, ok := after(v.prefix); ok && v.prefix != "" {
			now.To, old.To = b.objectKey(end), versions.Prefix(b.scope(), b.id(), kv.String(end))
		}
		next, stop := iter.Pull2(versions.Scan(v.tx, old))
		defer stop()
		oldKey, was, more := next()
		for key, o := range objects.Scan(v.tx, now) {
			o.Key = keyIn(key)
			for more && keyIn(oldKey) < o.Key {
				was.Key = keyIn(oldKey)
				if !yield(was) {
					return
				}
				oldKey, was, more = next()
			}
			if !yield(o) {
				return
			}
		}
		for more {
			was.Key = keyIn(oldKey)
			if !yield(was) {
				return
			}
			oldKey, was, more = next()
		}
	}
}

// keyIn is the object's key in a row's.
func keyIn(row kv.Key) string {
	rd := objects.Parts(row)
	rd.Skip(1)
	return rd.String()
}
