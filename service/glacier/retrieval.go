package glacier

import (
	"context"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Types of job, as they are asked for and as they are told.
const (
	typeArchive   = "archive-retrieval"
	typeInventory = "inventory-retrieval"
	typeSelect    = "select"

	actionArchive   = string(glacier.ActionCodeArchiveRetrieval)
	actionInventory = string(glacier.ActionCodeInventoryRetrieval)
)

// Tiers of archive retrievals.
const (
	tierExpedited = "Expedited"
	tierStandard  = "Standard"
	tierBulk      = "Bulk"
)

// tierTime is how long a retrieval of a tier takes; ok is false for no tier.
func tierTime(tier string) (time.Duration, bool) {
	switch tier {
	case tierExpedited:
		return expeditedTime, true
	case tierStandard:
		return standardTime, true
	case tierBulk:
		return bulkTime, true
	}
	return 0, false
}

// Formats of inventories.
const (
	formatJSON = "JSON"
	formatCSV  = "CSV"
)

// InitiateJob begins the retrieval of an archive or of the vault's inventory. A
// Standard retrieval must be within the data retrieval policy
// (PolicyEnforcedException). Jobs of type select are not built.
func (s *Service) InitiateJob(ctx context.Context, in *glacier.InitiateJobInput) (*glacier.InitiateJobOutput, error) {
	p := in.JobParameters
	if p == nil {
		return nil, missing("jobParameters")
	}
	r := &retrieval{id: s.newID(jobIDLength), Description: deref(p.Description), Topic: deref(p.SNSTopic)}
	if err := r.read(p); err != nil {
		return nil, err
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	err := s.update(ctx, a, func(tx kv.Tx, v *vault) error {
		r := *r
		r.Vault, r.Created = v.ID, tx.Now()
		begin := v.beginInventory
		if r.Action == actionArchive {
			begin = v.beginArchive
		}
		if err := begin(tx, &r); err != nil {
			return err
		}
		retrievals.Put(tx, v.retrievalKey(r.id), &r)
		s.meterRetrieval(tx, a.Scope, &r)
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &glacier.InitiateJobOutput{JobId: &r.id, Location: new(a.path() + "/jobs/" + r.id)}, nil
}

// read takes over what is asked for, as far as it can be judged without the vault.
func (r *retrieval) read(p *glacier.JobParameters) error {
	if err := checkDescription(p.Description); err != nil {
		return err
	}
	if r.Topic != "" && !isTopic(r.Topic) {
		return invalid("Invalid SNS topic: %s", r.Topic)
	}
	if p.Type == nil {
		return missing("Type")
	}
	// AWS: "Describe Job": inventory retrievals are told to have a tier as well,
	// which changes nothing.
	r.Tier = tierStandard
	if p.Tier != nil {
		r.Tier = *p.Tier
	}
	if _, ok := tierTime(r.Tier); !ok {
		return invalid("Invalid tier: %s. Valid values are %s, %s and %s.", r.Tier, tierExpedited, tierStandard, tierBulk)
	}
	switch *p.Type {
	case typeArchive:
		return r.readArchive(p)
	case typeInventory:
		return r.readInventory(p)
	case typeSelect:
		return aws.NotImplemented("glacier", "InitiateJob with type "+typeSelect)
	}
	return invalid("Invalid job type: %s", *p.Type)
}

func (r *retrieval) readArchive(p *glacier.JobParameters) error {
	r.Action, r.Archive = actionArchive, deref(p.ArchiveId)
	switch {
	case r.Archive == "":
		return missing("ArchiveId")
	case p.Format != nil || p.InventoryRetrievalParameters != nil:
		return invalid("Format and InventoryRetrievalParameters are for jobs of type %s.", typeInventory)
	case p.RetrievalByteRange != nil:
		var ok bool
		if r.From, r.To, ok = parseRange(*p.RetrievalByteRange); !ok {
			return invalid("Invalid retrieval byte range: %s", *p.RetrievalByteRange)
		}
	}
	return nil
}

func (r *retrieval) readInventory(p *glacier.JobParameters) (err error) {
	r.Action, r.Format = actionInventory, formatJSON
	if p.Format != nil {
		r.Format = *p.Format
	}
	switch {
	case r.Format != formatJSON && r.Format != formatCSV:
		return invalid("Invalid format: %s. Valid values are %s and %s.", r.Format, formatCSV, formatJSON)
	case p.ArchiveId != nil || p.RetrievalByteRange != nil:
		return invalid("ArchiveId and RetrievalByteRange are for jobs of type %s.", typeArchive)
	}
	q := p.InventoryRetrievalParameters
	if q == nil {
		return nil
	}
	r.Marker = deref(q.Marker)
	if r.Start, err = parseDate("StartDate", q.StartDate); err != nil {
		return err
	}
	if r.End, err = parseDate("EndDate", q.EndDate); err != nil {
		return err
	}
	if !r.Start.IsZero() && !r.End.IsZero() && r.End.Before(r.Start) {
		return invalid("EndDate must not be before StartDate.")
	}
	if q.Limit != nil {
		if r.Limit, err = strconv.Atoi(*q.Limit); err != nil || r.Limit < 1 {
			return invalid("Invalid limit: %s", *q.Limit)
		}
	}
	return nil
}

// parseDate reads an instant in ISO 8601; nil is none.
func parseDate(name string, s *string) (time.Time, error) {
	if s == nil {
		return time.Time{}, nil
	}
	t, err := time.Parse(time.RFC3339, *s)
	if err != nil {
		return t, invalid("Invalid %s: %s", name, *s)
	}
	return t.UTC(), nil
}

// beginInventory begins the retrieval of the vault's inventory. There must be one.
func (v *vault) beginInventory(tx kv.Tx, r *retrieval) error {
	if v.Inventory.Number == 0 {
		return notFound("Inventory not found for vault: %s. The first one is made within a day of the first upload.", v.at.arn())
	}
	if _, err := v.inventoryRange(r); err != nil {
		return err
	}
	v.finishLater(tx, kindList, r, inventoryTime)
	return nil
}

// beginArchive begins the retrieval of a range of an archive; without one, of
// all of it.
func (v *vault) beginArchive(tx kv.Tx, r *retrieval) error {
	a, err := v.archive(tx, r.Archive)
	if err != nil {
		return err
	}
	r.Content, r.Size, r.TreeHash, r.ArchiveText = a.Content, a.Size, a.TreeHash, a.Description
	if r.To == 0 {
		r.To = r.Size
	}
	if !isMegabyteAligned(r.From, r.To, r.Size) {
		return invalid("Invalid retrieval byte range: %s. It must be within the archive and megabyte aligned.", formatRange(r.From, r.To))
	}
	if isAligned(r.From, r.To, r.Size) {
		r.RangeHash = r.hashOf(tx, v.at.Scope, r.From, r.To)
	}
	takes, _ := tierTime(r.Tier)
	if r.Tier == tierStandard {
		if err := spend(tx, v.at.Scope, r); err != nil {
			return err
		}
	}
	v.finishLater(tx, kindRetrieve, r, takes)
	return nil
}

// hashOf is the tree hash of a range of the archive.
func (r *retrieval) hashOf(tx kv.Tx, sc kv.Scope, from, to int64) []byte {
	if from == 0 && to == r.Size {
		return r.TreeHash
	}
	return place{sc, r.Content}.rangeHash(tx, from, to)
}

// isMegabyteAligned reports whether a range of an archive can be retrieved.
func isMegabyteAligned(from, to, size int64) bool {
	return from%mebibyte == 0 && from < size && (to == size || to < size && to%mebibyte == 0)
}

// finishLater puts the job that completes the retrieval.
func (v *vault) finishLater(tx kv.Tx, kind string, r *retrieval, takes time.Duration) {
	job.Put(tx, v.errandFor(kind, r.id, tx.Now().Add(takes)))
}
