package s3

import (
	"context"
	"net/http"
	"reflect"
	"strings"

	"github.com/brume-cloud/brume/api/s3control"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/schema"
	"github.com/brume-cloud/brume/state/kv"
)

// Control implements S3 Control: S3's other API, about an account's block of
// public access and its access points. It is here because every call to S3
// reads what it keeps.
type Control struct {
	s3control.Unimplemented
	Store  kv.Store
	Random aws.Random
}

// NewControl returns it.
func NewControl(store kv.Store, random aws.Random) *Control {
	return &Control{Store: store, Random: random}
}

// ControlInvalid says in S3 Control's words what is wrong with a request.
func ControlInvalid(_ *schema.Operation, v *wire.Invalid) *aws.Error {
	first := &v.Violations[0]
	switch {
	case first.Required && first.Member == "AccountId":
		return aws.Errorf(http.StatusBadRequest, "InvalidRequest", "Missing required header for this request: x-amz-account-id")
	case first.Required:
		return errMalformedXML()
	case first.Member == "Name":
		return errURI(first.Value)
	case strings.HasPrefix(strings.ToLower(first.Path), "tags"):
		return aws.Errorf(http.StatusBadRequest, "InvalidTag", "This request contains a tag key or value that isn't valid. Valid characters include the following: [a-zA-Z+-=._:/]. Tag keys can contain up to 128 characters. Tag values can contain up to 256 characters.")
	}
	return aws.Errorf(http.StatusBadRequest, "InvalidRequest", "%s: %s", first.Member, first.Rule)
}

// errURI is the error for a name that an access point cannot have.
func errURI(name string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "InvalidURI", "Couldn't parse the specified URI: %s%s", pointPrefix, name)
}

// Access implements aws.Guard: what is asked about belongs to the account of the
// header x-amz-account-id, and nobody else may.
// AWS: "Actions, resources, and condition keys for Amazon S3".
func (c *Control) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	v := reflect.ValueOf(input).Elem()
	text := func(member string) string {
		if f := v.FieldByName(member); f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	a := aws.Access{Action: "s3:" + operation, Resource: "*", Owner: aws.Account(text("AccountId"))}
	switch {
	case strings.HasSuffix(operation, "PublicAccessBlock"): // deleting is a way of putting
		a.Action = "s3:" + strings.Replace(operation[:3], "Del", "Put", 1) + "AccountPublicAccessBlock"
	case text("ResourceArn") != "":
		a.Resource = text("ResourceArn")
	case strings.Contains(operation, "AccessPoint") && text("Name") != "":
		a.Resource = (&accessPoint{Name: text("Name"), Account: a.Owner, Region: aws.CallFrom(ctx).Region}).arn()
	}
	return []aws.Access{a}, nil
}
