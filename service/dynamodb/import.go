package dynamodb

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

const importResource = "/import/"

func (i *importing) arn() string { return address{i.at, i.Table}.arn() + importResource + i.ID }

func (i *importing) put(tx kv.Tx) { imports.Put(tx, imports.Key(i.at, kv.String(i.ID)), i) }

// input is the request that the import is of.
func (i *importing) input() (*dynamodb.ImportTableInput, error) {
	in := new(dynamodb.ImportTableInput)
	return in, json.Unmarshal(i.Request, in)
}

// ImportTable makes a table of the objects below a prefix of a bucket. It answers at
// once; a job does the work as the caller.
func (s *Service) ImportTable(ctx context.Context, in *dynamodb.ImportTableInput) (*dynamodb.ImportTableOutput, error) {
	p := in.TableCreationParameters
	switch {
	case in.InputFormat == dynamodb.InputFormatION || p.VectorIndexes != nil:
		return nil, aws.NotImplemented("dynamodb", "ImportTable of Ion or with vector indexes")
	case in.InputFormatOptions != nil && in.InputFormat != dynamodb.InputFormatCSV:
		return nil, invalid("InputFormatOptions can only be specified for the input format CSV")
	}
	create := &dynamodb.CreateTableInput{
		TableName: p.TableName, AttributeDefinitions: p.AttributeDefinitions, KeySchema: p.KeySchema, BillingMode: p.BillingMode, ProvisionedThroughput: p.ProvisionedThroughput,
		OnDemandThroughput: p.OnDemandThroughput, SSESpecification: p.SSESpecification, GlobalSecondaryIndexes: p.GlobalSecondaryIndexes,
	}
	t, err := newTable(create)
	if err != nil {
		return nil, err
	}
	t.at = address{scopeOf(ctx), p.TableName}
	if err := t.warmUpAll(create); err != nil {
		return nil, err
	}
	request, err := json.Marshal(in)
	if err != nil {
		return nil, err
	}
	caller, err := json.Marshal(aws.CallFrom(ctx).Caller)
	if err != nil {
		return nil, err
	}
	out := new(dynamodb.ImportTableOutput)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if old, err := earlierImport(tx, t.at.Scope, in, request); err != nil || old != nil {
			if old != nil {
				out.ImportTableDescription, err = old.describe()
			}
			return err
		}
		if tables.Has(tx, t.at.key()) {
			return dynamodb.ErrResourceInUseException("Table already exists: %s", p.TableName)
		}
		t.ID, t.UUID, t.Created, t.Importing = s.Random.Uint64(), aws.UUID(s.Random), tx.Now(), true
		if !t.provisioned() {
			t.OnDemandAt = tx.Now()
		}
		tables.Put(tx, t.at.key(), t)
		i := &importing{
			at: t.at.Scope, ID: fmt.Sprintf("%014d-%08x", tx.Now().UnixMilli(), uint32(s.Random.Uint64())), Table: p.TableName, TableID: t.UUID,
			Request: request, Caller: caller, Started: tx.Now(), Status: string(dynamodb.ImportStatusINPROGRESS),
		}
		i.put(tx)
		job.PutNow(tx, &job.Job{Kind: importKind, Scope: i.at, ID: i.ID})
		out.ImportTableDescription, err = i.describe()
		return err
	})
	return out, err
}

// earlierImport finds the import that was asked for with the same token.
func earlierImport(tx kv.Tx, sc kv.Scope, in *dynamodb.ImportTableInput, request []byte) (*importing, error) {
	if in.ClientToken == nil {
		return nil, nil
	}
	for _, i := range imports.Scan(tx, kv.Prefix(imports.Prefix(sc))) {
		old, err := i.input()
		switch {
		case err != nil:
			return nil, err
		case deref(old.ClientToken) != *in.ClientToken || tx.Now().Sub(i.Started) >= exportTokenLife:
			continue
		case !bytes.Equal(i.Request, request):
			return nil, dynamodb.ErrImportConflictException("Import with the same client token and other parameters was already requested")
		}
		i.at = sc
		return i, nil
	}
	return nil, nil
}

func (i *importing) describe() (*dynamodb.ImportTableDescription, error) {
	in, err := i.input()
	if err != nil {
		return nil, err
	}
	return &dynamodb.ImportTableDescription{
		ImportArn: ptr(i.arn()), ImportStatus: dynamodb.ImportStatus(i.Status), TableArn: ptr(address{i.at, i.Table}.arn()), TableId: &i.TableID, ClientToken: in.ClientToken,
		S3BucketSource: in.S3BucketSource, InputFormat: in.InputFormat, InputFormatOptions: in.InputFormatOptions, InputCompressionType: in.InputCompressionType,
		TableCreationParameters: in.TableCreationParameters, StartTime: &i.Started, EndTime: timeOf(i.Ended), ErrorCount: &i.Errors,
		ProcessedSizeBytes: &i.Bytes, ProcessedItemCount: &i.Records, ImportedItemCount: &i.Items, FailureCode: textOf(i.Code), FailureMessage: textOf(i.Message),
	}, nil
}

// DescribeImport tells how far an import is, and why it failed if it did.
func (s *Service) DescribeImport(ctx context.Context, in *dynamodb.DescribeImportInput) (*dynamodb.DescribeImportOutput, error) {
	out := new(dynamodb.DescribeImportOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		a, _ := addressOfARN(in.ImportArn)
		_, id, _ := strings.Cut(in.ImportArn, importResource)
		i, ok := imports.Get(tx, imports.Key(a.Scope, kv.String(id)))
		if !ok || i.Table != a.Name {
			return dynamodb.ErrImportNotFoundException("Import not found: %s", in.ImportArn)
		}
		i.at = a.Scope
		out.ImportTableDescription, err = i.describe()
		return err
	})
	return out, err
}

// ListImports lists imports, the first first.
func (s *Service) ListImports(ctx context.Context, in *dynamodb.ListImportsInput) (*dynamodb.ListImportsOutput, error) {
	sc, size := scopeOf(ctx), maxExports
	if in.PageSize != nil {
		size = int(*in.PageSize)
	}
	r := kv.Prefix(imports.Prefix(sc))
	if in.NextToken != nil {
		r.From = imports.Key(sc, kv.String(*in.NextToken)).After()
	}
	out := new(dynamodb.ListImportsOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		*out = dynamodb.ListImportsOutput{ImportSummaryList: []dynamodb.ImportSummary{}}
		last := ""
		for _, i := range imports.Scan(tx, r) {
			if i.at = sc; in.TableArn != nil && addressName(*in.TableArn) != i.Table {
				continue
			}
			if len(out.ImportSummaryList) == size {
				out.NextToken = &last
				return nil
			}
			last = i.ID
			d, err := i.describe()
			if err != nil {
				return err
			}
			out.ImportSummaryList = append(out.ImportSummaryList, dynamodb.ImportSummary{
				ImportArn: d.ImportArn, ImportStatus: d.ImportStatus, TableArn: d.TableArn, S3BucketSource: d.S3BucketSource, InputFormat: d.InputFormat, StartTime: d.StartTime, EndTime: d.EndTime,
			})
		}
		return nil
	})
	return out, err
}
