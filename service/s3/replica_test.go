package s3_test

import (
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// replicaActions are what a role for replication is mostly allowed.
const replicaActions = `"s3:GetReplicationConfiguration","s3:ListBucket","s3:GetObjectVersionForReplication","s3:GetObjectVersionAcl","s3:GetObjectVersionTagging","s3:ReplicateObject","s3:ReplicateDelete","s3:ReplicateTags","s3:ObjectOwnerOverrideToBucketOwner"`

const replicaRole = "arn:aws:iam::000000000000:role/r"

// replicator makes the role r, or says anew what it may do.
func (s *shelf) replicator(actions string) {
	s.Helper()
	c := iam.NewFromConfig(s.cloud.Config())
	_, err := c.CreateRole(s.Context(), &iam.CreateRoleInput{RoleName: new("r"),
		AssumeRolePolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
	if code(err) != "EntityAlreadyExists" {
		s.want("", err)
	}
	_, err = c.PutRolePolicy(s.Context(), &iam.PutRolePolicyInput{RoleName: new("r"), PolicyName: new("p"),
		PolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":[` + actions + `],"Resource":"*"}]}`)})
	s.want("", err)
}

// mirror is a bucket and its copy, with a role that may do what it must.
func mirror(s *shelf, options ...func(*types.ReplicationRule)) (copy *shelf) {
	s.Helper()
	s.create("copy")
	s.replicator(replicaActions)
	other := *s
	other.bucket = "copy"
	s.versioning("Enabled")
	other.versioning("Enabled")
	s.want("", s.replication(options...))
	return &other
}

func (s *shelf) replication(options ...func(*types.ReplicationRule)) error {
	to := "copy"
	if s.bucket == to {
		to = "shelf"
	}
	r := types.ReplicationRule{ID: new("rule"), Status: "Enabled", Priority: new(int32(1)), Filter: &types.ReplicationRuleFilter{Prefix: new("")},
		DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: "Enabled"}, Destination: &types.Destination{Bucket: new("arn:aws:s3:::" + to)}}
	for _, o := range options {
		o(&r)
	}
	_, err := s.PutBucketReplication(s.Context(), &s3.PutBucketReplicationInput{Bucket: &s.bucket, ReplicationConfiguration: &types.ReplicationConfiguration{Role: new(replicaRole), Rules: []types.ReplicationRule{r}}})
	return err
}

// settle lets copies arrive.
func (s *shelf) settle() { s.cloud.Advance(time.Second) }

// copied is an object's replication status.
func (s *shelf) copied(key string) string {
	s.Helper()
	out, err := s.HeadObject(s.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return "<" + code(err) + ">"
	}
	return string(out.ReplicationStatus)
}

func (s *shelf) tag(key, text string) {
	s.Helper()
	k, v, _ := strings.Cut(text, "=")
	_, err := s.PutObjectTagging(s.Context(), &s3.PutObjectTaggingInput{Bucket: &s.bucket, Key: &key, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: &k, Value: &v}}}})
	s.want("", err)
}

func (s *shelf) tagsOf(key string) string {
	s.Helper()
	out, err := s.GetObjectTagging(s.Context(), &s3.GetObjectTaggingInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		return "<" + code(err) + ">"
	}
	var all []string
	for _, t := range out.TagSet {
		all = append(all, *t.Key+"="+*t.Value)
	}
	return strings.Join(all, " ")
}

func TestReplicasKeepTheirVersionIDs(t *testing.T) {
	bubble(t, func(s *shelf) {
		s.versioning("Enabled")
		s.put("before", "x")
		other := mirror(s)
		other.put("k", "of its own")
		first := s.put("k", "one", func(in *s3.PutObjectInput) { in.Metadata, in.Tagging = map[string]string{"a": "b"}, new("t=1") })
		second := s.put("k", "two")
		s.settle()
		if got := other.versions(1000); got != "k=3* k=3 k=10" {
			s.Error(got)
		}
		ids := other.list("k")
		if len(ids) != 3 || ids[0] != *second.VersionId || ids[1] != *first.VersionId {
			s.Error(ids, *second.VersionId, *first.VersionId)
		}
		old, err := s.GetObject(s.Context(), &s3.GetObjectInput{Bucket: new("copy"), Key: new("k"), VersionId: first.VersionId})
		if err != nil || old.Metadata["a"] != "b" || *old.TagCount != 1 || old.ReplicationStatus != "REPLICA" {
			s.Fatal(old, err)
		}
		if s.copied("k") != "COMPLETED" || s.copied("before") != "" || other.copied("before") != "<NotFound>" {
			s.Error(s.copied("k"), s.copied("before"), other.copied("before"))
		}
		// Deleting a version by its id stays where it is done.
		other.remove("k", *second.VersionId)
		if got := other.get("k"); got != "one" {
			s.Error(got)
		}
		other.remove("k", *first.VersionId)
		if got := other.get("k"); got != "of its own" {
			s.Error(got)
		}
		s.remove("k", "")
		s.settle()
		if got := other.get("k"); got != "<NoSuchKey>" {
			s.Error(got)
		}
	})
}

func TestChangesInPlaceAreReplicated(t *testing.T) {
	bubble(t, func(s *shelf) {
		other := mirror(s)
		s.put("k", "x")
		s.settle()
		s.tag("k", "a=1")
		s.settle()
		if got := other.tagsOf("k"); got != "a=1" {
			s.Error(got)
		}
		if got := other.versions(1000); got != "k=1*" {
			s.Error("no second version:", got)
		}
		// The other way only with a rule that says so.
		s.want("", other.replication())
		other.tag("k", "a=2")
		s.settle()
		if got := s.tagsOf("k"); got != "a=1" {
			s.Error(got)
		}
		s.want("", other.replication(func(r *types.ReplicationRule) {
			r.SourceSelectionCriteria = &types.SourceSelectionCriteria{ReplicaModifications: &types.ReplicaModifications{Status: "Enabled"}}
		}))
		other.tag("k", "a=3")
		s.settle()
		if got := s.tagsOf("k"); got != "a=3" || other.copied("k") != "REPLICA" || s.copied("k") != "COMPLETED" {
			s.Error(got, other.copied("k"), s.copied("k"))
		}
	})
}

func TestReplicationNeedsWhatItsRoleMayDo(t *testing.T) {
	bubble(t, func(s *shelf) {
		other := mirror(s, func(r *types.ReplicationRule) {
			r.Destination.Metrics = &types.Metrics{Status: "Enabled", EventThreshold: &types.ReplicationTimeValue{Minutes: new(int32(15))}}
		})
		e := s.listen("s3:Replication:*")
		tagged := func(in *s3.PutObjectInput) { in.Tagging = new("t=1") }
		without := func(action string) string { return strings.ReplaceAll(replicaActions, `"`+action+`"`, `"s3:Nothing"`) }
		for _, k := range []struct{ key, actions, status, why, tags string }{
			{"fine", replicaActions, "COMPLETED", "", "t=1"},
			{"unread", without("s3:GetObjectVersionForReplication"), "FAILED", "SrcGetObjectNotPermitted", "<NoSuchKey>"},
			{"former", without("s3:GetObjectVersionForReplication") + `,"s3:GetObjectVersion"`, "COMPLETED", "", "t=1"},
			{"unwritten", without("s3:ReplicateObject"), "FAILED", "DstPutObjectNotPermitted", "<NoSuchKey>"},
			{"bare", without("s3:GetObjectVersionTagging"), "COMPLETED", "", ""},
		} {
			s.replicator(k.actions)
			s.put(k.key, "x", tagged)
			s.settle()
			if got := s.copied(k.key); got != k.status || other.tagsOf(k.key) != k.tags {
				s.Error(k.key, got, other.tagsOf(k.key))
			}
			if told := e.hear(); (told != "") != (k.why != "") || !strings.Contains(told, k.why) || k.why != "" && !strings.Contains(told, "OperationFailedReplication") {
				s.Error(k.key, told)
			}
		}
		s.replicator(replicaActions)
		s.want("", other.policy(`{"Effect":"Deny","Principal":"*","Action":"s3:ReplicateObject","Resource":"arn:aws:s3:::copy/*"}`))
		s.put("denied", "x")
		s.settle()
		if got := s.copied("denied"); got != "FAILED" {
			s.Error(got)
		}
		_, err := s.DeleteBucketPolicy(s.Context(), &s3.DeleteBucketPolicyInput{Bucket: new("copy")})
		s.want("", err)
		_, err = iam.NewFromConfig(s.cloud.Config()).UpdateAssumeRolePolicy(s.Context(), &iam.UpdateAssumeRolePolicyInput{RoleName: new("r"),
			PolicyDocument: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ec2.amazonaws.com"},"Action":"sts:AssumeRole"}]}`)})
		s.want("", err)
		s.put("untrusted", "x")
		s.settle()
		if got, told := s.copied("untrusted"), e.hear(); got != "FAILED" || !strings.Contains(told, "AssumeRoleNotPermitted") {
			s.Error(got, told)
		}
		other.versioning("Suspended")
		s.put("unversioned", "x")
		s.settle()
		if got, told := s.copied("unversioned"), e.hear(); got != "FAILED" || !strings.Contains(told, "DstBucketUnversioned") {
			s.Error(got, told)
		}
	})
}

func TestReplicationRulesSayWhatTheyMust(t *testing.T) {
	s := open(t)
	mirror(s)
	kms := func(r *types.ReplicationRule) {
		r.SourceSelectionCriteria = &types.SourceSelectionCriteria{SseKmsEncryptedObjects: &types.SseKmsEncryptedObjects{Status: "Enabled"}}
	}
	key := func(r *types.ReplicationRule) {
		r.Destination.EncryptionConfiguration = &types.EncryptionConfiguration{ReplicaKmsKeyID: new("arn:aws:kms:us-east-1:000000000000:key/k")}
	}
	owner := func(r *types.ReplicationRule) {
		r.Destination.AccessControlTranslation = &types.AccessControlTranslation{Owner: "Destination"}
	}
	rtc := func(minutes int32, metrics bool) func(r *types.ReplicationRule) {
		return func(r *types.ReplicationRule) {
			r.Destination.ReplicationTime = &types.ReplicationTime{Status: "Enabled", Time: &types.ReplicationTimeValue{Minutes: &minutes}}
			if metrics {
				r.Destination.Metrics = &types.Metrics{Status: "Enabled", EventThreshold: &types.ReplicationTimeValue{Minutes: new(int32(15))}}
			}
		}
	}
	for name, k := range map[string]struct {
		want string
		by   []func(*types.ReplicationRule)
	}{
		"KMS without a key":     {"InvalidRequest", []func(*types.ReplicationRule){kms}},
		"KMS":                   {"", []func(*types.ReplicationRule){kms, key}},
		"owner without account": {"InvalidRequest", []func(*types.ReplicationRule){owner}},
		"owner":                 {"", []func(*types.ReplicationRule){owner, func(r *types.ReplicationRule) { r.Destination.Account = new("000000000000") }}},
		"time without metrics":  {"InvalidRequest", []func(*types.ReplicationRule){rtc(15, false)}},
		"another time":          {"InvalidArgument", []func(*types.ReplicationRule){rtc(20, true)}},
		"time":                  {"", []func(*types.ReplicationRule){rtc(15, true)}},
		"no priority":           {"InvalidRequest", []func(*types.ReplicationRule){func(r *types.ReplicationRule) { r.Priority = nil }}},
		"itself":                {"InvalidRequest", []func(*types.ReplicationRule){func(r *types.ReplicationRule) { r.Destination.Bucket = new("arn:aws:s3:::shelf") }}},
		"gone":                  {"InvalidRequest", []func(*types.ReplicationRule){func(r *types.ReplicationRule) { r.Destination.Bucket = new("arn:aws:s3:::nowhere") }}},
	} {
		if got := code(s.replication(k.by...)); got != k.want {
			t.Errorf("%s: %s, want %s", name, got, k.want)
		}
	}
}

func TestReplicasOfAnotherAccount(t *testing.T) {
	bubble(t, func(s *shelf) {
		s.replicator(replicaActions)
		s.versioning("Enabled")
		other := &shelf{T: s.T, cloud: s.cloud, Client: client(s.cloud.As("111111111111", "x", "")), bucket: "copy"}
		other.create("copy", func(in *s3.CreateBucketInput) { in.ObjectOwnership = "ObjectWriter" })
		other.versioning("Enabled")
		s.want("", s.replication())
		s.put("strange", "x")
		s.settle()
		if got := s.copied("strange"); got != "FAILED" {
			s.Error("the destination's policy says nothing:", got)
		}
		s.want("", other.policy(`{"Effect":"Allow","Principal":{"AWS":"`+replicaRole+`"},"Action":["s3:ReplicateObject","s3:ObjectOwnerOverrideToBucketOwner"],"Resource":"arn:aws:s3:::copy/*"}`))
		s.put("k", "x")
		s.settle()
		owner := func(key string) string {
			out, err := s.GetObjectAcl(s.Context(), &s3.GetObjectAclInput{Bucket: new("copy"), Key: &key})
			if err != nil {
				return code(err)
			}
			return *out.Owner.ID
		}
		mine, err := s.ListBuckets(s.Context(), &s3.ListBucketsInput{})
		if err != nil {
			s.Fatal(err)
		}
		if got := owner("k"); got != *mine.Owner.ID {
			s.Error("the replica is its source's owner's:", got)
		}
		s.want("", s.replication(func(r *types.ReplicationRule) {
			r.Destination.Account, r.Destination.AccessControlTranslation = new("111111111111"), &types.AccessControlTranslation{Owner: "Destination"}
		}))
		s.put("given", "x")
		s.settle()
		if s.copied("given") != "COMPLETED" || owner("given") != "AccessDenied" || other.get("given") != "x" || other.get("k") != "<AccessDenied>" {
			s.Error(s.copied("given"), owner("given"), other.get("given"), other.get("k"))
		}
	})
}
