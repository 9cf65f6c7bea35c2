package iam

import (
	"encoding/json"
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/policy"
)

// checkTrust checks the document of a trust policy.
func (s *Service) checkTrust(document string) error {
	if size(document) > maxTrustSize {
		return exceeded("ACLSizePerRole", maxTrustSize)
	}
	_, err := s.Deps.Policies.Get(document, policy.Trust)
	return modelled(err)
}

// checkPrincipals refuses a trust policy that names a user or role of this
// account that does not exist.
// AWS: "AWS JSON policy elements: Principal": principals are looked up when the
// policy is saved. Other accounts' are taken as they are.
func (t *tx) checkPrincipals(document string) error {
	for _, arn := range awsPrincipals(document) {
		a, err := aws.ParseARN(arn)
		if err != nil || a.Service != "iam" || a.Account != t.Account || a.Resource == "root" {
			continue
		}
		if !t.principalExists(a.Resource) {
			return api.ErrMalformedPolicyDocumentException(`Invalid principal in policy: "AWS":"%s"`, arn)
		}
	}
	return nil
}

// principalExists reports whether user/path/name or role/path/name is there.
func (t *tx) principalExists(resource string) bool {
	kind, full, _ := strings.Cut(resource, "/")
	name := full[strings.LastIndexByte(full, '/')+1:]
	switch kind {
	case "user":
		u, ok := find(t, &users, name)
		return ok && u.full() == "/"+full
	case "role":
		r, ok := find(t, &roles, name)
		return ok && r.full() == "/"+full
	}
	return true
}

// awsPrincipals are the ARNs that a document, which parses, names under "AWS".
func awsPrincipals(document string) (out []string) {
	var doc struct{ Statement json.RawMessage }
	if json.Unmarshal([]byte(document), &doc) != nil {
		return nil
	}
	type statement struct {
		Principal, NotPrincipal json.RawMessage
	}
	var list []statement
	if json.Unmarshal(doc.Statement, &list) != nil {
		list = make([]statement, 1)
		if json.Unmarshal(doc.Statement, &list[0]) != nil {
			return nil
		}
	}
	for _, st := range list {
		for _, element := range []json.RawMessage{st.Principal, st.NotPrincipal} {
			var kinds map[string]json.RawMessage
			if json.Unmarshal(element, &kinds) == nil {
				out = append(out, oneOrMany(kinds["AWS"])...)
			}
		}
	}
	return out
}

// oneOrMany reads a string or a list of strings.
func oneOrMany(raw json.RawMessage) []string {
	var one string
	if json.Unmarshal(raw, &one) == nil {
		return []string{one}
	}
	var many []string
	if json.Unmarshal(raw, &many) != nil {
		return nil
	}
	return many
}
