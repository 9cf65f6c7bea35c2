package lambda_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	cwl "github.com/aws/aws-sdk-go-v2/service/cloudwatchlogs"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/smithy-go"

	"github.com/brume-cloud/brume/cloudtest"
	"github.com/brume-cloud/brume/cloudtest/function"
)

// bench is a cloud with a role for functions, with short verbs for stories.
// Functions are processes, so the stories are not in virtual time; they wait
// for nothing but answers.
type bench struct {
	*testing.T
	cloud *cloudtest.Cloud
	*lambda.Client
	role string
}

const trust = `{"Version":"2012-10-17","Statement":{"Effect":"Allow","Principal":{"Service":"lambda.amazonaws.com"},"Action":"sts:AssumeRole"}}`

func story(t *testing.T, options ...cloudtest.Option) *bench {
	t.Helper()
	c := cloudtest.Start(t, append(options, cloudtest.NoRetries())...)
	b := &bench{T: t, cloud: c, Client: lambda.NewFromConfig(c.Config())}
	roles := iam.NewFromConfig(c.Config())
	made, err := roles.CreateRole(t.Context(), &iam.CreateRoleInput{RoleName: aws.String("worker"), AssumeRolePolicyDocument: aws.String(trust)})
	b.ok(err)
	b.role = *made.Role.Arn
	_, err = roles.PutRolePolicy(t.Context(), &iam.PutRolePolicyInput{
		RoleName: aws.String("worker"), PolicyName: aws.String("logs"),
		PolicyDocument: aws.String(`{"Version":"2012-10-17","Statement":{"Effect":"Allow","Action":"logs:*","Resource":"*"}}`),
	})
	b.ok(err)
	return b
}

func (b *bench) ok(err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// refused wants an error with a code, whose message contains text.
func (b *bench) refused(err error, code, text string) {
	b.Helper()
	var e smithy.APIError
	if !errors.As(err, &e) || e.ErrorCode() != code || !strings.Contains(e.ErrorMessage(), text) {
		b.Errorf("got %v, want %s: %s", err, code, text)
	}
}

func (b *bench) want(what string, got, want any) {
	b.Helper()
	if g, w := fmt.Sprint(got), fmt.Sprint(want); g != w {
		b.Errorf("%s: %s, want %s", what, g, w)
	}
}

func (b *bench) input(change ...func(*lambda.CreateFunctionInput)) *lambda.CreateFunctionInput {
	b.Helper()
	arch := types.ArchitectureX8664
	if runtime.GOARCH == "arm64" {
		arch = types.ArchitectureArm64
	}
	in := &lambda.CreateFunctionInput{
		FunctionName: aws.String("f"), Role: &b.role, Runtime: types.RuntimeProvidedal2023, Handler: aws.String("h"),
		Code: &types.FunctionCode{ZipFile: function.Archive("a", nil)}, Architectures: []types.Architecture{arch}, Timeout: aws.Int32(30),
	}
	for _, c := range change {
		c(in)
	}
	return in
}

// runnable makes function f, which does what its events say.
func (b *bench) runnable(change ...func(*lambda.CreateFunctionInput)) {
	b.Helper()
	if runtime.GOOS == "windows" {
		b.Skip("provided.al2023 needs Linux or macOS")
	}
	code, err := function.Zip()
	b.ok(err)
	_, err = b.CreateFunction(b.Context(), b.input(append(change, func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = code })...))
	b.ok(err)
}

func (b *bench) invoke(event string) *lambda.InvokeOutput {
	b.Helper()
	out, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(event), LogType: types.LogTypeTail})
	b.ok(err)
	return out
}

func TestFunctionIsMadeChangedListedAndDeleted(t *testing.T) {
	b := story(t)
	ctx := b.Context()
	made, err := b.CreateFunction(ctx, b.input())
	b.ok(err)
	b.want("state", made.State, "Active")
	b.want("version", *made.Version, "$LATEST")
	b.want("memory", *made.MemorySize, 128)
	_, err = b.CreateFunction(ctx, b.input())
	b.refused(err, "ResourceConflictException", "Function already exist: f")

	_, err = b.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), MemorySize: aws.Int32(256), RevisionId: aws.String("other")})
	b.refused(err, "PreconditionFailedException", "Revision Id")
	changed, err := b.UpdateFunctionConfiguration(ctx, &lambda.UpdateFunctionConfigurationInput{FunctionName: made.FunctionArn, MemorySize: aws.Int32(256), RevisionId: made.RevisionId})
	b.ok(err)
	b.want("memory", *changed.MemorySize, 256)

	tried, err := b.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: function.Archive("b", nil), DryRun: true})
	b.ok(err)
	got, err := b.GetFunction(ctx, &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	b.ok(err)
	b.want("code after a dry run", *got.Configuration.CodeSha256, *made.CodeSha256)
	coded, err := b.UpdateFunctionCode(ctx, &lambda.UpdateFunctionCodeInput{FunctionName: aws.String("f"), ZipFile: function.Archive("b", nil)})
	b.ok(err)
	b.want("code", *coded.CodeSha256, *tried.CodeSha256)

	_, err = b.CreateFunction(ctx, b.input(func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("g") }))
	b.ok(err)
	page, err := b.ListFunctions(ctx, &lambda.ListFunctionsInput{MaxItems: aws.Int32(1)})
	b.ok(err)
	b.want("first page", *page.Functions[0].FunctionName, "f")
	page, err = b.ListFunctions(ctx, &lambda.ListFunctionsInput{Marker: page.NextMarker})
	b.ok(err)
	b.want("second page", *page.Functions[0].FunctionName+fmt.Sprint(len(page.Functions), page.NextMarker), "g1 <nil>")

	_, err = b.DeleteFunction(ctx, &lambda.DeleteFunctionInput{FunctionName: aws.String("f")})
	b.ok(err)
	_, err = b.GetFunctionConfiguration(ctx, &lambda.GetFunctionConfigurationInput{FunctionName: aws.String("f")})
	b.refused(err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:")
}

func TestCodeComesFromS3(t *testing.T) {
	b := story(t)
	objects := s3.NewFromConfig(b.cloud.Config(), func(o *s3.Options) { o.UsePathStyle = true })
	_, err := objects.CreateBucket(b.Context(), &s3.CreateBucketInput{Bucket: aws.String("code")})
	b.ok(err)
	_, err = objects.PutObject(b.Context(), &s3.PutObjectInput{Bucket: aws.String("code"), Key: aws.String("f.zip"), Body: bytes.NewReader(function.Archive("a", nil))})
	b.ok(err)
	from := func(key string) func(*lambda.CreateFunctionInput) {
		return func(in *lambda.CreateFunctionInput) {
			in.Code = &types.FunctionCode{S3Bucket: aws.String("code"), S3Key: &key}
		}
	}
	made, err := b.CreateFunction(b.Context(), b.input(from("f.zip")))
	b.ok(err)
	b.want("size", made.CodeSize, len(function.Archive("a", nil)))
	_, err = b.CreateFunction(b.Context(), b.input(from("missing")))
	b.refused(err, "InvalidParameterValueException", "S3 Error Code: NoSuchKey")
}

func TestBadFunctionsAreRefused(t *testing.T) {
	b := story(t)
	for _, c := range []struct {
		code, text string
		change     func(*lambda.CreateFunctionInput)
	}{
		{"InvalidParameterValueException", "Could not unzip uploaded file", func(in *lambda.CreateFunctionInput) { in.Code.ZipFile = []byte("no zip") }},
		{"InvalidParameterValueException", "cannot be assumed by Lambda", func(in *lambda.CreateFunctionInput) { in.Role = aws.String(b.role + "2") }},
		{"InvalidParameterValueException", "Reserved keys used in this request: AWS_REGION", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AWS_REGION": "x"}}
		}},
		{"InvalidParameterValueException", "must not have a qualifier", func(in *lambda.CreateFunctionInput) { in.FunctionName = aws.String("f:live") }},
		{"InvalidParameterValueException", "4KB", func(in *lambda.CreateFunctionInput) {
			in.Environment = &types.Environment{Variables: map[string]string{"AA": strings.Repeat("x", 4096)}}
		}},
		{"InvalidParameterValueException", "mandatory", func(in *lambda.CreateFunctionInput) { in.Handler = nil }},
		{"ValidationException", "timeout", func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(0) }},
		{"ValidationException", "memorySize", func(in *lambda.CreateFunctionInput) { in.MemorySize = aws.Int32(64) }},
		{"InvalidParameterValueException", "value less than or equal to 900", func(in *lambda.CreateFunctionInput) { in.Timeout = aws.Int32(901) }},
		{"InvalidParameterValueException", "10240", func(in *lambda.CreateFunctionInput) { in.MemorySize = aws.Int32(10241) }},
		{"InvalidParameterValueException", "does not exist", func(in *lambda.CreateFunctionInput) {
			in.Layers = []string{"arn:aws:lambda:us-east-1:000000000000:layer:l:1"}
		}},
	} {
		_, err := b.CreateFunction(b.Context(), b.input(c.change))
		b.refused(err, c.code, c.text)
	}
}

func TestCallAnswersFailsAndIsLogged(t *testing.T) {
	b := story(t)
	b.runnable(func(in *lambda.CreateFunctionInput) {
		in.Environment = &types.Environment{Variables: map[string]string{"MINE": "x"}}
	})
	out := b.invoke(`{"Print":"hello"}`)
	b.want("payload", string(out.Payload), `{"Print":"hello"}`)
	b.want("version", *out.ExecutedVersion, "$LATEST")
	log, _ := base64.StdEncoding.DecodeString(aws.ToString(out.LogResult))
	if !strings.Contains(string(log), "hello\n") || !strings.Contains(string(log), "REPORT RequestId: ") {
		t.Errorf("log: %s", log)
	}
	b.want("no event", string(b.invoke("").Payload), "{}")
	b.want("variable", string(b.invoke(`{"Env":"MINE"}`).Payload), `"x"`)
	b.want("endpoint", string(b.invoke(`{"Env":"AWS_ENDPOINT_URL"}`).Payload), `"http://localhost:4566"`)
	if key := string(b.invoke(`{"Env":"AWS_ACCESS_KEY_ID"}`).Payload); !strings.HasPrefix(key, `"ASIA`) {
		t.Errorf("access key %s", key)
	}
	out = b.invoke(`{"Fail":"oh"}`)
	b.want("error", aws.ToString(out.FunctionError), "Unhandled")
	b.want("what went wrong", string(out.Payload), `{"errorType":"Test","errorMessage":"oh"}`)

	found, err := cwl.NewFromConfig(b.cloud.Config()).FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{
		LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String("hello"),
	})
	b.ok(err)
	b.want("events", len(found.Events), 1)

	tried, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), InvocationType: types.InvocationTypeDryRun})
	b.ok(err)
	b.want("dry run", tried.StatusCode, 204)
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte("{")})
	b.refused(err, "InvalidRequestContentException", "Could not parse")
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: make([]byte, 6<<20+1)})
	b.refused(err, "RequestTooLargeException", "6291457 byte payload is too large for the RequestResponse invocation type (limit 6291456 bytes)")
}

func TestReservedConcurrencyLimits(t *testing.T) {
	b := story(t)
	b.runnable()
	f := aws.String("f")
	_, err := b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: f, ReservedConcurrentExecutions: aws.Int32(901)})
	b.refused(err, "InvalidParameterValueException", "minimum value of [100]")
	_, err = b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: f, ReservedConcurrentExecutions: aws.Int32(0)})
	b.ok(err)
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: f})
	var busy *types.TooManyRequestsException
	if !errors.As(err, &busy) || busy.Reason != types.ThrottleReasonReservedFunctionConcurrentInvocationLimitExceeded {
		t.Errorf("got %v", err)
	}
	_, err = b.DeleteFunctionConcurrency(b.Context(), &lambda.DeleteFunctionConcurrencyInput{FunctionName: f})
	b.ok(err)
	b.invoke("{}")
}

func TestEventIsTriedThreeTimes(t *testing.T) {
	b := story(t)
	b.runnable()
	_, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Payload: []byte(`{"Fail":"oh","Print":"try"}`), InvocationType: types.InvocationTypeEvent})
	b.ok(err)
	tries := func() int {
		found, err := cwl.NewFromConfig(b.cloud.Config()).FilterLogEvents(b.Context(), &cwl.FilterLogEventsInput{
			LogGroupName: aws.String("/aws/lambda/f"), FilterPattern: aws.String("try"),
		})
		var none smithy.APIError
		if errors.As(err, &none) && none.ErrorCode() == "ResourceNotFoundException" {
			return 0
		}
		b.ok(err)
		return len(found.Events)
	}
	for _, step := range []struct {
		after time.Duration
		want  int
	}{{time.Second, 1}, {50 * time.Second, 1}, {15 * time.Second, 2}, {time.Minute, 2}, {70 * time.Second, 3}, {time.Hour, 3}} { // real time passes, too
		b.cloud.Advance(step.after)
		b.want("tries", tries(), step.want)
	}
}

func TestAccountSettings(t *testing.T) {
	b := story(t)
	_, err := b.CreateFunction(b.Context(), b.input())
	b.ok(err)
	_, err = b.PutFunctionConcurrency(b.Context(), &lambda.PutFunctionConcurrencyInput{FunctionName: aws.String("f"), ReservedConcurrentExecutions: aws.Int32(10)})
	b.ok(err)
	got, err := b.GetAccountSettings(b.Context(), &lambda.GetAccountSettingsInput{})
	b.ok(err)
	b.want("functions", got.AccountUsage.FunctionCount, 1)
	b.want("bytes", got.AccountUsage.TotalCodeSize, len(function.Archive("a", nil)))
	b.want("unreserved", *got.AccountLimit.UnreservedConcurrentExecutions, 990)
}

// No machine has the runtime of 2014.
func TestMissingRuntimeIsNamed(t *testing.T) {
	b := story(t)
	_, err := b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) { in.Runtime = types.RuntimeDotnetcore10 }))
	b.ok(err)
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f")})
	b.refused(err, "InvalidRuntimeException", "dotnetcore1.0")
}
