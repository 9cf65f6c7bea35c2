package s3

import (
	"context"
	"errors"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// PutBucketNotificationConfiguration says who is told of what. Queues and topics
// get a test message in the same transaction: if one cannot, nothing changes.
// AWS: "Amazon S3 Event Notifications".
func (s *Service) PutBucketNotificationConfiguration(ctx context.Context, in *api.PutBucketNotificationConfigurationInput) (*api.PutBucketNotificationConfigurationOutput, error) {
	c := in.NotificationConfiguration
	if c == nil {
		return nil, errMalformedXML()
	}
	if err := checkReceivers(receivers(c)); err != nil {
		return nil, err
	}
	s.nameReceivers(c)
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if !deref(in.SkipDestinationValidation) {
			if err := s.test(kv.Join(ctx, s.Store, tx), tx, b, receivers(c)); err != nil {
				return err
			}
		}
		set(tx, b, notificationSetting, c)
		if len(receivers(c)) == 0 && c.EventBridgeConfiguration == nil {
			unset(tx, b, notificationSetting)
		}
		b.put(tx)
		return nil
	})
	return &api.PutBucketNotificationConfigurationOutput{}, err
}

// nameReceivers gives an id to those that have none.
func (s *Service) nameReceivers(c *api.NotificationConfiguration) {
	name := func(id **string) {
		if deref(*id) == "" {
			*id = new(aws.UUID(s.Random))
		}
	}
	for i := range c.QueueConfigurations {
		name(&c.QueueConfigurations[i].Id)
	}
	for i := range c.TopicConfigurations {
		name(&c.TopicConfigurations[i].Id)
	}
	for i := range c.LambdaFunctionConfigurations {
		name(&c.LambdaFunctionConfigurations[i].Id)
	}
}

// checkReceivers refuses receivers whose events overlap, and queues that cannot
// be told.
func checkReceivers(all []receiver) error {
	for i := range all {
		if len(all[i].events) == 0 {
			return errMalformedXML()
		}
		if strings.HasSuffix(all[i].arn, ".fifo") {
			return errArgument(all[i].arn, "FIFO", "Unable to validate the following destination configurations")
		}
		for j := range i {
			if all[i].overlaps(&all[j]) {
				return errArgument("configuration", "", "Configurations overlap. Configurations on the same bucket cannot share a common event type.")
			}
		}
	}
	return nil
}

func (r *receiver) overlaps(o *receiver) bool {
	p, q := r.affixes()
	op, oq := o.affixes()
	if !strings.HasPrefix(p, op) && !strings.HasPrefix(op, p) || !strings.HasSuffix(q, oq) && !strings.HasSuffix(oq, q) {
		return false
	}
	for _, a := range r.events {
		for _, b := range o.events {
			if likeOne(string(a), string(b)) || likeOne(string(b), string(a)) {
				return true
			}
		}
	}
	return false
}

// test sends the test message. Functions get none.
func (s *Service) test(ctx context.Context, tx kv.Tx, b *bucket, all []receiver) error {
	id := aws.CallFrom(ctx).RequestID
	for _, r := range all {
		if to, err := aws.ParseARN(r.arn); err == nil && to.Service == "lambda" {
			continue
		}
		body := toJSON(struct{ Service, Event, Time, Bucket, RequestID, HostID string }{
			"Amazon S3", "s3:TestEvent", tx.Now().UTC().Format("2006-01-02T15:04:05.000Z"), b.Name, id, id,
		})
		body = strings.NewReplacer(`"RequestID"`, `"RequestId"`, `"HostID"`, `"HostId"`).Replace(body)
		err := s.tell(s.as(ctx, b.scope(), b.Name), b.scope(), &notice{ARN: r.arn, Body: body})
		if refused := (*aws.Error)(nil); errors.As(err, &refused) {
			e := errArgument(r.arn, refused.Message, "Unable to validate the following destination configurations")
			e.Status = http.StatusBadRequest
			return e
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// GetBucketNotificationConfiguration tells it.
func (s *Service) GetBucketNotificationConfiguration(ctx context.Context, in *api.GetBucketNotificationConfigurationInput) (*api.GetBucketNotificationConfigurationOutput, error) {
	c, err := getSetting[api.NotificationConfiguration](ctx, s, at(notificationSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	return &api.GetBucketNotificationConfigurationOutput{
		TopicConfigurations: c.TopicConfigurations, QueueConfigurations: c.QueueConfigurations,
		LambdaFunctionConfigurations: c.LambdaFunctionConfigurations, EventBridgeConfiguration: c.EventBridgeConfiguration,
	}, nil
}
