package s3

import (
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// The states of versioning.
const (
	versioningOn        = "Enabled"
	versioningSuspended = "Suspended"
	nullVersion         = "null"
)

// A version's id is its place among the versions of its key and 16 random
// bytes, so that the id alone finds its row.
const versionBytes = 8 + 16

func newVersion(r aws.Random, seq uint64) string {
	var b [versionBytes]byte
	pad := r.Uint64() >> 1 // so an id never begins with a hyphen, which the AWS CLI would take for an option
	binary.BigEndian.PutUint64(b[8:], pad)
	binary.BigEndian.PutUint64(b[16:], r.Uint64())
	binary.BigEndian.PutUint64(b[:], seq^pad)
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// seqOf is the place that a version's id names.
func seqOf(id string) (uint64, bool) {
	b, err := base64.RawURLEncoding.DecodeString(id)
	if err != nil || len(b) != versionBytes {
		return 0, false
	}
	return binary.BigEndian.Uint64(b) ^ binary.BigEndian.Uint64(b[8:]), true
}

// id is the version's id as the API shows it.
func (o *object) id() string {
	if o.Version == "" {
		return nullVersion
	}
	return o.Version
}

// shownVersion is the id that answers about o carry: none in a bucket that never
// had versions.
func (b *bucket) shownVersion(o *object) *string {
	if b.Versioning == "" {
		return nil
	}
	return new(o.id())
}

// latest returns the latest version of a key, which may be a delete marker.
func (b *bucket) latest(tx kv.Tx, key string) (*object, bool) {
	if o, ok := objects.Get(tx, b.objectKey(key)); ok {
		o.Key = key
		return o, true
	}
	if b.Versioning == "" {
		return nil, false
	}
	for _, o := range versions.Scan(tx, kv.Prefix(versions.Prefix(b.scope(), b.id(), kv.String(key)))) {
		o.Key = key
		return o, true
	}
	return nil, false
}

// version returns the version with an id; the latest where it is empty.
func (b *bucket) version(tx kv.Tx, key, id string) (*object, bool) {
	if id == "" {
		return b.latest(tx, key)
	}
	if id == nullVersion {
		id = ""
	}
	o, ok := objects.Get(tx, b.objectKey(key))
	if ok && o.Version == id {
		o.Key = key
		return o, true
	}
	seq, ok := uint64(0), false
	if id == "" {
		if at, found := nulls.Get(tx, b.nullKey(key)); found {
			seq, ok = at.Seq, true
		}
	} else {
		seq, ok = seqOf(id)
	}
	if !ok {
		return nil, false
	}
	o, ok = versions.Get(tx, b.versionKey(key, seq))
	if !ok || o.Version != id {
		at, stray := strays.Get(tx, b.strayKey(key, id))
		if !stray {
			return nil, false
		}
		if o, ok = versions.Get(tx, b.versionKey(key, at.Seq)); !ok {
			return nil, false
		}
	}
	o.Key = key
	return o, true
}

// lookup is version with the API's errors: a latest version that is a delete
// marker does not exist, and an older one cannot be read.
func (b *bucket) lookup(tx kv.Tx, key string, id *string) (*object, error) {
	if id != nil && *id != nullVersion {
		if _, ok := seqOf(*id); !ok {
			return nil, errArgument("versionId", *id, "Invalid version id specified")
		}
	}
	o, ok := b.version(tx, key, deref(id))
	switch {
	case !ok && id != nil:
		return nil, api.ErrNoSuchVersion(&api.NoSuchVersion{Key: &key, VersionId: id}, "The specified version does not exist.")
	case !ok:
		return nil, errNoKey(key)
	case o.Marker && id != nil:
		return nil, api.ErrMethodNotAllowed(&api.MethodNotAllowed{
			Method: new(http.MethodGet), ResourceType: new("DeleteMarker"), Allow: new("DELETE"), DeleteMarker: new(true), VersionId: new(o.id()), LastModified: &o.Modified,
		}, "The specified method is not allowed against this resource.")
	case o.Marker:
		return nil, api.ErrNoSuchKey(&api.NoSuchKey{Key: &key, DeleteMarker: new(true), VersionId: new(o.id())}, "The specified key does not exist.")
	}
	return o, nil
}

// add makes o the latest version of its key. In a bucket without versions, or
// with suspended ones, it takes the place of the null version.
func (b *bucket) add(tx kv.Tx, r aws.Random, o *object) {
	if b.Versioning == "" { // there is one version at most, and it goes
		o.Seq, o.Version = 1, ""
		if old, ok := objects.Get(tx, b.objectKey(o.Key)); ok {
			o.Seq = old.Seq + 1
			b.release(tx, old.Content)
			b.rebill(tx, old, o)
		} else {
			b.bill(tx, o)
		}
		objects.Put(tx, b.objectKey(o.Key), o)
		return
	}
	old, ok := b.latest(tx, o.Key)
	o.Seq = 1
	if ok {
		o.Seq = old.Seq + 1
	}
	foreign := o.Copied == copyReplica
	if !foreign {
		o.Version = ""
	}
	if foreign { // has its id from elsewhere, as has the version that it is a copy of
		strays.Put(tx, b.strayKey(o.Key, o.Version), &pointer{o.Seq})
	} else if b.Versioning == versioningOn {
		o.Version = newVersion(r, o.Seq)
	} else if null, found := b.version(tx, o.Key, nullVersion); found {
		b.erase(tx, null)
		ok = ok && null.Seq != old.Seq
	}
	if ok { // a delete marker, too, ages from when it is followed
		old.Since = tx.Now()
		b.putOld(tx, old)
		if o.Marker && !old.Marker {
			objects.Delete(tx, b.objectKey(o.Key))
		}
	}
	if o.Marker {
		b.putOld(tx, o)
		return
	}
	b.bill(tx, o)
	objects.Put(tx, b.objectKey(o.Key), o)
}

// putOld puts a row into versions.
func (b *bucket) putOld(tx kv.Tx, o *object) {
	versions.Put(tx, b.versionKey(o.Key, o.Seq), o)
	if o.Version == "" {
		nulls.Put(tx, b.nullKey(o.Key), &pointer{o.Seq})
	}
}

// save puts a version back that was changed in place.
func (b *bucket) save(tx kv.Tx, o *object) {
	if now, ok := objects.Get(tx, b.objectKey(o.Key)); ok && now.Seq == o.Seq {
		objects.Put(tx, b.objectKey(o.Key), o)
		return
	}
	versions.Put(tx, b.versionKey(o.Key, o.Seq), o)
}

// erase deletes a version's row and gives its bytes up, and nothing else.
func (b *bucket) erase(tx kv.Tx, o *object) {
	b.release(tx, o.Content)
	b.settle(tx, o)
	if o.Copied == copyReplica {
		strays.Delete(tx, b.strayKey(o.Key, o.Version))
	}
	if now, ok := objects.Get(tx, b.objectKey(o.Key)); ok && now.Seq == o.Seq {
		objects.Delete(tx, b.objectKey(o.Key))
		return
	}
	versions.Delete(tx, b.versionKey(o.Key, o.Seq))
	if o.Version == "" {
		nulls.Delete(tx, b.nullKey(o.Key))
	}
}

// remove deletes a version for good. If it was the latest, the one before it
// is that now.
func (b *bucket) remove(tx kv.Tx, o *object) {
	b.erase(tx, o)
	if b.Versioning == "" || objects.Has(tx, b.objectKey(o.Key)) {
		return
	}
	next, ok := b.latest(tx, o.Key)
	if !ok {
		return
	}
	if next.Marker {
		next.Since = time.Time{}
		b.putOld(tx, next)
		return
	}
	versions.Delete(tx, b.versionKey(o.Key, next.Seq))
	if next.Version == "" {
		nulls.Delete(tx, b.nullKey(o.Key))
	}
	next.Since = time.Time{}
	objects.Put(tx, b.objectKey(o.Key), next)
}
