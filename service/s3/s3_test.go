package s3_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
)

// shelf is a bucket in a cloud of its own, with short verbs for stories.
type shelf struct {
	*testing.T
	cloud *cloudtest.Cloud
	*s3.Client
	bucket string
}

func open(t *testing.T, opts ...cloudtest.Option) *shelf {
	t.Helper()
	c := cloudtest.Start(t, append(opts, cloudtest.NoRetries())...)
	s := &shelf{T: t, cloud: c, Client: client(c.Config()), bucket: "shelf"}
	s.create("shelf")
	return s
}

func client(cfg awssdk.Config) *s3.Client {
	return s3.NewFromConfig(cfg, func(o *s3.Options) { o.UsePathStyle = true })
}

func (s *shelf) create(name string, options ...func(*s3.CreateBucketInput)) {
	s.Helper()
	in := &s3.CreateBucketInput{Bucket: &name}
	for _, o := range options {
		o(in)
	}
	if _, err := s.CreateBucket(s.Context(), in); err != nil {
		s.Fatal(err)
	}
}

func (s *shelf) put(key, body string, options ...func(*s3.PutObjectInput)) *s3.PutObjectOutput {
	s.Helper()
	in := &s3.PutObjectInput{Bucket: &s.bucket, Key: &key, Body: strings.NewReader(body)}
	for _, o := range options {
		o(in)
	}
	out, err := s.PutObject(s.Context(), in)
	if err != nil {
		s.Fatal(err)
	}
	return out
}

// get returns the body of an object, or the code of the error in angle brackets.
func (s *shelf) get(key string, options ...func(*s3.GetObjectInput)) string {
	s.Helper()
	in := &s3.GetObjectInput{Bucket: &s.bucket, Key: &key}
	for _, o := range options {
		o(in)
	}
	out, err := s.GetObject(s.Context(), in)
	if err != nil {
		return "<" + code(err) + ">"
	}
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	if err != nil {
		s.Fatal(err)
	}
	return string(b)
}

func (s *shelf) keys(options ...func(*s3.ListObjectsV2Input)) string {
	s.Helper()
	in := &s3.ListObjectsV2Input{Bucket: &s.bucket}
	for _, o := range options {
		o(in)
	}
	var all []string
	for p := s3.NewListObjectsV2Paginator(s, in); p.HasMorePages(); {
		out, err := p.NextPage(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		for _, o := range out.Contents {
			all = append(all, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			all = append(all, "["+*p.Prefix+"]")
		}
	}
	return strings.Join(all, " ")
}

// want fails unless err has the code.
func (s *shelf) want(wanted string, err error) {
	s.Helper()
	if code(err) != wanted {
		s.Errorf("got %v, want %s", err, wanted)
	}
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	if err == nil {
		return ""
	}
	return err.Error()
}

func TestBucketsComeAndGo(t *testing.T) {
	s := open(t)
	for name, wanted := range map[string]string{
		"good-name.1": "", "ab": "InvalidBucketName", "Upper": "InvalidBucketName", "192.168.1.1": "InvalidBucketName", "xn--x": "InvalidBucketName",
		"a..b": "InvalidBucketName", "-ab": "InvalidBucketName", "ends-s3alias": "InvalidBucketName",
	} {
		_, err := s.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &name})
		s.want(wanted, err)
	}
	_, err := s.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.bucket})
	s.want("", err) // us-east-1 lets it pass
	_, err = client(s.cloud.As("111111111111", "x", "")).CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &s.bucket})
	s.want("BucketAlreadyExists", err)

	west := client(s.cloud.Config("eu-west-1"))
	in := &s3.CreateBucketInput{Bucket: new("far")}
	_, err = west.CreateBucket(t.Context(), in)
	s.want("IllegalLocationConstraintException", err)
	in.CreateBucketConfiguration = &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}
	_, err = west.CreateBucket(t.Context(), in)
	s.want("", err)
	_, err = west.CreateBucket(t.Context(), in)
	s.want("BucketAlreadyOwnedByYou", err)
	where, err := s.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: new("far")})
	if err != nil || where.LocationConstraint != "eu-west-1" {
		t.Error(where, err)
	}
	head, err := west.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: new("far")})
	if err != nil || *head.BucketRegion != "eu-west-1" {
		t.Error(head, err)
	}
	_, err = s.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: new("far")})
	s.want("PermanentRedirect", err)

	list, err := s.ListBuckets(t.Context(), nil)
	if err != nil || len(list.Buckets) != 3 || *list.Buckets[0].Name != "far" {
		t.Error(list, err)
	}
	s.put("x", "y")
	_, err = s.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket})
	s.want("BucketNotEmpty", err)
	_, err = s.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.bucket, Key: new("x")})
	s.want("", err)
	_, err = s.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket})
	s.want("", err)
	_, err = s.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket})
	s.want("NoSuchBucket", err)
}

func TestObjectsComeBackAsTheyWere(t *testing.T) {
	for name, opts := range map[string][]cloudtest.Option{"in process": nil, "over the wire, on disk": {cloudtest.Loopback(), cloudtest.Dir(t.TempDir())}} {
		t.Run(name, func(t *testing.T) {
			s := open(t, opts...)
			for _, size := range []int{0, 1, 16 << 10, 16<<10 + 1, 300 << 10, 3 << 20} {
				body := strings.Repeat("0123456789abcdef", size/16+1)[:size]
				s.put("some key/ü+%2F?&#.txt", body, func(in *s3.PutObjectInput) {
					in.Metadata = map[string]string{"colour": "blue"}
					in.ContentType, in.CacheControl = new("text/plain"), new("no-store")
				})
				if got := s.get("some key/ü+%2F?&#.txt"); got != body {
					t.Fatalf("%d bytes came back as %d", size, len(got))
				}
				head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("some key/ü+%2F?&#.txt")})
				if err != nil || *head.ContentLength != int64(size) || head.Metadata["colour"] != "blue" || *head.ContentType != "text/plain" || *head.CacheControl != "no-store" || head.ETag == nil {
					t.Error(*head.ContentLength, *head.ContentType, *head.CacheControl, head.Metadata, err)
				}
			}
			if got := s.keys(); got != "some key/ü+%2F?&#.txt" {
				t.Error(got)
			}
			if got := s.get("nothing"); got != "<NoSuchKey>" {
				t.Error(got)
			}
		})
	}
}

func TestRanges(t *testing.T) {
	s := open(t)
	for _, size := range []int{10, 100_000} {
		body := strings.Repeat("0123456789", size/10)
		s.put("k", body)
		for header, wanted := range map[string]string{
			"bytes=0-0": body[:1], "bytes=2-4": body[2:5], "bytes=5-": body[5:], "bytes=-3": body[size-3:], "bytes=-999999": body, "bytes=8-999999": body[8:],
			"bytes=999999-": "<InvalidRange>", "bytes=-0": "<InvalidRange>", "bytes=4-2": body, "lines=1-2": body, "bytes=0-1,3-4": body,
		} {
			if got := s.get("k", func(in *s3.GetObjectInput) { in.Range = &header }); got != wanted {
				t.Errorf("%s: %d bytes, want %d", header, len(got), len(wanted))
			}
		}
	}
	out, err := s.GetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("k"), Range: new("bytes=10-19")})
	if err != nil || *out.ContentRange != "bytes 10-19/100000" || *out.ContentLength != 10 {
		t.Error(out, err)
	}
}

func TestConditions(t *testing.T) {
	s := open(t)
	put := func(options ...func(*s3.PutObjectInput)) error {
		in := &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader("x")}
		for _, o := range options {
			o(in)
		}
		_, err := s.PutObject(t.Context(), in)
		return err
	}
	onlyNew := func(in *s3.PutObjectInput) { in.IfNoneMatch = new("*") }
	match := func(tag string) func(*s3.PutObjectInput) {
		return func(in *s3.PutObjectInput) { in.IfMatch = &tag }
	}
	s.want("NoSuchKey", put(match("x")))
	s.want("", put(onlyNew))
	s.want("PreconditionFailed", put(onlyNew))
	tag := *s.put("k", "two").ETag
	s.want("PreconditionFailed", put(match(`"wrong"`)))
	s.want("", put(match(tag)))
	tag = *s.put("k", "three").ETag
	past, future := time.Now().Add(-time.Hour), time.Now().Add(time.Hour)
	for wanted, o := range map[string]func(*s3.GetObjectInput){
		"three":                func(in *s3.GetObjectInput) { in.IfMatch, in.IfUnmodifiedSince = &tag, &past },
		"<PreconditionFailed>": func(in *s3.GetObjectInput) { in.IfMatch = new("x") },
		"<NotModified>":        func(in *s3.GetObjectInput) { in.IfNoneMatch, in.IfModifiedSince = &tag, &past },
	} {
		if got := s.get("k", o); got != wanted {
			t.Errorf("got %s, want %s", got, wanted)
		}
	}
	if got := s.get("k", func(in *s3.GetObjectInput) { in.IfModifiedSince = &future }); !strings.Contains(got, "NotModified") {
		t.Error(got)
	}
	if got := s.get("k", func(in *s3.GetObjectInput) { in.IfUnmodifiedSince = &past }); got != "<PreconditionFailed>" {
		t.Error(got)
	}
}

func TestChecksums(t *testing.T) {
	s := open(t)
	for _, size := range []int{5, 200_000} {
		body := strings.Repeat("x", size)
		for _, a := range types.ChecksumAlgorithm("").Values() {
			in := &s3.PutObjectInput{Bucket: &s.bucket, Key: new(string(a)), Body: strings.NewReader(body), ChecksumAlgorithm: a}
			if _, err := s.PutObject(t.Context(), in); err != nil {
				if strings.Contains(err.Error(), "unknown") || strings.Contains(err.Error(), "unsupported") {
					continue // by this SDK
				}
				t.Errorf("%s: %v", a, err)
				continue
			}
			if got := s.get(string(a), func(in *s3.GetObjectInput) { in.ChecksumMode = "ENABLED" }); got != body {
				t.Errorf("%s: %d bytes", a, len(got))
			}
			at, err := s.GetObjectAttributes(t.Context(), &s3.GetObjectAttributesInput{Bucket: &s.bucket, Key: new(string(a)), ObjectAttributes: []types.ObjectAttributes{"Checksum", "ObjectSize", "ETag"}})
			if err != nil || at.Checksum == nil || at.Checksum.ChecksumType != "FULL_OBJECT" || *at.ObjectSize != int64(size) {
				t.Error(at, err)
			}
		}
	}
	_, err := s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader("123456789"), ChecksumCRC64NVME: new("rosUhgp5mIg=")})
	s.want("", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader("other"), ChecksumCRC64NVME: new("rosUhgp5mIg=")})
	s.want("BadDigest", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader("x"), ContentMD5: new("1B2M2Y8AsgTpgAmY7PhCfg==")})
	s.want("BadDigest", err)
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k"), Body: strings.NewReader("x"), ContentMD5: new("short")})
	s.want("InvalidDigest", err)
	if got := s.get("k"); got != "123456789" {
		t.Errorf("a refused put left %q", got)
	}
}

func TestListing(t *testing.T) {
	s := open(t)
	for _, k := range strings.Fields("a a/b a/c a/c/d b/1 b/2 b/3 b/4 b/5 b/6 b/7 b/8 b/9 b/a b/b c z/y/x zz é") {
		s.put(k, "x")
	}
	for _, k := range []struct{ prefix, delimiter, after, wanted string }{
		{"", "", "", "a a/b a/c a/c/d b/1 b/2 b/3 b/4 b/5 b/6 b/7 b/8 b/9 b/a b/b c z/y/x zz é"},
		{"", "/", "", "a c zz é [a/] [b/] [z/]"},
		{"a", "/", "", "a [a/]"},
		{"a/", "/", "", "a/b a/c [a/c/]"},
		{"", "/", "a/", "c zz é [b/] [z/]"},
		{"", "/", "b/5", "c zz é [b/] [z/]"},
		{"", "", "b/9", "b/a b/b c z/y/x zz é"},
		{"b/", "", "b/9", "b/a b/b"},
		{"b/", "", "c", ""},
		{"x", "", "", ""},
		{"", "y/", "", "a a/b a/c a/c/d b/1 b/2 b/3 b/4 b/5 b/6 b/7 b/8 b/9 b/a b/b c zz é [z/y/]"},
	} {
		for _, page := range []int32{1000, 1, 2, 3} {
			got := s.keys(func(in *s3.ListObjectsV2Input) {
				in.MaxKeys = &page
				if in.Prefix = &k.prefix; k.delimiter != "" {
					in.Delimiter = &k.delimiter
				}
				if k.after != "" {
					in.StartAfter = &k.after
				}
			})
			if page == 1000 && got != k.wanted {
				t.Errorf("%+v: got %s", k, got)
			}
			if len(strings.Fields(got)) != len(strings.Fields(k.wanted)) {
				t.Errorf("%+v in pages of %d: got %s", k, page, got)
			}
		}
	}
	one, err := s.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: &s.bucket, Delimiter: new("/"), MaxKeys: new(int32(2))})
	if err != nil || *one.NextMarker != "a/" || len(one.Contents) != 1 || len(one.CommonPrefixes) != 1 {
		t.Error(one, err)
	}
	two, err := s.ListObjects(t.Context(), &s3.ListObjectsInput{Bucket: &s.bucket, Delimiter: new("/"), Marker: one.NextMarker, EncodingType: "url"})
	if err != nil || len(two.Contents) != 3 || *two.Contents[2].Key != "%C3%A9" {
		t.Error(two, err)
	}
}

func TestPresignedURLs(t *testing.T) {
	s := open(t)
	p := s3.NewPresignClient(s.Client)
	up, err := p.PresignPutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k")})
	if err != nil {
		t.Fatal(err)
	}
	s.http(up.Method, up.URL, "hello", 200)
	down, err := p.PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("k"), ResponseContentType: new("text/x")}, s3.WithPresignExpires(time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if got := s.http(down.Method, down.URL, "", 200); got != "hello" {
		t.Error(got)
	}
	s.http("PUT", down.URL, "", 200) // nobody knows the secret of "test": its signature is not looked at
}

// http makes a request without the SDK and returns the answer's body.
func (s *shelf) http(method, url, body string, status int) string {
	s.Helper()
	req, err := newRequest(s.Context(), method, url, body)
	if err != nil {
		s.Fatal(err)
	}
	res, err := s.cloud.Client().Do(req)
	if err != nil {
		s.Fatal(err)
	}
	defer res.Body.Close()
	var b bytes.Buffer
	b.ReadFrom(res.Body)
	if res.StatusCode != status {
		s.Errorf("%s %s: %s\n%s", method, url, res.Status, b.String())
	}
	return b.String()
}

func newRequest(ctx context.Context, method, url, body string) (*http.Request, error) {
	return http.NewRequestWithContext(ctx, method, url, strings.NewReader(body))
}
