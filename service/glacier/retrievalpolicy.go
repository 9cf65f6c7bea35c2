package glacier

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/kv"
)

// Strategies of a data retrieval policy.
const (
	strategyNone         = "None"
	strategyFreeTier     = "FreeTier"
	strategyBytesPerHour = "BytesPerHour"
)

func policyKey(sc kv.Scope) kv.Key { return policies.Key(sc, kv.String("")) }

// policyOf is the account's data retrieval policy in a region.
func policyOf(tx kv.Tx, sc kv.Scope) *retrievalPolicy {
	if p, ok := policies.Get(tx, policyKey(sc)); ok {
		return p
	}
	return &retrievalPolicy{Strategy: strategyNone}
}

// SetDataRetrievalPolicy sets what Standard retrievals of the account in this
// region may amount to. It has exactly one rule.
func (s *Service) SetDataRetrievalPolicy(ctx context.Context, in *glacier.SetDataRetrievalPolicyInput) (*glacier.SetDataRetrievalPolicyOutput, error) {
	p, err := readPolicy(in.Policy)
	if err != nil {
		return nil, err
	}
	sc := scopeOf(ctx, in.AccountId)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		policies.Put(tx, policyKey(sc), p)
		return nil
	})
	return &glacier.SetDataRetrievalPolicyOutput{}, err
}

func readPolicy(in *glacier.DataRetrievalPolicy) (*retrievalPolicy, error) {
	if in == nil || len(in.Rules) == 0 {
		return nil, missing("Policy")
	}
	if len(in.Rules) > 1 {
		return nil, invalid("Invalid policy: it must have exactly one rule.")
	}
	rule := &in.Rules[0]
	p := &retrievalPolicy{Strategy: deref(rule.Strategy)}
	if rule.BytesPerHour != nil {
		p.BytesPerHour = *rule.BytesPerHour
	}
	switch p.Strategy {
	case "":
		return nil, missing("Strategy")
	case strategyBytesPerHour:
		if p.BytesPerHour < 1 {
			return nil, invalid("Invalid BytesPerHour: %d. It must be a positive number.", p.BytesPerHour)
		}
	case strategyNone, strategyFreeTier:
		if rule.BytesPerHour != nil {
			return nil, invalid("BytesPerHour is for the strategy %s.", strategyBytesPerHour)
		}
	default:
		return nil, invalid("Invalid strategy: %s. Valid values are %s, %s and %s.", p.Strategy, strategyBytesPerHour, strategyFreeTier, strategyNone)
	}
	return p, nil
}

// GetDataRetrievalPolicy tells the account's data retrieval policy in this region.
func (s *Service) GetDataRetrievalPolicy(ctx context.Context, in *glacier.GetDataRetrievalPolicyInput) (*glacier.GetDataRetrievalPolicyOutput, error) {
	sc := scopeOf(ctx, in.AccountId)
	out := new(glacier.GetDataRetrievalPolicyOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p := policyOf(tx, sc)
		rule := glacier.DataRetrievalRule{Strategy: &p.Strategy}
		if p.BytesPerHour > 0 {
			rule.BytesPerHour = &p.BytesPerHour
		}
		out.Policy = &glacier.DataRetrievalPolicy{Rules: []glacier.DataRetrievalRule{rule}}
		return nil
	})
	return out, err
}

// spend counts a Standard retrieval that begins now, if the policy lets it.
// Retrievals are counted under every policy, because it may be changed.
// AWS: "S3 Glacier Data Retrieval Policies".
func spend(tx kv.Tx, sc kv.Scope, r *retrieval) error {
	bytes := r.To - r.From
	today := allowanceKey(sc, tx.Now())
	spent, ok := allowances.Get(tx, today)
	if !ok {
		spent = new(haul)
		allowances.DeleteAll(tx, allowances.Prefix(sc)) // of the days before
	}
	spent.Bytes += bytes
	switch p := policyOf(tx, sc); p.Strategy {
	case strategyFreeTier:
		if spent.Bytes > freeToday(tx.Now()) {
			return enforced()
		}
	case strategyBytesPerHour:
		if (underWay(tx, sc)+bytes)/rateHours > p.BytesPerHour {
			return enforced()
		}
	}
	allowances.Put(tx, today, spent)
	hauls.Put(tx, r.haulKey(sc), &haul{Bytes: bytes})
	return nil
}

func allowanceKey(sc kv.Scope, now time.Time) kv.Key {
	return allowances.Key(sc, kv.Time(now.UTC().Truncate(24*time.Hour)))
}

// freeToday is the day's share of the free tier.
func freeToday(now time.Time) int64 {
	y, m, _ := now.UTC().Date()
	return freeBytes / int64(time.Date(y, m+1, 0, 0, 0, 0, 0, time.UTC).Day())
}

// haulKey is where a Standard retrieval is counted while it is in progress.
func (r *retrieval) haulKey(sc kv.Scope) kv.Key {
	return hauls.Key(sc, kv.Time(r.Created), kv.String(r.id))
}

// underWay is how many bytes the Standard retrievals in progress are of.
func underWay(tx kv.Tx, sc kv.Scope) (bytes int64) {
	for _, h := range hauls.Scan(tx, kv.Prefix(hauls.Prefix(sc))) {
		bytes += h.Bytes
	}
	return bytes
}
