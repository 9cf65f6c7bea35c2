package logs

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
func newPage(limit *int32, most int, token *string) (page, error) {
	p := page{size: most}
	if limit != nil {
		p.size = min(int(*limit), most)
	}
	if token == nil || *token == "" {
		return p, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return p, badToken()
	}
	p.start = start
	return p, nil
}

func badToken() error { return invalid("The specified nextToken is invalid.") }

// begin moves the beginning of r to where the page before ended, if that lies in r.
func (p page) begin(r *kv.Range) {
	switch {
	case p.start == nil || !r.Contains(p.start):
	case r.Reverse:
		r.To = p.start.After()
	default:
		r.From = p.start
	}
}

func (p page) token(next kv.Key) *string {
	t := base64.RawURLEncoding.EncodeToString(next)
	return &t
}
