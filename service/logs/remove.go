package logs

import (
	"context"
	"fmt"
	"time"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

// Kinds of job that take events away, a bounded number in each run.
const (
	expireKind = "logs.expire" // events past their group's retention
	purgeKind  = "logs.purge"  // events of a deleted stream
)

// purging is the payload of a purge.
type purging struct {
	Group  uint64 `kv:"1"`
	Stream uint64 `kv:"2"`
}

// PutRetentionPolicy sets how long a group's events are kept.
func (s *Service) PutRetentionPolicy(ctx context.Context, in *logs.PutRetentionPolicyInput) (*logs.PutRetentionPolicyOutput, error) {
	if !isRetention(in.RetentionInDays) {
		return nil, invalid("1 validation error detected: Value '%d' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653]", in.RetentionInDays)
	}
	err := s.change(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		if g.Class == string(logs.LogGroupClassDELIVERY) {
			return invalid("The retention of log groups of the class DELIVERY cannot be changed.")
		}
		g.Days = int(in.RetentionInDays)
		g.armAt(tx, tx.Now())
		return nil
	})
	return &logs.PutRetentionPolicyOutput{}, err
}

// DeleteRetentionPolicy keeps a group's events for ever.
func (s *Service) DeleteRetentionPolicy(ctx context.Context, in *logs.DeleteRetentionPolicyInput) (*logs.DeleteRetentionPolicyOutput, error) {
	err := s.change(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		if g.Class == string(logs.LogGroupClassDELIVERY) {
			return invalid("The retention of log groups of the class DELIVERY cannot be changed.")
		}
		g.Days = 0
		armed.Delete(tx, g.armedKey())
		return nil
	})
	return &logs.DeleteRetentionPolicyOutput{}, err
}

// arm sees that a job is put for the time when an event of the time at, in
// milliseconds, has been kept long enough.
func (g *group) arm(tx kv.Tx, at int64) {
	if g.Days == 0 {
		return
	}
	due := round(time.UnixMilli(at).Add(g.retention()))
	if set, ok := armed.Get(tx, g.armedKey()); ok && !due.Before(set.At) {
		return
	}
	g.armAt(tx, due)
}

// round is the next whole hour, at which an event that is kept until due is past it.
func round(due time.Time) time.Time { return due.Add(expiryRound).Truncate(expiryRound) }

func (g *group) armAt(tx kv.Tx, due time.Time) {
	armed.Put(tx, g.armedKey(), &instant{due})
	job.Put(tx, &job.Job{Kind: expireKind, Scope: g.at.Scope, ID: g.at.Name, Due: due})
}

// expire is the job. A group without retention, or for which another job is
// put, needs none.
func (s *Service) expire(_ context.Context, tx kv.Tx, j *job.Job) error {
	g, err := address{j.Scope, j.ID}.find(tx)
	if err != nil || g.Days == 0 {
		return nil
	}
	if set, ok := armed.Get(tx, g.armedKey()); !ok || !set.At.Equal(j.Due) {
		return nil
	}
	limit := g.expired(tx.Now())
	n := 0
	var left time.Time // when the first block that is partly hidden is all old
	for key := range tx.Scan(kv.Prefix(g.blockPrefix())) {
		at := placeOfBlock(key)
		sp, ok := spans.Get(tx, g.spanKey(at))
		if !ok {
			return fmt.Errorf("logs: a block of %s has no span", j.ID)
		}
		if at.first >= limit {
			// Blocks are not longer than blockSpan, so all that follow end later.
			g.armAt(tx, round(g.ends(left, sp.Last)))
			return nil
		}
		if sp.Last >= limit {
			left = g.ends(left, sp.Last)
			continue
		}
		if n == removeBatch {
			g.armAt(tx, tx.Now().Add(time.Nanosecond)) // what is left, in a step of its own
			return nil
		}
		g.remove(tx, at, sp.Bytes)
		n++
	}
	if left.IsZero() {
		armed.Delete(tx, g.armedKey())
		return nil
	}
	g.armAt(tx, round(left))
	return nil
}

// ends is the earlier of a time, unless it is zero, and the end of an event's retention.
func (g *group) ends(left time.Time, at int64) time.Time {
	due := time.UnixMilli(at).Add(g.retention())
	if left.IsZero() || due.Before(left) {
		return due
	}
	return left
}

// remove takes a block away.
func (g *group) remove(tx kv.Tx, at blockPlace, bytes int64) {
	tx.Delete(g.blockKey(at))
	spans.Delete(tx, g.spanKey(at))
	g.grow(tx, -bytes)
}

// purge puts the job that takes a stream's events away.
func (g *group) purge(tx kv.Tx, stream uint64) {
	p := purging{g.ID, stream}
	job.PutNow(tx, &job.Job{Kind: purgeKind, Scope: g.at.Scope, ID: g.at.Name, Payload: kv.Append(nil, &p)})
}

// purgeStream is the job. A group that is gone has taken its rows along.
func (s *Service) purgeStream(_ context.Context, tx kv.Tx, j *job.Job) error {
	var p purging
	if err := kv.Decode(j.Payload, &p); err != nil {
		return err
	}
	g, err := address{j.Scope, j.ID}.find(tx)
	if err != nil || g.ID != p.Group {
		return nil
	}
	n := 0
	for key, sp := range spans.Scan(tx, kv.Prefix(g.spanPrefix(p.Stream))) {
		if n == removeBatch {
			g.purge(tx, p.Stream)
			return nil
		}
		g.remove(tx, placeOfSpan(key), sp.Bytes)
		n++
	}
	return nil
}
