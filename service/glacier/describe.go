package glacier

import (
	"context"
	"encoding/hex"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// DescribeJob tells of a job, for a day after it has completed.
func (s *Service) DescribeJob(ctx context.Context, in *glacier.DescribeJobInput) (*glacier.DescribeJobOutput, error) {
	out := new(glacier.DescribeJobOutput)
	err := s.view(ctx, addressOf(ctx, in.AccountId, in.VaultName), func(tx kv.Tx, v *vault) error {
		r, err := v.retrieval(tx, in.JobId)
		if err != nil {
			return err
		}
		*out = glacier.DescribeJobOutput(v.describeJob(r))
		return nil
	})
	return out, err
}

// describeJob is what is told of a job, to callers and to topics.
func (v *vault) describeJob(r *retrieval) glacier.GlacierJobDescription {
	d := glacier.GlacierJobDescription{
		JobId: &r.id, JobDescription: aws.Optional(r.Description), Action: glacier.ActionCode(r.Action), VaultARN: new(v.at.arn()),
		CreationDate: date(r.Created), Completed: new(!r.Completed.IsZero()), CompletionDate: date(r.Completed),
		StatusCode: r.status(), StatusMessage: new(r.message()), SNSTopic: aws.Optional(r.Topic), Tier: aws.Optional(r.Tier),
	}
	if r.Action == actionArchive {
		d.ArchiveId, d.ArchiveSizeInBytes, d.ArchiveSHA256TreeHash = &r.Archive, &r.Size, new(hex.EncodeToString(r.TreeHash))
		d.RetrievalByteRange, d.SHA256TreeHash = new(formatRange(r.From, r.To)), aws.Optional(hex.EncodeToString(r.RangeHash))
		return d
	}
	if d.StatusCode == glacier.StatusCodeSucceeded {
		d.InventorySizeInBytes = &r.Output.Size
	}
	d.InventoryRetrievalParameters = &glacier.InventoryRetrievalJobDescription{
		Format: &r.Format, StartDate: wholeSeconds(r.Start), EndDate: wholeSeconds(r.End), Marker: aws.Optional(r.Marker),
	}
	if r.Limit > 0 {
		d.InventoryRetrievalParameters.Limit = new(strconv.Itoa(r.Limit))
	}
	return d
}

// wholeSeconds writes the bounds of an inventory; nil for none.
func wholeSeconds(t time.Time) *string {
	if t.IsZero() {
		return nil
	}
	return new(listDate(t))
}

func (r *retrieval) message() string {
	switch r.status() {
	case glacier.StatusCodeInProgress:
		return "Operation in progress."
	case glacier.StatusCodeFailed:
		return r.Failure
	}
	return "Succeeded"
}

// ListJobs lists the vault's jobs in the order in which they began, at most
// fifty at a time.
func (s *Service) ListJobs(ctx context.Context, in *glacier.ListJobsInput) (*glacier.ListJobsOutput, error) {
	p, err := newPage(in.Limit, in.Marker)
	if err != nil {
		return nil, err
	}
	if err := checkFilters(in); err != nil {
		return nil, err
	}
	a := addressOf(ctx, in.AccountId, in.VaultName)
	out := new(glacier.ListJobsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, v *vault) error {
		*out = glacier.ListJobsOutput{JobList: []glacier.GlacierJobDescription{}}
		r := kv.Prefix(retrievals.IndexPrefix(&retrievalsInOrder, a.Scope, kv.Uint(v.ID)))
		if err := p.begin(&r); err != nil {
			return err
		}
		for entry, key := range retrievals.KeysBy(tx, r) {
			if len(out.JobList) == p.size {
				out.Marker = markerOf(entry)
				return nil
			}
			r, err := v.retrieval(tx, lastPart(retrievals.Parts(key)))
			if err == nil && isWanted(in, r) {
				out.JobList = append(out.JobList, v.describeJob(r))
			}
		}
		return nil
	})
	return out, err
}

func checkFilters(in *glacier.ListJobsInput) error {
	switch glacier.StatusCode(deref(in.Statuscode)) {
	case "", glacier.StatusCodeInProgress, glacier.StatusCodeSucceeded, glacier.StatusCodeFailed:
	default:
		return invalid("Invalid statuscode: %s", *in.Statuscode)
	}
	switch deref(in.Completed) {
	case "", "true", "false":
		return nil
	}
	return invalid("Invalid completed: %s", *in.Completed)
}

func isWanted(in *glacier.ListJobsInput, r *retrieval) bool {
	status, completed := deref(in.Statuscode), deref(in.Completed)
	return (status == "" || status == string(r.status())) && (completed == "" || (completed == "true") == !r.Completed.IsZero())
}
