package apigateway

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// Lengths of keys. AWS: "CreateApiKey" and "API key file format".
const (
	keyIDLength    = 10
	keyValueLength = 40
	minKeyValue    = 20
	maxKeyValue    = 128
)

func noKey() error { return missing("Invalid API Key identifier specified") }

// CreateApiKey makes a key.
func (s *Service) CreateApiKey(ctx context.Context, in *api.CreateApiKeyInput) (*api.CreateApiKeyOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	k := &api.ApiKey{
		Id: new(s.id(keyIDLength)), Value: in.Value, Name: in.Name, CustomerId: in.CustomerId, Description: in.Description,
		Enabled: new(deref(in.Enabled)), Tags: in.Tags, StageKeys: []string{},
	}
	if k.Value == nil {
		k.Value = new(aws.Text(s.Random, aws.AlphaNumeric, keyValueLength))
	}
	for _, st := range in.StageKeys {
		k.StageKeys = append(k.StageKeys, deref(st.RestApiId)+"/"+deref(st.StageName))
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error { return putKey(tx, scopeOf(ctx), k) })
	if err != nil {
		return nil, err
	}
	return (*api.CreateApiKeyOutput)(k), nil
}

// putKey checks a new key and stores it.
func putKey(tx kv.Tx, sc kv.Scope, k *api.ApiKey) error {
	switch n := len(*k.Value); {
	case n < minKeyValue:
		return invalid("API Key value should be at least 20 characters")
	case n > maxKeyValue:
		return invalid("API Key value should be at most 128 characters")
	case keyValues.Has(tx, keyValueKey(sc, *k.Value)):
		return conflict("API Key already exists")
	}
	for _, st := range k.StageKeys {
		id, name, _ := strings.Cut(st, "/")
		if a := (address{sc, id}); !stages.rows.Has(tx, part(a, stages, name)) {
			return invalid("Invalid Stage Key specified: %s", st)
		}
	}
	k.CreatedDate, k.LastUpdatedDate = now(tx), now(tx)
	keys.put(tx, keyKey(sc, *k.Id), k)
	keyValues.Put(tx, keyValueKey(sc, *k.Value), &keyRef{*k.Id})
	return nil
}

func key(tx kv.Tx, sc kv.Scope, id string) (*api.ApiKey, error) {
	k, ok := keys.get(tx, keyKey(sc, id))
	if !ok {
		return nil, noKey()
	}
	return k, nil
}

// GetApiKey tells of a key.
func (s *Service) GetApiKey(ctx context.Context, in *api.GetApiKeyInput) (out *api.GetApiKeyOutput, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		k, err := key(tx, scopeOf(ctx), in.ApiKey)
		if err == nil && !deref(in.IncludeValue) {
			k.Value = nil
		}
		out = (*api.GetApiKeyOutput)(k)
		return err
	})
	return out, err
}

// GetApiKeys lists keys.
func (s *Service) GetApiKeys(ctx context.Context, in *api.GetApiKeysInput) (*api.GetApiKeysOutput, error) {
	out := &api.GetApiKeysOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) (err error) {
		out.Items, out.Position, err = keys.page(tx, keys.rows.Prefix(scopeOf(ctx)), page{in.Position, in.Limit}, func(k *api.ApiKey) bool {
			if !deref(in.IncludeValues) {
				k.Value = nil
			}
			return strings.HasPrefix(deref(k.Name), deref(in.NameQuery)) && (in.CustomerId == nil || *in.CustomerId == deref(k.CustomerId))
		})
		return err
	})
	return out, err
}

var keyRules = []rule{
	{"replace", "/name"},
	{"replace", "/description"},
	{"replace", "/enabled"},
	{"replace", "/customerId"},
}

// UpdateApiKey changes a key.
func (s *Service) UpdateApiKey(ctx context.Context, in *api.UpdateApiKeyInput) (out *api.UpdateApiKeyOutput, err error) {
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		k, err := key(tx, scopeOf(ctx), in.ApiKey)
		if err != nil {
			return err
		}
		if err := patch(k, keyRules, in.PatchOperations); err != nil {
			return err
		}
		k.LastUpdatedDate = now(tx)
		keys.put(tx, keyKey(scopeOf(ctx), in.ApiKey), k)
		shown := *k
		shown.Value = nil
		out = (*api.UpdateApiKeyOutput)(&shown)
		return nil
	})
	return out, err
}

// DeleteApiKey deletes a key, and takes it out of all usage plans.
func (s *Service) DeleteApiKey(ctx context.Context, in *api.DeleteApiKeyInput) (*api.DeleteApiKeyOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		k, err := key(tx, sc, in.ApiKey)
		if err != nil {
			return err
		}
		for row := range keyPlans.Scan(tx, kv.Prefix(keyPlans.Prefix(sc, kv.String(in.ApiKey)))) {
			members.Delete(tx, memberKey(sc, planOf(row), in.ApiKey))
		}
		keyPlans.DeleteAll(tx, keyPlans.Prefix(sc, kv.String(in.ApiKey)))
		keyValues.Delete(tx, keyValueKey(sc, *k.Value))
		keys.rows.Delete(tx, keyKey(sc, in.ApiKey))
		return nil
	})
	return &api.DeleteApiKeyOutput{}, err
}
