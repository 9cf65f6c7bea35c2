package logs

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/state/kv"
)

// CreateLogStream makes a stream.
func (s *Service) CreateLogStream(ctx context.Context, in *logs.CreateLogStreamInput) (*logs.CreateLogStreamOutput, error) {
	err := s.update(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		key := g.streamKey(in.LogStreamName)
		if streams.Has(tx, key) {
			return logs.ErrResourceAlreadyExistsException("The specified log stream already exists")
		}
		st := &stream{ID: s.Random.Uint64(), Created: tx.Now()}
		streams.Put(tx, key, st)
		names.Put(tx, g.nameKey(st.ID), &called{in.LogStreamName})
		return nil
	})
	return &logs.CreateLogStreamOutput{}, err
}

// DeleteLogStream deletes a stream. Its events are not seen any more, and a job
// takes them away.
func (s *Service) DeleteLogStream(ctx context.Context, in *logs.DeleteLogStreamInput) (*logs.DeleteLogStreamOutput, error) {
	s.Settle()
	err := s.update(ctx, here(ctx, in.LogGroupName), func(tx kv.Tx, g *group) error {
		st, err := g.stream(tx, in.LogStreamName)
		if err != nil {
			return err
		}
		streams.Delete(tx, g.streamKey(in.LogStreamName))
		names.Delete(tx, g.nameKey(st.ID))
		touched.Delete(tx, g.touchedKey(st.ID))
		g.purge(tx, st.ID)
		return nil
	})
	return &logs.DeleteLogStreamOutput{}, err
}

// DescribeLogStreams lists the streams of a group, by name or by the time of
// their last event.
func (s *Service) DescribeLogStreams(ctx context.Context, in *logs.DescribeLogStreamsInput) (*logs.DescribeLogStreamsOutput, error) {
	s.Settle()
	a, err := identified(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	byTime := in.OrderBy == logs.OrderByLastEventTime
	if byTime && in.LogStreamNamePrefix != nil {
		return nil, invalid("Cannot order by LastEventTime with a logStreamNamePrefix.")
	}
	p, err := newPage(in.Limit, maxList, in.NextToken)
	if err != nil {
		return nil, err
	}
	l := streamListing{page: p, prefix: deref(in.LogStreamNamePrefix), descending: deref(in.Descending)}
	out := new(logs.DescribeLogStreamsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, g *group) error {
		*out = logs.DescribeLogStreamsOutput{LogStreams: []logs.LogStream{}}
		list := l.byName
		if byTime {
			list = l.byTime
		}
		var found []*stream
		found, out.NextToken = list(tx, g)
		for _, st := range found {
			out.LogStreams = append(out.LogStreams, g.shownStream(tx, st))
		}
		return nil
	})
	return out, err
}

// streamListing is a listing of streams.
type streamListing struct {
	page
	prefix     string
	descending bool
}

func (l *streamListing) byName(tx kv.Tx, g *group) (found []*stream, next *string) {
	r := kv.TextPrefix(streams.Prefix(g.at.Scope, kv.Uint(g.ID)), l.prefix)
	r.Reverse = l.descending
	l.begin(&r)
	for key, st := range streams.Scan(tx, r) {
		if len(found) == l.size {
			return found, l.token(key)
		}
		st.name = streamName(key)
		found = append(found, st)
	}
	return found, nil
}

func streamName(key kv.Key) string {
	parts := streams.Parts(key)
	parts.Skip(1)
	return parts.String()
}

// ranked is a stream with what it is ordered by: its last event and its name.
type ranked struct {
	st   *stream
	last int64
}

func (l *streamListing) compare(a, b ranked) int {
	c := cmp.Or(cmp.Compare(a.last, b.last), strings.Compare(a.st.name, b.st.name))
	if l.descending {
		return -c
	}
	return c
}

// byTime looks at every stream of the group, and holds no more than a page.
// A token is the place of the last stream of the page before, as a key.
func (l *streamListing) byTime(tx kv.Tx, g *group) (found []*stream, next *string) {
	var after *ranked
	if l.start != nil {
		r := kv.Read(l.start)
		after = &ranked{last: r.Int(), st: &stream{name: r.String()}}
	}
	var best []ranked
	more := false
	for key, st := range streams.Scan(tx, kv.Prefix(streams.Prefix(g.at.Scope, kv.Uint(g.ID)))) {
		st.name = streamName(key)
		one := ranked{st: st}
		if _, last, ok := g.times(tx, st.ID); ok {
			one.last = last
		}
		if after != nil && l.compare(one, *after) <= 0 {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, one, l.compare)
		best = slices.Insert(best, at, one)
		if len(best) > l.size {
			best, more = best[:l.size], true
		}
	}
	for _, b := range best {
		found = append(found, b.st)
	}
	if more {
		end := best[len(best)-1]
		next = l.token(kv.NewKey(kv.Int(end.last), kv.String(end.st.name)))
	}
	return found, next
}

func (g *group) shownStream(tx kv.Tx, st *stream) logs.LogStream {
	created, zero, token := st.Created.UnixMilli(), int64(0), sequenceToken(0)
	arn := g.at.arn() + streamMark + st.name
	// AWS: "LogStream": storedBytes of streams is always 0 since 2019.
	out := logs.LogStream{LogStreamName: &st.name, CreationTime: &created, Arn: &arn, StoredBytes: &zero}
	if came, ok := touched.Peek(tx, g.touchedKey(st.ID)); ok {
		at := came.At.UnixMilli()
		out.LastIngestionTime, out.UploadSequenceToken = &at, &token
	}
	if first, last, ok := g.times(tx, st.ID); ok {
		out.FirstEventTimestamp, out.LastEventTimestamp = &first, &last
	}
	return out
}

const streamMark = ":log-stream:"

// times returns the times of a stream's first and last event that are still
// stored. It reads two ends of a log, whatever its length.
func (g *group) times(tx kv.Tx, stream uint64) (first, last int64, ok bool) {
	r := kv.Prefix(g.spanPrefix(stream))
	r.Peek = true
	for key := range tx.Scan(r) {
		first, ok = placeOfSpan(key).first, true
		break
	}
	r.Reverse = true
	for key, sp := range spans.Scan(tx, r) {
		if placeOfSpan(key).first+blockSpan < last {
			break
		}
		last = max(last, sp.Last)
	}
	return first, last, ok
}
