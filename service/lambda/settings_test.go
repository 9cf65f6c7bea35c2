package lambda_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
)

func TestAllVersionsAreListed(t *testing.T) {
	b := story(t)
	for _, name := range []string{"a", "b", "c"} {
		_, err := b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) { in.FunctionName, in.Publish = &name, true }))
		b.ok(err)
	}
	for _, c := range []struct {
		all  types.FunctionVersion
		want string
	}{
		{"", "f:a f:b | f:c"},
		{types.FunctionVersionAll, "f:a:$LATEST f:a:1 | f:b:$LATEST f:b:1 | f:c:$LATEST f:c:1"},
	} {
		var pages []string
		in := &lambda.ListFunctionsInput{FunctionVersion: c.all, MaxItems: aws.Int32(2)}
		for {
			out, err := b.ListFunctions(b.Context(), in)
			b.ok(err)
			var page []string
			for _, f := range out.Functions {
				page = append(page, strings.Replace(*f.FunctionArn, "arn:aws:lambda:us-east-1:000000000000:function", "f", 1))
			}
			pages = append(pages, strings.Join(page, " "))
			if in.Marker = out.NextMarker; in.Marker == nil {
				break
			}
		}
		b.want("pages", strings.Join(pages, " | "), c.want)
	}
}

func TestLogIsWrittenInJSON(t *testing.T) {
	b := story(t)
	b.runnable(func(in *lambda.CreateFunctionInput) {
		in.LoggingConfig = &types.LoggingConfig{LogFormat: types.LogFormatJson}
	})
	got, err := b.GetFunctionConfiguration(b.Context(), &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("f")})
	b.ok(err)
	b.want("levels", fmt.Sprintln(got.LoggingConfig.LogFormat, got.LoggingConfig.ApplicationLogLevel, got.LoggingConfig.SystemLogLevel), "JSON INFO INFO\n")
	b.invoke(`{"Print":"own"}`)
	events, err := cwl.NewFromConfig(b.cloud.Config()).FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String(`{ $.type = "platform.report" && $.record.status = "success" }`),
	})
	b.ok(err)
	b.want("reports", len(events.Events), 1)
	_, err = b.UpdateFunctionConfiguration(b.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), LoggingConfig: &types.LoggingConfig{LogFormat: types.LogFormatText, SystemLogLevel: types.SystemLogLevelWarn},
	})
	b.refused(err, "InvalidParameterValueException", "LogFormat")
	changed, err := b.UpdateFunctionConfiguration(b.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), LoggingConfig: &types.LoggingConfig{SystemLogLevel: types.SystemLogLevelWarn},
	})
	b.ok(err)
	b.want("one level", fmt.Sprintln(changed.LoggingConfig.LogFormat, changed.LoggingConfig.ApplicationLogLevel, changed.LoggingConfig.SystemLogLevel), "JSON INFO WARN\n")
}

func TestCodeSigning(t *testing.T) {
	b := story(t)
	ctx, f := b.Context(), aws.String("f")
	policy := func(p types.CodeSigningPolicy) *types.CodeSigningPolicies {
		return &types.CodeSigningPolicies{UntrustedArtifactOnDeployment: p}
	}
	made, err := b.CreateCodeSigningConfig(ctx, &lambda.CreateCodeSigningConfigInput{
		AllowedPublishers:   &types.AllowedPublishers{SigningProfileVersionArns: []string{"arn:aws:signer:us-east-1:000000000000:/signing-profiles/p/abcdefghij"}},
		CodeSigningPolicies: policy(types.CodeSigningPolicyEnforce),
	})
	b.ok(err)
	arn := made.CodeSigningConfig.CodeSigningConfigArn
	in := b.input(func(in *lambda.CreateFunctionInput) { in.CodeSigningConfigArn = arn })
	_, err = b.CreateFunction(ctx, in)
	b.refused(err, "CodeVerificationFailedException", "Lambda cannot deploy the function.")
	_, err = b.UpdateCodeSigningConfig(ctx, &lambda.UpdateCodeSigningConfigInput{CodeSigningConfigArn: arn, CodeSigningPolicies: policy(types.CodeSigningPolicyWarn)})
	b.ok(err)
	_, err = b.CreateFunction(ctx, in)
	b.ok(err)
	got, err := b.GetFunctionCodeSigningConfig(ctx, &lambda.GetFunctionCodeSigningConfigInput{FunctionName: f})
	b.ok(err)
	b.want("the function's", *got.CodeSigningConfigArn, *arn)
	users, err := b.ListFunctionsByCodeSigningConfig(ctx, &lambda.ListFunctionsByCodeSigningConfigInput{CodeSigningConfigArn: arn})
	b.ok(err)
	b.want("users", users.FunctionArns, "[arn:aws:lambda:us-east-1:000000000000:function:f]")
	_, err = b.DeleteCodeSigningConfig(ctx, &lambda.DeleteCodeSigningConfigInput{CodeSigningConfigArn: arn})
	b.refused(err, "ResourceConflictException", "attached to a function")
	_, err = b.DeleteFunctionCodeSigningConfig(ctx, &lambda.DeleteFunctionCodeSigningConfigInput{FunctionName: f})
	b.ok(err)
	_, err = b.DeleteCodeSigningConfig(ctx, &lambda.DeleteCodeSigningConfigInput{CodeSigningConfigArn: arn})
	b.ok(err)
	_, err = b.PutFunctionCodeSigningConfig(ctx, &lambda.PutFunctionCodeSigningConfigInput{FunctionName: f, CodeSigningConfigArn: arn})
	b.refused(err, "CodeSigningConfigNotFoundException", "cannot be found")
	list, err := b.ListCodeSigningConfigs(ctx, &lambda.ListCodeSigningConfigsInput{})
	b.ok(err)
	b.want("left", len(list.CodeSigningConfigs), 0)
}

func TestSettingsThatChangeNothingHereAreHeldToTheirRules(t *testing.T) {
	b := story(t)
	ctx, f := b.Context(), aws.String("f")
	snap := &types.SnapStart{ApplyOn: types.SnapStartApplyOnPublishedVersions}
	_, err := b.CreateFunction(ctx, b.input(func(in *lambda.CreateFunctionInput) { in.SnapStart = snap }))
	b.refused(err, "InvalidParameterValueException", "provided.al2023 is not supported for SnapStart enabled functions.")
	made, err := b.CreateFunction(ctx, b.input(func(in *lambda.CreateFunctionInput) {
		in.SnapStart, in.Runtime, in.Publish = snap, types.RuntimePython312, true
		in.TracingConfig = &types.TracingConfig{Mode: types.TracingModeActive}
	}))
	b.ok(err)
	b.want("settings", fmt.Sprintln(made.SnapStart.ApplyOn, made.SnapStart.OptimizationStatus, made.TracingConfig.Mode), "PublishedVersions On Active\n")
	_, err = b.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: f, EphemeralStorage: &types.EphemeralStorage{Size: aws.Int32(1024)}})
	b.refused(err, "InvalidParameterValueException", "Ephemeral storage")
	got, err := b.GetRuntimeManagementConfig(ctx, &lambda.GetRuntimeManagementConfigInput{FunctionName: f})
	b.ok(err)
	b.want("runtime", got.UpdateRuntimeOn, "Auto")
	_, err = b.PutRuntimeManagementConfig(ctx, &lambda.PutRuntimeManagementConfigInput{FunctionName: f, UpdateRuntimeOn: types.UpdateRuntimeOnManual})
	b.refused(err, "InvalidParameterValueException", "You must provide a Runtime Version ARN")
	put, err := b.PutRuntimeManagementConfig(ctx, &lambda.PutRuntimeManagementConfigInput{FunctionName: f, Qualifier: aws.String("1"), UpdateRuntimeOn: types.UpdateRuntimeOnFunctionUpdate})
	b.ok(err)
	b.want("of the version", *put.FunctionArn, "arn:aws:lambda:us-east-1:000000000000:function:f:1")
}
