// Package s3 holds a bucket of Brume against a model of one, under random
// operations, faults, restarts and the passing of days.
//
// The model is this file: what a bucket must do, as simply as it can be said. It
// imports nothing of what it checks, or it would share its mistakes. The
// workload is the test beside it. A run is its seed:
//
//	BRUME_SIM_SEED=42 go test ./sim/s3
//
// does again what a run with that seed did, step by step.
package s3

import (
	"slices"
	"strings"
	"time"
)

// Null is the id of versions that were made while versioning was off.
const Null = "null"

// Day is the step of lifecycles.
const Day = 24 * time.Hour

// Version is a version of an object, or a delete marker.
type Version struct {
	ID       string
	Marker   bool
	Body     string
	ETag     string
	Class    string
	Modified time.Time
	Since    time.Time // when it stopped being the latest
}

// Upload is an upload in parts under way.
type Upload struct {
	ID, Key string
	Began   time.Time
	Parts   map[int]string // bodies
}

// Rule is a rule of a lifecycle, about the keys with a prefix. Numbers are days;
// zero is never.
type Rule struct {
	Prefix     string
	Expire     int
	Move       int // to Class, of objects larger than MoveAbove bytes
	Class      string
	MoveAbove  int
	ExpireOld  int // versions that are not the latest,
	KeepOld    int // but for so many
	LoneMarker bool
	Abort      int
}

// Bucket is the model.
type Bucket struct {
	Versioning string // empty, Enabled or Suspended
	Versions   map[string][]*Version
	Uploads    []*Upload
	Rules      []Rule
	Used       map[string]int64 // byte-seconds by storage class
}

// New returns an empty bucket without versions.
func New(rules ...Rule) *Bucket {
	return &Bucket{Versions: map[string][]*Version{}, Rules: rules, Used: map[string]int64{}}
}

// Add makes v the latest version of a key.
func (b *Bucket) Add(key string, v *Version) {
	if b.Versioning == "" {
		b.Versions[key] = []*Version{v}
		return
	}
	if b.Versioning == "Suspended" {
		v.ID = Null
		b.Versions[key] = slices.DeleteFunc(b.Versions[key], func(v *Version) bool { return v.ID == Null })
	}
	if old := b.Versions[key]; len(old) > 0 && old[0].Since.IsZero() {
		old[0].Since = v.Modified
	}
	b.Versions[key] = append([]*Version{v}, b.Versions[key]...)
}

// Delete deletes a key: the object, or by a marker with an id where there are versions.
func (b *Bucket) Delete(key, marker string, now time.Time) {
	if b.Versioning == "" {
		delete(b.Versions, key)
		return
	}
	b.Add(key, &Version{ID: marker, Marker: true, Modified: now})
}

// Remove removes a version for good.
func (b *Bucket) Remove(key, id string) {
	left := slices.DeleteFunc(b.Versions[key], func(v *Version) bool { return v.ID == id })
	if len(left) == 0 {
		delete(b.Versions, key)
		return
	}
	left[0].Since = time.Time{}
	b.Versions[key] = left
}

// Latest is the object that a read of the key finds.
func (b *Bucket) Latest(key string) *Version {
	if all := b.Versions[key]; len(all) > 0 && !all[0].Marker {
		return all[0]
	}
	return nil
}

// Keys are the keys that have versions, in order.
func (b *Bucket) Keys() []string {
	var all []string
	for k := range b.Versions {
		all = append(all, k)
	}
	slices.Sort(all)
	return all
}

// List is the objects and common prefixes, these in brackets, of a listing.
func (b *Bucket) List(prefix, delimiter, after string) (all []string) {
	for _, k := range b.Keys() {
		if b.Latest(k) == nil || !strings.HasPrefix(k, prefix) || k <= after {
			continue
		}
		if delimiter != "" {
			if head, _, ok := strings.Cut(k[len(prefix):], delimiter); ok {
				k = "[" + prefix + head + delimiter + "]"
				if prefix+head+delimiter <= after || slices.Contains(all, k) {
					continue
				}
			}
		}
		all = append(all, k)
	}
	return all
}

// Elapse lets time pass in which nothing happens.
func (b *Bucket) Elapse(d time.Duration) {
	seconds := int64(d / time.Second)
	for _, of := range b.Versions {
		for _, v := range of {
			b.Used[v.Class] += int64(len(v.Body)) * seconds
		}
	}
	for _, u := range b.Uploads {
		for _, p := range u.Parts {
			b.Used["STANDARD"] += int64(len(p)) * seconds
		}
	}
}

// due reports whether at midnight now a number of days has passed since from.
// Days end at midnight.
func due(days int, from, now time.Time) bool {
	return days > 0 && !from.Add(time.Duration(days)*Day).After(now)
}

// Midnight applies the lifecycle. Of the markers that it made it does not know
// the ids: they are empty until somebody looks.
func (b *Bucket) Midnight(now time.Time) {
	for _, r := range b.Rules {
		for _, k := range b.Keys() {
			if strings.HasPrefix(k, r.Prefix) {
				b.apply(r, k, now)
			}
		}
		b.Uploads = slices.DeleteFunc(b.Uploads, func(u *Upload) bool {
			return strings.HasPrefix(u.Key, r.Prefix) && due(r.Abort, u.Began, now)
		})
	}
}

func (b *Bucket) apply(r Rule, key string, now time.Time) {
	all := slices.Clone(b.Versions[key])
	first := all[0]
	switch {
	case first.Marker:
		if len(all) == 1 && (r.LoneMarker || due(r.Expire, first.Modified, now)) {
			b.Remove(key, first.ID)
		}
	case due(r.Expire, first.Modified, now):
		b.Delete(key, "", now)
	case due(r.Move, first.Modified, now) && len(first.Body) > r.MoveAbove:
		first.Class = r.Class
	}
	for i, v := range all[1:] {
		if i >= r.KeepOld && due(r.ExpireOld, v.Since, now) {
			b.Remove(key, v.ID)
		}
	}
}
