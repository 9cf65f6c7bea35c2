package logs

import (
	"context"
	"fmt"
	"sort"
	"time"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// size is what an event counts for, in quotas and on the bill.
// AWS: PutLogEvents: the message's bytes and 26.
func (e *event) size() int64 { return int64(len(e.Message)) + eventOverhead }

// PutLogEvents adds a batch of events to a stream. Sequence tokens are not
// looked at.
func (s *Service) PutLogEvents(ctx context.Context, in *logs.PutLogEventsInput) (*logs.PutLogEventsOutput, error) {
	if err := checkBatch(in.LogEvents); err != nil {
		return nil, err
	}
	var out *logs.PutLogEventsOutput
	var version uint64 // stays 0 in a transaction that commits later
	err := s.update(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		st, err := g.stream(tx, in.LogStreamName)
		if err != nil {
			return err
		}
		out = new(logs.PutLogEventsOutput)
		var accepted []logs.InputLogEvent
		accepted, out.RejectedLogEventsInfo = g.admit(in.LogEvents, tx.Now())
		if len(accepted) > 0 {
			if err := s.write(tx, g, &batch{st, accepted}); err != nil {
				return err
			}
		}
		tx.OnCommit(func(v uint64) { version = v })
		return nil
	})
	if err != nil {
		return nil, err
	}
	token := sequenceToken(version)
	out.NextSequenceToken = &token
	return out, nil
}

// sequenceToken looks like AWS's, which nobody needs any more.
func sequenceToken(version uint64) string { return fmt.Sprintf("%056d", version) }

// checkBatch checks what does not depend on the group.
// AWS: PutLogEvents, the list of constraints.
func checkBatch(events []logs.InputLogEvent) error {
	if len(events) == 0 {
		return invalid("A batch must have at least one log event.")
	}
	total := 0
	for i := range events {
		size := len(events[i].Message) + eventOverhead
		if size > maxEventBytes {
			return invalid("Log event too large: %d bytes exceeds limit of %d", size, maxEventBytes)
		}
		total += size
		if i > 0 && events[i].Timestamp < events[i-1].Timestamp {
			return invalid("Log events in a single PutLogEvents request must be in chronological order.")
		}
	}
	if total > maxBatchBytes {
		return invalid("Upload too large: %d bytes exceeds limit of %d", total, maxBatchBytes)
	}
	if events[len(events)-1].Timestamp-events[0].Timestamp > maxBatchSpan.Milliseconds() {
		return invalid("The batch of log events in a single PutLogEvents request cannot span more than 24 hours.")
	}
	return nil
}

// admit returns the events that are neither too old nor too new, and says
// which are not among them.
func (g *group) admit(events []logs.InputLogEvent, now time.Time) ([]logs.InputLogEvent, *logs.RejectedLogEventsInfo) {
	old, retained, future := now.Add(-maxAge).UnixMilli(), g.expired(now), now.Add(maxFuture).UnixMilli()
	first, last := events[0].Timestamp, events[len(events)-1].Timestamp
	if first >= old && first >= retained && last <= future {
		return events, nil
	}
	before := func(t int64) int {
		return sort.Search(len(events), func(i int) bool { return events[i].Timestamp >= t })
	}
	info := new(logs.RejectedLogEventsInfo)
	from, to := 0, len(events)
	if n := before(old); n > 0 {
		info.TooOldLogEventEndIndex, from = index(n), n
	}
	if n := before(retained); n > 0 {
		info.ExpiredLogEventEndIndex, from = index(n), max(from, n)
	}
	if n := before(future + 1); n < to {
		info.TooNewLogEventStartIndex, to = index(n), n
	}
	return events[from:max(from, to)], info
}

func index(n int) *int32 {
	i := int32(n)
	return &i
}

// batch is events for a stream.
type batch struct {
	*stream
	events []logs.InputLogEvent
}

// written is a block and the sequence of its stamp.
type written struct {
	seq uint16
	block
}

// write stores a batch in blocks, and sends it to those who subscribed.
func (s *Service) write(tx kv.Tx, g *group, in *batch) error {
	now := tx.Now()
	var total int64
	var blocks []written // for those who subscribed
	for rest := in.events; len(rest) > 0; {
		b := block{Ingested: now.UnixMilli()}
		var size int64
		size, rest = b.fill(rest)
		total += size
		seq := g.append(tx, in.stream, &b)
		if len(g.Subscriptions) > 0 {
			blocks = append(blocks, written{seq, b})
		}
	}
	g.grow(tx, total)
	touched.Put(tx, g.touchedKey(in.ID), &instant{now})
	g.arm(tx, in.events[0].Timestamp)
	if len(g.Subscriptions) > 0 {
		if err := s.feed(tx, g, in.stream, blocks); err != nil {
			return err
		}
	}
	s.meter(tx, g, total)
	return nil
}

// fill takes events into an empty block, as many as it may hold.
func (b *block) fill(events []logs.InputLogEvent) (size int64, rest []logs.InputLogEvent) {
	n := 0
	for n < len(events) && events[n].Timestamp-events[0].Timestamp <= blockSpan {
		one := int64(len(events[n].Message)) + eventOverhead
		if n > 0 && size+one > blockSize {
			break
		}
		size += one
		n++
	}
	b.Events = make([]event, n)
	for i := range b.Events {
		b.Events[i] = event{events[i].Timestamp, events[i].Message}
	}
	return size, events[n:]
}

// meter counts what was ingested, once it is sure.
func (s *Service) meter(tx kv.Tx, g *group, bytes int64) {
	if s.Meter == nil {
		return
	}
	call := aws.Call{Service: "logs", Account: g.at.Account, Region: g.at.Region}
	tx.OnCommit(func(uint64) { s.Meter.Add(&call, ingested(g.Class, bytes)) })
}
