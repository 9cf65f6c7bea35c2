package s3

import (
	"context"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"regexp"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// Directory buckets lie in one zone, which their names tell: BASE--ZONE--x-s3.
// They have one class of storage, no versions, no ACLs and no tags of objects.
// AWS: "Directory bucket naming rules", "Differences for directory buckets".
const (
	directorySuffix = "--x-s3"
	expressLabel    = "s3express-" // of their hosts: BUCKET.s3express-ZONE.REGION.…
)

func isDirectory(name string) bool { return strings.HasSuffix(name, directorySuffix) }

func (b *bucket) isDirectory() bool { return isDirectory(b.Name) }

// zoneOf is the id of a directory bucket's zone.
func zoneOf(name string) string {
	plain := strings.TrimSuffix(name, directorySuffix)
	return plain[strings.LastIndex(plain, "--")+len("--"):]
}

// locationType is what sort of zone an id names: those of Local Zones have the
// metropolis in the middle.
func locationType(zone string) api.LocationType {
	if strings.Count(zone, "-") > 1 {
		return "LocalZone"
	}
	return "AvailabilityZone"
}

func directoryARN(r aws.Region, account aws.Account, name string) string {
	return aws.NewARN("s3express", r, account, "bucket/"+name).String()
}

// newDirectory is the directory bucket that a request describes.
func newDirectory(call *aws.Call, in *api.CreateBucketInput) (*bucket, error) {
	c := in.CreateBucketConfiguration
	switch {
	case !validDirectory(in.Bucket) || !inRegion(zoneOf(in.Bucket), call.Region):
		return nil, errBucket(http.StatusBadRequest, "InvalidBucketName", "The specified bucket is not valid.", in.Bucket)
	case c == nil || c.Bucket == nil || c.Location == nil || c.Bucket.Type != "Directory" || c.LocationConstraint != "":
		return nil, errNoDirectory(in.Bucket)
	case deref(c.Location.Name) != zoneOf(in.Bucket) || c.Location.Type != locationType(zoneOf(in.Bucket)):
		return nil, api.ErrInvalidRequest("The location of the bucket does not match the zone in its name.")
	case c.Bucket.DataRedundancy != "" && string(c.Bucket.DataRedundancy) != "Single"+string(c.Location.Type):
		return nil, api.ErrInvalidRequest("The data redundancy does not match the type of the location.")
	case deref(in.ObjectLockEnabledForBucket), in.ACL != "", in.ObjectOwnership != "" && in.ObjectOwnership != ownerEnforced:
		return nil, errNotForDirectories()
	}
	for _, h := range []*string{in.GrantFullControl, in.GrantRead, in.GrantReadACP, in.GrantWrite, in.GrantWriteACP} {
		if h != nil {
			return nil, errNotForDirectories()
		}
	}
	return &bucket{
		Name: in.Bucket, Account: string(call.Account), Region: string(call.Region), Ownership: ownerEnforced,
		Block: block{Set: true, ACLs: true, Ignore: true, Policy: true, Restrict: true},
	}, nil
}

func validDirectory(name string) bool {
	base, zone, found := strings.Cut(strings.TrimSuffix(name, directorySuffix), "--")
	if !found || len(name) < minName || len(name) > maxName || base == "" || !isAlphanumeric(base[0]) {
		return false
	}
	for i := range len(base) {
		if !isAlphanumeric(base[i]) && base[i] != '-' {
			return false
		}
	}
	return zonePattern().MatchString(zone)
}

// zonePattern is the form of zones' ids, such as use1-az4 and usw2-lax1-az1.
func zonePattern() *regexp.Regexp {
	return regexp.MustCompile(`^[a-z]{3,6}[0-9](-[a-z]{3}[0-9])?-az[0-9]{1,2}$`)
}

// inRegion reports whether a zone is in a region, of whose name its id has the
// country, the initials of the direction, and the number.
func inRegion(zone string, r aws.Region) bool {
	parts := strings.Split(string(r), "-")
	short := parts[0]
	for _, p := range parts[1 : len(parts)-1] {
		switch p {
		case "northeast", "northwest", "southeast", "southwest":
			short += p[:1] + p[5:6]
		default:
			short += p[:1]
		}
	}
	id, _, _ := strings.Cut(zone, "-")
	return id == short+parts[len(parts)-1]
}

func errNoDirectory(name string) error {
	return errBucket(http.StatusBadRequest, "InvalidBucketName", "The name, type and location of a directory bucket must be given together.", name)
}

// errNotForDirectories is the answer to what directory buckets do not have.
// AWS: "CopyObject" (x-amz-tagging): 501.
func errNotForDirectories() error {
	return aws.Errorf(http.StatusNotImplemented, "NotImplemented", "A header you provided implies functionality that is not implemented.")
}

// expressClass checks what a request says of an object in a directory bucket,
// and is its class.
func expressClass(in *api.PutObjectInput) (string, error) {
	grants := grantsOfPut(in)
	switch {
	case in.StorageClass != "" && in.StorageClass != classExpress:
		return storageClass("none of theirs")
	case deref(in.Tagging) != "", grants.given(), in.SSECustomerAlgorithm != nil, in.WebsiteRedirectLocation != nil,
		in.ObjectLockMode != "", in.ObjectLockRetainUntilDate != nil, in.ObjectLockLegalHoldStatus != "", in.RequestPayer != "":
		return "", errNotForDirectories()
	}
	return classExpress, nil
}

// expressTag is an ETag for an object of a directory bucket.
// AWS: "Differences for directory buckets": it is random, and no digest.
func (s *Service) expressTag() string { return aws.Text(s.Random, aws.LowerHex, hex.EncodedLen(16)) }

// directoryRules refuses what lifecycles of directory buckets cannot do.
// AWS: "Working with S3 Lifecycle for directory buckets": they expire objects by
// age, and give up uploads.
func directoryRules(rules []api.LifecycleRule) error {
	for i := range rules {
		r := &rules[i]
		e := r.Expiration
		if len(r.Transitions) > 0 || len(r.NoncurrentVersionTransitions) > 0 || r.NoncurrentVersionExpiration != nil ||
			e != nil && (e.Date != nil || e.ExpiredObjectDeleteMarker != nil) ||
			r.Filter != nil && (r.Filter.Tag != nil || r.Filter.And != nil && len(r.Filter.And.Tags) > 0) {
			return api.ErrInvalidRequest("Lifecycles of directory buckets can only expire objects by their age and abort incomplete multipart uploads.")
		}
	}
	return nil
}

// ListDirectoryBuckets lists the caller's directory buckets in the region.
func (s *Service) ListDirectoryBuckets(ctx context.Context, in *api.ListDirectoryBucketsInput) (*api.ListDirectoryBucketsOutput, error) {
	call := aws.CallFrom(ctx)
	limit := maxDirectories
	if in.MaxDirectoryBuckets != nil {
		if limit = int(*in.MaxDirectoryBuckets); limit < 0 || limit > maxDirectories {
			return nil, errArgument("max-directory-buckets", "", "Argument max-directory-buckets must be an integer between 0 and 1000")
		}
	}
	from, err := base64.RawURLEncoding.DecodeString(deref(in.ContinuationToken))
	if err != nil {
		return nil, errArgument("continuation-token", *in.ContinuationToken, "The continuation token provided is incorrect")
	}
	out := &api.ListDirectoryBucketsOutput{Buckets: []api.Bucket{}}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		of := kv.Prefix(buckets.IndexPrefix(&byAccount, worldOf(call.Region), kv.String(string(call.Account))))
		for key, b := range buckets.ScanBy(tx, of) {
			rd := buckets.Parts(key)
			b.Name = rd.String()
			if !b.isDirectory() || b.Region != string(call.Region) || b.Name <= string(from) {
				continue
			}
			if len(out.Buckets) == limit {
				if limit > 0 {
					out.ContinuationToken = new(base64.RawURLEncoding.EncodeToString([]byte(*out.Buckets[limit-1].Name)))
				}
				break
			}
			out.Buckets = append(out.Buckets, api.Bucket{Name: &b.Name, CreationDate: &b.Created, BucketRegion: &b.Region, BucketArn: new(b.arn())})
		}
		return nil
	})
	return out, err
}

// markDirectories has a request for the list of directory buckets say so: it
// differs from that for all others in what it is signed for.
func markDirectories(req *wire.Request) {
	if req.Method != http.MethodGet || !signedForExpress(req) {
		return
	}
	for _, p := range req.Params {
		if p.Name == "x-id" {
			return
		}
	}
	req.Params = append(req.Params, wire.Param{Name: "x-id", Value: "ListDirectoryBuckets"})
}

func signedForExpress(req *wire.Request) bool {
	const scope = "/s3express/"
	if strings.Contains(req.Header.Get("Authorization"), scope) {
		return true
	}
	for _, p := range req.Params {
		if p.Name == "X-Amz-Credential" && strings.Contains(p.Value, scope) {
			return true
		}
	}
	return false
}

// forDirectory holds a listing against what directory buckets can list.
func (l *listing) forDirectory() error {
	switch {
	case l.delimiter != "" && l.delimiter != "/":
		return api.ErrInvalidRequest("Directory buckets only support / as the delimiter.")
	case l.prefix != "" && !strings.HasSuffix(l.prefix, "/"):
		return api.ErrInvalidRequest("Prefixes for directory buckets must end with the delimiter /.")
	}
	return nil
}
