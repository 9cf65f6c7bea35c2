package kv

import (
	"bytes"
	"cmp"
	"math"
	"testing"
	"time"
)

func TestKeyOrder(t *testing.T) {
	ascending := []Key{
		NewKey(Bytes(nil)),
		NewKey(Bytes([]byte{0})),
		NewKey(Bytes([]byte{0, 0})),
		NewKey(Bytes([]byte{0, 1})),
		NewKey(Bytes([]byte{1})),
		NewKey(String("")),
		NewKey(String(""), String("")),
		NewKey(String(""), Stamp10(0, 0)),
		NewKey(String("\x00")),
		NewKey(String("a")),
		NewKey(String("a"), Uint(0)),
		NewKey(String("a"), Uint(math.MaxUint64)),
		NewKey(String("a"), Int(0)),
		NewKey(String("a\x00")),
		NewKey(String("a\x00"), String("b")),
		NewKey(String("a\x01")),
		NewKey(String("aa")),
		NewKey(String("\xff")),
		NewKey(String("\xff\xff")),
		NewKey(Uint(1)),
		NewKey(Uint(256)),
		NewKey(Int(math.MinInt64)),
		NewKey(Int(-1)),
		NewKey(Int(0)),
		NewKey(Int(1)),
		NewKey(Time(time.Time{})),
		NewKey(Time(time.Unix(-1, 0))),
		NewKey(Time(time.Unix(0, 0))),
		NewKey(Time(time.Unix(0, 1))),
		NewKey(Time(time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC))),
		NewKey(Stamp10(1, 0)),
		NewKey(Stamp10(1, 1)),
		NewKey(Stamp10(2, 0)),
	}
	for i := range ascending {
		for j := range ascending {
			if got, want := ascending[i].Compare(ascending[j]), cmp.Compare(i, j); got != want {
				t.Errorf("Compare(%v, %v) = %d, want %d", ascending[i], ascending[j], got, want)
			}
		}
	}
}

// Stamp10 is a short way to write a stamp.
func Stamp10(version uint64, seq uint16) Part { return At(Stamp{version, seq}) }

func TestRanges(t *testing.T) {
	base := NewKey(String("t"))
	for _, test := range []struct {
		name    string
		r       Range
		in, out []Key
	}{
		{"everything", Prefix(nil), []Key{NewKey(Bytes(nil)), NewKey(Stamp10(math.MaxUint64, math.MaxUint16))}, nil},
		{"tuple", Prefix(NewKey(String("a"))),
			[]Key{NewKey(String("a")), NewKey(String("a"), Bytes(nil)), NewKey(String("a"), Stamp10(math.MaxUint64, 1))},
			[]Key{NewKey(String("a\x00")), NewKey(String("a\x00b"), Uint(1)), NewKey(String("b"))}},
		{"text", TextPrefix(base, "a"),
			[]Key{base.With(String("a")), base.With(String("a\x00"), Uint(1)), base.With(String("a\xff\xff"))},
			[]Key{base, base.With(String("b")), base.With(String("")), base.With(Uint(1))}},
		{"text with zero", TextPrefix(base, "a\x00"),
			[]Key{base.With(String("a\x00")), base.With(String("a\x00\x00")), base.With(String("a\x00\xff"))},
			[]Key{base.With(String("a")), base.With(String("a\x01"))}},
		{"highest text", TextPrefix(base, "\xff"), []Key{base.With(String("\xff\xff"))}, []Key{base.With(Uint(0)), base.With(String("a"))}},
		{"any text", TextPrefix(base, ""), []Key{base.With(String("")), base.With(String("\xff"))}, []Key{base.With(Uint(0)), base.With(Bytes(nil))}},
	} {
		for _, k := range test.in {
			if !test.r.Contains(k) {
				t.Errorf("%s: %v is missing", test.name, k)
			}
		}
		for _, k := range test.out {
			if test.r.Contains(k) {
				t.Errorf("%s: %v is in it", test.name, k)
			}
		}
	}
}

func TestKeyPrints(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, test := range []struct {
		key  Key
		want string
	}{
		{nil, "()"},
		{NewKey(String("queue"), Uint(7), Int(-7), Stamp10(12, 3)), "(queue, 7, -7, @12.3)"},
		{NewKey(String("a, b"), Bytes([]byte{0, 255}), Time(at)), `("a, b", 0x00ff, 2026-01-02T03:04:05Z)`},
		{Key{0x7F, 1}, "7f01"},
		{Key{tagString, 'a'}, "0261"},
	} {
		if got := test.key.String(); got != test.want {
			t.Errorf("got %s, want %s", got, test.want)
		}
	}
}

func TestWithNeverAliases(t *testing.T) {
	base := make(Key, 0, 100)
	base = append(base, NewKey(String("a"))...)
	x, y := base.With(Uint(1)), base.With(Uint(2))
	if x.Compare(NewKey(String("a"), Uint(1))) != 0 || y.Compare(NewKey(String("a"), Uint(2))) != 0 {
		t.Errorf("%v, %v", x, y)
	}
}

func TestKeyAllocatesOnce(t *testing.T) {
	base := NewKey(String("a"))
	var k Key
	name := "name"
	n := testing.AllocsPerRun(100, func() { k = base.With(String(name), Uint(7), Time(time.Unix(1, 2))) })
	if n != 1 {
		t.Errorf("%v allocations for %v", n, k)
	}
}

func TestReaderRefusesOtherShapes(t *testing.T) {
	for _, key := range []Key{nil, NewKey(Uint(1)), {tagString, 'a'}, {tagString}, {tagUint, 1}, {tagStamp, 0}} {
		r := Read(key)
		r.Skip(1)
		_ = r.String()
		if r.Err() == nil {
			t.Errorf("%x reads as (any, string)", []byte(key))
		}
	}
}

func FuzzKey(f *testing.F) {
	f.Add("a", []byte{0}, uint64(1), int64(-1), "a\x00", []byte{0, 255}, uint64(2), int64(1))
	f.Add("", []byte(nil), uint64(0), int64(0), "\x00", []byte{}, uint64(0), int64(0))
	f.Fuzz(func(t *testing.T, s1 string, b1 []byte, u1 uint64, i1 int64, s2 string, b2 []byte, u2 uint64, i2 int64) {
		x := NewKey(String(s1), Bytes(b1), Uint(u1), Int(i1), Stamp10(u1, uint16(u2)))
		y := NewKey(String(s2), Bytes(b2), Uint(u2), Int(i2), Stamp10(u2, uint16(u1)))
		r := Read(x)
		if s, b, u, i, at := r.String(), r.Bytes(), r.Uint(), r.Int(), r.Stamp(); s != s1 || !bytes.Equal(b, b1) || u != u1 || i != i1 ||
			at != (Stamp{u1, uint16(u2)}) || r.More() || r.Err() != nil {
			t.Errorf("%v reads as %q %x %d %d %v, %v", x, s, b, u, i, at, r.Err())
		}
		want := cmp.Or(cmp.Compare(s1, s2), bytes.Compare(b1, b2), cmp.Compare(u1, u2), cmp.Compare(i1, i2))
		if want != 0 && x.Compare(y) != want {
			t.Errorf("Compare(%v, %v) = %d, want %d", x, y, x.Compare(y), want)
		}
		skip := Read(x)
		skip.Skip(5)
		if skip.More() || skip.Err() != nil {
			t.Errorf("Skip stopped at %x", skip.Rest())
		}
	})
}

func FuzzReader(f *testing.F) {
	f.Add([]byte(NewKey(String("a\x00"), Bytes([]byte{0, 1}), Int(-1), Time(time.Unix(1, 2)), Stamp10(1, 2))))
	f.Add([]byte{tagString, 0, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		_ = Key(b).String()
		r := Read(b)
		for r.More() {
			r.Skip(1)
		}
	})
}
