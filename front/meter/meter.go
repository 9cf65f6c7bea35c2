// Package meter counts usage: what every account has used of every dimension
// that AWS bills. Services say what a call used (Metered); the gateway counts
// it here, in memory, and Flush moves the counts to the store.
//
// Counts that were not flushed when the process is killed are lost: at most
// FlushInterval's worth. Bills are for people to read; what must be exact (a
// quota) is a row of its own.
package meter

import (
	"cmp"
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// FlushInterval is how often the server calls Flush.
const FlushInterval = time.Second

// Usage is an amount of a dimension, such as 3 of Requests-Tier1.
type Usage struct {
	Dimension string
	Amount    int64
}

// Metered is implemented by services: it tells what an answered call used. It
// must be quick, and may use nothing but the call.
type Metered interface {
	Usage(call *aws.Call) []Usage
}

// Line is the usage of one dimension by one account in one region.
type Line struct {
	Account   aws.Account `json:"account"`
	Region    aws.Region  `json:"region"`
	Service   string      `json:"service"`
	Dimension string      `json:"dimension"`
	Amount    int64       `json:"amount"`
}

type key struct {
	account   aws.Account
	region    aws.Region
	service   string
	dimension string
}

// Meter counts. It may be used from many goroutines.
type Meter struct {
	store  kv.Store
	counts sync.Map // key -> *atomic.Int64, what was not flushed yet
}

// New returns a meter that keeps its totals in store.
func New(store kv.Store) *Meter { return &Meter{store: store} }

// Add counts what call used, for who pays for it.
func (m *Meter) Add(call *aws.Call, used []Usage) {
	for _, u := range used {
		k := key{cmp.Or(call.Payer, call.Account), call.Region, call.Service, u.Dimension}
		c, ok := m.counts.Load(k)
		if !ok {
			c, _ = m.counts.LoadOrStore(k, new(atomic.Int64))
		}
		c.(*atomic.Int64).Add(u.Amount)
	}
}

// totals holds counters by account, region, service and dimension. They belong
// to no account's scope, so that all usage is one range.
var totals = kv.Table[struct{}]{Name: "meter"}

func (k key) row() kv.Key {
	return totals.Key(kv.Scope{}, kv.String(k.account), kv.String(k.region), kv.String(k.service), kv.String(k.dimension))
}

// Flush moves the counts to the store.
func (m *Meter) Flush(ctx context.Context) error {
	moved := map[key]int64{}
	for k, c := range m.counts.Range {
		if n := c.(*atomic.Int64).Swap(0); n != 0 {
			moved[k.(key)] = n
		}
	}
	if len(moved) == 0 {
		return nil
	}
	err := m.store.Update(ctx, func(tx kv.Tx) error {
		for k, n := range moved {
			tx.Add(k.row(), n)
		}
		return nil
	})
	if err != nil { // nothing was moved
		for k, n := range moved {
			c, _ := m.counts.Load(k)
			c.(*atomic.Int64).Add(n)
		}
	}
	return err
}

// Read returns all usage so far, flushed or not, and what is kept (Keep) up to
// now, by account, region, service
// and dimension in that order.
func (m *Meter) Read(ctx context.Context) ([]Line, error) {
	if err := m.Flush(ctx); err != nil {
		return nil, err
	}
	var lines []Line
	err := m.store.View(ctx, func(tx kv.Tx) error {
		lines = nil
		for k, v := range tx.Scan(kv.Prefix(totals.Prefix(kv.Scope{}))) {
			r := totals.Parts(k)
			lines = append(lines, Line{aws.Account(r.String()), aws.Region(r.String()), r.String(), r.String(), kv.CounterValue(v)})
		}
		lines = append(lines, accrued(tx)...)
		slices.SortStableFunc(lines, func(a, b Line) int {
			return cmp.Or(cmp.Compare(a.Account, b.Account), cmp.Compare(a.Region, b.Region), cmp.Compare(a.Service, b.Service), cmp.Compare(a.Dimension, b.Dimension))
		})
		return nil
	})
	return lines, err
}
