package s3_test

import (
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/s3"
)

func TestRenameMovesAnObjectAtOnce(t *testing.T) {
	s := directory(t)
	put := s.put("a/b", "hello")
	s.put("there", "old")
	rename := func(from, to string, options ...func(*s3.RenameObjectInput)) error {
		in := &s3.RenameObjectInput{Bucket: &s.bucket, Key: &to, RenameSource: &from, ClientToken: new(from + ">" + to)}
		for _, o := range options {
			o(in)
		}
		_, err := s.RenameObject(t.Context(), in)
		return err
	}
	before, _ := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("a/b")})
	s.cloud.Advance(time.Minute)
	s.want("", rename(ledge+"/a/b", "c d"))
	after, err := s.HeadObject(t.Context(), &s3.HeadObjectInput{Bucket: &s.bucket, Key: new("c d")})
	if err != nil || *after.ETag != *put.ETag || !after.LastModified.Equal(*before.LastModified) || s.get("c d") != "hello" || s.keys() != "c d there" {
		t.Fatal(after, err, s.keys())
	}
	s.want("", rename(ledge+"/a/b", "c d")) // which was done, as the token tells
	s.want("IdempotencyParameterMismatch", rename(ledge+"/a/b", "e", func(in *s3.RenameObjectInput) { in.ClientToken = new(ledge + "/a/b>c d") }))
	s.want("PreconditionFailed", rename(ledge+"/c%20d", "there", func(in *s3.RenameObjectInput) { in.DestinationIfNoneMatch = new("*") }))
	s.want("PreconditionFailed", rename(ledge+"/c%20d", "there", func(in *s3.RenameObjectInput) { in.SourceIfMatch = new("other") }))
	s.want("NoSuchKey", rename(ledge+"/c%20d", "none", func(in *s3.RenameObjectInput) { in.DestinationIfMatch = new("other") }))
	s.want("NoSuchKey", rename(ledge+"/nothing", "x"))
	s.want("InvalidRequest", rename("shelf/there", "x"))
	s.want("InvalidRequest", rename(ledge+"/there", "x/"))
	s.want("", rename(ledge+"/c%20d", "there", func(in *s3.RenameObjectInput) { in.SourceIfMatch = put.ETag }))
	if got := s.get("there"); got != "hello" || s.keys() != "there" {
		t.Error(got, s.keys())
	}
	reader := s.with("reader", `{"Effect":"Allow","Action":"s3express:CreateSession","Resource":"*","Condition":{"StringEquals":{"s3express:SessionMode":"ReadOnly"}}}`)
	_, err = reader.RenameObject(t.Context(), &s3.RenameObjectInput{Bucket: &s.bucket, Key: new("mine"), RenameSource: new(ledge + "/there")})
	s.want("AccessDenied", err)
	s.create("plain")
	_, err = s.RenameObject(t.Context(), &s3.RenameObjectInput{Bucket: new("plain"), Key: new("a"), RenameSource: new("plain/b")})
	s.want("MethodNotAllowed", err)
}
