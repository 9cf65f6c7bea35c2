package s3_test

import (
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	model "github.com/brume-cloud/brume/sim/s3"
)

// steps is how long a run is.
const steps = 500

// TestBucketBehavesLikeItsModel does some runs, one of them with a seed that
// nobody has tried. BRUME_SIM_SEED repeats one.
func TestBucketBehavesLikeItsModel(t *testing.T) {
	seeds := []uint64{1, 2, 3, rand.Uint64()}
	if s := os.Getenv("BRUME_SIM_SEED"); s != "" {
		seed, err := strconv.ParseUint(s, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		seeds = []uint64{seed}
	}
	for _, seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			defer func() {
				if t.Failed() {
					t.Logf("do it again with BRUME_SIM_SEED=%d", seed)
				}
			}()
			synctest.Test(t, func(t *testing.T) { run(t, seed) })
		})
	}
}

func run(t *testing.T, seed uint64) {
	w := open(t, seed,
		model.Rule{Prefix: "e/", Expire: 3},
		model.Rule{Prefix: "n/", ExpireOld: 2, KeepOld: 1, LoneMarker: true},
		model.Rule{Prefix: "t/", Move: 2, Class: "GLACIER_IR", MoveAbove: 100},
		model.Rule{Abort: 2},
	)
	for range steps {
		w.step()
	}
	w.compare()
	w.empty()
}

// step does one thing.
func (w *world) step() {
	switch n := w.IntN(100); {
	case n < 30:
		w.put()
	case n < 40:
		w.copy()
	case n < 50:
		w.remove()
	case n < 60:
		w.removeVersion()
	case n < 65:
		w.removeMany()
	case n < 70:
		w.begin()
	case n < 76:
		w.part()
	case n < 80:
		w.finish()
	case n < 88:
		w.list()
	case n < 91:
		w.torn()
	case n < 94:
		w.toggle()
	case n < 98:
		w.pass(time.Duration(w.IntN(40*3600)) * time.Second)
	case n < 99:
		w.compare()
	default:
		w.did("restart")
		w.cloud.Restart()
		w.connect()
		w.compare()
	}
}

func (w *world) put() {
	key, body := w.key(), w.body()
	call := func() (*s3.PutObjectOutput, error) {
		return w.client.PutObject(w.Context(), &s3.PutObjectInput{Bucket: &w.bucket, Key: &key, Body: strings.NewReader(body)})
	}
	w.did("put %s, %d bytes", key, len(body))
	if w.IntN(20) == 0 {
		w.failing(func() error { _, err := call(); return err })
		return
	}
	now := w.now()
	out, err := call()
	w.must(err)
	w.model.Add(key, &model.Version{ID: id(out.VersionId), Body: body, ETag: etag(body), Class: "STANDARD", Modified: now})
}

// torn puts a body that is not what its digest says.
func (w *world) torn() {
	key := w.key()
	w.did("put %s, torn", key)
	_, err := w.client.PutObject(w.Context(), &s3.PutObjectInput{Bucket: &w.bucket, Key: &key, Body: strings.NewReader(w.body() + "x"), ContentMD5: new("1B2M2Y8AsgTpgAmY7PhCfg==")})
	if code(err) != "BadDigest" {
		w.wrong("a torn body: %v", err)
	}
}

func (w *world) copy() {
	from, v := w.version()
	if v == nil {
		return
	}
	to, now := w.key(), w.now()
	w.did("copy %s (%s) to %s", from, v.ID, to)
	out, err := w.client.CopyObject(w.Context(), &s3.CopyObjectInput{
		Bucket: &w.bucket, Key: &to, CopySource: new(w.bucket + "/" + strings.ReplaceAll(from, " ", "%20") + "?versionId=" + v.ID), MetadataDirective: "REPLACE", StorageClass: types.StorageClass(v.Class),
	})
	if v.Marker {
		if err == nil {
			w.wrong("a delete marker was copied")
		}
		return
	}
	w.must(err)
	w.model.Add(to, &model.Version{ID: id(out.VersionId), Body: v.Body, ETag: etag(v.Body), Class: v.Class, Modified: now})
}

func (w *world) remove() {
	key, now := w.key(), w.now()
	w.did("delete %s", key)
	in := &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &key}
	if w.IntN(20) == 0 {
		w.failing(func() error { _, err := w.client.DeleteObject(w.Context(), in); return err })
		return
	}
	out, err := w.client.DeleteObject(w.Context(), in)
	w.must(err)
	w.model.Delete(key, id(out.VersionId), now)
}

func (w *world) removeVersion() {
	key, v := w.version()
	if v == nil {
		return
	}
	w.did("delete %s (%s)", key, v.ID)
	_, err := w.client.DeleteObject(w.Context(), &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &key, VersionId: &v.ID})
	w.must(err)
	w.model.Remove(key, v.ID)
}

func (w *world) removeMany() {
	var all []types.ObjectIdentifier
	for range 1 + w.IntN(4) {
		if key := w.key(); !slices.ContainsFunc(all, func(o types.ObjectIdentifier) bool { return *o.Key == key }) {
			all = append(all, types.ObjectIdentifier{Key: &key})
		}
	}
	w.did("delete %d keys", len(all))
	now := w.now()
	out, err := w.client.DeleteObjects(w.Context(), &s3.DeleteObjectsInput{Bucket: &w.bucket, Delete: &types.Delete{Objects: all}})
	w.must(err)
	if len(out.Errors) > 0 || len(out.Deleted) != len(all) {
		w.wrong("%v %v", out.Errors, out.Deleted)
	}
	for _, d := range out.Deleted {
		w.model.Delete(*d.Key, id(d.DeleteMarkerVersionId), now)
	}
}

// toggle turns versioning on, or suspends it.
func (w *world) toggle() {
	status := pick(w.Rand, types.BucketVersioningStatusEnabled, types.BucketVersioningStatusEnabled, types.BucketVersioningStatusSuspended)
	w.did("versioning %s", status)
	_, err := w.client.PutBucketVersioning(w.Context(), &s3.PutBucketVersioningInput{Bucket: &w.bucket, VersioningConfiguration: &types.VersioningConfiguration{Status: status}})
	w.must(err)
	w.model.Versioning = string(status)
}

func (w *world) begin() {
	key, now := w.key(), w.now()
	w.did("begin an upload of %s", key)
	out, err := w.client.CreateMultipartUpload(w.Context(), &s3.CreateMultipartUploadInput{Bucket: &w.bucket, Key: &key})
	w.must(err)
	w.model.Uploads = append(w.model.Uploads, &model.Upload{ID: *out.UploadId, Key: key, Began: now, Parts: map[int]string{}})
}

func (w *world) part() {
	if len(w.model.Uploads) == 0 {
		return
	}
	u := pick(w.Rand, w.model.Uploads...)
	n, body := 1+w.IntN(2), w.body()
	if n == 1 && w.IntN(4) == 0 {
		body = strings.Repeat("M", 5<<20)
	}
	w.did("part %d of %s, %d bytes", n, u.Key, len(body))
	_, err := w.client.UploadPart(w.Context(), &s3.UploadPartInput{Bucket: &w.bucket, Key: &u.Key, UploadId: &u.ID, PartNumber: new(int32(n)), Body: strings.NewReader(body)})
	w.must(err)
	u.Parts[n] = body
}

// finish completes an upload, or gives it up.
func (w *world) finish() {
	if len(w.model.Uploads) == 0 {
		return
	}
	i := w.IntN(len(w.model.Uploads))
	u, now := w.model.Uploads[i], w.now()
	numbers := slices.Sorted(maps.Keys(u.Parts))
	if len(numbers) == 0 || w.IntN(3) == 0 {
		w.did("abort the upload of %s", u.Key)
		_, err := w.client.AbortMultipartUpload(w.Context(), &s3.AbortMultipartUploadInput{Bucket: &w.bucket, Key: &u.Key, UploadId: &u.ID})
		w.must(err)
		w.model.Uploads = slices.Delete(w.model.Uploads, i, i+1)
		return
	}
	var bodies []string
	var listed []types.CompletedPart
	for _, n := range numbers {
		bodies = append(bodies, u.Parts[n])
		listed = append(listed, types.CompletedPart{PartNumber: new(int32(n)), ETag: new(etag(u.Parts[n]))})
	}
	w.did("complete the upload of %s", u.Key)
	out, err := w.client.CompleteMultipartUpload(w.Context(), &s3.CompleteMultipartUploadInput{Bucket: &w.bucket, Key: &u.Key, UploadId: &u.ID, MultipartUpload: &types.CompletedMultipartUpload{Parts: listed}})
	if len(bodies) == 2 && len(bodies[0]) < 5<<20 {
		if code(err) != "EntityTooSmall" {
			w.wrong("a small part: %v", err)
		}
		return
	}
	w.must(err)
	w.model.Uploads = slices.Delete(w.model.Uploads, i, i+1)
	tag := etag(bodies...)
	if len(bodies) == 1 {
		tag = strings.Trim(*out.ETag, `"`) // of a digest of one digest
	}
	w.model.Add(u.Key, &model.Version{ID: id(out.VersionId), Body: strings.Join(bodies, ""), ETag: tag, Class: "STANDARD", Modified: now})
}

// list lists objects by random rules.
func (w *world) list() {
	in := &s3.ListObjectsV2Input{Bucket: &w.bucket, MaxKeys: new(int32(1 + w.IntN(8)))}
	prefix, delimiter, after := pick(w.Rand, "", "", "e", "e/", "deep/", "x"), pick(w.Rand, "", "/", "er"), ""
	if delimiter == "" {
		after = pick(w.Rand, "", w.key())
	}
	in.Prefix, in.Delimiter, in.StartAfter = &prefix, &delimiter, &after
	w.did("list %q by %q after %q", prefix, delimiter, after)
	var got []string
	for pages := s3.NewListObjectsV2Paginator(w.client, in); pages.HasMorePages(); {
		out, err := pages.NextPage(context.WithoutCancel(w.Context()))
		w.must(err)
		if n := len(out.Contents) + len(out.CommonPrefixes); n > int(*in.MaxKeys) || n != int(*out.KeyCount) {
			w.wrong("a page of %d has %d rows and says %d", *in.MaxKeys, n, *out.KeyCount)
		}
		for _, o := range out.Contents {
			got = append(got, *o.Key)
		}
		for _, p := range out.CommonPrefixes {
			got = append(got, "["+*p.Prefix+"]")
		}
	}
	want := w.model.List(prefix, delimiter, after)
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		w.wrong("listed %q, want %q", got, want)
	}
}

// empty deletes everything, after which nothing may be left, and the bucket can go.
func (w *world) empty() {
	for _, k := range w.model.Keys() {
		for _, v := range slices.Clone(w.model.Versions[k]) {
			_, err := w.client.DeleteObject(w.Context(), &s3.DeleteObjectInput{Bucket: &w.bucket, Key: &k, VersionId: &v.ID})
			w.must(err)
			w.model.Remove(k, v.ID)
		}
	}
	w.pass(4 * model.Day) // uploads end by the lifecycle
	w.compare()
	for _, err := range w.cloud.System().Objects().List() {
		w.must(err)
		w.wrong("a blob is left")
	}
	_, err := w.client.DeleteBucket(w.Context(), &s3.DeleteBucketInput{Bucket: &w.bucket})
	w.must(err)
}
