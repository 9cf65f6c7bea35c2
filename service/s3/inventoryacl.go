package s3

import (
	"encoding/base64"
	"encoding/json"
)

// inventoryACL is an object's ACL as reports have it.
// AWS: "Working with the Object ACL field".
type inventoryACL struct {
	Version string           `json:"version"`
	Status  string           `json:"status"`
	Grants  []inventoryGrant `json:"grants"`
}

type inventoryGrant struct {
	CanonicalID string `json:"canonicalId,omitempty"`
	URI         string `json:"uri,omitempty"`
	Type        string `json:"type"`
	Permission  string `json:"permission"`
}

// reportedACL is the column of an object: JSON in Base64, because it is CSV
// that it is in.
func (b *bucket) reportedACL(o *object) string {
	all := inventoryACL{Version: "2022-11-10", Status: "AVAILABLE", Grants: []inventoryGrant{{CanonicalID: canonical(b.accountOf(o)), Type: kindUser, Permission: "FULL_CONTROL"}}}
	if b.Ownership != ownerEnforced {
		for _, g := range o.ACL {
			shown := inventoryGrant{Type: g.Kind, Permission: g.Permission}
			if g.Kind == kindGroup {
				shown.URI = g.Grantee
			} else {
				shown.CanonicalID = g.Grantee
			}
			all.Grants = append(all.Grants, shown)
		}
	}
	text, _ := json.Marshal(&all) // of strings alone
	return base64.StdEncoding.EncodeToString(text)
}
