package iam

import (
	"testing"

	"github.com/brume-cloud/brume/front/policy/managed"
)

func TestEveryLinkedRolesPolicyExists(t *testing.T) {
	var c managed.Catalog
	for service, l := range linkedServices {
		if p, ok := c.Find(l.policy); !ok || p.Path != serviceRolePath {
			t.Errorf("%s: %s: %v %+v", service, l.policy, ok, p)
		}
	}
}
