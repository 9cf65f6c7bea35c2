package s3

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateBucket makes a bucket.
func (s *Service) CreateBucket(ctx context.Context, in *api.CreateBucketInput) (*api.CreateBucketOutput, error) {
	call := aws.CallFrom(ctx)
	b, err := newBucket(call, in)
	if err != nil {
		return nil, err
	}
	var tags map[string]string
	if in.CreateBucketConfiguration != nil {
		if tags, err = tagMap(in.CreateBucketConfiguration.Tags, maxBucketTags); err != nil {
			return nil, err
		}
	}
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if old, ok := buckets.Get(tx, bucketKey(call.Region, in.Bucket)); ok {
			return old.taken(call, in.Bucket)
		}
		if anyPublic(b.ACL) && accountBlock(tx, call.Account, call.Region).ACLs {
			return errPublicACL()
		}
		made := *b
		made.ID, made.Created = s.Random.Uint64(), tx.Now()
		if len(tags) > 0 {
			set(tx, &made, tagSetting, &api.Tagging{TagSet: tagList(tags)})
		}
		made.put(tx)
		s.sweep().Arm(tx)
		armScrub(tx)
		return nil
	})
	if err != nil {
		return nil, err
	}
	out := &api.CreateBucketOutput{Location: new("/" + b.Name), BucketArn: new(b.arn())}
	if b.isDirectory() {
		out.Location = new("https://" + b.Name + "." + expressLabel + zoneOf(b.Name) + "." + b.Region + "." + aws.Region(b.Region).DNSSuffix() + "/")
	} else if b.Region != string(aws.DefaultRegion) {
		out.Location = new("http://" + b.Name + ".s3." + aws.Region(b.Region).DNSSuffix() + "/")
	}
	return out, nil
}

// newBucket is the bucket that a request describes.
func newBucket(call *aws.Call, in *api.CreateBucketInput) (*bucket, error) {
	if isDirectory(in.Bucket) {
		return newDirectory(call, in)
	}
	if err := checkName(in.Bucket); err != nil {
		return nil, err
	}
	if c := in.CreateBucketConfiguration; c != nil && (c.Bucket != nil || c.Location != nil) {
		return nil, errNoDirectory(in.Bucket)
	}
	region, err := regionOf(call, in.CreateBucketConfiguration)
	if err != nil {
		return nil, err
	}
	b := &bucket{Name: in.Bucket, Account: string(call.Account), Region: region, Ownership: string(in.ObjectOwnership)}
	// AWS: "Blocking public access to your Amazon S3 storage": since April 2023
	// new buckets have it, and no ACLs.
	b.Block = block{Set: true, ACLs: true, Ignore: true, Policy: true, Restrict: true}
	if b.Ownership == "" {
		b.Ownership = ownerEnforced
	}
	if deref(in.ObjectLockEnabledForBucket) {
		b.Locks, b.Versioning = true, versioningOn
	}
	heads := grantHeaders{string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantWrite, in.GrantReadACP, in.GrantWriteACP}
	b.ACL, err = b.grants(heads, b.Account)
	if err == nil && len(b.ACL) > 0 && b.Ownership == ownerEnforced {
		err = aws.Errorf(http.StatusBadRequest, "InvalidBucketAclWithObjectOwnership", "Bucket cannot have ACLs set with ObjectOwnership's BucketOwnerEnforced setting")
	}
	return b, err
}

// regionOf is where a new bucket is to be.
func regionOf(call *aws.Call, c *api.CreateBucketConfiguration) (string, error) {
	where := string(call.Region)
	if c == nil || c.LocationConstraint == "" {
		if call.Region != aws.DefaultRegion && aws.Region(where).Partition() == "aws" {
			return "", errLocation("unspecified")
		}
		return where, nil
	}
	wanted := string(c.LocationConstraint)
	if wanted == "EU" { // AWS: its name of 2007
		wanted = "eu-west-1"
	}
	if wanted != where && call.Region != aws.DefaultRegion {
		return "", errLocation(wanted)
	}
	return wanted, nil
}

func errLocation(wanted string) error {
	return aws.Errorf(http.StatusBadRequest, "IllegalLocationConstraintException", "The %s location constraint is incompatible for the region specific endpoint this request was sent to.", wanted)
}

// taken is the answer to making a bucket anew.
func (b *bucket) taken(call *aws.Call, name string) error {
	switch {
	case b.Account != string(call.Account):
		return api.ErrBucketAlreadyExists(&api.BucketAlreadyExists{BucketName: &name}, "The requested bucket name is not available. The bucket namespace is shared by all users of the system. Please select a different name and try again.")
	case b.Region == string(aws.DefaultRegion) && !isDirectory(name) && call.Region == aws.DefaultRegion:
		return nil // AWS: CreateBucket's errors: us-east-1 lets it pass, as it always did
	}
	return api.ErrBucketAlreadyOwnedByYou(&api.BucketAlreadyOwnedByYou{BucketName: &name}, "Your previous request to create the named bucket succeeded and you already own it.")
}

// DeleteBucket deletes a bucket that is empty. Uploads that nobody completed go
// with it.
func (s *Service) DeleteBucket(ctx context.Context, in *api.DeleteBucketInput) (*api.DeleteBucketOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		for _, prefix := range []kv.Key{objects.Prefix(b.scope(), b.id()), versions.Prefix(b.scope(), b.id())} {
			for range tx.Scan(kv.Prefix(prefix)) {
				message := "The bucket you tried to delete is not empty"
				if b.Versioning != "" {
					message += ". You must delete all versions in the bucket."
				}
				return errBucket(http.StatusConflict, "BucketNotEmpty", message, in.Bucket)
			}
		}
		if b.hasPoints(tx) {
			return errBucket(http.StatusBadRequest, "BucketHasAccessPointsAttached", "The bucket you are attempting to delete has access points attached. Delete your access points and try again.", in.Bucket)
		}
		for key, u := range uploads.Scan(tx, kv.Prefix(uploads.Prefix(b.scope(), b.id()))) {
			b.dropUpload(tx, key, u)
		}
		if b.isDirectory() {
			for key := range renames.Scan(tx, kv.Prefix(renames.Prefix(b.scope(), b.id()))) {
				renames.Delete(tx, key)
			}
		}
		settings.DeleteAll(tx, settings.Prefix(b.scope(), b.id()))
		buckets.Delete(tx, bucketKey(aws.Region(b.Region), b.Name))
		return nil
	})
	return &api.DeleteBucketOutput{}, err
}

// HeadBucket tells that a bucket exists, and where.
func (s *Service) HeadBucket(ctx context.Context, in *api.HeadBucketInput) (*api.HeadBucketOutput, error) {
	out := new(api.HeadBucketOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		out.BucketRegion, out.BucketArn, out.AccessPointAlias = &b.Region, new(b.arn()), new(isAlias(in.Bucket))
		if b.isDirectory() {
			out.BucketLocationName, out.BucketLocationType = new(zoneOf(b.Name)), locationType(zoneOf(b.Name))
		}
		return nil
	})
	return out, err
}

// GetBucketLocation tells a bucket's region, wherever the caller asks.
func (s *Service) GetBucketLocation(ctx context.Context, in *api.GetBucketLocationInput) (*api.GetBucketLocationOutput, error) {
	out := new(api.GetBucketLocationOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		b, err := reach(tx, aws.CallFrom(ctx).Region, in.Bucket)
		if err != nil {
			return err
		}
		out.LocationConstraint = b.constraint()
		return nil
	})
	return out, err
}

// ListBuckets lists the caller's buckets, in all regions.
func (s *Service) ListBuckets(ctx context.Context, in *api.ListBucketsInput) (*api.ListBucketsOutput, error) {
	call := aws.CallFrom(ctx)
	limit := maxBuckets
	if in.MaxBuckets != nil {
		if limit = int(*in.MaxBuckets); limit < 1 || limit > maxBuckets {
			return nil, errArgument("max-buckets", "", "Argument max-buckets must be an integer between 1 and 10000")
		}
	}
	from, err := base64.RawURLEncoding.DecodeString(deref(in.ContinuationToken))
	if err != nil {
		return nil, errArgument("continuation-token", *in.ContinuationToken, "The continuation token provided is incorrect")
	}
	out := &api.ListBucketsOutput{Buckets: []api.Bucket{}, Owner: owner(string(call.Account)), Prefix: in.Prefix}
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		of := kv.Prefix(buckets.IndexPrefix(&byAccount, worldOf(call.Region), kv.String(call.Account)))
		for key, b := range buckets.ScanBy(tx, of) {
			rd := buckets.Parts(key)
			b.Name = rd.String()
			if isDirectory(b.Name) || b.Name <= string(from) || !strings.HasPrefix(b.Name, deref(in.Prefix)) || in.BucketRegion != nil && *in.BucketRegion != b.Region {
				continue
			}
			if len(out.Buckets) == limit {
				out.ContinuationToken = new(base64.RawURLEncoding.EncodeToString([]byte(*out.Buckets[limit-1].Name)))
				break
			}
			shown := api.Bucket{Name: &b.Name, CreationDate: &b.Created, BucketArn: new(b.arn())}
			if in.BucketRegion != nil || in.MaxBuckets != nil || in.Prefix != nil {
				shown.BucketRegion = &b.Region
			}
			out.Buckets = append(out.Buckets, shown)
		}
		return nil
	})
	return out, err
}
