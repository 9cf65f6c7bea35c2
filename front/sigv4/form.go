package sigv4

// parseForm reads the signature of an upload from a web page's form. What it
// covers is the form's policy; whether the form keeps to that is for the
// service to judge. The names of fields are in lower case.
// AWS: "Authenticating Requests: Browser-Based Uploads Using POST".
func (a *Auth) parseForm(fields map[string][]string) error {
	field := func(name string) string {
		if v := fields[name]; len(v) > 0 {
			return v[0]
		}
		return ""
	}
	a.Payload = unsignedPayload
	if a.form = field("policy"); field("awsaccesskeyid") != "" {
		a.Scheme, a.AccessKeyID, a.signature, a.Token = V2, field("awsaccesskeyid"), field("signature"), field("x-amz-security-token")
		if a.form == "" || a.signature == "" {
			return errInvalid("InvalidArgument", "Bucket POST must contain a field named 'signature'.  If it is specified, please check the order of the fields.")
		}
		return nil
	}
	a.signature = field("x-amz-signature")
	if a.form == "" && a.signature == "" {
		return nil // anonymous
	}
	for _, name := range [...]string{"policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"} {
		if field(name) == "" {
			return errInvalid("InvalidArgument", "Bucket POST must contain a field named '"+name+"'.  If it is specified, please check the order of the fields.")
		}
	}
	a.Token = field("x-amz-security-token")
	if err := a.setAlgorithm(field("x-amz-algorithm")); err != nil {
		return err
	}
	if err := a.setTime(field("x-amz-date")); err != nil {
		return err
	}
	return a.setCredential(field("x-amz-credential"))
}
