package apigateway

import (
	"context"
	"slices"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// admit checks the API key, where the method requires one, and holds the request
// against all rates and quotas.
// AWS: "Throttle requests to your REST APIs": the tightest limit comes first.
func (s *Service) admit(ctx context.Context, v *visit) error {
	if deref(v.method.ApiKeyRequired) {
		if err := s.findKey(ctx, v); err != nil {
			return err
		}
		if err := s.throttlePlan(v); err != nil {
			return err
		}
	}
	if m := v.setting(); m != nil && m.ThrottlingRateLimit != nil && (*m.ThrottlingRateLimit < accountRate || deref(m.ThrottlingBurstLimit) < accountBurst) {
		if !s.take(v, v.stageKey()+*v.method.resource.Path+"/"+v.method.name, *m.ThrottlingRateLimit, float64(deref(m.ThrottlingBurstLimit))) {
			return throttled()
		}
	}
	if !s.take(v, string(v.Account)+string(v.Region), accountRate, accountBurst) {
		return throttled()
	}
	if v.plan != nil {
		return s.countUse(ctx, v)
	}
	return nil
}

// setting is what the stage says of the method; nil for nothing.
func (v *visit) setting() *api.MethodSetting {
	return setting(v.stage, *v.method.resource.Path, v.method.name)
}

func throttled() *failure {
	return fails(api.GatewayResponseTypeTHROTTLED, "TooManyRequestsException", "Too Many Requests")
}

// take takes one request out of a bucket, if it is in there.
func (s *Service) take(v *visit, bucket string, rate, burst float64) bool {
	return s.Pace.Spend(bucket, rate, burst, v.call.Start)
}

// findKey finds the key that came with the request, and the plan that it is in for
// the stage. AWS: "Choose an API key source".
func (s *Service) findKey(ctx context.Context, v *visit) error {
	value := v.request.Header.Get("X-Api-Key")
	if v.served.API.ApiKeySource == api.ApiKeySourceTypeAUTHORIZER {
		value = ""
		if v.decision != nil {
			value = v.decision.UsageKey
		}
	}
	found := false
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		v.key, v.plan, found = nil, nil, false
		ref, ok := keyValues.GetShared(tx, keyValueKey(v.Scope, value), nil)
		if !ok || value == "" {
			return nil
		}
		k, ok := keys.shared(tx, keyKey(v.Scope, ref.ID))
		if !ok || !deref(k.Enabled) {
			return nil
		}
		v.key = k
		found = slices.Contains(k.StageKeys, v.stageKey())
		for row := range keyPlans.Scan(tx, kv.Prefix(keyPlans.Prefix(v.Scope, kv.String(ref.ID)))) {
			p, ok := plans.shared(tx, planKey(v.Scope, planOf(row)))
			if !ok {
				continue
			}
			if _, ok := p.ApiStages[v.API+":"+v.stageName]; ok {
				v.plan, found = p, true
			}
		}
		return nil
	})
	if err == nil && !found {
		v.key = nil
		return fails(api.GatewayResponseTypeINVALIDAPIKEY, "ForbiddenException", "Forbidden")
	}
	return err
}

// throttlePlan holds the request against the rates of the key's plan: those of the
// method, and those of all.
func (s *Service) throttlePlan(v *visit) error {
	if v.plan == nil {
		return nil
	}
	bucket := *v.plan.Id + "/" + *v.key.Id
	method := *v.method.resource.Path + "/" + v.method.name
	if t, ok := v.plan.ApiStages[v.API+":"+v.stageName].Throttle[method]; ok && !s.take(v, bucket+"/"+v.stageKey()+method, deref(t.RateLimit), float64(deref(t.BurstLimit))) {
		return throttled()
	}
	if t := v.plan.Throttle; t != nil && !s.take(v, bucket, deref(t.RateLimit), float64(deref(t.BurstLimit))) {
		return throttled()
	}
	return nil
}

// countUse counts the request, unless the key has used up its quota.
func (s *Service) countUse(ctx context.Context, v *visit) error {
	return kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		day := today(tx.Now())
		if v.plan.Quota != nil && v.plan.remaining(tx, v.Scope, *v.key.Id, day) == 0 {
			return fails(api.GatewayResponseTypeQUOTAEXCEEDED, "LimitExceededException", "Limit Exceeded")
		}
		tx.Add(usedKey(v.Scope, *v.plan.Id, *v.key.Id, day), 1)
		return nil
	})
}
