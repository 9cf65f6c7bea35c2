package s3

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"
	"unsafe"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// listing is a request for keys, in any of the API's forms.
type listing struct {
	prefix, delimiter string
	after             string // keys up to here are not wanted
	limit             int
	encode            bool
	restores          bool // tells of restores
}

// listingOf reads what all forms have in common.
func listingOf(prefix, delimiter *string, limit *int32, encoding api.EncodingType) (l listing, err error) {
	l = listing{prefix: deref(prefix), delimiter: deref(delimiter), limit: maxList, encode: encoding == "url"}
	if limit != nil {
		if *limit < 0 {
			return l, errArgument("maxKeys", "", "Argument maxKeys must be an integer between 0 and 2147483647")
		}
		l.limit = min(int(*limit), maxList)
	}
	return l, nil
}

// common is the common prefix that a key falls under; empty when none.
func (l *listing) common(key string) string {
	if l.delimiter == "" {
		return ""
	}
	if i := strings.Index(key[len(l.prefix):], l.delimiter); i >= 0 {
		return key[:len(l.prefix)+i+len(l.delimiter)]
	}
	return ""
}

// begin is the first key that may be wanted, and whether there is any. What lies
// under a common prefix that was answered before is not.
func (l *listing) begin() (from string, inclusive bool) {
	if l.after < l.prefix || l.after == "" {
		return l.prefix, true
	}
	if strings.HasPrefix(l.after, l.prefix) && l.common(l.after) == l.after {
		if next, ok := after(l.after); ok {
			return next, true
		}
	}
	return l.after, false
}

// page is what a listing found.
type page struct {
	objects  []*entry
	prefixes []string
	last     string // the last key or prefix
	more     bool

	spare []entry
	texts []byte // room for the texts of entries, of which many share one piece
}

func (p *page) size() int { return len(p.objects) + len(p.prefixes) }

// shelf is how many entries a page makes room for at a time.
const shelf = 32

// room returns a place for the next entry, which keep takes.
func (p *page) room() *entry {
	if len(p.spare) == 0 {
		p.spare = make([]entry, shelf)
	}
	return &p.spare[0]
}

// keep keeps the entry in the room, with its texts, which are the walk's own.
func (p *page) keep(o *entry) {
	p.spare = p.spare[1:]
	for _, text := range [...]*string{&o.Key, &o.ETag, &o.Sum.Algorithm, &o.Sum.Value, &o.Class, &o.Owner} {
		*text = p.text(*text)
	}
	p.objects = append(p.objects, o)
}

// shelfText is how many bytes of text a page makes room for at a time.
const shelfText = 4 << 10

// text is a copy of s.
func (p *page) text(s string) string {
	if s == "" {
		return ""
	}
	if cap(p.texts)-len(p.texts) < len(s) {
		p.texts = make([]byte, 0, max(shelfText, len(s)))
	}
	begin := len(p.texts)
	p.texts = append(p.texts, s...)
	return unsafe.String(&p.texts[begin], len(s))
}

// view is b as a text, for as long as b is what it is.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// list walks the keys of a bucket. It jumps over what lies under a common
// prefix, so that its cost depends on what it answers and not on what is there.
func (b *bucket) list(tx kv.Tx, l *listing) *page {
	p := new(page)
	if l.limit == 0 {
		return p
	}
	p.objects = make([]*entry, 0, l.limit)
	all := kv.Prefix(objects.Prefix(b.scope(), b.id()))
	all.Brief = true
	if end, ok := after(l.prefix); ok && l.prefix != "" {
		all.To = b.objectKey(end)
	}
	from, inclusive := l.begin()
	all.From = b.objectKey(from)
	if !inclusive {
		all.From = behind(all.From)
	}
	for all.From != nil {
		all.From = b.walk(tx, l, p, all)
	}
	return p
}

// walk lists until the page is full or it is worth jumping; it returns where to
// go on, nil for nowhere.
func (b *bucket) walk(tx kv.Tx, l *listing, p *page, r kv.Range) kv.Key {
	under := 0 // keys in a row under the same prefix
	own := len(objects.Prefix(b.scope(), b.id()))
	for key, o := range entries.ScanInto(tx, r, p.room) {
		rd := kv.Read(key[own:])
		o.Key = view(rd.Text())
		common := l.common(o.Key)
		if common != "" && len(p.prefixes) > 0 && p.prefixes[len(p.prefixes)-1] == common {
			if under++; under < walked {
				continue
			}
			if next, ok := after(common); ok {
				return b.objectKey(next)
			}
			return nil
		}
		under = 0
		if p.size() == l.limit {
			p.more = true
			return nil
		}
		if common != "" {
			p.last = strings.Clone(common)
			p.prefixes = append(p.prefixes, p.last)
			continue
		}
		p.keep(o)
		p.last = o.Key
	}
	return nil
}

// ListObjectsV2 lists the keys of a bucket.
func (s *Service) ListObjectsV2(ctx context.Context, in *api.ListObjectsV2Input) (*api.ListObjectsV2Output, error) {
	l, err := listingOf(in.Prefix, in.Delimiter, in.MaxKeys, in.EncodingType)
	if err != nil {
		return nil, err
	}
	l.after, l.restores = deref(in.StartAfter), len(in.OptionalObjectAttributes) > 0
	if in.ContinuationToken != nil {
		token, err := base64.RawURLEncoding.DecodeString(*in.ContinuationToken)
		if err != nil || len(token) == 0 {
			return nil, errArgument("continuation-token", *in.ContinuationToken, "The continuation token provided is incorrect")
		}
		l.after = string(token)
	}
	out := &api.ListObjectsV2Output{
		Name: &in.Bucket, Prefix: l.shownPointer(&l.prefix), Delimiter: l.shownPointer(in.Delimiter), MaxKeys: new(int32(l.limit)), EncodingType: in.EncodingType,
		ContinuationToken: in.ContinuationToken, StartAfter: l.shownPointer(in.StartAfter),
	}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if b.isDirectory() {
			if err := l.forDirectory(); err != nil {
				return err
			}
		}
		p := b.list(tx, &l)
		out.IsTruncated, out.KeyCount, out.CommonPrefixes = &p.more, new(int32(p.size())), l.shownPrefixes(p.prefixes)
		if p.more {
			out.NextContinuationToken = new(base64.RawURLEncoding.EncodeToString([]byte(p.last)))
		}
		out.Contents = b.contents(tx, &l, p, deref(in.FetchOwner))
		return nil
	})
	return out, err
}

// ListObjects is the first form of ListObjectsV2.
func (s *Service) ListObjects(ctx context.Context, in *api.ListObjectsInput) (*api.ListObjectsOutput, error) {
	l, err := listingOf(in.Prefix, in.Delimiter, in.MaxKeys, in.EncodingType)
	if err != nil {
		return nil, err
	}
	l.after, l.restores = deref(in.Marker), len(in.OptionalObjectAttributes) > 0
	out := &api.ListObjectsOutput{
		Name: &in.Bucket, Prefix: l.shownPointer(&l.prefix), Delimiter: l.shownPointer(in.Delimiter), Marker: l.shownPointer(&l.after), MaxKeys: new(int32(l.limit)), EncodingType: in.EncodingType,
	}
	err = s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		p := b.list(tx, &l)
		out.IsTruncated, out.CommonPrefixes = &p.more, l.shownPrefixes(p.prefixes)
		if p.more && l.delimiter != "" { // AWS: without a delimiter, the last key says it
			out.NextMarker = new(l.shown(p.last))
		}
		out.Contents = b.contents(tx, &l, p, true)
		return nil
	})
	return out, err
}

// contents are the objects of a page as the API shows them. Pages are long, so
// that what is alike is made once.
func (b *bucket) contents(tx kv.Tx, l *listing, p *page, owners bool) []api.Object {
	all, tags := make([]api.Object, len(p.objects)), p.tags()
	var algorithm []api.ChecksumAlgorithm
	for i, o := range p.objects {
		if len(algorithm) == 0 || string(algorithm[0]) != o.Sum.Algorithm {
			algorithm = o.Sum.list()
		}
		if l.encode {
			o.Key = l.shown(o.Key)
		}
		all[i] = api.Object{
			Key: &o.Key, LastModified: &o.Modified, ETag: &tags[i], Size: &o.Size, StorageClass: api.ObjectStorageClass(cmp.Or(o.Class, classStandard)),
			ChecksumAlgorithm: algorithm, ChecksumType: o.Sum.kind(),
		}
		if owners {
			all[i].Owner = b.ownerOf(&object{Owner: o.Owner})
		}
		if l.restores && (!o.Restored.IsZero() || !o.Restoring.IsZero()) {
			all[i].RestoreStatus = (&object{Class: o.Class, Tier: o.Tier, Restored: o.Restored, Restoring: o.Restoring}).restoreStatus(tx.Now())
		}
	}
	return all
}

// tags are the objects' ETags in quotes, parts of one string.
func (p *page) tags() []string {
	size := 0
	for _, o := range p.objects {
		size += len(o.ETag) + 2
	}
	var text strings.Builder
	text.Grow(size)
	for _, o := range p.objects {
		text.WriteByte('"')
		text.WriteString(o.ETag)
		text.WriteByte('"')
	}
	tags, rest := make([]string, len(p.objects)), text.String()
	for i, o := range p.objects {
		n := len(o.ETag) + 2
		tags[i], rest = rest[:n], rest[n:]
	}
	return tags
}

// shown is a key as the client wants it: as it is, or percent-encoded because
// XML cannot hold every character.
func (l *listing) shown(key string) string {
	if !l.encode {
		return key
	}
	const digits = "0123456789ABCDEF"
	var b strings.Builder
	for i := range len(key) {
		switch c := key[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-_.*/", c) >= 0:
			b.WriteByte(c)
		case c == ' ':
			b.WriteByte('+')
		default:
			b.WriteString(string([]byte{'%', digits[c>>4], digits[c&15]}))
		}
	}
	return b.String()
}

func (l *listing) shownPointer(key *string) *string {
	if key == nil {
		return nil
	}
	return new(l.shown(*key))
}

func (l *listing) shownPrefixes(prefixes []string) []api.CommonPrefix {
	var all []api.CommonPrefix
	for _, p := range prefixes {
		all = append(all, api.CommonPrefix{Prefix: new(l.shown(p))})
	}
	return all
}
