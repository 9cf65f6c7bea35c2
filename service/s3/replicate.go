package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"

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
	if role, err := aws.ParseARN(c.Role); err != nil || role.Service != "iam" || !strings.HasPrefix(role.Resource, "role/") {
		return nil, errArgument("Role", c.Role, "Invalid Role ARN")
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
			if to.ID == b.ID {
				return api.ErrInvalidRequest("Destination bucket cannot be the same as the source bucket.")
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

// checkReplication refuses what a rule must say and does not, and what it must
// not say.
// AWS: "Replication configuration file elements".
func checkReplication(r *api.ReplicationRule) error {
	if r.Destination == nil || r.Status != "Enabled" && r.Status != "Disabled" {
		return errMalformedXML()
	}
	const manual = " Please refer to S3 Developer Guide for more information."
	f, d := r.Filter, r.Destination
	switch {
	case f != nil && r.DeleteMarkerReplication == nil:
		return api.ErrInvalidRequest("DeleteMarkerReplication must be specified for this version of Cross Region Replication configuration schema." + manual)
	case f != nil && r.Priority == nil:
		return api.ErrInvalidRequest("Priority must be specified for this version of Cross Region Replication configuration schema." + manual)
	case f != nil && marks(r) && (f.Tag != nil || f.And != nil && len(f.And.Tags) > 0):
		return api.ErrInvalidRequest("Delete marker replication is not supported if any Tag filter is specified." + manual)
	case f == nil && r.Prefix == nil:
		return errMalformedXML()
	case unlocks(r) && (d.EncryptionConfiguration == nil || deref(d.EncryptionConfiguration.ReplicaKmsKeyID) == ""):
		return api.ErrInvalidRequest("ReplicaKmsKeyID must be specified if SseKmsEncryptedObjects tag is present.")
	case d.AccessControlTranslation != nil && d.Account == nil:
		return api.ErrInvalidRequest("Account must be specified if AccessControlTranslation is present.")
	case d.ReplicationTime != nil && (d.Metrics == nil || string(d.Metrics.Status) != string(d.ReplicationTime.Status)):
		return api.ErrInvalidRequest("ReplicationTime and Metrics must be enabled together.")
	case d.ReplicationTime != nil && (d.ReplicationTime.Time == nil || deref(d.ReplicationTime.Time.Minutes) != replicationMinutes):
		return errArgument("Minutes", "", "Replication time must be %d minutes", replicationMinutes)
	}
	_, err := storageClass(string(d.StorageClass))
	return err
}

// syncs reports whether a rule copies what is changed of replicas.
func syncs(r *api.ReplicationRule) bool {
	by := r.SourceSelectionCriteria
	return by != nil && by.ReplicaModifications != nil && by.ReplicaModifications.Status == "Enabled"
}

// unlocks reports whether a rule copies what KMS keys encrypt.
func unlocks(r *api.ReplicationRule) bool {
	by := r.SourceSelectionCriteria
	return by != nil && by.SseKmsEncryptedObjects != nil && by.SseKmsEncryptedObjects.Status == "Enabled"
}

// timed reports whether a rule is watched, so that its failures are told.
// AWS: "Receiving replication failure events with Amazon S3 Event Notifications".
func timed(r *api.ReplicationRule) bool {
	d := r.Destination
	return d.Metrics != nil && d.Metrics.Status == "Enabled" || d.ReplicationTime != nil && d.ReplicationTime.Status == "Enabled"
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
	if r.Status != "Enabled" || r.Destination == nil || !strings.HasPrefix(o.Key, prefix) || o.archived() {
		return false
	}
	if o.Copied == copyReplica && !syncs(r) {
		return false
	}
	if !o.carries(tags) {
		return false
	}
	if o.Marker { // AWS: "Replicating delete markers between buckets": never by a rule with tags
		return r.Filter == nil || marks(r) && tags == nil
	}
	return o.Seal.Customer == "" && (!strings.HasPrefix(o.Seal.Algorithm, sealKMS) || unlocks(r))
}

// replicate puts the job that copies a new version, where a rule wants it.
func (s *Service) replicate(tx kv.Tx, b *bucket, o *object) {
	c, ok := get[api.ReplicationConfiguration](tx, b, replicationSetting)
	if !ok || b.Versioning != versioningOn || len(rulesFor(c, o)) == 0 {
		return
	}
	if !o.Marker && o.Copied != copyReplica {
		o.Copied = copyPending
		b.save(tx, o)
	}
	job.PutNow(tx, &job.Job{Kind: kindReplicate, Scope: b.scope(), ID: b.Name, Lane: b.Name + "/" + o.Key, Payload: b.refer(o)})
}

// resync is replicate for an object that was changed in place. What was never
// copied is not copied for that.
// AWS: "Replicating metadata changes with replica modification sync".
func (s *Service) resync(tx kv.Tx, b *bucket, o *object) {
	if o.Copied != "" {
		s.replicate(tx, b, o)
	}
}
