package cloud

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/fault"
	"github.com/brume-cloud/brume/state/kv"
)

// faultRows holds the rules by number: the first that was added is the first
// to decide.
var faultRows = kv.Table[fault.Rule]{Name: "cloud.fault"}

func faultPrefix() kv.Key { return faultRows.Prefix(kv.Scope{}) }

func faultKey(id string) kv.Key {
	n, err := strconv.ParseUint(id, 10, 64)
	if err != nil {
		n = 0 // no rule has this number
	}
	return faultRows.Key(kv.Scope{}, kv.Uint(n))
}

// Faults returns the rules in force.
func (s *System) Faults(ctx context.Context) (rules []fault.Rule, err error) {
	err = s.store.View(ctx, func(tx kv.Tx) error {
		rules = rulesAt(tx, tx.Now())
		return nil
	})
	return rules, err
}

func rulesAt(tx kv.Tx, now time.Time) []fault.Rule {
	var rules []fault.Rule
	for _, r := range faultRows.Scan(tx, kv.Prefix(faultPrefix())) {
		if r.Until.IsZero() || now.Before(r.Until) {
			rules = append(rules, *r)
		}
	}
	return rules
}

// AddFault puts a rule in force and returns it with its id and defaults.
func (s *System) AddFault(ctx context.Context, r fault.Rule) (fault.Rule, error) {
	if err := r.Check(); err != nil {
		return r, err
	}
	return r, s.changeFaults(ctx, func(tx kv.Tx) error {
		last, count := uint64(0), 0
		for k, old := range faultRows.Scan(tx, kv.Prefix(faultPrefix())) {
			parts := faultRows.Parts(k)
			last = parts.Uint()
			if old.Until.IsZero() || tx.Now().Before(old.Until) {
				count++
			} else {
				faultRows.Delete(tx, k) // over
			}
		}
		if count >= fault.MaxRules {
			return aws.Errorf(http.StatusBadRequest, "TooManyFaults", "there are %d fault rules already: remove some first", count)
		}
		r.ID = strconv.FormatUint(last+1, 10)
		faultRows.Put(tx, faultKey(r.ID), &r)
		return nil
	})
}

// RemoveFault takes a rule out of force.
func (s *System) RemoveFault(ctx context.Context, id string) error {
	return s.changeFaults(ctx, func(tx kv.Tx) error {
		if !faultRows.Has(tx, faultKey(id)) {
			return aws.Errorf(http.StatusNotFound, "NoSuchFault", "there is no fault rule %q: list them to see their ids", id)
		}
		faultRows.Delete(tx, faultKey(id))
		return nil
	})
}

// ClearFaults takes all rules out of force.
func (s *System) ClearFaults(ctx context.Context) error {
	return s.changeFaults(ctx, func(tx kv.Tx) error {
		faultRows.DeleteAll(tx, faultPrefix())
		return nil
	})
}

func (s *System) changeFaults(ctx context.Context, change func(tx kv.Tx) error) error {
	if err := s.store.Update(ctx, change); err != nil {
		return err
	}
	return s.restoreFaults(context.WithoutCancel(ctx))
}

// restoreFaults puts in force what the rows say. The rows are read under the
// lock, so that whoever is last has read the last change.
func (s *System) restoreFaults(ctx context.Context) error {
	s.ruling.Lock()
	defer s.ruling.Unlock()
	rules, err := s.Faults(ctx)
	if err != nil {
		return fmt.Errorf("read the fault rules: %w", err)
	}
	s.rules.Replace(rules)
	return nil
}
