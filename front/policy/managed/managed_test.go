package managed_test

import (
	"testing"

	"github.com/brume-cloud/brume/front/policy"
	"github.com/brume-cloud/brume/front/policy/managed"
)

func TestEveryDocumentIsThereAndParses(t *testing.T) {
	var c managed.Catalog
	if c.Len() < 1500 {
		t.Fatalf("%d policies", c.Len())
	}
	for i := range c.Len() {
		listed := c.At(i)
		p, ok := c.Find(listed.Name)
		if !ok || p.Document == "" || p.Path != listed.Path {
			t.Fatalf("%s: %v, %+v", listed.Name, ok, p)
		}
		if p.Name == "AWSSupportServiceRolePolicy" {
			continue // longer than any document that the evaluator takes; only AWS Support's role has it
		}
		if _, err := policy.Parse([]byte(p.Document), policy.Identity); err != nil {
			t.Errorf("%s: %v", p.Name, err)
		}
	}
}

func TestNamesAreExact(t *testing.T) {
	var c managed.Catalog
	for name, want := range map[string]bool{"AdministratorAccess": true, "administratoraccess": false, "ReadOnlyAccess": true, "": false, "zzz": false} {
		if _, ok := c.Find(name); ok != want {
			t.Errorf("Find(%q) = %v", name, ok)
		}
	}
}

func BenchmarkFind(b *testing.B) {
	var c managed.Catalog
	b.Run("warm", func(b *testing.B) {
		for b.Loop() {
			c.Find("AdministratorAccess")
		}
	})
	b.Run("cold", func(b *testing.B) {
		names := [2]string{"AdministratorAccess", "ReadOnlyAccess"}
		for i := 0; b.Loop(); i++ {
			p := managed.Catalog{}
			p.Find(names[i%2])
		}
	})
}
