package apigateway

import (
	"context"
	"time"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/state/kv"
)

const dateForm = "2006-01-02"

func usedKey(sc kv.Scope, plan, key string, day time.Time) kv.Key {
	return used.Key(sc, kv.String(plan), kv.String(key), kv.String(day.Format(dateForm)))
}

func extendedKey(sc kv.Scope, plan, key string, begin time.Time) kv.Key {
	return extended.Key(sc, kv.String(plan), kv.String(key), kv.String(begin.Format(dateForm)))
}

func today(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }

// begin is the first day of the period that a day is in. Days and weeks end at
// midnight UTC; the offset is the day of the week or the month that one begins with.
func begin(q *api.QuotaSettings, day time.Time) time.Time {
	offset := int(deref(q.Offset))
	switch q.Period {
	case api.QuotaPeriodTypeWEEK:
		return day.AddDate(0, 0, -((int(day.Weekday())-offset)%7+7)%7)
	case api.QuotaPeriodTypeMONTH:
		first := time.Date(day.Year(), day.Month(), 1+offset, 0, 0, 0, 0, time.UTC)
		if first.After(day) {
			first = time.Date(day.Year(), day.Month()-1, 1+offset, 0, 0, 0, 0, time.UTC)
		}
		return first
	}
	return day
}

// remaining is how many requests a key has left on a day, of those before the day's
// end; a plan without a quota has no end.
func (p *plan) remaining(tx kv.Tx, sc kv.Scope, key string, day time.Time) int64 {
	if p.Quota == nil {
		return -1
	}
	from := begin(p.Quota, day)
	left := int64(*p.Quota.Limit) + count(tx, extendedKey(sc, *p.Id, key, from))
	for d := from; !d.After(day); d = d.AddDate(0, 0, 1) {
		left -= count(tx, usedKey(sc, *p.Id, key, d))
	}
	return max(left, 0)
}

// count reads a counter without a conflict.
func count(tx kv.Tx, key kv.Key) int64 {
	v, _ := tx.Peek(key)
	return kv.CounterValue(v)
}

// GetUsage tells how many requests the keys of a plan made on each day, and how
// many they had left. AWS: a period is at most 90 days.
func (s *Service) GetUsage(ctx context.Context, in *api.GetUsageInput) (*api.GetUsageOutput, error) {
	from, err1 := time.Parse(dateForm, in.StartDate)
	to, err2 := time.Parse(dateForm, in.EndDate)
	if err1 != nil || err2 != nil || to.Before(from) || to.Sub(from) > 90*24*time.Hour {
		return nil, invalid("Invalid date range specified: %s to %s", in.StartDate, in.EndDate)
	}
	sc := scopeOf(ctx)
	out := &api.GetUsageOutput{UsagePlanId: &in.UsagePlanId, StartDate: &in.StartDate, EndDate: &in.EndDate}
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		p, err := getPlan(tx, sc, in.UsagePlanId)
		if err != nil {
			return err
		}
		out.Items = map[string][][]int64{}
		for row := range members.Scan(tx, kv.Prefix(members.Prefix(sc, kv.String(in.UsagePlanId)))) {
			id := keyOf(row)
			if in.KeyId != nil && *in.KeyId != id {
				continue
			}
			for day := from; !day.After(to) && !day.After(tx.Now()); day = day.AddDate(0, 0, 1) {
				out.Items[id] = append(out.Items[id], []int64{count(tx, usedKey(sc, *p.Id, id, day)), p.remaining(tx, sc, id, day)})
			}
		}
		return nil
	})
	return out, err
}

// UpdateUsage sets what a key has left in the period that now is.
func (s *Service) UpdateUsage(ctx context.Context, in *api.UpdateUsageInput) (*api.UpdateUsageOutput, error) {
	sc := scopeOf(ctx)
	out := &api.UpdateUsageOutput{UsagePlanId: &in.UsagePlanId}
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		if _, err := member(tx, sc, in.UsagePlanId, in.KeyId); err != nil {
			return err
		}
		p, err := getPlan(tx, sc, in.UsagePlanId)
		if err != nil {
			return err
		}
		if p.Quota == nil {
			return invalid("Usage Plan %s has no quota", in.UsagePlanId)
		}
		day := today(tx.Now())
		was := p.remaining(tx, sc, in.KeyId, day)
		v := struct{ Remaining int64 }{was}
		if err := patch(&v, []rule{{"replace", "/remaining"}}, in.PatchOperations); err != nil {
			return err
		}
		tx.Add(extendedKey(sc, *p.Id, in.KeyId, begin(p.Quota, day)), v.Remaining-was)
		text := day.Format(dateForm)
		out.StartDate, out.EndDate = &text, &text
		out.Items = map[string][][]int64{in.KeyId: {{count(tx, usedKey(sc, *p.Id, in.KeyId, day)), v.Remaining}}}
		return nil
	})
	return out, err
}
