package dynamodb

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	api "github.com/brume-cloud/brume/api/dynamodbstreams"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

const shardPrefix = "shardId-"

// shardID names a shard as DynamoDB does: by a number of 20 digits.
func shardID(number uint64) string { return fmt.Sprintf("%s%020d", shardPrefix, number) }

func shardNumber(id string) (uint64, error) {
	n, err := strconv.ParseUint(strings.TrimPrefix(id, shardPrefix), 10, 64)
	if err != nil || !strings.HasPrefix(id, shardPrefix) {
		return 0, invalid("Invalid ShardId: %s", id)
	}
	return n, nil
}

func (s *stream) shardKey(number uint64) kv.Key {
	return shards.Key(s.at.Scope, kv.Uint(s.ID), kv.Uint(number))
}

func shardOfKey(key kv.Key) uint64 {
	parts := shards.Parts(key)
	parts.Skip(1)
	return parts.Uint()
}

// shard finds a shard by its id.
func (s *stream) shard(tx kv.Tx, id string) (*shard, error) {
	n, err := shardNumber(id)
	if err != nil {
		return nil, err
	}
	sh, ok := shards.Get(tx, s.shardKey(n))
	if !ok {
		return nil, api.ErrResourceNotFoundException("Requested resource not found: Shard: %s not found", id)
	}
	sh.number = n
	return sh, nil
}

func (sh *shard) describe() api.Shard {
	d := api.Shard{ShardId: ptr(shardID(sh.number)), SequenceNumberRange: &api.SequenceNumberRange{StartingSequenceNumber: ptr(sh.First.sequence())}}
	if !sh.Ended.IsZero() {
		d.SequenceNumberRange.EndingSequenceNumber = ptr(sh.Last.sequence())
	}
	if sh.Parent != 0 {
		d.ParentShardId = ptr(shardID(sh.Parent))
	}
	return d
}

// open adds a shard to the stream, which is to be stored then.
func (s *stream) open(tx kv.Tx, sh *shard) openShard {
	s.LastShard++
	sh.number, sh.Began = s.LastShard, tx.Now()
	shards.Put(tx, s.shardKey(sh.number), sh)
	return openShard{sh.number, sh.From, sh.To}
}

// close ends a shard.
func (s *stream) close(tx kv.Tx, number uint64) *shard {
	sh, ok := shards.Get(tx, s.shardKey(number))
	if !ok {
		return nil
	}
	sh.number, sh.Ended, sh.Last = number, tx.Now(), s.last(tx, number, sh.First)
	shards.Put(tx, s.shardKey(number), sh)
	return sh
}

// last is the place of a shard's last change, or first when it has none.
func (s *stream) last(tx kv.Tx, number uint64, first place) place {
	r := kv.Prefix(s.log(number))
	r.Reverse = true
	for key := range tx.Scan(r) {
		return placeOf(key)
	}
	return first
}

// rotateKind closes the shards of a stream that were open long enough, opens
// their children, and forgets what lived long enough.
const rotateKind = "ddb.rotate"

func (s *stream) plan(tx kv.Tx, due time.Time) {
	job.Put(tx, &job.Job{Kind: rotateKind, Scope: s.at.Scope, ID: s.at.Name + streamResource + s.label, Due: due})
}

// rotate is the job.
func (svc *Service) rotate(_ context.Context, tx kv.Tx, j *job.Job) error {
	name, label, _ := strings.Cut(j.ID, streamResource)
	at := address{j.Scope, name}
	s, err := at.stream(tx, label)
	if err != nil {
		return nil // forgotten already
	}
	if !s.Ended.IsZero() {
		if tx.Now().Sub(s.Ended) >= streamLife {
			s.forget(tx)
		}
		return nil // another job is planned for its end
	}
	t, ok := tables.Get(tx, at.key())
	if !ok || t.Stream != s.ID {
		return nil
	}
	t.at = at
	var children []openShard
	for _, o := range t.Shards {
		children = append(children, s.succeed(tx, o, len(t.Shards) < maxOpenShards)...)
	}
	t.Shards = children
	tables.Put(tx, at.key(), t)
	s.put(tx)
	s.trim(tx)
	s.plan(tx, tx.Now().Add(shardLife))
	return nil
}

// succeed closes a shard and opens its child, or its two children when it was busy.
func (s *stream) succeed(tx kv.Tx, o openShard, mayPart bool) []openShard {
	sh := s.close(tx, o.Number)
	if sh == nil {
		return nil
	}
	if !mayPart || o.From == o.To || !s.busy(tx, o.Number) {
		return []openShard{s.child(tx, sh, piece{o.From, o.To})}
	}
	return s.children(tx, sh, piece{o.From, o.To}.middle())
}

// child opens a shard behind one that was closed.
func (s *stream) child(tx kv.Tx, of *shard, p piece) openShard {
	return s.open(tx, &shard{Parent: of.number, From: p.From, To: p.To, First: of.Last})
}

// children opens two, of which the second begins at an edge.
func (s *stream) children(tx kv.Tx, of *shard, edge uint64) []openShard {
	return []openShard{s.child(tx, of, piece{of.From, edge - 1}), s.child(tx, of, piece{edge, of.To})}
}

// splitShard lets the stream follow a partition that is split at an edge.
// AWS: "Change data capture for DynamoDB Streams": shards split with partitions.
func (t *table) splitShard(tx kv.Tx, edge uint64) {
	if t.StreamView == "" || len(t.Shards) >= maxOpenShards {
		return
	}
	s, err := t.at.stream(tx, t.streamLabel())
	if err != nil {
		return // it has none any more
	}
	for i, o := range t.Shards {
		if o.From >= edge || o.To < edge {
			continue
		}
		if sh := s.close(tx, o.Number); sh != nil {
			t.Shards = slices.Replace(t.Shards, i, i+1, s.children(tx, sh, edge)...)
			s.put(tx)
		}
		return
	}
}

// busy reports whether a shard has more changes than one shard should.
func (s *stream) busy(tx kv.Tx, number uint64) bool {
	r, n := kv.Prefix(s.log(number)), 0
	r.Peek, r.Brief = true, true
	for range tx.Scan(r) {
		if n++; n > shardSplitRecords {
			return true
		}
	}
	return false
}

// trim deletes the shards all of whose changes lived long enough.
func (s *stream) trim(tx kv.Tx) {
	for key, sh := range shards.Scan(tx, kv.Prefix(shards.Prefix(s.at.Scope, kv.Uint(s.ID)))) {
		if sh.Ended.IsZero() || tx.Now().Sub(sh.Ended) < streamLife {
			continue
		}
		changes.DeleteAll(tx, s.log(shardOfKey(key)))
		shards.Delete(tx, key)
	}
}

// forget deletes the stream.
func (s *stream) forget(tx kv.Tx) {
	changes.DeleteAll(tx, changes.Prefix(s.at.Scope, kv.Uint(s.ID)))
	shards.DeleteAll(tx, shards.Prefix(s.at.Scope, kv.Uint(s.ID)))
	streams.Delete(tx, s.at.streamKey(s.label))
}
