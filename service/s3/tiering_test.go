package s3_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

const tiered = 200_000 // bytes of an object that Intelligent-Tiering watches

// tiering puts a configuration that archives what has a tag.
func (s *shelf) tiering(filter *types.IntelligentTieringFilter, tiers ...types.Tiering) error {
	_, err := s.PutBucketIntelligentTieringConfiguration(s.Context(), &s3.PutBucketIntelligentTieringConfigurationInput{Bucket: &s.bucket, Id: new("t"),
		IntelligentTieringConfiguration: &types.IntelligentTieringConfiguration{Id: new("t"), Status: "Enabled", Filter: filter, Tierings: tiers}})
	return err
}

func archiveAfter(days int32) types.Tiering {
	return types.Tiering{AccessTier: "ARCHIVE_ACCESS", Days: &days}
}

func deepAfter(days int32) types.Tiering {
	return types.Tiering{AccessTier: "DEEP_ARCHIVE_ACCESS", Days: &days}
}

func (s *shelf) archiveStatus(key string) string {
	s.Helper()
	out, err := s.HeadObject(s.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: &key})
	if err != nil {
		s.Fatal(err)
	}
	status := string(out.ArchiveStatus)
	if out.Restore != nil {
		status += " " + *out.Restore
	}
	return status
}

func TestIntelligentTieringFollowsAccess(t *testing.T) {
	bubble(t, func(s *shelf) {
		s.put("k", strings.Repeat("x", tiered), class("INTELLIGENT_TIERING"))
		s.put("small", strings.Repeat("x", 1000), class("INTELLIGENT_TIERING"))
		s.cloud.Advance(30 * day)
		s.uses(map[string]int64{"TimedStorage-INT-FA-ByteHrs": (tiered + 1000) * 30 * 24, "Monitoring-Automation-INT": 30 * 24})
		s.cloud.Advance(60 * day)
		s.uses(map[string]int64{"TimedStorage-INT-FA-ByteHrs": tiered*30*24 + 1000*90*24, "TimedStorage-INT-IA-ByteHrs": tiered * 60 * 24})
		s.archiveStatus("k") // a HEAD and a listing are no access
		s.keys()
		s.cloud.Advance(day)
		s.uses(map[string]int64{"TimedStorage-INT-AIA-ByteHrs": tiered * 24})
		s.get("k")
		s.cloud.Advance(day)
		s.uses(map[string]int64{"TimedStorage-INT-AIA-ByteHrs": tiered * 24, "TimedStorage-INT-FA-ByteHrs": tiered*31*24 + 1000*92*24})

		// Read again and again, it stays; a copy is an access as well.
		s.cloud.Advance(20 * day)
		s.get("k")
		s.cloud.Advance(20 * day)
		if _, err := s.CopyObject(s.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("copy"), CopySource: new(s.bucket + "/k")}); err != nil {
			s.Fatal(err)
		}
		s.cloud.Advance(29 * day)
		s.uses(map[string]int64{"TimedStorage-INT-IA-ByteHrs": tiered * 60 * 24})
		s.remove("k", "")
		fa := s.used("TimedStorage-INT-FA-ByteHrs")
		s.cloud.Advance(100 * day)
		s.uses(map[string]int64{"TimedStorage-INT-FA-ByteHrs": fa + 1000*100*24, "EarlyDelete-INT-FA": 0})
	})
}

func TestIntelligentTieringArchivesWhereAsked(t *testing.T) {
	bubble(t, func(s *shelf) {
		s.want("InvalidArgument", s.tiering(nil, archiveAfter(89)))
		s.want("InvalidArgument", s.tiering(nil, deepAfter(179)))
		s.want("InvalidArgument", s.tiering(nil, archiveAfter(731)))
		s.want("MalformedXML", s.tiering(nil, archiveAfter(90), archiveAfter(100)))
		s.want("", s.tiering(&types.IntelligentTieringFilter{And: &types.IntelligentTieringAndOperator{Prefix: new("old/"), Tags: []types.Tag{{Key: new("a"), Value: new("1")}}}}, archiveAfter(90), deepAfter(180)))
		body := strings.Repeat("x", tiered)
		tag := func(in *s3.PutObjectInput) { in.Tagging, in.StorageClass = new("a=1"), "INTELLIGENT_TIERING" }
		s.put("old/k", body, tag)
		s.put("old/other", body, class("INTELLIGENT_TIERING"))
		s.cloud.Advance(90 * day)
		if got := s.archiveStatus("old/k") + s.archiveStatus("old/other"); got != "ARCHIVE_ACCESS" {
			s.Error(got)
		}
		_, err := s.GetObject(s.Context(), &s3.GetObjectInput{Bucket: &s.bucket, Key: new("old/k")})
		var refused *types.InvalidObjectState
		if !errors.As(err, &refused) || refused.StorageClass != "INTELLIGENT_TIERING" || refused.AccessTier != "ARCHIVE_ACCESS" {
			s.Error(err)
		}
		_, err = s.CopyObject(s.Context(), &s3.CopyObjectInput{Bucket: &s.bucket, Key: new("copy"), CopySource: new(s.bucket + "/old/k")})
		s.want("ObjectNotInActiveTierError", err)

		restore := func(r *types.RestoreRequest) error {
			_, err := s.RestoreObject(s.Context(), &s3.RestoreObjectInput{Bucket: &s.bucket, Key: new("old/k"), RestoreRequest: r})
			return err
		}
		tier := func(t types.Tier) *types.RestoreRequest {
			return &types.RestoreRequest{GlacierJobParameters: &types.GlacierJobParameters{Tier: t}}
		}
		s.want("MalformedXML", restore(&types.RestoreRequest{Days: new(int32(1))}))
		s.want("", restore(tier("Standard")))
		s.want("RestoreAlreadyInProgress", restore(tier("Standard")))
		if got := s.archiveStatus("old/k"); got != `ARCHIVE_ACCESS ongoing-request="true"` {
			s.Error(got)
		}
		s.cloud.Advance(5 * time.Hour)
		if got := s.archiveStatus("old/k"); got != "" || s.get("old/k") != body {
			s.Error("restored:", got)
		}
		s.want("InvalidObjectState", restore(tier("Standard")))
		s.cloud.Advance(90 * day)
		if got := s.archiveStatus("old/k"); got != "" {
			s.Error("less than 90 days after the restore:", got)
		}
		s.cloud.Advance(91 * day)
		if got := s.archiveStatus("old/k"); got != "DEEP_ARCHIVE_ACCESS" {
			s.Error(got)
		}
		s.want("InvalidArgument", restore(tier("Expedited")))
		s.want("", restore(tier("Bulk")))
		s.cloud.Advance(47 * time.Hour)
		if got := s.archiveStatus("old/k"); got != `DEEP_ARCHIVE_ACCESS ongoing-request="true"` {
			s.Error(got)
		}
		s.cloud.Advance(time.Hour)
		if got := s.get("old/k"); got != body {
			s.Error(got)
		}
	})
}

// ear is a queue that hears some of the bucket's events.
type ear struct {
	*shelf
	queues *sqs.Client
	url    *string
}

func (s *shelf) listen(events ...types.Event) *ear {
	s.Helper()
	e := &ear{shelf: s, queues: sqs.NewFromConfig(s.cloud.Config())}
	q, err := e.queues.CreateQueue(s.Context(), &sqs.CreateQueueInput{QueueName: new("ear"), Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`}})
	if err != nil {
		s.Fatal(err)
	}
	e.url = q.QueueUrl
	if _, err := s.PutBucketNotificationConfiguration(s.Context(), &s3.PutBucketNotificationConfigurationInput{Bucket: &s.bucket, NotificationConfiguration: &types.NotificationConfiguration{
		QueueConfigurations: []types.QueueConfiguration{{QueueArn: new("arn:aws:sqs:us-east-1:000000000000:ear"), Events: events}}}}); err != nil {
		s.Fatal(err)
	}
	e.hear() // the test message
	return e
}

// hear takes what the queue has.
func (e *ear) hear() string {
	e.Helper()
	var all []string
	for {
		out, err := e.queues.ReceiveMessage(e.Context(), &sqs.ReceiveMessageInput{QueueUrl: e.url, MaxNumberOfMessages: 10})
		if err != nil {
			e.Fatal(err)
		}
		if len(out.Messages) == 0 {
			return strings.Join(all, "\n")
		}
		for _, m := range out.Messages {
			all = append(all, *m.Body)
			if _, err := e.queues.DeleteMessage(e.Context(), &sqs.DeleteMessageInput{QueueUrl: e.url, ReceiptHandle: m.ReceiptHandle}); err != nil {
				e.Fatal(err)
			}
		}
	}
}

func TestArchivedTiersAreMeteredAndTold(t *testing.T) {
	bubble(t, func(s *shelf) {
		r := s.reports()
		s.want("", s.inventory("daily", func(c *types.InventoryConfiguration) {
			c.OptionalFields = []types.InventoryOptionalField{"IntelligentTieringAccessTier"}
		}))
		e := s.listen("s3:IntelligentTiering")
		s.want("", s.tiering(nil, archiveAfter(100), deepAfter(180)))
		s.put("k", strings.Repeat("x", tiered), class("INTELLIGENT_TIERING"))
		s.cloud.Advance(100 * day)
		if told := e.hear(); !strings.Contains(told, `"eventName":"IntelligentTiering"`) || !strings.Contains(told, `"destinationAccessTier":"ARCHIVE_ACCESS"`) {
			s.Error(told)
		}
		s.cloud.Advance(81 * day)
		if told := e.hear(); !strings.Contains(told, `"destinationAccessTier":"DEEP_ARCHIVE_ACCESS"`) {
			s.Error(told)
		}
		for at, want := range map[string]string{"2000-01-02": "FREQUENT", "2000-02-02": "INFREQUENT", "2000-04-02": "ARCHIVE_INSTANT_ACCESS", "2000-04-12": "ARCHIVE", "2000-06-30": "DEEP_ARCHIVE"} {
			if _, rows := r.table("daily", at+"T00-00Z"); !strings.Contains(rows, `"k","`+want+`"`) {
				s.Error(at, rows)
			}
		}
		s.uses(map[string]int64{
			"TimedStorage-INT-FA-ByteHrs": tiered * 30 * 24, "TimedStorage-INT-IA-ByteHrs": tiered * 60 * 24, "TimedStorage-INT-AIA-ByteHrs": tiered * 10 * 24,
			"TimedStorage-INT-AA-ByteHrs": tiered * 80 * 24, "TimedStorage-GlacierByteHrs": (32 << 10) * 80 * 24,
			"TimedStorage-INT-DAA-ByteHrs": tiered * 24, "TimedStorage-GDA-ByteHrs": (32 << 10) * 24,
		})
	})
}
