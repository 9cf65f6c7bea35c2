package lambda

import (
	"context"
	"encoding/json"
	"time"

	"github.com/brume-cloud/brume/state/kv"
)

// event is what the function gets: the records, and in a tumbling window its
// state.
// AWS: "Implementing stateful DynamoDB stream processing in Lambda".
func (b *shardBatch) event(final, early bool) []byte {
	out := []byte(`{"Records":[`)
	for i := range b.records {
		if i > 0 {
			out = append(out, ',')
		}
		out = append(out, b.records[i].text...)
	}
	out = append(out, ']')
	if b.m.Tumbling > 0 {
		state := b.p.State
		if state == "" {
			state = "{}"
		}
		start := b.p.Window
		more, _ := encode(map[string]any{
			"window": map[string]string{"start": start.Format(time.RFC3339), "end": b.m.windowEnd(start).Format(time.RFC3339)},
			"state":  json.RawMessage(state), "shardId": b.shard, "eventSourceARN": b.m.Source,
			"isFinalInvokeForWindow": final, "isWindowTerminatedEarly": early,
		})
		out = append(append(out, ','), more[1:len(more)-1]...)
	}
	return append(out, '}')
}

// tumble keeps the batch within one window, and ends the window that is over.
func (b *shardBatch) tumble(ctx context.Context) (done bool, err error) {
	if w := b.p.Window; !w.IsZero() {
		if early := len(b.p.State) > maxState; early || b.over(w) {
			return true, b.endWindow(ctx, early)
		}
	}
	if len(b.records) == 0 {
		return false, nil
	}
	if b.p.Window.IsZero() {
		return true, b.update(ctx, func(_ kv.Tx, p *poller) error { p.Window = b.m.windowOf(b.records[0].at); return nil })
	}
	for i := range b.records {
		if !b.m.windowOf(b.records[i].at).Equal(b.p.Window) {
			b.records, b.full = b.records[:i], true
			break
		}
	}
	return false, nil
}

// over reports whether a window has no more records to come.
func (b *shardBatch) over(window time.Time) bool {
	if len(b.records) > 0 {
		return !b.m.windowOf(b.records[0].at).Equal(window)
	}
	return b.end || !b.now.Before(b.m.windowEnd(window))
}

// endWindow hands the state over for the last time.
func (b *shardBatch) endWindow(ctx context.Context, early bool) error {
	b.records = nil
	_, out, err := b.invoke(ctx, b.event(true, early), "")
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err := b.note(ctx, resultOf(out, err)); err != nil {
		return err
	}
	return b.update(ctx, func(tx kv.Tx, p *poller) error {
		if err != nil || out.Error != "" {
			p.Retry, p.Refusals = tx.Now().Add(backoff(p.Refusals)), p.Refusals+1
			return nil
		}
		p.Window, p.State, p.Refusals, p.Retry = time.Time{}, "", 0, time.Time{}
		return nil
	})
}

// keepState takes the state out of an answer, which has to have one.
func keepState(p *poller, answer []byte) bool {
	var a struct {
		State json.RawMessage `json:"state"`
	}
	if json.Unmarshal(answer, &a) != nil || len(a.State) == 0 {
		return false
	}
	p.State = string(a.State)
	return true
}
