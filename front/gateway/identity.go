package gateway

import (
	"context"
	"fmt"
	"strconv"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/origin"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/front/sigv4"
)

// Identity is who an access key belongs to.
type Identity struct {
	Secret  string
	Token   string // the session token that must come with a temporary key
	Expired bool
	Revoked bool // the key is switched off or was deleted: it is not even a stranger's
	Caller  aws.Caller
}

// Identities knows access keys and what their owners may do. cloud joins it from
// IAM and STS.
type Identities interface {
	// Identity returns who an access key belongs to; ok is false when nobody
	// ever had it.
	Identity(ctx context.Context, accessKeyID string) (id Identity, ok bool, err error)

	// Policies adds the policies of caller to r: Identity, Boundary and Session.
	Policies(ctx context.Context, caller *aws.Caller, r *policy.Request) error
}

// sign finds out who calls.
func (x *exchange) sign(ctx context.Context) error {
	if actor, ok := aws.ActorFrom(ctx); ok { // the request was made within, by somebody who is known
		x.Caller, x.Account, x.Source, x.SourceAccount, x.Trace = actor.Caller, actor.Account, actor.Source, actor.SourceAccount, actor.Trace
		return nil
	}
	if x.req.As != nil && x.req.As.Anonymous {
		x.Caller, x.Account = aws.Caller{Kind: aws.Anonymous}, aws.DefaultAccount
		return nil
	}
	auth, err := sigv4.Parse(x.req.Request, x.flavor)
	if err != nil {
		return err
	}
	if auth.Scheme == sigv4.Anonymous {
		x.Caller = aws.Caller{Kind: aws.Anonymous}
		x.Account = aws.DefaultAccount
		x.unframe(&auth)
		return nil
	}
	if auth.Scheme == sigv4.V4 {
		x.Region = x.endpoint.region(aws.Region(auth.Region)) // route had to guess from the unparsed header
		x.Signed = x.Region
	}
	check := sigv4.Check{Now: x.gate.Clock.Wall(), Service: x.signedFor(), Body: x.signed, Streamed: x.req.Stream != nil}
	id, known, err := x.gate.Identities.Identity(ctx, auth.AccessKeyID)
	switch {
	case err != nil:
		return err
	case !known:
		err = x.stranger(&auth, &check)
	case id.Revoked:
		err = sigv4.UnknownKey(x.flavor)
	default:
		err = x.member(&auth, &check, &id)
	}
	x.auth = auth
	x.Account = x.Caller.Account
	if err == nil {
		x.unframe(&auth)
	}
	return err
}

// signedFor is the service that the request must be signed for.
// AWS: "Authorizing Zonal endpoint API operations with CreateSession": for S3's
// directory buckets it has a name of its own.
func (x *exchange) signedFor() string {
	name := x.endpoint.Model.SigningName
	if x.req.As != nil && x.req.As.SigningName != "" {
		return x.req.As.SigningName
	}
	if x.signer == express && name == "s3" {
		return express
	}
	return name
}

// express is the signing name of S3's directory buckets.
const express = "s3express"

// unframe frees a streamed body of its chunks, whose signatures are checked as
// it is read. What follows the payload is told by the stream's Trailers.
func (x *exchange) unframe(auth *sigv4.Auth) {
	if x.req.Stream == nil {
		return
	}
	length := int64(-1)
	if auth.Chunked() {
		if n, err := strconv.ParseInt(x.req.Header.Get("X-Amz-Decoded-Content-Length"), 10, 64); err == nil {
			length = n
		}
	}
	x.req.Stream = auth.Body(x.req.Stream, length)
}

// member verifies the signature of a known access key.
func (x *exchange) member(auth *sigv4.Auth, check *sigv4.Check, id *Identity) error {
	check.Secret = id.Secret
	if err := x.gate.verifier.Verify(x.req.Request, auth, check); err != nil {
		return err
	}
	switch {
	case id.Token != auth.Token, auth.Zonal != (id.Caller.Zonal != nil), auth.Zonal && x.Service != "s3":
		return sigv4.BadToken(x.flavor)
	case id.Expired:
		return sigv4.ExpiredToken(x.flavor)
	}
	x.Caller = id.Caller
	x.Caller.AccessKeyID = auth.AccessKeyID
	return nil
}

// stranger lets an unknown access key in as root, unless the server is strict:
// of the account that it is the number of, or of the default one.
func (x *exchange) stranger(auth *sigv4.Auth, check *sigv4.Check) error {
	if x.gate.Strict || looksIssued(auth.AccessKeyID) {
		return sigv4.UnknownKey(x.flavor)
	}
	if err := x.fromHere(); err != nil {
		return err
	}
	if err := x.gate.verifier.Trust(x.req.Request, auth, check); err != nil {
		return err
	}
	account := aws.Account(auth.AccessKeyID)
	if !account.Valid() {
		account = aws.DefaultAccount
	}
	x.Caller = RootOf(account, x.Region)
	x.Caller.AccessKeyID = auth.AccessKeyID
	return nil
}

// fromHere refuses what only a browser on behalf of somebody else would send.
// A stranger's signature proves nothing, so that any page could write it: the
// browser's word stands in for it. Pages of this machine may call, as those
// that are being developed do.
//
// When S3 answers CORS requests, a bucket's CORS rules will not change this:
// they let pages read answers, they do not make strangers known.
func (x *exchange) fromHere() error {
	r := x.req.Request
	rule := origin.Rule{
		Host: func(host string) bool { return host == x.gate.Address || origin.IsFixed(host) },
		Page: origin.IsLoopback,
	}
	const remedy = "Call it as localhost, or make an access key with IAM and sign with it."
	switch rule.Check(r) {
	case origin.WrongHost:
		return x.denied(fmt.Sprintf("This cloud takes unknown access keys for root, so it refuses them under the name %q, which anybody could have made point here. %s", r.Host, remedy))
	case origin.WrongPage:
		return x.denied("This cloud takes unknown access keys for root, so it refuses them from web pages of other sites; pages of localhost may. " + remedy)
	}
	return nil
}

// looksIssued reports whether the key has the form of temporary credentials:
// those were made by an STS, and if ours does not know them they are over. To
// take them for root would give a role that has expired all rights.
func looksIssued(accessKeyID string) bool {
	return len(accessKeyID) == issuedKeyLength && accessKeyID[:4] == "ASIA"
}

const issuedKeyLength = 20

// RootOf is the root user of an account.
func RootOf(account aws.Account, region aws.Region) aws.Caller {
	return aws.Caller{
		Kind: aws.Root, Account: account, UserID: string(account),
		ARN: "arn:" + region.Partition() + ":iam::" + string(account) + ":root",
	}
}
