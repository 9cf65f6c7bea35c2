package cloudtest

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
)

// Credentials of a caller that a cloud that is not strict takes for root.
const (
	anyKey        = "test"
	anySecret     = "test"
	defaultRegion = "us-east-1"
)

// Config returns the configuration for the clients of AWS's SDK, in a region
// (us-east-1 when none is named), as the root user. Nothing in it comes from
// the environment or from files.
func (c *Cloud) Config(region ...string) aws.Config {
	key, secret := anyKey, anySecret
	if s := c.system.Secrets(); s.AccessKeyID != "" {
		key, secret = s.AccessKeyID, s.SecretAccessKey
	}
	cfg := c.As(key, secret, "")
	if len(region) > 0 {
		cfg.Region = region[0]
	}
	return cfg
}

// As returns the configuration of another principal: the owner of an access
// key. The session token is empty but for temporary credentials.
func (c *Cloud) As(accessKeyID, secretAccessKey, sessionToken string) aws.Config {
	creds := aws.Credentials{AccessKeyID: accessKeyID, SecretAccessKey: secretAccessKey, SessionToken: sessionToken, Source: "cloudtest"}
	cfg := aws.Config{
		Region:                     defaultRegion,
		Credentials:                aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) { return creds, nil }),
		BaseEndpoint:               &c.Endpoint,
		HTTPClient:                 c.client,
		DefaultsMode:               aws.DefaultsModeStandard,
		RequestChecksumCalculation: aws.RequestChecksumCalculationWhenSupported,
		ResponseChecksumValidation: aws.ResponseChecksumValidationWhenSupported,
	}
	if c.options.noRetry {
		cfg.Retryer = func() aws.Retryer { return aws.NopRetryer{} }
	}
	return cfg
}
