package apigatewayv2

import (
	"context"
	"testing"

	"github.com/brume-cloud/brume/api/apigatewayv2"
	"github.com/brume-cloud/brume/state/clock"
	"github.com/brume-cloud/brume/state/kv"
	"github.com/brume-cloud/brume/state/kv/local"
)

func TestLongestKeyOfADomainIsWhereAPathLeads(t *testing.T) {
	store := local.Memory(local.Options{Now: clock.New().Now})
	defer store.Close()
	sc := kv.Scope{Account: "000000000000", Region: "us-east-1"}
	err := kv.Update(t.Context(), store, func(tx kv.Tx) error {
		for domain, keys := range map[string][]string{"api.example.com": {"", "pets", "pets/v1"}, "*.example.com": {"any"}} {
			for _, key := range keys {
				id := "m" + key
				mappings.put(tx, &apigatewayv2.ApiMapping{ApiId: "api-" + key, ApiMappingId: &id, ApiMappingKey: &key, Stage: "prod"}, sc, domain, id)
			}
			reroute(tx, sc, domain)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	s := New(Deps{Store: store})
	for _, k := range []struct{ host, path, api, rest string }{
		{"api.example.com", "/", "api-", "/"},
		{"API.example.com", "/pets", "api-pets", "/"},
		{"api.example.com", "/pets/v1/x%2Fy", "api-pets/v1", "/x%2Fy"},
		{"api.example.com", "/pets/v12", "api-pets", "/v12"},
		{"api.example.com", "/petshop", "api-", "/petshop"},
		{"other.example.com", "/any/x", "api-any", "/x"},
		{"other.example.com", "/x", "", ""},
		{"deep.other.example.com", "/any", "", ""},
		{"localhost", "/", "", ""},
	} {
		m, rest := s.Mapped(context.Background(), k.host, k.path)
		if deref(m).ApiId != k.api || rest != k.rest {
			t.Errorf("%s%s leads to %q at %q", k.host, k.path, deref(m).ApiId, rest)
		}
	}
}
