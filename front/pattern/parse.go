package pattern

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"strings"
)

// Error says what is wrong with a pattern, in AWS's words.
type Error string

// Error implements error.
func (e Error) Error() string { return string(e) }

// Mistakes without a place in the text.
const (
	ErrJSON    Error = "failed to parse JSON."
	ErrComplex Error = "Filter policy is too complex"
	ErrKeys    Error = "Filter policy can not have more than 5 keys"
	ErrNested  Error = "Filter policy scope MessageAttributes does not support nested filter policy"
)

// Rules are what a service allows in patterns.
type Rules struct {
	Flat            bool // keys may not lead into objects
	MaxSize         int  // bytes
	MaxKeys         int
	MaxCombinations int // of values
}

// parser reads a pattern.
type parser struct {
	jsonReader
	rules Rules
	err   error
}

// Parse reads a pattern and checks it against the rules. The error is an Error.
func Parse(text string, rules Rules) (*Pattern, error) {
	if len(text) > rules.MaxSize || !json.Valid([]byte(text)) {
		return nil, ErrJSON
	}
	p := parser{jsonReader: jsonReader{s: text}, rules: rules}
	if p.next() != '{' {
		return nil, ErrJSON
	}
	f := &Pattern{}
	keys, combinations := p.object(&f.group, "", weight{depth: 1, product: 1})
	switch {
	case p.err != nil:
		return nil, p.err
	case keys > rules.MaxKeys:
		return nil, ErrKeys
	case combinations > rules.MaxCombinations:
		return nil, ErrComplex
	}
	return f, nil
}

// weight is how complex a policy is up to some place in it.
// AWS: the lengths of all arrays multiplied, each with how deep it lies.
type weight struct{ depth, product int }

// object reads keys with their rules into g. It returns how many keys there
// were, and the combinations of values so far.
func (p *parser) object(g *group, path string, w weight) (keys, combinations int) {
	for p.pos++; p.err == nil && !p.accept('}'); p.accept(',') {
		key := p.text()
		p.accept(':')
		keys++
		full := key
		if path != "" {
			full = path + "." + key
		}
		switch {
		case p.next() == '[' && key == "$or" && p.choice():
			w.product = p.or(g, path, w)
		case p.next() == '[':
			r := Rule{path: full, any: p.conditions()}
			w.product = bounded(w.product * len(r.any) * w.depth)
			g.rules = append(g.rules, r)
		case p.next() == '{':
			if p.rules.Flat {
				p.err = ErrNested
				return keys, w.product
			}
			var inner int
			inner, w.product = p.object(g, full, weight{w.depth + 1, w.product})
			if inner == 0 {
				p.fail(p.pos, "Empty objects are not allowed")
			}
		default:
			p.fail(p.tokenEnd(), "%q must be an object or an array", key)
		}
	}
	return keys, w.product
}

// bounded keeps a product from overflowing; it is too large long before.
func bounded(n int) int { return min(n, 1<<20) }

// choice reports whether the array that comes next is what $or needs: at least
// two objects. AWS: otherwise $or is a key like any other.
func (p *parser) choice() bool {
	look := jsonReader{s: p.s, pos: p.pos}
	n := look.node()
	if len(n.items) < 2 {
		return false
	}
	for i := range n.items {
		if n.items[i].kind != nodeObject || len(n.items[i].keys) == 0 {
			return false
		}
	}
	return true
}

func (p *parser) or(g *group, path string, w weight) (combinations int) {
	var groups []group
	for p.pos++; p.err == nil && !p.accept(']'); p.accept(',') {
		p.next()
		var one group
		_, c := p.object(&one, path, w)
		combinations = bounded(combinations + c)
		groups = append(groups, one)
	}
	g.choices = append(g.choices, groups)
	return combinations
}

// conditions reads a key's array.
func (p *parser) conditions() (out []condition) {
	for p.pos++; p.err == nil && !p.accept(']'); p.accept(',') {
		switch p.next() {
		case '{':
			out = append(out, p.expression())
		case '[':
			p.fail(p.pos+1, "Match value must be String, number, true, false, or null")
		default:
			out = append(out, condition{op: opEqual, value: p.value()})
		}
	}
	if len(out) == 0 {
		p.fail(p.pos, "Empty arrays are not allowed")
	}
	return out
}

// value reads a scalar, and checks a number's range.
func (p *parser) value() scalar {
	end := p.tokenEnd()
	v := p.scalar()
	if v.kind == kindNumber && (v.number > maxNumber*numberUnit || v.number < -maxNumber*numberUnit) {
		p.fail(end, "Value must be between -1.0E9 and 1.0E9, inclusive")
	}
	return v
}

// expression reads {"match type": pattern}.
func (p *parser) expression() (c condition) {
	p.pos++
	if p.accept('}') {
		p.fail(p.pos, "Empty objects are not allowed")
		return c
	}
	name := p.text()
	p.accept(':')
	c = p.match(name)
	if p.err == nil && p.accept(',') {
		p.text()
		p.accept(':')
		p.fail(p.tokenEnd(), "Only one key allowed in match expression")
	}
	p.accept('}')
	return c
}

func (p *parser) match(name string) condition {
	switch name {
	case "anything-but":
		return p.anythingBut()
	case "numeric":
		return p.numeric()
	case "exists":
		if c := p.next(); c != 't' && c != 'f' {
			p.fail(p.tokenEnd(), "exists match pattern must be either true or false.")
			return condition{}
		}
		return condition{op: opExists, exists: p.scalar().kind == kindTrue}
	case "prefix", "suffix":
		return p.affix(name)
	case "equals-ignore-case":
		return p.pattern(name, opIgnoreCase)
	case "wildcard":
		return p.wildcard()
	case "cidr":
		return p.cidr()
	}
	p.fail(p.tokenEnd(), "Unrecognized match type %s", name)
	return condition{}
}

// pattern reads the text that a match type works with.
func (p *parser) pattern(name string, op operator) condition {
	if p.next() != '"' {
		p.fail(p.tokenEnd(), "%s match pattern must be a string", name)
		return condition{}
	}
	return condition{op: op, value: p.scalar()}
}

// affix reads prefix and suffix, whose pattern may be {"equals-ignore-case": text}.
func (p *parser) affix(name string) condition {
	op, folded := opPrefix, opPrefixIgnoreCase
	if name == "suffix" {
		op, folded = opSuffix, opSuffixIgnoreCase
	}
	if p.next() != '{' {
		return p.pattern(name, op)
	}
	at := p.pos + 1
	p.pos++
	if p.next() != '"' || p.text() != "equals-ignore-case" {
		p.fail(at, "%s match pattern must be a string", name)
		return condition{}
	}
	p.accept(':')
	c := p.pattern(name, folded)
	p.accept('}')
	return c
}

func (p *parser) wildcard() condition {
	start := p.pos
	c := p.pattern("wildcard", opWildcard)
	text := c.value.text
	for i := 0; i < len(text) && p.err == nil; i++ {
		switch {
		case text[i] == '*' && i > 0 && text[i-1] == '*' && (i < 2 || text[i-2] != '\\'):
			p.fail(start+1, "Consecutive wildcard characters at pos %d", i-1)
		case text[i] == '\\':
			i++
			if i == len(text) || text[i] != '*' && text[i] != '\\' {
				p.fail(start+1, "Invalid escape character at pos %d", i-1)
			}
		}
	}
	return c
}

func (p *parser) cidr() condition {
	end := p.tokenEnd()
	c := p.pattern("cidr", opCIDR)
	if p.err != nil {
		return c
	}
	network, err := netip.ParsePrefix(c.value.text)
	switch {
	case strings.Count(c.value.text, "/") != 1:
		p.fail(end, "Malformed CIDR, one '/' required")
	case err != nil:
		p.fail(end, "Malformed CIDR, %s", c.value.text)
	}
	c.network = network.Masked()
	return c
}

// anythingBut reads a value, a list of values, or another match type to negate.
func (p *parser) anythingBut() condition {
	not := condition{op: opNot}
	switch p.next() {
	case '[':
		for p.pos++; p.err == nil && !p.accept(']'); p.accept(',') {
			p.excluded(&not)
		}
		if len(not.operands) == 0 {
			p.fail(p.pos, "Empty arrays are not allowed")
		}
	case '{':
		p.negated(&not)
	case '"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9':
		not.operands = []condition{{op: opEqual, value: p.value()}}
	default:
		p.fail(p.tokenEnd(), "Value of anything-but must be an array or single string/number value.")
	}
	return not
}

// excluded reads one value of an anything-but list, which are of one type.
func (p *parser) excluded(not *condition) {
	switch c := p.next(); c {
	case '[', '{', 't', 'f', 'n':
		p.fail(p.tokenEnd(), "Inside anything but list, start|null|boolean is not supported.")
		return
	}
	end := p.tokenEnd()
	v := p.value()
	if len(not.operands) > 0 && not.operands[0].value.kind != v.kind {
		p.fail(end, "Inside anything but list, either all values are number or string, mixed type is not supported")
	}
	not.operands = append(not.operands, condition{op: opEqual, value: v})
}

// negated reads {"prefix": text} and its like, or a list of texts.
func (p *parser) negated(not *condition) {
	p.pos++
	if p.next() != '"' {
		p.fail(p.pos, "Anything-But expression name not found")
		return
	}
	name := p.text()
	p.accept(':')
	switch name {
	case "prefix", "suffix", "equals-ignore-case", "wildcard":
	default:
		p.fail(p.tokenEnd(), "Unsupported anything-but pattern: %s", name)
		return
	}
	if p.next() == '[' {
		for p.pos++; p.err == nil && !p.accept(']'); p.accept(',') {
			not.operands = append(not.operands, p.match(name))
		}
	} else {
		not.operands = append(not.operands, p.match(name))
	}
	if p.err == nil && p.next() == ',' {
		p.fail(p.pos+1, "Only one key allowed in match expression")
	}
	p.accept('}')
}

// fail notes the first mistake, with the place at which AWS's parser stands
// when it sees it.
func (p *parser) fail(at int, format string, args ...any) {
	if p.err != nil {
		return
	}
	before := p.s[:min(at, len(p.s))]
	line := 1 + strings.Count(before, "\n")
	column := len(before) - strings.LastIndexByte(before, '\n')
	p.err = Error(fmt.Sprintf("%s\n at [Source: (String)\"%s\"; line: %d, column: %d]",
		fmt.Sprintf(format, args...), shown(p.s), line, column))
	p.pos = len(p.s) // nothing more is read
}

// maxShown is how much of a policy an error repeats.
const maxShown = 500

func shown(s string) string {
	if len(s) <= maxShown {
		return s
	}
	return s[:maxShown] + fmt.Sprintf("[truncated %d chars]", len(s)-maxShown)
}

// tokenEnd is where AWS's parser stands after it has met the next token: behind
// it, but for a string, which it reads only when it needs it, behind its first
// quote.
func (p *parser) tokenEnd() int {
	switch p.next() {
	case '"', '[', '{', ']', '}':
		return p.pos + 1
	}
	look := p.jsonReader
	look.word()
	return look.pos
}
