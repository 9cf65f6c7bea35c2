package s3

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// lifecycle is a bucket's lifecycle as it is kept.
type lifecycle struct {
	Rules   []api.LifecycleRule
	Minimum api.TransitionDefaultMinimumObjectSize
}

// Which objects are too small to be moved, unless a rule says otherwise.
// AWS: "Lifecycle transitions", objects smaller than 128 KB.
const (
	smallClasses = "varies_by_storage_class"
	smallAll     = "all_storage_classes_128K"
	smallSize    = 128 << 10
)

// PutBucketLifecycleConfiguration replaces the bucket's lifecycle. A job goes
// through the bucket at each midnight from then on.
func (s *Service) PutBucketLifecycleConfiguration(ctx context.Context, in *api.PutBucketLifecycleConfigurationInput) (*api.PutBucketLifecycleConfigurationOutput, error) {
	if in.LifecycleConfiguration == nil {
		return nil, errMalformedXML()
	}
	c := &lifecycle{Rules: in.LifecycleConfiguration.Rules, Minimum: cmp.Or(in.TransitionDefaultMinimumObjectSize, smallAll)}
	err := s.checkRules(c.Rules)
	if err == nil && isDirectory(in.Bucket) {
		err = directoryRules(c.Rules)
	}
	if err != nil {
		return nil, err
	}
	err = s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		set(tx, b, lifecycleSetting, c)
		b.Arms++
		b.put(tx)
		b.putTour(tx, &tour{Bucket: b.Name, ID: b.ID, Arms: b.Arms})
		return nil
	})
	return &api.PutBucketLifecycleConfigurationOutput{TransitionDefaultMinimumObjectSize: c.Minimum}, err
}

// GetBucketLifecycleConfiguration returns it.
func (s *Service) GetBucketLifecycleConfiguration(ctx context.Context, in *api.GetBucketLifecycleConfigurationInput) (*api.GetBucketLifecycleConfigurationOutput, error) {
	c, err := getSetting[lifecycle](ctx, s, at(lifecycleSetting, in.Bucket, in.ExpectedBucketOwner).orElse(http.StatusNotFound, "NoSuchLifecycleConfiguration", "The lifecycle configuration does not exist"))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketLifecycleConfigurationOutput{Rules: c.Rules, TransitionDefaultMinimumObjectSize: c.Minimum}, nil
}

// DeleteBucketLifecycle takes it away.
func (s *Service) DeleteBucketLifecycle(ctx context.Context, in *api.DeleteBucketLifecycleInput) (*api.DeleteBucketLifecycleOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		unset(tx, b, lifecycleSetting)
		b.Arms++
		b.put(tx)
		return nil
	})
	return &api.DeleteBucketLifecycleOutput{}, err
}

// checkRules holds rules against AWS's, and names those that have no id.
// AWS: "Lifecycle configuration elements".
func (s *Service) checkRules(rules []api.LifecycleRule) error {
	if len(rules) == 0 || len(rules) > maxRules {
		return errMalformedXML()
	}
	ids := map[string]bool{}
	for i := range rules {
		r := &rules[i]
		if deref(r.ID) == "" {
			r.ID = new(aws.UUID(s.Random))
		}
		if ids[*r.ID] {
			return errArgument("ID", *r.ID, "Rule ID must be unique. Found same ID for more than one rule")
		}
		ids[*r.ID] = true
		if err := checkRule(r); err != nil {
			return err
		}
	}
	return nil
}

func checkRule(r *api.LifecycleRule) error {
	e := r.Expiration
	switch {
	case e == nil && len(r.Transitions) == 0 && len(r.NoncurrentVersionTransitions) == 0 && r.NoncurrentVersionExpiration == nil && r.AbortIncompleteMultipartUpload == nil:
		return api.ErrInvalidRequest("At least one action needs to be specified in a rule")
	case r.Filter == nil && r.Prefix == nil, r.Filter != nil && r.Prefix != nil:
		return errMalformedXML()
	case e != nil && e.Days != nil && *e.Days <= 0:
		return errArgument("Days", "", "'Days' for Expiration action must be a positive integer")
	case e != nil && e.Date != nil && !e.Date.Equal(e.Date.UTC().Truncate(day)):
		return errArgument("Date", "", "'Date' must be at midnight GMT")
	case e != nil && (e.Days == nil) == (e.Date == nil) && e.ExpiredObjectDeleteMarker == nil:
		return errMalformedXML()
	}
	for _, t := range r.Transitions {
		if (t.Days == nil) == (t.Date == nil) || t.StorageClass == "" {
			return errMalformedXML()
		}
		if least := leastDays(string(t.StorageClass)); t.Days != nil && *t.Days < least {
			return errArgument("Days", "", "'Days' in Transition action must be greater than or equal to %d for storageClass '%s'", least, t.StorageClass)
		}
		if e != nil && e.Days != nil && t.Days != nil && *e.Days <= *t.Days {
			return errArgument("Days", "", "'Days' in the Expiration action for filter '(prefix=%s)' must be greater than 'Days' in the Transition action", rulePrefix(r))
		}
	}
	if n := r.NoncurrentVersionExpiration; n != nil && deref(n.NoncurrentDays) <= 0 {
		return errArgument("NoncurrentDays", "", "'NoncurrentDays' for NoncurrentVersionExpiration action must be a positive integer")
	}
	return nil
}

// leastDays is how old an object must be to be moved to a class.
func leastDays(class string) int32 {
	if class == classIA || class == classOneZone {
		return 30
	}
	return 0
}

func rulePrefix(r *api.LifecycleRule) string {
	switch {
	case r.Filter == nil:
		return deref(r.Prefix)
	case r.Filter.And != nil:
		return deref(r.Filter.And.Prefix)
	}
	return deref(r.Filter.Prefix)
}

// matches reports whether a rule is about an object.
func matches(r *api.LifecycleRule, o *object) bool {
	if r.Status != "Enabled" || !strings.HasPrefix(o.Key, rulePrefix(r)) {
		return false
	}
	f := r.Filter
	if f == nil {
		return true
	}
	tags, more, less := []api.Tag{}, f.ObjectSizeGreaterThan, f.ObjectSizeLessThan
	if f.Tag != nil {
		tags = append(tags, *f.Tag)
	}
	if f.And != nil {
		tags, more, less = append(tags, f.And.Tags...), f.And.ObjectSizeGreaterThan, f.And.ObjectSizeLessThan
	}
	if more != nil && o.Size <= *more || less != nil && o.Size >= *less {
		return false
	}
	return o.carries(tags)
}

// carries reports whether the object has all of some tags.
func (o *object) carries(tags []api.Tag) bool {
	return !slices.ContainsFunc(tags, func(t api.Tag) bool { v, ok := o.Tags[t.Key]; return !ok || v != t.Value })
}

// sized reports whether a rule says itself how large objects must be.
func sized(r *api.LifecycleRule) bool {
	f := r.Filter
	return f != nil && (f.ObjectSizeGreaterThan != nil || f.ObjectSizeLessThan != nil || f.And != nil && (f.And.ObjectSizeGreaterThan != nil || f.And.ObjectSizeLessThan != nil))
}

// due is when an action takes effect: at a date, or some days after from.
func due(days *int32, date *time.Time, from time.Time) (time.Time, bool) {
	switch {
	case date != nil:
		return *date, true
	case days != nil:
		return midnight(from.Add(time.Duration(*days) * day)), true
	}
	return time.Time{}, false
}

// expiration is x-amz-expiration of an object that was put at from.
func (b *bucket) expiration(tx kv.Tx, o *object, from time.Time) *string {
	c, ok := get[lifecycle](tx, b, lifecycleSetting)
	if !ok {
		return nil
	}
	var at time.Time
	id := ""
	for i := range c.Rules {
		r := &c.Rules[i]
		if r.Expiration == nil || !matches(r, o) {
			continue
		}
		if when, ok := due(r.Expiration.Days, r.Expiration.Date, from); ok && (id == "" || when.Before(at)) {
			at, id = when, *r.ID
		}
	}
	if id == "" {
		return nil
	}
	return new(`expiry-date="` + at.UTC().Format(http.TimeFormat) + `", rule-id="` + url.QueryEscape(id) + `"`)
}

// abortion is when an upload is given up that nobody completes, and by which rule.
func (b *bucket) abortion(tx kv.Tx, key string, from time.Time) (*time.Time, *string) {
	c, ok := get[lifecycle](tx, b, lifecycleSetting)
	if !ok {
		return nil, nil
	}
	for i := range c.Rules {
		r := &c.Rules[i]
		if a := r.AbortIncompleteMultipartUpload; a != nil && r.Status == "Enabled" && strings.HasPrefix(key, rulePrefix(r)) {
			if at, ok := due(a.DaysAfterInitiation, nil, from); ok {
				return &at, r.ID
			}
		}
	}
	return nil, nil
}

// tour is a lifecycle's way through its bucket: what the job keeps.
type tour struct {
	Bucket string `kv:"1"`
	ID     uint64 `kv:"2"`
	Arms   uint64 `kv:"3"`
	After  string `kv:"4"` // the last key that was looked at
	Some   bool   `kv:"5"` // there was something to come back for
}

func (b *bucket) putTour(tx kv.Tx, t *tour) {
	j := &job.Job{Kind: kindLifecycle, Scope: b.scope(), ID: b.Name, Payload: kv.Append(nil, t)}
	if t.After != "" {
		job.PutNow(tx, j)
		return
	}
	j.Due = midnight(tx.Now().Add(1))
	job.Put(tx, j)
}
