package cognitoidentity

import (
	"context"
	"maps"
	"reflect"
	"slices"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/aws"
)

// Access implements aws.Guard: the action on the pool that the call names.
// AWS: "Actions, resources, and condition keys for Amazon Cognito Identity".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	access := aws.Access{Action: "cognito-identity:" + operation, Resource: "*"}
	switch in := input.(type) {
	case *cognitoidentity.GetIdInput, *cognitoidentity.GetCredentialsForIdentityInput, *cognitoidentity.GetOpenIdTokenInput, *cognitoidentity.UnlinkIdentityInput:
		return nil, nil // for people, who have no AWS credentials: the logins are what counts
	case *cognitoidentity.TagResourceInput:
		access.Resource = in.ResourceArn
	case *cognitoidentity.UntagResourceInput:
		access.Resource = in.ResourceArn
	case *cognitoidentity.ListTagsForResourceInput:
		access.Resource = in.ResourceArn
	default:
		// Most inputs have this member; no interface joins them.
		if id := reflect.ValueOf(input).Elem().FieldByName("IdentityPoolId"); id.Kind() == reflect.String {
			access.Resource = here(ctx, id.String()).arn()
		}
	}
	all := []aws.Access{access}
	if in, ok := input.(*cognitoidentity.SetIdentityPoolRolesInput); ok {
		for _, role := range slices.Sorted(maps.Values(in.Roles)) {
			all = append(all, passRole(role))
		}
	}
	return all, nil
}

// passRole is what one must be allowed to give identities a role.
func passRole(role string) aws.Access {
	return aws.Access{Action: "iam:PassRole", Resource: role, Keys: func(key string) ([]string, bool) {
		return []string{provider}, key == "iam:passedtoservice"
	}}
}
