package dynamodb_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestStreamThatIsNotThereCannotBeADestination(t *testing.T) {
	story(t, func(d *desk) {
		table := aws.String("orders")
		enable := func(arn string) *dynamodb.EnableKinesisStreamingDestinationOutput {
			out, err := d.EnableKinesisStreamingDestination(d.Context(), &dynamodb.EnableKinesisStreamingDestinationInput{TableName: table, StreamArn: &arn})
			if err != nil {
				d.Fatal(err)
			}
			d.cloud.Advance(time.Second)
			synctest.Wait()
			return out
		}
		describe := func() types.KinesisDataStreamDestination {
			out, err := d.DescribeKinesisStreamingDestination(d.Context(), &dynamodb.DescribeKinesisStreamingDestinationInput{TableName: table})
			if err != nil || len(out.KinesisDataStreamDestinations) == 0 {
				d.Fatalf("%+v, %v", out, err)
			}
			return out.KinesisDataStreamDestinations[len(out.KinesisDataStreamDestinations)-1]
		}
		for arn, why := range map[string]string{
			"arn:aws:kinesis:us-east-1:000000000000:stream/none": "User does not have a permission to use kinesis stream",
			"arn:aws:kinesis:eu-west-1:000000000000:stream/none": "The kinesis Arn used to enable kinesis replication belongs to a stream which is not in the current region",
		} {
			if out := enable(arn); out.DestinationStatus != types.DestinationStatusEnabling {
				d.Errorf("it is %s", out.DestinationStatus)
			}
			got := describe()
			d.want("status", string(got.DestinationStatus), "ENABLE_FAILED")
			d.want("reason", aws.ToString(got.DestinationStatusDescription), why)
		}
		none := aws.String("arn:aws:kinesis:us-east-1:000000000000:stream/none")
		_, err := d.DisableKinesisStreamingDestination(d.Context(), &dynamodb.DisableKinesisStreamingDestinationInput{TableName: table, StreamArn: none})
		d.wantError(err, "ValidationException", "Table is not in a valid state to enable Kinesis Streaming Destination: KinesisStreamingDestination must be ACTIVE to perform DISABLE operation.")
		_, err = d.UpdateKinesisStreamingDestination(d.Context(), &dynamodb.UpdateKinesisStreamingDestinationInput{TableName: table, StreamArn: none})
		d.wantError(err, "ValidationException", "Streaming destination cannot be updated with given parameters: UpdateKinesisStreamingConfiguration cannot be null or contain only null values")
	})
}
