package sns_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/sns"
	"github.com/aws/smithy-go"
)

func TestRefusalIsInTheServicesOwnWords(t *testing.T) {
	story(t, "news", nil, func(d *desk) {
		text := "hello"
		_, err := d.as("111122223333").Publish(d.Context(), &sns.PublishInput{TopicArn: &d.topic, Message: &text})
		refused, ok := errors.AsType[smithy.APIError](err)
		if !ok || refused.ErrorCode() != "AuthorizationError" || !strings.Contains(refused.ErrorMessage(), "not authorized to perform: SNS:Publish on resource: "+d.topic) {
			d.Error(err)
		}
	})
}
