package lambda

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// laneOfShard names a poller of a shard: each gets the records of some keys.
func laneOfShard(shard string, part int) string { return shard + "/" + strconv.Itoa(part) }

// shardOfLane is the reverse.
func shardOfLane(lane string) (shard string, part int) {
	shard, n, _ := strings.Cut(lane, "/")
	part, _ = strconv.Atoi(n)
	return shard, part
}

// findShards begins to poll the shards that nobody polls: those without parents
// and those whose parents are read to the end. Then it waits for more.
func (x *polling) findShards(ctx context.Context) error {
	all, err := x.reader().shards(x.asRole(ctx))
	if isCode(err, "ResourceNotFoundException") {
		if err := x.note(ctx, "PROBLEM: Stream not found"); err != nil {
			return err
		}
		return &job.Wait{On: []kv.Key{x.m.key()}} // a stream of that name never comes back
	}
	if err != nil {
		return err
	}
	nonce := x.Random.Uint64()
	err = x.update(ctx, func(tx kv.Tx, p *poller) error {
		p.Troubles = 0
		known := x.m.knownShards(tx)
		for _, s := range all {
			switch k := known[s.id]; {
			case k == nil && known.done(s.parent) && known.done(s.otherParent):
				x.m.startShard(tx, s.id, &poller{Factor: x.m.Parallel, Nonce: nonce})
			case k != nil && !k.done && k.factor != x.m.Parallel:
				x.m.partAnew(tx, s.id, k, nonce)
			}
		}
		for id := range known {
			if known[id].done && !has(all, id) {
				x.m.forgetShard(tx, id, known[id])
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	on, _, err := x.Sources.Next(ctx, x.m.Source, "")
	if err != nil {
		return err
	}
	return &job.Wait{On: append(on, x.m.key(), finished.Prefix(x.m.at, kv.String(x.m.id)))}
}

func has(all []streamShard, id string) bool {
	for i := range all {
		if all[i].id == id {
			return true
		}
	}
	return false
}

// knownShard is what the pollers of a shard have come to.
type knownShard struct {
	done   bool   // all have
	factor int    // how many there are
	first  string // the sequence number that all have come to; empty for none
}

type knownShards map[string]*knownShard

// done reports whether a shard needs no poller any more, or never had one: it
// was read, or its records are too old.
func (k knownShards) done(id string) bool { return id == "" || k[id] == nil || k[id].done }

func (m *mapping) knownShards(tx kv.Tx) knownShards {
	known := knownShards{}
	for key, p := range pollers.Scan(tx, kv.Prefix(pollers.Prefix(m.at, kv.String(m.id)))) {
		name := laneOf(key)
		if name == firstLane {
			continue
		}
		id, _ := shardOfLane(name)
		k := known[id]
		if k == nil {
			k = &knownShard{done: true, factor: p.Factor, first: p.Sequence}
			known[id] = k
		}
		k.done = k.done && p.Done
		if before(p.Sequence, k.first) {
			k.first = p.Sequence
		}
	}
	return known
}

// before compares sequence numbers, which are decimal.
func before(a, b string) bool { return len(a) < len(b) || len(a) == len(b) && a < b }

// startShard puts the pollers of a shard, each like p.
func (m *mapping) startShard(tx kv.Tx, id string, p *poller) {
	for part := range p.Factor {
		one := *p
		m.startLane(tx, laneOfShard(id, part), &one, p.Nonce)
	}
}

// partAnew gives a shard as many pollers as the mapping now wants. They begin
// where all of the old ones have been: some records are handed over again.
func (m *mapping) partAnew(tx kv.Tx, id string, k *knownShard, nonce uint64) {
	m.forgetShard(tx, id, k)
	m.startShard(tx, id, &poller{Factor: m.Parallel, Nonce: nonce, Sequence: k.first})
}

func (m *mapping) forgetShard(tx kv.Tx, id string, k *knownShard) {
	for part := range k.factor {
		pollers.Delete(tx, m.pollerKey(laneOfShard(id, part)))
		finished.Delete(tx, m.finishedKey(laneOfShard(id, part)))
	}
}

// finish notes that a lane has read its shard to the end.
func (x *polling) finish(ctx context.Context) error {
	err := x.update(ctx, func(tx kv.Tx, p *poller) error {
		p.Done = true
		finished.Put(tx, x.m.finishedKey(x.Name), &bytesRow{})
		return nil
	})
	if err != nil {
		return err
	}
	return errOver
}

// windowEnd is when a tumbling window ends.
func (m *mapping) windowEnd(start time.Time) time.Time { return start.Add(m.Tumbling) }

// windowOf is the start of the tumbling window that a moment is in.
func (m *mapping) windowOf(at time.Time) time.Time { return at.UTC().Truncate(m.Tumbling) }
