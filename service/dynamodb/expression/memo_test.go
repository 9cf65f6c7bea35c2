package expression_test

import (
	"reflect"
	"testing"

	"github.com/brume-cloud/brume/service/dynamodb/expression"
)

// A Memo reads as the functions do, whatever it read before: each row is read
// twice, among rows with the same text and other placeholders.
func TestMemoReadsWhatParseReads(t *testing.T) {
	m := expression.NewMemo()
	has := func(values ...string) func(string) bool {
		return func(mark string) bool {
			for _, v := range values {
				if v == mark {
					return true
				}
			}
			return false
		}
	}
	for range 2 {
		for _, c := range []struct {
			source string
			names  map[string]string
			has    func(string) bool
		}{
			{"a = :v", nil, has(":v")},
			{"a = :v", nil, has(":w")},
			{"a = :v", nil, nil},
			{"#n = :v", map[string]string{"#n": "a"}, has(":v", ":unused")},
			{"#n = :v", map[string]string{"#n": "b", "#unused": "c"}, has(":v")},
			{"#n = :v", map[string]string{"#m": "b"}, has(":v")},
			{"#n = ", map[string]string{"#n": "b"}, nil},
		} {
			got, want := expression.Placeholders{Names: c.names, HasValue: c.has}, expression.Placeholders{Names: c.names, HasValue: c.has}
			tree, err := m.Condition(c.source, &got)
			wanted, wantedErr := expression.ParseCondition(c.source, &want)
			if !reflect.DeepEqual(err, wantedErr) || err == nil && !reflect.DeepEqual(tree, wanted) {
				t.Errorf("%s with %v: %v, %v; want %v, %v", c.source, c.names, tree, err, wanted, wantedErr)
			}
			for _, mark := range []string{"#n", "#m", "#unused", ":v", ":w", ":unused"} {
				if err == nil && (got.UsedName(mark) != want.UsedName(mark) || got.UsedValue(mark) != want.UsedValue(mark)) {
					t.Errorf("%s with %v: use of %s", c.source, c.names, mark)
				}
			}
		}
	}
}

// What is read again is what was read before: that is the point of it.
func TestMemoRemembers(t *testing.T) {
	m := expression.NewMemo()
	read := func() *expression.Update {
		u, err := m.Update("SET #n = :v", &expression.Placeholders{Names: map[string]string{"#n": "a"}, HasValue: func(string) bool { return true }})
		if err != nil {
			t.Fatal(err)
		}
		return u
	}
	if read() != read() {
		t.Error("the expression was read twice")
	}
}
