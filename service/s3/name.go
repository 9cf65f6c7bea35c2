package s3

import (
	"net/http"
	"net/netip"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
)

// checkName holds a bucket's name against the rules.
// AWS: "General purpose bucket naming rules".
func checkName(name string) error {
	if !validName(name) {
		return errBucket(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", name)
	}
	return nil
}

func validName(name string) bool {
	if len(name) < minName || len(name) > maxName || !isAlphanumeric(name[0]) || !isAlphanumeric(name[len(name)-1]) || strings.Contains(name, "..") {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isAlphanumeric(c) && c != '-' && c != '.' {
			return false
		}
	}
	for _, prefix := range [...]string{"xn--", "sthree-", "amzn-s3-demo-"} {
		if strings.HasPrefix(name, prefix) {
			return false
		}
	}
	for _, suffix := range [...]string{"-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3"} {
		if strings.HasSuffix(name, suffix) {
			return false
		}
	}
	_, err := netip.ParseAddr(name)
	return err != nil
}

func isAlphanumeric(c byte) bool { return c >= 'a' && c <= 'z' || c >= '0' && c <= '9' }

// checkKey holds an object's key against the rules.
func checkKey(key string) error {
	if len(key) > maxKey {
		return aws.Errorf(http.StatusBadRequest, "KeyTooLongError", "Your key is too long")
	}
	return nil
}

// arn is the bucket's ARN.
func arn(region aws.Region, bucket string) string {
	return "arn:" + region.Partition() + ":s3:::" + bucket
}

func (b *bucket) arn() string {
	if b.isDirectory() {
		return directoryARN(aws.Region(b.Region), aws.Account(b.Account), b.Name)
	}
	return arn(aws.Region(b.Region), b.Name)
}

// constraint is the region in the form of GetBucketLocation, which has no name
// for the first of all.
func (b *bucket) constraint() api.BucketLocationConstraint {
	if b.Region == string(aws.DefaultRegion) {
		return ""
	}
	return api.BucketLocationConstraint(b.Region)
}
