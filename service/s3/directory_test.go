package s3_test

import (
	"context"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sts"
)

const ledge = "ledge--use1-az4--x-s3"

// regional is a client for what concerns buckets as such. Given an endpoint of its
// own, the SDK would ask for a session there, too, where AWS takes none.
func (s *shelf) regional() *s3.Client {
	return s3.New(s.Options(), func(o *s3.Options) { o.DisableS3ExpressSessionAuth = new(true) })
}

// directory is a shelf whose bucket is a directory bucket.
func directory(t *testing.T) *shelf {
	t.Helper()
	s := open(t)
	s.bucket = ledge
	s.want("", s.createIn("use1-az4", types.LocationTypeAvailabilityZone, ledge))
	return s
}

func (s *shelf) createIn(zone string, kind types.LocationType, name string) error {
	_, err := s.regional().CreateBucket(s.Context(), &s3.CreateBucketInput{Bucket: &name, CreateBucketConfiguration: &types.CreateBucketConfiguration{
		Bucket: &types.BucketInfo{Type: types.BucketTypeDirectory}, Location: &types.LocationInfo{Type: kind, Name: &zone},
	}})
	return err
}

func TestDirectoryBucketsLieInZones(t *testing.T) {
	s := directory(t)
	for _, c := range []struct {
		name, zone string
		kind       types.LocationType
		wanted     string
	}{
		{ledge, "use1-az4", "AvailabilityZone", "BucketAlreadyOwnedByYou"},
		{"a--use1-dfw2-az1--x-s3", "use1-dfw2-az1", "LocalZone", ""},
		{"b--use1-az4--x-s3", "use1-az5", "AvailabilityZone", "InvalidRequest"},
		{"b--use1-az4--x-s3", "use1-az4", "LocalZone", "InvalidRequest"},
		{"b--usw2-az1--x-s3", "usw2-az1", "AvailabilityZone", "InvalidBucketName"}, // of another region
		{"plain", "use1-az4", "AvailabilityZone", "InvalidBucketName"},
	} {
		s.want(c.wanted, s.createIn(c.zone, c.kind, c.name))
	}
	_, err := s.regional().CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("b--use1-az4--x-s3")})
	s.want("InvalidBucketName", err)
	list, err := s.regional().ListDirectoryBuckets(t.Context(), &s3.ListDirectoryBucketsInput{MaxDirectoryBuckets: new(int32(1))})
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != "a--use1-dfw2-az1--x-s3" {
		t.Fatal(list, err)
	}
	list, err = s.regional().ListDirectoryBuckets(t.Context(), &s3.ListDirectoryBucketsInput{ContinuationToken: list.ContinuationToken})
	if err != nil || len(list.Buckets) != 1 || *list.Buckets[0].Name != ledge || list.ContinuationToken != nil {
		t.Fatal(list, err)
	}
	plain, err := s.ListBuckets(t.Context(), &s3.ListBucketsInput{})
	if err != nil || len(plain.Buckets) != 1 || *plain.Buckets[0].Name != "shelf" {
		t.Error(plain, err)
	}
	head, err := s.HeadBucket(t.Context(), &s3.HeadBucketInput{Bucket: &s.bucket})
	if err != nil || head.BucketLocationType != "AvailabilityZone" || *head.BucketLocationName != "use1-az4" {
		t.Error(head, err)
	}
	_, err = s.regional().DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket})
	s.want("", err)
}

func TestDirectoryBucketsKeepObjects(t *testing.T) {
	s := directory(t)
	put := s.put("a/b", "hello")
	if len(*put.ETag) != 34 || *put.ETag == `"5d41402abc4b2a76b9719d911017c592"` {
		t.Error("an ETag that is a digest:", *put.ETag)
	}
	s.put("a/c/d", "x")
	s.put("top", "x")
	head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("a/b")})
	if err != nil || head.StorageClass != "EXPRESS_ONEZONE" || s.get("a/b") != "hello" {
		t.Error(head, err, s.get("a/b"))
	}
	if got := s.keys(func(in *s3.ListObjectsV2Input) { in.Delimiter, in.Prefix = new("/"), new("a/") }); got != "a/b [a/c/]" {
		t.Error(got)
	}
	for _, bad := range []*s3.ListObjectsV2Input{{Delimiter: new("-")}, {Prefix: new("a")}} {
		bad.Bucket = &s.bucket
		_, err := s.ListObjectsV2(t.Context(), bad)
		s.want("InvalidRequest", err)
	}
	for wanted, change := range map[string]func(*s3.PutObjectInput){
		"InvalidStorageClass": func(in *s3.PutObjectInput) { in.StorageClass = "STANDARD" },
		"NotImplemented":      func(in *s3.PutObjectInput) { in.Tagging = new("a=b") },
		"PreconditionFailed":  func(in *s3.PutObjectInput) { in.Key, in.IfNoneMatch = new("top"), new("*") },
	} {
		in := &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k")}
		change(in)
		_, err := s.PutObject(t.Context(), in)
		s.want(wanted, err)
	}
	_, err = s.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("shelf"), Key: new("k"), StorageClass: "EXPRESS_ONEZONE"})
	s.want("InvalidStorageClass", err)
	_, err = s.regional().GetBucketVersioning(t.Context(), &s3.GetBucketVersioningInput{Bucket: &s.bucket})
	s.want("MethodNotAllowed", err)
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: new("shelf"), Key: new("copy"), CopySource: new(ledge + "/a/b")})
	s.want("", err)
	_, err = s.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("back"), CopySource: new("shelf/copy")})
	s.want("", err)
	if got := s.get("back"); got != "hello" {
		t.Error(got)
	}
	gone, err := s.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("a/b")}, {Key: new("back")}}}})
	if err != nil || len(gone.Deleted) != 2 || s.keys() != "a/c/d top" {
		t.Error(gone, err, s.keys())
	}
}

func TestDirectoryBucketsAreBilledAsTheirClass(t *testing.T) {
	s := directory(t)
	s.put("k", strings.Repeat("x", 1000))
	s.get("k")
	s.cloud.Advance(2 * time.Hour)
	lines, err := s.cloud.System().Usage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	used := map[string]int64{}
	for _, l := range lines {
		used[l.Dimension] += l.Amount
	}
	if used["TimedStorage-XZ-ByteHrs"] < 2000 || used["TimedStorage-ByteHrs"] != 0 || used["Requests-XZ-Tier1"] < 1 || used["Requests-XZ-Tier2"] < 1 {
		t.Error(used)
	}
}

func TestLifecyclesOfDirectoryBucketsExpire(t *testing.T) {
	s := directory(t)
	s.put("k", "x")
	rule := func(r types.LifecycleRule) error {
		r.Status, r.Filter = "Enabled", &types.LifecycleRuleFilter{Prefix: new("")}
		_, err := s.regional().PutBucketLifecycleConfiguration(t.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: &s.bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: []types.LifecycleRule{r}}})
		return err
	}
	s.want("InvalidRequest", rule(types.LifecycleRule{Transitions: []types.Transition{{Days: new(int32(1)), StorageClass: "GLACIER"}}}))
	s.want("", rule(types.LifecycleRule{Expiration: &types.LifecycleExpiration{Days: new(int32(2))}}))
	s.cloud.Advance(4 * 24 * time.Hour)
	s.Client = s.regional() // the SDK's session is over by the cloud's clock, not by its own
	if got := s.keys(); got != "" {
		t.Error(got)
	}
}

// with is the client of a user whose policy has the statements.
func (s *shelf) with(name, statements string) *shelf {
	s.Helper()
	users := iam.NewFromConfig(s.cloud.Config())
	if _, err := users.CreateUser(s.Context(), &iam.CreateUserInput{UserName: &name}); err != nil {
		s.Fatal(err)
	}
	key, err := users.CreateAccessKey(s.Context(), &iam.CreateAccessKeyInput{UserName: &name})
	if err != nil {
		s.Fatal(err)
	}
	if _, err := users.PutUserPolicy(s.Context(), &iam.PutUserPolicyInput{UserName: &name, PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)}); err != nil {
		s.Fatal(err)
	}
	return &shelf{T: s.T, cloud: s.cloud, Client: client(s.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")), bucket: s.bucket}
}

func TestSessionsAllowWhatTheirModeDoes(t *testing.T) {
	s := directory(t)
	s.put("k", "hello")
	reader := s.with("reader", `{"Effect":"Allow","Action":"s3express:CreateSession","Resource":"*","Condition":{"StringEquals":{"s3express:SessionMode":"ReadOnly"}}}`)
	if got := reader.get("k"); got != "hello" { // its session is ReadOnly, because it may have no other
		t.Error(got)
	}
	_, err := reader.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &s.bucket, Key: new("k")})
	reader.want("AccessDenied", err)
	_, err = reader.regional().DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &s.bucket})
	reader.want("AccessDenied", err)
	writer := s.with("writer", `{"Effect":"Allow","Action":"s3express:CreateSession","Resource":"arn:aws:s3express:us-east-1:000000000000:bucket/`+ledge+`"}`)
	writer.put("w", "x")
	if got := s.with("stranger", `{"Effect":"Allow","Action":"s3:*","Resource":"*"}`).get("k"); !strings.Contains(got, "AccessDenied") {
		t.Error(got)
	}
	s.Client = s.regional()
	s.want("", s.policy(`{"Effect":"Deny","Principal":{"AWS":"arn:aws:iam::000000000000:user/writer"},"Action":"s3express:CreateSession","Resource":"arn:aws:s3express:us-east-1:000000000000:bucket/`+ledge+`","Condition":{"StringEquals":{"s3express:SessionMode":"ReadWrite"}}}`))
	_, err = writer.CreateSession(t.Context(), &s3.CreateSessionInput{Bucket: &s.bucket, SessionMode: "ReadWrite"})
	writer.want("AccessDenied", err)
}

func TestSessionsAreForOneBucketAndEnd(t *testing.T) {
	s := directory(t)
	s.put("k", "hello")
	s.want("", s.createIn("use1-az4", "AvailabilityZone", "other--use1-az4--x-s3"))
	made, err := s.CreateSession(t.Context(), &s3.CreateSessionInput{Bucket: &s.bucket})
	if err != nil || made.ServerSideEncryption != "AES256" {
		t.Fatal(made, err)
	}
	c := made.Credentials
	if left := c.Expiration.Sub(s.cloud.Clock().Now()); left > 5*time.Minute || left < 4*time.Minute {
		t.Error(left)
	}
	with := func(token string) *shelf {
		return &shelf{T: t, cloud: s.cloud, bucket: ledge, Client: s3.NewFromConfig(s.cloud.As(*c.AccessKeyId, *c.SecretAccessKey, ""), func(o *s3.Options) {
			o.ExpressCredentials = fixed{*c.AccessKeyId, *c.SecretAccessKey, token}
		})}
	}
	session := with(*c.SessionToken)
	if got := session.get("k"); got != "hello" {
		t.Error(got)
	}
	if got := with("another").get("k"); got != "<InvalidToken>" {
		t.Error(got)
	}
	session.bucket = "other--use1-az4--x-s3"
	if got := session.get("k"); got != "<AccessDenied>" {
		t.Error("of another bucket:", got)
	}
	session.bucket = ledge
	asIdentity := sts.NewFromConfig(s.cloud.As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken))
	if _, err := asIdentity.GetCallerIdentity(t.Context(), &sts.GetCallerIdentityInput{}); err == nil {
		t.Error("a session was good for another service")
	}
	if _, err := s3.NewFromConfig(s.cloud.As(*c.AccessKeyId, *c.SecretAccessKey, *c.SessionToken)).ListBuckets(t.Context(), nil); err == nil {
		t.Error("a session was good for another operation")
	}
	s.cloud.Advance(5 * time.Minute)
	if got := session.get("k"); got != "<ExpiredToken>" {
		t.Error(got)
	}
}

// fixed are the credentials of a session.
type fixed struct{ id, secret, token string }

func (f fixed) Retrieve(context.Context, string) (awssdk.Credentials, error) {
	return awssdk.Credentials{AccessKeyID: f.id, SecretAccessKey: f.secret, SessionToken: f.token}, nil
}
