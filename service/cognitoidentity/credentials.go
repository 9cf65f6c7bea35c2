package cognitoidentity

import (
	"context"
	"encoding/json"

	"github.com/brume-cloud/brume/api/cognitoidentity"
	"github.com/brume-cloud/brume/api/sts"
	"github.com/brume-cloud/brume/aws"
)

// sessionName is that of every session of an identity.
const sessionName = "CognitoIdentityCredentials"

// GetCredentialsForIdentity gives an identity credentials of its role.
// AWS: "Identity pools authentication flow", enhanced (simplified).
func (s *Service) GetCredentialsForIdentity(ctx context.Context, in *cognitoidentity.GetCredentialsForIdentityInput) (*cognitoidentity.GetCredentialsForIdentityOutput, error) {
	b, err := s.bearing(ctx, in.IdentityId, in.Logins)
	if err != nil {
		return nil, err
	}
	role, err := b.role(deref(in.CustomRoleArn))
	if err != nil {
		return nil, err
	}
	token, err := s.mint(ctx, b, tokenTime)
	if err != nil {
		return nil, err
	}
	request := &sts.AssumeRoleWithWebIdentityInput{RoleArn: role, RoleSessionName: sessionName, WebIdentityToken: token}
	if b.methods[0] == unauthenticated {
		request.Policy = new(guestPolicy())
	}
	// The token says who it is: whoever has it, has the role.
	at := b.pool.at
	out, err := sts.NewClient(s.Via).AssumeRoleWithWebIdentity(aws.ActAs(ctx, aws.Actor{Account: at.Account, Region: at.Region}), request)
	switch {
	case aws.MayPass(err):
		return nil, err
	case err != nil:
		return nil, misconfigured()
	}
	c := out.Credentials
	return &cognitoidentity.GetCredentialsForIdentityOutput{IdentityId: &b.id, Credentials: &cognitoidentity.Credentials{
		AccessKeyId: &c.AccessKeyId, SecretKey: &c.SecretAccessKey, SessionToken: &c.SessionToken, Expiration: &c.Expiration,
	}}, nil
}

// guestPolicy is what identities that have not signed in can do at most, whatever
// their role allows.
// AWS: "IAM roles", Access policies, the inline policy for unauthenticated identities.
func guestPolicy() string {
	b, err := json.Marshal(map[string]any{"Version": "2012-10-17", "Statement": []any{map[string]any{"Effect": "Allow", "Resource": "*", "Action": []string{
		"appsync:*", "cloudwatch:*", "cognito-identity:*", "cognito-idp:*", "cognito-sync:*", "comprehend:*", "dynamodb:*", "execute-api:*", "firehose:*",
		"gamelift:*", "geo:*", "iot:*", "kinesis:*", "lambda:*", "lex:*", "logs:*", "machinelearning:*", "mobileanalytics:*", "mobiletargeting:*",
		"personalize:*", "polly:*", "rekognition:*", "rum:PutRumEvents", "s3:*", "sagemaker:InvokeEndpoint", "sdb:*", "ses:*", "sns:*", "sqs:*",
		"textract:*", "transcribe:*", "translate:*",
	}}}})
	if err != nil {
		panic("cognitoidentity: a policy has no JSON: " + err.Error())
	}
	return string(b)
}
