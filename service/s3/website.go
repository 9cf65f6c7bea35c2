package s3

import (
	"context"
	"errors"
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// site is a request to a bucket's website. Whoever asks is anonymous.
// AWS: "Hosting a static website using Amazon S3".
type site struct {
	*Service
	ctx    context.Context
	w      http.ResponseWriter
	req    *wire.Request
	bucket string
	c      *api.WebsiteConfiguration
	key    string
}

// serveSite answers a request to a website.
func (s *Service) serveSite(ctx context.Context, w http.ResponseWriter, req *wire.Request, bucket string) error {
	v := &site{Service: s, ctx: ctx, w: w, req: req, bucket: bucket}
	key, err := url.PathUnescape(strings.TrimPrefix(req.Path, "/"))
	if err != nil {
		key = strings.TrimPrefix(req.Path, "/")
	}
	v.key = key
	if req.Method != http.MethodGet && req.Method != http.MethodHead {
		v.fail(aws.Errorf(http.StatusMethodNotAllowed, "MethodNotAllowed", "The specified method is not allowed against this resource."))
		return nil
	}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, ok := buckets.Get(tx, bucketKey(aws.CallFrom(ctx).Region, bucket))
		if !ok {
			return errNoBucket(bucket)
		}
		b.Name = bucket
		if v.c, ok = get[api.WebsiteConfiguration](tx, b, websiteSetting); !ok {
			return errNoWebsite(bucket)
		}
		return nil
	})
	if err == nil {
		err = v.serve()
	}
	var public *aws.Error
	if errors.As(err, &public) {
		v.fail(public)
		return nil
	}
	return err
}

func (v *site) serve() error {
	if all := v.c.RedirectAllRequestsTo; all != nil {
		v.redirect(&api.Redirect{HostName: &all.HostName, Protocol: all.Protocol}, "")
		return nil
	}
	if r := v.rule(0); r != nil {
		v.redirect(r.Redirect, prefixOf(r))
		return nil
	}
	index := v.c.IndexDocument.Suffix
	key := v.key
	if key == "" || strings.HasSuffix(key, "/") {
		key += index
	}
	out, err := v.get(key)
	var public *aws.Error
	switch {
	case err == nil:
		return v.send(out, http.StatusOK)
	case !errors.As(err, &public):
		return err
	case public.Status == http.StatusNotModified:
		v.w.WriteHeader(http.StatusNotModified)
		return nil
	case public.Status == http.StatusNotFound && !strings.HasSuffix(key, "/") && key == v.key:
		if out, err := v.get(key + "/" + index); err == nil {
			out.Body.Close()
			v.w.Header().Set("Location", "/"+escapePath(key)+"/")
			v.w.WriteHeader(http.StatusFound)
			return nil
		}
	}
	if r := v.rule(public.Status); r != nil {
		v.redirect(r.Redirect, prefixOf(r))
		return nil
	}
	if v.c.ErrorDocument != nil {
		if out, err := v.get(v.c.ErrorDocument.Key); err == nil {
			return v.send(out, public.Status)
		}
	}
	return public
}

// get reads an object as whoever asked, through the gateway.
func (v *site) get(key string) (*api.GetObjectOutput, error) {
	in := &api.GetObjectInput{Bucket: v.bucket, Key: key}
	if key == v.key {
		h := v.req.Header
		in.IfMatch, in.IfNoneMatch, in.Range = aws.Optional(h.Get("If-Match")), aws.Optional(h.Get("If-None-Match")), aws.Optional(h.Get("Range"))
		if t, err := http.ParseTime(h.Get("If-Modified-Since")); err == nil {
			in.IfModifiedSince = &t
		}
		if t, err := http.ParseTime(h.Get("If-Unmodified-Since")); err == nil {
			in.IfUnmodifiedSince = &t
		}
	}
	return aws.Invoke[api.GetObjectOutput](v.ctx, v.Via, "s3", "GetObject", in)
}

// send answers with an object, or where it says to be elsewhere.
func (v *site) send(out *api.GetObjectOutput, status int) error {
	defer out.Body.Close()
	h := v.w.Header()
	if to := deref(out.WebsiteRedirectLocation); to != "" && status == http.StatusOK {
		h.Set("Location", to)
		v.w.WriteHeader(http.StatusMovedPermanently)
		return nil
	}
	for name, value := range map[string]*string{
		"Content-Type": out.ContentType, "Cache-Control": out.CacheControl, "Content-Disposition": out.ContentDisposition, "Content-Encoding": out.ContentEncoding,
		"Content-Language": out.ContentLanguage, "Expires": out.Expires, "Etag": out.ETag, "Content-Range": out.ContentRange, "X-Amz-Version-Id": out.VersionId,
	} {
		if value != nil {
			h.Set(name, *value)
		}
	}
	for name, value := range out.Metadata {
		h.Set("X-Amz-Meta-"+name, value)
	}
	h.Set("Last-Modified", out.LastModified.UTC().Format(http.TimeFormat))
	h.Set("Content-Length", strconv.FormatInt(*out.ContentLength, 10))
	if out.StatusCode != nil && status == http.StatusOK {
		status = int(*out.StatusCode)
	}
	v.w.WriteHeader(status)
	if v.req.Method == http.MethodHead {
		return nil
	}
	if _, err := io.Copy(v.w, out.Body); err != nil {
		panic(http.ErrAbortHandler) // the client must not take it for whole
	}
	return nil
}

// rule is the first routing rule for the request; with a status, one for what
// failed with it.
func (v *site) rule(status int) *api.RoutingRule {
	for i := range v.c.RoutingRules {
		r := &v.c.RoutingRules[i]
		wanted := ""
		if r.Condition != nil {
			wanted = deref(r.Condition.HttpErrorCodeReturnedEquals)
		}
		if (status == 0) != (wanted == "") || wanted != "" && wanted != strconv.Itoa(status) {
			continue
		}
		if r.Redirect != nil && strings.HasPrefix(v.key, prefixOf(r)) {
			return r
		}
	}
	return nil
}

func prefixOf(r *api.RoutingRule) string {
	if r.Condition == nil {
		return ""
	}
	return deref(r.Condition.KeyPrefixEquals)
}

// redirect sends the browser where a rule says.
func (v *site) redirect(r *api.Redirect, prefix string) {
	key := v.key
	switch {
	case r.ReplaceKeyWith != nil:
		key = *r.ReplaceKeyWith
	case r.ReplaceKeyPrefixWith != nil:
		key = *r.ReplaceKeyPrefixWith + strings.TrimPrefix(key, prefix)
	}
	protocol := string(r.Protocol)
	if protocol == "" {
		protocol = "http"
		if v.req.TLS != nil {
			protocol = "https"
		}
	}
	host := deref(r.HostName)
	if host == "" {
		host = v.req.Host
	}
	status, err := strconv.Atoi(deref(r.HttpRedirectCode))
	if err != nil {
		status = http.StatusMovedPermanently
	}
	v.w.Header().Set("Location", protocol+"://"+host+"/"+escapePath(key))
	v.w.WriteHeader(status)
}

func escapePath(key string) string { return (&url.URL{Path: key}).EscapedPath() }

// fail answers with an error as a page.
func (v *site) fail(e *aws.Error) {
	title := strconv.Itoa(e.Status) + " " + http.StatusText(e.Status)
	id := aws.CallFrom(v.ctx).RequestID
	page := fmt.Sprintf("<html>\n<head><title>%s</title></head>\n<body>\n<h1>%s</h1>\n<ul>\n<li>Code: %s</li>\n<li>Message: %s</li>\n<li>Key: %s</li>\n<li>RequestId: %s</li>\n<li>HostId: %s</li>\n</ul>\n<hr/>\n</body>\n</html>\n",
		title, title, e.Code, html.EscapeString(e.Message), html.EscapeString(v.key), id, id)
	h := v.w.Header()
	h.Set("Content-Type", "text/html; charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(len(page)))
	h.Set("X-Amz-Request-Id", id)
	h.Set("X-Amz-Error-Code", e.Code)
	h.Set("Date", v.Clock.Wall().UTC().Format(time.RFC1123))
	v.w.WriteHeader(e.Status)
	if v.req.Method != http.MethodHead {
		io.WriteString(v.w, page) //nolint:errcheck // a client that went away needs no answer
	}
}

func errNoWebsite(bucket string) *aws.Error {
	return errBucket(http.StatusNotFound, "NoSuchWebsiteConfiguration", "The specified bucket does not have a website configuration", bucket)
}

// PutBucketWebsite makes the bucket a website.
func (s *Service) PutBucketWebsite(ctx context.Context, in *api.PutBucketWebsiteInput) (*api.PutBucketWebsiteOutput, error) {
	c := in.WebsiteConfiguration
	switch {
	case c == nil, len(c.RoutingRules) > maxRoutingRules:
		return nil, errMalformedXML()
	case c.RedirectAllRequestsTo != nil:
		if c.IndexDocument != nil || c.ErrorDocument != nil || len(c.RoutingRules) > 0 {
			return nil, errArgument("RedirectAllRequestsTo", "", "RedirectAllRequestsTo cannot be provided in conjunction with other Routing Rules.")
		}
	case c.IndexDocument == nil || c.IndexDocument.Suffix == "" || strings.Contains(c.IndexDocument.Suffix, "/"):
		return nil, errArgument("IndexDocument", "", "The IndexDocument Suffix is not well formed")
	}
	return &api.PutBucketWebsiteOutput{}, putSetting(ctx, s, at(websiteSetting, in.Bucket, in.ExpectedBucketOwner), c)
}

// GetBucketWebsite returns what makes it one.
func (s *Service) GetBucketWebsite(ctx context.Context, in *api.GetBucketWebsiteInput) (*api.GetBucketWebsiteOutput, error) {
	p := at(websiteSetting, in.Bucket, in.ExpectedBucketOwner)
	p.missing = errNoWebsite(in.Bucket)
	c, err := getSetting[api.WebsiteConfiguration](ctx, s, p)
	if err != nil {
		return nil, err
	}
	return &api.GetBucketWebsiteOutput{RedirectAllRequestsTo: c.RedirectAllRequestsTo, IndexDocument: c.IndexDocument, ErrorDocument: c.ErrorDocument, RoutingRules: c.RoutingRules}, nil
}

// DeleteBucketWebsite makes it a bucket again.
func (s *Service) DeleteBucketWebsite(ctx context.Context, in *api.DeleteBucketWebsiteInput) (*api.DeleteBucketWebsiteOutput, error) {
	return &api.DeleteBucketWebsiteOutput{}, s.deleteSetting(ctx, at(websiteSetting, in.Bucket, in.ExpectedBucketOwner))
}
