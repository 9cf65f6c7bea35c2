package dynamodb_test

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
)

// settle lets the jobs do their work.
func (d *desk) settle() {
	synctest.Wait()
	d.cloud.Advance(time.Second)
	synctest.Wait()
}

func (d *desk) recover() {
	d.Helper()
	_, err := d.UpdateContinuousBackups(d.Context(), &dynamodb.UpdateContinuousBackupsInput{
		TableName: aws.String("orders"), PointInTimeRecoverySpecification: &types.PointInTimeRecoverySpecification{PointInTimeRecoveryEnabled: aws.Bool(true)},
	})
	if err != nil {
		d.Fatal(err)
	}
}

// bucket makes a bucket, and returns what reads and writes its objects.
func (d *desk) bucket(name string) *s3.Client {
	d.Helper()
	c := s3.NewFromConfig(d.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	if _, err := c.CreateBucket(d.Context(), &s3.CreateBucketInput{Bucket: &name}); err != nil {
		d.Fatal(err)
	}
	return c
}

// object reads an object, unpacked if its name says so.
func (d *desk) object(c *s3.Client, bucket, key string) string {
	d.Helper()
	out, err := c.GetObject(d.Context(), &s3.GetObjectInput{Bucket: &bucket, Key: &key})
	if err != nil {
		d.Fatalf("%s: %v", key, err)
	}
	var r io.Reader = out.Body
	if strings.HasSuffix(key, ".gz") {
		if r, err = gzip.NewReader(r); err != nil {
			d.Fatal(err)
		}
	}
	b, err := io.ReadAll(r)
	if err != nil {
		d.Fatal(err)
	}
	return string(b)
}

// export exports the table, and returns the lines of its data in their order and the
// summary.
func (d *desk) export(c *s3.Client, in *dynamodb.ExportTableToPointInTimeInput) (lines []string, summary map[string]any) {
	d.Helper()
	in.TableArn, in.S3Bucket = d.describe("orders").TableArn, aws.String("lake")
	out, err := d.ExportTableToPointInTime(d.Context(), in)
	if err != nil {
		d.Fatal(err)
	}
	d.settle()
	got, err := d.DescribeExport(d.Context(), &dynamodb.DescribeExportInput{ExportArn: out.ExportDescription.ExportArn})
	if err != nil {
		d.Fatal(err)
	}
	e := got.ExportDescription
	if e.ExportStatus != types.ExportStatusCompleted {
		d.Fatalf("the export is %s: %v %v", e.ExportStatus, aws.ToString(e.FailureCode), aws.ToString(e.FailureMessage))
	}
	if err := json.Unmarshal([]byte(d.object(c, "lake", *e.ExportManifest)), &summary); err != nil {
		d.Fatal(err)
	}
	for line := range strings.Lines(d.object(c, "lake", summary["manifestFilesS3Key"].(string))) {
		var f struct{ DataFileS3Key string }
		if err := json.Unmarshal([]byte(line), &f); err != nil {
			d.Fatal(err)
		}
		for l := range strings.Lines(d.object(c, "lake", f.DataFileS3Key)) {
			lines = append(lines, strings.TrimSpace(l))
		}
	}
	slices.Sort(lines)
	return lines, summary
}

func TestATableIsExportedAsOfATime(t *testing.T) {
	story(t, func(d *desk) {
		c := d.bucket("lake")
		_, err := d.ExportTableToPointInTime(d.Context(), &dynamodb.ExportTableToPointInTimeInput{TableArn: d.describe("orders").TableArn, S3Bucket: aws.String("lake")})
		d.wantError(err, "PointInTimeRecoveryUnavailableException", "Point in time recovery is not enabled for table 'orders'")
		d.recover()
		d.put(with(order("ada", "1"), "l", list(num("1"), &types.AttributeValueMemberB{Value: []byte{1}}, mapOf(row{"t": &types.AttributeValueMemberBOOL{Value: true}}))), order("bob", "2"))
		d.cloud.Advance(time.Hour)
		before := d.cloud.Clock().Now()
		d.cloud.Advance(time.Minute)
		changed := d.cloud.Clock().Now()
		d.put(with(order("bob", "2"), "v", str("new")), order("cy", "3"))
		d.rows(`DELETE FROM orders WHERE customer = 'ada' AND number = 1`)
		d.put(order("eve", "4"))
		d.rows(`DELETE FROM orders WHERE customer = 'eve' AND number = 4`)
		d.cloud.Advance(time.Hour)

		lines, summary := d.export(c, &dynamodb.ExportTableToPointInTimeInput{ExportTime: &before, S3Prefix: aws.String("all")})
		d.want("then", strings.Join(lines, "\n"), `{"Item":{"customer":{"S":"ada"},"l":{"L":[{"N":"1"},{"B":"AQ=="},{"M":{"t":{"BOOL":true}}}]},"number":{"N":"1"}}}
{"Item":{"customer":{"S":"bob"},"number":{"N":"2"}}}`)
		d.want("summary", fmt.Sprint(summary["itemCount"], summary["exportType"], summary["s3Prefix"], strings.HasPrefix(summary["manifestFilesS3Key"].(string), "all/AWSDynamoDB/")), "2FULL_EXPORTalltrue")
		lines, _ = d.export(c, &dynamodb.ExportTableToPointInTimeInput{})
		d.want("now", strings.Join(lines, "\n"), `{"Item":{"customer":{"S":"bob"},"number":{"N":"2"},"v":{"S":"new"}}}
{"Item":{"customer":{"S":"cy"},"number":{"N":"3"}}}`)

		lines, _ = d.export(c, &dynamodb.ExportTableToPointInTimeInput{ExportType: types.ExportTypeIncrementalExport, IncrementalExportSpecification: &types.IncrementalExportSpecification{ExportFromTime: &before}})
		stamp := fmt.Sprintf(`"Metadata":{"WriteTimestampMicros":{"N":"%d"}}`, changed.UnixMicro())
		d.want("changes", strings.Join(lines, "\n"), strings.Join([]string{
			`{"Keys":{"customer":{"S":"ada"},"number":{"N":"1"}},` + stamp + `,"OldImage":{"customer":{"S":"ada"},"l":{"L":[{"N":"1"},{"B":"AQ=="},{"M":{"t":{"BOOL":true}}}]},"number":{"N":"1"}}}`,
			`{"Keys":{"customer":{"S":"bob"},"number":{"N":"2"}},` + stamp + `,"NewImage":{"customer":{"S":"bob"},"number":{"N":"2"},"v":{"S":"new"}},"OldImage":{"customer":{"S":"bob"},"number":{"N":"2"}}}`,
			`{"Keys":{"customer":{"S":"cy"},"number":{"N":"3"}},` + stamp + `,"NewImage":{"customer":{"S":"cy"},"number":{"N":"3"}}}`,
		}, "\n"))
		page, err := d.ListExports(d.Context(), &dynamodb.ListExportsInput{MaxResults: aws.Int32(2)})
		if err != nil || len(page.ExportSummaries) != 2 || page.NextToken == nil {
			d.Errorf("a page of exports: %+v, %v", page, err)
		}
		if page, err = d.ListExports(d.Context(), &dynamodb.ListExportsInput{NextToken: page.NextToken}); err != nil || len(page.ExportSummaries) != 1 || page.NextToken != nil {
			d.Errorf("the rest: %+v, %v", page, err)
		}
	})
}

func TestAnExportTellsWhyItFailed(t *testing.T) {
	story(t, func(d *desk) {
		d.recover()
		out, err := d.ExportTableToPointInTime(d.Context(), &dynamodb.ExportTableToPointInTimeInput{TableArn: d.describe("orders").TableArn, S3Bucket: aws.String("nowhere")})
		if err != nil {
			d.Fatal(err)
		}
		d.settle()
		got, err := d.DescribeExport(d.Context(), &dynamodb.DescribeExportInput{ExportArn: out.ExportDescription.ExportArn})
		if err != nil {
			d.Fatal(err)
		}
		d.want("failure", fmt.Sprint(got.ExportDescription.ExportStatus, " ", *got.ExportDescription.FailureCode, " ", *got.ExportDescription.FailureMessage), "FAILED S3NoSuchBucket The specified bucket does not exist")
		if _, err := d.DeleteTable(d.Context(), &dynamodb.DeleteTableInput{TableName: aws.String("orders")}); err != nil {
			d.Errorf("a failed export holds the table: %v", err)
		}
	})
}
