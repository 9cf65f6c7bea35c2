// Package logwriter writes to CloudWatch Logs behind the calls that have something
// to say, as AWS does: nobody waits for a log. What is said while a batch is
// written goes with the next, so that many calls share the work.
//
// Lines are in memory until they are written, for a moment: the end of the process
// by a signal waits for them, a kill loses them.
package logwriter

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/aws"
)

// maxPending is how many bytes may wait. Whoever has more to say waits, too.
const maxPending = 16 << 20

// Destination is a stream of a group, and who writes to it. What is missing of
// them is made, if the writer may.
type Destination struct {
	Group, Stream string
	Actor         aws.Actor
}

func (d *Destination) key() string {
	return strings.Join([]string{d.Group, d.Stream, string(d.Actor.Account), string(d.Actor.Region), d.Actor.Caller.ARN}, "\x00")
}

// Line is a line of log.
type Line struct {
	At   time.Time
	Text string
}

// Writer takes lines. It may be used from many goroutines.
type Writer struct {
	client logs.Client
	log    *slog.Logger

	mu      sync.Mutex
	changed *sync.Cond // some have been written
	pending map[string]*batch
	order   []*batch // in which they came
	bytes   int      // of pending, and of what is being written
	writing bool
	taken   int // batches taken to be written
	done    int // batches written
}

// batch is lines for a destination.
type batch struct {
	Destination
	lines []Line
	bytes int
}

// New makes a writer.
func New(via aws.Invoker, log *slog.Logger) *Writer {
	w := &Writer{client: logs.NewClient(via), log: log, pending: map[string]*batch{}}
	w.changed = sync.NewCond(&w.mu)
	return w
}

// Write takes lines for a destination. It blocks only while very much waits. Lines
// that cannot be written are reported to the server's log, and lost, as on AWS.
func (w *Writer) Write(d Destination, lines []Line) {
	if len(lines) == 0 {
		return
	}
	size := 0
	for i := range lines {
		size += len(lines[i].Text) + eventBytes
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	for w.bytes > maxPending {
		w.changed.Wait()
	}
	key := d.key()
	b := w.pending[key]
	if b == nil {
		b = &batch{Destination: d}
		w.pending[key] = b
		w.order = append(w.order, b)
	}
	b.lines = append(b.lines, lines...)
	b.bytes += size
	w.bytes += size
	if !w.writing {
		w.writing = true
		go w.drain()
	}
}

// Settle waits until all is written that was taken before.
func (w *Writer) Settle() {
	w.mu.Lock()
	defer w.mu.Unlock()
	until := w.taken + len(w.order)
	for w.done < until {
		w.changed.Wait()
	}
}

// drain writes until nothing is left.
func (w *Writer) drain() {
	for {
		w.mu.Lock()
		all := w.order
		if w.order = nil; len(all) == 0 {
			w.writing = false
			w.mu.Unlock()
			return
		}
		clear(w.pending)
		w.taken += len(all)
		w.mu.Unlock()
		for _, b := range all {
			if err := w.put(b); err != nil {
				w.log.Warn("a log could not be written", "group", b.Group, "as", b.Actor.Caller.ARN, "error", err)
			}
			w.mu.Lock()
			w.bytes -= b.bytes
			w.done++
			w.changed.Broadcast()
			w.mu.Unlock()
		}
	}
}

// put writes a batch, and makes the stream where it is missing.
func (w *Writer) put(b *batch) error {
	ctx := aws.ActAs(context.Background(), b.Actor)
	slices.SortStableFunc(b.lines, func(a, b Line) int { return a.At.Compare(b.At) })
	for events := range parts(b.lines) {
		in := &logs.PutLogEventsInput{LogGroupName: b.Group, LogStreamName: b.Stream, LogEvents: events}
		_, err := w.client.PutLogEvents(ctx, in)
		if isMissing(err) {
			// Somebody else may make them as well: what is wrong shows at the second attempt.
			errStream := w.makeStream(ctx, in)
			if _, err = w.client.PutLogEvents(ctx, in); err != nil {
				err = errors.Join(errStream, err)
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// makeStream makes the stream that a batch is for, and its group if that is missing.
func (w *Writer) makeStream(ctx context.Context, in *logs.PutLogEventsInput) error {
	stream := &logs.CreateLogStreamInput{LogGroupName: in.LogGroupName, LogStreamName: in.LogStreamName}
	_, err := w.client.CreateLogStream(ctx, stream)
	if isMissing(err) {
		_, errGroup := w.client.CreateLogGroup(ctx, &logs.CreateLogGroupInput{LogGroupName: in.LogGroupName})
		_, err = w.client.CreateLogStream(ctx, stream)
		err = errors.Join(errGroup, err)
	}
	return err
}

func isMissing(err error) bool {
	var e *aws.Error
	return errors.As(err, &e) && e.Code == "ResourceNotFoundException"
}

// AWS: "PutLogEvents": a batch has at most 10,000 events and 1,048,576 bytes,
// with 26 for each event, and spans 24 hours.
const (
	partEvents = 10_000
	partBytes  = 1 << 20
	partSpan   = 24 * time.Hour
	eventBytes = 26
	maxEvent   = 256<<10 - eventBytes // bytes; longer lines are cut
)

// parts are what PutLogEvents takes at a time. Empty lines are left out: an event
// has at least one character.
func parts(lines []Line) func(yield func([]logs.InputLogEvent) bool) {
	return func(yield func([]logs.InputLogEvent) bool) {
		var part []logs.InputLogEvent
		var first time.Time
		size := 0
		for _, l := range lines {
			if l.Text == "" {
				continue
			}
			text := l.Text[:min(len(l.Text), maxEvent)]
			n := len(text) + eventBytes
			if len(part) > 0 && (len(part) == partEvents || size+n > partBytes || l.At.Sub(first) >= partSpan) {
				if !yield(part) {
					return
				}
				part, size = nil, 0
			}
			if len(part) == 0 {
				first = l.At
			}
			part = append(part, logs.InputLogEvent{Timestamp: l.At.UnixMilli(), Message: text})
			size += n
		}
		if len(part) > 0 {
			yield(part)
		}
	}
}
