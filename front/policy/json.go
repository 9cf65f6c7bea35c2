package policy

import (
	"bytes"
	"encoding/json"
	"strings"
)

const (
	// maxDocument bounds a document of any kind. Each service has a limit of
	// its own below this one, which it checks itself.
	maxDocument = 128 << 10
	// maxDepth bounds nesting; the grammar needs five.
	maxDepth = 16
	// maxMembers bounds an object's members, which are searched one by one.
	maxMembers = 1024
)

type nodeKind uint8

const (
	scalar nodeKind = iota // a number, boolean or null: text is what was written
	text                   // a string
	list
	object
)

// node is a JSON value that remembers where it stood, which encoding/json's
// own decoding does not.
type node struct {
	kind       nodeKind
	text       string
	names      []string // of an object's members
	kids       []node   // members or elements
	start, end int      // offsets in the document
}

// parseJSON reads a document. It refuses what encoding/json would let pass:
// members that appear twice, and control characters in strings.
func parseJSON(doc []byte) (node, bool) {
	if len(doc) > maxDocument || !json.Valid(doc) {
		return node{}, false
	}
	d := json.NewDecoder(bytes.NewReader(doc))
	d.UseNumber()
	return parseNode(d, maxDepth)
}

func parseNode(d *json.Decoder, depth int) (n node, ok bool) {
	token, err := d.Token()
	if err != nil || depth == 0 {
		return n, false
	}
	n.end = int(d.InputOffset())
	switch v := token.(type) {
	case string:
		n.kind, n.text = text, v
		return n, !strings.ContainsAny(v, controls)
	case json.Number:
		n.text = v.String()
		return n, true
	case bool:
		n.text = "false"
		if v {
			n.text = "true"
		}
		return n, true
	case json.Delim:
		n.start = n.end - 1
		n.kind = list
		if v == '{' {
			n.kind = object
		}
		return n, n.parseKids(d, depth)
	}
	n.text = "null"
	return n, true
}

// parseKids reads the elements or members up to the closing delimiter.
func (n *node) parseKids(d *json.Decoder, depth int) bool {
	for d.More() {
		if n.kind == object {
			name, err := d.Token()
			key, isText := name.(string)
			if err != nil || !isText || len(n.names) == maxMembers || n.member(key) != nil || strings.ContainsAny(key, controls) {
				return false
			}
			n.names = append(n.names, key)
		}
		kid, ok := parseNode(d, depth-1)
		if !ok {
			return false
		}
		n.kids = append(n.kids, kid)
	}
	_, err := d.Token()
	n.end = int(d.InputOffset())
	return err == nil
}

// member gives an object's member, or nil.
func (n *node) member(name string) *node {
	for i := range n.names {
		if n.names[i] == name && i < len(n.kids) {
			return &n.kids[i]
		}
	}
	return nil
}

// texts gives a string, or a list of strings. loose takes numbers and booleans too.
func (n *node) texts(loose bool) ([]string, bool) {
	switch {
	case n.kind == text, n.kind == scalar && loose && n.text != "null":
		return []string{n.text}, true
	case n.kind != list:
		return nil, false
	}
	out := make([]string, 0, len(n.kids))
	for i := range n.kids {
		if n.kids[i].kind == list {
			return nil, false
		}
		one, ok := n.kids[i].texts(loose)
		if !ok {
			return nil, false
		}
		out = append(out, one...)
	}
	return out, true
}

// position turns an offset into a line and column.
func position(doc []byte, offset int) Position {
	before := doc[:offset]
	return Position{
		Line:   1 + bytes.Count(before, []byte{'\n'}),
		Column: offset - bytes.LastIndexByte(before, '\n'),
	}
}
