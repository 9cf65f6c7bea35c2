package s3_test

import (
	"context"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/smithy-go/middleware"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// stating makes a client state a checksum, whatever the body is.
func stating(name, value string) func(*s3.Options) {
	return s3.WithAPIOptions(func(stack *middleware.Stack) error {
		return stack.Build.Add(middleware.BuildMiddlewareFunc("state", func(ctx context.Context, in middleware.BuildInput, next middleware.BuildHandler) (middleware.BuildOutput, middleware.Metadata, error) {
			in.Request.(*smithyhttp.Request).Header.Set(name, value)
			return next.HandleBuild(ctx, in)
		}), middleware.After)
	})
}

func TestDocumentsAreHeldAgainstTheirChecksums(t *testing.T) {
	s := open(t)
	s.put("k", "hello")
	remove := func(options ...func(*s3.Options)) error {
		in := &s3.DeleteObjectsInput{Bucket: &s.bucket, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("k")}}}}
		if len(options) == 0 {
			in.ChecksumAlgorithm = "SHA256" // which the SDK makes
		}
		_, err := s.DeleteObjects(t.Context(), in, options...)
		return err
	}
	s.want("BadDigest", remove(stating("X-Amz-Checksum-Crc32", "AAAAAA==")))
	s.want("InvalidRequest", remove(stating("X-Amz-Checksum-Crc32", "short")))
	if got := s.get("k"); got != "hello" {
		t.Error("a refused request did something:", got)
	}
	s.want("", remove())
	if got := s.get("k"); got != "<NoSuchKey>" {
		t.Error(got)
	}
}
