package logs

import (
	"context"
	"strings"

	"github.com/brume-cloud/brume/api/logs"
	"github.com/brume-cloud/brume/state/kv"
)

// A token of GetLogEvents is a place and the direction to go on from it.
const (
	forwardToken  = "f/"
	backwardToken = "b/"
	tokenEnd      = "/s"
)

func readToken(t string) (at place, backward, ok bool) {
	rest, ok := strings.CutSuffix(t, tokenEnd)
	if !ok || len(rest) < len(forwardToken) {
		return at, false, false
	}
	at, ok = placeOfID(rest[len(forwardToken):])
	switch rest[:len(forwardToken)] {
	case forwardToken:
		return at, false, ok
	case backwardToken:
		return at, true, ok
	}
	return at, false, false
}

func token(kind string, at place) *string {
	t := kind + at.id() + tokenEnd
	return &t
}

// GetLogEvents returns a page of a stream. At the end of the stream the token
// that comes back is the one that was given.
func (s *Service) GetLogEvents(ctx context.Context, in *logs.GetLogEventsInput) (*logs.GetLogEventsOutput, error) {
	s.Settle()
	a, err := identified(ctx, in.LogGroupName, in.LogGroupIdentifier)
	if err != nil {
		return nil, err
	}
	page := reading{to: place{At: maxTime}, backward: !deref(in.StartFromHead), limit: pageLimit(in.Limit)}
	if in.StartTime != nil {
		page.from.At = max(0, *in.StartTime)
	}
	if in.EndTime != nil { // AWS: an event of this very time is not included
		page.to.At = max(0, min(maxTime, *in.EndTime))
	}
	if in.NextToken != nil {
		at, backward, ok := readToken(*in.NextToken)
		if !ok {
			return nil, badToken()
		}
		page.resume(at, backward)
	}
	out := new(logs.GetLogEventsOutput)
	err = s.view(ctx, a, func(tx kv.Tx, g *group) error {
		st, err := g.stream(tx, in.LogStreamName)
		if err != nil {
			return err
		}
		if err := g.readable(); err != nil {
			return err
		}
		r := page
		r.tx, r.g, r.one = tx, g, st
		r.after(g.expired(tx.Now()))
		r.run()
		*out = logs.GetLogEventsOutput{Events: []logs.OutputLogEvent{}}
		for i := range r.found {
			f := &r.found[i]
			out.Events = append(out.Events, logs.OutputLogEvent{Timestamp: &f.At, Message: &f.message, IngestionTime: &f.ingested})
		}
		start, end := r.edges(in.NextToken != nil)
		out.NextForwardToken, out.NextBackwardToken = token(forwardToken, end), token(backwardToken, start)
		return nil
	})
	return out, err
}

func pageLimit(limit *int32) int {
	if limit == nil {
		return maxPageEvents
	}
	return min(int(*limit), maxPageEvents)
}

// resume makes the reading go on from a place.
func (r *reading) resume(at place, backward bool) {
	r.backward = backward
	if backward {
		if at.before(r.to) {
			r.to = at
		}
	} else if r.from.before(at) {
		r.from = at
	}
}

// after leaves out events before a time in milliseconds.
func (r *reading) after(at int64) {
	if edge := (place{At: at}); r.from.before(edge) {
		r.from = edge
	}
}

// edges are the boundaries before and behind the page. An empty page is where
// its token was, or, without one, at its beginning.
func (r *reading) edges(resumed bool) (start, end place) {
	switch n := len(r.found); {
	case n > 0:
		start, end = r.found[0].place, r.found[n-1].next()
	case r.backward && resumed:
		start, end = r.to, r.to
	default:
		start, end = r.from, r.from
	}
	if r.more && r.backward {
		start = r.from
	} else if r.more {
		end = r.to
	}
	return start, end
}

// readable reports whether the group's class lets events be read.
// AWS: "Log classes".
func (g *group) readable() error {
	if g.Class == "" || g.Class == string(logs.LogGroupClassSTANDARD) {
		return nil
	}
	return invalid("The operation is not supported for log groups of the class %s.", g.Class)
}
