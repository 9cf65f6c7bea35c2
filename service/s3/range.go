package s3

import (
	"net/http"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/s3"
	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/state/kv"
)

// span is the run of an object's bytes that an answer holds.
type span struct {
	from, size int64
	part       bool // the answer is a part: 206
}

// spanOf is the span that a Range header asks for. What is no single range of
// bytes is no range at all, and the answer is the whole.
// AWS: "GetObject" (Range): several ranges in one request are not supported.
func spanOf(header string, size int64) (span, error) {
	whole := span{size: size}
	first, last, ok := parseRange(header, size)
	if !ok {
		return whole, nil
	}
	if first >= size || last < first {
		return whole, api.ErrInvalidRange(&api.InvalidRange{RangeRequested: &header, ActualObjectSize: &size}, "The requested range is not satisfiable")
	}
	return span{from: first, size: min(last, size-1) - first + 1, part: true}, nil
}

// parseRange reads bytes=A-B, bytes=A- and bytes=-N. A range that is well
// formed and empty comes back with last before first.
func parseRange(header string, size int64) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(strings.TrimSpace(header), "bytes=")
	a, b, dash := strings.Cut(strings.TrimSpace(spec), "-")
	if !ok || !dash || strings.Contains(spec, ",") {
		return 0, 0, false
	}
	if a == "" {
		n, err := strconv.ParseUint(b, 10, 63)
		if err != nil {
			return 0, 0, false
		}
		if n == 0 {
			return 0, -1, true
		}
		return max(size-int64(n), 0), size - 1, true
	}
	from, err := strconv.ParseUint(a, 10, 63)
	if err != nil {
		return 0, 0, false
	}
	if b == "" {
		return int64(from), max(size-1, int64(from)), true
	}
	to, err := strconv.ParseUint(b, 10, 63)
	if err != nil || to < from {
		return 0, 0, false
	}
	return int64(from), int64(to), true
}

// partSpan is where a part of an object lies. An object that was not uploaded in
// parts has one.
func (b *bucket) partSpan(tx kv.Tx, o *object, number int) (span, error) {
	if number < 1 || number > maxPart {
		return span{}, errArgument("partNumber", strconv.Itoa(number), "Part number must be an integer between 1 and 10000, inclusive")
	}
	if o.Parts == 0 {
		if number == 1 {
			return span{size: o.Size, part: o.Size > 0}, nil
		}
		return span{}, errPartNumber(number, 1)
	}
	for key, p := range extents.Scan(tx, kv.Prefix(extents.Prefix(b.scope(), b.id(), kv.Uint(o.Content.Parts)))) {
		if p.Number == number {
			return span{from: startOf(key), size: p.Size, part: o.Size > 0}, nil
		}
	}
	return span{}, errPartNumber(number, o.Parts)
}

func errPartNumber(number, count int) *aws.Error {
	e := api.ErrInvalidPartNumber(&api.InvalidPartNumber{PartNumberRequested: new(int32(number)), ActualPartCount: new(int32(count))}, "The requested partnumber is not satisfiable")
	e.Status = http.StatusRequestedRangeNotSatisfiable
	return e
}
