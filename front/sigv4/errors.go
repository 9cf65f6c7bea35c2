package sigv4

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// AWS's words, where more than one flavor shares them.
const (
	textMismatch    = "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and signing method. Consult the service documentation for details."
	textMismatchS3  = "The request signature we calculated does not match the signature you provided. Check your key and signing method."
	textBadToken    = "The security token included in the request is invalid."
	textAuthFailure = "AWS was not able to validate the provided access credentials"
	textMalformed   = "The authorization header is malformed; "
	queryNeeds      = "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
)

// refusal is an error's code in each family. JSON and REST share the first.
type refusal struct{ json, query, ec2, s3 string }

// make gives the error in the flavor's code and status.
func (c refusal) make(f Flavor, text string) *aws.Error {
	switch f {
	case JSON:
		e := aws.Errorf(http.StatusBadRequest, c.json, "%s", text)
		e.QueryCode = c.query // for services that spoke Query before, such as SQS
		return e
	case REST:
		return aws.Errorf(http.StatusForbidden, c.json, "%s", text)
	case EC2:
		return aws.Errorf(http.StatusUnauthorized, c.ec2, "%s", text)
	case S3:
		return aws.Errorf(http.StatusForbidden, c.s3, "%s", text)
	default:
		return aws.Errorf(http.StatusForbidden, c.query, "%s", text)
	}
}

// NotSigned is the answer to a request without a signature where one is needed.
func NotSigned(f Flavor) *aws.Error {
	if f == S3 {
		return aws.Errorf(http.StatusForbidden, "AccessDenied", "Access Denied")
	}
	c := refusal{json: "MissingAuthenticationTokenException", query: "MissingAuthenticationToken", ec2: "AuthFailure"}
	text := "Request is missing Authentication Token"
	if f == REST {
		text = "Missing Authentication Token"
	}
	return c.make(f, text)
}

// UnknownKey is the answer to an access key that does not exist, or is inactive.
func UnknownKey(f Flavor) *aws.Error {
	switch f {
	case S3:
		return aws.Errorf(http.StatusForbidden, "InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.")
	case EC2:
		return aws.Errorf(http.StatusUnauthorized, "AuthFailure", textAuthFailure)
	}
	return refusal{json: "UnrecognizedClientException", query: "InvalidClientTokenId"}.make(f, textBadToken)
}

// BadToken is the answer to a session token that does not belong to its access
// key, or is missing where the key is a temporary one.
func BadToken(f Flavor) *aws.Error {
	if f == S3 {
		return aws.Errorf(http.StatusBadRequest, "InvalidToken", "The provided token is malformed or otherwise invalid.")
	}
	return UnknownKey(f)
}

// ExpiredToken is the answer to temporary credentials whose time is over.
func ExpiredToken(f Flavor) *aws.Error {
	if f == S3 {
		return aws.Errorf(http.StatusBadRequest, "ExpiredToken", "The provided token has expired.")
	}
	c := refusal{json: "ExpiredTokenException", query: "ExpiredToken", ec2: "RequestExpired"}
	return c.make(f, "The security token included in the request is expired")
}

// errMismatch is about a signature that is well formed and wrong, or stale.
func errMismatch(f Flavor, text string) *aws.Error {
	c := refusal{json: "InvalidSignatureException", query: "SignatureDoesNotMatch", ec2: "AuthFailure", s3: "SignatureDoesNotMatch"}
	return c.make(f, text)
}

// errSignature explains a mismatch as AWS does, with what it signed itself.
func errSignature(f Flavor, canonical, toSign string) *aws.Error {
	text := textMismatch
	switch f {
	case EC2: // AWS: EC2 does not give the canonical request away
		return errMismatch(f, textAuthFailure)
	case S3:
		text = textMismatchS3
	}
	return errMismatch(f, text+"\n\nThe Canonical String for this request should have been\n'"+canonical+
		"'\n\nThe String-to-Sign should have been\n'"+toSign+"'\n")
}

func errIncomplete(f Flavor, text string) *aws.Error {
	if f == S3 {
		return errMalformed(text)
	}
	c := refusal{json: "IncompleteSignatureException", query: "IncompleteSignature", ec2: "AuthFailure"}
	return c.make(f, text)
}

// errNoPair does not repeat the header, which may hold somebody's password.
func errNoPair(f Flavor, header string) *aws.Error {
	sum := sha256.Sum256([]byte(header))
	return errIncomplete(f, "Invalid key=value pair (missing equal-sign) in Authorization header "+
		"(hashed with SHA-256 and encoded with Base64): '"+base64.StdEncoding.EncodeToString(sum[:])+"'.")
}

// errMalformed is S3's word for a header that does not hold what it should.
func errMalformed(text string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, "AuthorizationHeaderMalformed", "%s", textMalformed+text)
}

func errQueryParameters(f Flavor, text string) *aws.Error {
	if f == S3 {
		return aws.Errorf(http.StatusBadRequest, "AuthorizationQueryParametersError", "%s", text)
	}
	return errIncomplete(f, text)
}

func errV2(f Flavor) *aws.Error {
	if f == S3 {
		return errInvalid("InvalidRequest", "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.")
	}
	return errIncomplete(f, "Signature Version 2 is not supported. Please use AWS4-HMAC-SHA256.")
}

func errAlgorithm(f Flavor, algorithm string, presigned bool) *aws.Error {
	switch {
	case presigned:
		return errQueryParameters(f, `X-Amz-Algorithm only supports "AWS4-HMAC-SHA256 and AWS4-ECDSA-P256-SHA256"`)
	case f == S3:
		return errInvalid("InvalidArgument", "Unsupported Authorization Type")
	}
	return errIncomplete(f, "Unsupported AWS 'algorithm': '"+algorithm+"'.")
}

func errDate(f Flavor, got string, presigned bool) *aws.Error {
	switch {
	case f == S3 && presigned:
		return errQueryParameters(f, `X-Amz-Date must be in the ISO8601 Long Format "yyyyMMdd'T'HHmmss'Z'"`)
	case f == S3:
		return aws.Errorf(http.StatusForbidden, "AccessDenied", "AWS authentication requires a valid Date or x-amz-date header")
	}
	return errIncomplete(f, "Date must be in ISO-8601 'basic format'. Got '"+got+"'. See http://en.wikipedia.org/wiki/ISO_8601")
}

func errCredential(f Flavor, got string, presigned bool) *aws.Error {
	const want = `the Credential is mal-formed; expecting "<YOUR-AKID>/YYYYMMDD/REGION/SERVICE/aws4_request".`
	switch {
	case f == S3 && presigned:
		return errQueryParameters(f, "Error parsing the X-Amz-Credential parameter; "+want)
	case f == S3:
		return errMalformed(want)
	}
	return errIncomplete(f, "Credential must have exactly 5 slash-delimited elements, e.g. keyid/date/region/service/term, got '"+got+"'")
}

func errNoAccessKey(f Flavor, got string, presigned bool) *aws.Error {
	const text = "a non-empty Access Key (AKID) must be provided in the credential."
	switch {
	case f == S3 && presigned:
		return errQueryParameters(f, "Error parsing the X-Amz-Credential parameter; "+text)
	case f == S3:
		return errMalformed(text)
	}
	return errCredential(f, got, presigned)
}

func errTerminator(f Flavor, got string) *aws.Error {
	if f == S3 {
		return errMalformed(`incorrect terminal "` + got + `". This endpoint uses "aws4_request".`)
	}
	return errMismatch(f, "Credential should be scoped with a valid terminator: 'aws4_request', not '"+got+"'.")
}

func errScopeDate(f Flavor, date, stamp string) *aws.Error {
	if f == S3 {
		return errMalformed(`Invalid credential date "` + date + `". This date is not the same as X-Amz-Date: "` + stamp[:dateDigits] + `".`)
	}
	return errMismatch(f, "Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '"+
		date+"' != '"+stamp[:dateDigits]+"', from '"+stamp+"'.")
}

func errRegion(f Flavor, got, want string) *aws.Error {
	if f == S3 {
		return errMalformed("the region '" + got + "' is wrong; expecting '" + want + "'")
	}
	return errMismatch(f, "Credential should be scoped to a valid region. ")
}

func errService(f Flavor, got, want string) *aws.Error {
	if f == S3 {
		return errMalformed(`incorrect service "` + got + `". This endpoint belongs to "` + want + `".`)
	}
	return errMismatch(f, "Credential should be scoped to correct service: '"+want+"'. ")
}

// errStale is about a signature whose time is over, or has not come.
func errStale(f Flavor, signed, now time.Time) *aws.Error {
	if f == S3 {
		return aws.Errorf(http.StatusForbidden, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.")
	}
	at := now.UTC().Format(timeFormat)
	if signed.Before(now) {
		return errMismatch(f, "Signature expired: "+signed.Format(timeFormat)+" is now earlier than "+
			now.UTC().Add(-maxSkew).Format(timeFormat)+" ("+at+" - 15 min.)")
	}
	return errMismatch(f, "Signature not yet current: "+signed.Format(timeFormat)+" is still later than "+
		now.UTC().Add(maxSkew).Format(timeFormat)+" ("+at+" + 15 min.)")
}

// errPresignedTime is about a presigned request outside its window.
func errPresignedTime(f Flavor, a *Auth, now time.Time) *aws.Error {
	if f != S3 {
		return errStale(f, a.Time, now)
	}
	if now.Before(a.Time) {
		return aws.Errorf(http.StatusForbidden, "AccessDenied", "Request is not valid yet")
	}
	return aws.Errorf(http.StatusForbidden, "AccessDenied", "Request has expired")
}

func errHostNotSigned(f Flavor) *aws.Error {
	if f == S3 {
		return errHeaderNotSigned("host")
	}
	return errMismatch(f, "'Host' or ':authority' must be a 'SignedHeader' in the AWS Authorization.")
}

// errHeaderNotSigned is S3's refusal of a header that anybody could have added.
func errHeaderNotSigned(name string) *aws.Error {
	return aws.Errorf(http.StatusForbidden, "AccessDenied", "There were headers present in the request which were not signed: %s", name)
}

func errInvalid(code, text string) *aws.Error {
	return aws.Errorf(http.StatusBadRequest, code, "%s", text)
}
