package iam

import (
	"strings"

	api "github.com/brume-cloud/brume/api/iam"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// find returns the entity with a name, whatever its case.
func find[R any](t *tx, table *kv.Table[R], name string) (*R, bool) {
	_, r, ok := table.GetBy(t.Tx, &table.Indexes[0], t.Scope, kv.String(fold(name)))
	return r, ok
}

// get returns the entity with a unique id.
func get[R any](t *tx, table *kv.Table[R], id string) (*R, bool) {
	return table.Get(t.Tx, table.Key(t.Scope, kv.String(id)))
}

// put stores an entity.
func put[R any, P based[R]](t *tx, table *kv.Table[R], r *R) {
	table.Put(t.Tx, table.Key(t.Scope, kv.String(P(r).base().ID)), r)
}

// remove deletes an entity.
func remove[R any, P based[R]](t *tx, table *kv.Table[R], r *R) {
	table.Delete(t.Tx, table.Key(t.Scope, kv.String(P(r).base().ID)))
}

// named lists a table of entities by name.
func named[R any, P based[R]](t *tx, table *kv.Table[R]) listing[R] {
	return listing[R]{
		rows:   func(r kv.Range) rows[R] { return table.ScanBy(t.Tx, r) },
		prefix: table.IndexPrefix(&table.Indexes[0], t.Scope),
		at:     func(r *R) string { return fold(P(r).base().Name) },
	}
}

// count is how many entities a table has. It does not conflict with those who
// make others meanwhile: a quota may be passed by as many as run side by side.
func count[R any](t *tx, table *kv.Table[R]) (n int) {
	all := kv.Prefix(table.Prefix(t.Scope))
	all.Peek = true
	for range t.Scan(all) {
		n++
	}
	return n
}

// room refuses when a table is full.
func room[R any](t *tx, table *kv.Table[R], limit int, quota string) error {
	if count(t, table) >= limit {
		return exceeded(quota, limit)
	}
	return nil
}

// exceeded is the refusal of something that a quota forbids.
func exceeded(quota string, limit int) *aws.Error {
	return api.ErrLimitExceededException("Cannot exceed quota for %s: %d", quota, limit)
}

// Prefixes of unique ids. AWS: "IAM identifiers", understanding unique ID prefixes.
const (
	prefixAccessKey   = "AKIA"
	prefixUser        = "AIDA"
	prefixGroup       = "AGPA"
	prefixRole        = "AROA"
	prefixPolicy      = "ANPA"
	prefixProfile     = "AIPA"
	prefixCertificate = "ASCA"
	prefixPublicKey   = "APKA"
	prefixServiceCred = "ACCA"
)

// idLength is the number of characters after the prefix.
const idLength = 17

// newEntity makes what a created thing begins with.
func (t *tx) newEntity(prefix, name string, path *string, tags []api.Tag) entity {
	return entity{
		ID: t.uniqueID(prefix), Name: name, Path: or(path, defaultPath), Created: t.Now(), Tags: tagsOf(tags),
	}
}

func (t *tx) uniqueID(prefix string) string {
	return prefix + aws.Text(t.Random, aws.UpperBase32, idLength)
}

// below reports whether a path lies below a prefix; none is everything.
func below(path string, prefix *string) bool {
	return prefix == nil || strings.HasPrefix(path, *prefix)
}

// rename changes name and path as Update… operations do. taken tells whether
// another entity has a name.
func (e *entity) rename(name, path *string, taken func(string) bool) bool {
	if name != nil {
		if fold(*name) != fold(e.Name) && taken(*name) {
			return false
		}
		e.Name = *name
	}
	e.Path = or(path, e.Path)
	return true
}
