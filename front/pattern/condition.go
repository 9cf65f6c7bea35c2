// Package pattern is the language that Amazon EventBridge calls event patterns,
// Amazon SNS filter policies, and AWS Lambda filters: a JSON object with, for
// each key, an array of what its value may be.
package pattern

import (
	"net/netip"
	"strings"
)

// Pattern is a parsed pattern. It is never changed, so that one may serve many.
// AWS: "Amazon EventBridge event patterns", "Amazon SNS subscription filter
// policies".
type Pattern struct{ group }

// group is conditions that must all hold.
type group struct {
	rules   []Rule
	choices [][]group // of each, one group must hold ($or)
}

// Rule holds when one of its conditions does for one of the values at path:
// an attribute's name, or the keys that lead to a place in a JSON text, joined
// by dots.
// AWS: a dot in a key of the policy and a step into an object are the same.
type Rule struct {
	path string
	any  []condition
}

// operator is what a condition asks of a value.
type operator uint8

const (
	opEqual operator = iota
	opPrefix
	opSuffix
	opIgnoreCase
	opWildcard
	opPrefixIgnoreCase
	opSuffixIgnoreCase
	opRange
	opCIDR
	opExists
	opNot // none of its operands holds
)

// condition is one element of a rule's array.
type condition struct {
	op       operator
	value    scalar // opEqual, and the pattern of those on text
	low      bound  // opRange
	high     bound
	network  netip.Prefix
	exists   bool        // opExists: whether there has to be a value
	operands []condition // opNot
}

// bound is one end of a numeric range.
type bound struct {
	set, open bool // open: the end itself is not in the range
	at        int64
}

// kind is the JSON type of a scalar.
type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindNumber
	kindText
)

// scalar is a value that conditions are held against.
type scalar struct {
	kind   kind
	text   string
	number int64 // in units of numberUnit
}

// matches reports whether the condition holds for v, which exists.
func (c *condition) matches(v *scalar) bool {
	switch c.op {
	case opEqual:
		return *v == c.value
	case opExists:
		return c.exists
	case opNot:
		for i := range c.operands {
			if c.operands[i].matches(v) {
				return false
			}
		}
		return true
	case opRange:
		return v.kind == kindNumber && c.low.under(v.number) && c.high.over(v.number)
	}
	return v.kind == kindText && c.matchesText(v.text)
}

func (c *condition) matchesText(s string) bool {
	pattern := c.value.text
	switch c.op {
	case opPrefix:
		return strings.HasPrefix(s, pattern)
	case opSuffix:
		return strings.HasSuffix(s, pattern)
	case opIgnoreCase:
		return strings.EqualFold(s, pattern)
	case opPrefixIgnoreCase:
		return len(s) >= len(pattern) && strings.EqualFold(s[:len(pattern)], pattern)
	case opSuffixIgnoreCase:
		return len(s) >= len(pattern) && strings.EqualFold(s[len(s)-len(pattern):], pattern)
	case opWildcard:
		return wildcard(pattern, s)
	case opCIDR:
		address, err := netip.ParseAddr(s)
		return err == nil && c.network.Contains(address.Unmap())
	}
	return false
}

func (b *bound) under(n int64) bool { return !b.set || n > b.at || n == b.at && !b.open }
func (b *bound) over(n int64) bool  { return !b.set || n < b.at || n == b.at && !b.open }

// wildcard reports whether s is pattern, in which * stands for any text and a
// backslash takes the next character as it is.
func wildcard(pattern, s string) bool {
	p, i := 0, 0
	star, resume := -1, 0
	for {
		if p < len(pattern) && pattern[p] == '*' {
			star, resume = p, i
			p++
			continue
		}
		literal := p
		if p < len(pattern) && pattern[p] == '\\' && p+1 < len(pattern) {
			literal++
		}
		switch {
		case literal < len(pattern) && i < len(s) && pattern[literal] == s[i]:
			p, i = literal+1, i+1
		case p == len(pattern) && i == len(s):
			return true
		case star >= 0 && resume < len(s):
			resume++
			p, i = star+1, resume
		default:
			return false
		}
	}
}

// MatchEach reports whether the pattern holds, of whose rules holds decides.
func (p *Pattern) MatchEach(holds func(*Rule) bool) bool { return p.group.matchEach(holds) }

func (g *group) matchEach(holds func(*Rule) bool) bool {
	for i := range g.rules {
		if !holds(&g.rules[i]) {
			return false
		}
	}
	for _, groups := range g.choices {
		if !anyGroup(groups, func(g *group) bool { return g.matchEach(holds) }) {
			return false
		}
	}
	return true
}

func anyGroup(groups []group, holds func(*group) bool) bool {
	for i := range groups {
		if holds(&groups[i]) {
			return true
		}
	}
	return false
}

func (r *Rule) matches(v *scalar) bool {
	for i := range r.any {
		if r.any[i].matches(v) {
			return true
		}
	}
	return false
}

// Path is the name, or the keys joined by dots, that the rule is for.
func (r *Rule) Path() string { return r.path }

// MatchText holds the rule against a text.
func (r *Rule) MatchText(s string) bool { return r.matches(&scalar{kind: kindText, text: s}) }

// MatchNumber holds the rule against a number, which s is in decimal.
func (r *Rule) MatchNumber(s string) bool {
	n, ok := parseNumber(s)
	return ok && r.matches(&scalar{kind: kindNumber, number: n})
}

// MatchList holds the rule against the elements of a JSON array.
func (r *Rule) MatchList(s string) bool {
	n, ok := ParseNode(s)
	return ok && n.kind == nodeList && (r.matchesAny(n) || len(n.items) > 0 && r.Wants(true))
}

// Wants reports whether the rule is content with a value's being there or not.
func (r *Rule) Wants(there bool) bool {
	for i := range r.any {
		if r.any[i].op == opExists && r.any[i].exists == there {
			return true
		}
	}
	return false
}
