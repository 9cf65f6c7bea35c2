package s3_test

import (
	"bytes"
	"compress/gzip"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
)

// inventory puts a configuration whose reports go to the bucket named reports.
func (s *shelf) inventory(id string, options ...func(*types.InventoryConfiguration)) error {
	c := &types.InventoryConfiguration{
		Id: &id, IsEnabled: new(true), IncludedObjectVersions: "Current", Schedule: &types.InventorySchedule{Frequency: "Daily"},
		Destination: &types.InventoryDestination{S3BucketDestination: &types.InventoryS3BucketDestination{Bucket: new("arn:aws:s3:::reports"), Format: "CSV", Prefix: new("inv")}},
	}
	for _, o := range options {
		o(c)
	}
	_, err := s.PutBucketInventoryConfiguration(s.Context(), &s3.PutBucketInventoryConfigurationInput{Bucket: &s.bucket, Id: &id, InventoryConfiguration: c})
	return err
}

// reports is the reports' bucket, which takes those of the shelf's bucket.
func (s *shelf) reports() *shelf {
	s.Helper()
	s.create("reports")
	policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"s3.amazonaws.com"},"Action":"s3:PutObject","Resource":"arn:aws:s3:::reports/*",
		"Condition":{"ArnLike":{"aws:SourceArn":"arn:aws:s3:::shelf"},"StringEquals":{"aws:SourceAccount":"000000000000","s3:x-amz-acl":"bucket-owner-full-control"}}}]}`
	if _, err := s.PutBucketPolicy(s.Context(), &s3.PutBucketPolicyInput{Bucket: new("reports"), Policy: &policy}); err != nil {
		s.Fatal(err)
	}
	r := *s
	r.bucket = "reports"
	return &r
}

// table reads a report of a midnight as its manifest tells of it.
func (s *shelf) table(id, at string) (schema, rows string) {
	s.Helper()
	folder := "inv/shelf/" + id + "/" + at + "/"
	text := s.get(folder + "manifest.json")
	var m struct {
		SourceBucket, DestinationBucket, Version, CreationTimestamp, FileFormat, FileSchema string
		Files                                                                               []struct {
			Key         string
			Size        int
			MD5checksum string
		}
	}
	if err := json.Unmarshal([]byte(text), &m); err != nil {
		s.Fatal(text, err)
	}
	if sum := md5.Sum([]byte(text)); s.get(folder+"manifest.checksum") != hex.EncodeToString(sum[:]) {
		s.Error("manifest.checksum")
	}
	if m.SourceBucket != "shelf" || m.DestinationBucket != "arn:aws:s3:::reports" || m.Version != "2016-11-30" || m.FileFormat != "CSV" || len(m.Files) != 1 {
		s.Error(text)
	}
	data := s.get(m.Files[0].Key)
	if sum := md5.Sum([]byte(data)); m.Files[0].Size != len(data) || m.Files[0].MD5checksum != hex.EncodeToString(sum[:]) {
		s.Error(text)
	}
	z, err := gzip.NewReader(strings.NewReader(data))
	if err != nil {
		s.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := io.Copy(&out, z); err != nil {
		s.Fatal(err)
	}
	return m.FileSchema, out.String()
}

func TestInventoryReportsEachDay(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		r := s.reports()
		s.put("plain", "123")
		s.put("a b/ü", "")
		s.want("", s.inventory("daily", func(c *types.InventoryConfiguration) {
			c.OptionalFields = []types.InventoryOptionalField{"StorageClass", "Size", "ETag", "LastModifiedDate", "EncryptionStatus"}
		}))
		s.cloud.Advance(day)
		schema, rows := r.table("daily", "2000-01-02T00-00Z")
		if schema != "Bucket, Key, Size, LastModifiedDate, ETag, StorageClass, EncryptionStatus" {
			t.Error(schema)
		}
		if rows != `"shelf","a+b/%C3%BC","0","2000-01-01T00:00:00.000Z","d41d8cd98f00b204e9800998ecf8427e","STANDARD","SSE-S3"`+"\n"+
			`"shelf","plain","3","2000-01-01T00:00:00.000Z","202cb962ac59075b964b07152d234b70","STANDARD","SSE-S3"`+"\n" {
			t.Error(rows)
		}
		if got := r.get("inv/shelf/daily/hive/dt=2000-01-02-00-00/symlink.txt"); !strings.HasPrefix(got, "s3://reports/inv/shelf/daily/data/") {
			t.Error(got)
		}
		s.remove("plain", "")
		s.cloud.Advance(day)
		if _, rows := r.table("daily", "2000-01-03T00-00Z"); strings.Count(rows, "\n") != 1 {
			t.Error(rows)
		}
		if _, err := s.DeleteBucketInventoryConfiguration(t.Context(), &s3.DeleteBucketInventoryConfigurationInput{Bucket: &s.bucket, Id: new("daily")}); err != nil {
			t.Fatal(err)
		}
		before := r.keys()
		s.cloud.Advance(3 * day)
		if r.keys() != before {
			t.Error("a report without a configuration")
		}
	})
}

func TestInventoryTellsOwnersAndACLs(t *testing.T) {
	bubble(t, func(s *shelf) {
		r := s.reports()
		s.unblock()
		if _, err := s.PutBucketOwnershipControls(s.Context(), &s3.PutBucketOwnershipControlsInput{Bucket: &s.bucket, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: "ObjectWriter"}}}}); err != nil {
			s.Fatal(err)
		}
		s.put("k", "x", func(in *s3.PutObjectInput) { in.ACL = "public-read" })
		s.want("", s.inventory("daily", func(c *types.InventoryConfiguration) {
			c.OptionalFields = []types.InventoryOptionalField{"ObjectOwner", "ObjectAccessControlList"}
		}))
		s.cloud.Advance(day)
		schema, rows := r.table("daily", "2000-01-02T00-00Z")
		fields := strings.Split(strings.TrimSpace(rows), `","`)
		if schema != "Bucket, Key, ObjectAccessControlList, ObjectOwner" || len(fields) != 4 {
			s.Fatal(schema, rows)
		}
		text, err := base64.StdEncoding.DecodeString(fields[2])
		owner := strings.Trim(fields[3], `"`)
		if want := `{"version":"2022-11-10","status":"AVAILABLE","grants":[{"canonicalId":"` + owner + `","type":"CanonicalUser","permission":"FULL_CONTROL"},` +
			`{"uri":"http://acs.amazonaws.com/groups/global/AllUsers","type":"Group","permission":"READ"}]}`; err != nil || string(text) != want {
			s.Error(string(text), err)
		}
	})
}

func TestInventoryOfVersionsOnSundays(t *testing.T) {
	bubble(t, func(s *shelf) { // 2000-01-01 is a Saturday
		t := s.T
		r := s.reports()
		s.versioning("Enabled")
		for n := range 700 { // more than a look at the bucket
			s.put(fmt.Sprintf("logs/%03d", n), "x")
		}
		s.put("other", "x")
		one := s.put("logs/zz", "1")
		two := s.put("logs/zz", "22")
		gone := s.remove("logs/zz", "")
		s.want("", s.inventory("weekly", func(c *types.InventoryConfiguration) {
			c.Schedule.Frequency, c.IncludedObjectVersions, c.Filter = "Weekly", "All", &types.InventoryFilter{Prefix: new("logs/")}
			c.OptionalFields = []types.InventoryOptionalField{"Size"}
		}))
		s.want("", s.inventory("off", func(c *types.InventoryConfiguration) { c.IsEnabled = new(false) }))
		s.cloud.Advance(8 * day)
		if got := strings.Count(r.keys(), "manifest.json"); got != 2 {
			t.Errorf("%d reports in the two Sundays: %s", got, r.keys())
		}
		schema, rows := r.table("weekly", "2000-01-09T00-00Z")
		if schema != "Bucket, Key, VersionId, IsLatest, IsDeleteMarker, Size" || strings.Count(rows, "\n") != 703 || strings.Contains(rows, "other") {
			t.Error(schema, strings.Count(rows, "\n"))
		}
		tail := fmt.Sprintf("\"shelf\",\"logs/zz\",%q,\"true\",\"true\",\"\"\n\"shelf\",\"logs/zz\",%q,\"false\",\"false\",\"2\"\n\"shelf\",\"logs/zz\",%q,\"false\",\"false\",\"1\"\n", *gone.VersionId, *two.VersionId, *one.VersionId)
		if !strings.HasSuffix(rows, tail) {
			t.Error(rows[len(rows)-len(tail):])
		}
	})
}

func TestInventoryNeedsTheDestinationsPolicy(t *testing.T) {
	bubble(t, func(s *shelf) {
		t := s.T
		s.create("reports")
		r := *s
		r.bucket = "reports"
		s.want("", s.inventory("daily"))
		s.cloud.Advance(3 * day)
		if got := r.keys(); got != "" {
			t.Error(got)
		}
		s.want("NotImplemented", s.inventory("orc", func(c *types.InventoryConfiguration) { c.Destination.S3BucketDestination.Format = "ORC" }))
		s.want("InvalidS3DestinationBucket", s.inventory("bad", func(c *types.InventoryConfiguration) { c.Destination.S3BucketDestination.Bucket = new("reports") }))
	})
}
