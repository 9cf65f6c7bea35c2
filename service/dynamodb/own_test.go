package dynamodb_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestAReplicaHasSettingsOfItsOwn(t *testing.T) {
	units := func(read, write int64) *types.ProvisionedThroughput {
		return &types.ProvisionedThroughput{ReadCapacityUnits: &read, WriteCapacityUnits: &write}
	}
	provision := func(d *desk, read, write int64) {
		d.Helper()
		in := &dynamodb.UpdateTableInput{TableName: aws.String("orders"), BillingMode: types.BillingModeProvisioned, ProvisionedThroughput: units(read, write), GlobalSecondaryIndexUpdates: []types.GlobalSecondaryIndexUpdate{
			{Update: &types.UpdateGlobalSecondaryIndexAction{IndexName: aws.String("by-state"), ProvisionedThroughput: units(read, write)}},
		}}
		if _, err := d.UpdateTable(d.Context(), in); err != nil {
			d.Fatal(err)
		}
	}
	describe := func(d *desk) *types.TableDescription {
		d.Helper()
		out, err := d.DescribeTable(d.Context(), &dynamodb.DescribeTableInput{TableName: aws.String("orders")})
		if err != nil {
			d.Fatal(err)
		}
		return out.Table
	}
	capacity := func(d *desk) string {
		d.Helper()
		t := describe(d)
		p, x := t.ProvisionedThroughput, t.GlobalSecondaryIndexes[0].ProvisionedThroughput
		return fmt.Sprint(*p.ReadCapacityUnits, "/", *p.WriteCapacityUnits, " ", *x.ReadCapacityUnits, "/", *x.WriteCapacityUnits)
	}
	world(t, func(d *desk) { provision(d, 5, 6) }, func(home, away *desk) {
		update := func(u types.UpdateReplicationGroupMemberAction) error {
			u.RegionName = aws.String(abroad)
			return home.replicas(types.ReplicationGroupUpdate{Update: &u})
		}
		more := &types.ProvisionedThroughputOverride{ReadCapacityUnits: aws.Int64(20)}
		if err := update(types.UpdateReplicationGroupMemberAction{
			ProvisionedThroughputOverride: more, TableClassOverride: types.TableClassStandardInfrequentAccess,
			GlobalSecondaryIndexes: []types.ReplicaGlobalSecondaryIndex{{IndexName: aws.String("by-state"), ProvisionedThroughputOverride: &types.ProvisionedThroughputOverride{ReadCapacityUnits: aws.Int64(30)}}},
		}); err != nil {
			home.Fatal(err)
		}
		home.want("home", capacity(home), "5/6 5/6")
		home.want("away", capacity(away), "20/6 30/6")
		home.want("class", string(describe(away).TableClassSummary.TableClass), "STANDARD_INFREQUENT_ACCESS")
		r := describe(home).Replicas[0]
		if *r.ProvisionedThroughputOverride.ReadCapacityUnits != 20 || *r.GlobalSecondaryIndexes[0].ProvisionedThroughputOverride.ReadCapacityUnits != 30 || r.ReplicaTableClassSummary == nil {
			home.Errorf("it is described as %+v", r)
		}
		provision(home, 7, 8)
		home.want("home, changed", capacity(home), "7/8 7/8")
		home.want("away, changed", capacity(away), "20/8 30/8")
		err := update(types.UpdateReplicationGroupMemberAction{OnDemandThroughputOverride: &types.OnDemandThroughputOverride{MaxReadRequestUnits: aws.Int64(1)}})
		home.wantError(err, "ValidationException", "One or more parameter values were invalid: OnDemandThroughputOverride cannot be specified when BillingMode is PROVISIONED")
		err = home.replicas(types.ReplicationGroupUpdate{Create: &types.CreateReplicationGroupMemberAction{RegionName: aws.String("ap-south-1"), ProvisionedThroughputOverride: more}})
		if err != nil {
			home.Fatal(err)
		}
		third := &desk{T: home.T, cloud: home.cloud, Client: dynamodb.NewFromConfig(home.cloud.Config("ap-south-1"))}
		home.want("a new one", capacity(third), "20/8 7/8")
	})
}
