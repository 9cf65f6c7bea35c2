package s3

import (
	"cmp"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	stsapi "github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Why a version was not copied.
// AWS: "Amazon S3 replication failure reasons".
const (
	whyRole        = "AssumeRoleNotPermitted"
	whyNoRules     = "SrcBucketReplicationConfigMissing"
	whySource      = "SrcGetObjectNotPermitted"
	whyGone        = "DstBucketNotFound"
	whyUnversioned = "DstBucketUnversioned"
	whyUnlocked    = "DstBucketObjectLockConfigMissing"
	whyDenied      = "DstPutObjectNotPermitted"
	whyMarker      = "DstDelObjNotPermitted"
	whyOwner       = "DstPutAclNotPermitted"
)

// copyOver is the job that copies a version to where the rules say, or what was
// changed of it. All of it is rows: the bytes of large objects are shared.
func (s *Service) copyOver(ctx context.Context, tx kv.Tx, j *job.Job) error {
	b, o, ok := follow(tx, j)
	if !ok {
		return nil
	}
	c, ok := get[api.ReplicationConfiguration](tx, b, replicationSetting)
	status := copyDone
	if !ok {
		status, c = copyFailed, &api.ReplicationConfiguration{}
	}
	for _, r := range rulesFor(c, o) {
		v := &replica{from: &source{b: b, o: o}, rule: r}
		why, err := s.copyBy(ctx, tx, v, c.Role)
		if err != nil && j.Attempt+1 < copyAttempts {
			return err
		}
		if err != nil {
			why = cmp.Or(why, whyDenied)
		}
		if why != "" {
			status = copyFailed
		}
		s.tellOfCopy(s.itself(ctx, j.Scope), tx, v, why)
	}
	if !o.Marker && o.Copied != copyReplica {
		o.Copied = status
		b.save(tx, o)
	}
	return nil
}

// replica is a version on its way to a destination.
type replica struct {
	from *source
	rule *api.ReplicationRule
	read string // the action by which the source is read
	tags bool   // are copied as well
}

// replicaKey is where the context of a CopyObject has the replica that it makes.
type replicaKey struct{}

// replicaOf is the replica that a call makes; nil for all other calls.
func replicaOf(ctx context.Context, operation string) *replica {
	if operation != "CopyObject" {
		return nil
	}
	v, _ := ctx.Value(replicaKey{}).(*replica)
	return v
}

// passRole is what one must be allowed to have S3 take on a role.
func passRole(role string) aws.Access {
	return aws.Access{Action: "iam:PassRole", Resource: role, Keys: func(key string) ([]string, bool) {
		return []string{principal}, key == "iam:passedtoservice"
	}}
}

// copyBy copies a version by a rule, as the role. why is empty when that was
// done; an error may pass.
func (s *Service) copyBy(ctx context.Context, tx kv.Tx, v *replica, role string) (why string, err error) {
	b, o := v.from.b, v.from.o
	to, ok := destination(tx, b, v.rule)
	switch owner := v.rule.Destination.Account; {
	case !ok:
		return whyGone, nil
	case to.Versioning != versioningOn:
		return whyUnversioned, nil
	case !to.Locks && (o.Lock.Mode != "" || o.Lock.Hold):
		return whyUnlocked, nil
	case owner != nil && *owner != to.Account:
		return whyOwner, nil
	}
	who, err := s.assume(ctx, b, role)
	if err != nil {
		return whyRole, passing(err)
	}
	ctx = aws.ActAs(ctx, aws.Actor{Caller: *who, Account: aws.Account(b.Account), Region: aws.Region(b.Region), Source: b.arn(), SourceAccount: aws.Account(b.Account), Hurry: true})
	in := api.CopyObjectInput{Bucket: to.Name, Key: o.Key, CopySource: b.Name + "/" + escapePath(o.Key) + "?versionId=" + o.id()}
	for _, v.read = range v.reads() {
		for _, v.tags = range []bool{true, false} { // AWS: "Setting up permissions for live replication": tags stay behind that the role may not copy
			asked := in
			_, err = aws.Invoke[api.CopyObjectOutput](context.WithValue(ctx, replicaKey{}, v), s.Via, "s3", "CopyObject", &asked)
			if !denied(err) {
				return "", err
			}
			if len(o.Tags) == 0 {
				break
			}
		}
		if !strings.Contains(err.Error(), v.read+" ") {
			break // it may read, and that is not enough
		}
	}
	return v.whyNot(err), nil
}

// reads are the actions of which the role needs one on the source.
// AWS: the former s3:GetObjectVersion does for what no KMS key encrypts.
func (v *replica) reads() []string {
	if strings.HasPrefix(v.from.o.Seal.Algorithm, sealKMS) {
		return []string{"s3:GetObjectVersionForReplication"}
	}
	return []string{"s3:GetObjectVersionForReplication", "s3:GetObjectVersion"}
}

func denied(err error) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Status == http.StatusForbidden
}

// passing is an error that another try may not meet, or nil.
func passing(err error) error {
	if aws.MayPass(err) {
		return err
	}
	return nil
}

// whyNot is the reason that a refusal stands for.
func (v *replica) whyNot(err error) string {
	text := err.Error()
	switch {
	case strings.Contains(text, "s3:ObjectOwnerOverrideToBucketOwner"):
		return whyOwner
	case strings.Contains(text, "s3:Get"):
		return whySource
	case v.from.o.Marker:
		return whyMarker
	}
	return whyDenied
}

// assume begins a session of the role, which must trust S3.
func (s *Service) assume(ctx context.Context, b *bucket, role string) (*aws.Caller, error) {
	arn, err := aws.ParseARN(role)
	if err != nil {
		return nil, errArgument("Role", role, "Invalid Role ARN")
	}
	ctx = aws.ActAs(ctx, aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: arn.Account, Region: aws.Region(b.Region), Source: b.arn(), SourceAccount: aws.Account(b.Account), Hurry: true,
	})
	out, err := stsapi.NewClient(s.Via).AssumeRole(ctx, &stsapi.AssumeRoleInput{RoleArn: role, RoleSessionName: "s3-replication"})
	if err != nil {
		return nil, err
	}
	return &aws.Caller{
		Kind: aws.AssumedRole, Account: arn.Account, ARN: out.AssumedRoleUser.Arn, UserID: out.AssumedRoleUser.AssumedRoleId, Session: &aws.Session{Role: role},
	}, nil
}

// replica is what the role must be allowed to make one.
// AWS: "Setting up permissions for live replication".
func (g *guard) replica(v *replica, at subject) []aws.Access {
	o := v.from.o
	from := subject{v.from.b.Name, o.Key, o.id()}
	all := []aws.Access{g.one("s3:GetReplicationConfiguration", subject{bucket: from.bucket})}
	if o.Marker {
		return append(all, g.one("s3:ReplicateDelete", at))
	}
	all = append(all, g.one(v.read, from), g.one("s3:GetObjectVersionAcl", from), g.one("s3:ReplicateObject", at))
	if v.tags && len(o.Tags) > 0 {
		all = append(all, g.one("s3:GetObjectVersionTagging", from), g.one("s3:ReplicateTags", at))
	}
	if v.rule.Destination.AccessControlTranslation != nil {
		all = append(all, g.one("s3:ObjectOwnerOverrideToBucketOwner", at))
	}
	return all
}

// take puts a replica into the bucket that it is for: a version that is as the
// source's, its id included. One that is there gets what was changed.
func (s *Service) take(ctx context.Context, in *api.CopyObjectInput, v *replica) error {
	return s.update(ctx, in.Bucket, nil, func(tx kv.Tx, to *bucket) error {
		o := v.from.o
		if old, ok := to.version(tx, o.Key, o.id()); ok {
			if !old.Marker {
				v.dress(old, to)
				to.save(tx, old)
			}
			return nil
		}
		made := *o
		made.Copied, made.Since = copyReplica, time.Time{}
		made.Restored, made.Restoring, made.Moved, made.Thawed = time.Time{}, time.Time{}, time.Time{}, false
		made.Tier, made.Read = "", time.Time{}
		d := v.rule.Destination
		made.Class, _ = storageClass(cmp.Or(string(d.StorageClass), o.Class))
		if e := d.EncryptionConfiguration; e != nil && strings.HasPrefix(o.Seal.Algorithm, sealKMS) {
			made.Seal.Key = deref(e.ReplicaKmsKeyID)
		}
		v.dress(&made, to)
		if made.Lock.Mode == "" && !made.Marker { // AWS: "What does Amazon S3 replicate?": then the destination's default holds
			kept, err := to.lockOf(tx, &api.PutObjectInput{})
			if err != nil {
				return err
			}
			made.Lock.Mode, made.Lock.Until = kept.Mode, kept.Until
		}
		made.Content = s.duplicate(tx, v.from, to)
		to.add(tx, s.Random, &made)
		name := "ObjectCreated:Put"
		if made.Marker {
			name = "ObjectRemoved:DeleteMarkerCreated"
		}
		s.emit(ctx, tx, to, made.event(name))
		return nil
	})
}

// dress gives a replica what may be changed of the source: tags, ACL and owner,
// and locks.
func (v *replica) dress(o *object, to *bucket) {
	o.Tags = v.from.o.Tags
	if !v.tags {
		o.Tags = nil
	}
	if v.from.o.Lock != (lock{}) {
		o.Lock = v.from.o.Lock
	}
	o.ACL, o.Owner = v.from.o.ACL, v.from.b.accountOf(v.from.o)
	if v.rule.Destination.AccessControlTranslation != nil {
		o.ACL, o.Owner = nil, ""
	}
	if o.Owner == to.Account {
		o.Owner = ""
	}
}

// tellOfCopy tells the source's listeners of a copy that failed, or was late.
func (s *Service) tellOfCopy(ctx context.Context, tx kv.Tx, v *replica, why string) {
	o := v.from.o
	late := tx.Now().Sub(o.Modified) > replicationMinutes*time.Minute && o.Copied == copyPending
	if !timed(v.rule) || why == "" && !late {
		return
	}
	e := o.event("Replication:OperationReplicatedAfterThreshold")
	e.Copy = map[string]string{
		"replicationRuleId": deref(v.rule.ID), "destinationBucket": v.rule.Destination.Bucket, "s3Operation": "OBJECT_PUT", "requestTime": instant(o.Modified),
	}
	if why != "" {
		e.Name, e.Copy["failureReason"] = "Replication:OperationFailedReplication", why
	}
	s.emit(ctx, tx, v.from.b, e)
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
