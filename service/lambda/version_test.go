package lambda_test

import (
	"testing"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/lambda"
	"github.com/aws/aws-sdk-go-v2/service/lambda/types"

	"github.com/brume-cloud/brume/cloudtest/function"
)

// set changes a variable of f, and publishes that.
func (b *bench) set(value string) *lambda.PublishVersionOutput {
	b.Helper()
	_, err := b.UpdateFunctionConfiguration(b.Context(), &lambda.UpdateFunctionConfigurationInput{
		FunctionName: aws.String("f"), Environment: &types.Environment{Variables: map[string]string{"MINE": value}},
	})
	b.ok(err)
	out, err := b.PublishVersion(b.Context(), &lambda.PublishVersionInput{FunctionName: aws.String("f")})
	b.ok(err)
	return out
}

func (b *bench) mine(qualifier string) string {
	b.Helper()
	out, err := b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: aws.String("f"), Qualifier: &qualifier, Payload: []byte(`{"Env":"MINE"}`)})
	b.ok(err)
	return *out.ExecutedVersion + string(out.Payload)
}

func TestVersionsStayAsTheyWerePublished(t *testing.T) {
	b := story(t)
	f := aws.String("f")
	b.runnable()
	b.want("first", *b.set("a").FunctionArn, "arn:aws:lambda:us-east-1:000000000000:function:f:1")
	b.want("nothing new", *b.set("a").Version, "1")
	b.want("second", *b.set("b").Version, "2")
	_, err := b.UpdateFunctionCode(b.Context(), &lambda.UpdateFunctionCodeInput{FunctionName: f, ZipFile: function.Archive("x", nil)})
	b.ok(err)
	b.want("version 1", b.mine("1"), `1"a"`)
	b.want("version 2", b.mine("2"), `2"b"`)
	page, err := b.ListVersionsByFunction(b.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: f, MaxItems: aws.Int32(2)})
	b.ok(err)
	b.want("page", *page.Versions[0].Version+*page.Versions[1].Version+*page.NextMarker, "$LATEST12")
	page, err = b.ListVersionsByFunction(b.Context(), &lambda.ListVersionsByFunctionInput{FunctionName: f, Marker: page.NextMarker})
	b.ok(err)
	b.want("last page", len(page.Versions), 1)
	_, err = b.DeleteFunction(b.Context(), &lambda.DeleteFunctionInput{FunctionName: f, Qualifier: aws.String("1")})
	b.ok(err)
	b.want("version 2 still", b.mine("2"), `2"b"`)
	_, err = b.Invoke(b.Context(), &lambda.InvokeInput{FunctionName: f, Qualifier: aws.String("1")})
	b.refused(err, "ResourceNotFoundException", "Function not found: arn:aws:lambda:us-east-1:000000000000:function:f:1")
}

func TestAliasPointsToVersions(t *testing.T) {
	b := story(t)
	f, live := aws.String("f"), aws.String("live")
	b.runnable()
	b.set("a")
	b.set("b")
	create := &lambda.CreateAliasInput{FunctionName: f, Name: live, FunctionVersion: aws.String("1")}
	made, err := b.CreateAlias(b.Context(), create)
	b.ok(err)
	b.want("arn", *made.AliasArn, "arn:aws:lambda:us-east-1:000000000000:function:f:live")
	_, err = b.CreateAlias(b.Context(), create)
	b.refused(err, "ResourceConflictException", "Alias already exists: ")
	b.want("called", b.mine("live"), `1"a"`)
	_, err = b.DeleteFunction(b.Context(), &lambda.DeleteFunctionInput{FunctionName: f, Qualifier: aws.String("1")})
	b.refused(err, "ResourceConflictException", "live")

	weigh := func(version string, weight float64) error {
		_, err := b.UpdateAlias(b.Context(), &lambda.UpdateAliasInput{FunctionName: f, Name: live, RoutingConfig: &types.AliasRoutingConfiguration{
			AdditionalVersionWeights: map[string]float64{version: weight},
		}})
		return err
	}
	b.ok(weigh("2", 1))
	b.want("all to the other", b.mine("live"), `2"b"`)
	b.ok(weigh("2", 0))
	b.want("none to the other", b.mine("live"), `1"a"`)
	b.refused(weigh("3", 0.5), "ResourceNotFoundException", "function:f:3")
	_, err = b.UpdateAlias(b.Context(), &lambda.UpdateAliasInput{FunctionName: f, Name: live, FunctionVersion: aws.String("2"), RevisionId: made.RevisionId})
	b.refused(err, "PreconditionFailedException", "")
	list, err := b.ListAliases(b.Context(), &lambda.ListAliasesInput{FunctionName: f, FunctionVersion: aws.String("1")})
	b.ok(err)
	b.want("aliases", len(list.Aliases), 1)
	_, err = b.DeleteAlias(b.Context(), &lambda.DeleteAliasInput{FunctionName: f, Name: live})
	b.ok(err)
	_, err = b.GetAlias(b.Context(), &lambda.GetAliasInput{FunctionName: f, Name: live})
	b.refused(err, "ResourceNotFoundException", "Cannot find alias arn: ")
}
