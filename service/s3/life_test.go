package s3_test

import (
	"encoding/json"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const day = 24 * time.Hour

func (s *shelf) lifecycle(rules ...types.LifecycleRule) {
	s.Helper()
	for i := range rules {
		rules[i].Status = "Enabled"
		if rules[i].Filter == nil {
			rules[i].Filter = &types.LifecycleRuleFilter{Prefix: new("")}
		}
	}
	_, err := s.PutBucketLifecycleConfiguration(s.Context(), &s3.PutBucketLifecycleConfigurationInput{Bucket: &s.bucket, LifecycleConfiguration: &types.BucketLifecycleConfiguration{Rules: rules}})
	if err != nil {
		s.Fatal(err)
	}
}

// bubble runs a story where time is virtual: it begins at a midnight.
func bubble(t *testing.T, fn func(s *shelf)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) { fn(open(t)) })
}

func TestArchivedObjectsMustBeRestored(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.put("g", "cold", func(in *s3.PutObjectInput) { in.StorageClass = "GLACIER" })
		s.put("d", "colder", func(in *s3.PutObjectInput) { in.StorageClass = "DEEP_ARCHIVE" })
		if got := s.get("g"); got != "<InvalidObjectState>" {
			t.Error(got)
		}
		restore := func(key string, tier types.Tier) error {
			_, err := s.RestoreObject(t.Context(), &s3.RestoreObjectInput{Bucket: &s.bucket, Key: &key, RestoreRequest: &types.RestoreRequest{Days: new(int32(2)), GlacierJobParameters: &types.GlacierJobParameters{Tier: tier}}})
			return err
		}
		s.want("", restore("g", "Standard"))
		s.want("RestoreAlreadyInProgress", restore("g", "Standard"))
		s.want("InvalidArgument", restore("d", "Expedited"))
		s.want("", restore("d", "Bulk"))
		s.cloud.Advance(4 * time.Hour)
		head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("g")})
		if err != nil || *head.Restore != `ongoing-request="true"` || s.get("g") != "<InvalidObjectState>" {
			t.Error(*head.Restore, err)
		}
		s.cloud.Advance(time.Hour)
		if got := s.get("g"); got != "cold" {
			t.Error("after five hours:", got)
		}
		s.cloud.Advance(44 * time.Hour)
		if got := s.get("d"); got != "colder" {
			t.Error("after two days:", got)
		}
		s.cloud.Advance(day)
		if got := s.get("g"); got != "<InvalidObjectState>" {
			t.Error("after the copy's time:", got)
		}
	})
}

func TestLifecycleMovesAndExpiresByAge(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.cloud.Advance(10 * time.Hour) // what is made by day counts from the next midnight
		large := strings.Repeat("x", 200_000)
		s.lifecycle(
			types.LifecycleRule{ID: new("logs"), Filter: &types.LifecycleRuleFilter{Prefix: new("logs/")}, Expiration: &types.LifecycleExpiration{Days: new(int32(90))},
				Transitions: []types.Transition{{Days: new(int32(30)), StorageClass: "STANDARD_IA"}, {Days: new(int32(60)), StorageClass: "GLACIER"}}},
			types.LifecycleRule{ID: new("tmp"), Filter: &types.LifecycleRuleFilter{Tag: &types.Tag{Key: new("tmp"), Value: new("1")}}, Expiration: &types.LifecycleExpiration{Days: new(int32(1))}},
			types.LifecycleRule{ID: new("abort"), AbortIncompleteMultipartUpload: &types.AbortIncompleteMultipartUpload{DaysAfterInitiation: new(int32(7))}},
		)
		out := s.put("logs/a", large)
		if out.Expiration == nil || !strings.Contains(*out.Expiration, `rule-id="logs"`) {
			t.Error(out.Expiration)
		}
		s.put("other", "x")
		s.put("t", "x", func(in *s3.PutObjectInput) { in.Tagging = new("tmp=1") })
		up, err := s.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &s.bucket, Key: new("never")})
		if err != nil || up.AbortDate == nil {
			t.Fatal(up, err)
		}
		class := func() string {
			list, err := s.ListObjectsV2(t.Context(), &s3.ListObjectsV2Input{Bucket: &s.bucket, Prefix: new("logs/")})
			if err != nil || len(list.Contents) == 0 {
				return ""
			}
			return string(list.Contents[0].StorageClass)
		}
		for _, k := range []struct {
			days        int
			class, keys string
		}{{1, "STANDARD", "logs/a other t"}, {1, "STANDARD", "logs/a other"}, {27, "STANDARD", "logs/a other"}, {2, "STANDARD_IA", "logs/a other"}, {30, "GLACIER", "logs/a other"}, {31, "", "other"}} {
			s.cloud.Advance(time.Duration(k.days) * day)
			if class() != k.class || s.keys() != k.keys {
				t.Errorf("after %d more days: %s %s", k.days, class(), s.keys())
			}
		}
		uploads, err := s.ListMultipartUploads(t.Context(), &s3.ListMultipartUploadsInput{Bucket: &s.bucket})
		if err != nil || len(uploads.Uploads) != 0 {
			t.Error(uploads, err)
		}
	})
}

func TestLifecycleOfVersions(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.versioning("Enabled")
		s.lifecycle(types.LifecycleRule{
			Expiration: &types.LifecycleExpiration{ExpiredObjectDeleteMarker: new(true)}, NoncurrentVersionExpiration: &types.NoncurrentVersionExpiration{NoncurrentDays: new(int32(3)), NewerNoncurrentVersions: new(int32(1))},
		}, types.LifecycleRule{ID: new("e"), Filter: &types.LifecycleRuleFilter{Prefix: new("e")}, Expiration: &types.LifecycleExpiration{Days: new(int32(5))}})
		for _, body := range []string{"1", "22", "333"} {
			s.put("k", body)
			s.put("e", body)
		}
		s.put("gone", "x")
		s.remove("gone", "")
		for range 2 {
			for _, v := range s.list("gone") {
				s.remove("gone", v)
				break // the version alone: the delete marker stays
			}
			break
		}
		s.cloud.Advance(2 * day)
		if got := s.versions(1000); got != "e=3* e=2 e=1 k=3* k=2 k=1" {
			t.Error("the delete marker with nothing behind it:", got)
		}
		s.cloud.Advance(2 * day)
		if got := s.versions(1000); got != "e=3* e=2 k=3* k=2" {
			t.Error("one older version is kept:", got)
		}
		s.cloud.Advance(3 * day)
		if got := s.versions(1000); got != "e=3 k=3* k=2 e!*" {
			t.Error(got)
		}
	})
}

// list are the ids of a key's versions that are no delete markers.
func (s *shelf) list(key string) (ids []string) {
	out, err := s.ListObjectVersions(s.Context(), &s3.ListObjectVersionsInput{Bucket: &s.bucket, Prefix: &key})
	if err != nil {
		s.Fatal(err)
	}
	for _, v := range out.Versions {
		ids = append(ids, *v.VersionId)
	}
	return ids
}

func TestObjectLock(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		_, err := s.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: &s.bucket, Key: new("k"), LegalHold: &types.ObjectLockLegalHold{Status: "ON"}})
		s.want("NoSuchKey", err)
		s.bucket = "locked"
		s.create("locked", func(in *s3.CreateBucketInput) { in.ObjectLockEnabledForBucket = new(true) })
		if _, err := s.PutObjectLockConfiguration(t.Context(), &s3.PutObjectLockConfigurationInput{Bucket: &s.bucket, ObjectLockConfiguration: &types.ObjectLockConfiguration{
			ObjectLockEnabled: "Enabled", Rule: &types.ObjectLockRule{DefaultRetention: &types.DefaultRetention{Mode: "GOVERNANCE", Days: new(int32(10))}},
		}}); err != nil {
			t.Fatal(err)
		}
		v := *s.put("k", "kept").VersionId
		del := func(bypass bool) error {
			_, err := s.DeleteObject(t.Context(), &s3.DeleteObjectInput{Bucket: &s.bucket, Key: new("k"), VersionId: &v, BypassGovernanceRetention: &bypass})
			return err
		}
		s.want("AccessDenied", del(false))
		hold := func(status types.ObjectLockLegalHoldStatus) {
			if _, err := s.PutObjectLegalHold(t.Context(), &s3.PutObjectLegalHoldInput{Bucket: &s.bucket, Key: new("k"), LegalHold: &types.ObjectLockLegalHold{Status: status}}); err != nil {
				t.Error(err)
			}
		}
		hold("ON")
		s.want("AccessDenied", del(true))
		s.cloud.Advance(11 * day)
		s.want("AccessDenied", del(false))
		hold("OFF")
		until := s.cloud.Clock().Now().Add(day)
		retain := func(mode types.ObjectLockRetentionMode, until time.Time) error {
			_, err := s.PutObjectRetention(t.Context(), &s3.PutObjectRetentionInput{Bucket: &s.bucket, Key: new("k"), Retention: &types.ObjectLockRetention{Mode: mode, RetainUntilDate: &until}, BypassGovernanceRetention: new(true)})
			return err
		}
		s.want("", retain("COMPLIANCE", until))
		s.want("AccessDenied", retain("GOVERNANCE", until))
		s.want("", retain("COMPLIANCE", until.Add(day)))
		s.want("AccessDenied", del(true))
		s.remove("k", "") // a delete marker harms nobody
		s.cloud.Advance(3 * day)
		s.want("", del(false))
	})
}

func TestEventsReachQueuesAndTopics(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		queues, topics := sqs.NewFromConfig(s.cloud.Config()), sns.NewFromConfig(s.cloud.Config())
		queue := func(name string) (url, arn *string) {
			q, err := queues.CreateQueue(t.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":["s3.amazonaws.com","sns.amazonaws.com"]},"Action":"sqs:SendMessage","Resource":"*"}]}`}})
			if err != nil {
				t.Fatal(err)
			}
			return q.QueueUrl, new("arn:aws:sqs:us-east-1:000000000000:" + name)
		}
		url, arn := queue("events")
		_, behind := queue("behind")
		topic, err := topics.CreateTopic(t.Context(), &sns.CreateTopicInput{Name: new("news"), Attributes: map[string]string{"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"SNS:Publish","Resource":"*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::shelf"}}}]}`}})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := topics.Subscribe(t.Context(), &sns.SubscribeInput{TopicArn: topic.TopicArn, Protocol: new("sqs"), Endpoint: behind}); err != nil {
			t.Fatal(err)
		}
		config := func(queue *string) error {
			_, err := s.PutBucketNotificationConfiguration(t.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: &s.bucket, NotificationConfiguration: &types.NotificationConfiguration{
				QueueConfigurations: []types.QueueConfiguration{{QueueArn: queue, Events: []types.Event{"s3:ObjectCreated:*"}, Filter: &types.NotificationConfigurationFilter{Key: &types.S3KeyFilter{FilterRules: []types.FilterRule{{Name: "prefix", Value: new("in/")}, {Name: "suffix", Value: new(".jpg")}}}}}},
				TopicConfigurations: []types.TopicConfiguration{{TopicArn: topic.TopicArn, Events: []types.Event{"s3:ObjectRemoved:Delete"}}},
			}})
			return err
		}
		s.want("InvalidArgument", config(new("arn:aws:sqs:us-east-1:000000000000:nothing")))
		s.want("", config(arn))
		receive := func(url *string) (bodies []string) {
			s.cloud.Advance(time.Second)
			out, err := queues.ReceiveMessage(t.Context(), &sqs.ReceiveMessageInput{QueueUrl: url, MaxNumberOfMessages: 10})
			if err != nil {
				t.Fatal(err)
			}
			for _, m := range out.Messages {
				bodies = append(bodies, *m.Body)
				queues.DeleteMessage(t.Context(), &sqs.DeleteMessageInput{QueueUrl: url, ReceiptHandle: m.ReceiptHandle})
			}
			return bodies
		}
		if got := receive(url); len(got) != 1 || !strings.Contains(got[0], "s3:TestEvent") {
			t.Fatal(got)
		}
		s.put("in/a b.jpg", "xyz")
		s.put("in/b.png", "x")
		s.put("out/c.jpg", "x")
		got := receive(url)
		if len(got) != 1 {
			t.Fatal(got)
		}
		var e struct {
			Records []struct {
				EventName string
				S3        struct {
					Bucket struct{ Name, ARN string }
					Object struct {
						Key  string
						Size int
					}
				}
			}
		}
		if err := json.Unmarshal([]byte(got[0]), &e); err != nil || e.Records[0].EventName != "ObjectCreated:Put" || e.Records[0].S3.Object.Key != "in/a+b.jpg" || e.Records[0].S3.Object.Size != 3 || e.Records[0].S3.Bucket.Name != "shelf" {
			t.Error(got[0], err)
		}
		s.remove("out/c.jpg", "")
		url, _ = queue("behind")
		if got := receive(url); len(got) != 2 || !strings.Contains(got[1], "ObjectRemoved:Delete") {
			t.Error(got)
		}
	})
}

func TestReplication(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.create("copy")
		s.replicator(replicaActions)
		rule := &s3.PutBucketReplicationInput{Bucket: &s.bucket, ReplicationConfiguration: &types.ReplicationConfiguration{Role: new("arn:aws:iam::000000000000:role/r"), Rules: []types.ReplicationRule{{
			Status: "Enabled", Priority: new(int32(1)), Filter: &types.ReplicationRuleFilter{Prefix: new("r/")}, DeleteMarkerReplication: &types.DeleteMarkerReplication{Status: "Enabled"},
			Destination: &types.Destination{Bucket: new("arn:aws:s3:::copy"), StorageClass: "STANDARD_IA"},
		}}}}
		_, err := s.PutBucketReplication(t.Context(), rule)
		s.want("InvalidRequest", err)
		s.versioning("Enabled")
		s.bucket = "copy"
		s.versioning("Enabled")
		s.bucket = "shelf"
		_, err = s.PutBucketReplication(t.Context(), rule)
		s.want("", err)
		large := strings.Repeat("x", 100_000)
		s.put("r/large", large)
		s.put("r/small", "y")
		s.put("other", "z")
		status := func(bucket, key string) types.ReplicationStatus {
			head, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &bucket, Key: &key})
			if err != nil {
				return types.ReplicationStatus(code(err))
			}
			return head.ReplicationStatus
		}
		s.cloud.Advance(time.Second)
		if status("shelf", "r/large") != "COMPLETED" || status("copy", "r/large") != "REPLICA" || status("shelf", "other") != "" {
			t.Error(status("shelf", "r/large"), status("copy", "r/large"), status("shelf", "other"))
		}
		s.bucket = "copy"
		if s.keys() != "r/large r/small" || s.get("r/large") != large || s.get("r/small") != "y" {
			t.Error(s.keys())
		}
		s.bucket = "shelf"
		s.remove("r/small", "")
		s.cloud.Advance(time.Second)
		s.bucket = "copy"
		if got := s.keys(); got != "r/large" {
			t.Error("the delete marker:", got)
		}
	})
}

func TestConfigurationsAreKept(t *testing.T) {
	s := open(t)
	ctx := t.Context()
	_, err := s.GetBucketLifecycleConfiguration(ctx, &s3.GetBucketLifecycleConfigurationInput{Bucket: &s.bucket})
	s.want("NoSuchLifecycleConfiguration", err)
	_, err = s.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &s.bucket})
	s.want("NoSuchTagSet", err)
	_, err = s.PutBucketTagging(ctx, &s3.PutBucketTaggingInput{Bucket: &s.bucket, Tagging: &types.Tagging{TagSet: []types.Tag{{Key: new("b"), Value: new("1")}}}})
	s.want("", err)
	tags, err := s.GetBucketTagging(ctx, &s3.GetBucketTaggingInput{Bucket: &s.bucket})
	if err != nil || *tags.TagSet[0].Key != "b" {
		t.Error(tags, err)
	}
	enc, err := s.GetBucketEncryption(ctx, &s3.GetBucketEncryptionInput{Bucket: &s.bucket})
	if err != nil || enc.ServerSideEncryptionConfiguration.Rules[0].ApplyServerSideEncryptionByDefault.SSEAlgorithm != "AES256" {
		t.Error(enc, err)
	}
	_, err = s.PutBucketEncryption(ctx, &s3.PutBucketEncryptionInput{Bucket: &s.bucket, ServerSideEncryptionConfiguration: &types.ServerSideEncryptionConfiguration{Rules: []types.ServerSideEncryptionRule{{ApplyServerSideEncryptionByDefault: &types.ServerSideEncryptionByDefault{SSEAlgorithm: "aws:kms"}, BucketKeyEnabled: new(true)}}}})
	s.want("", err)
	out := s.put("k", "x")
	if out.ServerSideEncryption != "aws:kms" || !strings.HasPrefix(*out.SSEKMSKeyId, "arn:aws:kms:us-east-1:000000000000:key/") || !*out.BucketKeyEnabled {
		t.Error(out.ServerSideEncryption, out.SSEKMSKeyId)
	}
	_, err = s.GetBucketMetricsConfiguration(ctx, &s3.GetBucketMetricsConfigurationInput{Bucket: &s.bucket, Id: new("m")})
	s.want("NoSuchConfiguration", err)
	_, err = s.PutBucketMetricsConfiguration(ctx, &s3.PutBucketMetricsConfigurationInput{Bucket: &s.bucket, Id: new("m"), MetricsConfiguration: &types.MetricsConfiguration{Id: new("m"), Filter: &types.MetricsFilterMemberPrefix{Value: "p"}}})
	s.want("", err)
	list, err := s.ListBucketMetricsConfigurations(ctx, &s3.ListBucketMetricsConfigurationsInput{Bucket: &s.bucket})
	if err != nil || len(list.MetricsConfigurationList) != 1 {
		t.Error(list, err)
	}
	pay, err := s.GetBucketRequestPayment(ctx, &s3.GetBucketRequestPaymentInput{Bucket: &s.bucket})
	if err != nil || pay.Payer != "BucketOwner" {
		t.Error(pay, err)
	}
}

func TestCustomersBringTheirKeys(t *testing.T) {
	s := open(t)
	key, sum := "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=", "KYvwGXoFFJ42a2u2GDWhwQ=="
	put := func(in *s3.PutObjectInput) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = new("AES256"), &key, &sum
	}
	s.put("k", "secret", put)
	if got := s.get("k"); got != "<InvalidRequest>" {
		t.Error(got)
	}
	if got := s.get("k", func(in *s3.GetObjectInput) {
		in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5 = new("AES256"), &key, &sum
	}); got != "secret" {
		t.Error(got)
	}
}

func TestAccessLogsAreDelivered(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.create("logs")
		if _, err := s.PutBucketPolicy(t.Context(), &s3.PutBucketPolicyInput{Bucket: new("logs"), Policy: new(`{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"logging.s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::logs/*","Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::shelf"}}}]}`)}); err != nil {
			t.Fatal(err)
		}
		enable := func(to string) error {
			_, err := s.PutBucketLogging(t.Context(), &s3.PutBucketLoggingInput{Bucket: &s.bucket, BucketLoggingStatus: &types.BucketLoggingStatus{LoggingEnabled: &types.LoggingEnabled{TargetBucket: &to, TargetPrefix: new("p/")}}})
			return err
		}
		s.want("InvalidTargetBucketForLogging", enable("nothing"))
		s.want("", enable("logs"))
		s.put("a b", "hello")
		s.get("a b")
		s.get("nothing")
		s.http("GET", s.cloud.Endpoint+"/shelf/a%20b", "", 403)
		s.cloud.Advance(time.Hour)
		s.bucket = "logs"
		keys := strings.Fields(s.keys())
		if len(keys) != 1 || !strings.HasPrefix(keys[0], "p/2000-01-01-00-") {
			t.Fatal(keys)
		}
		text := s.get(keys[0])
		for _, want := range []string{
			`REST.PUT.OBJECT a%20b "PUT /shelf/a%20b HTTP/1.1" 200 - `, `REST.GET.OBJECT a%20b "GET /shelf/a%20b HTTP/1.1" 200 - 5 `,
			`REST.GET.OBJECT nothing "GET /shelf/nothing HTTP/1.1" 404 NoSuchKey `, `403 AccessDenied`, " shelf [01/Jan/2000:00:00:00 +0000] ",
		} {
			if !strings.Contains(text, want) {
				t.Errorf("no %s in\n%s", want, text)
			}
		}
		if n := strings.Count(text, "\n"); n != 4 {
			t.Errorf("%d lines:\n%s", n, text)
		}
	})
}

// TestReplicationRulesAndDeleteMarkers sets rules of both forms.
func TestReplicationRulesAndDeleteMarkers(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.create("copy")
		s.replicator(replicaActions)
		for _, s.bucket = range []string{"copy", "shelf"} {
			s.versioning("Enabled")
		}
		rule := types.ReplicationRule{Status: "Enabled", Priority: new(int32(1)), Destination: &types.Destination{Bucket: new("arn:aws:s3:::copy")}}
		set := func(r types.ReplicationRule) error {
			_, err := s.PutBucketReplication(t.Context(), &s3.PutBucketReplicationInput{Bucket: &s.bucket, ReplicationConfiguration: &types.ReplicationConfiguration{Role: new("arn:aws:iam::000000000000:role/r"), Rules: []types.ReplicationRule{r}}})
			return err
		}
		filtered := rule
		filtered.Filter = &types.ReplicationRuleFilter{Tag: &types.Tag{Key: new("a"), Value: new("b")}}
		s.want("InvalidRequest", set(filtered))
		filtered.DeleteMarkerReplication = &types.DeleteMarkerReplication{Status: "Enabled"}
		s.want("InvalidRequest", set(filtered))
		filtered.DeleteMarkerReplication = &types.DeleteMarkerReplication{Status: "Disabled"}
		s.want("", set(filtered))
		// The first form has no filter, and copies delete markers unasked.
		rule.Prefix, rule.Priority = new(""), nil
		s.want("", set(rule))
		s.put("k", "x")
		s.remove("k", "")
		s.cloud.Advance(time.Second)
		s.bucket = "copy"
		if got := s.versions(1000); got != "k=1 k!*" {
			t.Error(got)
		}
	})
}
