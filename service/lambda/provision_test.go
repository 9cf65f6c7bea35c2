package lambda_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brume-cloud/brume/cloudtest"
)

// provisioned asks for environments of a version or an alias, and waits for them.
func (b *bench) provisioned(qualifier string, n int32) {
	b.Helper()
	put, err := b.PutProvisionedConcurrencyConfig(b.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier, ProvisionedConcurrentExecutions: &n})
	b.ok(err)
	b.want("status", put.Status, "IN_PROGRESS")
	b.ready(qualifier, n)
}

// ready waits until as many environments are there, or it has failed.
func (b *bench) ready(qualifier string, n int32) {
	b.Helper()
	for {
		got, err := b.GetProvisionedConcurrencyConfig(b.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier})
		b.ok(err)
		if got.Status != types.ProvisionedConcurrencyStatusEnumInProgress {
			b.want("status", got.Status, "READY")
			b.want("available", *got.AvailableProvisionedConcurrentExecutions, n)
			return
		}
	}
}

// kind is how the environment was made that takes a call.
func (b *bench) kind(qualifier string) string {
	b.Helper()
	out, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f:" + qualifier), Payload: []byte(`{"Env":"AWS_LAMBDA_INITIALIZATION_TYPE"}`)})
	b.ok(err)
	return string(out.Payload)
}

func (b *bench) publish() {
	b.Helper()
	_, err := b.PublishVersion(b.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	b.ok(err)
}

func TestProvisionedEnvironmentsTakeCallsBeforeAndAfterRenewalAndRestart(t *testing.T) {
	b := story(t, cloudtest.Dir(t.TempDir()))
	b.runnable()
	b.publish()
	_, err := b.CreateAlias(b.Context(), &lambda.CreateAliasInput{FunctionName: aws.String("f"), Name: aws.String("live"), FunctionVersion: aws.String("1")})
	b.ok(err)
	b.provisioned("live", 1)
	b.want("by the alias", b.kind("live"), `"provisioned-concurrency"`)
	b.want("by the version", b.kind("1"), `"on-demand"`)

	b.cloud.Advance(31 * time.Minute)
	b.ready("live", 1)
	b.want("after a renewal", b.kind("live"), `"provisioned-concurrency"`)

	b.restart()
	b.ready("live", 1)
	b.want("after a restart", b.kind("live"), `"provisioned-concurrency"`)

	list, err := b.ListProvisionedConcurrencyConfigs(b.Context(), &lambda.ListProvisionedConcurrencyConfigsInput{FunctionName: aws.String("f")})
	b.ok(err)
	b.want("listed", len(list.ProvisionedConcurrencyConfigs), 1)
	_, err = b.DeleteProvisionedConcurrencyConfig(b.Context(), &lambda.DeleteProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
	b.ok(err)
	_, err = b.GetProvisionedConcurrencyConfig(b.Context(), &lambda.GetProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: aws.String("live")})
	b.refused(err, "ProvisionedConcurrencyConfigNotFoundException", "No Provisioned Concurrency Config found")
	b.want("after its end", b.kind("live"), `"on-demand"`)
}

func TestProvisionIsWithinReservedAndUnreservedConcurrency(t *testing.T) {
	b := story(t)
	b.runnable()
	b.publish()
	put := func(qualifier string, n int32) error {
		_, err := b.PutProvisionedConcurrencyConfig(b.Context(), &lambda.PutProvisionedConcurrencyConfigInput{FunctionName: aws.String("f"), Qualifier: &qualifier, ProvisionedConcurrentExecutions: &n})
		return err
	}
	reserve := func(n int32) error {
		_, err := b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: &n})
		return err
	}
	left := func() int32 {
		out, err := b.GetAccountSettings(b.Context(), &lambda.GetAccountSettingsInput{})
		b.ok(err)
		return *out.AccountLimit.UnreservedConcurrentExecutions
	}
	b.refused(put("$LATEST", 1), "InvalidParameterValueException", "cannot be applied to unpublished function versions")
	b.refused(put("1", 901), "InvalidParameterValueException", "below its minimum value of [100]")
	b.refused(reserve(901), "InvalidParameterValueException", "below its minimum value of [100]")
	b.ok(put("1", 1))
	b.want("unreserved", left(), 999)
	b.ok(reserve(2))
	b.want("unreserved", left(), 998)
	b.refused(put("1", 3), "InvalidParameterValueException", "should not be greater than the reservedConcurrentExecution")
	b.ready("1", 1)
	b.want("provisioned", b.kind("1"), `"provisioned-concurrency"`)
	_, err := b.DeleteFunction(b.Context(), &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	b.ok(err)
	b.want("unreserved", left(), 1000)
}
