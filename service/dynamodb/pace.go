package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// throttleTag, with the value "on", makes a table keep to its capacity.
const throttleTag = "brume:throttle"

// Pace keeps token buckets; *pace.Buckets is one. They are in memory: capacity
// that was saved is not worth a row that all writers of a table would meet at.
type Pace interface {
	Left(name string, rate, most float64, now time.Time) float64
	Take(name string, n float64)
}

// pacing is what one attempt of a request takes of capacity. A request may go on
// while something is left, and is charged for what it took once it is over: what
// it takes is not known before. A nil pacing lets all through.
type pacing struct {
	*Service
	tx    kv.Tx
	now   time.Time
	taken map[string]float64 // by lane; nil while nothing was
	hot   map[string]*heat
}

func (s *Service) pacing(tx kv.Tx) *pacing {
	if s.Pace == nil {
		return nil
	}
	return &pacing{Service: s, tx: tx, now: tx.Now()}
}

// use is a way in which a request uses a table or a global index.
type use struct {
	table *table
	index *index     // nil: the table
	part  *partition // nil: many
	write bool
}

// lane is a bucket that a use takes from.
type lane struct {
	name       string
	rate, most float64 // units a second, units
	limit      string  // the last part of a throttling reason
}

// What may be exceeded. AWS: API reference, "ThrottlingReason".
const (
	limitProvisioned = "ProvisionedThroughputExceeded"
	limitOnDemand    = "MaxOnDemandThroughputExceeded"
	limitKeyRange    = "KeyRangeThroughputExceeded"
)

// lanes returns the buckets of a use, and those of its heat: none unless its table
// is throttled.
func (p *pacing) lanes(u use) (all []lane, hot []heat) {
	t := u.table
	if !t.throttled() {
		return nil, nil
	}
	id, capacity, most := uint64(0), t.Throughput, t.OnDemand
	if u.index != nil {
		id, capacity, most = u.index.ID, u.index.Throughput, u.index.OnDemand
	}
	kind, units, ofPartition, ceiling := "r", capacity.Read, float64(partitionReads), int64(0)
	if most != nil {
		ceiling = most.Read
	}
	if u.write {
		kind, units, ofPartition = "w", capacity.Write, partitionWrites
		if most != nil {
			ceiling = most.Write
		}
	}
	name := fmt.Sprintf("ddb/%s/%s/%x/%d/%s", t.at.Account, t.at.Region, t.ID, id, kind)
	hot = u.growing(name)
	switch {
	case t.provisioned():
		all = append(all, lane{name, float64(units), float64(units) * burst.Seconds(), limitProvisioned})
	case ceiling > 0:
		all = append(all, lane{name, float64(ceiling), float64(ceiling), limitOnDemand})
	}
	if u.part != nil {
		part := p.pieceOf(u)
		of := lane{fmt.Sprintf("%s/%x", name, part.From), ofPartition, ofPartition, limitKeyRange}
		all, hot = append(all, of), append(hot, u.warming(of, part)...)
	}
	return all, hot
}

// admit refuses a use of which nothing is left.
func (p *pacing) admit(u use) error {
	if p == nil {
		return nil
	}
	all, _ := p.lanes(u)
	for _, l := range all {
		if p.Pace.Left(l.name, l.rate, l.most, p.now) <= p.taken[l.name] {
			return u.exceeded(l)
		}
	}
	return nil
}

// spend notes what a use took.
func (p *pacing) spend(u use, units float64) {
	if p == nil || units == 0 {
		return
	}
	all, hot := p.lanes(u)
	if len(all) > 0 && p.taken == nil {
		p.taken = map[string]float64{}
	}
	for _, l := range all {
		p.taken[l.name] += units
	}
	for _, h := range hot {
		if p.hot == nil {
			p.hot = map[string]*heat{}
		}
		if p.hot[h.name] == nil {
			p.hot[h.name] = &h
		}
		p.hot[h.name].units += units
	}
}

// charge takes all that was noted, when the transaction is over, and splits what
// has been hot for long.
func (p *pacing) charge(ctx context.Context) {
	if p == nil {
		return
	}
	for name, n := range p.taken {
		p.Pace.Take(name, n)
	}
	for _, name := range sortedKeys(p.hot) {
		h := p.hot[name]
		left := p.Pace.Left(name, h.rate, h.most, p.now)
		if p.Pace.Take(name, h.units); left < h.units {
			p.grow(ctx, h)
		}
	}
}

// exceeded is the error for a use with nothing left.
func (u use) exceeded(l lane) error {
	resource, kind, operation := u.table.at.arn(), "Table", "Read"
	if u.index != nil {
		resource, kind = u.table.at.indexARN(u.index.Name), "Index"
	}
	if u.write {
		operation = "Write"
	}
	reasons := []dynamodb.ThrottlingReason{{Reason: ptr(kind + operation + l.limit), Resource: &resource}}
	message := "Throughput exceeds the current capacity of your table or index. DynamoDB is automatically scaling your table or index so please try again shortly. If exceptions persist, check if you have a hot key: https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/bp-partition-key-design.html"
	switch {
	case l.limit == limitOnDemand:
		message = "Throughput exceeds the maximum OnDemandThroughput configured on table or index"
	case u.table.provisioned():
		message = "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API."
		if u.index != nil {
			message = "The level of configured provisioned throughput for one or more global secondary indexes of the table was exceeded. Consider increasing your provisioning level for the under-provisioned global secondary indexes with the UpdateTable API"
		}
		return dynamodb.ErrProvisionedThroughputExceededException(&dynamodb.ProvisionedThroughputExceededException{Message: &message, ThrottlingReasons: reasons}, "%s", message)
	}
	return dynamodb.ErrThrottlingException(&dynamodb.ThrottlingException{Message: &message, ThrottlingReasons: reasons}, "%s", message)
}

// admitWrite is admit for a mutation. What is wrong with it is for others to say.
// AWS: a table is throttled with its global indexes.
func (p *pacing) admitWrite(ctx context.Context, tx kv.Tx, m *mutation) error {
	if p == nil {
		return nil
	}
	t, ok := addressOf(ctx, m.table).find(tx)
	if !ok || !t.throttled() || m.check(t) != nil {
		return nil
	}
	if err := p.admit(t.useOf(m.key, true)); err != nil {
		return err
	}
	for i := range t.Indexes {
		if x := &t.Indexes[i]; x.Global {
			if err := p.admit(use{table: t, index: x, write: true}); err != nil {
				return err
			}
		}
	}
	return nil
}

// throttled reports whether a table keeps to its capacity.
func (t *table) throttled() bool { return t.Tags[throttleTag] == "on" }

// useOf is the use of the partition of an item, or its key, that was checked.
func (t *table) useOf(key item, write bool) use {
	if !t.throttled() { // nobody asks for more
		return use{table: t, write: write}
	}
	return use{table: t, part: ptr(partitionOf(key.Value(t.Keys.Hash))), write: write}
}

// wrote is spend for a mutation.
func (p *pacing) wrote(key item, took *spent) {
	if p == nil || took == nil || !took.table.throttled() {
		return
	}
	t, local := took.table, 0.0
	for name, n := range took.indexes {
		if x := t.index(name); x.Global {
			p.spend(use{table: t, index: x, write: true}, n)
		} else {
			local += n // AWS: local indexes use the table's capacity
		}
	}
	p.spend(t.useOf(key, true), took.write+local)
}

// list reads a page within the capacity of a use.
// AWS: reading a local index uses the table's capacity.
func (s *Service) list(tx kv.Tx, u use, run func() *listed) (*pacing, *listed, error) {
	p := s.pacing(tx)
	if u.index != nil && !u.index.Global {
		u.index = nil
	}
	if err := p.admit(u); err != nil {
		return nil, nil, err
	}
	page := run()
	p.spend(u, page.read+page.onIndexes())
	return p, page, nil
}

// wroteAll is wrote for the actions of a transaction.
func (p *pacing) wroteAll(all []*mutation) {
	for _, m := range all {
		p.wrote(m.key, m.took)
	}
}

// admitAll is admitWrite for the actions of a transaction.
func (p *pacing) admitAll(ctx context.Context, tx kv.Tx, all []*mutation) error {
	reasons, cancel := make([]dynamodb.CancellationReason, len(all)), false
	for i, m := range all {
		reasons[i].Code = ptr(reasonNone)
		var e *aws.Error
		if errors.As(p.admitWrite(ctx, tx, m), &e) {
			reasons[i], cancel = dynamodb.CancellationReason{Code: ptr(reasonThrottling), Message: &e.Message}, true
			if e.Code == "ProvisionedThroughputExceededException" {
				reasons[i].Code = ptr(reasonProvisioned)
			}
		}
	}
	if cancel {
		return canceled(reasons)
	}
	return nil
}

// Codes of cancellation reasons of a throttled table.
const (
	reasonThrottling  = "ThrottlingError"
	reasonProvisioned = "ProvisionedThroughputExceeded"
)
