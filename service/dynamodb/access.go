package dynamodb

import (
	"context"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: which tables and indexes a call is about, with the
// tables' policies.
// AWS: "Actions, resources, and condition keys for Amazon DynamoDB".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	subjects, statements := statementSubjects(input)
	if !statements {
		subjects = subjectsOf(operation, input)
	}
	if len(subjects) == 0 && !statements {
		return []aws.Access{{Action: "dynamodb:" + operation, Resource: "*"}}, nil
	}
	all := make([]aws.Access, len(subjects))
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		for i := range subjects {
			all[i] = subjects[i].access(ctx, tx)
		}
		return nil
	})
	return all, err
}

// subject is something that a call does to a table or one of its indexes.
type subject struct {
	action string
	table  string // name or ARN
	index  *string
	keys   []item // the items that it names
	other  string // the ARN of what it is about instead
	*detail
}

// access completes the subject from the table, if it is there.
func (s *subject) access(ctx context.Context, tx kv.Tx) aws.Access {
	if s.other != "" {
		a, _ := addressOfARN(s.other)
		return aws.Access{Action: "dynamodb:" + s.action, Resource: s.other, Owner: a.Account}
	}
	a := addressOf(ctx, s.table)
	access := aws.Access{Action: "dynamodb:" + s.action, Resource: a.arn(), Owner: a.Account}
	if s.index != nil {
		access.Resource = a.indexARN(*s.index)
	}
	if t, ok := a.find(tx); ok {
		access.Policy = t.Policy
		access.Keys = s.conditionKeys(t)
	}
	return access
}

// subjectsOf returns what an input is about; nothing when it is about no table.
func subjectsOf(operation string, input any) []subject {
	switch in := input.(type) {
	case *dynamodb.BatchGetItemInput:
		var all []subject
		for _, name := range sortedKeys(in.RequestItems) {
			k := in.RequestItems[name]
			all = append(all, subject{action: operation, table: name, keys: k.Keys, detail: &detail{projection: k.ProjectionExpression, names: k.ExpressionAttributeNames, attributes: k.AttributesToGet}})
		}
		return all
	case *dynamodb.BatchWriteItemInput:
		return batchSubjects(operation, in)
	case *dynamodb.TransactGetItemsInput:
		var all []subject
		for _, i := range in.TransactItems {
			if g := i.Get; g != nil {
				all = append(all, subject{action: "GetItem", table: g.TableName, keys: []item{g.Key}, detail: &detail{projection: g.ProjectionExpression, names: g.ExpressionAttributeNames}})
			}
		}
		return all
	case *dynamodb.TransactWriteItemsInput:
		return transactSubjects(in)
	case *dynamodb.DescribeBackupInput:
		return []subject{{action: operation, other: in.BackupArn}}
	case *dynamodb.DescribeExportInput:
		return []subject{{action: operation, other: in.ExportArn}}
	case *dynamodb.DescribeImportInput:
		return []subject{{action: operation, other: in.ImportArn}}
	case *dynamodb.DeleteBackupInput:
		return []subject{{action: operation, other: in.BackupArn}}
	case *dynamodb.RestoreTableFromBackupInput:
		return []subject{{action: operation, other: in.BackupArn}, {action: operation, table: in.TargetTableName, detail: new(detail)}}
	case *dynamodb.RestoreTableToPointInTimeInput:
		source := in.SourceTableName
		if in.SourceTableArn != nil {
			source = in.SourceTableArn
		}
		return []subject{{action: operation, table: deref(source), detail: new(detail)}, {action: operation, table: in.TargetTableName, detail: new(detail)}}
	}
	if one, ok := itemSubject(input); ok {
		one.action = operation
		return []subject{one}
	}
	if name := tableOf(input); name != "" {
		return []subject{{action: operation, table: name, detail: new(detail)}}
	}
	return nil
}

func batchSubjects(operation string, in *dynamodb.BatchWriteItemInput) []subject {
	var all []subject
	for _, name := range sortedKeys(in.RequestItems) {
		s := subject{action: operation, table: name, detail: new(detail)}
		for _, r := range in.RequestItems[name] {
			if r.PutRequest != nil {
				s.keys = append(s.keys, r.PutRequest.Item)
			}
			if r.DeleteRequest != nil {
				s.keys = append(s.keys, r.DeleteRequest.Key)
			}
		}
		all = append(all, s)
	}
	return all
}

// transactSubjects: each action of a transaction needs its own permission.
func transactSubjects(in *dynamodb.TransactWriteItemsInput) []subject {
	var all []subject
	add := func(action, table string, key item) {
		all = append(all, subject{action: action, table: table, keys: []item{key}, detail: new(detail)})
	}
	for _, i := range in.TransactItems {
		if i.ConditionCheck != nil {
			add("ConditionCheckItem", i.ConditionCheck.TableName, i.ConditionCheck.Key)
		}
		if i.Put != nil {
			add("PutItem", i.Put.TableName, i.Put.Item)
		}
		if i.Update != nil {
			add("UpdateItem", i.Update.TableName, i.Update.Key)
		}
		if i.Delete != nil {
			add("DeleteItem", i.Delete.TableName, i.Delete.Key)
		}
	}
	return all
}

// itemSubject is the subject of an operation on items of one table.
func itemSubject(input any) (subject, bool) {
	switch in := input.(type) {
	case *dynamodb.GetItemInput:
		return subject{table: in.TableName, keys: []item{in.Key}, detail: &detail{projection: in.ProjectionExpression, names: in.ExpressionAttributeNames, attributes: in.AttributesToGet}}, true
	case *dynamodb.PutItemInput:
		return subject{table: in.TableName, keys: []item{in.Item}, detail: &detail{values: string(in.ReturnValues)}}, true
	case *dynamodb.DeleteItemInput:
		return subject{table: in.TableName, keys: []item{in.Key}, detail: &detail{values: string(in.ReturnValues)}}, true
	case *dynamodb.UpdateItemInput:
		return subject{table: in.TableName, keys: []item{in.Key}, detail: &detail{values: string(in.ReturnValues)}}, true
	case *dynamodb.QueryInput:
		return subject{table: in.TableName, index: in.IndexName, detail: &detail{
			query: in, projection: in.ProjectionExpression, names: in.ExpressionAttributeNames, attributes: in.AttributesToGet, selected: string(in.Select),
		}}, true
	case *dynamodb.ScanInput:
		return subject{table: in.TableName, index: in.IndexName, detail: &detail{
			scan: true, projection: in.ProjectionExpression, names: in.ExpressionAttributeNames, attributes: in.AttributesToGet, selected: string(in.Select),
		}}, true
	}
	return subject{}, false
}

// tableOf is the table that an operation on a table names.
func tableOf(input any) string {
	switch in := input.(type) {
	case *dynamodb.CreateTableInput:
		return in.TableName
	case *dynamodb.DescribeTableInput:
		return in.TableName
	case *dynamodb.UpdateTableInput:
		return in.TableName
	case *dynamodb.DeleteTableInput:
		return in.TableName
	case *dynamodb.UpdateTimeToLiveInput:
		return in.TableName
	case *dynamodb.UpdateContributorInsightsInput:
		return in.TableName
	case *dynamodb.DescribeContributorInsightsInput:
		return in.TableName
	case *dynamodb.EnableKinesisStreamingDestinationInput:
		return in.TableName
	case *dynamodb.DisableKinesisStreamingDestinationInput:
		return in.TableName
	case *dynamodb.UpdateKinesisStreamingDestinationInput:
		return in.TableName
	case *dynamodb.DescribeKinesisStreamingDestinationInput:
		return in.TableName
	case *dynamodb.DescribeContinuousBackupsInput:
		return in.TableName
	case *dynamodb.UpdateContinuousBackupsInput:
		return in.TableName
	case *dynamodb.CreateBackupInput:
		return in.TableName
	case *dynamodb.ExportTableToPointInTimeInput:
		return in.TableArn
	case *dynamodb.ImportTableInput:
		return in.TableCreationParameters.TableName
	case *dynamodb.DescribeTimeToLiveInput:
		return in.TableName
	case *dynamodb.TagResourceInput:
		return in.ResourceArn
	case *dynamodb.UntagResourceInput:
		return in.ResourceArn
	case *dynamodb.ListTagsOfResourceInput:
		return in.ResourceArn
	case *dynamodb.PutResourcePolicyInput:
		return in.ResourceArn
	case *dynamodb.GetResourcePolicyInput:
		return in.ResourceArn
	case *dynamodb.DeleteResourcePolicyInput:
		return in.ResourceArn
	}
	return ""
}
