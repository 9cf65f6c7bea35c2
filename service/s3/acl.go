package s3

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Who owns the objects that others write.
// AWS: "Controlling ownership of objects and disabling ACLs for your bucket".
const (
	ownerEnforced  = "BucketOwnerEnforced" // the bucket's owner, and there are no ACLs
	ownerPreferred = "BucketOwnerPreferred"
	ownerWriter    = "ObjectWriter"
)

// Groups that ACLs can name.
// AWS: "Access control list (ACL) overview".
const (
	groupAll           = "http://acs.amazonaws.com/groups/global/AllUsers"
	groupAuthenticated = "http://acs.amazonaws.com/groups/global/AuthenticatedUsers"
	groupLogs          = "http://acs.amazonaws.com/groups/s3/LogDelivery"
)

const (
	kindUser   = "CanonicalUser"
	kindGroup  = "Group"
	fullGrant  = "FULL_CONTROL"
	ownerFull  = "bucket-owner-full-control"
	emailGrant = "AmazonCustomerByEmail"
)

// canonical is the id that S3 knows an account by.
func canonical(account string) string {
	h := sha256.Sum256([]byte("s3 canonical user " + account))
	return hex.EncodeToString(h[:])
}

func owner(account string) *api.Owner { return &api.Owner{ID: new(canonical(account))} }

// ownerOf is who owns an object.
func (b *bucket) ownerOf(o *object) *api.Owner { return owner(b.accountOf(o)) }

func (b *bucket) accountOf(o *object) string {
	if o.Owner != "" && b.Ownership != ownerEnforced {
		return o.Owner
	}
	return b.Account
}

// grantHeaders are the headers of a request that make an ACL.
type grantHeaders struct {
	canned                               string
	full, read, write, readACP, writeACP *string
}

func (h *grantHeaders) given() bool {
	return h.canned != "" || h.full != nil || h.read != nil || h.write != nil || h.readACP != nil || h.writeACP != nil
}

// grants is the ACL that headers make, without what the owner has anyway.
func (b *bucket) grants(h grantHeaders, owner string) (all []grant, err error) {
	if !h.given() {
		return nil, nil
	}
	switch h.canned {
	case "", "private":
	case "public-read":
		all = []grant{{kindGroup, groupAll, "READ"}}
	case "public-read-write":
		all = []grant{{kindGroup, groupAll, "READ"}, {kindGroup, groupAll, "WRITE"}}
	case "authenticated-read":
		all = []grant{{kindGroup, groupAuthenticated, "READ"}}
	case "log-delivery-write":
		all = []grant{{kindGroup, groupLogs, "WRITE"}, {kindGroup, groupLogs, "READ_ACP"}}
	case "bucket-owner-read":
		all = []grant{{kindUser, canonical(b.Account), "READ"}}
	case ownerFull:
		all = []grant{{kindUser, canonical(b.Account), fullGrant}}
	case "aws-exec-read":
	default:
		return nil, errArgument("x-amz-acl", h.canned, "")
	}
	for _, k := range []struct {
		permission string
		header     *string
	}{{fullGrant, h.full}, {"READ", h.read}, {"WRITE", h.write}, {"READ_ACP", h.readACP}, {"WRITE_ACP", h.writeACP}} {
		if k.header == nil {
			continue
		}
		if h.canned != "" {
			return nil, api.ErrInvalidRequest("Specifying both Canned ACLs and Header Grants is not allowed")
		}
		if all, err = appendGrantees(all, *k.header, k.permission); err != nil {
			return nil, err
		}
	}
	own := canonical(owner)
	return slices.DeleteFunc(all, func(g grant) bool { return g.Grantee == own }), nil
}

// appendGrantees reads a header such as id="…", uri="…".
func appendGrantees(all []grant, header, permission string) ([]grant, error) {
	for one := range strings.SplitSeq(header, ",") {
		kind, value, _ := strings.Cut(strings.TrimSpace(one), "=")
		value = strings.Trim(value, `"`)
		g := grant{Grantee: value, Permission: permission}
		switch strings.ToLower(kind) {
		case "id":
			g.Kind = kindUser
		case "uri":
			g.Kind = kindGroup
		default:
			return nil, errArgument(kind, value, "Argument format not recognized")
		}
		if err := g.check(); err != nil {
			return nil, err
		}
		all = append(all, g)
	}
	return all, nil
}

func (g grant) check() error {
	switch {
	case g.Kind == kindUser && len(g.Grantee) == sha256.Size*2:
	case g.Kind == kindUser:
		return errArgument("CanonicalUser/ID", g.Grantee, "Invalid id")
	case g.Grantee != groupAll && g.Grantee != groupAuthenticated && g.Grantee != groupLogs:
		return errArgument("uri", g.Grantee, "Invalid group uri")
	}
	return nil
}

func (g grant) public() bool { return g.Grantee == groupAll || g.Grantee == groupAuthenticated }

func anyPublic(all []grant) bool { return slices.ContainsFunc(all, grant.public) }

// grantsOf reads an ACL document.
func grantsOf(p *api.AccessControlPolicy, owner string) (all []grant, err error) {
	if p.Owner == nil || deref(p.Owner.ID) != canonical(owner) {
		if p.Owner != nil {
			return nil, aws.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
		}
		return nil, aws.Errorf(http.StatusBadRequest, "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema")
	}
	if len(p.Grants) > maxGrants {
		return nil, aws.Errorf(http.StatusBadRequest, "MalformedACLError", "An ACL has at most %d grants", maxGrants)
	}
	for _, g := range p.Grants {
		if g.Grantee == nil || g.Permission == "" {
			return nil, aws.Errorf(http.StatusBadRequest, "MalformedACLError", "The XML you provided was not well-formed or did not validate against our published schema")
		}
		kept := grant{Kind: string(g.Grantee.Type), Grantee: deref(g.Grantee.ID), Permission: string(g.Permission)}
		if kept.Kind == kindGroup {
			kept.Grantee = deref(g.Grantee.URI)
		}
		if kept.Kind == emailGrant {
			return nil, aws.Errorf(http.StatusBadRequest, "UnresolvableGrantByEmailAddress", "The e-mail address you provided does not match any account on record.")
		}
		if err := kept.check(); err != nil {
			return nil, err
		}
		if kept.Grantee != canonical(owner) || kept.Permission != fullGrant {
			all = append(all, kept)
		}
	}
	return all, nil
}

// shownACL is an ACL as the API shows it.
func shownACL(account string, all []grant) []api.Grant {
	out := []api.Grant{{Grantee: &api.Grantee{ID: new(canonical(account)), Type: kindUser}, Permission: fullGrant}}
	for _, g := range all {
		who := &api.Grantee{Type: api.Type(g.Kind), ID: &g.Grantee}
		if g.Kind == kindGroup {
			who.ID, who.URI = nil, &g.Grantee
		}
		out = append(out, api.Grant{Grantee: who, Permission: api.Permission(g.Permission)})
	}
	return out
}

func grantsOfPut(in *api.PutObjectInput) grantHeaders {
	return grantHeaders{string(in.ACL), in.GrantFullControl, in.GrantRead, nil, in.GrantReadACP, in.GrantWriteACP}
}

// own settles who owns a new object, and its ACL.
func (b *bucket) own(ctx context.Context, tx kv.Tx, o *object, in *api.PutObjectInput) error {
	h := grantsOfPut(in)
	if b.Ownership == ownerEnforced {
		if all, err := b.grants(h, b.Account); err != nil || len(all) > 0 {
			return errNoACLs()
		}
		return nil
	}
	writer := string(aws.CallFrom(ctx).Caller.Account)
	if writer != "" && writer != b.Account && (b.Ownership != ownerPreferred || h.canned != ownerFull) {
		o.Owner = writer
	}
	var err error
	if o.ACL, err = b.grants(h, b.accountOf(o)); err != nil {
		return err
	}
	return b.checkPublic(tx, o.ACL)
}

func errNoACLs() error {
	return aws.Errorf(http.StatusBadRequest, "AccessControlListNotSupported", "The bucket does not allow ACLs")
}

// checkPublic refuses public ACLs where they are blocked.
func (b *bucket) checkPublic(tx kv.Tx, all []grant) error {
	if anyPublic(all) && b.blocked(tx).ACLs {
		return errPublicACL()
	}
	return nil
}

func errPublicACL() error {
	return aws.Errorf(http.StatusForbidden, "AccessDenied", "User cannot set a public ACL because public ACLs are prevented by the BlockPublicAcls setting in S3 Block Public Access.")
}

// newACL is the ACL that a request sets, by headers or by a document.
func (b *bucket) newACL(tx kv.Tx, h grantHeaders, doc *api.AccessControlPolicy, owner string) (all []grant, err error) {
	if b.Ownership == ownerEnforced {
		if h.canned == ownerFull {
			return nil, nil
		}
		return nil, errNoACLs()
	}
	switch {
	case doc != nil && h.given():
		return nil, aws.Errorf(http.StatusBadRequest, "UnexpectedContent", "This request does not support content")
	case doc != nil:
		all, err = grantsOf(doc, owner)
	case h.given():
		all, err = b.grants(h, owner)
	default:
		return nil, aws.Errorf(http.StatusBadRequest, "MissingSecurityHeader", "Your request was missing a required header")
	}
	if err == nil {
		err = b.checkPublic(tx, all)
	}
	return all, err
}

// GetBucketAcl returns the bucket's ACL.
func (s *Service) GetBucketAcl(ctx context.Context, in *api.GetBucketAclInput) (*api.GetBucketAclOutput, error) {
	out := new(api.GetBucketAclOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		out.Owner, out.Grants = owner(b.Account), shownACL(b.Account, b.ACL)
		return nil
	})
	return out, err
}

// PutBucketAcl replaces it.
func (s *Service) PutBucketAcl(ctx context.Context, in *api.PutBucketAclInput) (*api.PutBucketAclOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) (err error) {
		h := grantHeaders{string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantWrite, in.GrantReadACP, in.GrantWriteACP}
		b.ACL, err = b.newACL(tx, h, in.AccessControlPolicy, b.Account)
		b.put(tx)
		return err
	})
	return &api.PutBucketAclOutput{}, err
}

// GetObjectAcl returns an object's ACL.
func (s *Service) GetObjectAcl(ctx context.Context, in *api.GetObjectAclInput) (*api.GetObjectAclOutput, error) {
	out := new(api.GetObjectAclOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		o, err := b.lookup(tx, in.Key, in.VersionId)
		if err != nil {
			return err
		}
		acl := o.ACL
		if b.Ownership == ownerEnforced {
			acl = nil
		}
		out.Owner, out.Grants = b.ownerOf(o), shownACL(b.accountOf(o), acl)
		return nil
	})
	return out, err
}

// PutObjectAcl replaces it.
func (s *Service) PutObjectAcl(ctx context.Context, in *api.PutObjectAclInput) (*api.PutObjectAclOutput, error) {
	err := s.change(ctx, target{in.Bucket, in.ExpectedBucketOwner}, objectID{in.Key, in.VersionId}, func(tx kv.Tx, b *bucket, o *object) (err error) {
		h := grantHeaders{string(in.ACL), in.GrantFullControl, in.GrantRead, in.GrantWrite, in.GrantReadACP, in.GrantWriteACP}
		if o.ACL, err = b.newACL(tx, h, in.AccessControlPolicy, b.accountOf(o)); err == nil {
			s.emit(ctx, tx, b, o.event("ObjectAcl:Put"))
			s.resync(tx, b, o)
		}
		return err
	})
	return &api.PutObjectAclOutput{}, err
}
