package lambda

import (
	"context"
	"errors"
	"hash/fnv"
	"time"

	"github.com/brume-cloud/brume/api/lambda"
	"github.com/brume-cloud/brume/state/job"
	"github.com/brume-cloud/brume/state/kv"
)

const lambdaLatest = lambda.EventSourcePositionLATEST

// shardBatch is the next batch of a shard.
type shardBatch struct {
	*polling
	shard   string
	part    int
	records []streamRecord
	passed  string // the last record that was looked at
	full    bool
	end     bool // the shard has no more, for good
}

// maxPage is how many records a stream is asked for at most.
const maxPage = 1000

// pollShard makes one batch of a shard's records and hands it over.
func (x *polling) pollShard(ctx context.Context) error {
	if x.p.Done {
		return errOver
	}
	if x.p.Retry.After(x.now) {
		return &job.Wait{Until: x.p.Retry, On: []kv.Key{x.m.key()}}
	}
	b := &shardBatch{polling: x}
	b.shard, b.part = shardOfLane(x.Name)
	err := b.fill(x.asRole(ctx))
	switch {
	case isCode(err, "TrimmedDataAccessException"), isCode(err, "ExpiredIteratorException"):
		return x.update(ctx, func(_ kv.Tx, p *poller) error { // AWS: what was trimmed is lost
			p.Sequence, p.Sizes, p.Failures = "", nil, 0
			return nil
		})
	case isCode(err, "ResourceNotFoundException"): // the shard, or the stream
		return x.finish(ctx)
	case err != nil:
		return err
	}
	if done, err := b.dropOld(ctx); done || err != nil {
		return err
	}
	if x.m.Tumbling > 0 {
		if done, err := b.tumble(ctx); done || err != nil {
			return err
		}
	}
	switch {
	case len(b.records) == 0:
		return b.none(ctx)
	case b.waits():
		return b.gather(ctx)
	}
	return b.hand(ctx)
}

// fill reads records for the batch.
func (b *shardBatch) fill(ctx context.Context) error {
	want, size := b.m.Batch, 0
	if len(b.p.Sizes) > 0 {
		want = b.p.Sizes[0]
	}
	b.passed = b.p.Sequence
	for len(b.records) < want {
		page, end, err := b.reader().read(ctx, stretch{b.shard, b.passed, min(max(want-len(b.records), 1), maxPage)})
		if err != nil {
			return err
		}
		for i := range page {
			r := &page[i]
			if b.mine(r.key) && b.m.wants(r.text, r.content.key, r.content.data) {
				if size += len(r.text) + 1; size > maxPayload-eventRoom && len(b.records) > 0 {
					b.full = true
					return nil
				}
				b.records = append(b.records, *r)
			}
			b.passed = r.sequence
		}
		if b.end = end; end || len(page) == 0 {
			return nil
		}
	}
	b.full = true
	return nil
}

// eventRoom is what an event has beside its records.
const eventRoom = 1 << 10

// mine reports whether the records with a key are this lane's.
func (b *shardBatch) mine(key string) bool {
	if b.p.Factor <= 1 {
		return true
	}
	h := fnv.New32a()
	_, _ = h.Write([]byte(key))
	return int(h.Sum32()%uint32(b.p.Factor)) == b.part
}

// waits reports whether more records may come within the batch window.
func (b *shardBatch) waits() bool {
	if b.full || b.end || b.m.Window == 0 || len(b.p.Sizes) > 0 {
		return false
	}
	return b.p.Since.IsZero() || b.now.Before(b.p.Since.Add(b.m.Window))
}

// gather waits for more records.
func (b *shardBatch) gather(ctx context.Context) error {
	if b.p.Since.IsZero() {
		err := b.update(ctx, func(_ kv.Tx, p *poller) error { p.Since = b.now; return nil })
		if err != nil {
			return err
		}
	}
	return b.rest(ctx, b.shard, b.p.Since.Add(b.m.Window))
}

// none passes over records that nobody wants, and waits for others.
func (b *shardBatch) none(ctx context.Context) error {
	if b.passed != b.p.Sequence || b.p.Troubles > 0 {
		err := b.update(ctx, func(_ kv.Tx, p *poller) error { p.Sequence, p.Troubles = b.passed, 0; return nil })
		if err != nil || b.full {
			return err
		}
	}
	if b.end {
		return b.finish(ctx)
	}
	var until time.Time
	if !b.p.Window.IsZero() {
		until = b.m.windowEnd(b.p.Window)
	}
	return b.rest(ctx, b.shard, until)
}

// dropOld discards the records at the head that are older than the mapping
// allows.
func (b *shardBatch) dropOld(ctx context.Context) (done bool, err error) {
	if b.m.MaxAge < 0 {
		return false, nil
	}
	n := 0
	for n < len(b.records) && b.now.Sub(b.records[n].at) > b.m.MaxAge {
		n++
	}
	if n == 0 {
		return false, nil
	}
	return true, b.update(ctx, func(tx kv.Tx, p *poller) error {
		b.discard(tx, n, loss{condition: "RecordAgeExceeded", calls: p.Failures})
		p.advance(b.records[n-1].sequence, n)
		return nil
	})
}

// advance moves the checkpoint behind n records, the last of which has sequence.
func (p *poller) advance(sequence string, n int) {
	p.Sequence, p.Failures, p.Refusals, p.Retry, p.Since = sequence, 0, 0, time.Time{}, time.Time{}
	for n > 0 && len(p.Sizes) > 0 {
		if p.Sizes[0] > n {
			p.Sizes[0] -= n
			return
		}
		n, p.Sizes = n-p.Sizes[0], p.Sizes[1:]
	}
}

// hand hands the batch over and keeps what came of it.
func (b *shardBatch) hand(ctx context.Context) error {
	request, out, err := b.invoke(ctx, b.event(false, false), "")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil && !errors.Is(err, ErrBusy) {
		b.Log.Warn("a function could not be called", "function", b.t.f.at.arn(), "error", err)
	}
	noted := b.note(ctx, resultOf(out, err))
	if noted != nil {
		return noted
	}
	return b.update(ctx, func(tx kv.Tx, p *poller) error {
		if err != nil { // AWS: what happens before the function runs counts as no attempt
			p.Retry, p.Refusals = tx.Now().Add(backoff(p.Refusals)), p.Refusals+1
			p.fix(len(b.records))
			return nil
		}
		n, ok := b.succeeded(p, out)
		l := loss{"RetryAttemptsExhausted", request, p.Failures + 1, out}
		if n > 0 {
			p.advance(b.records[n-1].sequence, n)
		}
		if !ok {
			b.failed(tx, p, failure{n, l})
		}
		return nil
	})
}

// fix makes the next batch have the same n records again.
func (p *poller) fix(n int) {
	if len(p.Sizes) == 0 && n > 0 {
		p.Sizes = []int{n}
	}
}

// succeeded is how many records at the head of the batch the function is done
// with, and whether those are all.
func (b *shardBatch) succeeded(p *poller, out *Outcome) (n int, all bool) {
	if out.Error != "" {
		return 0, false
	}
	if b.m.Tumbling > 0 && !keepState(p, out.Payload) {
		return 0, false
	}
	if !b.m.Report {
		return len(b.records), true
	}
	ids, ok := failures(out.Payload)
	if !ok {
		return 0, false
	}
	if len(ids) == 0 {
		return len(b.records), true
	}
	for i := range b.records { // AWS: the lowest sequence number is the checkpoint
		if ids[b.records[i].sequence] {
			return i, false
		}
	}
	return 0, false
}

// failure is a batch whose first done records are done with, and the others not.
type failure struct {
	done int
	loss loss
}

// failed decides how to go on after a failure: in two parts, once more, or
// without the records.
func (b *shardBatch) failed(tx kv.Tx, p *poller, f failure) {
	left := len(b.records) - f.done
	p.fix(left)
	p.Refusals = 0
	p.Failures = f.loss.calls
	switch {
	case b.m.Bisect && f.done+left > 1: // AWS: splitting consumes no retry
		if f.done == 0 {
			p.Sizes = append([]int{left / 2, left - left/2}, p.Sizes[1:]...)
		}
		p.Failures--
		p.Retry = tx.Now().Add(firstPause)
	case b.m.Retries >= 0 && p.Failures > b.m.Retries:
		b.records = b.records[f.done:]
		b.discard(tx, left, f.loss)
		p.advance(b.records[left-1].sequence, left)
	default:
		p.Retry = tx.Now().Add(backoff(p.Failures - 1))
	}
}
