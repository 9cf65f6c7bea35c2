// Package pattern is the filter pattern language of CloudWatch Logs: what
// FilterLogEvents, metric filters and subscription filters match events with.
//
//	ERROR "exact phrase" -not %regex%     terms, all of which must be in the event
//	?ERROR ?WARN                          terms, one of which must be
//	{ $.a.b[0] = 1 && $.c != "x*" }       conditions on an event that is a JSON object
//	[ip, user, ..., status=4*, size>100]  conditions on fields between spaces
//
// It is pure: a Pattern is made once and may be used by many.
// AWS: "Filter pattern syntax for metric filters, subscription filters, filter
// log events, and Live Tail".
package pattern

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLength is the most bytes that a pattern may have.
const MaxLength = 1024

// maxRegexes is how many regular expressions a pattern on JSON or fields may have.
const maxRegexes = 2

// Pattern is a pattern that was parsed.
type Pattern struct {
	terms  *terms  // one of the three is set, none in a pattern that matches all
	tree   node    // on JSON
	fields *fields // between spaces
	names  []*selector
}

// Error tells what is wrong with a pattern.
type Error struct{ Reason string }

// Error says so.
func (e *Error) Error() string { return e.Reason }

func wrong(format string, args ...any) error {
	return &Error{"Invalid filter pattern: " + fmt.Sprintf(format, args...)}
}

// Parse reads a pattern. An error is an *Error.
func Parse(text string) (*Pattern, error) {
	if len(text) > MaxLength {
		return nil, wrong("longer than %d", MaxLength)
	}
	if !utf8.ValidString(text) {
		return nil, wrong("not UTF-8")
	}
	p, trimmed := new(Pattern), strings.TrimSpace(text)
	var err error
	switch {
	case trimmed == "":
	case trimmed[0] == '{':
		err = p.parseJSON(trimmed)
	case trimmed[0] == '[':
		p.fields, err = parseFields(trimmed)
	default:
		p.terms, err = parseTerms(trimmed)
	}
	if err != nil {
		return nil, err
	}
	return p, nil
}

// All reports whether the pattern matches every event.
func (p *Pattern) All() bool { return p.terms == nil && p.tree == nil && p.fields == nil }

// Match reports whether an event's message matches.
func (p *Pattern) Match(message string) bool {
	switch {
	case p.terms != nil:
		return p.terms.match(message)
	case p.fields != nil:
		return p.fields.match(message)
	case p.tree != nil:
		doc, ok := parseDocument(message)
		return ok && p.tree.eval(&subject{doc: doc})
	}
	return true
}

// Extract returns what a message that matches has for the names in the pattern:
// fields as $name, or $1, $2, … where the pattern says "...", and values of JSON
// by their selectors. It is nil for other patterns.
func (p *Pattern) Extract(message string) map[string]string {
	switch {
	case p.fields != nil:
		return p.fields.extract(message)
	case p.tree != nil:
		doc, ok := parseDocument(message)
		if !ok {
			return nil
		}
		out := map[string]string{}
		for _, s := range p.names {
			for v := range s.values(doc) {
				if text, ok := scalar(v); ok {
					out[s.text] = text
					break
				}
			}
		}
		return out
	}
	return nil
}
