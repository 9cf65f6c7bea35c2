package apigateway

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"iter"

	"github.com/brume-cloud/brume/state/kv"
)

// document is a resource as it is stored: the JSON of a T, with the names of its
// Go fields.
type document[T any] struct {
	JSON []byte `kv:"1"`

	value *T `kv:"-"` // of a shared document
}

// shelf is a table of documents.
type shelf[T any] struct{ rows kv.Table[document[T]] }

func shelfOf[T any](name string, indexes ...kv.Index[document[T]]) *shelf[T] {
	return &shelf[T]{kv.Table[document[T]]{Name: name, Indexes: indexes}}
}

// open reads a document. What cannot be read is a fault of the house.
func (d *document[T]) open() *T {
	v := new(T)
	if err := json.Unmarshal(d.JSON, v); err != nil {
		kv.Fail(fmt.Errorf("apigateway: a stored document: %w", err))
	}
	return v
}

// get returns a copy of a document, which may be changed.
func (s *shelf[T]) get(tx kv.Tx, key kv.Key) (*T, bool) {
	d, ok := s.rows.Get(tx, key)
	if !ok {
		return nil, false
	}
	return d.open(), true
}

// shared returns a document that requests to APIs read. It must not be changed.
func (s *shelf[T]) shared(tx kv.Tx, key kv.Key) (*T, bool) {
	d, ok := s.rows.GetShared(tx, key, func(d *document[T]) { d.value = d.open() })
	if !ok {
		return nil, false
	}
	return d.value, true
}

func (s *shelf[T]) put(tx kv.Tx, key kv.Key, v *T) {
	b, err := json.Marshal(v)
	if err != nil {
		kv.Fail(fmt.Errorf("apigateway: a document: %w", err))
	}
	s.rows.Put(tx, key, &document[T]{JSON: b})
}

// all walks the documents below a key.
func (s *shelf[T]) all(tx kv.Tx, prefix kv.Key) iter.Seq2[kv.Key, *T] {
	return func(yield func(kv.Key, *T) bool) {
		for key, d := range s.rows.Scan(tx, kv.Prefix(prefix)) {
			if !yield(key, d.open()) {
				return
			}
		}
	}
}

// list is all documents below a key.
func (s *shelf[T]) list(tx kv.Tx, prefix kv.Key) []T {
	list := []T{}
	for _, v := range s.all(tx, prefix) {
		list = append(list, *v)
	}
	return list
}

// page is which part of a list a request is for.
type page struct {
	position *string
	limit    *int32
}

// AWS: "GetRestApis", limit.
const (
	defaultPage = 25
	maxPage     = 500
)

// page returns the documents below a key that are on a page and that keep says
// yes to, and the position of the next page. keep may be nil.
func (s *shelf[T]) page(tx kv.Tx, prefix kv.Key, p page, keep func(*T) bool) (items []T, next *string, err error) {
	size := int(or(p.limit, defaultPage))
	if size < 1 {
		size = defaultPage
	}
	size = min(size, maxPage)
	r := kv.Prefix(prefix)
	if p.position != nil && *p.position != "" {
		from, err := base64.RawURLEncoding.DecodeString(*p.position)
		if r.From = append(prefix[:len(prefix):len(prefix)], from...); err != nil || !kv.Prefix(prefix).Contains(r.From) {
			return nil, nil, invalid("Invalid position specified")
		}
	}
	items = []T{}
	for key, d := range s.rows.Scan(tx, r) {
		v := d.open()
		if keep != nil && !keep(v) {
			continue
		}
		if len(items) == size {
			token := base64.RawURLEncoding.EncodeToString(key[len(prefix):])
			return items, &token, nil
		}
		items = append(items, *v)
	}
	return items, nil, nil
}
