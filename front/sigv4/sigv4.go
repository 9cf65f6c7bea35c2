// Package sigv4 verifies AWS Signature Version 4 on incoming requests: in the
// Authorization header, in a presigned query, and over the chunks and trailers
// of a streamed body. It also knows the asymmetric variant, SigV4a.
//
// Verification takes two steps, because the secret is looked up in between:
//
//	auth, err := sigv4.Parse(r, flavor)      // who claims to have signed, and how
//	…find the secret of auth.AccessKeyID…
//	err = verifier.Verify(r, &auth, check)   // did they sign this request?
//	body := auth.Body(r.Body, length)        // for streams: decoded, verified as it is read
//
// A request must be verified as it came from the wire, before anything
// rewrites its path, query or headers.
//
// Every error is an *aws.Error with the code, text and status that the chosen
// Flavor of service answers with.
package sigv4

import "time"

// Flavor is the family of services whose error codes, texts and path rules apply.
type Flavor uint8

// The flavors.
const (
	JSON  Flavor = iota // awsJson and rpcv2Cbor: SQS, DynamoDB, …; refuses with status 400
	REST                // restJson: Lambda, API Gateway, …; JSON's codes with status 403
	Query               // Query and REST-XML but for S3: IAM, STS, SNS, Route 53, …
	EC2                 // ec2Query: one code, AuthFailure, for whatever is wrong with credentials
	S3                  // S3: codes of its own, and a path that is signed as it was sent
)

// Scheme is how a request is signed.
type Scheme uint8

// The schemes.
const (
	Anonymous Scheme = iota // not signed at all
	V4                      // AWS4-HMAC-SHA256
	V4a                     // AWS4-ECDSA-P256-SHA256: asymmetric, for a set of regions
	V2                      // S3's former one, of presigned URLs and forms only; it names no region
)

const (
	algorithmV4  = "AWS4-HMAC-SHA256"
	algorithmV4a = "AWS4-ECDSA-P256-SHA256"
	terminator   = "aws4_request"

	// expressService is what requests to S3's directory buckets are signed for.
	expressService = "s3express"

	// timeFormat is ISO 8601's basic format, the only one that is signed.
	timeFormat = "20060102T150405Z"
	dateDigits = len("20060102")

	// maxSkew is how far a request's time may lie from ours.
	// AWS: "Signature Version 4 signing elements", and S3's RequestTimeTooSkewed.
	maxSkew = 15 * time.Minute
	// maxExpires bounds X-Amz-Expires.
	// AWS: "Authenticating Requests: Using Query Parameters": seven days.
	maxExpires = 7 * 24 * time.Hour
)

// Auth is what a request says about its signature. Until Verify has accepted
// it, all of it is a claim.
type Auth struct {
	Scheme      Scheme
	Presigned   bool
	AccessKeyID string
	Region      string // V4: the scope's region. V4a: the signed set, such as "*" or "us-east-1,eu-*"
	Service     string // the scope's service, by its signing name
	Time        time.Time
	Expires     time.Duration // Presigned only; zero when the query does not say
	Token       string        // X-Amz-Security-Token, or x-amz-s3session-token
	Zonal       bool          // Token is the latter: a session with one of S3's directory buckets
	Payload     string        // x-amz-content-sha256: a hex digest, or a word such as UNSIGNED-PAYLOAD; may be empty

	flavor        Flavor
	date          string // the scope's date, YYYYMMDD
	stamp         string // Time as it is signed
	scope         string // the credential without its access key
	signedHeaders string
	signature     string
	form          string // what a form's signature covers: its policy, in Base64
	proof         proof
	key           key // set by Verify; signs the chunks of a streamed body
}

// proof is how far a signature has been looked at.
type proof uint8

const (
	unproven proof = iota
	verified       // by Verify
	trusted        // by Trust: whoever signed, the chunks' signatures cannot be checked
)
