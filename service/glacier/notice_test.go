package glacier_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/glacier"
	"github.com/aws/aws-sdk-go-v2/service/glacier/types"
	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/aws-sdk-go-v2/service/sqs"
)

// inbox is a queue that gets what is published to a topic.
type inbox struct {
	*desk
	queues *sqs.Client
	url    *string
	topic  string
}

func (d *desk) inbox(name string) *inbox {
	d.Helper()
	topics, queues := sns.NewFromConfig(d.cloud.Config()), sqs.NewFromConfig(d.cloud.Config())
	queue, err := queues.CreateQueue(d.Context(), &sqs.CreateQueueInput{QueueName: &name, Attributes: map[string]string{
		"Policy": `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"sns.amazonaws.com"},"Action":"sqs:SendMessage","Resource":"*"}]}`,
	}})
	if err != nil {
		d.Fatal(err)
	}
	topic, err := topics.CreateTopic(d.Context(), &sns.CreateTopicInput{Name: &name})
	if err != nil {
		d.Fatal(err)
	}
	_, err = topics.Subscribe(d.Context(), &sns.SubscribeInput{
		TopicArn: topic.TopicArn, Protocol: new("sqs"), Endpoint: new("arn:aws:sqs:us-east-1:000000000000:" + name), Attributes: map[string]string{"RawMessageDelivery": "true"},
	})
	if err != nil {
		d.Fatal(err)
	}
	return &inbox{d, queues, queue.QueueUrl, *topic.TopicArn}
}

// next returns the next notice; nil when there is none.
func (i *inbox) next() map[string]any {
	i.Helper()
	i.cloud.Advance(time.Second)
	out, err := i.queues.ReceiveMessage(i.Context(), &sqs.ReceiveMessageInput{QueueUrl: i.url})
	if err != nil {
		i.Fatal(err)
	}
	if len(out.Messages) == 0 {
		return nil
	}
	if _, err := i.queues.DeleteMessage(i.Context(), &sqs.DeleteMessageInput{QueueUrl: i.url, ReceiptHandle: out.Messages[0].ReceiptHandle}); err != nil {
		i.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal([]byte(*out.Messages[0].Body), &got); err != nil {
		i.Fatal(err)
	}
	return got
}

func TestCompletedJobIsToldToTopics(t *testing.T) {
	story(t, func(d *desk) {
		vaults, own := d.inbox("vaults"), d.inbox("own")
		must(d, d.SetVaultNotifications, &glacier.SetVaultNotificationsInput{AccountId: &d.account, VaultName: &d.vault,
			VaultNotificationConfig: &types.VaultNotificationConfig{SNSTopic: &vaults.topic, Events: []string{"ArchiveRetrievalCompleted"}}})
		p := retrieve(d.upload([]byte("x"), ""))
		p.SNSTopic = &own.topic
		job := d.begin(p)
		d.cloud.Advance(5*time.Hour - time.Minute)
		if got := vaults.next(); got != nil {
			t.Errorf("told too early: %v", got)
		}
		d.cloud.Advance(time.Minute)
		for _, box := range []*inbox{vaults, own} {
			got := box.next()
			d.want("job", got["JobId"], job)
			d.want("status", got["StatusCode"], "Succeeded")
			d.want("vault", got["VaultARN"], d.arn())
			if size, there := got["InventorySizeInBytes"]; !there || size != nil {
				t.Errorf("what does not apply is not null: %v", got)
			}
			if again := box.next(); again != nil {
				t.Errorf("told twice: %v", again)
			}
		}
		d.cloud.Advance(day)
		d.begin(list())
		d.cloud.Advance(5 * time.Hour)
		if got := vaults.next(); got != nil {
			t.Errorf("told of an event that was not asked for: %v", got)
		}
	})
}

func TestTopicThatRefusesIsNotAskedAgain(t *testing.T) {
	story(t, func(d *desk) {
		p := retrieve(d.upload([]byte("x"), ""))
		p.SNSTopic = new("arn:aws:sns:us-east-1:000000000000:nowhere")
		job := d.begin(p)
		d.cloud.Advance(6 * time.Hour)
		d.want("status", d.job(job).StatusCode, "Succeeded")
	})
}

func TestNotificationsAreSetAndDeleted(t *testing.T) {
	story(t, func(d *desk) {
		set := func(c *types.VaultNotificationConfig) *glacier.SetVaultNotificationsInput {
			return &glacier.SetVaultNotificationsInput{AccountId: &d.account, VaultName: &d.vault, VaultNotificationConfig: c}
		}
		get := &glacier.GetVaultNotificationsInput{AccountId: &d.account, VaultName: &d.vault}
		topic := "arn:aws:sns:us-east-1:000000000000:t"
		refused(d, d.GetVaultNotifications, get, "ResourceNotFoundException")
		refused(d, d.SetVaultNotifications, set(&types.VaultNotificationConfig{Events: []string{"ArchiveRetrievalCompleted"}}), "MissingParameterValueException")
		refused(d, d.SetVaultNotifications, set(&types.VaultNotificationConfig{SNSTopic: &topic}), "MissingParameterValueException")
		refused(d, d.SetVaultNotifications, set(&types.VaultNotificationConfig{SNSTopic: &topic, Events: []string{"x"}}), "InvalidParameterValueException: Invalid event: x")
		must(d, d.SetVaultNotifications, set(&types.VaultNotificationConfig{SNSTopic: &topic, Events: []string{"InventoryRetrievalCompleted"}}))
		c := must(d, d.GetVaultNotifications, get).VaultNotificationConfig
		d.want("configuration", *c.SNSTopic+" "+c.Events[0], topic+" InventoryRetrievalCompleted")
		must(d, d.DeleteVaultNotifications, &glacier.DeleteVaultNotificationsInput{AccountId: &d.account, VaultName: &d.vault})
		refused(d, d.GetVaultNotifications, get, "ResourceNotFoundException")
	})
}
