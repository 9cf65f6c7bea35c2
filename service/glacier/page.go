package glacier

import (
	"encoding/base64"
	"strconv"

	"github.com/brume-cloud/brume/state/kv"
)

// page is a part of a listing.
type page struct {
	size  int
	start kv.Key
}

// newPage reads the parameters of a listing. A marker is the key to go on at.
func newPage(limit, marker *string) (page, error) {
	size, err := listLimit(limit, maxListed)
	p := page{size: size}
	if err != nil || deref(marker) == "" {
		return p, err
	}
	if p.start, err = base64.RawURLEncoding.DecodeString(*marker); err != nil {
		return p, invalid("Invalid marker: %s", *marker)
	}
	return p, nil
}

// listLimit reads a limit, which is a number from 1 to most.
func listLimit(limit *string, most int) (int, error) {
	if limit == nil {
		return most, nil
	}
	n, err := strconv.Atoi(*limit)
	if err != nil || n < 1 || n > most {
		return 0, invalid("Invalid limit: %s. It must be a number from 1 to %d.", *limit, most)
	}
	return n, nil
}

// begin moves the beginning of r to where the page before ended. A marker of
// another listing is refused.
func (p page) begin(r *kv.Range) error {
	if p.start == nil {
		return nil
	}
	if !r.Contains(p.start) {
		return invalid("Invalid marker: %s", *markerOf(p.start))
	}
	r.From = p.start
	return nil
}

func markerOf(next kv.Key) *string { return new(base64.RawURLEncoding.EncodeToString(next)) }
