module github.com/brume-cloud/brume

go 1.26

require (
	github.com/aws/aws-sdk-go-v2 v1.48.0
	github.com/aws/smithy-go/aws-http-auth v1.2.1
)

require github.com/aws/smithy-go v1.28.9 // indirect
