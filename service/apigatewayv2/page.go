package apigatewayv2

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

// newPage reads the parameters of a listing. A token is the key to go on at.
func newPage(limit, token *string) (page, error) {
	p := page{size: maxPage}
	if limit != nil && *limit != "" {
		n, err := strconv.Atoi(*limit)
		if err != nil || n < 1 {
			return p, bad("Invalid value for maxResults: %s", *limit)
		}
		p.size = min(n, maxPage)
	}
	if token == nil || *token == "" {
		return p, nil
	}
	start, err := base64.RawURLEncoding.DecodeString(*token)
	if err != nil {
		return p, bad("Invalid next token specified")
	}
	p.start = start
	return p, nil
}

// list is the page of the documents whose keys begin with prefix, and the token of
// the next.
func list[T any](tx kv.Tx, k *kind[T], p page, prefix kv.Key) (items []T, next *string) {
	r := kv.Prefix(prefix)
	if p.start != nil && r.Contains(p.start) {
		r.From = p.start
	}
	items = []T{}
	for key, d := range k.within(tx, r) {
		if len(items) == p.size {
			return items, new(base64.RawURLEncoding.EncodeToString(key))
		}
		items = append(items, *d)
	}
	return items, nil
}
