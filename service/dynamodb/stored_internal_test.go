package dynamodb

import (
	"bytes"
	"errors"
	"testing"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/state/kv"
)

// FuzzDecode feeds stored items that are none: decode must say so, and nothing else.
func FuzzDecode(f *testing.F) {
	f.Add(encode(attribute.Make(map[string]value{
		"s": attribute.String("text"), "n": attribute.Number("-1.5"), "b": attribute.Binary("\x00"), "ss": attribute.Set(attribute.SS, []string{"a"}), "ns": attribute.Set(attribute.NS, []string{"1"}),
		"l": attribute.List([]value{attribute.Null(), attribute.Bool(false)}), "m": attribute.Within(attribute.Make(map[string]value{"t": attribute.Bool(true)})),
	})))
	f.Add([]byte{itemFormat, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F})
	f.Fuzz(func(t *testing.T, b []byte) {
		it, err := decodes(b)
		if err != nil {
			if !errors.Is(err, kv.ErrRecord) {
				t.Fatal(err)
			}
			return
		}
		again := attribute.Make(it.Fields())
		if it.Len() == len(it.Fields()) && !equalItems(attribute.Make(again.Fields()), again) {
			t.Fatalf("%x reads as %x and then as %x", b, it, again)
		}
		itemSize(it)
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
	text, m := attribute.String("ab"), func(fields map[string]value) value { return attribute.Within(attribute.Make(fields)) }
	for _, c := range []struct {
		value value
		want  int
	}{
		{attribute.String("héé"), 5}, {attribute.Number("0"), 1}, {attribute.Number("123"), 3}, {attribute.Number("-12"), 3}, {attribute.Binary("\x01\x02"), 2},
		{attribute.Bool(true), 1}, {attribute.Null(), 1}, {attribute.Set(attribute.SS, []string{"ab", "c"}), 3},
		{attribute.List([]value{text}), 3 + 1 + 2}, {m(map[string]value{"k": text}), 3 + 1 + 1 + 2}, {m(nil), 3},
	} {
		if got := sizeOf(c.value); got != c.want {
			t.Errorf("%q counts for %d, want %d", c.value, got, c.want)
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
	binary := attribute.Binary[string]
	for _, pair := range [][2]value{
		{attribute.Number("-2"), attribute.Number("-1")}, {attribute.Number("9"), attribute.Number("10")}, {attribute.String("a"), attribute.String("ab")},
		{attribute.String("a\x00"), attribute.String("a\x01")}, {binary("\x01"), binary("\x01\x00")},
	} {
		if bytes.Compare(kv.NewKey(sortPart(pair[0])), kv.NewKey(sortPart(pair[1]))) >= 0 {
			t.Errorf("%q is not before %q", pair[0], pair[1])
		}
	}
}
