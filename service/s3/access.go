package s3

import (
	"context"
	"reflect"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Access implements aws.Guard: what a call must be allowed to do, with the
// bucket's policy and the ACLs, which are put into the form of one.
// AWS: "Actions, resources, and condition keys for Amazon S3".
func (s *Service) Access(ctx context.Context, operation string, input any) ([]aws.Access, error) {
	call := aws.CallFrom(ctx)
	at := subjectOf(input)
	if at.bucket == "" && call.Caller.Zonal != nil {
		return nil, errDenied()
	}
	if operation == "ListDirectoryBuckets" {
		return []aws.Access{{Action: "s3express:ListAllMyDirectoryBuckets", Resource: "*"}}, nil
	}
	if at.bucket == "" {
		return []aws.Access{{Action: actionOf(operation, false), Resource: "*"}}, nil
	}
	var all []aws.Access
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		g := guard{Service: s, tx: tx, call: call, input: input}
		if call.Caller.Zonal != nil || isDirectory(at.bucket) {
			var err error
			all, err = g.express(operation, at)
			return err
		}
		if operation == "CreateBucket" { // which may be anybody's by now
			all = []aws.Access{{Action: "s3:CreateBucket", Resource: arn(call.Region, at.bucket), Keys: g.keys(nil, nil)}}
			return nil
		}
		// AWS: names of buckets are no secret: who may do nothing learns all the
		// same that there is no such bucket.
		if b, ok := g.bucket(at.bucket); ok {
			if b.Point != nil && !byPoint(operation) {
				return errMethod()
			}
			if v := replicaOf(ctx, operation); v != nil {
				all = g.replica(v, at)
				return g.refused
			}
			all = append(g.accesses(operation, at), g.through...)
		}
		return g.refused
	})
	return all, err
}

// subject is what a call is about.
type subject struct{ bucket, key, version string }

func subjectOf(input any) subject {
	switch in := input.(type) { // the calls that come often
	case *api.GetObjectInput:
		return subject{in.Bucket, in.Key, deref(in.VersionId)}
	case *api.PutObjectInput:
		return subject{in.Bucket, in.Key, ""}
	case *api.HeadObjectInput:
		return subject{in.Bucket, in.Key, deref(in.VersionId)}
	case *api.DeleteObjectInput:
		return subject{in.Bucket, in.Key, deref(in.VersionId)}
	case *api.UploadPartInput:
		return subject{in.Bucket, in.Key, ""}
	case *api.ListObjectsV2Input:
		return subject{in.Bucket, "", ""}
	}
	v := reflect.ValueOf(input).Elem()
	text := func(name string) string {
		f := v.FieldByName(name)
		if f.IsValid() && f.Kind() == reflect.Pointer {
			f = f.Elem()
		}
		if f.IsValid() && f.Kind() == reflect.String {
			return f.String()
		}
		return ""
	}
	return subject{text("Bucket"), text("Key"), text("VersionId")}
}

// guard makes the accesses of one call.
type guard struct {
	*Service
	tx    kv.Tx
	call  *aws.Call
	input any
	last  *bucket // that was looked up
	asked string  // by this name

	found   *object // that was looked up: nil when there is none
	foundAt subject

	through []aws.Access // what access points must allow, besides their buckets
	refused error        // an access point that cannot be reached from here
}

func (g *guard) bucket(name string) (*bucket, bool) {
	if g.last != nil && g.asked == name {
		return g.last, true
	}
	b, err := reach(g.tx, g.call.Region, name)
	if err != nil {
		return nil, false
	}
	if b.Point != nil && b.Point.VPC != "" { // and no caller is within a VPC
		g.refused = errDenied()
	}
	g.last, g.asked = b, name
	g.follow(g.call, b)
	g.payer(b)
	return b, true
}

func (g *guard) accesses(operation string, at subject) []aws.Access {
	switch in := g.input.(type) {
	case *api.CopyObjectInput:
		put := copied(in, &object{})
		put.Tagging = in.Tagging
		return append(g.source(in.CopySource), g.put(at, put)...)
	case *api.UploadPartCopyInput:
		return append(g.source(in.CopySource), g.one("s3:PutObject", at))
	case *api.PutObjectInput:
		return g.put(at, in)
	case *api.CreateMultipartUploadInput:
		return g.put(at, begun(in))
	case *api.DeleteObjectInput:
		all := []aws.Access{g.one(actionOf("DeleteObject", at.version != ""), at)}
		if deref(in.BypassGovernanceRetention) {
			all = append(all, g.one("s3:BypassGovernanceRetention", at))
		}
		return all
	case *api.DeleteObjectsInput:
		return nil // asked for each object by itself
	case *api.PutBucketReplicationInput:
		all := []aws.Access{g.one(actionOf(operation, false), at)}
		if c := in.ReplicationConfiguration; c != nil {
			all = append(all, passRole(c.Role))
		}
		return all
	case *api.PutObjectRetentionInput:
		all := []aws.Access{g.one("s3:PutObjectRetention", at)}
		if deref(in.BypassGovernanceRetention) {
			all = append(all, g.one("s3:BypassGovernanceRetention", at))
		}
		return all
	}
	all := []aws.Access{g.one(actionOf(operation, at.version != ""), at)}
	if operation == "GetObjectAttributes" {
		all = append(all, g.one(actionOf("GetObject", at.version != ""), at))
	}
	return g.orList(all, operation, at)
}

// orList asks for the right to list as well when the object to be read does not
// exist: without it, nobody may learn that.
// AWS: "GetObject", permissions.
func (g *guard) orList(all []aws.Access, operation string, at subject) []aws.Access {
	if at.key == "" || operation != "GetObject" && operation != "HeadObject" || g.isSovereign(all[0]) {
		return all
	}
	if b, ok := g.bucket(at.bucket); ok {
		if o := g.object(b, at); o == nil || o.Marker && at.version == "" {
			all = append(all, g.one("s3:ListBucket", subject{bucket: at.bucket}))
		}
	}
	return all
}

// object is what an access to at is about, or nil.
func (g *guard) object(b *bucket, at subject) *object {
	if g.foundAt != at {
		g.found, _ = b.version(g.tx, at.key, at.version)
		g.foundAt = at
	}
	return g.found
}

// isSovereign reports whether nothing can keep the caller from an access.
func (g *guard) isSovereign(a aws.Access) bool {
	return g.call.Caller.Kind == aws.Root && a.Owner == g.call.Caller.Account && a.Policy == ""
}

// put is what a request needs that makes an object: all that it says of it.
func (g *guard) put(at subject, in *api.PutObjectInput) []aws.Access {
	all := []aws.Access{g.one("s3:PutObject", at)}
	if h := grantsOfPut(in); h.given() && h.canned != ownerFull {
		all = append(all, g.one("s3:PutObjectAcl", at))
	}
	if in.Tagging != nil {
		all = append(all, g.one("s3:PutObjectTagging", at))
	}
	if in.ObjectLockMode != "" {
		all = append(all, g.one("s3:PutObjectRetention", at))
	}
	if in.ObjectLockLegalHoldStatus != "" {
		all = append(all, g.one("s3:PutObjectLegalHold", at))
	}
	return all
}

func (g *guard) source(header string) []aws.Access {
	from, err := parseSource(header)
	if err != nil {
		return nil // which the operation will say
	}
	if _, ok := g.bucket(from.bucket); !ok {
		return nil // likewise
	}
	if isDirectory(from.bucket) {
		return []aws.Access{g.session(from.bucket, modeRead)}
	}
	return []aws.Access{g.one(actionOf("GetObject", from.version != nil), subject{from.bucket, from.key, deref(from.version)})}
}

// one is one access, with all that may allow or deny it.
func (g *guard) one(action string, at subject) aws.Access {
	b, _ := g.bucket(at.bucket) // which is there
	a := aws.Access{Action: action, Resource: b.arn()}
	if at.key != "" {
		a.Resource += "/" + at.key
	}
	if b.Point != nil {
		g.through = append(g.through, g.point(b, action, at.key))
	}
	a.Owner, a.Policy = aws.Account(b.Account), b.Policy
	if b.sovereign(&g.call.Caller) {
		return a
	}
	var o *object
	if at.key != "" && aboutObject(action) {
		o = g.object(b, at)
	}
	if o != nil && !strings.HasPrefix(action, "s3:Delete") {
		a.Owner = aws.Account(b.accountOf(o))
	}
	a.Policy, a.Keys = b.rules(g.tx, &g.call.Caller, o), g.keys(b.Point, o)
	return a
}

// aboutObject reports whether an action is on an object that is there, whose
// ACL and tags count.
func aboutObject(action string) bool {
	return strings.HasPrefix(action, "s3:GetObject") || strings.HasPrefix(action, "s3:DeleteObject") || action == "s3:PutObjectAcl" ||
		action == "s3:PutObjectTagging" || action == "s3:PutObjectVersionAcl" || action == "s3:PutObjectVersionTagging" || action == "s3:RestoreObject"
}
