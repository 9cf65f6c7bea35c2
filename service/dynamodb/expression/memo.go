package expression

import (
	"maps"
	"strings"

	"github.com/brume-cloud/brume/state/memo"
)

// Memo reads expressions as the functions of this package do, and remembers what
// it read: programs send few expressions, many times. What it returns is shared,
// and must not be changed. It may be used from many goroutines. A nil one remembers nothing.
type Memo struct {
	conditions  *memo.Cache[reading[*Condition]]
	updates     *memo.Cache[reading[*Update]]
	projections *memo.Cache[reading[[]Path]]
}

// NewMemo returns a Memo that remembers nothing yet.
func NewMemo() *Memo {
	return &Memo{memo.New[reading[*Condition]](), memo.New[reading[*Update]](), memo.New[reading[[]Path]]()}
}

// Condition is ParseCondition.
func (m *Memo) Condition(source string, marks *Placeholders) (*Condition, error) {
	if m == nil {
		return ParseCondition(source, marks)
	}
	return recall(m.conditions, source, marks, ParseCondition)
}

// Update is ParseUpdate.
func (m *Memo) Update(source string, marks *Placeholders) (*Update, error) {
	if m == nil {
		return ParseUpdate(source, marks)
	}
	return recall(m.updates, source, marks, ParseUpdate)
}

// Projection is ParseProjection.
func (m *Memo) Projection(source string, marks *Placeholders) ([]Path, error) {
	if m == nil {
		return ParseProjection(source, marks)
	}
	return recall(m.projections, source, marks, ParseProjection)
}

// reading is what an expression was read into, and with which placeholders: names
// are part of it, values are not.
type reading[T any] struct {
	tree   T
	names  map[string]string
	values []string
}

// maxRemembered bounds, in bytes, what one expression can hold on to. Longer ones
// are written by programs, and seldom twice the same.
const maxRemembered = 1024

func recall[T any](cache *memo.Cache[reading[T]], source string, marks *Placeholders, parse func(string, *Placeholders) (T, error)) (T, error) {
	if r, ok := cache.Find(source); ok && r.fits(marks) {
		for placeholder := range r.names {
			_, _ = marks.name(placeholder)
		}
		for _, placeholder := range r.values {
			_ = marks.value(placeholder)
		}
		return r.tree, nil
	}
	if len(source) > maxRemembered {
		return parse(source, marks)
	}
	source = strings.Clone(source) // of a request, whose memory must not be kept
	own := Placeholders{Names: make(map[string]string, len(marks.Names)), HasValue: marks.HasValue}
	for placeholder, name := range marks.Names {
		own.Names[strings.Clone(placeholder)] = strings.Clone(name)
	}
	tree, err := parse(source, &own)
	if err != nil {
		return tree, err
	}
	maps.DeleteFunc(own.Names, func(placeholder, _ string) bool { return !own.UsedName(placeholder) })
	r := reading[T]{tree: tree, names: own.Names}
	for placeholder := range own.Names {
		_, _ = marks.name(placeholder)
	}
	for placeholder := range own.usedValues {
		r.values = append(r.values, placeholder)
		_ = marks.value(placeholder)
	}
	cache.Keep(source, r)
	return tree, nil
}

// fits reports whether a request that has these placeholders would be read the same.
func (r *reading[T]) fits(marks *Placeholders) bool {
	for placeholder, name := range r.names {
		if marks.Names[placeholder] != name {
			return false
		}
	}
	for _, placeholder := range r.values {
		if marks.HasValue == nil || !marks.HasValue(placeholder) {
			return false
		}
	}
	return true
}
