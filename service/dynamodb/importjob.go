package dynamodb

import (
	"context"
	"encoding/json"
	"errors"
	"io"

	"github.com/brume-cloud/brume/api/dynamodb"
	s3api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// importKind reads the objects of an import. Some records at a time become items
// in the transaction that notes how far it is, so that each is put once, also when
// the job begins anew.
const importKind = "ddb.import"

// errElsewhere says that another run of the job has come further.
var errElsewhere = errors.New("dynamodb: the import goes on elsewhere")

// importer is a run of the job.
type importer struct {
	*importing
	*Service
	in *dynamodb.ImportTableInput
	s3 s3api.Client
}

// importObjects is the job.
func (s *Service) importObjects(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	w := &importer{Service: s, s3: s3api.NewClient(s.Via)}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		w.importing, _ = imports.Get(tx, imports.Key(j.Scope, kv.String(j.ID)))
		return nil
	})
	if err != nil || w.importing == nil || w.Status != string(dynamodb.ImportStatusINPROGRESS) {
		return nil, err
	}
	w.at = j.Scope
	if w.in, err = w.input(); err != nil {
		return nil, err
	}
	var caller aws.Caller
	if err := json.Unmarshal(w.importing.Caller, &caller); err != nil {
		return nil, err
	}
	as := aws.ActAs(ctx, aws.Actor{Caller: caller, Account: j.Scope.Account, Region: j.Scope.Region, Source: address{w.at, w.Table}.arn()})
	err = w.all(as)
	switch {
	case err == nil:
	case errors.Is(err, errElsewhere):
		return nil, nil
	case !failsForGood(err) && j.Attempt+1 < exportAttempts:
		return nil, err
	}
	return func(tx kv.Tx) error { return w.end(tx, err) }, nil
}

// end notes the outcome, and gives the table to its users.
func (w *importer) end(tx kv.Tx, err error) error {
	i, ok := imports.Get(tx, imports.Key(w.at, kv.String(w.ID)))
	if !ok || i.Status != string(dynamodb.ImportStatusINPROGRESS) {
		return nil
	}
	i.at, i.Ended, i.Status = w.at, tx.Now(), string(dynamodb.ImportStatusCOMPLETED)
	switch {
	case err != nil:
		i.Status = string(dynamodb.ImportStatusFAILED)
		i.Code, i.Message = failureOf(err)
	case i.Errors > 0:
		i.Status, i.Code = string(dynamodb.ImportStatusFAILED), "ItemValidationError"
		i.Message = "Some of the items failed validation checks and were not imported. Please check CloudWatch error logs for more details."
	}
	i.put(tx)
	a := address{w.at, w.Table}
	if t, ok := tables.Get(tx, a.key()); ok && t.UUID == i.TableID {
		t.Importing = false
		tables.Put(tx, a.key(), t)
	}
	return nil
}

// all reads the objects in the order of their keys.
func (w *importer) all(ctx context.Context) error {
	source := w.in.S3BucketSource
	for {
		page, err := w.s3.ListObjectsV2(ctx, &s3api.ListObjectsV2Input{
			Bucket: source.S3Bucket, Prefix: source.S3KeyPrefix, StartAfter: textOf(w.Finished), ExpectedBucketOwner: source.S3BucketOwner,
		})
		if err != nil {
			return err
		}
		for _, o := range page.Contents {
			if err := w.object(ctx, deref(o.Key)); err != nil {
				return err
			}
		}
		if !deref(page.IsTruncated) {
			return nil
		}
	}
}

// object reads one object.
func (w *importer) object(ctx context.Context, key string) error {
	out, err := w.s3.GetObject(ctx, &s3api.GetObjectInput{Bucket: w.in.S3BucketSource.S3Bucket, Key: key, ExpectedBucketOwner: w.in.S3BucketSource.S3BucketOwner})
	if err != nil {
		return err
	}
	defer out.Body.Close()
	t, err := newTable(&dynamodb.CreateTableInput{TableName: w.Table, AttributeDefinitions: w.in.TableCreationParameters.AttributeDefinitions, KeySchema: w.in.TableCreationParameters.KeySchema, BillingMode: dynamodb.BillingModePAYPERREQUEST, GlobalSecondaryIndexes: w.indexes()})
	if err != nil {
		return err
	}
	records, err := openRecords(out.Body, w.in, t.typeOfKey)
	if err != nil {
		return w.broken(ctx, key)
	}
	defer records.Close()
	for range w.Read {
		if _, err := records.next(); errors.Is(err, io.EOF) {
			break
		}
	}
	for {
		batch, last := records.batch()
		if err := w.save(ctx, key, batch, last); err != nil || last {
			return err
		}
	}
}

// indexes are those of the request without capacity, of which only the keys count.
func (w *importer) indexes() []dynamodb.GlobalSecondaryIndex {
	var all []dynamodb.GlobalSecondaryIndex
	for _, g := range w.in.TableCreationParameters.GlobalSecondaryIndexes {
		g.ProvisionedThroughput = nil
		all = append(all, g)
	}
	return all
}

// broken notes an object that cannot be unpacked as one record that is wrong.
func (w *importer) broken(ctx context.Context, key string) error {
	return w.save(ctx, key, batch{read: 1, wrong: 1}, true)
}

// save puts the items of a batch, and notes how far the import is.
func (w *importer) save(ctx context.Context, key string, b batch, last bool) error {
	return kv.Update(ctx, w.Store, func(tx kv.Tx) error {
		i, ok := imports.Get(tx, imports.Key(w.at, kv.String(w.ID)))
		if !ok || i.Finished != w.Finished || i.Read != w.Read {
			return errElsewhere
		}
		a := address{w.at, w.Table}
		t, ok := tables.Get(tx, a.key())
		if !ok {
			return errElsewhere
		}
		i.at, t.at = w.at, a
		for _, it := range b.items {
			it, err := checkedItem(it)
			if err != nil || t.checkWhole(it) != nil {
				i.Errors++
				continue
			}
			was, _ := t.read(tx, it)
			t.write(tx, change{was: was, is: it})
			i.Items++
		}
		i.Errors += b.wrong
		i.Records += b.read
		i.Bytes += b.bytes
		i.Read += b.read
		if last {
			i.Finished, i.Read = key, 0
		}
		i.put(tx)
		tx.OnCommit(func(uint64) { w.importing = i })
		return nil
	})
}
