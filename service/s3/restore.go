package s3

import (
	"context"
	"net/http"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

const day = 24 * time.Hour

// How long a restore takes: the longest that is documented for each tier.
// AWS: "Understanding archive retrieval options".
const (
	glacierExpedited = 5 * time.Minute
	glacierStandard  = 5 * time.Hour
	glacierBulk      = 12 * time.Hour
	deepStandard     = 12 * time.Hour
	deepBulk         = 48 * time.Hour
)

// restoreTime is how long a restore of an object by a tier takes.
func (o *object) restoreTime(tier string) (time.Duration, error) {
	deep := o.Class == classDeep || o.Tier == tierDeep
	switch tier {
	case "", "Standard":
		if deep {
			return deepStandard, nil
		}
		return glacierStandard, nil
	case "Bulk":
		if deep {
			return deepBulk, nil
		}
		return glacierBulk, nil
	case "Expedited":
		if deep {
			return 0, api.ErrInvalidArgument(&api.InvalidArgument{ArgumentName: new("Tier")}, "Retrieval option is not supported by this storage class")
		}
		return glacierExpedited, nil
	}
	return 0, errMalformedXML()
}

// RestoreObject begins to make an archived object readable, or prolongs how long
// it is.
func (s *Service) RestoreObject(ctx context.Context, in *api.RestoreObjectInput) (*api.RestoreObjectOutput, error) {
	r := in.RestoreRequest
	if r == nil {
		return nil, errMalformedXML()
	}
	if r.Type != "" || r.SelectParameters != nil || r.OutputLocation != nil {
		return nil, aws.NotImplemented("s3", "RestoreObject with a query")
	}
	out := new(api.RestoreObjectOutput)
	err := s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) error {
		if !o.archived() {
			e := api.ErrInvalidObjectState(&api.InvalidObjectState{StorageClass: api.StorageClass(o.shownClass())}, "Restore is not allowed for the object's current storage class")
			return e
		}
		days, err := o.restoreDays(r)
		if err != nil {
			return err
		}
		if o.restoring(tx.Now()) {
			return aws.Errorf(http.StatusConflict, "RestoreAlreadyInProgress", "Object restore is already in progress")
		}
		if o.restored(tx.Now()) && o.Class == classTiering {
			return nil // the job is about to move it
		}
		if o.restored(tx.Now()) { // AWS: "Restoring an archived object": counted from this request
			o.Restored = midnight(tx.Now().Add(days))
			s.putRestoreEnd(tx, b, o)
			return nil
		}
		tier := string(r.Tier)
		if r.GlacierJobParameters != nil {
			tier = string(r.GlacierJobParameters.Tier)
		}
		takes, err := o.restoreTime(tier)
		if err != nil {
			return err
		}
		o.Restoring = tx.Now().Add(takes)
		out.StatusCode = new(int32(http.StatusAccepted))
		b.takeOut(tx, o, tier)
		s.emit(ctx, tx, b, o.event("ObjectRestore:Post"))
		job.Put(tx, &job.Job{Kind: kindRestore, Scope: b.scope(), ID: o.Key + "\x00" + o.id(), Due: o.Restoring, Payload: b.refer(o)})
		if days > 0 {
			o.Restored = midnight(o.Restoring.Add(days))
			s.putRestoreEnd(tx, b, o)
		}
		return nil
	})
	return out, err
}

// restoreDays is how long the restored copy is to be kept. Of an object that
// Intelligent-Tiering archived there is none: it moves back itself.
// AWS: "Restoring objects from the S3 Intelligent-Tiering Archive Access and Deep
// Archive Access tiers".
func (o *object) restoreDays(r *api.RestoreRequest) (time.Duration, error) {
	days := time.Duration(deref(r.Days)) * day
	if o.Class == classTiering {
		if r.Days != nil {
			return 0, errMalformedXML()
		}
		return 0, nil
	}
	if days <= 0 || days > maxRestoreDays*day {
		return 0, errMalformedXML()
	}
	return days, nil
}

// midnight is the first midnight, UTC, that is not before t.
// AWS: "Lifecycle configuration elements", how days are counted.
func midnight(t time.Time) time.Time {
	m := t.UTC().Truncate(day)
	if m.Before(t) {
		m = m.Add(day)
	}
	return m
}

func (s *Service) putRestoreEnd(tx kv.Tx, b *bucket, o *object) {
	job.Put(tx, &job.Job{Kind: kindRestoreEnd, Scope: b.scope(), ID: o.Key + "\x00" + o.id(), Due: o.Restored, Payload: b.refer(o)})
}

// reference is what a job about an object keeps.
type reference struct {
	Bucket  string `kv:"1"`
	ID      uint64 `kv:"2"`
	Key     string `kv:"3"`
	Version string `kv:"4"` // id, null included
	Seq     uint64 `kv:"5"`
}

func (b *bucket) refer(o *object) []byte {
	return kv.Append(nil, &reference{Bucket: b.Name, ID: b.ID, Key: o.Key, Version: o.id(), Seq: o.Seq})
}

// follow finds the object of a job, if it is still there.
func follow(tx kv.Tx, j *job.Job) (b *bucket, o *object, ok bool) {
	var r reference
	if err := kv.Decode(j.Payload, &r); err != nil {
		kv.Fail(err)
	}
	b, ok = bucketOf(tx, j.Scope, r.Bucket, r.ID)
	if !ok {
		return nil, nil, false
	}
	o, ok = b.version(tx, r.Key, r.Version)
	return b, o, ok && o.Seq == r.Seq
}

// bucketOf finds the bucket of a job, if it is still the same.
func bucketOf(tx kv.Tx, sc kv.Scope, name string, id uint64) (*bucket, bool) {
	b, ok := buckets.Get(tx, bucketKey(sc.Region, name))
	if !ok || b.ID != id {
		return nil, false
	}
	b.Name = name
	return b, true
}

// endRestore is the job that tells of a restore that is done. The object became
// readable by itself, with the time.
func (s *Service) endRestore(ctx context.Context, tx kv.Tx, j *job.Job) error {
	if b, o, ok := follow(tx, j); ok && o.Restoring.Equal(j.Due) {
		e := o.event("ObjectRestore:Completed")
		e.Expires, e.Class = o.Restored, o.Class
		if o.Class == classTiering {
			o.Restoring, o.Read = time.Time{}, tx.Now()
			b.retier(tx, o, "")
		} else {
			b.thaw(tx, o, true)
		}
		b.save(tx, o)
		s.emit(s.itself(ctx, j.Scope), tx, b, e)
	}
	return nil
}

// endCopy is the job that takes the restored copy away.
func (s *Service) endCopy(ctx context.Context, tx kv.Tx, j *job.Job) error {
	b, o, ok := follow(tx, j)
	if !ok || !o.Restored.Equal(j.Due) {
		return nil
	}
	b.thaw(tx, o, false)
	o.Restored, o.Restoring = time.Time{}, time.Time{}
	b.save(tx, o)
	s.emit(s.itself(ctx, j.Scope), tx, b, o.event("ObjectRestore:Delete"))
	return nil
}

// restoreHeader is x-amz-restore.
func (o *object) restoreHeader(now time.Time) *string {
	switch {
	case o.restoring(now):
		return new(`ongoing-request="true"`)
	case o.restored(now) && !o.Restored.IsZero():
		return new(`ongoing-request="false", expiry-date="` + o.Restored.UTC().Format(http.TimeFormat) + `"`)
	}
	return nil
}

// restoreStatus is what listings tell of it.
func (o *object) restoreStatus(now time.Time) *api.RestoreStatus {
	switch {
	case o.restoring(now):
		return &api.RestoreStatus{IsRestoreInProgress: new(true)}
	case o.restored(now) && !o.Restored.IsZero():
		return &api.RestoreStatus{IsRestoreInProgress: new(false), RestoreExpiryDate: &o.Restored}
	}
	return nil
}
