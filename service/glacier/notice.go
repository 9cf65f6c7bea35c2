package glacier

import (
	"context"
	"encoding/json"
	"slices"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// principal is who Glacier is to other services.
const principal = "glacier.amazonaws.com"

// Events that a vault can tell of.
const (
	eventArchive   = "ArchiveRetrievalCompleted"
	eventInventory = "InventoryRetrievalCompleted"
)

// notice is news for a topic.
type notice struct {
	Topic   string `kv:"1"` // ARN
	Source  string `kv:"2"` // ARN of the vault
	Message string `kv:"3"`
}

// announce puts the jobs that tell of a completed retrieval: one for the topic
// of the vault, one for its own.
func (v *vault) announce(tx kv.Tx, r *retrieval) error {
	event := eventArchive
	if r.Action == actionInventory {
		event = eventInventory
	}
	var topics []string
	if slices.Contains(v.Events, event) {
		topics = append(topics, v.Topic)
	}
	if r.Topic != "" {
		topics = append(topics, r.Topic)
	}
	if len(topics) == 0 {
		return nil
	}
	d := v.describeJob(r)
	message, err := json.Marshal(newReport(&d))
	for _, topic := range topics {
		job.PutNow(tx, &job.Job{Kind: kindNotify, Scope: v.at.Scope, ID: r.id, Payload: kv.Append(nil, &notice{topic, v.at.arn(), string(message)})})
	}
	return err
}

// notify is the job that publishes a notice. What the topic refuses is lost, as
// with AWS: Glacier does not check that a vault may publish.
func (s *Service) notify(ctx context.Context, _ kv.Tx, j *job.Job) error {
	n := new(notice)
	if err := kv.Decode(j.Payload, n); err != nil {
		return err
	}
	topic, err := aws.ParseARN(n.Topic)
	if err != nil {
		return err
	}
	ctx = aws.ActAs(ctx, aws.Actor{
		Caller: aws.Caller{Kind: aws.ServicePrincipal, Service: principal}, Account: topic.Account, Region: topic.Region, Source: n.Source,
	})
	_, err = s.topics.Publish(ctx, &sns.PublishInput{TopicArn: &n.Topic, Message: n.Message})
	if err != nil && !aws.MayPass(err) {
		s.Log.Warn("a topic did not take the news of a completed job", "topic", n.Topic, "vault", n.Source, "cause", err)
		return nil
	}
	return err
}

// isTopic reports whether an ARN could be a topic's.
func isTopic(arn string) bool {
	a, err := aws.ParseARN(arn)
	return err == nil && a.Service == "sns" && a.Account.Valid() && a.Region != ""
}

// report is a job's description in a notice.
// AWS: "Configuring Vault Notifications": what does not apply is null.
type report struct {
	Action                       glacier.ActionCode
	ArchiveId                    *string
	ArchiveSHA256TreeHash        *string
	ArchiveSizeInBytes           *int64
	Completed                    *bool
	CompletionDate               *string
	CreationDate                 *string
	InventoryRetrievalParameters *glacier.InventoryRetrievalJobDescription
	InventorySizeInBytes         *int64
	JobDescription               *string
	JobId                        *string
	RetrievalByteRange           *string
	SHA256TreeHash               *string
	SNSTopic                     *string
	StatusCode                   glacier.StatusCode
	StatusMessage                *string
	Tier                         *string
	VaultARN                     *string
}

func newReport(d *glacier.GlacierJobDescription) *report {
	return &report{
		d.Action, d.ArchiveId, d.ArchiveSHA256TreeHash, d.ArchiveSizeInBytes, d.Completed, d.CompletionDate, d.CreationDate,
		d.InventoryRetrievalParameters, d.InventorySizeInBytes, d.JobDescription, d.JobId, d.RetrievalByteRange, d.SHA256TreeHash,
		d.SNSTopic, d.StatusCode, d.StatusMessage, d.Tier, d.VaultARN,
	}
}
