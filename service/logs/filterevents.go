package logs

import (
	"context"
	"encoding/base64"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/service/logs/pattern"
	"github.com/brume-cloud/brume/state/kv"
)

// earliestDescending is the time from which on events can be searched backward.
// AWS: FilterLogEvents, "startFromHead": 1 January 2024.
const earliestDescending = 1704067200000

// FilterLogEvents searches a group. The answer may have no events, and a token
// with which to search on.
func (s *Service) FilterLogEvents(ctx context.Context, in *logs.FilterLogEventsInput) (*logs.FilterLogEventsOutput, error) {
	s.Settle()
	a, err := identified(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	page, err := searchPage(in)
	if err != nil {
		return nil, err
	}
	p, err := s.compile(deref(in.FilterPattern))
	if err != nil {
		return nil, err
	}
	out := new(logs.FilterLogEventsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, g *group) error {
		if err := g.readable(); err != nil {
			return err
		}
		who := &audience{tx: tx, g: g, known: map[uint64]string{}}
		if err := who.choose(in); err != nil {
			return err
		}
		r := page
		r.tx, r.g, r.one, r.of = tx, g, who.one, who.has
		if !p.All() {
			r.take = p.Match
		}
		r.after(g.expired(tx.Now()))
		r.run()
		*out = *shownSearch(&r, who)
		return nil
	})
	return out, err
}

// searchPage is the reading that a request asks for.
func searchPage(in *logs.FilterLogEventsInput) (reading, error) {
	r := reading{to: place{At: maxTime}, limit: pageLimit(in.Limit)}
	if in.LogStreamNamePrefix != nil && len(in.LogStreamNames) > 0 {
		return r, invalid("logStreamNamePrefix and logStreamNames are mutually exclusive parameters.")
	}
	if in.StartTime != nil && in.EndTime != nil && *in.EndTime < *in.StartTime {
		return r, invalid("End time must be greater than or equal to start time.")
	}
	r.from.At = max(0, deref(in.StartTime))
	if in.EndTime != nil { // AWS: an event of this very time is included
		r.to.At = max(0, min(maxTime, *in.EndTime+1))
	}
	if in.StartFromHead != nil && !*in.StartFromHead && in.NextToken == nil {
		if deref(in.StartTime) < earliestDescending {
			return r, invalid("startFromHead can be false only with a startTime on or after Jan 1, 2024 00:00:00 UTC.")
		}
		r.backward = true
	}
	if in.NextToken != nil {
		text, err := base64.RawURLEncoding.DecodeString(*in.NextToken)
		at, backward, ok := readToken(string(text))
		if err != nil || !ok {
			return r, badToken()
		}
		r.resume(at, backward)
	}
	return r, nil
}

func shownSearch(r *reading, who *audience) *logs.FilterLogEventsOutput {
	// AWS: searchedLogStreams is always empty since 2020.
	out := &logs.FilterLogEventsOutput{Events: make([]logs.FilteredLogEvent, len(r.found)), SearchedLogStreams: []logs.SearchedLogStream{}}
	for i := range r.found {
		f := &r.found[i]
		name, id := who.name(f.stream), f.id()
		shown := logs.FilteredLogEvent{LogStreamName: &name, Timestamp: &f.At, Message: &f.message, IngestionTime: &f.ingested, EventId: &id}
		if r.backward {
			out.Events[len(r.found)-1-i] = shown
		} else {
			out.Events[i] = shown
		}
	}
	if r.more {
		t := *token(forwardToken, r.to)
		if r.backward {
			t = *token(backwardToken, r.from)
		}
		t = base64.RawURLEncoding.EncodeToString([]byte(t))
		out.NextToken = &t
	}
	return out
}

// audience is the streams that a search is about.
type audience struct {
	tx     kv.Tx
	g      *group
	one    *stream         // when it is a single one
	chosen map[uint64]bool // nil: all that have the prefix
	prefix string
	known  map[uint64]string // names that were looked up; empty when the stream is not there
}

// choose reads which streams a request is about.
func (a *audience) choose(in *logs.FilterLogEventsInput) error {
	a.prefix = deref(in.LogStreamNamePrefix)
	if len(in.LogStreamNames) == 0 {
		return nil
	}
	a.chosen = map[uint64]bool{}
	for _, name := range in.LogStreamNames {
		st, err := a.g.stream(a.tx, name)
		if err != nil {
			return err
		}
		a.chosen[st.ID] = true
		a.one = st
	}
	if len(a.chosen) > 1 {
		a.one = nil
	}
	return nil
}

func (a *audience) has(stream uint64) bool {
	if a.chosen != nil {
		return a.chosen[stream]
	}
	name := a.name(stream)
	return name != "" && strings.HasPrefix(name, a.prefix)
}

func (a *audience) name(stream uint64) string {
	name, ok := a.known[stream]
	if !ok {
		name, _ = a.g.nameOf(a.tx, stream)
		a.known[stream] = name
	}
	return name
}

// TestMetricFilter tells which messages a pattern matches, and what of them.
func (s *Service) TestMetricFilter(_ context.Context, in *logs.TestMetricFilterInput) (*logs.TestMetricFilterOutput, error) {
	p, err := s.compile(in.FilterPattern)
	if err != nil {
		return nil, err
	}
	out := &logs.TestMetricFilterOutput{Matches: []logs.MetricFilterMatchRecord{}}
	for i := range in.LogEventMessages {
		if p.Match(in.LogEventMessages[i]) {
			n := int64(i + 1)
			out.Matches = append(out.Matches, logs.MetricFilterMatchRecord{
				EventNumber: &n, EventMessage: &in.LogEventMessages[i], ExtractedValues: extracted(p, in.LogEventMessages[i]),
			})
		}
	}
	return out, nil
}

func extracted(p *pattern.Pattern, message string) map[string]string {
	if values := p.Extract(message); values != nil {
		return values
	}
	return map[string]string{}
}
