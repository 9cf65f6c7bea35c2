package s3

import (
	"context"
	"net/http"
	"reflect"
	"slices"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/state/kv"
)

// The two that may pay for requests.
const (
	payerOwner     = "BucketOwner"
	payerRequester = "Requester"
	payerHeader    = "X-Amz-Request-Payer"
	chargedHeader  = "X-Amz-Request-Charged"
)

// PutBucketRequestPayment says who pays for requests.
func (s *Service) PutBucketRequestPayment(ctx context.Context, in *api.PutBucketRequestPaymentInput) (*api.PutBucketRequestPaymentOutput, error) {
	if c := in.RequestPaymentConfiguration; c == nil || c.Payer != payerOwner && c.Payer != payerRequester {
		return nil, errMalformedXML()
	}
	return &api.PutBucketRequestPaymentOutput{}, putSetting(ctx, s, at(paymentSetting, in.Bucket, in.ExpectedBucketOwner), in.RequestPaymentConfiguration)
}

// GetBucketRequestPayment tells it.
func (s *Service) GetBucketRequestPayment(ctx context.Context, in *api.GetBucketRequestPaymentInput) (*api.GetBucketRequestPaymentOutput, error) {
	c, err := getSetting[api.RequestPaymentConfiguration](ctx, s, at(paymentSetting, in.Bucket, in.ExpectedBucketOwner))
	if err != nil {
		return nil, err
	}
	if c.Payer == "" {
		c.Payer = payerOwner
	}
	return &api.GetBucketRequestPaymentOutput{Payer: c.Payer}, nil
}

// requesterPays reports whether those pay who are not the bucket's owner.
func (b *bucket) requesterPays(tx kv.Tx) bool {
	if !slices.Contains(b.Settings, paymentSetting) {
		return false
	}
	c, ok := get[api.RequestPaymentConfiguration](tx, b, paymentSetting)
	return ok && c.Payer == payerRequester
}

// payer says who pays for a call, and refuses one whose caller would have to and
// does not say so.
// AWS: "Using Requester Pays general purpose buckets for storage transfers and
// usage": anonymous requests have nobody to pay.
func (g *guard) payer(b *bucket) {
	c, pays := &g.call.Caller, aws.Account(b.Account)
	if c.Account != pays && c.Kind != aws.ServicePrincipal && b.requesterPays(g.tx) {
		if c.Kind == aws.Anonymous || !g.call.Pays && !agreesToPay(g.input) {
			g.refused = errDenied()
		}
		pays = c.Account
	}
	if g.call.Payer == "" { // later ones are of what is copied
		g.call.Payer = pays
	}
}

// agreesToPay reports whether a request says that its caller pays. Those that
// cannot say it, such as for a bucket's configuration, need not.
func agreesToPay(input any) bool {
	f := reflect.ValueOf(input).Elem().FieldByName("RequestPayer")
	return !f.IsValid() || f.String() == "requester"
}

// signsToPay reports whether a presigned query agrees to pay, which its
// signature covers as it does a header.
// AWS: "Downloading objects from Requester Pays buckets", presigned URLs.
func signsToPay(req *wire.Request) bool {
	signed, agreed := false, false
	for i := range req.Params {
		switch p := &req.Params[i]; {
		case p.Name == "X-Amz-Signature":
			signed = true
		case p.Value == "requester" && strings.EqualFold(p.Name, payerHeader):
			agreed = true
		}
	}
	return signed && agreed
}

// charging has an answer to a request that agrees to pay say that the requester
// was charged, once that is so.
func (s *Service) charging(ctx context.Context, w http.ResponseWriter, req *wire.Request, name string) (http.ResponseWriter, error) {
	call := aws.CallFrom(ctx)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if b, err := reach(tx, call.Region, name); err == nil && b.requesterPays(tx) {
			w = &charged{ResponseWriter: w, call: call, owner: aws.Account(b.Account)}
		}
		return nil
	})
	return w, err
}

// charged is an answer to somebody who may have to pay.
type charged struct {
	http.ResponseWriter
	call  *aws.Call
	owner aws.Account
}

func (c *charged) Unwrap() http.ResponseWriter { return c.ResponseWriter }

func (c *charged) WriteHeader(status int) {
	if status < http.StatusMultipleChoices && c.call.Caller.Account != c.owner {
		c.Header().Set(chargedHeader, "requester")
	}
	c.ResponseWriter.WriteHeader(status)
}
