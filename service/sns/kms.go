package sns

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/brume-cloud/brume/api/kms"
	"github.com/brume-cloud/brume/api/sns"
	"github.com/brume-cloud/brume/aws"
)

// checkKey asks KMS, as the publisher, for a data key of an encrypted topic.
// Nothing is encrypted with it: what counts is who may, and whether the key works.
// AWS: "Managing Amazon SNS encryption keys and costs".
func (s *Service) checkKey(ctx context.Context, key string) error {
	if strings.HasSuffix(key, "alias/aws/sns") {
		return nil
	}
	_, err := kms.NewClient(s.Via).GenerateDataKey(ctx, &kms.GenerateDataKeyInput{KeyId: key, KeySpec: kms.DataKeySpecAES256})
	var refused *aws.Error
	if !errors.As(err, &refused) {
		return err
	}
	switch refused.Code {
	case "AccessDeniedException", "AccessDenied":
		return sns.ErrKMSAccessDeniedException("%s", refused.Message)
	case "NotFoundException":
		return sns.ErrKMSNotFoundException("%s", refused.Message)
	case "DisabledException":
		return sns.ErrKMSDisabledException("%s", refused.Message)
	case "KMSInvalidStateException":
		return sns.ErrKMSInvalidStateException("%s", refused.Message)
	case "ThrottlingException":
		return sns.ErrKMSThrottlingException("%s", refused.Message)
	}
	if refused.Status == http.StatusNotImplemented {
		return nil // a cloud without KMS
	}
	return refused
}
