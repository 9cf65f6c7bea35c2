package s3

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

const (
	sealS3  = "AES256"
	sealKMS = "aws:kms"
	sealDue = "aws:kms:dsse"
)

// sealOf is how an object that a request makes is encrypted.
func (b *bucket) sealOf(tx kv.Tx, in *api.PutObjectInput) (seal, error) {
	customer := customerKey{in.SSECustomerAlgorithm, in.SSECustomerKey, in.SSECustomerKeyMD5}
	if customer.given() {
		if in.ServerSideEncryption != "" {
			return seal{}, errArgument("x-amz-server-side-encryption", string(in.ServerSideEncryption), "Server Side Encryption with Customer provided key is incompatible with the encryption method specified")
		}
		sum, err := customer.check()
		return seal{Customer: sum}, err
	}
	l := seal{Algorithm: string(in.ServerSideEncryption), Key: deref(in.SSEKMSKeyId), Context: deref(in.SSEKMSEncryptionContext), BucketKey: deref(in.BucketKeyEnabled)}
	switch l.Algorithm {
	case "":
		if l.Key != "" {
			return l, errArgument("x-amz-server-side-encryption-aws-kms-key-id", l.Key, "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
		}
		l = b.defaultSeal(tx)
		if in.BucketKeyEnabled != nil {
			l.BucketKey = *in.BucketKeyEnabled
		}
	case sealS3:
		if l.Key != "" {
			return l, errArgument("x-amz-server-side-encryption-aws-kms-key-id", l.Key, "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms")
		}
	case sealKMS, sealDue:
	default:
		return l, errArgument("x-amz-server-side-encryption", l.Algorithm, "The encryption method specified is not supported")
	}
	if l.Algorithm == sealS3 {
		l.BucketKey = false
	} else {
		l.Key = b.kmsKey(l.Key)
	}
	return l, nil
}

// defaultSeal is the bucket's default encryption.
func (b *bucket) defaultSeal(tx kv.Tx) seal {
	c, ok := get[api.ServerSideEncryptionConfiguration](tx, b, encryptionSetting)
	if !ok || len(c.Rules) == 0 || c.Rules[0].ApplyServerSideEncryptionByDefault == nil {
		return seal{Algorithm: sealS3}
	}
	by := c.Rules[0].ApplyServerSideEncryptionByDefault
	return seal{Algorithm: string(by.SSEAlgorithm), Key: deref(by.KMSMasterKeyID), BucketKey: deref(c.Rules[0].BucketKeyEnabled)}
}

// kmsKey is the ARN of a KMS key; without a name, of the account's own for S3.
func (b *bucket) kmsKey(name string) string {
	switch {
	case strings.HasPrefix(name, "arn:"):
		return name
	case name == "":
		h := sha256.Sum256([]byte(b.Account + b.Region))
		x := hex.EncodeToString(h[:16])
		name = "key/" + x[:8] + "-" + x[8:12] + "-4" + x[13:16] + "-a" + x[17:20] + "-" + x[20:32]
	case !strings.HasPrefix(name, "alias/"):
		name = "key/" + name
	}
	return aws.NewARN("kms", aws.Region(b.Region), aws.Account(b.Account), name).String()
}

func (l *seal) shown() api.ServerSideEncryption { return api.ServerSideEncryption(l.Algorithm) }

func (l *seal) customerAlgorithm() *string {
	if l.Customer == "" {
		return nil
	}
	return new(sealS3)
}

// customerKey is a key that the client brings with each request.
type customerKey struct{ algorithm, key, sum *string }

func (k customerKey) given() bool { return k.algorithm != nil || k.key != nil || k.sum != nil }

// check returns the key's MD5, in Base64.
func (k customerKey) check() (string, error) {
	const bytes = 32
	raw, err := base64.StdEncoding.DecodeString(deref(k.key))
	switch {
	case k.algorithm == nil || *k.algorithm != sealS3:
		return "", errArgument("x-amz-server-side-encryption-customer-algorithm", deref(k.algorithm), "Requests specifying Server Side Encryption with Customer provided keys must provide a valid encryption algorithm.")
	case k.key == nil:
		return "", errArgument("x-amz-server-side-encryption-customer-key", "", "Requests specifying Server Side Encryption with Customer provided keys must provide an appropriate secret key.")
	case err != nil || len(raw) != bytes:
		return "", errArgument("x-amz-server-side-encryption-customer-key", "", "The secret key was invalid for the specified algorithm.")
	}
	sum := md5.Sum(raw)
	text := base64.StdEncoding.EncodeToString(sum[:])
	if k.sum == nil || *k.sum != text {
		return "", errArgument("x-amz-server-side-encryption-customer-key-MD5", deref(k.sum), "The calculated MD5 hash of the key did not match the hash that was provided.")
	}
	return text, nil
}

// unlock checks that whoever reads the object brings the key that it needs.
func (l *seal) unlock(k customerKey) error {
	if !k.given() {
		if l.Customer != "" {
			return api.ErrInvalidRequest("The object was stored using a form of Server Side Encryption. The correct parameters must be provided to retrieve the object.")
		}
		return nil
	}
	if l.Customer == "" {
		return api.ErrInvalidRequest("The encryption parameters are not applicable to this object.")
	}
	sum, err := k.check()
	if err == nil && sum != l.Customer {
		err = aws.Errorf(http.StatusForbidden, "AccessDenied", "Requests specifying Server Side Encryption with Customer provided keys must provide the correct secret key.")
	}
	return err
}
