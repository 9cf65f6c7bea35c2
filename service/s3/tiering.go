package s3

import (
	"context"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// The access tiers of INTELLIGENT_TIERING. Frequent Access is kept as none.
// AWS: "How S3 Intelligent-Tiering works".
const (
	tierInfrequent = "INFREQUENT"
	tierInstant    = "ARCHIVE_INSTANT_ACCESS"
	tierArchive    = string(api.IntelligentTieringAccessTierARCHIVEACCESS)
	tierDeep       = string(api.IntelligentTieringAccessTierDEEPARCHIVEACCESS)
)

// coldness orders the tiers.
func coldness(tier string) int {
	switch tier {
	case tierInfrequent:
		return 1
	case tierInstant:
		return 2
	case tierArchive:
		return 3
	case tierDeep:
		return 4
	}
	return 0
}

// tierRank is the rank of the storage class that a tier is like: lifecycle moves
// objects on from there.
func tierRank(tier string) int {
	switch tier {
	case tierInstant:
		return rank(classOneZone)
	case tierArchive:
		return rank(classInstant)
	case tierDeep:
		return rank(classGlacier)
	}
	return 0
}

// tierTariff is how a tier is billed.
// AWS: "Amazon S3 pricing": what describes an archived object is billed as in the
// archive's own class, and its name as in STANDARD.
func tierTariff(tier string) tariff {
	switch tier {
	case tierInfrequent:
		return tariff{mark: "INT-IA-"}
	case tierInstant:
		return tariff{mark: "INT-AIA-"}
	case tierArchive:
		return tariff{mark: "INT-AA-", index: 32 << 10, listing: 8 << 10, indexed: tariffOf(classGlacier).mark}
	case tierDeep:
		return tariff{mark: "INT-DAA-", index: 32 << 10, listing: 8 << 10, indexed: tariffOf(classDeep).mark}
	}
	return tariffOf(classTiering)
}

// shownTier is the tier as inventories name it.
func (o *object) shownTier() string {
	switch {
	case o.Class != classTiering:
		return ""
	case o.Tier == "":
		return "FREQUENT"
	case o.Tier == tierInstant:
		return o.Tier
	}
	return strings.TrimSuffix(o.Tier, "_ACCESS")
}

// monitored reports whether Intelligent-Tiering watches the object. Small ones
// stay where they are.
func (o *object) monitored() bool { return o.Class == classTiering && o.Size >= smallSize }

// used is when the object was accessed last, as far as that is kept.
func (o *object) used() time.Time {
	last := o.Modified
	for _, t := range [...]time.Time{o.Moved, o.Read} {
		if t.After(last) {
			last = t
		}
	}
	return last
}

// stale reports whether an access at now has to be noted: when it moves the
// object, and otherwise once a day. So most reads write nothing.
func (o *object) stale(now time.Time) bool {
	return o.monitored() && !o.archived() && (o.Tier != "" || now.Sub(o.used()) >= day)
}

// touch notes an access, which moves the object back to Frequent Access. If that
// fails, the read has not been one for Intelligent-Tiering.
func (s *Service) touch(ctx context.Context, src *source) {
	_ = kv.Update(ctx, s.Store, func(tx kv.Tx) error { // what went wrong, the store has logged
		b, ok := bucketOf(tx, src.b.scope(), src.b.Name, src.b.ID)
		if !ok {
			return nil
		}
		if o, ok := b.version(tx, src.o.Key, src.o.id()); ok && o.Seq == src.o.Seq && o.stale(tx.Now()) {
			o.Read = tx.Now()
			b.retier(tx, o, "")
			b.save(tx, o)
		}
		return nil
	})
}

// retier moves an object to another tier. The caller saves it.
func (b *bucket) retier(tx kv.Tx, o *object, tier string) {
	if o.Tier == tier {
		return
	}
	b.settle(tx, o)
	o.Tier = tier
	b.bill(tx, o)
}

// watch puts the job that goes through the bucket at the next midnight, if none
// is put.
func (b *bucket) watch(tx kv.Tx) {
	key := b.armedKey(kindTiering)
	if armed.Has(tx, key) {
		return
	}
	armed.Put(tx, key, &struct{}{})
	job.Put(tx, &job.Job{Kind: kindTiering, Scope: b.scope(), ID: b.Name, Due: midnight(tx.Now().Add(1)), Payload: kv.Append(nil, &tour{Bucket: b.Name, ID: b.ID})})
}

// demote is the job that moves some objects which nobody accesses, and puts the
// one for the next, or for the next midnight. It says at its beginning that it is
// not put any more, so that an object which comes meanwhile puts it again.
func (s *Service) demote(ctx context.Context, tx kv.Tx, j *job.Job) error {
	var t tour
	if err := kv.Decode(j.Payload, &t); err != nil {
		return err
	}
	b, ok := bucketOf(tx, j.Scope, t.Bucket, t.ID)
	if !ok {
		return nil
	}
	if t.After == "" {
		armed.Delete(tx, b.armedKey(kindTiering))
	}
	ctx = s.itself(ctx, j.Scope)
	archives := b.archives(tx)
	h := &history{listing: &listing{}, b: b, tx: tx}
	seen, last := 0, ""
	for o := range h.all(t.After, t.After == "") {
		if seen >= batch && o.Key != last {
			t.After = last
			job.PutNow(tx, &job.Job{Kind: kindTiering, Scope: b.scope(), ID: b.Name, Payload: kv.Append(nil, &t)})
			return nil
		}
		seen, last = seen+1, o.Key
		if !o.monitored() {
			continue
		}
		t.Some = true
		if tier := coldest(o, archives, tx.Now()); coldness(tier) > coldness(o.Tier) && !o.restoring(tx.Now()) {
			b.retier(tx, o, tier)
			b.save(tx, o)
			if o.archived() {
				e := o.event("IntelligentTiering")
				e.Tier = tier
				s.emit(ctx, tx, b, e)
			}
		}
	}
	if t.Some {
		b.watch(tx)
	}
	return nil
}

// archives are the bucket's configurations that archive objects.
func (b *bucket) archives(tx kv.Tx) (all []*api.IntelligentTieringConfiguration) {
	for _, row := range settings.Scan(tx, kv.Prefix(settings.Prefix(b.scope(), b.id(), kv.String(intelligentSetting)))) {
		if c := parse[api.IntelligentTieringConfiguration](row); c.Status == api.IntelligentTieringStatusEnabled {
			all = append(all, c)
		}
	}
	return all
}

// coldest is the coldest tier that an object's time without access is enough for.
func coldest(o *object, archives []*api.IntelligentTieringConfiguration, now time.Time) (tier string) {
	idle := func(days int32) bool { return !now.Before(midnight(o.used().Add(time.Duration(days) * day))) }
	switch {
	case idle(instantDays):
		tier = tierInstant
	case idle(infrequentDays):
		tier = tierInfrequent
	}
	for _, c := range archives {
		if !tiers(c.Filter, o) {
			continue
		}
		for _, t := range c.Tierings {
			if to := string(t.AccessTier); idle(t.Days) && coldness(to) > coldness(tier) {
				tier = to
			}
		}
	}
	return tier
}

// tiers reports whether a configuration's filter takes an object in.
func tiers(f *api.IntelligentTieringFilter, o *object) bool {
	if f == nil {
		return true
	}
	prefix, tags := deref(f.Prefix), []api.Tag(nil)
	if f.Tag != nil {
		tags = append(tags, *f.Tag)
	}
	if f.And != nil {
		prefix, tags = deref(f.And.Prefix), f.And.Tags
	}
	return strings.HasPrefix(o.Key, prefix) && o.carries(tags)
}
