package cognitoidp

import (
	"context"
	"reflect"

	"github.com/brume-cloud/brume/api/cognitoidp"
	"github.com/brume-cloud/brume/aws"
)

// Access implements aws.Guard: the action on the pool that the call names.
// AWS: "Actions, resources, and condition keys for Amazon Cognito User Pools".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	if _, ok := input.(*visit); ok || isPublic(operation) {
		return nil, nil
	}
	access := aws.Access{Action: "cognito-idp:" + operation, Resource: "*"}
	switch in := input.(type) {
	case *cognitoidp.TagResourceInput:
		access.Resource = in.ResourceArn
	case *cognitoidp.UntagResourceInput:
		access.Resource = in.ResourceArn
	case *cognitoidp.ListTagsForResourceInput:
		access.Resource = in.ResourceArn
	default:
		// Sixty inputs have this member; no interface joins them.
		if id := reflect.ValueOf(input).Elem().FieldByName("UserPoolId"); id.Kind() == reflect.String {
			access.Resource = here(ctx, id.String()).arn()
		}
	}
	return []aws.Access{access}, nil
}

// isPublic reports whether an operation is for users, who have no AWS
// credentials: policies neither allow nor refuse it, even where a call is signed.
// AWS: "List of API operations by authentication model", Developer Guide.
func isPublic(operation string) bool {
	switch operation {
	case "AssociateSoftwareToken", "ChangePassword", "CompleteWebAuthnRegistration", "ConfirmDevice", "ConfirmForgotPassword",
		"ConfirmSignUp", "DeleteUser", "DeleteUserAttributes", "DeleteWebAuthnCredential", "ForgetDevice", "ForgotPassword", "GetDevice",
		"GetTokensFromRefreshToken", "GetUser", "GetUserAttributeVerificationCode", "GetUserAuthFactors", "GlobalSignOut", "InitiateAuth",
		"ListDevices", "ListUserSessions", "ListWebAuthnCredentials", "ResendConfirmationCode", "RespondToAuthChallenge", "RevokeToken", "RevokeUserSession", "SetUserMFAPreference",
		"SetUserSettings", "SignUp", "StartWebAuthnRegistration", "UpdateAuthEventFeedback", "UpdateDeviceStatus", "UpdateUserAttributes",
		"VerifySoftwareToken", "VerifyUserAttribute":
		return true
	}
	return false
}
