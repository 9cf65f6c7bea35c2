package s3

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/state/kv"
)

func errDenied() *aws.Error { return api.ErrAccessDenied("Access Denied") }

// document is a policy, as far as its publicness and its resources can be read
// from it.
type document struct {
	Version   string           `json:",omitempty"`
	ID        string           `json:"Id,omitempty"`
	Statement []map[string]any `json:""`
}

// parseDocument reads a policy's statements, of which there may be one without a list.
func parseDocument(text string) (d document, err error) {
	var raw struct {
		Version   string
		ID        string `json:"Id"`
		Statement json.RawMessage
	}
	if err := json.Unmarshal([]byte(text), &raw); err != nil {
		return d, err
	}
	d.Version, d.ID = raw.Version, raw.ID
	if err := json.Unmarshal(raw.Statement, &d.Statement); err != nil {
		var one map[string]any
		if err := json.Unmarshal(raw.Statement, &one); err != nil {
			return d, err
		}
		d.Statement = []map[string]any{one}
	}
	return d, nil
}

// values are an element's, of which there may be one without a list.
func values(v any) []string {
	switch v := v.(type) {
	case string:
		return []string{v}
	case []any:
		var all []string
		for _, e := range v {
			if s, ok := e.(string); ok {
				all = append(all, s)
			}
		}
		return all
	}
	return nil
}

// checkPolicy holds the policy of a bucket or an access point against the rules.
// own tells whether a resource is of the one that the policy is for.
func checkPolicy(text string, own func(resource string) bool) error {
	bad := func(message string) error { return aws.Errorf(http.StatusBadRequest, "MalformedPolicy", "%s", message) }
	if len(text) > maxPolicy {
		return bad("Policies must be at most 20480 bytes")
	}
	if !strings.HasPrefix(strings.TrimSpace(text), "{") {
		return bad("Policies must be valid JSON and the first byte must be '{'")
	}
	if _, err := policy.Parse([]byte(text), policy.Resource); err != nil {
		return bad(strings.TrimPrefix(err.Error(), "MalformedPolicyDocument: "))
	}
	d, err := parseDocument(text)
	if err != nil {
		return bad("This policy contains invalid Json")
	}
	for _, st := range d.Statement {
		if st["Principal"] == nil && st["NotPrincipal"] == nil {
			return bad("Missing required field Principal")
		}
		for _, r := range append(values(st["Resource"]), values(st["NotResource"])...) {
			if !own(r) {
				return bad("Policy has invalid resource")
			}
		}
		for _, a := range append(values(st["Action"]), values(st["NotAction"])...) {
			if a != "*" && !strings.HasPrefix(strings.ToLower(a), "s3:") && !strings.HasPrefix(strings.ToLower(a), "s3express:") {
				return bad("Policy has invalid action")
			}
		}
	}
	return nil
}

// mine reports whether a policy of the bucket may name a resource.
func (b *bucket) mine(r string) bool {
	return r == b.arn() || r == "*" || strings.HasPrefix(r, b.arn()+"/") || strings.HasPrefix(r, b.arn()+"*")
}

// isPublic reports whether a policy lets anybody in.
// AWS: "Blocking public access to your Amazon S3 storage", the meaning of "public".
func isPublic(text string) bool {
	d, err := parseDocument(text)
	if err != nil {
		return false
	}
	for _, st := range d.Statement {
		if st["Effect"] == "Allow" && (anyone(st["Principal"]) || st["NotPrincipal"] != nil) && !narrowed(st["Condition"]) {
			return true
		}
	}
	return false
}

func anyone(principal any) bool {
	if m, ok := principal.(map[string]any); ok {
		principal = m["AWS"]
	}
	for _, p := range values(principal) {
		if strings.Contains(p, "*") {
			return true
		}
	}
	return false
}

// narrowed reports whether conditions hold a statement to fixed values of a key
// that says who calls.
func narrowed(condition any) bool {
	operators, _ := condition.(map[string]any)
	for operator, keys := range operators {
		if strings.Contains(strings.ToLower(operator), "not") || strings.HasSuffix(operator, "IfExists") {
			continue
		}
		keys, _ := keys.(map[string]any)
		for key, value := range keys {
			if fixedKey(strings.ToLower(key)) && !wild(values(value)) {
				return true
			}
		}
	}
	return false
}

func fixedKey(key string) bool {
	switch key {
	case "aws:principalarn", "aws:principalorgid", "aws:principalorgpaths", "aws:principalaccount", "aws:sourcearn", "aws:sourceaccount", "aws:sourceowner",
		"aws:sourceorgid", "aws:sourcevpc", "aws:sourcevpce", "aws:sourceip", "aws:userid", "aws:username", "s3:x-amz-server-side-encryption-aws-kms-key-id",
		"s3:dataaccesspointaccount", "s3:dataaccesspointarn", "aws:vpcsourceip":
		return true
	}
	return false
}

func wild(all []string) bool {
	for _, v := range all {
		if v == "*" || v == "0.0.0.0/0" || v == "::/0" || strings.HasPrefix(v, "*") {
			return true
		}
	}
	return len(all) == 0
}

// PutBucketPolicy replaces the bucket's policy.
func (s *Service) PutBucketPolicy(ctx context.Context, in *api.PutBucketPolicyInput) (*api.PutBucketPolicyOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		if err := checkPolicy(in.Policy, b.mine); err != nil {
			return err
		}
		if isPublic(in.Policy) && b.blocked(tx).Policy {
			return aws.Errorf(http.StatusForbidden, "AccessDenied", "User is not authorized to perform: s3:PutBucketPolicy on resource: %q because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access.", b.arn())
		}
		b.Policy, b.Public = strings.Clone(in.Policy), isPublic(in.Policy)
		b.put(tx)
		return nil
	})
	return &api.PutBucketPolicyOutput{}, err
}

func errNoPolicy(bucket string) *aws.Error {
	return errBucket(http.StatusNotFound, "NoSuchBucketPolicy", "The bucket policy does not exist", bucket)
}

// GetBucketPolicy returns it.
func (s *Service) GetBucketPolicy(ctx context.Context, in *api.GetBucketPolicyInput) (*api.GetBucketPolicyOutput, error) {
	out := new(api.GetBucketPolicyOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		if b.Policy == "" {
			return errNoPolicy(in.Bucket)
		}
		out.Policy = &b.Policy
		return nil
	})
	return out, err
}

// GetBucketPolicyStatus tells whether it lets anybody in.
func (s *Service) GetBucketPolicyStatus(ctx context.Context, in *api.GetBucketPolicyStatusInput) (*api.GetBucketPolicyStatusOutput, error) {
	out := new(api.GetBucketPolicyStatusOutput)
	err := s.view(ctx, in.Bucket, in.ExpectedBucketOwner, func(_ kv.Tx, b *bucket) error {
		if b.Policy == "" {
			return errNoPolicy(in.Bucket)
		}
		out.PolicyStatus = &api.PolicyStatus{IsPublic: new(isPublic(b.Policy))}
		return nil
	})
	return out, err
}

// DeleteBucketPolicy takes it away.
func (s *Service) DeleteBucketPolicy(ctx context.Context, in *api.DeleteBucketPolicyInput) (*api.DeleteBucketPolicyOutput, error) {
	err := s.update(ctx, in.Bucket, in.ExpectedBucketOwner, func(tx kv.Tx, b *bucket) error {
		b.Policy, b.Public = "", false
		b.put(tx)
		return nil
	})
	return &api.DeleteBucketPolicyOutput{}, err
}
