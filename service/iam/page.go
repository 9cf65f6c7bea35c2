package iam

import (
	"encoding/base64"
	"iter"

	"strconv"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// page is the part of a list that a request asks for.
type page struct {
	limit int
	after string // what the last item of the page before is found by; empty: from the start
}

// pageOf reads a request's Marker and MaxItems.
func pageOf(marker *string, maxItems *int32) (page, error) {
	p := page{limit: int(min(or(maxItems, defaultPage), maxPage))}
	if marker != nil {
		b, err := base64.RawURLEncoding.DecodeString(*marker)
		if err != nil || len(b) == 0 {
			return p, invalid("Invalid Marker.")
		}
		p.after = string(b)
	}
	return p, nil
}

// part is a page of a list, and where the next begins.
type part[T any] struct {
	items  []T
	more   *bool
	marker *string
}

func (p *part[T]) end(after string) {
	p.more = new(after != "")
	if after != "" {
		p.marker = new(base64.RawURLEncoding.EncodeToString([]byte(after)))
	}
}

// listing is a list of rows: those below a prefix, whose next key element is
// what at gives.
type listing[R any] struct {
	rows   func(kv.Range) rows[R]
	prefix kv.Key
	at     func(*R) string
}

// walk collects a page of a listing; show makes an item of a row, or skips it.
func walk[R, T any](l listing[R], p page, show func(*R) (T, bool)) part[T] {
	r := kv.Prefix(l.prefix)
	if p.after != "" {
		r.From = l.prefix.With(kv.String(p.after)).End()
	}
	var out part[T]
	last := ""
	for _, row := range l.rows(r) {
		item, ok := show(row)
		if !ok {
			continue
		}
		if len(out.items) == p.limit {
			out.end(last)
			return out
		}
		out.items = append(out.items, item)
		last = l.at(row)
	}
	out.end("")
	return out
}

// slice gives a page of a short list that is at hand.
func slice[T any](all []T, p page) (part[T], error) {
	from := 0
	if p.after != "" {
		n, err := strconv.Atoi(p.after)
		if err != nil || n < 0 || n > len(all) {
			return part[T]{}, invalid("Invalid Marker.")
		}
		from = n
	}
	out := part[T]{items: all[from:min(from+p.limit, len(all))]}
	next := ""
	if to := from + len(out.items); to < len(all) {
		next = strconv.Itoa(to)
	}
	out.end(next)
	return out, nil
}

// invalid is a request that breaks a rule that no model states.
func invalid(format string, args ...any) *aws.Error {
	return aws.Errorf(400, "ValidationError", format, args...)
}

// rows is what a scan of a table walks.
type rows[R any] = iter.Seq2[kv.Key, *R]
