package s3

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/api/s3control"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// validPoint holds an access point's name against the rules.
// AWS: "Access points naming rules, restrictions, and limitations".
func validPoint(name string) bool {
	if len(name) < minName || len(name) > maxPointName || !isAlphanumeric(name[0]) || !isAlphanumeric(name[len(name)-1]) {
		return false
	}
	for i := range len(name) {
		if c := name[i]; !isAlphanumeric(c) && c != '-' {
			return false
		}
	}
	return !strings.HasPrefix(name, "xn--") && !isAlias(name) && !strings.HasSuffix(name, "--xa-s3") && !strings.HasSuffix(name, "--ol-s3")
}

// CreateAccessPoint makes a way to a bucket of the same region.
func (c *Control) CreateAccessPoint(ctx context.Context, in *s3control.CreateAccessPointInput) (*s3control.CreateAccessPointOutput, error) {
	if !validPoint(in.Name) {
		return nil, errURI(in.Name)
	}
	if in.Scope != nil {
		return nil, errRequest("Scope is not supported for access points of general purpose buckets")
	}
	tags, err := tagMap(tagsIn(in.Tags), maxBucketTags)
	if err != nil {
		return nil, err
	}
	p := &accessPoint{Name: in.Name, Account: aws.Account(in.AccountId), Region: aws.CallFrom(ctx).Region, Bucket: in.Bucket, Tags: tags}
	// AWS: "Managing public access to access points": all is blocked unless the
	// request says otherwise.
	p.Block = block{Set: true, ACLs: true, Ignore: true, Policy: true, Restrict: true}
	if in.PublicAccessBlockConfiguration != nil {
		p.Block = blockOf(in.PublicAccessBlockConfiguration)
	}
	if in.VpcConfiguration != nil {
		p.VPC = in.VpcConfiguration.VpcId
	}
	p.Alias = c.alias(in.Name)
	err = kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		if points.Has(tx, p.key()) {
			return aws.Errorf(http.StatusConflict, "AccessPointAlreadyOwnedByYou", "Your previous request to create the named accesspoint succeeded and you already own it.")
		}
		if err := p.lead(tx, in); err != nil {
			return err
		}
		p.Created = tx.Now()
		points.Put(tx, p.key(), p)
		aliases.Put(tx, aliasKey(p.Region, p.Alias), &signpost{string(p.Account), string(p.Region), p.Name})
		return nil
	})
	return &s3control.CreateAccessPointOutput{AccessPointArn: new(p.arn()), Alias: &p.Alias}, err
}

// lead makes p lead to the bucket that a request names.
func (p *accessPoint) lead(tx kv.Tx, in *s3control.CreateAccessPointInput) error {
	b, ok := buckets.Get(tx, bucketKey(p.Region, in.Bucket))
	if !ok || b.Region != string(p.Region) {
		return errRequest("Amazon S3 AccessPoint can only be created for existing bucket")
	}
	owner := in.AccountId
	if in.BucketAccountId != nil {
		owner = *in.BucketAccountId
	}
	if owner != b.Account {
		return errDenied()
	}
	p.ID, p.Owner = b.ID, b.Account
	return nil
}

// alias makes an alias: as much of the name as fits, and what makes it unique.
func (c *Control) alias(name string) string {
	name = strings.TrimRight(name[:min(len(name), maxName-len(aliasSuffix)-aliasDigits-1)], "-")
	return name + "-" + aws.Text(c.Random, "abcdefghijklmnopqrstuvwxyz0123456789", aliasDigits) + aliasSuffix
}

const aliasDigits = 34

// point is the access point of a name, in the region that is asked.
func pointFor(ctx context.Context, account, name string) *accessPoint {
	return &accessPoint{Name: name, Account: aws.Account(account), Region: aws.CallFrom(ctx).Region}
}

// GetAccessPoint describes an access point.
func (c *Control) GetAccessPoint(ctx context.Context, in *s3control.GetAccessPointInput) (*s3control.GetAccessPointOutput, error) {
	out := new(s3control.GetAccessPointOutput)
	err := kv.View(ctx, c.Store, func(tx kv.Tx) error {
		p, err := pointFor(ctx, in.AccountId, in.Name).get(tx)
		if err != nil {
			return err
		}
		*out = s3control.GetAccessPointOutput{
			Name: &p.Name, Bucket: &p.Bucket, BucketAccountId: &p.Owner, NetworkOrigin: s3control.NetworkOrigin(p.origin()), VpcConfiguration: p.shownVPC(),
			PublicAccessBlockConfiguration: p.Block.shown(), CreationDate: &p.Created, Alias: &p.Alias, AccessPointArn: new(p.arn()), Endpoints: p.endpoints(),
		}
		return nil
	})
	return out, err
}

func (p *accessPoint) shownVPC() *s3control.VpcConfiguration {
	if p.VPC == "" {
		return nil
	}
	return &s3control.VpcConfiguration{VpcId: p.VPC}
}

func (p *accessPoint) endpoints() map[string]string {
	behind := "." + string(p.Region) + "." + p.Region.DNSSuffix()
	return map[string]string{
		"ipv4": pointLabel + behind, "dualstack": pointLabel + ".dualstack" + behind,
		"fips": pointLabel + "-fips" + behind, "fips_dualstack": pointLabel + "-fips.dualstack" + behind,
	}
}

// ListAccessPoints lists the account's access points in the region, or those of
// a bucket.
func (c *Control) ListAccessPoints(ctx context.Context, in *s3control.ListAccessPointsInput) (*s3control.ListAccessPointsOutput, error) {
	limit := maxList
	if in.MaxResults != nil && *in.MaxResults > 0 {
		limit = min(limit, int(*in.MaxResults))
	}
	from, err := base64.RawURLEncoding.DecodeString(deref(in.NextToken))
	if err != nil {
		return nil, errRequest("The continuation token is not valid")
	}
	region := aws.CallFrom(ctx).Region
	out := &s3control.ListAccessPointsOutput{AccessPointList: []s3control.AccessPoint{}}
	err = kv.View(ctx, c.Store, func(tx kv.Tx) error {
		sc := pointScope(aws.Account(in.AccountId), region)
		all := points.Scan(tx, kv.Prefix(points.Prefix(sc)))
		if in.Bucket != nil {
			all = points.ScanBy(tx, kv.Prefix(points.IndexPrefix(&byBucket, sc, kv.String(*in.Bucket))))
		}
		for key, p := range all {
			rd := points.Parts(key)
			if p.Name, p.Account, p.Region = rd.String(), sc.Account, sc.Region; p.Name <= string(from) {
				continue
			}
			if n := len(out.AccessPointList); n == limit {
				out.NextToken = new(base64.RawURLEncoding.EncodeToString([]byte(out.AccessPointList[n-1].Name)))
				break
			}
			out.AccessPointList = append(out.AccessPointList, s3control.AccessPoint{
				Name: p.Name, Bucket: p.Bucket, BucketAccountId: &p.Owner, NetworkOrigin: s3control.NetworkOrigin(p.origin()), VpcConfiguration: p.shownVPC(),
				AccessPointArn: new(p.arn()), Alias: &p.Alias,
			})
		}
		return nil
	})
	return out, err
}

// DeleteAccessPoint takes an access point away; the bucket stays.
func (c *Control) DeleteAccessPoint(ctx context.Context, in *s3control.DeleteAccessPointInput) (*s3control.DeleteAccessPointOutput, error) {
	err := kv.Update(ctx, c.Store, func(tx kv.Tx) error {
		p, err := pointFor(ctx, in.AccountId, in.Name).get(tx)
		if err != nil {
			return err
		}
		aliases.Delete(tx, aliasKey(p.Region, p.Alias))
		points.Delete(tx, p.key())
		return nil
	})
	return &s3control.DeleteAccessPointOutput{}, err
}

// tagsIn are S3 Control's tags as S3's.
func tagsIn(list []s3control.Tag) []api.Tag {
	all := make([]api.Tag, 0, len(list))
	for _, t := range list {
		all = append(all, api.Tag{Key: t.Key, Value: t.Value})
	}
	return all
}
