package s3

import (
	"net/http"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/kv"
)

// conditions are what a request demands of the object that is there.
// AWS: "How to prevent object overwrites with conditional writes", and
// "Conditional requests for reads".
type conditions struct {
	match, noneMatch  *string
	modified, unmoved *time.Time // If-Modified-Since, If-Unmodified-Since
}

func errCondition(name string) error {
	return api.ErrPreconditionFailed(&api.PreconditionFailed{Condition: &name}, "At least one of the pre-conditions you specified did not hold")
}

// forWrite judges whether an object may be put.
func (c conditions) forWrite(tx kv.Tx, b *bucket, key string) error {
	if c.match == nil && c.noneMatch == nil {
		return nil
	}
	o, ok := b.latest(tx, key)
	ok = ok && !o.Marker
	switch {
	case c.noneMatch != nil && *c.noneMatch != "*" || c.match != nil && *c.match == "*":
		e := api.ErrInvalidArgument(nil, "A header you provided implies functionality that is not implemented")
		e.Code, e.Status = "NotImplemented", http.StatusNotImplemented
		return e
	case c.noneMatch != nil && ok:
		return errCondition("If-None-Match")
	case c.match != nil && !ok:
		return errNoKey(key)
	case c.match != nil && !o.matches(*c.match):
		return errCondition("If-Match")
	}
	return nil
}

// matches reports whether a list of ETags names the object's.
func (o *object) matches(list string) bool {
	for tag := range strings.SplitSeq(list, ",") {
		tag = strings.Trim(strings.TrimPrefix(strings.TrimSpace(tag), "W/"), `"`)
		if tag == "*" || tag == o.ETag {
			return true
		}
	}
	return false
}

// forRead judges whether an object is to be read. A condition on the ETag
// outweighs the one on the time beside it.
func (c conditions) forRead(o *object, version *string) error {
	at := o.Modified.Truncate(time.Second)
	switch {
	case c.match != nil && !o.matches(*c.match):
		return errCondition("If-Match")
	case c.match == nil && c.unmoved != nil && at.After(*c.unmoved):
		return errCondition("If-Unmodified-Since")
	case c.noneMatch != nil && o.matches(*c.noneMatch), c.noneMatch == nil && c.modified != nil && !at.After(*c.modified):
		return api.ErrNotModified(&api.NotModified{ETag: quoted(o.ETag), LastModified: &o.Modified, VersionId: version}, "Not Modified")
	}
	return nil
}

// forCopy judges whether an object is to be copied.
func (c conditions) forCopy(o *object) error { return c.hold(o, "x-amz-copy-source-") }

// hold judges all of the conditions alike. prefix begins the names of their headers.
func (c conditions) hold(o *object, prefix string) error {
	for _, k := range []struct {
		name  string
		fails bool
	}{
		{"If-Match", c.match != nil && !o.matches(*c.match)},
		{"If-None-Match", c.noneMatch != nil && o.matches(*c.noneMatch)},
		{"If-Unmodified-Since", c.match == nil && c.unmoved != nil && o.Modified.Truncate(time.Second).After(*c.unmoved)},
		{"If-Modified-Since", c.noneMatch == nil && c.modified != nil && !o.Modified.Truncate(time.Second).After(*c.modified)},
	} {
		if k.fails {
			return errCondition(prefix + k.name)
		}
	}
	return nil
}
