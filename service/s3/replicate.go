package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// The states of an object's replication.
const (
	copyPending = "PENDING"
	copyDone    = "COMPLETED"
	copyFailed  = "FAILED"
	copyReplica = "REPLICA"
)

// PutBucketReplication says which objects are copied to which buckets.
func (s *Service) PutBucketReplication(ctx context.Context, in *api.PutBucketReplicationInput) (*api.PutBucketReplicationOutput, error) {
	c := in.ReplicationConfiguration
	if c == nil || len(c.Rules) == 0 || len(c.Rules) > maxRules {
		return nil, errMalformedXML()
	}
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if b.Versioning != versioningOn {
			return api.ErrInvalidRequest("Versioning must be 'Enabled' on the bucket to apply a replication configuration")
		}
		for i := range c.Rules {
			if deref(c.Rules[i].ID) == "" {
				c.Rules[i].ID = new(aws.UUID(s.Random))
			}
			if err := checkReplication(&c.Rules[i]); err != nil {
				return err
			}
			to, ok := destination(tx, b, &c.Rules[i])
			if !ok {
				return api.ErrInvalidRequest("Destination bucket must exist.")
			}
			if to.Versioning != versioningOn {
				return api.ErrInvalidRequest("Destination bucket must have versioning enabled.")
			}
		}
		set(tx, b, replicationSetting, c)
		b.put(tx)
		return nil
	})
	return &api.PutBucketReplicationOutput{}, err
}

// GetBucketReplication tells it.
func (s *Service) GetBucketReplication(ctx context.Context, in *api.GetBucketReplicationInput) (*api.GetBucketReplicationOutput, error) {
	c, err := getSetting[api.ReplicationConfiguration](ctx, s, at(replicationSetting, in.Bucket, in.ExpectedBucketOwner).orElse(http.StatusNotFound, "ReplicationConfigurationNotFoundError", "The replication configuration was not found"))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketReplicationOutput{ReplicationConfiguration: c}, nil
}

// DeleteBucketReplication ends it.
func (s *Service) DeleteBucketReplication(ctx context.Context, in *api.DeleteBucketReplicationInput) (*api.DeleteBucketReplicationOutput, error) {
	return &api.DeleteBucketReplicationOutput{}, s.deleteSetting(ctx, at(replicationSetting, in.Bucket, in.ExpectedBucketOwner))
}

// destination is the bucket that a rule copies to.
func destination(tx kv.Tx, b *bucket, r *api.ReplicationRule) (*bucket, bool) {
	if r.Destination == nil {
		return nil, false
	}
	name := r.Destination.Bucket[strings.LastIndexByte(r.Destination.Bucket, ':')+1:]
	to, ok := buckets.Get(tx, bucketKey(aws.Region(b.Region), name))
	if ok {
		to.Name = name
	}
	return to, ok
}

// rulesFor are the rules that copy an object: one for each destination, that
// with the highest priority.
func rulesFor(c *api.ReplicationConfiguration, o *object) (all []*api.ReplicationRule) {
	for i := range c.Rules {
		r := &c.Rules[i]
		if !replicates(r, o) {
			continue
		}
		same := slices.IndexFunc(all, func(x *api.ReplicationRule) bool { return x.Destination.Bucket == r.Destination.Bucket })
		if same < 0 {
			all = append(all, r)
		} else if deref(r.Priority) > deref(all[same].Priority) {
			all[same] = r
		}
	}
	return all
}

// marks reports whether a rule copies delete markers because it says so. Those
// of the first form, which have no filter, always do.
// AWS: "Replication configuration file elements", backward compatibility.
func marks(r *api.ReplicationRule) bool {
	return r.DeleteMarkerReplication != nil && r.DeleteMarkerReplication.Status == "Enabled"
}

// checkReplication refuses what a rule with a filter must say and does not, and
// what it must not say.
func checkReplication(r *api.ReplicationRule) error {
	f := r.Filter
	switch {
	case f == nil:
		return nil
	case r.DeleteMarkerReplication == nil:
		return api.ErrInvalidRequest("DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema. Please refer to S3 Developer Guide for more information.")
	case marks(r) && (f.Tag != nil || f.And != nil && len(f.And.Tags) > 0):
		return api.ErrInvalidRequest("Delete marker replication is not supported if any Tag filter is specified. Please refer to S3 Developer Guide for more information.")
	}
	return nil
}

func replicates(r *api.ReplicationRule, o *object) bool {
	prefix, tags := deref(r.Prefix), []api.Tag(nil)
	if f := r.Filter; f != nil {
		prefix = deref(f.Prefix)
		if f.Tag != nil {
			tags = append(tags, *f.Tag)
		}
		if f.And != nil {
			prefix, tags = deref(f.And.Prefix), f.And.Tags
		}
	}
	if r.Status != "Enabled" || r.Destination == nil || !strings.HasPrefix(o.Key, prefix) {
		return false
	}
	if !o.carries(tags) {
		return false
	}
	if o.Marker { // AWS: "Replicating delete markers between buckets": never by a rule with tags
		return r.Filter == nil || marks(r) && tags == nil
	}
	sealed := strings.HasPrefix(o.Seal.Algorithm, sealKMS)
	by := r.SourceSelectionCriteria
	return o.Seal.Customer == "" && (!sealed || by != nil && by.SseKmsEncryptedObjects != nil && by.SseKmsEncryptedObjects.Status == "Enabled")
}

// replicate puts the job that copies a new version, where a rule wants it.
func (s *Service) replicate(tx kv.Tx, b *bucket, o *object) {
	c, ok := get[api.ReplicationConfiguration](tx, b, replicationSetting)
	if !ok || o.Copied == copyReplica || b.Versioning != versioningOn || len(rulesFor(c, o)) == 0 {
		return
	}
	if !o.Marker {
		o.Copied = copyPending
		b.save(tx, o)
	}
	job.PutNow(tx, &job.Job{Kind: kindReplicate, Scope: b.scope(), ID: b.Name, Lane: b.Name + "/" + o.Key, Payload: b.refer(o)})
}

// copyOver is the job that copies a version to where the rules say. All of it is
// rows: the bytes of large objects are shared.
func (s *Service) copyOver(ctx context.Context, tx kv.Tx, j *job.Job) error {
	b, o, ok := follow(tx, j)
	if !ok {
		return nil
	}
	c, ok := get[api.ReplicationConfiguration](tx, b, replicationSetting)
	if !ok {
		return nil
	}
	ctx = s.itself(ctx, j.Scope)
	status := copyDone
	for _, r := range rulesFor(c, o) {
		to, ok := destination(tx, b, r)
		if !ok || to.Versioning != versioningOn {
			status = copyFailed
			continue
		}
		s.copyTo(ctx, tx, &source{b: b, o: o}, &sink{to, r})
	}
	if !o.Marker {
		o.Copied = status
		b.save(tx, o)
	}
	return nil
}

// sink is where a rule copies to.
type sink struct {
	*bucket
	rule *api.ReplicationRule
}

func (s *Service) copyTo(ctx context.Context, tx kv.Tx, from *source, to *sink) {
	replica := *from.o
	replica.Copied, replica.Since = copyReplica, time.Time{}
	replica.Restored, replica.Restoring, replica.Moved, replica.Thawed = time.Time{}, time.Time{}, time.Time{}, false
	replica.Tier, replica.Read = "", time.Time{}
	if class := to.rule.Destination.StorageClass; class != "" {
		replica.Class, _ = storageClass(string(class))
	}
	replica.Content = s.duplicate(tx, from, to.bucket)
	to.add(tx, s.Random, &replica)
	name := "ObjectCreated:Put"
	if replica.Marker {
		name = "ObjectRemoved:DeleteMarkerCreated"
	}
	s.emit(ctx, tx, to.bucket, replica.event(name))
}

// duplicate makes the rows that hold an object's bytes for another bucket.
func (s *Service) duplicate(tx kv.Tx, from *source, to *bucket) content {
	one := func(c content) content {
		if c.Row != 0 {
			body, ok := bodies.Get(tx, from.b.bodyKey(c.Row))
			if !ok {
				kv.Fail(errLost)
			}
			c.Row = s.Random.Uint64()
			bodies.Put(tx, to.bodyKey(c.Row), body)
		}
		if c.Blob.ID != "" && !share(tx, c.Blob.ID) {
			kv.Fail(errLost)
		}
		return c
	}
	c := from.o.Content
	if c.Parts == 0 {
		return one(c)
	}
	row := s.Random.Uint64()
	for key, p := range extents.Scan(tx, kv.Prefix(extents.Prefix(from.b.scope(), from.b.id(), kv.Uint(c.Parts)))) {
		p.Content = one(p.Content)
		extents.Put(tx, to.extentKey(row, startOf(key)), p)
	}
	return content{Parts: row}
}
