package sigv4

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Parse reads the signature of r without judging it. A request that carries
// none is Anonymous, which is no error here: whether that is allowed is the
// matter of policies (and NotSigned has the answer where it is not).
func Parse(r *http.Request, flavor Flavor) (Auth, error) {
	a := Auth{flavor: flavor}
	query := r.URL.RawQuery
	presigned := strings.Contains(query, "X-Amz-Algorithm=") || strings.Contains(query, "X-Amz-Signature=")
	header := r.Header.Get("Authorization")
	switch {
	case r.MultipartForm != nil && flavor == S3:
		err := a.parseForm(r.MultipartForm.Value)
		return a, err
	case header != "" && presigned && flavor == S3:
		return a, errInvalid("InvalidArgument", "Only one auth mechanism allowed; only the X-Amz-Algorithm query parameter, Signature query string parameter or the Authorization header should be specified")
	case header != "":
		err := a.parseHeader(r, header)
		return a, err
	case presigned:
		err := a.parseQuery(r, query)
		return a, err
	case strings.Contains(query, "AWSAccessKeyId=") && strings.Contains(query, "Signature="):
		if flavor != S3 {
			return a, errV2(flavor)
		}
		err := a.parseV2(query)
		return a, err
	}
	a.Payload = r.Header.Get("X-Amz-Content-Sha256")
	return a, nil
}

// parseHeader reads the Authorization header and the date and token beside it.
func (a *Auth) parseHeader(r *http.Request, header string) error {
	algorithm, rest, _ := strings.Cut(strings.TrimSpace(header), " ")
	if err := a.setAlgorithm(algorithm); err != nil {
		return err
	}
	var credential string
	for rest != "" {
		var field string
		field, rest, _ = strings.Cut(rest, ",")
		name, value, ok := strings.Cut(strings.TrimSpace(field), "=")
		if !ok && a.flavor != S3 {
			return errNoPair(a.flavor, header)
		}
		switch name {
		case "Credential":
			credential = value
		case "SignedHeaders":
			a.signedHeaders = value
		case "Signature":
			a.signature = value
		}
	}
	stamp := r.Header.Get("X-Amz-Date")
	if stamp == "" {
		stamp = r.Header.Get("Date")
	}
	if credential == "" || a.signedHeaders == "" || a.signature == "" || stamp == "" {
		return errIncomplete(a.flavor, missing(credential, a.signature, a.signedHeaders, stamp))
	}
	a.Token = r.Header.Get("X-Amz-Security-Token")
	a.Payload = r.Header.Get("X-Amz-Content-Sha256")
	if err := a.setTime(stamp); err != nil {
		return err
	}
	if err := a.setCredential(credential); err != nil {
		return err
	}
	if a.Service == expressService {
		if token := r.Header.Get("X-Amz-S3session-Token"); token != "" {
			a.Token, a.Zonal = token, true
		}
	}
	if a.Scheme == V4a {
		a.Region = r.Header.Get("X-Amz-Region-Set")
	}
	return nil
}

// missing lists what an Authorization header lacks, in AWS's order and words.
func missing(credential, signature, signedHeaders, stamp string) string {
	var b strings.Builder
	for _, need := range [...]struct{ value, text string }{
		{credential, "Authorization header requires 'Credential' parameter. "},
		{signature, "Authorization header requires 'Signature' parameter. "},
		{signedHeaders, "Authorization header requires 'SignedHeaders' parameter. "},
		{stamp, "Authorization header requires existence of either a 'X-Amz-Date' or a 'Date' header. "},
	} {
		if need.value == "" {
			b.WriteString(need.text)
		}
	}
	return strings.TrimSpace(b.String())
}

// parseQuery reads a presigned query.
func (a *Auth) parseQuery(r *http.Request, query string) error {
	a.Presigned = true
	// AWS: a presigned S3 request leaves its payload open unless it says otherwise.
	a.Payload = r.Header.Get("X-Amz-Content-Sha256")
	if a.Payload == "" && a.flavor == S3 {
		a.Payload = unsignedPayload
	}
	var q queryFields
	for query != "" {
		var pair string
		pair, query, _ = strings.Cut(query, "&")
		name, value, _ := strings.Cut(pair, "=")
		if !strings.HasPrefix(name, "X-Amz-") {
			continue
		}
		value, err := url.QueryUnescape(value)
		if err != nil {
			return errQueryParameters(a.flavor, "The query parameter "+name+" is not well encoded.")
		}
		q.set(a, name, value)
	}
	if q.algorithm == "" || q.credential == "" || q.stamp == "" || a.signedHeaders == "" || a.signature == "" {
		return errQueryParameters(a.flavor, queryNeeds)
	}
	if err := a.setAlgorithm(q.algorithm); err != nil {
		return err
	}
	if err := a.setExpires(q.expires); err != nil {
		return err
	}
	if err := a.setTime(q.stamp); err != nil {
		return err
	}
	err := a.setCredential(q.credential)
	if a.Scheme == V4a {
		a.Region = q.regions
	}
	return err
}

// queryFields are the parameters of a presigned query that need a closer look.
type queryFields struct{ algorithm, credential, stamp, expires, regions string }

func (q *queryFields) set(a *Auth, name, value string) {
	switch name {
	case "X-Amz-Algorithm":
		q.algorithm = value
	case "X-Amz-Credential":
		q.credential = value
	case "X-Amz-Date":
		q.stamp = value
	case "X-Amz-Expires":
		q.expires = value
	case "X-Amz-Region-Set":
		q.regions = value
	case "X-Amz-SignedHeaders":
		a.signedHeaders = value
	case "X-Amz-Signature":
		a.signature = value
	case "X-Amz-Security-Token":
		a.Token = value
	case "X-Amz-S3session-Token":
		a.Token, a.Zonal = value, true
	case "X-Amz-Content-Sha256":
		a.Payload = value
	}
}

func (a *Auth) setAlgorithm(algorithm string) error {
	switch algorithm {
	case algorithmV4:
		a.Scheme = V4
	case algorithmV4a:
		a.Scheme = V4a
	case "AWS":
		return errV2(a.flavor)
	default:
		return errAlgorithm(a.flavor, algorithm, a.Presigned)
	}
	return nil
}

func (a *Auth) setExpires(s string) error {
	if s == "" {
		if a.flavor == S3 {
			return errQueryParameters(a.flavor, queryNeeds)
		}
		return nil
	}
	n, err := strconv.ParseInt(s, 10, 32)
	switch {
	case err != nil:
		return errQueryParameters(a.flavor, "X-Amz-Expires should be a number")
	case n < 0:
		return errQueryParameters(a.flavor, "X-Amz-Expires must be non-negative")
	case n > int64(maxExpires/time.Second):
		return errQueryParameters(a.flavor, "X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than 604800 seconds")
	}
	a.Expires = time.Duration(n) * time.Second
	return nil
}

// setTime reads the request's date. AWS: a Date header may be in HTTP's own
// format, and is then signed in ISO 8601 all the same.
func (a *Auth) setTime(stamp string) error {
	t, err := time.Parse(timeFormat, stamp)
	if err != nil {
		if t, err = http.ParseTime(stamp); err != nil || a.Presigned {
			return errDate(a.flavor, stamp, a.Presigned)
		}
		t = t.UTC()
		stamp = t.Format(timeFormat)
	}
	a.Time, a.stamp = t, stamp
	return nil
}

// setCredential splits key/date/region/service/aws4_request. V4a has no region.
func (a *Auth) setCredential(credential string) error {
	key, scope, _ := strings.Cut(credential, "/")
	date, rest, _ := strings.Cut(scope, "/")
	if a.Scheme == V4 {
		a.Region, rest, _ = strings.Cut(rest, "/")
	}
	service, end, ok := strings.Cut(rest, "/")
	if !ok || strings.Contains(end, "/") {
		return errCredential(a.flavor, credential, a.Presigned)
	}
	if key == "" {
		return errNoAccessKey(a.flavor, credential, a.Presigned)
	}
	if end != terminator {
		return errTerminator(a.flavor, end)
	}
	if date != a.stamp[:dateDigits] {
		return errScopeDate(a.flavor, date, a.stamp)
	}
	a.AccessKeyID, a.scope, a.date, a.Service = key, scope, date, service
	return nil
}
