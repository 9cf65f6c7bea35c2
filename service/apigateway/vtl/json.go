package vtl

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
)

// parseJSON reads JSON into a template's values. Objects keep their order.
func (r *run) parseJSON(s string) (any, error) {
	r.spend(len(s))
	d := json.NewDecoder(strings.NewReader(s))
	d.UseNumber()
	v, err := r.parseValue(d)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, errors.New("more follows the value")
	}
	return v, nil
}

func (r *run) parseValue(d *json.Decoder) (any, error) {
	defer r.nest()()
	r.step()
	token, err := d.Token()
	if err == io.EOF {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		return nil, err
	}
	switch token := token.(type) {
	case json.Number:
		return parseNumber(token), nil
	case json.Delim:
		if token == '[' {
			return r.parseList(d)
		}
		return r.parseMap(d)
	}
	return token, nil
}

func (r *run) parseList(d *json.Decoder) (any, error) {
	l := &List{}
	for d.More() {
		v, err := r.parseValue(d)
		if err != nil {
			return nil, err
		}
		l.items = append(l.items, v)
	}
	_, err := d.Token()
	return l, err
}

func (r *run) parseMap(d *json.Decoder) (any, error) {
	m := &Map{}
	for d.More() {
		key, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := r.parseValue(d)
		if err != nil {
			return nil, err
		}
		m.Put(key.(string), v) // the decoder lets nothing else be a key
	}
	_, err := d.Token()
	return m, err
}

// parseNumber keeps an integer that does not fit as it is written.
func parseNumber(n json.Number) any {
	if !strings.ContainsAny(string(n), ".eE") {
		if i, err := n.Int64(); err == nil {
			return i
		}
		return n
	}
	f, err := strconv.ParseFloat(string(n), 64)
	if err != nil {
		return n
	}
	return f
}

// json writes a value as JSON without spaces.
func (r *run) json(v any) string { return r.capture(func() { r.putJSON(v) }) }

func (r *run) putJSON(v any) {
	r.step()
	switch v := v.(type) {
	case nil, bool, int64, float64, json.Number:
		r.put(v)
	case *List:
		r.joinJSON("[]", len(v.items), func(i int) { r.putJSON(v.items[i]) })
	case *Map:
		r.joinJSON("{}", len(v.keys), func(i int) {
			r.write(quoted(v.keys[i]) + ":")
			r.putJSON(v.values[v.keys[i]])
		})
	default:
		r.write(quoted(r.text(v)))
	}
}

func (r *run) joinJSON(brackets string, n int, put func(i int)) {
	defer r.nest()()
	r.write(brackets[:1])
	for i := range n {
		if i > 0 {
			r.write(",")
		}
		put(i)
	}
	r.write(brackets[1:])
}

func quoted(s string) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(s); err != nil {
		return `""` // no string fails to encode
	}
	return strings.TrimSuffix(b.String(), "\n")
}
