package wire

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strings"
	"time"

	"github.com/fxamacker/cbor/v2"
)

func sameJSON(got, want string) error {
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		return err
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		return err
	}
	if !reflect.DeepEqual(dropNulls(g), dropNulls(w)) {
		return fmt.Errorf("body %s, want %s", got, want)
	}
	return nil
}

// dropNulls removes null members: leaving one out means the same.
func dropNulls(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if e == nil {
				delete(v, k)
				continue
			}
			if typ, ok := e.(string); ok && k == "__type" {
				e = typ[strings.IndexByte(typ, '#')+1:] // services differ in their namespaces
			}
			v[k] = dropNulls(e)
		}
	case []any:
		for i := range v {
			v[i] = dropNulls(v[i])
		}
	}
	return v
}

// sameCBOR reads both with an independent decoder.
func sameCBOR(got, want []byte) error {
	if len(want) == 0 && len(got) <= 2 {
		return nil
	}
	var g, w any
	if err := cbor.Unmarshal(got, &g); err != nil {
		return fmt.Errorf("our answer: %w", err)
	}
	if err := cbor.Unmarshal(want, &w); err != nil {
		return fmt.Errorf("the case: %w", err)
	}
	gs, ws := cborString(g), cborString(w)
	if gs != ws {
		return fmt.Errorf("body %s, want %s", gs, ws)
	}
	return nil
}

// cborString prints a decoded item with sorted keys and numbers by value.
func cborString(v any) string {
	switch v := v.(type) {
	case map[any]any:
		var all []string
		for k, e := range v {
			if typ, ok := e.(string); ok && k == "__type" {
				e = typ[strings.IndexByte(typ, '#')+1:]
			}
			if e != nil {
				all = append(all, fmt.Sprintf("%v:%s", k, cborString(e)))
			}
		}
		slices.Sort(all)
		return "{" + strings.Join(all, ",") + "}"
	case []any:
		var all []string
		for _, e := range v {
			all = append(all, cborString(e))
		}
		return "[" + strings.Join(all, ",") + "]"
	case time.Time:
		return fmt.Sprint(v.UnixMilli())
	case float32:
		return fmt.Sprint(float64(v))
	}
	return fmt.Sprint(v)
}

// element is a parsed XML element.
type element struct {
	name     string
	attrs    []string
	children []element
	text     string
}

func parseElement(d *xml.Decoder, start xml.StartElement) (element, error) {
	e := element{name: start.Name.Local}
	for _, a := range start.Attr {
		if a.Name.Space != "xmlns" && a.Name.Local != "xmlns" {
			e.attrs = append(e.attrs, a.Name.Local+"="+a.Value)
		}
	}
	slices.Sort(e.attrs)
	for {
		t, err := d.Token()
		if err != nil {
			return e, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			c, err := parseElement(d, t)
			if err != nil {
				return e, err
			}
			e.children = append(e.children, c)
		case xml.CharData:
			e.text += string(t)
		case xml.EndElement:
			if len(e.children) > 0 {
				e.text = ""
			}
			return e, nil
		}
	}
}

func parseXML(s string) (element, error) {
	d := xml.NewDecoder(strings.NewReader(s))
	for {
		t, err := d.Token()
		if err == io.EOF {
			return element{}, fmt.Errorf("no root element in %q", s)
		}
		if err != nil {
			return element{}, err
		}
		if start, ok := t.(xml.StartElement); ok {
			return parseElement(d, start)
		}
	}
}

// ignored are elements about the request, which cases may leave out.
var ignored = []string{"RequestId", "requestId", "RequestID", "ResponseMetadata", "Type", "HostId"}

// canonical prints an element. Siblings are sorted: the entries of a map have no order.
func canonical(e element) string {
	var all []string
	for _, c := range e.children {
		if slices.Contains(ignored, c.name) {
			continue
		}
		all = append(all, canonical(c))
	}
	slices.Sort(all)
	text := e.text
	if len(e.children) > 0 || strings.TrimSpace(text) == "" {
		text = strings.TrimSpace(text)
	}
	return fmt.Sprintf("%s(%v %q %s)", e.name, e.attrs, text, strings.Join(all, " "))
}

func sameXML(got, want string) error {
	g, err := parseXML(got)
	if err != nil {
		return fmt.Errorf("our answer %q: %w", got, err)
	}
	w, err := parseXML(want)
	if err != nil {
		return err
	}
	if canonical(g) != canonical(w) {
		return fmt.Errorf("body\n%s\nwant\n%s", canonical(g), canonical(w))
	}
	return nil
}
