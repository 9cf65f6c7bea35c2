package apigateway

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

// plan is a usage plan. Its stages are by API:STAGE, as patch paths name them.
type plan struct {
	Id          *string
	Name        *string
	Description *string
	ProductCode *string
	ApiStages   map[string]api.ApiStage
	Throttle    *api.ThrottleSettings
	Quota       *api.QuotaSettings
	Tags        map[string]string
	Created     time.Time
}

// shown is the plan as answers have it.
func (p *plan) shown() *api.UsagePlan {
	v := &api.UsagePlan{
		Id: p.Id, Name: p.Name, Description: p.Description, ProductCode: p.ProductCode, Throttle: p.Throttle, Quota: p.Quota, Tags: p.Tags, ApiStages: []api.ApiStage{},
	}
	for _, name := range slices.Sorted(maps.Keys(p.ApiStages)) {
		v.ApiStages = append(v.ApiStages, p.ApiStages[name])
	}
	return v
}

// CreateUsagePlan makes a plan.
func (s *Service) CreateUsagePlan(ctx context.Context, in *api.CreateUsagePlanInput) (*api.CreateUsagePlanOutput, error) {
	if err := checkTags(in.Tags); err != nil {
		return nil, err
	}
	p := &plan{
		Id: new(s.id(partID)), Name: &in.Name, Description: in.Description, Throttle: in.Throttle, Quota: in.Quota, Tags: in.Tags, ApiStages: map[string]api.ApiStage{},
	}
	for _, st := range in.ApiStages {
		p.ApiStages[deref(st.ApiId)+":"+deref(st.Stage)] = st
	}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p.Created = tx.Now().UTC()
		return putPlan(tx, scopeOf(ctx), p)
	})
	if err != nil {
		return nil, err
	}
	return (*api.CreateUsagePlanOutput)(p.shown()), nil
}

// putPlan checks a plan and stores it.
func putPlan(tx kv.Tx, sc kv.Scope, p *plan) error {
	if deref(p.Name) == "" {
		return invalid("Usage Plan name cannot be blank")
	}
	if err := checkQuota(p.Quota); err != nil {
		return err
	}
	if t := p.Throttle; t != nil && (deref(t.RateLimit) < 0 || deref(t.BurstLimit) < 0) {
		return invalid("Usage Plan throttle limits must not be negative")
	}
	for name, st := range p.ApiStages {
		id, stage, _ := strings.Cut(name, ":")
		a := address{sc, id}
		if !restAPIs.rows.Has(tx, a.key()) {
			return missing("Invalid API identifier specified %s:%s", sc.Account, id)
		}
		if !stages.rows.Has(tx, part(a, stages, stage)) {
			return missing("API Stage not found: %s", name)
		}
		st.ApiId, st.Stage = &id, &stage
		p.ApiStages[name] = st
	}
	for row := range members.Scan(tx, kv.Prefix(members.Prefix(sc, kv.String(*p.Id)))) {
		if err := checkMember(tx, sc, p, keyOf(row)); err != nil {
			return err
		}
	}
	plans.put(tx, planKey(sc, *p.Id), p)
	return nil
}

// checkQuota checks a quota. AWS: the texts of "CreateUsagePlan".
func checkQuota(q *api.QuotaSettings) error {
	if q == nil {
		return nil
	}
	switch {
	case q.Limit == nil || *q.Limit < 0:
		return invalid("Usage Plan quota limit must be greater than zero")
	case q.Period == "":
		return invalid("Usage Plan quota period must be specified")
	}
	if q.Offset == nil {
		q.Offset = new(int32(0))
	}
	switch n := *q.Offset; {
	case q.Period == api.QuotaPeriodTypeDAY && n != 0:
		return invalid("Usage Plan quota offset must be zero in the DAY period")
	case q.Period == api.QuotaPeriodTypeWEEK && (n < 0 || n > 6):
		return invalid("Usage Plan quota offset must be between zero and six inclusive in the WEEK period")
	case q.Period == api.QuotaPeriodTypeMONTH && (n < 0 || n > 27):
		return invalid("Usage Plan quota offset must be between zero and 27 inclusive in the MONTH period")
	}
	return nil
}

func getPlan(tx kv.Tx, sc kv.Scope, id string) (*plan, error) {
	p, ok := plans.get(tx, planKey(sc, id))
	if !ok {
		return nil, missing("Invalid Usage Plan ID specified")
	}
	return p, nil
}

// GetUsagePlan tells of a plan.
func (s *Service) GetUsagePlan(ctx context.Context, in *api.GetUsagePlanInput) (out *api.GetUsagePlanOutput, err error) {
	err = kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, err := getPlan(tx, scopeOf(ctx), in.UsagePlanId)
		if err == nil {
			out = (*api.GetUsagePlanOutput)(p.shown())
		}
		return err
	})
	return out, err
}

// GetUsagePlans lists plans, or those that a key belongs to.
func (s *Service) GetUsagePlans(ctx context.Context, in *api.GetUsagePlansInput) (*api.GetUsagePlansOutput, error) {
	sc := scopeOf(ctx)
	out := &api.GetUsagePlansOutput{}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		items, position, err := plans.page(tx, plans.rows.Prefix(sc), page{in.Position, in.Limit}, func(p *plan) bool {
			return in.KeyId == nil || members.Has(tx, memberKey(sc, *p.Id, *in.KeyId))
		})
		out.Items, out.Position = []api.UsagePlan{}, position
		for i := range items {
			out.Items = append(out.Items, *items[i].shown())
		}
		return err
	})
	return out, err
}

var planRules = []rule{
	{"replace", "/name"},
	{"replace add remove", "/description"},
	{"replace add remove", "/productCode"},
	{"add remove replace", "/apiStages/*"},
	{"replace add", "/apiStages/*/throttle/*/rateLimit"},
	{"replace add", "/apiStages/*/throttle/*/burstLimit"},
	{"remove", "/apiStages/*/throttle/*"},
	{"remove", "/apiStages/*/throttle"},
	{"replace add", "/throttle/rateLimit"},
	{"replace add", "/throttle/burstLimit"},
	{"remove", "/throttle"},
	{"replace add", "/quota/limit"},
	{"replace add", "/quota/offset"},
	{"replace add", "/quota/period"},
	{"remove", "/quota"},
}

// planOperations makes of the two ways in which AWS names parts of a plan paths
// like all others: a stage that is added is the value, and the method that a
// throttle is for is spread over several elements.
func planOperations(ops []api.PatchOperation) []api.PatchOperation {
	ops = slices.Clone(ops)
	for i := range ops {
		path := deref(ops[i].Path)
		if strings.Trim(path, "/") == "apiStages" {
			ops[i].Path = new("/apiStages/" + escape(deref(ops[i].Value)))
			continue
		}
		head, rest, ok := strings.Cut(path, "/throttle/")
		if !ok || !strings.HasPrefix(head, "/apiStages/") {
			continue
		}
		method, limit := rest, ""
		if at := strings.LastIndexByte(rest, '/'); strings.HasSuffix(rest, "/rateLimit") || strings.HasSuffix(rest, "/burstLimit") {
			method, limit = rest[:at], rest[at:]
		}
		method = "/" + strings.TrimLeft(unescape(method), "/")
		ops[i].Path = new(head + "/throttle/" + escape(method) + limit)
	}
	return ops
}

// UpdateUsagePlan changes a plan.
func (s *Service) UpdateUsagePlan(ctx context.Context, in *api.UpdateUsagePlanInput) (out *api.UpdateUsagePlanOutput, err error) {
	sc := scopeOf(ctx)
	err = kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := getPlan(tx, sc, in.UsagePlanId)
		if err != nil {
			return err
		}
		ops := planOperations(in.PatchOperations)
		for _, op := range ops {
			name := unescape(strings.TrimPrefix(deref(op.Path), "/apiStages/"))
			if _, there := p.ApiStages[name]; op.Op == api.OpAdd && there {
				return conflict("Usage plan already contains stage %s", name)
			}
		}
		if err := patch(p, planRules, ops); err != nil {
			return err
		}
		if err := putPlan(tx, sc, p); err != nil {
			return err
		}
		out = (*api.UpdateUsagePlanOutput)(p.shown())
		return nil
	})
	return out, err
}

// DeleteUsagePlan deletes a plan that no stage is in.
func (s *Service) DeleteUsagePlan(ctx context.Context, in *api.DeleteUsagePlanInput) (*api.DeleteUsagePlanOutput, error) {
	sc := scopeOf(ctx)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		p, err := getPlan(tx, sc, in.UsagePlanId)
		if err != nil {
			return err
		}
		if len(p.ApiStages) > 0 {
			return invalid("Cannot delete usage plan %s because it has associated API stages", in.UsagePlanId)
		}
		for row := range members.Scan(tx, kv.Prefix(members.Prefix(sc, kv.String(in.UsagePlanId)))) {
			keyPlans.Delete(tx, keyPlanKey(sc, keyOf(row), in.UsagePlanId))
		}
		members.DeleteAll(tx, members.Prefix(sc, kv.String(in.UsagePlanId)))
		used.DeleteAll(tx, used.Prefix(sc, kv.String(in.UsagePlanId)))
		extended.DeleteAll(tx, extended.Prefix(sc, kv.String(in.UsagePlanId)))
		plans.rows.Delete(tx, planKey(sc, in.UsagePlanId))
		return nil
	})
	return &api.DeleteUsagePlanOutput{}, err
}
