package apigateway

import (
	"context"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// keyType is the only type that a usage plan's key can have.
const keyType = "API_KEY"

// checkMember checks that a key is in no other plan for a stage of a plan: it
// would not be clear which limits it has there.
func checkMember(tx kv.Tx, sc kv.Scope, p *plan, key string) error {
	for row := range keyPlans.Scan(tx, kv.Prefix(keyPlans.Prefix(sc, kv.String(key)))) {
		other, ok := plans.get(tx, planKey(sc, planOf(row)))
		if !ok || *other.Id == *p.Id {
			continue
		}
		for name := range p.ApiStages {
			if _, both := other.ApiStages[name]; both {
				return conflict("API Key %s cannot be added to Usage Plan %s: it is already in Usage Plan %s for the API stage %s", key, *p.Id, *other.Id, name)
			}
		}
	}
	return nil
}

func planMember(k *api.ApiKey) *api.UsagePlanKey {
	return &api.UsagePlanKey{Id: k.Id, Type: new(keyType), Value: k.Value, Name: k.Name}
}

// CreateUsagePlanKey adds a key to a plan.
func (s *Service) CreateUsagePlanKey(ctx context.Context, in *api.CreateUsagePlanKeyInput) (out *api.CreateUsagePlanKeyOutput, err error) {
	sc := scopeOf(ctx)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if in.KeyType != keyType {
			return invalid("Invalid Usage Plan Key type specified: %s. Must be API_KEY", in.KeyType)
		}
		if err := addMember(tx, sc, in.UsagePlanId, in.KeyId); err != nil {
			return err
		}
		k, err := key(tx, sc, in.KeyId)
		if err == nil {
			out = (*api.CreateUsagePlanKeyOutput)(planMember(k))
		}
		return err
	})
	return out, err
}

// addMember adds a key to a plan.
func addMember(tx kv.Tx, sc kv.Scope, plan, id string) error {
	p, err := getPlan(tx, sc, plan)
	if err != nil {
		return err
	}
	if _, err := key(tx, sc, id); err != nil {
		return err
	}
	if members.Has(tx, memberKey(sc, plan, id)) {
		return conflict("Usage Plan Key already exists")
	}
	if err := checkMember(tx, sc, p, id); err != nil {
		return err
	}
	members.Put(tx, memberKey(sc, plan, id), &struct{}{})
	keyPlans.Put(tx, keyPlanKey(sc, id, plan), &struct{}{})
	return nil
}

func member(tx kv.Tx, sc kv.Scope, plan, id string) (*api.ApiKey, error) {
	if _, err := getPlan(tx, sc, plan); err != nil {
		return nil, err
	}
	if !members.Has(tx, memberKey(sc, plan, id)) {
		return nil, missing("Invalid Usage Plan Key identifier specified")
	}
	return key(tx, sc, id)
}

// GetUsagePlanKey tells of a key of a plan.
func (s *Service) GetUsagePlanKey(ctx context.Context, in *api.GetUsagePlanKeyInput) (out *api.GetUsagePlanKeyOutput, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		k, err := member(tx, scopeOf(ctx), in.UsagePlanId, in.KeyId)
		if err == nil {
			out = (*api.GetUsagePlanKeyOutput)(planMember(k))
		}
		return err
	})
	return out, err
}

// GetUsagePlanKeys lists the keys of a plan.
func (s *Service) GetUsagePlanKeys(ctx context.Context, in *api.GetUsagePlanKeysInput) (*api.GetUsagePlanKeysOutput, error) {
	sc := scopeOf(ctx)
	out := &api.GetUsagePlanKeysOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := getPlan(tx, sc, in.UsagePlanId); err != nil {
			return err
		}
		items, position, err := keys.page(tx, keys.rows.Prefix(sc), page{in.Position, in.Limit}, func(k *api.ApiKey) bool {
			return strings.HasPrefix(deref(k.Name), deref(in.NameQuery)) && members.Has(tx, memberKey(sc, in.UsagePlanId, *k.Id))
		})
		out.Items, out.Position = []api.UsagePlanKey{}, position
		for i := range items {
			out.Items = append(out.Items, *planMember(&items[i]))
		}
		return err
	})
	return out, err
}

// DeleteUsagePlanKey takes a key out of a plan.
func (s *Service) DeleteUsagePlanKey(ctx context.Context, in *api.DeleteUsagePlanKeyInput) (*api.DeleteUsagePlanKeyOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := member(tx, sc, in.UsagePlanId, in.KeyId); err != nil {
			return err
		}
		members.Delete(tx, memberKey(sc, in.UsagePlanId, in.KeyId))
		keyPlans.Delete(tx, keyPlanKey(sc, in.KeyId, in.UsagePlanId))
		return nil
	})
	return &api.DeleteUsagePlanKeyOutput{}, err
}
