package s3

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Forms of access points in the place of a bucket's name.
const (
	aliasSuffix  = "-s3alias"
	pointPrefix  = "accesspoint/"
	pointLabel   = "s3-accesspoint" // of their hosts: NAME-ACCOUNT.s3-accesspoint.REGION.…
	accountWidth = len(aws.DefaultAccount)
)

func isAlias(name string) bool { return strings.HasSuffix(name, aliasSuffix) }

func (p *accessPoint) arn() string {
	return aws.NewARN("s3", p.Region, p.Account, pointPrefix+p.Name).String()
}

// reach finds the bucket that a name leads to: its own, or an access point's
// ARN or alias.
func reach(tx kv.Tx, r aws.Region, name string) (*bucket, error) {
	if !isAlias(name) && !strings.HasPrefix(name, "arn:") {
		b, ok := bucketNamed(tx, r, name)
		if !ok {
			return nil, errNoBucket(name)
		}
		return b, nil
	}
	p, err := pointNamed(tx, r, name)
	if err != nil {
		return nil, err
	}
	b, ok := bucketNamed(tx, r, p.Bucket)
	if !ok || b.ID != p.ID {
		return nil, errNoBucket(p.Bucket)
	}
	b.Point = p
	return b, nil
}

// bucketNamed reads a bucket's row, which nearly every call does more than once:
// what its slices hold is shared with other calls.
func bucketNamed(tx kv.Tx, r aws.Region, name string) (*bucket, bool) {
	shared, ok := buckets.GetShared(tx, bucketKey(r, name), nil)
	if !ok {
		return nil, false
	}
	b := *shared
	b.Name, b.Settings, b.ACL = name, slices.Clip(b.Settings), slices.Clip(b.ACL)
	return &b, true
}

// pointNamed finds an access point by ARN or alias.
func pointNamed(tx kv.Tx, r aws.Region, name string) (*accessPoint, error) {
	where := new(accessPoint)
	if a, err := aws.ParseARN(name); err == nil {
		plain, ok := strings.CutPrefix(strings.Replace(a.Resource, ":", "/", 1), pointPrefix)
		if !ok || a.Service != "s3" || a.Partition != r.Partition() {
			return nil, errBucket(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", name)
		}
		where = &accessPoint{Name: plain, Account: a.Account, Region: a.Region}
	} else if to, ok := aliases.Get(tx, aliasKey(r, name)); ok {
		where = &accessPoint{Name: to.Name, Account: aws.Account(to.Account), Region: aws.Region(to.Region)}
	}
	return where.get(tx)
}

// get reads the access point of p's place.
func (p *accessPoint) get(tx kv.Tx) (*accessPoint, error) {
	found, ok := points.Get(tx, p.key())
	if !ok {
		return nil, errNoPoint()
	}
	found.Name, found.Account, found.Region = p.Name, p.Account, p.Region
	return found, nil
}

func errNoPoint() error {
	return aws.Errorf(http.StatusNotFound, "NoSuchAccessPoint", "The specified accesspoint does not exist")
}

// pointAt tells what the label before an endpoint names: at access points' own
// hosts NAME-ACCOUNT is one, and clients that were only told of an endpoint put
// it where a bucket's name would be, which comes first.
func (s *Service) pointAt(ctx context.Context, label, endpoint string) (string, error) {
	i := len(label) - accountWidth - 1
	if i <= 0 || label[i] != '-' || !aws.Account(label[i+1:]).Valid() {
		return label, nil
	}
	p := &accessPoint{Name: label[:i], Account: aws.Account(label[i+1:]), Region: aws.CallFrom(ctx).Region}
	if strings.HasPrefix(endpoint, pointLabel) {
		return p.arn(), nil
	}
	name := label
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if !buckets.Has(tx, bucketKey(p.Region, label)) && points.Has(tx, p.key()) {
			name = p.arn()
		}
		return nil
	})
	return name, err
}

// hasPoints reports whether access points of the bucket's account lead to it.
func (b *bucket) hasPoints(tx kv.Tx) bool {
	for _, p := range points.ScanBy(tx, b.pointRange()) {
		if p.ID == b.ID {
			return true
		}
	}
	return false
}

func (b *bucket) pointRange() kv.Range {
	return kv.Prefix(points.IndexPrefix(&byBucket, b.scope(), kv.String(b.Name)))
}

// byPoint reports whether an operation takes an access point for a bucket.
// AWS: "Access point compatibility".
func byPoint(operation string) bool {
	return slices.Contains([]string{
		"AbortMultipartUpload", "CompleteMultipartUpload", "CopyObject", "CreateMultipartUpload", "DeleteObject", "DeleteObjects", "DeleteObjectTagging",
		"GetBucketAcl", "GetBucketCors", "GetBucketLocation", "GetBucketNotificationConfiguration", "GetBucketPolicy", "GetObject", "GetObjectAcl",
		"GetObjectAttributes", "GetObjectLegalHold", "GetObjectRetention", "GetObjectTagging", "HeadBucket", "HeadObject", "ListMultipartUploads",
		"ListObjects", "ListObjectsV2", "ListObjectVersions", "ListParts", "PutObject", "PutObjectLegalHold", "PutObjectRetention", "PutObjectAcl",
		"PutObjectTagging", "RestoreObject", "UploadPart", "UploadPartCopy",
	}, operation)
}

func errMethod() error {
	return api.ErrMethodNotAllowed(&api.MethodNotAllowed{}, "The specified method is not allowed against this resource.")
}

// point is what the access point that a bucket was reached through must allow:
// AWS: "Configuring IAM policies for using access points": both must, each for
// its own resource.
func (g *guard) point(b *bucket, action, key string) aws.Access {
	p := b.Point
	a := aws.Access{Action: action, Resource: p.arn(), Owner: p.Account, Policy: p.rules(g.tx, b), Keys: g.keys(p, nil)}
	if key != "" {
		a.Resource += "/object/" + key
	}
	return a
}

// rules is the access point's policy, and what the blocks take away from it.
func (p *accessPoint) rules(tx kv.Tx, b *bucket) string {
	if !p.Public || !b.blocked(tx).Restrict {
		return p.Policy
	}
	d, err := parseDocument(p.Policy)
	if err != nil {
		return p.Policy // it has been parsed before
	}
	d.Statement = append(d.Statement, restriction(string(p.Account)))
	text, err := json.Marshal(d)
	if err != nil {
		return p.Policy // it came from JSON
	}
	return string(text)
}

// silent reports whether an access point, nil for none, keeps nothing from the
// root user of the bucket's account.
func (p *accessPoint) silent(c *aws.Caller) bool {
	return p == nil || p.Policy == "" && p.VPC == "" && p.Account == c.Account
}

// conditionKey is the value of a condition key that tells of the access point.
// AWS: "Condition keys for access points".
func (p *accessPoint) conditionKey(name string) string {
	switch name {
	case "dataaccesspointarn":
		return p.arn()
	case "dataaccesspointaccount":
		return string(p.Account)
	case "accesspointnetworkorigin":
		return p.origin()
	}
	return ""
}

// origin is whence the access point is reached.
func (p *accessPoint) origin() string {
	if p.VPC != "" {
		return "VPC"
	}
	return "Internet"
}

// mine reports whether a policy of the access point may name a resource.
func (p *accessPoint) mine(r string) bool {
	return r == "*" || r == p.arn() || strings.HasPrefix(r, p.arn()+"/object") || strings.HasPrefix(r, p.arn()+"/*")
}
