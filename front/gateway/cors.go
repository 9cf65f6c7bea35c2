package gateway

import (
	"net/http"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// Browsers let a page read the answers of another site only when they say so,
// and ask before what is not a plain form. AWS's services let every page: who
// calls is for the signature to say, and fromHere holds strangers to the pages
// of this machine, whatever is answered here.
//
// AWS: "Cross-origin resource sharing (CORS)", AWS SDK for JavaScript Developer
// Guide: only S3 needs to be set up. What the endpoints answer was recorded by
// the SDK's team: output.md of github.com/AllanZhengYP/cors-test (2020).
const (
	maxPreflightAge = "172800" // seconds
	exposed         = "x-amzn-RequestId,x-amzn-ErrorType,x-amzn-ErrorMessage,Date"
)

// preflight answers a browser that asks whether a page may send a request, and
// reports whether it did.
func (x *exchange) preflight() bool {
	if x.req.Method != http.MethodOptions {
		return false
	}
	asked := x.req.Header
	method := asked.Get("Access-Control-Request-Method")
	if method == "" || asked.Get("Origin") == "" || x.hasOwnRules(method) {
		return false
	}
	h := x.w.Header()
	h.Set("X-Amzn-Requestid", x.RequestID)
	h.Set("Access-Control-Allow-Origin", "*")
	h.Set("Access-Control-Allow-Methods", method)
	if names := asked.Values("Access-Control-Request-Headers"); len(names) > 0 {
		h.Set("Access-Control-Allow-Headers", strings.Join(names, ","))
	}
	h.Set("Access-Control-Expose-Headers", exposed)
	h.Set("Access-Control-Max-Age", maxPreflightAge)
	h.Set("Content-Length", "0")
	x.w.WriteHeader(http.StatusOK)
	return true
}

// hasOwnRules reports whether the request that a browser asks about is for
// what has CORS rules of its own: S3's buckets, above all. The question has no
// signature and no target, so that it is told by its host, or by what S3 never
// gets: a header that names a target, or a POST to a key without a query.
//
// What is left goes to S3, as it does without a signature. A page calls the
// other operations of REST services by their host, such as lambda.localhost.
func (x *exchange) hasOwnRules(method string) bool {
	if x.gate.services.siteOf(x.req.Context(), &x.req) != nil {
		return true
	}
	x.claim(x.req.Request) // presigned URLs have a signature even here
	if candidates := x.candidates(); len(candidates) < len(x.gate.services.all) {
		return slices.ContainsFunc(candidates, isS3)
	}
	for label := range strings.SplitSeq(x.Host, ".") {
		if label == "s3" || strings.HasPrefix(label, "s3-") || label == "cloudfront" {
			return true
		}
	}
	names := strings.ToLower(strings.Join(x.req.Header.Values("Access-Control-Request-Headers"), ","))
	if strings.Contains(names, "x-amz-target") || strings.Contains(names, "smithy-protocol") {
		return false
	}
	path := strings.Trim(x.req.Path, "/")
	toKey := path == "" || strings.Contains(path, "/")
	return method != http.MethodPost || !toKey || len(x.req.Params) > 0
}

func isS3(e *Endpoint) bool { return e.Model.SigningName == "s3" }

// share lets the page that sent the request read the answer.
func (x *exchange) share(h http.Header) {
	if len(x.req.Header["Origin"]) == 0 || x.req.As != nil || x.endpoint != nil && isS3(x.endpoint) {
		return
	}
	names := exposed
	if x.op != nil && x.op.Output != nil {
		for i := range x.op.Output.Members {
			if m := &x.op.Output.Members[i]; m.Location == schema.InHeader {
				names += "," + m.WireName()
			}
		}
	}
	h["Access-Control-Allow-Origin"] = []string{"*"}
	h["Access-Control-Expose-Headers"] = []string{names}
}
