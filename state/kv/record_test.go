package kv

import (
	"errors"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

type colour string

type inner struct {
	Name string `kv:"1"`
	N    *int32 `kv:"2"`
}

type sample struct {
	Text    string            `kv:"1"`
	Colour  colour            `kv:"2"`
	Flag    bool              `kv:"3"`
	Int     int               `kv:"4"`
	Int32   int32             `kv:"5"`
	Uint64  uint64            `kv:"6"`
	Float   float64           `kv:"7"`
	At      time.Time         `kv:"8"`
	For     time.Duration     `kv:"9"`
	Blob    []byte            `kv:"10"`
	Names   []string          `kv:"11"`
	Tags    map[string]string `kv:"12"`
	Inner   inner             `kv:"13"`
	Opt     *inner            `kv:"14"`
	OptStr  *string           `kv:"15"`
	OptInt  *int32            `kv:"16"`
	OptBool *bool             `kv:"17"`
	Inners  []inner           `kv:"18"`
	Opts    []*inner          `kv:"19"`
	ByName  map[colour]inner  `kv:"20"`
	Deep    *sample           `kv:"21"`
	Bytes   [][]byte          `kv:"22"`
	Lists   map[string][]int8 `kv:"23"`
	Skipped func()            `kv:"-"`
	private string            `kv:"100"`
}

func fullSample() *sample {
	s := sample{
		Text: "text", Colour: "red", Flag: true, Int: math.MinInt64, Int32: -5, Uint64: math.MaxUint64,
		Float: -1.5, At: time.Unix(12, 34).UTC(), For: time.Hour, Blob: []byte{0, 1}, Names: []string{"", "b"},
		Tags: map[string]string{"k": "v", "": "", "z": strings.Repeat("long", 100)}, Inner: inner{Name: "in", N: new(int32(0))},
		Opt: &inner{}, OptStr: new(""), OptInt: new(int32(0)), OptBool: new(false),
		Inners: []inner{{}, {Name: "x"}}, Opts: []*inner{nil, {}, {Name: "y"}},
		ByName: map[colour]inner{"blue": {Name: "z"}, "green": {}}, Bytes: [][]byte{{1}, []byte{}},
		Lists: map[string][]int8{"a": {-1, 2}}, private: "p",
	}
	s.Deep = &sample{Text: "deep", Inner: inner{Name: strings.Repeat("x", 300)}, At: time.Unix(0, 0).UTC()}
	return &s
}

func TestRecordRoundTrip(t *testing.T) {
	for _, want := range []*sample{{}, fullSample(), {OptInt: new(int32(0))}, {Float: math.Copysign(0, -1)}} {
		b := Append(nil, want)
		got := &sample{Text: "left over"}
		if err := Decode(b, got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
		if again := Append(nil, got); string(again) != string(b) {
			t.Error("the encoding is not deterministic")
		}
	}
	if b := Append(nil, &sample{}); len(b) != 1 {
		t.Errorf("the zero record takes %d bytes", len(b))
	}
}

func TestRecordStoredForm(t *testing.T) {
	// What is on disks must stay readable: do not change this, add to it.
	got := string(Append(nil, &sample{Text: "a", Flag: true, Int: -1, Names: []string{"x", ""}, Opt: &inner{Name: "n"}}))
	want := "\x01" + "\x0a\x01a" + "\x18\x01" + "\x20\x01" + "\x5a\x04\x02\x01x\x00" + "\x72\x03\x0a\x01n"
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func TestRecordFieldsComeAndGo(t *testing.T) {
	type small struct {
		Flag  bool   `kv:"3"`
		Extra string `kv:"99"`
	}
	var got small
	if err := Decode(Append(nil, fullSample()), &got); err != nil || got != (small{Flag: true}) {
		t.Errorf("newer record in an older type: %+v, %v", got, err)
	}
	var back sample
	if err := Decode(Append(nil, &small{Flag: true}), &back); err != nil || !reflect.DeepEqual(back, sample{Flag: true}) {
		t.Errorf("older record in a newer type: %+v, %v", back, err)
	}
	type changed struct {
		Text int `kv:"1"`
	}
	if err := Decode(Append(nil, fullSample()), &changed{}); !errors.Is(err, ErrRecord) {
		t.Errorf("a field of another type: %v", err)
	}
}

func TestRecordTypesAreChecked(t *testing.T) {
	for name, encode := range map[string]func(){
		"no tag": func() { Append(nil, &struct{ A int }{}) },
		"bad tag": func() {
			Append(nil, &struct {
				A int `kv:"0"`
			}{})
		},
		"twice": func() {
			Append(nil, &struct {
				A, B int `kv:"1"`
			}{})
		},
		"interface": func() {
			Append(nil, &struct {
				A any `kv:"1"`
			}{})
		},
		"int-keyed map": func() {
			Append(nil, &struct {
				A map[int]int `kv:"1"`
			}{})
		},
		"not a struct": func() { Append(nil, new(int)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			encode()
		}()
	}
}

func FuzzRecord(f *testing.F) {
	f.Add(Append(nil, fullSample()))
	f.Add(Append(nil, &sample{Tags: map[string]string{"a": "b"}}))
	f.Add([]byte("\x01\x5a\x05\xff\xff\xff\xff\x0f"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var first, second sample
		if err := Decode(b, &first); err != nil {
			if !errors.Is(err, ErrRecord) {
				t.Errorf("another error: %v", err)
			}
			return
		}
		again := Append(nil, &first)
		if err := Decode(again, &second); err != nil {
			t.Fatalf("a decoded record cannot be stored: %v", err)
		}
		if string(Append(nil, &second)) != string(again) {
			t.Error("the stored form changes")
		}
	})
}

type typical struct {
	ID       string            `kv:"1"`
	Body     string            `kv:"2"`
	Group    string            `kv:"3"`
	Sent     time.Time         `kv:"4"`
	Visible  time.Time         `kv:"5"`
	Receives int32             `kv:"6"`
	Delay    time.Duration     `kv:"7"`
	Sequence uint64            `kv:"8"`
	First    *time.Time        `kv:"9"`
	Attrs    map[string]string `kv:"10"`
}

func newTypical() *typical {
	return &typical{
		ID: "5f2c7a94-9b0a-4a8e-8a5a-6d5f3a1f7e10", Body: strings.Repeat("x", 1<<10), Group: "g1",
		Sent: time.Unix(1700000000, 5), Visible: time.Unix(1700000030, 5), Receives: 1, Delay: time.Second, Sequence: 77,
	}
}

func BenchmarkAppend(b *testing.B) {
	r := newTypical()
	buf := Append(nil, r)
	b.ReportAllocs()
	for b.Loop() {
		buf = Append(buf[:0], r)
	}
}

func BenchmarkDecode(b *testing.B) {
	buf := Append(nil, newTypical())
	var r typical
	b.ReportAllocs()
	for b.Loop() {
		if err := Decode(buf, &r); err != nil {
			b.Fatal(err)
		}
	}
}
