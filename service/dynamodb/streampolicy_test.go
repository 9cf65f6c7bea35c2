package dynamodb_test

import (
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

func TestPolicyOfAStreamIsNotStoredAsItsTables(t *testing.T) {
	story(t, func(d *desk) {
		in := orders()
		in.TableName = aws.String("told")
		in.StreamSpecification = &types.StreamSpecification{StreamEnabled: aws.Bool(true), StreamViewType: types.StreamViewTypeKeysOnly}
		d.create(in)
		arn := d.describe("told").LatestStreamArn
		policy := `{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"dynamodb:GetRecords","Resource":"` + *arn + `"}]}`
		_, err := d.PutResourcePolicy(d.Context(), &dynamodb.PutResourcePolicyInput{ResourceArn: arn, Policy: &policy})
		if err == nil || !strings.Contains(err.Error(), "NotImplemented") {
			d.Errorf("got %v", err)
		}
	})
}
