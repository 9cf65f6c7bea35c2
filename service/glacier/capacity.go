package glacier

import (
	"context"
	"time"

	"github.com/brume-cloud/brume/api/glacier"
	"github.com/brume-cloud/brume/state/kv"
)

// PurchaseProvisionedCapacity buys a unit of capacity for a month. Limit: two
// units of an account in a region (LimitExceededException).
func (s *Service) PurchaseProvisionedCapacity(ctx context.Context, in *glacier.PurchaseProvisionedCapacityInput) (*glacier.PurchaseProvisionedCapacityOutput, error) {
	sc := scopeOf(ctx, in.AccountId)
	id := s.newID(capacityIDLength)
	err := kv.Update(ctx, s.Store, func(tx kv.Tx) error {
		now, n := tx.Now(), 0
		for key, c := range capacities.Scan(tx, kv.Prefix(capacities.Prefix(sc))) {
			if !c.isOver(now) {
				n++
				continue
			}
			capacities.Delete(tx, key)
		}
		if n >= maxCapacityUnits {
			return tooMany("The account already has %d provisioned capacity units.", maxCapacityUnits)
		}
		capacities.Put(tx, capacities.Key(sc, kv.String(id)), &capacity{Start: now, Expires: now.AddDate(0, 1, 0)})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return &glacier.PurchaseProvisionedCapacityOutput{CapacityId: &id}, nil
}

func (c *capacity) isOver(now time.Time) bool { return !now.Before(c.Expires) }

// ListProvisionedCapacity lists the account's units that have not expired.
func (s *Service) ListProvisionedCapacity(ctx context.Context, in *glacier.ListProvisionedCapacityInput) (*glacier.ListProvisionedCapacityOutput, error) {
	sc := scopeOf(ctx, in.AccountId)
	out := new(glacier.ListProvisionedCapacityOutput)
	err := kv.View(ctx, s.Store, func(tx kv.Tx) error {
		out.ProvisionedCapacityList = []glacier.ProvisionedCapacityDescription{}
		for key, c := range capacities.Scan(tx, kv.Prefix(capacities.Prefix(sc))) {
			if c.isOver(tx.Now()) {
				continue
			}
			id := capacities.Parts(key)
			out.ProvisionedCapacityList = append(out.ProvisionedCapacityList, glacier.ProvisionedCapacityDescription{
				CapacityId: new(id.String()), StartDate: date(c.Start), ExpirationDate: date(c.Expires),
			})
		}
		return nil
	})
	return out, err
}
