package s3_test

import (
	"crypto/md5"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/front/fault"
	model "github.com/brume-cloud/brume/sim/s3"
)

// world is a cloud with a bucket, and the model of that.
type world struct {
	*testing.T
	*rand.Rand
	cloud  *cloudtest.Cloud
	client *s3.Client
	bucket string
	model  *model.Bucket
	log    []string // what was done
}

func open(t *testing.T, seed uint64, rules ...model.Rule) *world {
	t.Helper()
	w := &world{T: t, Rand: rand.New(rand.NewPCG(seed, seed)), bucket: "world", model: model.New(rules...)}
	w.cloud = cloudtest.Start(t, cloudtest.Dir(t.TempDir()), cloudtest.NoRetries())
	w.connect()
	if _, err := w.client.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: &w.bucket}); err != nil {
		t.Fatal(err)
	}
	w.setRules()
	return w
}

func (w *world) connect() {
	w.client = s3.NewFromConfig(w.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
}

func (w *world) now() time.Time { return w.cloud.Clock().Now() }

func (w *world) did(format string, args ...any) { w.log = append(w.log, fmt.Sprintf(format, args...)) }

// wrong ends the run with what led to it.
func (w *world) wrong(format string, args ...any) {
	w.Helper()
	last := w.log[max(0, len(w.log)-40):]
	w.Fatalf("after %d steps: %s\nthe last were:\n%s", len(w.log), fmt.Sprintf(format, args...), strings.Join(last, "\n"))
}

func (w *world) must(err error) {
	w.Helper()
	if err != nil {
		w.wrong("%v", err)
	}
}

func code(err error) string {
	var e smithy.APIError
	if errors.As(err, &e) {
		return e.ErrorCode()
	}
	return fmt.Sprint(err)
}

func pick[T any](r *rand.Rand, from ...T) T { return from[r.IntN(len(from))] }

// key is one of few keys, so that they meet again.
func (w *world) key() string {
	return pick(w.Rand, "", "e/", "n/", "t/", "deep/er/") + pick(w.Rand, "a", "b", "c", "ü", "d d")
}

// body is small, or large enough for a blob.
func (w *world) body() string {
	size := pick(w.Rand, 0, 1, 99, 101, 5000, 70_000, 200_000)
	return strings.Repeat(string(rune('a'+w.IntN(26))), size)
}

func etag(parts ...string) string {
	whole := md5.New()
	for _, p := range parts {
		sum := md5.Sum([]byte(p))
		if len(parts) == 1 {
			return hex.EncodeToString(sum[:])
		}
		whole.Write(sum[:])
	}
	return fmt.Sprintf("%x-%d", whole.Sum(nil), len(parts))
}

// id is a version's id in an answer, as the model has it.
func id(shown *string) string {
	if shown == nil {
		return model.Null
	}
	return *shown
}

// version is a version of a key that there is, if any.
func (w *world) version() (string, *model.Version) {
	keys := w.model.Keys()
	if len(keys) == 0 {
		return "", nil
	}
	k := pick(w.Rand, keys...)
	return k, pick(w.Rand, w.model.Versions[k]...)
}

// failing runs fn while all calls to S3 fail: it must say so and do nothing.
func (w *world) failing(fn func() error) {
	kind := pick(w.Rand, fault.Error, fault.Throttle)
	remove := w.cloud.Fault(fault.Rule{Kind: kind, Service: "s3"})
	err := fn()
	remove()
	w.did("  failing: %v", code(err))
	if err == nil {
		w.wrong("a call succeeded that was made to fail")
	}
}

// pass lets time pass, midnight by midnight.
func (w *world) pass(d time.Duration) {
	end := w.now().Add(d)
	w.did("time passes until %v", end.UTC())
	for {
		now := w.now()
		midnight := now.UTC().Truncate(model.Day).Add(model.Day)
		if midnight.After(end) {
			w.model.Elapse(end.Sub(now))
			w.cloud.Advance(end.Sub(now))
			return
		}
		w.model.Elapse(midnight.Sub(now))
		w.model.Midnight(midnight)
		w.cloud.Advance(midnight.Sub(now))
		w.learn()
	}
}

// learn takes over the ids of the delete markers that the lifecycle made.
func (w *world) learn() {
	for k, of := range w.model.Versions {
		if of[0].ID == "" {
			for _, v := range w.versions(k) {
				if v.key == k && v.latest {
					of[0].ID = v.id
					break
				}
			}
		}
	}
}

// row is a version as a listing shows it.
type row struct {
	key, id, etag, class string
	size                 int
	marker, latest       bool
}

// versions lists all versions, in pages of a random size.
func (w *world) versions(prefix string) (all []row) {
	w.Helper()
	in := &s3.ListObjectVersionsInput{Bucket: &w.bucket, Prefix: &prefix, MaxKeys: new(int32(1 + w.IntN(20)))}
	for {
		out, err := w.client.ListObjectVersions(w.Context(), in)
		w.must(err)
		var page []row
		for _, v := range out.Versions {
			page = append(page, row{*v.Key, *v.VersionId, strings.Trim(*v.ETag, `"`), string(v.StorageClass), int(*v.Size), false, *v.IsLatest})
		}
		for _, v := range out.DeleteMarkers {
			page = append(page, row{key: *v.Key, id: *v.VersionId, marker: true, latest: *v.IsLatest})
		}
		if len(page) > int(*in.MaxKeys) {
			w.wrong("a page of %d has %d rows", *in.MaxKeys, len(page))
		}
		all = append(all, page...)
		if !*out.IsTruncated {
			return all
		}
		in.KeyMarker, in.VersionIdMarker = out.NextKeyMarker, out.NextVersionIdMarker
	}
}

// expected is what versions should return, the markers of a page behind its objects.
func (w *world) expected() (all []row) {
	for _, k := range w.model.Keys() {
		for i, v := range w.model.Versions[k] {
			r := row{key: k, id: v.ID, marker: v.Marker, latest: i == 0}
			if !v.Marker {
				r.etag, r.class, r.size = v.ETag, v.Class, len(v.Body)
			}
			all = append(all, r)
		}
	}
	return all
}

// compare holds all of the bucket against the model.
func (w *world) compare() {
	w.Helper()
	sort := func(all []row) []row {
		slices.SortFunc(all, func(a, b row) int { return strings.Compare(a.key+"\x00"+a.id, b.key+"\x00"+b.id) })
		return all
	}
	got, want := sort(w.versions("")), sort(w.expected())
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) || got[i] != want[i] {
			w.wrong("the versions differ at %d:\n got %v\nwant %v", i, got[min(i, len(got)):], want[min(i, len(want)):])
		}
	}
	for k, of := range w.model.Versions {
		for _, v := range of {
			w.read(k, v)
		}
	}
	ups, err := w.client.ListMultipartUploads(w.Context(), &s3.ListMultipartUploadsInput{Bucket: &w.bucket})
	w.must(err)
	if len(ups.Uploads) != len(w.model.Uploads) {
		w.wrong("%d uploads, want %d", len(ups.Uploads), len(w.model.Uploads))
	}
	w.compareUsage()
}

// read reads a version.
func (w *world) read(key string, v *model.Version) {
	w.Helper()
	out, err := w.client.GetObject(w.Context(), &s3.GetObjectInput{Bucket: &w.bucket, Key: &key, VersionId: &v.ID})
	if v.Marker {
		if code(err) != "MethodNotAllowed" {
			w.wrong("a delete marker was read: %v", err)
		}
		return
	}
	w.must(err)
	defer out.Body.Close()
	b, err := io.ReadAll(out.Body)
	w.must(err)
	if string(b) != v.Body {
		w.wrong("%s (%s) has %d bytes %.10q, want %d %.10q", key, v.ID, len(b), b, len(v.Body), v.Body)
	}
}

// compareUsage checks the bill for storage.
func (w *world) compareUsage() {
	w.Helper()
	lines, err := w.cloud.System().Usage(w.Context())
	w.must(err)
	got := map[string]int64{}
	for _, l := range lines {
		got[l.Dimension] = l.Amount
	}
	for class, dimension := range map[string]string{"STANDARD": "TimedStorage-ByteHrs", "GLACIER_IR": "TimedStorage-GIR-ByteHrs"} {
		if want := w.model.Used[class] / 3600; got[dimension] != want {
			w.wrong("%s is %d, want %d", dimension, got[dimension], want)
		}
	}
}

// setRules gives the bucket the model's lifecycle.
func (w *world) setRules() {
	days := func(n int) *int32 { return new(int32(n)) }
	var all []types.LifecycleRule
	for i, r := range w.model.Rules {
		l := types.LifecycleRule{ID: new(fmt.Sprint(i)), Status: "Enabled", Filter: &types.LifecycleRuleFilter{Prefix: &r.Prefix}}
		if r.Expire > 0 {
			l.Expiration = &types.LifecycleExpiration{Days: days(r.Expire)}
		}
		if r.LoneMarker {
			l.Expiration = &types.LifecycleExpiration{ExpiredObjectDeleteMarker: new(true)}
		}
		if r.ExpireOld > 0 {
			l.NoncurrentVersionExpiration = &types.NoncurrentVersionExpiration{NoncurrentDays: days(r.ExpireOld), NewerNoncurrentVersions: days(r.KeepOld)}
		}
		if r.Move > 0 {
			l.Filter = &types.LifecycleRuleFilter{And: &types.LifecycleRuleAndOperator{Prefix: &r.Prefix, ObjectSizeGreaterThan: new(int64(r.MoveAbove))}}
			l.Transitions = []types.Transition{{Days: days(r.Move), StorageClass: types.TransitionStorageClass(r.Class)}}
		}
		if r.Abort > 0 {
			l.AbortIncompleteMultipartUpload = &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: days(r.Abort)}
		}
		all = append(all, l)
	}
	_, err := w.client.PutBucketLifecycleConfiguration(w.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: &w.bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: all}})
	w.must(err)
}
