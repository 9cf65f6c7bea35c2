package pattern

import (
	"encoding/json"
	"io"
	"iter"
	"strconv"
	"strings"
)

func (p *Pattern) parseJSON(text string) error {
	s := &scanner{rest: text[1:]}
	g := &grammar{scanner: s}
	g.leaf = func() (node, error) {
		n, err := s.condition()
		if err != nil {
			return nil, err
		}
		p.names = append(p.names, n.on)
		return n, nil
	}
	tree, err := g.either()
	switch {
	case err != nil:
		return err
	case !s.take("}"):
		return wrong("unexpected %q", s.rest)
	case strings.TrimSpace(s.rest) != "":
		return wrong("unexpected %q behind the end", s.rest)
	case s.regexes > maxRegexes:
		return wrong("more than %d regular expressions", maxRegexes)
	case s.wildcards > maxWildcards:
		return wrong("more than %d wildcard selectors", maxWildcards)
	}
	p.tree = tree
	return nil
}

// condition is one condition on a JSON document.
type condition struct {
	on *selector
	op operator // or one of the words below
	v  value
}

const (
	isNull    operator = "IS NULL"
	isTrue    operator = "IS TRUE"
	isFalse   operator = "IS FALSE"
	notExists operator = "NOT EXISTS"
)

func (s *scanner) condition() (*condition, error) {
	on, err := s.selector()
	if err != nil {
		return nil, err
	}
	c := &condition{on: on}
	if op, ok := s.operator(); ok {
		c.op = op
		c.v, err = s.value(op)
		return c, err
	}
	s.space()
	first := strings.ToUpper(s.word(endsValue))
	s.space()
	c.op = operator(first + " " + strings.ToUpper(s.word(endsValue)))
	switch c.op {
	case isNull, isTrue, isFalse, notExists:
		return c, nil
	}
	return nil, wrong("%s has no comparison", on.text)
}

// eval tests what the selector points to: with a wildcard, anything of it.
func (c *condition) eval(s *subject) bool {
	found := false
	for v := range c.on.values(s.doc) {
		found = true
		if c.holds(v) {
			return true
		}
	}
	return c.op == notExists && !found
}

// holds tests one value. Arrays and objects equal nothing, and differ from nothing.
func (c *condition) holds(v any) bool {
	switch c.op {
	case notExists:
		return false
	case isNull:
		return v == nil
	case isTrue:
		return v == true
	case isFalse:
		return v == false
	}
	switch v := v.(type) {
	case string:
		if c.v.numeric && c.op != "=" && c.op != "!=" {
			return false // a text has no order
		}
		return c.v.matches(v) == (c.op == "=")
	case json.Number:
		if c.v.exact() {
			return c.op == "!="
		}
		return c.v.holds(c.op, v.String())
	case bool:
		if c.v.exact() {
			return c.op == "!="
		}
		return (c.op == "=" || c.op == "!=") && c.v.matches(strconv.FormatBool(v)) == (c.op == "=")
	}
	return false
}

// step is one step of a selector: a member, an element, or all of either.
type step struct {
	member string
	index  int  // used when member is not
	all    bool // [*] or .*
	array  bool
}

// selector points into a JSON document.
type selector struct {
	text  string
	steps []step
}

// maxWildcards is how many wildcards the selectors of a pattern may have, each at most one.
// AWS: "Using filter patterns to match terms in JSON log events", quotas.
const maxWildcards = 3

func (s *scanner) selector() (*selector, error) {
	s.space()
	before := s.rest
	if !strings.HasPrefix(s.rest, "$") {
		return nil, wrong("a selector begins with $, at %q", s.rest)
	}
	s.rest = s.rest[1:]
	sel, others := new(selector), s.wildcards
	for s.rest != "" && (s.rest[0] == '.' || s.rest[0] == '[') {
		st, err := s.step()
		if err != nil {
			return nil, err
		}
		if st.all {
			s.wildcards++
		}
		sel.steps = append(sel.steps, st)
	}
	if s.wildcards > others+1 {
		return nil, wrong("a selector has more than one wildcard")
	}
	if len(sel.steps) == 0 {
		return nil, wrong("a selector selects nothing")
	}
	sel.text = before[:len(before)-len(s.rest)]
	return sel, nil
}

func (s *scanner) step() (st step, err error) {
	if s.rest[0] == '.' {
		s.rest = s.rest[1:]
		if !strings.HasPrefix(s.rest, "['") && !strings.HasPrefix(s.rest, `["`) {
			return s.member()
		}
	}
	s.rest = s.rest[1:] // [
	switch {
	case strings.HasPrefix(s.rest, "'"), strings.HasPrefix(s.rest, `"`):
		st.member, err = s.quoted()
	case strings.HasPrefix(s.rest, "*"):
		s.rest = s.rest[1:]
		st.all, st.array = true, true
	default:
		st.array = true
		if st.index, err = strconv.Atoi(s.word(func(r rune) bool { return r < '0' || r > '9' })); err != nil {
			err = wrong("an index is not a number")
		}
	}
	if err == nil && !s.take("]") {
		err = wrong("an index has no end")
	}
	return st, err
}

func (s *scanner) member() (st step, err error) {
	if strings.HasPrefix(s.rest, "*") {
		s.rest = s.rest[1:]
		return step{all: true}, nil
	}
	st.member = s.word(func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '_' || r == '-' || r == '@' || r == '#' || r > 0x7f)
	})
	if st.member == "" {
		return st, wrong("a selector has an empty name")
	}
	return st, nil
}

// values walks what the selector points to.
func (s *selector) values(doc any) iter.Seq[any] {
	return func(yield func(any) bool) { walk(doc, s.steps, yield) }
}

func walk(v any, steps []step, yield func(any) bool) bool {
	if len(steps) == 0 {
		return yield(v)
	}
	st := &steps[0]
	switch v := v.(type) {
	case map[string]any:
		if st.all && !st.array {
			for _, member := range v {
				if !walk(member, steps[1:], yield) {
					return false
				}
			}
		} else if member, ok := v[st.member]; ok && !st.array {
			return walk(member, steps[1:], yield)
		}
	case []any:
		if st.all && st.array {
			for _, element := range v {
				if !walk(element, steps[1:], yield) {
					return false
				}
			}
		} else if st.array && !st.all && st.index < len(v) {
			return walk(v[st.index], steps[1:], yield)
		}
	}
	return true
}

// parseDocument reads an event that is a JSON object or array.
func parseDocument(message string) (doc any, ok bool) {
	start := strings.TrimLeft(message, " \t\r\n")
	if start == "" || start[0] != '{' && start[0] != '[' {
		return nil, false
	}
	d := json.NewDecoder(strings.NewReader(start))
	d.UseNumber()
	if d.Decode(&doc) != nil {
		return nil, false
	}
	_, err := d.Token()
	return doc, err == io.EOF
}

// scalar is the text of a value that is neither an object nor an array.
func scalar(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case json.Number:
		return v.String(), true
	case bool:
		return strconv.FormatBool(v), true
	case nil:
		return "null", true
	}
	return "", false
}
