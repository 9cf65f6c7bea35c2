package dynamodb

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// replicateKind brings an item of a replica to another region, as it is when the
// job runs. Whichever side was written last wins, so jobs may come in any order,
// and what was brought is not sent on: each replica sends its own writes to all.
const replicateKind = "ddb.replicate"

// replication is the payload of such a job.
type replication struct {
	Table uint64 `kv:"1"` // id
	To    string `kv:"2"` // region; empty: forget the version of an item that is gone
	Key   []byte `kv:"3"` // encode's
	Name  string `kv:"4"` // of the table
}

// tombLife is how long the version of a deleted item is kept, so that a write
// from before does not bring the item back.
const tombLife = 24 * time.Hour

// newer reports whether v is of a later write than o.
func (v *version) newer(o *version) bool {
	return cmp.Or(v.At.Compare(o.At), cmp.Compare(v.Count, o.Count), cmp.Compare(v.Region, o.Region)) > 0
}

// version returns the version of the item with a key; one that was never written
// since the table has replicas has the zero one.
func (t *table) version(tx kv.Tx, key item) *version {
	if v, ok := versions.Get(tx, t.versionKey(key)); ok {
		return v
	}
	return new(version)
}

// replicate sends a change to the other replicas, if there are any.
func (t *table) replicate(tx kv.Tx, c change) {
	if len(t.Replicas) == 0 || equalItems(c.was, c.is) {
		return
	}
	it := c.is
	if it == "" {
		it = c.was
	}
	key := topLevel(t.keyNames(nil)).of(it)
	v := t.version(tx, key)
	if now := tx.Now(); now.After(v.At) {
		v.At, v.Count = now, 0
	}
	v.Count++ // a write is newer than the one that it saw, whatever the clock says
	v.Region = t.at.Region
	versions.Put(tx, t.versionKey(key), v)
	p := replication{Table: t.ID, Name: t.at.Name, Key: encode(key)}
	for _, r := range t.Replicas {
		p.To = string(r.Region)
		job.PutNow(tx, &job.Job{Kind: replicateKind, Scope: t.at.Scope, Payload: kv.Append(nil, &p)})
	}
	if c.is == "" {
		t.bury(tx, key)
	}
}

// bury puts the job that forgets the version of a deleted item.
func (t *table) bury(tx kv.Tx, key item) {
	id := t.primary(key)
	p := kv.Append(nil, &replication{Table: t.ID, Name: t.at.Name, Key: encode(key)})
	job.Put(tx, &job.Job{Kind: replicateKind, Scope: t.at.Scope, ID: fmt.Sprintf("%s/%016x%016x", t.at.Name, id.high, id.low), Due: tx.Now().Add(tombLife), Payload: p})
}

// replication is the job.
func (s *Service) replication(_ context.Context, tx kv.Tx, j *job.Job) error {
	var p replication
	if err := kv.Decode(j.Payload, &p); err != nil {
		return err
	}
	t, ok := address{j.Scope, p.Name}.find(tx)
	if !ok || t.ID != p.Table {
		return nil
	}
	key := decode(nil, p.Key)
	if p.To != "" {
		t.bring(tx, aws.Region(p.To), key)
		return nil
	}
	if _, there := t.read(tx, key); !there && tx.Now().Sub(t.version(tx, key).At) >= tombLife {
		versions.Delete(tx, t.versionKey(key))
	}
	return nil
}

// bring makes an item of another replica what it is here, unless it was written
// there later.
func (t *table) bring(tx kv.Tx, to aws.Region, key item) {
	o, ok := t.in(to).find(tx)
	if !ok || !o.repeats(t.at.Region) {
		return // no replica any more
	}
	v := t.version(tx, key)
	if !v.newer(o.version(tx, key)) {
		return
	}
	is, _ := t.read(tx, key)
	was, _ := o.read(tx, key)
	o.write(tx, change{was: was, is: is, brought: true}) // AWS: in the stream of a replica an expiry is a deletion like others
	versions.Put(tx, o.versionKey(key), v)
	if is == "" {
		o.bury(tx, key)
	}
}

// repeats reports whether the table is a replica of the one in a region.
func (t *table) repeats(region aws.Region) bool {
	for _, r := range t.Replicas {
		if r.Region == region {
			return true
		}
	}
	return false
}

// fillReplica is what a sweep does with the items for a new replica.
func (t *table) fillReplica(tx kv.Tx, to aws.Region) (visit func(item), done func()) {
	if !t.repeats(to) {
		return nil, nil
	}
	visit = func(it item) {
		key := topLevel(t.keyNames(nil)).of(it)
		if !versions.Has(tx, t.versionKey(key)) {
			versions.Put(tx, t.versionKey(key), &version{Count: 1, Region: t.at.Region}) // before all writes
		}
		t.bring(tx, to, key)
	}
	done = func() {
		for i := range t.Replicas {
			if t.Replicas[i].Region == to {
				t.Replicas[i].Filling = false
			}
		}
		tables.Put(tx, t.at.key(), t)
	}
	return visit, done
}

// expires reports whether it is for this table to delete an item that expires:
// of replicas, that in which it was written last. AWS: the others are told of it.
func (t *table) expires(tx kv.Tx, it item) bool {
	v := t.version(tx, it)
	return len(t.Replicas) == 0 || v.Region == t.at.Region || !t.repeats(v.Region)
}
