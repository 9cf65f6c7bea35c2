package lambda_test

import (
	"archive/zip"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brume-cloud/brume/cloudtest/function"
)

func (b *bench) publishLayer(name string, content []byte, change ...func(*lambda.PublishLayerVersionInput)) *lambda.PublishLayerVersionOutput {
	b.Helper()
	in := &lambda.PublishLayerVersionInput{LayerName: &name, Content: &types.LayerVersionContentInput{ZipFile: content}}
	for _, c := range change {
		c(in)
	}
	out, err := b.PublishLayerVersion(b.Context(), in)
	b.ok(err)
	return out
}

func TestLayersArePublishedListedAndDeleted(t *testing.T) {
	b := story(t)
	ctx, name := b.Context(), aws.String("tools")
	python := func(in *lambda.PublishLayerVersionInput) {
		in.Description, in.LicenseInfo = aws.String("first"), aws.String("MIT")
		in.CompatibleRuntimes = []types.Runtime{types.RuntimePython312}
		in.CompatibleArchitectures = []types.Architecture{types.ArchitectureArm64}
	}
	one := b.publishLayer("tools", function.Archive("a", []byte("1")), python)
	b.want("arn", *one.LayerVersionArn, "arn:aws:lambda:us-east-1:000000000000:layer:tools:1")
	b.want("layer", *one.LayerArn, "arn:aws:lambda:us-east-1:000000000000:layer:tools")
	two := b.publishLayer("tools", function.Archive("a", []byte("2")))
	b.want("version", two.Version, 2)
	got, err := b.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: name, VersionNumber: aws.Int64(1)})
	b.ok(err)
	b.want("described", fmt.Sprint(*got.Description, *got.LicenseInfo, got.CompatibleRuntimes, got.Content.CodeSize), fmt.Sprint("firstMIT[python3.12] ", one.Content.CodeSize))
	byARN, err := b.GetLayerVersionByArn(ctx, &lambda.GetLayerVersionByArnInput{Arn: two.LayerVersionArn})
	b.ok(err)
	b.want("by ARN", *byARN.Content.CodeSha256, *two.Content.CodeSha256)

	newest, err := b.ListLayerVersions(ctx, &lambda.ListLayerVersionsInput{LayerName: name, MaxItems: aws.Int32(1)})
	b.ok(err)
	b.want("newest", newest.LayerVersions[0].Version, 2)
	older, err := b.ListLayerVersions(ctx, &lambda.ListLayerVersionsInput{LayerName: name, Marker: newest.NextMarker})
	b.ok(err)
	b.want("older", fmt.Sprint(len(older.LayerVersions), older.LayerVersions[0].Version, older.NextMarker), "1 1 <nil>")
	all, err := b.ListLayers(ctx, &lambda.ListLayersInput{CompatibleRuntime: types.RuntimePython312})
	b.ok(err)
	b.want("matching", all.Layers[0].LatestMatchingVersion.Version, 1)
	all, err = b.ListLayers(ctx, &lambda.ListLayersInput{CompatibleArchitecture: types.ArchitectureX8664})
	b.ok(err)
	b.want("none match", len(all.Layers), 0)

	_, err = b.DeleteLayerVersion(ctx, &lambda.DeleteLayerVersionInput{LayerName: name, VersionNumber: aws.Int64(2)})
	b.ok(err)
	_, err = b.GetLayerVersion(ctx, &lambda.GetLayerVersionInput{LayerName: name, VersionNumber: aws.Int64(2)})
	b.refused(err, "ResourceNotFoundException", "The resource you requested does not exist.")
	b.want("next number", b.publishLayer("tools", function.Archive("a", nil)).Version, 3)
}

func TestCodeCanBeFetchedForTenMinutes(t *testing.T) {
	b := story(t)
	code := function.Archive("a", []byte("text"))
	layer := b.publishLayer("l", code)
	_, err := b.CreateFunction(b.Context(), b.input())
	b.ok(err)
	f, err := b.GetFunction(b.Context(), &lambda.GetFunctionInput{FunctionName: aws.String("f")})
	b.ok(err)
	get := func(url string) (int, []byte) {
		res, err := b.cloud.Client().Get(url)
		b.ok(err)
		defer res.Body.Close()
		data, err := io.ReadAll(res.Body)
		b.ok(err)
		return res.StatusCode, data
	}
	status, data := get(*layer.Content.Location)
	if status != 200 || !bytes.Equal(data, code) {
		t.Errorf("the layer: %d, %d bytes", status, len(data))
	}
	status, data = get(*f.Code.Location)
	if z, err := zip.NewReader(bytes.NewReader(data), int64(len(data))); status != 200 || err != nil || len(z.File) != 1 {
		t.Errorf("the function: %d, %v", status, err)
	}
	if status, _ := get(strings.Replace(*f.Code.Location, "Expires=", "Expires=1", 1)); status != 403 {
		t.Errorf("with a later end: %d", status)
	}
	b.cloud.Advance(11 * time.Minute)
	if status, _ := get(*f.Code.Location); status != 403 {
		t.Errorf("after its end: %d", status)
	}
}

func TestFunctionRunsWithItsLayersInOrder(t *testing.T) {
	b := story(t)
	code, err := function.Zip()
	b.ok(err)
	base := b.publishLayer("base", code)
	low, high := b.publishLayer("low", function.Archive("word", []byte("low"))), b.publishLayer("high", function.Archive("word", []byte("high")))
	_, err = b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) {
		in.Layers = []string{*base.LayerVersionArn, *low.LayerVersionArn, *high.LayerVersionArn}
	}))
	b.ok(err)
	b.want("the last wins", string(b.invoke(`{"Read":"word"}`).Payload), `"high\u003cnil\u003e"`)

	published, err := b.PublishVersion(b.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	b.ok(err)
	for _, l := range []*lambda.PublishLayerVersionOutput{base, low, high} {
		_, err = b.DeleteLayerVersion(b.Context(), &lambda.DeleteLayerVersionInput{LayerName: l.LayerArn, VersionNumber: aws.Int64(1)})
		b.ok(err)
	}
	updated, err := b.UpdateFunctionConfiguration(b.Context(), &lambda.UpdateFunctionConfigurationInput{FunctionName: aws.String("f"), Layers: []string{}})
	b.ok(err)
	b.want("no layers", len(updated.Layers), 0)
	out, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: published.Version, Payload: []byte(`{"Read":"word"}`)})
	b.ok(err)
	b.want("a version keeps deleted layers", string(out.Payload), `"high\u003cnil\u003e"`)
}

func TestLayersOfFunctionsAreHeldToTheirRules(t *testing.T) {
	b := story(t)
	var arns []string
	for i := range 6 {
		arns = append(arns, *b.publishLayer(fmt.Sprint("l", i), function.Archive("a", nil)).LayerVersionArn)
	}
	second := *b.publishLayer("l0", function.Archive("a", nil)).LayerVersionArn
	large := *b.publishLayer("large", function.Archive("a", make([]byte, 250<<20))).LayerVersionArn
	for _, c := range []struct {
		layers []string
		text   string
	}{
		{arns, "Cannot reference more than 5 layers."},
		{[]string{arns[0], second}, "Two different versions of the same layer are not allowed to be referenced in the same function. " + arns[0] + " and " + second},
		{[]string{arns[0] + "9"}, "Layer version " + arns[0] + "9 does not exist."},
		{[]string{large}, "Function code combined with layers exceeds the maximum allowed size of 262144000 bytes. The actual size is 262144001 bytes."},
	} {
		_, err := b.CreateFunction(b.Context(), b.input(func(in *lambda.CreateFunctionInput) {
			in.Layers, in.Code.ZipFile = c.layers, function.Archive("a", []byte("1"))
		}))
		b.refused(err, "InvalidParameterValueException", c.text)
	}
}

func TestLayerOfAnotherAccountNeedsItsPermission(t *testing.T) {
	b := story(t)
	layer := b.publishLayer("shared", function.Archive("a", nil))
	config := b.cloud.As("222222222222", "secret", "")
	other := lambda.NewFromConfig(config)
	role, err := iam.NewFromConfig(config).CreateRole(b.Context(), &iam.CreateRoleInput{RoleName: aws.String("worker"), AssumeRolePolicyDocument: aws.String(trust)})
	b.ok(err)
	in := b.input(func(in *lambda.CreateFunctionInput) {
		in.Role, in.Layers = role.Role.Arn, []string{*layer.LayerVersionArn}
	})
	_, err = other.CreateFunction(b.Context(), in)
	b.refused(err, "AccessDeniedException", "is not authorized to perform: lambda:GetLayerVersion on resource: "+*layer.LayerVersionArn)
	add := &lambda.AddLayerVersionPermissionInput{
		LayerName: aws.String("shared"), VersionNumber: aws.Int64(1), StatementId: aws.String("s"),
		Action: aws.String("lambda:GetLayerVersion"), Principal: aws.String("222222222222"),
	}
	_, err = b.GetLayerVersionPolicy(b.Context(), &lambda.GetLayerVersionPolicyInput{LayerName: aws.String("shared"), VersionNumber: aws.Int64(1)})
	b.refused(err, "ResourceNotFoundException", "No policy is associated with the given resource.")
	added, err := b.AddLayerVersionPermission(b.Context(), add)
	b.ok(err)
	_, err = b.AddLayerVersionPermission(b.Context(), add)
	b.refused(err, "ResourceConflictException", "The statement id (s) provided already exists.")
	made, err := other.CreateFunction(b.Context(), in)
	b.ok(err)
	b.want("layer", *made.Layers[0].Arn, *layer.LayerVersionArn)
	_, err = b.RemoveLayerVersionPermission(b.Context(), &lambda.RemoveLayerVersionPermissionInput{
		LayerName: aws.String("shared"), VersionNumber: aws.Int64(1), StatementId: aws.String("s"), RevisionId: added.RevisionId,
	})
	b.ok(err)
	_, err = other.GetLayerVersionByArn(b.Context(), &lambda.GetLayerVersionByArnInput{Arn: layer.LayerVersionArn})
	b.refused(err, "AccessDeniedException", "lambda:GetLayerVersion")
}
