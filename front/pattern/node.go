package pattern

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Node is a JSON value that patterns are held against.
type Node struct {
	kind   nodeKind
	scalar scalar
	keys   []string // of an object, beside items
	items  []Node
}

type nodeKind uint8

const (
	nodeScalar nodeKind = iota
	nodeList
	nodeObject
)

// ParseNode reads a JSON text, and reports whether it is one.
func ParseNode(s string) (*Node, bool) {
	if !json.Valid([]byte(s)) {
		return nil, false
	}
	r := jsonReader{s: s}
	n := r.node()
	return &n, true
}

// IsObject reports whether the value is a JSON object.
func (n *Node) IsObject() bool { return n.kind == nodeObject }

// Match reports whether the pattern holds for a JSON object.
func (p *Pattern) Match(n *Node) bool { return p.group.matchNode(n) }

func (g *group) matchNode(body *Node) bool {
	for i := range g.rules {
		r := &g.rules[i]
		found, matched := r.find(body, r.path)
		if !matched && (found || !r.Wants(false)) {
			return false
		}
	}
	for _, groups := range g.choices {
		if !anyGroup(groups, func(g *group) bool { return g.matchNode(body) }) {
			return false
		}
	}
	return true
}

// find looks for values at path below n, and for one that matches. Of a list,
// every element is looked at.
func (r *Rule) find(n *Node, path string) (found, matched bool) {
	switch n.kind {
	case nodeList:
		for i := range n.items {
			f, m := r.find(&n.items[i], path)
			found = found || f
			if m {
				return true, true
			}
		}
	case nodeObject:
		for i, key := range n.keys {
			f, m := false, false
			if key == path {
				f, m = r.leaves(&n.items[i])
			} else if rest, ok := strings.CutPrefix(path, key); ok && rest[0] == '.' {
				f, m = r.find(&n.items[i], rest[1:])
			}
			found = found || f
			if m {
				return true, true
			}
		}
	}
	return found, false
}

// leaves holds the rule against what is at the end of its path: a scalar or
// the scalars of a list. An object there is no value.
func (r *Rule) leaves(n *Node) (found, matched bool) {
	switch n.kind {
	case nodeScalar:
		return true, r.matches(&n.scalar)
	case nodeList:
		for i := range n.items {
			f, m := r.leaves(&n.items[i])
			found = found || f
			if m {
				return true, true
			}
		}
	}
	return found, false
}

func (r *Rule) matchesAny(n *Node) bool {
	_, matched := r.leaves(n)
	return matched
}

// jsonReader walks a JSON text that is known to be valid.
type jsonReader struct {
	s   string
	pos int
}

// next skips white space and returns the byte that the next token begins with.
func (r *jsonReader) next() byte {
	for r.pos < len(r.s) {
		switch c := r.s[r.pos]; c {
		case ' ', '\t', '\r', '\n':
			r.pos++
		default:
			return c
		}
	}
	return 0
}

// accept takes the byte c if it comes next.
func (r *jsonReader) accept(c byte) bool {
	if r.next() != c {
		return false
	}
	r.pos++
	return true
}

// node reads a value.
func (r *jsonReader) node() Node {
	switch r.next() {
	case '{':
		n := Node{kind: nodeObject}
		for r.pos++; !r.accept('}'); r.accept(',') {
			n.keys = append(n.keys, r.text())
			r.accept(':')
			n.items = append(n.items, r.node())
		}
		return n
	case '[':
		n := Node{kind: nodeList}
		for r.pos++; !r.accept(']'); r.accept(',') {
			n.items = append(n.items, r.node())
		}
		return n
	}
	return Node{scalar: r.scalar()}
}

// scalar reads a string, a number or a keyword.
func (r *jsonReader) scalar() scalar {
	switch r.next() {
	case '"':
		return scalar{kind: kindText, text: r.text()}
	case 't':
		r.pos += len("true")
		return scalar{kind: kindTrue}
	case 'f':
		r.pos += len("false")
		return scalar{kind: kindFalse}
	case 'n':
		r.pos += len("null")
		return scalar{kind: kindNull}
	}
	n, _ := parseNumber(r.word())
	return scalar{kind: kindNumber, number: n}
}

// word reads up to the end of a number or keyword.
func (r *jsonReader) word() string {
	r.next()
	start := r.pos
	for r.pos < len(r.s) && !strings.ContainsRune(" \t\r\n,:]}[{\"", rune(r.s[r.pos])) {
		r.pos++
	}
	return r.s[start:r.pos]
}

// text reads a string. One without escapes is a part of the source.
func (r *jsonReader) text() string {
	r.next()
	start := r.pos
	escaped := false
	for r.pos++; r.s[r.pos] != '"'; r.pos++ {
		if r.s[r.pos] == '\\' {
			escaped = true
			r.pos++
		}
	}
	r.pos++
	if !escaped {
		return r.s[start+1 : r.pos-1]
	}
	var out string
	_ = json.Unmarshal([]byte(r.s[start:r.pos]), &out) // valid, so it cannot fail
	return out
}

// Numbers are compared with five digits after the point.
// AWS: "Filter policy constraints in Amazon SNS".
const (
	numberUnit = 1e5
	maxNumber  = 1e9
)

// parseNumber reads a decimal number into units of 1/numberUnit. A number out
// of range becomes the nearest one just outside.
func parseNumber(s string) (int64, bool) {
	f, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
	if err != nil && f == 0 || f != f {
		return 0, false
	}
	f = min(max(f, -maxNumber-1), maxNumber+1) * numberUnit
	if f < 0 {
		return int64(f - 0.5), true
	}
	return int64(f + 0.5), true
}
