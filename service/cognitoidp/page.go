package cognitoidp

import (
	"encoding/base64"

	"github.com/brume-cloud/brume/state/kv"
)

// page is a part of a listing.
type page struct {
	size  int
	start kv.Key
}

// newPage reads the parameters of a listing. A token is the key to go on at.
func newPage(limit int32, token *string) (page, error) {
	p := page{size: maxPage}
	if limit > 0 {
		p.size = min(int(limit), maxPage)
	}
	if token == nil || *token == "" {
		return p, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return p, invalid("Invalid pagination token.")
	}
	p.start = start
	return p, nil
}

// of is the part of r that the page begins with.
func (p page) of(r kv.Range) kv.Range {
	if p.start != nil && r.Contains(p.start) {
		r.From = p.start
	}
	return r
}

func (p page) token(next kv.Key) *string {
	t := base64.RawURLEncoding.EncodeToString(next)
	return &t
}
