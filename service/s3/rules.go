package s3

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// rules is the policy that decides about a caller: the bucket's own, together
// with what the ACLs grant and what the public access block takes away. o is the
// object that a call is about, nil for none.
func (b *bucket) rules(tx kv.Tx, c *aws.Caller, o *object) string {
	d := document{Version: "2012-10-17"}
	if b.Ownership != ownerEnforced {
		d.Statement = b.granted(tx, c, o)
	}
	restricted := b.Public && b.blocked(tx).Restrict
	foreign := o != nil && b.accountOf(o) != b.Account
	if len(d.Statement) == 0 && !restricted && !foreign {
		return b.Policy
	}
	if b.Policy != "" && !foreign { // AWS: a bucket's policy says nothing of objects that are not its owner's
		if own, err := parseDocument(b.Policy); err == nil {
			d.Version, d.Statement = own.Version, append(d.Statement, own.Statement...)
		}
	}
	if restricted {
		d.Statement = append(d.Statement, restriction(b.Account))
	}
	if len(d.Statement) == 0 {
		return ""
	}
	text, err := json.Marshal(d)
	if err != nil {
		return b.Policy // it came from JSON
	}
	return string(text)
}

// restriction is the statement that keeps all out who are not of an account.
func restriction(account string) map[string]any {
	return map[string]any{
		"Sid": "RestrictPublicBuckets", "Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": "*",
		"Condition": map[string]any{
			"StringNotEquals": map[string]any{"aws:PrincipalAccount": account}, "BoolIfExists": map[string]any{"aws:PrincipalIsAWSService": "false"},
		},
	}
}

// granted are statements that say to the caller what the ACLs do.
// AWS: "Access control list (ACL) overview", mapping of ACL permissions and
// access policy permissions.
func (b *bucket) granted(tx kv.Tx, c *aws.Caller, o *object) (all []map[string]any) {
	add := func(acl []grant, resource string, actions map[string][]string) {
		for _, g := range acl {
			who, ok := g.names(c)
			if !ok || g.public() && b.blocked(tx).Ignore {
				continue
			}
			list := actions[g.Permission]
			if g.Permission == fullGrant {
				list = nil
				for _, permission := range slices.Sorted(maps.Keys(actions)) {
					list = append(list, actions[permission]...)
				}
			}
			if len(list) > 0 {
				all = append(all, map[string]any{"Sid": "ACL" + strconv.Itoa(len(all)), "Effect": "Allow", "Principal": who, "Action": list, "Resource": resource})
			}
		}
	}
	add(b.ACL, b.arn(), map[string][]string{
		"READ":     {"s3:ListBucket", "s3:ListBucketVersions", "s3:ListBucketMultipartUploads"},
		"READ_ACP": {"s3:GetBucketAcl"}, "WRITE_ACP": {"s3:PutBucketAcl"},
	})
	add(b.ACL, b.arn()+"/*", map[string][]string{"WRITE": {"s3:PutObject", "s3:DeleteObject"}})
	if o != nil {
		add(o.ACL, b.arn()+"/"+escape(o.Key), map[string][]string{
			"READ":     {"s3:GetObject", "s3:GetObjectVersion"},
			"READ_ACP": {"s3:GetObjectAcl", "s3:GetObjectVersionAcl"}, "WRITE_ACP": {"s3:PutObjectAcl", "s3:PutObjectVersionAcl"},
		})
	}
	return all
}

// escape makes a key a pattern that matches nothing else.
func escape(key string) string {
	return strings.NewReplacer("*", "${*}", "?", "${?}", "$", "${$}").Replace(key)
}

// names tells how a statement would name the grantee, if the caller is one.
func (g grant) names(c *aws.Caller) (principal any, ok bool) {
	switch {
	case g.Grantee == groupAll:
		return "*", true
	case c.Kind == aws.ServicePrincipal:
		return map[string]string{"Service": c.Service}, g.Grantee == groupLogs && c.Service == loggingPrincipal
	case c.Kind == aws.Anonymous:
		return nil, false
	case g.Grantee == groupAuthenticated, g.Grantee == canonical(string(c.Account)):
		return map[string]string{"AWS": string(c.Account)}, true
	}
	return nil, false
}

const loggingPrincipal = "logging.s3.amazonaws.com"

// keys are the condition keys that S3 adds.
// AWS: "Actions, resources, and condition keys for Amazon S3", condition keys.
func (g *guard) keys(p *accessPoint, o *object) func(string) ([]string, bool) {
	return func(key string) ([]string, bool) {
		name, ok := strings.CutPrefix(key, "s3:")
		if !ok {
			return nil, false
		}
		if tag, ok := strings.CutPrefix(name, "existingobjecttag/"); ok && o != nil {
			for k, v := range o.Tags {
				if strings.EqualFold(k, tag) {
					return []string{v}, true
				}
			}
			return nil, false
		}
		v := g.key(name)
		if p != nil && v == "" {
			v = p.conditionKey(name)
		}
		return []string{v}, v != ""
	}
}

// key is the value of a condition key that depends on the request.
func (g *guard) key(name string) string {
	switch in := g.input.(type) {
	case *api.ListObjectsV2Input:
		return listKey(name, in.Prefix, in.Delimiter, in.MaxKeys)
	case *api.ListObjectsInput:
		return listKey(name, in.Prefix, in.Delimiter, in.MaxKeys)
	case *api.ListObjectVersionsInput:
		return listKey(name, in.Prefix, in.Delimiter, in.MaxKeys)
	case *api.PutObjectInput:
		return putKey(name, in)
	case *api.CreateMultipartUploadInput:
		return putKey(name, begun(in))
	case *api.CopyObjectInput:
		switch name {
		case "x-amz-copy-source":
			return in.CopySource
		case "x-amz-metadata-directive":
			return string(in.MetadataDirective)
		}
		return putKey(name, copied(in, &object{}))
	case *api.CreateBucketInput:
		if name == "locationconstraint" && in.CreateBucketConfiguration != nil {
			return string(in.CreateBucketConfiguration.LocationConstraint)
		}
		if name == "x-amz-acl" {
			return string(in.ACL)
		}
	case *api.GetObjectInput:
		if name == "versionid" {
			return deref(in.VersionId)
		}
	case *api.DeleteObjectInput:
		if name == "versionid" {
			return deref(in.VersionId)
		}
	}
	return ""
}

func listKey(name string, prefix, delimiter *string, limit *int32) string {
	switch name {
	case "prefix":
		return deref(prefix)
	case "delimiter":
		return deref(delimiter)
	case "max-keys":
		if limit != nil {
			return strconv.Itoa(int(*limit))
		}
	}
	return ""
}

func putKey(name string, in *api.PutObjectInput) string {
	if tag, ok := strings.CutPrefix(name, "requestobjecttag/"); ok {
		tags, _ := tagsOfHeader(in.Tagging) // what is wrong with it, the operation says
		for k, v := range tags {
			if strings.EqualFold(k, tag) {
				return v
			}
		}
		return ""
	}
	switch name {
	case "x-amz-acl":
		return string(in.ACL)
	case "x-amz-storage-class":
		return string(in.StorageClass)
	case "x-amz-server-side-encryption":
		return string(in.ServerSideEncryption)
	case "x-amz-server-side-encryption-aws-kms-key-id":
		return deref(in.SSEKMSKeyId)
	case "x-amz-server-side-encryption-customer-algorithm":
		return deref(in.SSECustomerAlgorithm)
	case "x-amz-website-redirect-location":
		return deref(in.WebsiteRedirectLocation)
	case "x-amz-grant-full-control":
		return deref(in.GrantFullControl)
	case "x-amz-grant-read":
		return deref(in.GrantRead)
	case "object-lock-mode":
		return string(in.ObjectLockMode)
	case "object-lock-legal-hold":
		return string(in.ObjectLockLegalHoldStatus)
	case "if-none-match":
		return deref(in.IfNoneMatch)
	case "if-match":
		return deref(in.IfMatch)
	}
	return ""
}
