package s3

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const defaultType = "binary/octet-stream"

// Names of the headers that an object keeps, in lower case.
const (
	cacheControl = "cache-control"
	disposition  = "content-disposition"
	encoding     = "content-encoding"
	language     = "content-language"
	expires      = "expires"
	redirect     = "x-amz-website-redirect-location"
)

// describe is the object that a request makes, without its bytes.
func (b *bucket) describe(ctx context.Context, tx kv.Tx, in *api.PutObjectInput) (*object, error) {
	o := &object{Key: in.Key, Type: deref(in.ContentType), Headers: headersOf(in), Meta: in.Metadata}
	if o.Type == "" {
		o.Type = defaultType
	}
	size := 0
	for k, v := range in.Metadata {
		size += len(k) + len(v)
	}
	if size > maxMeta {
		return nil, aws.Errorf(http.StatusBadRequest, "MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size")
	}
	if r := deref(in.WebsiteRedirectLocation); r != "" && !strings.HasPrefix(r, "/") && !strings.HasPrefix(r, "http://") && !strings.HasPrefix(r, "https://") {
		return nil, aws.Errorf(http.StatusBadRequest, "InvalidRedirectLocation", "The website redirect location must have a prefix of 'http://' or 'https://' or '/'.")
	}
	var err error
	if o.Class, err = b.classFor(in); err != nil {
		return nil, err
	}
	if o.Tags, err = tagsOfHeader(in.Tagging); err != nil {
		return nil, err
	}
	if o.Seal, err = b.sealOf(tx, in); err != nil {
		return nil, err
	}
	if o.Lock, err = b.lockOf(tx, in); err != nil {
		return nil, err
	}
	o.expiration = b.expiration(tx, o, tx.Now())
	return o, b.own(ctx, tx, o, in)
}

func headersOf(in *api.PutObjectInput) (all map[string]string) {
	for _, h := range [...]struct {
		name  string
		value *string
	}{
		{cacheControl, in.CacheControl}, {disposition, in.ContentDisposition}, {encoding, plainEncoding(in.ContentEncoding)},
		{language, in.ContentLanguage}, {expires, in.Expires}, {redirect, in.WebsiteRedirectLocation},
	} {
		if deref(h.value) == "" {
			continue
		}
		if all == nil {
			all = map[string]string{}
		}
		all[h.name] = *h.value
	}
	return all
}

// plainEncoding takes off what is the transport's and not the object's.
// AWS: "Transferring Payload in Multiple Chunks": S3 stores the encoding
// without aws-chunked.
func plainEncoding(v *string) *string {
	if v == nil {
		return nil
	}
	var kept []string
	for e := range strings.SplitSeq(*v, ",") {
		if e = strings.TrimSpace(e); e != "" && e != "aws-chunked" {
			kept = append(kept, e)
		}
	}
	return aws.Optional(strings.Join(kept, ","))
}

func (o *object) header(name string) *string { return aws.Optional(o.Headers[name]) }

// tagsOfHeader reads x-amz-tagging, which is a query string.
func tagsOfHeader(h *string) (map[string]string, error) {
	if deref(h) == "" {
		return nil, nil
	}
	q, err := url.ParseQuery(*h)
	if err != nil {
		return nil, errArgument("x-amz-tagging", *h, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
	}
	var list []api.Tag
	for k, v := range q {
		if len(v) != 1 {
			return nil, errArgument("x-amz-tagging", *h, "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.")
		}
		list = append(list, api.Tag{Key: k, Value: v[0]})
	}
	return tagMap(list, maxTags)
}

// tagMap checks tags.
func tagMap(list []api.Tag, most int) (map[string]string, error) {
	if len(list) > most {
		return nil, aws.Errorf(http.StatusBadRequest, "BadRequest", "Object tags cannot be greater than %d", most)
	}
	all := map[string]string{}
	for _, t := range list {
		switch _, twice := all[t.Key]; {
		case twice:
			return nil, errTag("Cannot provide multiple Tags with the same key")
		case t.Key == "" || len([]rune(t.Key)) > maxTagKey:
			return nil, errTag("The TagKey you have provided is invalid")
		case len([]rune(t.Value)) > maxTagValue:
			return nil, errTag("The TagValue you have provided is invalid")
		case strings.HasPrefix(t.Key, "aws:"):
			return nil, errTag("System tags cannot be added/updated by requester")
		}
		all[t.Key] = t.Value
	}
	return all, nil
}

func errTag(text string) error { return aws.Errorf(http.StatusBadRequest, "InvalidTag", "%s", text) }

// tagList is tags in a steady order.
func tagList(all map[string]string) []api.Tag {
	list := []api.Tag{}
	for k, v := range all {
		list = append(list, api.Tag{Key: k, Value: v})
	}
	slices.SortFunc(list, func(a, b api.Tag) int { return strings.Compare(a.Key, b.Key) })
	return list
}
