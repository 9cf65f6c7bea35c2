package sns

import (
	"encoding/base64"

	"github.com/brume-cloud/brume/state/kv"
)

// page is a part of a listing. AWS: listings give a hundred at a time.
type page struct {
	size int
	from kv.Key
}

// newPage reads the token of a listing, which is the key to go on at.
func newPage(token *string) (page, error) {
	p := page{size: maxPage}
	if token == nil || *token == "" {
		return p, nil
	}
	from, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return p, invalid("NextToken Reason: Invalid token")
	}
	p.from = from
	return p, nil
}

// of is the part of r that the page begins with.
func (p page) of(r kv.Range) kv.Range {
	if p.from != nil && r.Contains(p.from) {
		r.From = p.from
	}
	return r
}

func (p page) token(next kv.Key) *string {
	t := base64.RawURLEncoding.EncodeToString(next)
	return &t
}
