package lambda

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"io"

	"github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
)

// code is a zip that was checked.
type code struct {
	data []byte
	sum  string // SHA-256, in base64

	unzipped int64 // bytes
}

// source is where a request says that code is.
type source struct {
	zip                  []byte
	bucket, key, version *string
}

// fetch gets code, from S3 as the caller may.
func (s *Service) fetch(ctx context.Context, from source) (code, error) {
	data := from.zip
	switch {
	case from.bucket != nil && from.key != nil && data == nil:
		out, err := s3.NewClient(s.Via).GetObject(ctx, &s3.GetObjectInput{Bucket: *from.bucket, Key: *from.key, VersionId: from.version})
		if err != nil {
			return code{}, fromS3(err)
		}
		data, err = io.ReadAll(io.LimitReader(out.Body, maxUnzipped+1))
		if err = errors.Join(err, out.Body.Close()); err != nil {
			return code{}, err
		}
	case from.bucket != nil || from.key != nil:
		return code{}, invalid("Please do not provide other FunctionCode parameters when providing a ZipFile, and give both S3Bucket and S3Key without one.")
	case len(data) > maxZip:
		return code{}, aws.Errorf(413, "RequestEntityTooLargeException", "Request must be smaller than %d bytes for the CreateFunction operation", maxZip)
	case len(data) == 0:
		return code{}, invalid("Please provide a source for function code.")
	}
	unzipped, err := checkZip(data)
	if err != nil {
		return code{}, err
	}
	sum := sha256.Sum256(data)
	return code{data, base64.StdEncoding.EncodeToString(sum[:]), unzipped}, nil
}

func fromS3(err error) error {
	var e *aws.Error
	if !errors.As(err, &e) || e.Receiver {
		return err
	}
	return invalid("Error occurred while GetObject. S3 Error Code: %s. S3 Error Message: %s", e.Code, e.Message)
}

// checkZip refuses what cannot be unpacked, and returns how many bytes it becomes.
func checkZip(data []byte) (unzipped int64, err error) {
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return 0, invalid("Could not unzip uploaded file. Please check your file, then try to upload again.")
	}
	var size uint64
	for _, f := range z.File {
		if size += f.UncompressedSize64; f.UncompressedSize64 > maxUnzipped || size > maxUnzipped {
			return 0, invalid("Unzipped size must be smaller than %d bytes", maxUnzipped)
		}
	}
	if len(z.File) == 0 {
		return 0, invalid("Uploaded file must be a non-empty zip")
	}
	return int64(size), nil
}
