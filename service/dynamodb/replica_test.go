package dynamodb_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/aws-sdk-go-v2/service/dynamodbstreams"
	streamtypes "github.com/aws/aws-sdk-go-v2/service/dynamodbstreams/types"
)

const abroad = "eu-west-1"

// world is story with a replica of orders in eu-west-1, whose desk is the second.
func world(t *testing.T, before func(*desk), fn func(home, away *desk)) {
	t.Helper()
	story(t, func(d *desk) {
		before(d)
		if err := d.replicas(types.ReplicationGroupUpdate{Create: &types.CreateReplicationGroupMemberAction{RegionName: aws.String(abroad)}}); err != nil {
			d.Fatal(err)
		}
		d.cloud.Advance(time.Second)
		fn(d, &desk{T: d.T, cloud: d.cloud, Client: dynamodb.NewFromConfig(d.cloud.Config(abroad))})
	})
}

func nothing(*desk) {}

func (d *desk) replicas(u ...types.ReplicationGroupUpdate) error {
	_, err := d.UpdateTable(d.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), ReplicaUpdates: u})
	return err
}

func (d *desk) remove(key row) {
	d.Helper()
	if _, err := d.DeleteItem(d.Context(), &dynamodb.DeleteItemInput{TableName: aws.String("orders"), Key: key}); err != nil {
		d.Fatal(err)
	}
}

func TestReplicasHaveEachOthersWrites(t *testing.T) {
	world(t, func(d *desk) { d.put(with(order("old", "1"), "note", str("before"))) }, func(home, away *desk) {
		home.want("the item of before", show(away.get(order("old", "1"))), "customer=old note=before number=1")
		home.put(with(order("ada", "1"), "note", str("home")))
		away.put(with(order("bob", "1"), "state", str("open")))
		home.settle()
		home.want("home's", show(away.get(order("ada", "1"))), "customer=ada note=home number=1")
		home.want("away's", show(home.get(order("bob", "1"))), "customer=bob number=1 state=open")
		out, err := home.Query(home.Context(), &dynamodb.QueryInput{TableName: aws.String("orders"), IndexName: aws.String("by-state"), KeyConditionExpression: aws.String("#s = :s"), ExpressionAttributeNames: map[string]string{"#s": "state"}, ExpressionAttributeValues: row{":s": str("open")}})
		if err != nil || out.Count != 1 {
			home.Errorf("the index has %+v, %v", out, err)
		}
		away.remove(order("ada", "1"))
		home.settle()
		home.want("deleted", show(home.get(order("ada", "1"))), "none")
		for range 3 { // also when the clock stands still
			if _, err := home.update(order("eve", "1"), "ADD n :one", row{":one": num("1")}); err != nil {
				home.Fatal(err)
			}
		}
		home.settle()
		home.want("counted", show(away.get(order("eve", "1"))), "customer=eve n=3 number=1")
	})
}

func TestReplicasAgreeWhenBothAreWritten(t *testing.T) {
	world(t, nothing, func(home, away *desk) {
		key := order("ada", "1")
		for i := range 5 {
			// Whether one hears of the other before it writes is left open.
			first, second := home, away
			if i%2 == 1 {
				first, second = away, home
			}
			first.put(with(key, "note", str(fmt.Sprint("first", i))))
			second.put(with(key, "note", str(fmt.Sprint("second", i))))
			home.settle()
			home.want("both agree", show(home.get(key)), show(away.get(key)))
		}
	})
}

func TestReplicasAreDescribedAndRemoved(t *testing.T) {
	world(t, nothing, func(home, away *desk) {
		for d, other := range map[*desk]string{home: abroad, away: "us-east-1"} {
			table := d.describe("orders")
			if len(table.Replicas) != 1 || *table.Replicas[0].RegionName != other || table.Replicas[0].ReplicaStatus != types.ReplicaStatusActive || aws.ToString(table.GlobalTableVersion) != "2019.11.21" {
				d.Errorf("%+v", table.Replicas)
			}
		}
		create := types.ReplicationGroupUpdate{Create: &types.CreateReplicationGroupMemberAction{RegionName: aws.String(abroad)}}
		home.wantError(home.replicas(create), "ValidationException", "Failed to create a the new replica of table with name: 'orders' because one or more replicas already existed as tables.")
		home.wantError(away.replicas(create), "ValidationException", "Cannot add, delete, or update the local region through ReplicaUpdates. Use CreateTable, DeleteTable, or UpdateTable as required.")
		stream := func(on bool, view types.StreamViewType) error {
			_, err := home.UpdateTable(home.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), StreamSpecification: &types.StreamSpecification{StreamEnabled: &on, StreamViewType: view}})
			return err
		}
		home.wantError(stream(false, ""), "ValidationException", "The stream of a table that has replicas cannot be disabled: TableName: orders")
		remove := types.ReplicationGroupUpdate{Delete: &types.DeleteReplicationGroupMemberAction{RegionName: aws.String(abroad)}}
		if err := home.replicas(remove); err != nil {
			home.Fatal(err)
		}
		if _, err := away.DescribeTable(away.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")}); err == nil {
			home.Error("the replica is still there")
		}
		if n := len(home.describe("orders").Replicas); n != 0 {
			home.Errorf("%d replicas", n)
		}
		home.wantError(home.replicas(remove), "ValidationException", "Update global table operation failed because one or more replicas were not part of the global table.")
		first := home.describe("orders").LatestStreamArn
		if err := errors.Join(stream(false, ""), stream(true, types.StreamViewTypeKeysOnly), stream(false, ""), stream(true, types.StreamViewTypeKeysOnly)); err != nil {
			home.Fatal(err)
		}
		streams, err := dynamodbstreams.NewFromConfig(home.cloud.Config()).ListStreams(home.Context(), &dynamodbstreams.ListStreamsInput{TableName: aws.String("orders")})
		if err != nil || len(streams.Streams) != 3 || *streams.Streams[0].StreamArn != *first {
			home.Errorf("made within a moment, the streams are %+v, %v", streams, err)
		}
		home.put(order("ada", "1"))
	})
}

func TestSettingsAreSynchronized(t *testing.T) {
	world(t, nothing, func(home, away *desk) {
		away.put(with(order("ada", "1"), "amount", num("5")))
		home.settle()
		_, err := home.UpdateTable(home.Context(), &dynamodb.UpdateTableInput{TableName: aws.String("orders"), AttributeDefinitions: []types.AttributeDefinition{define("amount", "N")},
			GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{{Create: &types.CreateGlobalSecondaryIndexAction{
				IndexName: aws.String("all-by-amount"), KeySchema: schema("amount", ""), Projection: &types.Projection{ProjectionType: types.ProjectionTypeAll},
			}}}})
		if err != nil {
			home.Fatal(err)
		}
		home.settle()
		for _, d := range []*desk{home, away} {
			out, err := d.Scan(d.Context(), &dynamodb.ScanInput{TableName: aws.String("orders"), IndexName: aws.String("all-by-amount")})
			if err != nil || out.Count != 1 {
				d.Errorf("the index has %+v, %v", out, err)
			}
		}
	})
}

func TestExpiryIsTheServicesWhereTheItemWasWritten(t *testing.T) {
	world(t, nothing, func(home, away *desk) {
		_, err := away.UpdateTimeToLive(away.Context(), &dynamodb.UpdateTimeToLiveInput{TableName: aws.String("orders"), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String("until"), Enabled: aws.Bool(true)}})
		if err != nil {
			home.Fatal(err)
		}
		home.put(with(order("ada", "1"), "until", num(fmt.Sprint(home.cloud.Clock().Now().Add(time.Hour).Unix()))))
		home.settle()
		home.cloud.Advance(2 * time.Hour)
		for d, byService := range map[*desk]bool{home: true, away: false} {
			region := abroad
			if byService {
				region = "us-east-1"
			}
			last := d.lastRecord(dynamodbstreams.NewFromConfig(d.cloud.Config(region)))
			d.want("record", string(last.EventName), "REMOVE")
			if (last.UserIdentity != nil) != byService {
				d.Errorf("the expiry is by %+v, want the service: %t", last.UserIdentity, byService)
			}
		}
	})
}

// lastRecord is the last record of the stream of orders, which has one open shard.
func (d *desk) lastRecord(streams *dynamodbstreams.Client) streamtypes.Record {
	d.Helper()
	arn := d.describe("orders").LatestStreamArn
	out, err := streams.DescribeStream(d.Context(), &dynamodbstreams.DescribeStreamInput{StreamArn: arn})
	if err != nil {
		d.Fatal(err)
	}
	shard := out.StreamDescription.Shards[0].ShardId
	it, err := streams.GetShardIterator(d.Context(), &dynamodbstreams.GetShardIteratorInput{StreamArn: arn, ShardId: shard, ShardIteratorType: streamtypes.ShardIteratorTypeTrimHorizon})
	if err != nil {
		d.Fatal(err)
	}
	got, err := streams.GetRecords(d.Context(), &dynamodbstreams.GetRecordsInput{ShardIterator: it.ShardIterator})
	if err != nil || len(got.Records) != 2 {
		d.Fatalf("%+v, %v", got, err)
	}
	return got.Records[1]
}

func TestDeletedItemDoesNotComeBack(t *testing.T) {
	world(t, nothing, func(home, away *desk) {
		key := order("ada", "1")
		home.put(key)
		home.settle()
		home.put(with(key, "note", str("late"))) // is on its way
		away.remove(key)
		home.settle()
		home.want("home", show(home.get(key)), show(away.get(key)))
		home.cloud.Advance(48 * time.Hour)
		away.put(with(key, "note", str("again")))
		home.settle()
		home.want("written again", show(home.get(key)), "customer=ada note=again number=1")
	})
}
