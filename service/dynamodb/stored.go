package dynamodb

import (
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/kv"
)

// The stored form of an item is a format byte, and the item in the form that
// package attribute describes.
const itemFormat = 1

// encode returns the stored form of an item that was checked.
func encode(it item) []byte { return append(append(make([]byte, 0, len(it)+1), itemFormat), it...) }

// glimpse is the item that b is the stored form of, for as long as b is not
// changed. What is not an item is a fault of the house, and ends the transaction.
func glimpse(key kv.Key, b []byte) item {
	if len(b) == 0 || b[0] != itemFormat || !attribute.Valid(b[1:]) {
		kv.Fail(&kv.RecordError{Key: key, Err: kv.ErrRecord})
	}
	return item(unsafe.String(&b[1], len(b)-1))
}

// decode is glimpse for good.
func decode(key kv.Key, b []byte) item { return item(strings.Clone(string(glimpse(key, b)))) }
