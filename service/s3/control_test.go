package s3_test

import (
	"strings"
	"testing"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/iam"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/aws/aws-sdk-go-v2/service/s3control"
	controltypes "github.com/aws/aws-sdk-go-v2/service/s3control/types"
)

const account = "000000000000"

// panel is a shelf with S3 Control beside it.
type panel struct {
	*shelf
	control *s3control.Client
}

func openPanel(t *testing.T) *panel {
	t.Helper()
	s := open(t)
	return &panel{s, s3control.NewFromConfig(s.cloud.Config())}
}

func (p *panel) block(c *controltypes.PublicAccessBlockConfiguration) error {
	_, err := p.control.PutPublicAccessBlock(p.Context(), &s3control.PutPublicAccessBlockInput{AccountId: new(account), PublicAccessBlockConfiguration: c})
	return err
}

// point makes an access point to the shelf and returns its ARN and alias.
func (p *panel) point(name string, options ...func(*s3control.CreateAccessPointInput)) (arn, alias string) {
	p.Helper()
	in := &s3control.CreateAccessPointInput{AccountId: new(account), Name: &name, Bucket: &p.bucket}
	for _, o := range options {
		o(in)
	}
	out, err := p.control.CreateAccessPoint(p.Context(), in)
	if err != nil {
		p.Fatal(err)
	}
	return *out.AccessPointArn, *out.Alias
}

func (p *panel) pointPolicy(name, statements string) error {
	_, err := p.control.PutAccessPointPolicy(p.Context(), &s3control.PutAccessPointPolicyInput{AccountId: new(account), Name: &name, Policy: new(`{"Version":"2012-10-17","Statement":[` + statements + `]}`)})
	return err
}

// through reads an object of another bucket's name, with a client that puts
// buckets into hosts, as the SDK does with ARNs.
func (p *panel) through(cfg awssdk.Config, bucket, key string) string {
	p.Helper()
	other := *p.shelf
	other.Client, other.bucket = s3.NewFromConfig(cfg), bucket
	return other.get(key)
}

func TestAnAccountsBlockOverrulesItsBuckets(t *testing.T) {
	p := openPanel(t)
	_, err := p.control.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: new(account)})
	p.want("NoSuchPublicAccessBlockConfiguration", err)
	p.want("InvalidRequest", p.block(&controltypes.PublicAccessBlockConfiguration{}))
	_, err = p.control.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: new("111111111111")})
	p.want("AccessDenied", err)

	p.unblock()
	p.put("k", "hello")
	url := p.cloud.Endpoint + "/shelf/k"
	p.want("", p.policy(publicRead))
	p.http("GET", url, "", 200)
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{RestrictPublicBuckets: new(true)}))
	p.http("GET", url, "", 403)
	if got := p.get("k"); got != "hello" {
		t.Error("the owner:", got)
	}
	got, err := p.control.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: new(account)})
	if err != nil || !*got.PublicAccessBlockConfiguration.RestrictPublicBuckets || *got.PublicAccessBlockConfiguration.BlockPublicPolicy {
		t.Error(got, err)
	}
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{BlockPublicPolicy: new(true)}))
	p.http("GET", url, "", 200)
	p.want("AccessDenied", p.policy(publicRead))
	_, err = p.control.DeletePublicAccessBlock(t.Context(), &s3control.DeletePublicAccessBlockInput{AccountId: new(account)})
	p.want("", err)
	p.want("", p.policy(publicRead))
}

func TestAnAccountsBlockOverrulesACLs(t *testing.T) {
	p := openPanel(t)
	p.unblock()
	if _, err := p.PutBucketOwnershipControls(t.Context(), &s3.PutBucketOwnershipControlsInput{Bucket: &p.bucket, OwnershipControls: &types.OwnershipControls{Rules: []types.OwnershipControlsRule{{ObjectOwnership: "ObjectWriter"}}}}); err != nil {
		t.Fatal(err)
	}
	p.put("k", "open", func(in *s3.PutObjectInput) { in.ACL = "public-read" })
	p.http("GET", p.cloud.Endpoint+"/shelf/k", "", 200)
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{IgnorePublicAcls: new(true)}))
	p.http("GET", p.cloud.Endpoint+"/shelf/k", "", 403)
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{BlockPublicAcls: new(true)}))
	p.http("GET", p.cloud.Endpoint+"/shelf/k", "", 200)
	_, err := p.PutObject(t.Context(), &s3.PutObjectInput{Bucket: &p.bucket, Key: new("k"), ACL: "public-read", Body: strings.NewReader("x")})
	p.want("AccessDenied", err)
	_, err = p.PutObjectAcl(t.Context(), &s3.PutObjectAclInput{Bucket: &p.bucket, Key: new("k"), ACL: "public-read"})
	p.want("AccessDenied", err)
	_, err = p.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("open"), ACL: "public-read", ObjectOwnership: "ObjectWriter"})
	p.want("AccessDenied", err)
}

func TestAccessPointsComeAndGo(t *testing.T) {
	p := openPanel(t)
	for name, wanted := range map[string]string{
		"good-1": "", "ab": "InvalidURI", "Upper": "InvalidURI", "dot.ted": "InvalidURI", "-ab": "InvalidURI", "ab-": "InvalidURI", "a_b": "InvalidURI", "xn--abc": "InvalidURI",
		"ends-s3alias": "InvalidURI", strings.Repeat("a", 50): "", strings.Repeat("a", 51): "InvalidURI",
	} {
		_, err := p.control.CreateAccessPoint(t.Context(), &s3control.CreateAccessPointInput{AccountId: new(account), Name: &name, Bucket: &p.bucket})
		p.want(wanted, err)
	}
	_, err := p.control.CreateAccessPoint(t.Context(), &s3control.CreateAccessPointInput{AccountId: new(account), Name: new("good-1"), Bucket: &p.bucket})
	p.want("AccessPointAlreadyOwnedByYou", err)
	_, err = p.control.CreateAccessPoint(t.Context(), &s3control.CreateAccessPointInput{AccountId: new(account), Name: new("other"), Bucket: new("nothing")})
	p.want("InvalidRequest", err)

	got, err := p.control.GetAccessPoint(t.Context(), &s3control.GetAccessPointInput{AccountId: new(account), Name: new("good-1")})
	if err != nil || *got.Bucket != "shelf" || got.NetworkOrigin != "Internet" || !*got.PublicAccessBlockConfiguration.BlockPublicAcls ||
		*got.AccessPointArn != "arn:aws:s3:us-east-1:000000000000:accesspoint/good-1" || !strings.HasPrefix(*got.Alias, "good-1-") || len(*got.Alias) != 49 ||
		got.Endpoints["ipv4"] != "s3-accesspoint.us-east-1.amazonaws.com" {
		t.Error(got, err)
	}
	p.create("second")
	p.point("middle", func(in *s3control.CreateAccessPointInput) { in.Bucket = new("second") })
	var names []string
	for pages := s3control.NewListAccessPointsPaginator(p.control, &s3control.ListAccessPointsInput{AccountId: new(account), MaxResults: 1}); pages.HasMorePages(); {
		page, err := pages.NextPage(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range page.AccessPointList {
			names = append(names, *a.Name)
		}
	}
	if len(names) != 3 || names[1] != "good-1" || names[2] != "middle" {
		t.Error(names)
	}
	list, err := p.control.ListAccessPoints(t.Context(), &s3control.ListAccessPointsInput{AccountId: new(account), Bucket: new("second")})
	if err != nil || len(list.AccessPointList) != 1 || *list.AccessPointList[0].Bucket != "second" {
		t.Error(list, err)
	}
	_, err = p.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: new("second")})
	p.want("BucketHasAccessPointsAttached", err)
	drop := &s3control.DeleteAccessPointInput{AccountId: new(account), Name: new("middle")}
	_, err = p.control.DeleteAccessPoint(t.Context(), drop)
	p.want("", err)
	_, err = p.control.DeleteAccessPoint(t.Context(), drop)
	p.want("NoSuchAccessPoint", err)
	_, err = p.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: new("second")})
	p.want("", err)
	_, err = p.control.ListJobs(t.Context(), &s3control.ListJobsInput{AccountId: new(account)})
	p.want("NotImplemented", err)
}

func TestObjectsAreReachedThroughAccessPoints(t *testing.T) {
	p := openPanel(t)
	arn, alias := p.point("desk")
	p.put("dir/a b", "hello")
	for _, bucket := range []string{arn, alias} {
		if got := p.through(p.cloud.Config(), bucket, "dir/a b"); got != "hello" {
			t.Error(bucket, got)
		}
	}
	byARN := *p.shelf
	byARN.Client, byARN.bucket = s3.NewFromConfig(p.cloud.Config()), arn
	byARN.put("new", "x")
	if got := byARN.keys(); got != "dir/a b new" {
		t.Error(got)
	}
	if _, err := p.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: new("copy"), CopySource: new(arn + "/object/new")}); err != nil {
		t.Error(err)
	}
	gone, err := byARN.DeleteObjects(t.Context(), &s3.DeleteObjectsInput{Bucket: &arn, Delete: &types.Delete{Objects: []types.ObjectIdentifier{{Key: new("new")}, {Key: new("copy")}}}})
	if err != nil || len(gone.Deleted) != 2 || p.keys() != "dir/a b" {
		t.Error(gone, err, p.keys())
	}
	where, err := byARN.GetBucketLocation(t.Context(), &s3.GetBucketLocationInput{Bucket: &arn})
	if err != nil || where.LocationConstraint != "" {
		t.Error(where, err)
	}
	_, err = byARN.PutBucketVersioning(t.Context(), &s3.PutBucketVersioningInput{Bucket: &arn, VersioningConfiguration: &types.VersioningConfiguration{Status: "Enabled"}})
	p.want("MethodNotAllowed", err)
	_, err = byARN.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &alias})
	p.want("MethodNotAllowed", err)
	if got := p.through(p.cloud.Config(), "arn:aws:s3:us-east-1:000000000000:accesspoint/nothing", "k"); got != "<NoSuchBucket>" && got != "<NoSuchAccessPoint>" {
		t.Error(got)
	}
	arn, _ = p.point("inner", func(in *s3control.CreateAccessPointInput) {
		in.VpcConfiguration = &controltypes.VpcConfiguration{VpcId: new("vpc-1")}
	})
	if got := p.through(p.cloud.Config(), arn, "dir/a b"); got != "<AccessDenied>" {
		t.Error("from outside its VPC:", got)
	}
}

const (
	openPoint = `{"Effect":"Allow","Principal":"*","Action":"s3:GetObject","Resource":"arn:aws:s3:us-east-1:000000000000:accesspoint/desk/object/*"}`
	delegate  = `{"Effect":"Allow","Principal":"*","Action":"s3:*","Resource":["arn:aws:s3:::shelf","arn:aws:s3:::shelf/*"],"Condition":{"StringEquals":{"s3:DataAccessPointAccount":"000000000000","s3:AccessPointNetworkOrigin":"Internet"}}}`
)

func TestAccessPointAndBucketMustBothAllow(t *testing.T) {
	p := openPanel(t)
	p.unblock()
	arn, alias := p.point("desk", func(in *s3control.CreateAccessPointInput) {
		in.PublicAccessBlockConfiguration = &controltypes.PublicAccessBlockConfiguration{}
	})
	p.put("k", "hello")
	hosts := []string{
		"http://desk-000000000000.s3-accesspoint.us-east-1.amazonaws.com/k", "http://desk-000000000000.s3-accesspoint.dualstack.us-east-1.amazonaws.com/k",
		"http://desk-000000000000.s3-accesspoint.localhost:4566/k", "http://desk-000000000000.s3.localhost:4566/k", "http://desk-000000000000.localhost:4566/k",
		p.cloud.Endpoint + "/arn%3Aaws%3As3%3Aus-east-1%3A000000000000%3Aaccesspoint%2Fdesk/k", p.cloud.Endpoint + "/" + alias + "/k", "http://" + alias + ".s3.localhost/k",
	}
	ask := func(status int) {
		t.Helper()
		for _, host := range hosts {
			p.http("GET", host, "", status)
		}
	}
	ask(403)
	p.want("", p.pointPolicy("desk", openPoint))
	ask(403) // the bucket says nothing
	p.want("", p.policy(delegate))
	ask(200)
	p.http("GET", p.cloud.Endpoint+"/shelf/k", "", 403) // the bucket itself lets nobody in
	status, err := p.control.GetAccessPointPolicyStatus(t.Context(), &s3control.GetAccessPointPolicyStatusInput{AccountId: new(account), Name: new("desk")})
	if err != nil || !status.PolicyStatus.IsPublic {
		t.Error(status, err)
	}
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{RestrictPublicBuckets: new(true)}))
	ask(403)
	if got := p.through(p.cloud.Config(), arn, "k"); got != "hello" {
		t.Error("the owner:", got)
	}
	_, err = p.control.DeleteAccessPointPolicy(t.Context(), &s3control.DeleteAccessPointPolicyInput{AccountId: new(account), Name: new("desk")})
	p.want("", err)
	_, err = p.control.GetAccessPointPolicy(t.Context(), &s3control.GetAccessPointPolicyInput{AccountId: new(account), Name: new("desk")})
	p.want("NoSuchAccessPointPolicy", err)
	_, err = p.control.DeletePublicAccessBlock(t.Context(), &s3control.DeletePublicAccessBlockInput{AccountId: new(account)})
	p.want("", err)
	ask(403) // the access point says nothing
}

func TestAccessPointPoliciesAreChecked(t *testing.T) {
	p := openPanel(t)
	p.point("desk")
	p.want("AccessDenied", p.pointPolicy("desk", openPoint)) // public policies are blocked
	p.want("MalformedPolicy", p.pointPolicy("desk", publicRead))
	p.want("NoSuchAccessPoint", p.pointPolicy("other", openPoint))
	private := strings.Replace(openPoint, `"Principal":"*"`, `"Principal":{"AWS":"arn:aws:iam::111111111111:root"}`, 1)
	p.want("", p.pointPolicy("desk", private))
	got, err := p.control.GetAccessPointPolicy(t.Context(), &s3control.GetAccessPointPolicyInput{AccountId: new(account), Name: new("desk")})
	if err != nil || !strings.Contains(*got.Policy, "111111111111") {
		t.Error(got, err)
	}
	p.put("k", "hello")
	other := p.cloud.As("111111111111", "x", "")
	arn := "arn:aws:s3:us-east-1:000000000000:accesspoint/desk"
	if got := p.through(other, arn, "k"); got != "<AccessDenied>" {
		t.Error("before the bucket delegates:", got)
	}
	p.want("", p.policy(delegate))
	if got := p.through(other, arn, "k"); got != "hello" {
		t.Error("another account:", got)
	}
}

func TestUsersMayBeHeldToAnAccessPoint(t *testing.T) {
	p := openPanel(t)
	arn, _ := p.point("desk")
	p.put("mine/a", "x")
	users := iam.NewFromConfig(p.cloud.Config())
	if _, err := users.CreateUser(t.Context(), &iam.CreateUserInput{UserName: new("ann")}); err != nil {
		t.Fatal(err)
	}
	key, err := users.CreateAccessKey(t.Context(), &iam.CreateAccessKeyInput{UserName: new("ann")})
	if err != nil {
		t.Fatal(err)
	}
	ann := p.cloud.As(*key.AccessKey.AccessKeyId, *key.AccessKey.SecretAccessKey, "")
	p.want("", p.policy(delegate))
	if got := p.through(ann, arn, "mine/a"); got != "<AccessDenied>" {
		t.Error(got)
	}
	if _, err := users.PutUserPolicy(t.Context(), &iam.PutUserPolicyInput{UserName: new("ann"), PolicyName: new("p"), PolicyDocument: new(`{"Version":"2012-10-17","Statement":[
		{"Effect":"Allow","Action":"s3:GetObject","Resource":"` + arn + `/object/mine/*","Condition":{"StringLike":{"s3:DataAccessPointArn":"arn:aws:s3:*:*:accesspoint/desk"}}}]}`)}); err != nil {
		t.Fatal(err)
	}
	if got := p.through(ann, arn, "mine/a"); got != "x" {
		t.Error(got)
	}
	if got := p.through(ann, "shelf", "mine/a"); got != "<AccessDenied>" {
		t.Error("past the access point:", got)
	}
	p.want("", p.pointPolicy("desk", `{"Effect":"Deny","Principal":"*","Action":"s3:*","Resource":"`+arn+`/object/*"}`))
	for who, cfg := range map[string]awssdk.Config{"user": ann, "root": p.cloud.Config()} {
		if got := p.through(cfg, arn, "mine/a"); got != "<AccessDenied>" {
			t.Error(who, got)
		}
	}
}

func TestResourcesHaveTags(t *testing.T) {
	p := openPanel(t)
	point, _ := p.point("desk", func(in *s3control.CreateAccessPointInput) {
		in.Tags = []controltypes.Tag{{Key: new("a"), Value: new("1")}}
	})
	tags := func(arn string) string {
		out, err := p.control.ListTagsForResource(t.Context(), &s3control.ListTagsForResourceInput{AccountId: new(account), ResourceArn: &arn})
		if err != nil {
			return "<" + code(err) + ">"
		}
		var all []string
		for _, tag := range out.Tags {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		return strings.Join(all, " ")
	}
	for arn, before := range map[string]string{point: "a=1 ", "arn:aws:s3:::shelf": ""} {
		_, err := p.control.TagResource(t.Context(), &s3control.TagResourceInput{AccountId: new(account), ResourceArn: &arn, Tags: []controltypes.Tag{{Key: new("b"), Value: new("2")}}})
		if got := tags(arn); err != nil || got != before+"b=2" {
			t.Error(arn, got, err)
		}
		_, err = p.control.UntagResource(t.Context(), &s3control.UntagResourceInput{AccountId: new(account), ResourceArn: &arn, TagKeys: []string{"a", "b"}})
		if got := tags(arn); err != nil || got != "" {
			t.Error(arn, got, err)
		}
	}
	_, err := p.GetBucketTagging(t.Context(), &s3.GetBucketTaggingInput{Bucket: &p.bucket})
	p.want("NoSuchTagSet", err)
	if got := tags("arn:aws:s3:::nothing") + tags("arn:aws:s3:us-east-1:000000000000:accesspoint/nothing"); got != "<NoSuchResource><NoSuchResource>" {
		t.Error(got)
	}
}

func TestControlHosts(t *testing.T) {
	p := openPanel(t)
	p.want("", p.block(&controltypes.PublicAccessBlockConfiguration{BlockPublicAcls: new(true)}))
	for _, host := range []string{"s3-control.us-east-1.amazonaws.com", "s3-control.dualstack.us-east-1.amazonaws.com", "s3-control.localhost:4566", "localhost:4566"} {
		there := s3control.NewFromConfig(p.cloud.Config(), func(o *s3control.Options) { o.BaseEndpoint = new("http://" + host) })
		got, err := there.GetPublicAccessBlock(t.Context(), &s3control.GetPublicAccessBlockInput{AccountId: new(account)})
		if err != nil || !*got.PublicAccessBlockConfiguration.BlockPublicAcls {
			t.Error(host, got, err)
		}
	}
	anonymous := "http://" + account + ".s3-control.us-east-1.amazonaws.com/v20180820/configuration/publicAccessBlock"
	if got := p.http("GET", anonymous, "", 400); !strings.Contains(got, "x-amz-account-id") {
		t.Error(got)
	}
	virtual := *p.shelf
	virtual.Client = s3.NewFromConfig(p.cloud.Config())
	virtual.put("v20180820/configuration/publicAccessBlock", "a key like any other")
	if got := virtual.get("v20180820/configuration/publicAccessBlock"); got != "a key like any other" {
		t.Error(got)
	}
}

func TestAccessPointsToBucketsOfOtherAccounts(t *testing.T) {
	p := openPanel(t)
	p.put("k", "hello")
	const theirs = "111111111111"
	cfg := p.cloud.As(theirs, "x", "")
	control := s3control.NewFromConfig(cfg)
	in := &s3control.CreateAccessPointInput{AccountId: new(theirs), Name: new("desk"), Bucket: &p.bucket}
	_, err := control.CreateAccessPoint(t.Context(), in)
	p.want("AccessDenied", err)
	in.BucketAccountId = new(account)
	made, err := control.CreateAccessPoint(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	if got := p.through(cfg, *made.AccessPointArn, "k"); got != "<AccessDenied>" {
		t.Error("without the bucket's leave:", got)
	}
	p.want("", p.policy(strings.Replace(delegate, account, theirs, 1)))
	if got := p.through(cfg, *made.AccessPointArn, "k"); got != "hello" {
		t.Error(got)
	}
	if got := p.through(p.cloud.Config(), *made.AccessPointArn, "k"); got != "<AccessDenied>" {
		t.Error("the bucket's owner, whom their access point does not know:", got)
	}
	_, err = p.DeleteBucket(t.Context(), &s3.DeleteBucketInput{Bucket: &p.bucket})
	p.want("BucketNotEmpty", err)
}

func TestAccessPointsBelongToARegion(t *testing.T) {
	p := openPanel(t)
	p.point("desk")
	p.put("k", "east")
	cfg := p.cloud.Config("eu-west-1")
	west, control := client(cfg), s3control.NewFromConfig(cfg)
	if _, err := west.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: new("far"), CreateBucketConfiguration: &types.CreateBucketConfiguration{LocationConstraint: "eu-west-1"}}); err != nil {
		t.Fatal(err)
	}
	if _, err := west.PutObject(t.Context(), &s3.PutObjectInput{Bucket: new("far"), Key: new("k"), Body: strings.NewReader("west")}); err != nil {
		t.Fatal(err)
	}
	in := &s3control.CreateAccessPointInput{AccountId: new(account), Name: new("desk"), Bucket: new("far")}
	_, err := p.control.CreateAccessPoint(t.Context(), in)
	p.want("AccessPointAlreadyOwnedByYou", err)
	in.Name = new("other")
	_, err = p.control.CreateAccessPoint(t.Context(), in)
	p.want("InvalidRequest", err) // its bucket is elsewhere
	in.Name = new("desk")
	made, err := control.CreateAccessPoint(t.Context(), in)
	if err != nil {
		t.Fatal(err)
	}
	for _, bucket := range []string{*made.AccessPointArn, *made.Alias} {
		if got := p.through(cfg, bucket, "k"); got != "west" {
			t.Error(bucket, got)
		}
	}
	if got := p.through(p.cloud.Config(), "arn:aws:s3:us-east-1:000000000000:accesspoint/desk", "k"); got != "east" {
		t.Error(got)
	}
	if got := p.through(p.cloud.Config(), *made.Alias, "k"); got != "<PermanentRedirect>" {
		t.Error(got)
	}
}

func TestCopiesThroughAccessPoints(t *testing.T) {
	p := openPanel(t)
	arn, alias := p.point("desk")
	p.put("k", "x")
	copied := func(source, key string) error {
		_, err := p.CopyObject(t.Context(), &s3.CopyObjectInput{Bucket: &p.bucket, Key: &key, CopySource: &source})
		return err
	}
	p.want("", copied(arn+"/object/k", "a"))
	p.want("", copied(alias+"/k", "b"))
	p.want("InvalidRequest", copied(alias+"/k", "k")) // which is the object itself
	p.want("InvalidArgument", copied(arn+"/k", "c"))
	p.want("NoSuchAccessPoint", copied("arn:aws:s3:us-east-1:000000000000:accesspoint/other/object/k", "c"))
	p.want("", p.pointPolicy("desk", `{"Effect":"Deny","Principal":"*","Action":"s3:GetObject","Resource":"`+arn+`/object/*"}`))
	p.want("AccessDenied", copied(arn+"/object/k", "d"))
	p.want("", copied("shelf/k", "d"))
	if got := p.keys(); got != "a b d k" {
		t.Error(got)
	}
}

func TestUploadsInPartsThroughAnAccessPoint(t *testing.T) {
	p := openPanel(t)
	arn, alias := p.point("desk")
	c := s3.NewFromConfig(p.cloud.Config())
	up, err := c.CreateMultipartUpload(t.Context(), &s3.CreateMultipartUploadInput{Bucket: &arn, Key: new("big")})
	if err != nil || *up.Bucket != "shelf" {
		t.Fatal(up, err)
	}
	list, err := c.ListParts(t.Context(), &s3.ListPartsInput{Bucket: &alias, Key: new("big"), UploadId: up.UploadId})
	if err != nil || *list.Bucket != "shelf" {
		t.Error(list, err)
	}
	part, err := c.UploadPart(t.Context(), &s3.UploadPartInput{Bucket: &alias, Key: new("big"), UploadId: up.UploadId, PartNumber: new(int32(1)), Body: strings.NewReader("whole")})
	if err != nil {
		t.Fatal(err)
	}
	done, err := c.CompleteMultipartUpload(t.Context(), &s3.CompleteMultipartUploadInput{Bucket: &arn, Key: new("big"), UploadId: up.UploadId, MultipartUpload: &types.CompletedMultipartUpload{Parts: []types.CompletedPart{{PartNumber: new(int32(1)), ETag: part.ETag}}}})
	if err != nil || *done.Bucket != "shelf" || p.get("big") != "whole" {
		t.Error(done, err, p.get("big"))
	}
	signed, err := s3.NewPresignClient(c).PresignGetObject(t.Context(), &s3.GetObjectInput{Bucket: &arn, Key: new("big")})
	if err != nil {
		t.Fatal(err)
	}
	if got := p.http("GET", signed.URL, "", 200); got != "whole" {
		t.Error(got)
	}
}
