package s3

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/brume-cloud/brume/aws"
)

// postPolicy is what the maker of a form allows to be uploaded with it.
// AWS: "POST Policy", S3 API Reference.
type postPolicy struct {
	expires     time.Time
	rules       []postRule
	least, most int64 // of the file's size; most is -1 for any
}

type postRule struct {
	prefix bool // starts-with, not eq
	field  string
	value  string
}

func errPostPolicy(text string) error {
	return aws.Errorf(http.StatusBadRequest, "InvalidPolicyDocument", "Invalid Policy: %s", text)
}

// parsePostPolicy reads the Base64 of a policy's JSON.
func parsePostPolicy(text string) (*postPolicy, error) {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return nil, errPostPolicy("Invalid Base64.")
	}
	var doc struct {
		Expiration string            `json:"expiration"`
		Conditions []json.RawMessage `json:"conditions"`
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, errPostPolicy("Invalid JSON.")
	}
	p := &postPolicy{most: -1}
	if p.expires, err = time.Parse(time.RFC3339, doc.Expiration); err != nil {
		return nil, errPostPolicy("Invalid 'expiration' value: '" + doc.Expiration + "'")
	}
	for _, c := range doc.Conditions {
		if err := p.condition(c); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func (p *postPolicy) condition(c json.RawMessage) error {
	var pairs map[string]any
	if json.Unmarshal(c, &pairs) == nil {
		for k, v := range pairs {
			p.rules = append(p.rules, postRule{field: strings.ToLower(k), value: fmt.Sprint(v)})
		}
		return nil
	}
	var list []any
	if json.Unmarshal(c, &list) != nil || len(list) != 3 {
		return errPostPolicy("Invalid Simple-Condition: value must be an array of three or a map.")
	}
	operator, _ := list[0].(string)
	switch strings.ToLower(operator) {
	case "content-length-range":
		least, ok := list[1].(float64)
		most, okay := list[2].(float64)
		if !ok || !okay {
			return errPostPolicy("Invalid content-length-range.")
		}
		p.least, p.most = int64(least), int64(most)
		return nil
	case "eq", "starts-with":
		field, _ := list[1].(string)
		name, ok := strings.CutPrefix(field, "$")
		if !ok {
			return errPostPolicy("Invalid Condition: the field's name must begin with $.")
		}
		p.rules = append(p.rules, postRule{prefix: strings.EqualFold(operator, "starts-with"), field: strings.ToLower(name), value: fmt.Sprint(list[2])})
		return nil
	}
	return errPostPolicy("Invalid Condition operator '" + operator + "'")
}

func errPostDenied(format string, args ...any) error {
	return aws.Errorf(http.StatusForbidden, "AccessDenied", "Invalid according to Policy: "+format, args...)
}

// allow holds a form against the policy.
func (p *postPolicy) allow(f *form, now time.Time) error {
	if now.After(p.expires) {
		return errPostDenied("Policy expired.")
	}
	covered := map[string]bool{}
	for _, r := range p.rules {
		covered[r.field] = true
		v := f.value(r.field)
		if r.field == "bucket" {
			v = f.bucket
		}
		if r.prefix && !strings.HasPrefix(v, r.value) {
			return errPostDenied("Policy Condition failed: [\"starts-with\", \"$%s\", \"%s\"]", r.field, r.value)
		}
		if !r.prefix && v != r.value {
			return errPostDenied("Policy Condition failed: [\"eq\", \"$%s\", \"%s\"]", r.field, r.value)
		}
	}
	for name := range f.fields {
		switch {
		case covered[name], strings.HasPrefix(name, "x-ignore-"):
		case name == "policy", name == "x-amz-signature", name == "awsaccesskeyid", name == "signature", name == "bucket", name == "submit", name == "x-amz-checksum-algorithm":
		default:
			return errPostDenied("Extra input fields: %s", name)
		}
	}
	return nil
}
