package dynamodb

import (
	"bytes"
	"errors"
	"testing"

	"github.com/brume-cloud/brume/state/kv"
)

// FuzzDecode feeds stored items that are none: decode must say so, and nothing else.
func FuzzDecode(f *testing.F) {
	f.Add(encode(item{
		"s": {S: ptr("text")}, "n": {N: ptr("-1.5")}, "b": {B: []byte{0}}, "ss": {SS: []string{"a"}}, "ns": {NS: []string{"1"}}, "bs": {BS: [][]byte{{1}}},
		"l": {L: []value{{NULL: ptr(true)}, {BOOL: ptr(false)}}}, "m": {M: item{"t": {BOOL: ptr(true)}}},
	}))
	f.Add([]byte{itemFormat, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F})
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := decodes(b)
		if err != nil {
			if !errors.Is(err, kv.ErrRecord) {
				t.Fatal(err)
			}
			return
		}
		again, err := decodes(encode(it))
		if err != nil || !equalItems(it, again) {
			t.Fatalf("%x reads as %v and then as %v (%v)", b, it, again, err)
		}
	})
}

// decodes is decode with the failure as an error.
func decodes(b []byte) (it item, err error) {
	defer func() {
		if failed := recover(); failed != nil {
			err = kv.ErrRecord
		}
	}()
	return decode(kv.NewKey(kv.String("test")), b), nil
}

func TestSizesAreCountedAsAWSCounts(t *testing.T) {
	for _, c := range []struct {
		value value
		want  int
	}{
		{value{S: ptr("héé")}, 5}, {value{N: ptr("0")}, 1}, {value{N: ptr("123")}, 3}, {value{N: ptr("-12")}, 3}, {value{B: []byte{1, 2}}, 2},
		{value{BOOL: ptr(true)}, 1}, {value{NULL: ptr(true)}, 1}, {value{SS: []string{"ab", "c"}}, 3},
		{value{L: []value{{S: ptr("ab")}}}, 3 + 1 + 2}, {value{M: item{"k": {S: ptr("ab")}}}, 3 + 1 + 1 + 2}, {value{M: item{}}, 3},
	} {
		if got := sizeOf(&c.value); got != c.want {
			t.Errorf("%s counts for %d, want %d", appendValue(nil, &c.value), got, c.want)
		}
	}
}

func TestSegmentsCoverEveryDigest(t *testing.T) {
	p := kv.NewKey(kv.String("table"))
	for _, total := range []uint64{1, 3, 1000} {
		for _, high := range []uint64{0, 1, 1 << 63, 1<<64 - 1, 0x5555555555555555, 0xAAAAAAAAAAAAAAAB} {
			n := 0
			for i := range total {
				if (segment{i, total}).within(p).Contains(p.With(kv.Uint(high), kv.Uint(0))) {
					n++
				}
			}
			if n != 1 {
				t.Errorf("%x is in %d of %d segments", high, n, total)
			}
		}
	}
}

func TestSortKeysOrderAsValuesDo(t *testing.T) {
	for _, pair := range [][2]value{
		{{N: ptr("-2")}, {N: ptr("-1")}}, {{N: ptr("9")}, {N: ptr("10")}}, {{S: ptr("a")}, {S: ptr("ab")}}, {{S: ptr("a\x00")}, {S: ptr("a\x01")}}, {{B: []byte{1}}, {B: []byte{1, 0}}},
	} {
		if bytes.Compare(kv.NewKey(sortPart(&pair[0])), kv.NewKey(sortPart(&pair[1]))) >= 0 {
			t.Errorf("%v is not before %v", pair[0], pair[1])
		}
	}
}
