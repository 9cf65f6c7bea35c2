package s3

import (
	"context"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/meter"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// travel is the job that applies a bucket's lifecycle to some of its objects,
// and puts the one for the next, or for the next midnight.
func (s *Service) travel(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var t tour
	if err := kv.Decode(j.Payload, &t); err != nil {
		return err
	}
	b, ok := bucketOf(tx, j.Scope, t.Bucket, t.ID)
	if !ok || b.Arms != t.Arms {
		return nil
	}
	c, ok := get[lifecycle](tx, b, lifecycleSetting)
	if !ok {
		return nil
	}
	r := &ranger{Service: s, ctx: s.itself(ctx, j.Scope), tx: tx, b: b, c: c}
	if t.After == "" {
		r.abort()
	}
	t.After = r.walk(t.After)
	b.putTour(tx, &t)
	return nil
}

// itself is the context of what S3 does on its own account.
func (s *Service) itself(ctx context.Context, sc kv.Scope) context.Context {
	return aws.WithCall(ctx, &aws.Call{
		RequestID: aws.UUID(s.Random), Service: "s3", Account: sc.Account, Region: sc.Region, Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal},
	})
}

// ranger applies a lifecycle.
type ranger struct {
	*Service
	ctx context.Context
	tx  kv.Tx
	b   *bucket
	c   *lifecycle
}

// walk looks at the versions of some keys behind one, and returns the last of
// them; empty at the end of the bucket.
func (r *ranger) walk(after string) string {
	h := &history{listing: &listing{}, b: r.b, tx: r.tx}
	var of []*object // all versions of a key
	seen := 0
	for o := range h.all(after, after == "") {
		if len(of) > 0 && of[0].Key != o.Key {
			r.look(of)
			if seen >= batch {
				return of[0].Key
			}
			of = nil
		}
		of = append(of, o)
		seen++
	}
	if len(of) > 0 {
		r.look(of)
	}
	return ""
}

// look applies the rules to the versions of a key, the newest first.
func (r *ranger) look(of []*object) {
	now := r.tx.Now()
	for i := range r.c.Rules {
		rule := &r.c.Rules[i]
		if latest := of[0]; latest != nil && matches(rule, latest) {
			if r.expire(rule, of) {
				of[0] = nil // or another's by now
			} else {
				r.move(rule, latest, rule.Transitions, now)
			}
		}
		for n, o := range of[1:] {
			if o == nil || !matches(rule, o) {
				continue
			}
			if r.expireOld(rule, o, n) {
				of[n+1] = nil
			} else if !o.Marker {
				r.moveOld(rule, o, n)
			}
		}
	}
}

// expire deletes the latest version of a key whose time has come, and takes
// those out of the list that are gone with it.
func (r *ranger) expire(rule *api.LifecycleRule, of []*object) bool {
	e, o, now := rule.Expiration, of[0], r.tx.Now()
	if e == nil {
		return false
	}
	at, timed := due(e.Days, e.Date, o.Modified)
	if o.Marker {
		// AWS: "Removing expired object delete markers": those with nothing behind them.
		alone := len(of) == 1 && (deref(e.ExpiredObjectDeleteMarker) || timed && !now.Before(at))
		if alone {
			r.b.remove(r.tx, o)
			r.emit(r.ctx, r.tx, r.b, o.event("LifecycleExpiration:Delete"))
		}
		return alone
	}
	if !timed || now.Before(at) {
		return false
	}
	if r.b.Versioning == "" {
		r.b.remove(r.tx, o)
		r.emit(r.ctx, r.tx, r.b, o.event("LifecycleExpiration:Delete"))
		return true
	}
	marker := &object{Key: o.Key, Marker: true, Modified: now}
	r.b.add(r.tx, r.Random, marker)
	for n, old := range of[1:] {
		if old != nil && old.Version == marker.Version { // the null version, whose place it took
			of[n+1] = nil
		}
	}
	r.emit(r.ctx, r.tx, r.b, marker.event("LifecycleExpiration:DeleteMarkerCreated"))
	return true
}

// expireOld deletes a version that is not the latest. newer is how many of such
// there are before it.
func (r *ranger) expireOld(rule *api.LifecycleRule, o *object, newer int) bool {
	e := rule.NoncurrentVersionExpiration
	if e == nil || newer < int(deref(e.NewerNoncurrentVersions)) {
		return false
	}
	at, ok := due(e.NoncurrentDays, nil, o.since())
	if !ok || r.tx.Now().Before(at) || o.Lock.held(r.tx.Now(), false) != nil {
		return false
	}
	r.b.remove(r.tx, o)
	r.emit(r.ctx, r.tx, r.b, o.event("LifecycleExpiration:Delete"))
	return true
}

// since is when the version stopped being the latest.
func (o *object) since() time.Time {
	if o.Since.IsZero() {
		return o.Modified
	}
	return o.Since
}

// move gives an object the storage class that its age calls for.
func (r *ranger) move(rule *api.LifecycleRule, o *object, all []api.Transition, now time.Time) {
	if o.Marker {
		return
	}
	class := ""
	var last time.Time
	for _, t := range all {
		if at, ok := due(t.Days, t.Date, o.Modified); ok && !now.Before(at) && !at.Before(last) {
			class, last = string(t.StorageClass), at
		}
	}
	r.reclass(rule, o, class)
}

// moveOld is move for a version that is not the latest.
func (r *ranger) moveOld(rule *api.LifecycleRule, o *object, newer int) {
	class := ""
	var last time.Time
	for _, t := range rule.NoncurrentVersionTransitions {
		if newer < int(deref(t.NewerNoncurrentVersions)) {
			continue
		}
		if at, ok := due(t.NoncurrentDays, nil, o.since()); ok && !r.tx.Now().Before(at) && !at.Before(last) {
			class, last = string(t.StorageClass), at
		}
	}
	r.reclass(rule, o, class)
}

// ranks are the storage classes from the warmest to the coldest: objects only
// ever move on.
// AWS: "Lifecycle transitions", supported transitions.
func rank(class string) int {
	switch class {
	case classIA:
		return 1
	case classTiering:
		return 2
	case classOneZone:
		return 3
	case classInstant:
		return 4
	case classGlacier:
		return 5
	case classDeep:
		return 6
	}
	return 0
}

func (r *ranger) reclass(rule *api.LifecycleRule, o *object, class string) {
	archive := class == classGlacier || class == classDeep
	tooSmall := o.Size < smallSize && !sized(rule) && (r.c.Minimum != smallClasses || !archive)
	if class == "" || rank(class) <= max(rank(o.Class), tierRank(o.Tier)) || tooSmall {
		return
	}
	r.b.settle(r.tx, o)
	o.Class, o.Moved, o.Tier, o.Read = class, r.tx.Now(), "", time.Time{}
	o.Restoring = time.Time{} // of a tier
	r.b.bill(r.tx, o)
	meter.Count(r.tx, r.b.usage(transitionTier(class)), 1)
	r.b.save(r.tx, o)
	r.emit(r.ctx, r.tx, r.b, o.event("LifecycleTransition"))
}

// abort gives uploads up that nobody completed in time.
func (r *ranger) abort() {
	for key, u := range uploads.Scan(r.tx, kv.Prefix(uploads.Prefix(r.b.scope(), r.b.id()))) {
		if at, _ := r.b.abortion(r.tx, keyIn(key), u.Began); at != nil && !r.tx.Now().Before(*at) {
			r.b.dropUpload(r.tx, append(kv.Key(nil), key...), u)
		}
	}
}
