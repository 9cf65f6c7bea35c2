package s3

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// PutBucketInventoryConfiguration puts a configuration. From the next midnight on
// reports are written by it, each day or each Sunday.
func (s *Service) PutBucketInventoryConfiguration(ctx context.Context, in *api.PutBucketInventoryConfigurationInput) (*api.PutBucketInventoryConfigurationOutput, error) {
	if err := checkInventory(in.InventoryConfiguration, in.Id); err != nil {
		return nil, err
	}
	p := at(inventorySetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id)
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if err := putOne(kv.Join(ctx, s.Store, tx), s, p, in.InventoryConfiguration); err != nil {
			return err
		}
		if key := b.armedKey(kindInventory); !armed.Has(tx, key) {
			armed.Put(tx, key, &struct{}{})
			b.putCount(tx)
		}
		return nil
	})
	return &api.PutBucketInventoryConfigurationOutput{}, err
}

// checkInventory holds a configuration against what reports can be written of.
func checkInventory(c *api.InventoryConfiguration, id string) error {
	switch {
	case c == nil || c.Id != id || c.Destination == nil || c.Destination.S3BucketDestination == nil || c.Schedule == nil:
		return errMalformedXML()
	case c.Schedule.Frequency != "Daily" && c.Schedule.Frequency != "Weekly", c.IncludedObjectVersions != "All" && c.IncludedObjectVersions != "Current":
		return errMalformedXML()
	case c.Destination.S3BucketDestination.Format != "CSV":
		return aws.NotImplemented("s3", "PutBucketInventoryConfiguration with the format "+string(c.Destination.S3BucketDestination.Format))
	}
	if _, ok := inventoryBucket(c); !ok {
		return errBucket(http.StatusBadRequest, "InvalidS3DestinationBucket", "Invalid bucket name.", c.Destination.S3BucketDestination.Bucket)
	}
	fields := inventoryFields()
	for _, f := range c.OptionalFields {
		if !slices.ContainsFunc(fields, func(x inventoryField) bool { return x.name == f }) {
			return aws.NotImplemented("s3", "PutBucketInventoryConfiguration with the field "+string(f))
		}
	}
	return nil
}

// inventoryBucket is the name of the bucket that reports go to.
func inventoryBucket(c *api.InventoryConfiguration) (string, bool) {
	_, name, ok := strings.Cut(c.Destination.S3BucketDestination.Bucket, ":s3:::")
	return name, ok && name != "" && strings.HasPrefix(c.Destination.S3BucketDestination.Bucket, "arn:")
}

// GetBucketInventoryConfiguration returns it.
func (s *Service) GetBucketInventoryConfiguration(ctx context.Context, in *api.GetBucketInventoryConfigurationInput) (*api.GetBucketInventoryConfigurationOutput, error) {
	c, err := getOne[api.InventoryConfiguration](ctx, s, at(inventorySetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
	return &api.GetBucketInventoryConfigurationOutput{InventoryConfiguration: c}, err
}

// DeleteBucketInventoryConfiguration takes it away.
func (s *Service) DeleteBucketInventoryConfiguration(ctx context.Context, in *api.DeleteBucketInventoryConfigurationInput) (*api.DeleteBucketInventoryConfigurationOutput, error) {
	return &api.DeleteBucketInventoryConfigurationOutput{}, s.deleteOne(ctx, at(inventorySetting, in.Bucket, in.ExpectedBucketOwner).with(in.Id))
}

// ListBucketInventoryConfigurations lists all of the bucket's.
func (s *Service) ListBucketInventoryConfigurations(ctx context.Context, in *api.ListBucketInventoryConfigurationsInput) (*api.ListBucketInventoryConfigurationsOutput, error) {
	all, next, err := listOnes[api.InventoryConfiguration](ctx, s, at(inventorySetting, in.Bucket, in.ExpectedBucketOwner), in.ContinuationToken)
	return &api.ListBucketInventoryConfigurationsOutput{
		InventoryConfigurationList: all, IsTruncated: new(next != nil), ContinuationToken: in.ContinuationToken, NextContinuationToken: next,
	}, err
}

// census is what the inventory's jobs keep.
type census struct {
	Bucket string    `kv:"1"`
	ID     uint64    `kv:"2"`
	Config string    `kv:"3"` // of a report
	At     time.Time `kv:"4"` // the midnight that it is of
}

// putCount puts the job of the next midnight.
func (b *bucket) putCount(tx kv.Tx) {
	job.Put(tx, &job.Job{Kind: kindInventory, Scope: b.scope(), ID: b.Name, Due: midnight(tx.Now().Add(1)), Payload: kv.Append(nil, &census{Bucket: b.Name, ID: b.ID})})
}

// count is the job of a midnight: it puts one for each report that is due, and
// one for the next midnight while there are configurations.
func (s *Service) count(_ context.Context, tx kv.Tx, j *job.Job) error {
	var c census
	if err := kv.Decode(j.Payload, &c); err != nil {
		return err
	}
	b, ok := bucketOf(tx, j.Scope, c.Bucket, c.ID)
	if !ok {
		return nil
	}
	some := false
	for _, row := range settings.Scan(tx, kv.Prefix(settings.Prefix(b.scope(), b.id(), kv.String(inventorySetting)))) {
		some = true
		i := parse[api.InventoryConfiguration](row)
		// AWS: "Configuring Amazon S3 Inventory": weekly reports are of Sundays.
		if i.IsEnabled && (i.Schedule.Frequency == "Daily" || j.Due.UTC().Weekday() == time.Sunday) {
			c.Config, c.At = i.Id, j.Due
			job.PutNow(tx, &job.Job{Kind: kindReport, Scope: b.scope(), ID: b.Name, Payload: kv.Append(nil, &c)})
		}
	}
	if !some {
		armed.Delete(tx, b.armedKey(kindInventory))
		return nil
	}
	b.putCount(tx)
	return nil
}

// report is the job that writes a report: S3 lists the bucket into a file and
// tells of that in a manifest. A destination that does not let it gets none.
func (s *Service) report(ctx context.Context, j *job.Job) (func(kv.Tx) error, error) {
	r := &report{Service: s}
	if err := kv.Decode(j.Payload, &r.census); err != nil {
		return nil, err
	}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		r.c = nil
		var ok bool
		if r.b, ok = bucketOf(tx, j.Scope, r.Bucket, r.ID); ok {
			r.c, _ = getRow[api.InventoryConfiguration](tx, r.b.settingKey(inventorySetting, r.Config))
		}
		return nil
	})
	if err != nil || r.c == nil {
		return nil, err
	}
	r.ctx = aws.ActAs(ctx, aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: j.Scope.Account, Region: j.Scope.Region, Source: r.b.arn(), SourceAccount: j.Scope.Account,
	})
	return nil, refusedIsDone(r.write())
}

// orderFields are the optional fields of a configuration in the order of the schema.
func orderFields(c *api.InventoryConfiguration) (all []inventoryField) {
	for _, f := range inventoryFields() {
		if slices.Contains(c.OptionalFields, f.name) {
			all = append(all, f)
		}
	}
	return all
}

// inventoryField is an optional column.
type inventoryField struct {
	name api.InventoryOptionalField
	of   func(r *report, o *object) string
}

// inventoryFields are the columns that reports may have, in their order.
// AWS: "Amazon S3 Inventory list".
func inventoryFields() []inventoryField {
	return []inventoryField{
		{"Size", func(_ *report, o *object) string { return decimal(o.Size) }},
		{"LastModifiedDate", func(_ *report, o *object) string { return instant(o.Modified) }},
		{"ETag", func(_ *report, o *object) string { return o.ETag }},
		{"StorageClass", func(_ *report, o *object) string { return o.shownClass() }},
		{"IsMultipartUploaded", func(_ *report, o *object) string { return truth(o.Parts > 0) }},
		{"ReplicationStatus", func(_ *report, o *object) string { return o.Copied }},
		{"EncryptionStatus", func(_ *report, o *object) string { return o.Seal.status() }},
		{"ObjectLockRetainUntilDate", func(_ *report, o *object) string { return instant(o.Lock.Until) }},
		{"ObjectLockMode", func(_ *report, o *object) string { return o.Lock.Mode }},
		{"ObjectLockLegalHoldStatus", func(_ *report, o *object) string {
			switch {
			case o.Lock.Hold:
				return "ON"
			case o.Lock.Held:
				return "OFF"
			}
			return ""
		}},
		{"BucketKeyStatus", func(_ *report, o *object) string {
			if o.Seal.BucketKey {
				return "ENABLED"
			}
			return "DISABLED"
		}},
		{"IntelligentTieringAccessTier", func(_ *report, o *object) string { return o.shownTier() }},
		{"ChecksumAlgorithm", func(_ *report, o *object) string { return o.Sum.Algorithm }},
		{"ObjectAccessControlList", func(r *report, o *object) string { return r.b.reportedACL(o) }},
		{"ObjectOwner", func(r *report, o *object) string { return canonical(r.b.accountOf(o)) }},
	}
}
