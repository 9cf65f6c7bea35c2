package iam

import (
	"iter"

	"github.com/brume-cloud/brume/state/kv"
)

// give stores a grant of a holder.
func (t *tx) give(holder string, g *grant) {
	grants.Put(t.Tx, t.grantKey(holder, g.Kind, g.slot()), g)
}

// take removes a grant and reports whether there was one.
func (t *tx) take(holder, kind, slot string) bool {
	key := t.grantKey(holder, kind, slot)
	if !grants.Has(t.Tx, key) {
		return false
	}
	grants.Delete(t.Tx, key)
	return true
}

func (t *tx) grant(holder, kind, slot string) (*grant, bool) {
	return grants.Get(t.Tx, t.grantKey(holder, kind, slot))
}

func (t *tx) grantKey(holder, kind, slot string) kv.Key {
	return grants.Key(t.Scope, kv.String(holder), kv.String(kind), kv.String(slot))
}

// grantsOf are the grants of a kind that a holder has.
func (t *tx) grantsOf(holder, kind string) (out []*grant) {
	for _, g := range grants.Scan(t.Tx, kv.Prefix(grants.Prefix(t.Scope, kv.String(holder), kv.String(kind)))) {
		out = append(out, g)
	}
	return out
}

func (t *tx) countGrants(holder, kind string) (n int) {
	for range t.Scan(kv.Prefix(grants.Prefix(t.Scope, kv.String(holder), kv.String(kind)))) {
		n++
	}
	return n
}

// holdersOf walks the unique ids of those who have a grant of a kind to a target.
func (t *tx) holdersOf(kind, target string) iter.Seq[string] {
	entries := kv.Prefix(grants.IndexPrefix(&grantsByTarget, t.Scope, kv.String(kind), kv.String(target)))
	return func(yield func(string) bool) {
		for _, key := range grants.KeysBy(t.Tx, entries) {
			parts := grants.Parts(key)
			if !yield(parts.String()) {
				return
			}
		}
	}
}
