package s3

import "strings"

// actionOf is the action that an operation needs, where a version is named or not.
// AWS: "Required permissions for Amazon S3 API operations".
func actionOf(operation string, version bool) string {
	switch operation {
	case "ListBuckets":
		return "s3:ListAllMyBuckets"
	case "HeadBucket", "ListObjects", "ListObjectsV2":
		return "s3:ListBucket"
	case "ListObjectVersions":
		return "s3:ListBucketVersions"
	case "ListMultipartUploads":
		return "s3:ListBucketMultipartUploads"
	case "ListParts":
		return "s3:ListMultipartUploadParts"
	case "UploadPart", "CompleteMultipartUpload":
		return "s3:PutObject"
	case "HeadObject", "SelectObjectContent": // AWS: "SelectObjectContent", permissions
		operation = "GetObject"
	}
	if version {
		switch operation {
		case "GetObject", "DeleteObject", "GetObjectAcl", "PutObjectAcl", "GetObjectTagging", "PutObjectTagging", "DeleteObjectTagging", "GetObjectAttributes":
			return "s3:" + strings.Replace(operation, "Object", "ObjectVersion", 1)
		}
	}
	if action, ok := configurationAction(operation); ok {
		return "s3:" + action
	}
	return "s3:" + operation
}

// configurationAction is the action of an operation on a configuration: it has
// a name of its own, and deleting is a way of putting.
func configurationAction(operation string) (string, bool) {
	verb, rest := "", ""
	for _, v := range [...]string{"Get", "Put", "Delete", "List"} {
		if r, ok := strings.CutPrefix(operation, v); ok {
			verb, rest = v, r
		}
	}
	name := ""
	switch rest {
	case "BucketCors":
		name = "BucketCORS"
	case "BucketLifecycle", "BucketLifecycleConfiguration":
		name = "LifecycleConfiguration"
	case "BucketEncryption":
		name = "EncryptionConfiguration"
	case "BucketReplication":
		name = "ReplicationConfiguration"
	case "BucketAccelerateConfiguration":
		name = "AccelerateConfiguration"
	case "BucketAnalyticsConfiguration", "BucketAnalyticsConfigurations":
		name = "AnalyticsConfiguration"
	case "BucketInventoryConfiguration", "BucketInventoryConfigurations":
		name = "InventoryConfiguration"
	case "BucketMetricsConfiguration", "BucketMetricsConfigurations":
		name = "MetricsConfiguration"
	case "BucketIntelligentTieringConfiguration", "BucketIntelligentTieringConfigurations":
		name = "IntelligentTieringConfiguration"
	case "BucketNotificationConfiguration":
		name = "BucketNotification"
	case "PublicAccessBlock":
		name = "BucketPublicAccessBlock"
	case "ObjectLockConfiguration":
		name = "BucketObjectLockConfiguration"
	case "BucketTagging", "BucketOwnershipControls":
		name = rest
	case "BucketWebsite", "BucketPolicy": // deleting is an action of its own
		return operation, true
	default:
		return "", false
	}
	switch verb {
	case "Delete":
		verb = "Put"
	case "List":
		verb = "Get"
	}
	return verb + name, true
}
