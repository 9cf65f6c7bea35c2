package dynamodb_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/klauspost/compress/zstd"
)

func packed(text string) []byte {
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	fmt.Fprint(z, text)
	z.Close()
	return b.Bytes()
}

// imports imports objects into a table, and returns what came of it.
func (d *desk) imports(c *s3.Client, in *dynamodb.ImportTableInput, objects map[string][]byte) *types.ImportTableDescription {
	d.Helper()
	table := orders()
	table.TableName = aws.String(fmt.Sprint("imported-", *in.S3BucketSource.S3KeyPrefix))
	for key, body := range objects {
		if _, err := c.PutObject(d.Context(), &s3.PutObjectInput{Bucket: in.S3BucketSource.S3Bucket, Key: aws.String(*in.S3BucketSource.S3KeyPrefix + "/" + key), Body: bytes.NewReader(body)}); err != nil {
			d.Fatal(err)
		}
	}
	in.TableCreationParameters = &types.TableCreationParameters{
		TableName: table.TableName, KeySchema: table.KeySchema, BillingMode: types.BillingModePayPerRequest,
		AttributeDefinitions:   []types.AttributeDefinition{define("customer", "S"), define("number", "N"), define("state", "S")},
		GlobalSecondaryIndexes: table.GlobalSecondaryIndexes,
	}
	out, err := d.ImportTable(d.Context(), in)
	if err != nil {
		d.Fatal(err)
	}
	d.settle()
	got, err := d.DescribeImport(d.Context(), &dynamodb.DescribeImportInput{ImportArn: out.ImportTableDescription.ImportArn})
	if err != nil {
		d.Fatal(err)
	}
	return got.ImportTableDescription
}

// outcome writes how an import ended.
func outcome(i *types.ImportTableDescription) string {
	return fmt.Sprintf("%s %s, %d of %d, %d wrong", i.ImportStatus, aws.ToString(i.FailureCode), i.ImportedItemCount, i.ProcessedItemCount, i.ErrorCount)
}

func from(bucket, prefix string) *types.S3BucketSource {
	return &types.S3BucketSource{S3Bucket: &bucket, S3KeyPrefix: &prefix}
}

func TestATableIsImported(t *testing.T) {
	story(t, func(d *desk) {
		c := d.bucket("lake")
		var many strings.Builder
		for i := range 1200 { // more than are put at a time
			fmt.Fprintf(&many, `{"Item":{"customer":{"S":"ada"},"number":{"N":"%d"},"m":{"M":{"l":{"L":[{"BOOL":true},{"B":"AQ=="}]}}}}}`+"\n", i)
		}
		got := d.imports(c, &dynamodb.ImportTableInput{InputFormat: types.InputFormatDynamodbJson, InputCompressionType: types.InputCompressionTypeGzip, S3BucketSource: from("lake", "json")}, map[string][]byte{
			"1.gz": packed(many.String()),
			"2.gz": packed(`{"Item":{"customer":{"S":"bob"},"number":{"N":"1"},"state":{"S":"open"}}}` + "\n" + `{"Item":{"customer":{"S":"bob"}}}` + "\nnothing\n"),
		})
		d.want("json", outcome(got), "FAILED ItemValidationError, 1201 of 1203, 2 wrong")
		d.want("an item", d.rows(`SELECT * FROM "imported-json" WHERE customer = 'ada' AND number = 1199`), "customer=ada m=<l=[true 01]> number=1199")
		d.want("its index", d.rows(`SELECT customer FROM "imported-json"."by-state" WHERE state = 'open'`), "customer=bob")

		z, err := zstd.NewWriter(nil)
		if err != nil {
			d.Fatal(err)
		}
		got = d.imports(c, &dynamodb.ImportTableInput{InputFormat: types.InputFormatCsv, InputCompressionType: types.InputCompressionTypeZstd, S3BucketSource: from("lake", "csv")}, map[string][]byte{
			"a": z.EncodeAll([]byte("customer,number,note\nada,1.50,\"a, b\"\nbob,2,\n"), nil),
		})
		d.want("csv", outcome(got), "COMPLETED , 2 of 2, 0 wrong")
		d.want("rows", d.all("imported-csv"), "customer=ada note=a, b number=1.5; customer=bob note= number=2")
		got = d.imports(c, &dynamodb.ImportTableInput{
			InputFormat: types.InputFormatCsv, S3BucketSource: from("lake", "semicolons"), InputFormatOptions: &types.InputFormatOptions{Csv: &types.CsvOptions{Delimiter: aws.String(";"), HeaderList: []string{"number", "customer"}}},
		}, map[string][]byte{"a": []byte("1;ada\nx;bob\n")})
		d.want("semicolons", outcome(got), "FAILED ItemValidationError, 1 of 2, 1 wrong")
		d.want("rows", d.all("imported-semicolons"), "customer=ada number=1")

		got = d.imports(c, &dynamodb.ImportTableInput{InputFormat: types.InputFormatCsv, S3BucketSource: from("nowhere", "x")}, nil)
		d.want("no bucket", outcome(got)+*got.FailureMessage, "FAILED S3NoSuchBucket, 0 of 0, 0 wrongThe specified bucket does not exist")
		list, err := d.ListImports(d.Context(), &dynamodb.ListImportsInput{PageSize: aws.Int32(3)})
		if err != nil || len(list.ImportSummaryList) != 3 || list.NextToken == nil {
			d.Errorf("a page of imports: %+v, %v", list, err)
		}
	})
}

func TestAnImportIsDoneOncePerToken(t *testing.T) {
	story(t, func(d *desk) {
		d.bucket("lake")
		in := &dynamodb.ImportTableInput{
			ClientToken: aws.String("once"), InputFormat: types.InputFormatCsv, S3BucketSource: from("lake", "x"), TableCreationParameters: &types.TableCreationParameters{
				TableName: aws.String("new"), BillingMode: types.BillingModePayPerRequest, KeySchema: schema("id", ""), AttributeDefinitions: []types.AttributeDefinition{define("id", "S")},
			},
		}
		var arns []string
		for range 2 {
			out, err := d.ImportTable(d.Context(), in)
			if err != nil {
				d.Fatal(err)
			}
			arns = append(arns, *out.ImportTableDescription.ImportArn)
		}
		d.want("the same", arns[1], arns[0])
		in.S3BucketSource = from("lake", "y")
		_, err := d.ImportTable(d.Context(), in)
		d.wantError(err, "ImportConflictException", "Import with the same client token and other parameters was already requested")
	})
}
