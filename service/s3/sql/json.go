package sql

import (
	"bytes"
	"encoding/json"
	"io"
	"strconv"
)

// ParseJSON reads one JSON value.
func ParseJSON(b []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return v, errorf("JSONParsingError", "Encountered an error parsing the JSON file: %v", err)
	}
	if _, err := d.Token(); err != io.EOF {
		return v, errorf("JSONParsingError", "Encountered an error parsing the JSON file: there is more than one value")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (v Value, err error) {
	t, err := d.Token()
	if err != nil {
		return v, err
	}
	if depth > maxDepth {
		return v, errorf("JSONParsingError", "too deep")
	}
	switch t := t.(type) {
	case nil:
		return Value{Kind: Null}, nil
	case bool:
		return boolean(t), nil
	case string:
		return str(t), nil
	case json.Number:
		if n, err := strconv.ParseInt(string(t), 10, 64); err == nil {
			return integer(n), nil
		}
		f, err := strconv.ParseFloat(string(t), 64)
		return floating(f), err
	case json.Delim:
		if v.Kind = Struct; t == '[' {
			v.Kind = List
		}
		for d.More() {
			var f Field
			if v.Kind == Struct {
				name, err := d.Token()
				if err != nil {
					return v, err
				}
				f.Name, _ = name.(string)
			}
			if f.Value, err = decode(d, depth+1); err != nil {
				return v, err
			}
			if v.Kind == Struct {
				v.Fields = append(v.Fields, f)
			} else {
				v.List = append(v.List, f.Value)
			}
		}
		_, err = d.Token()
	}
	return v, err
}

// AppendJSON appends the value as JSON. What is missing is left out of structures.
func (v Value) AppendJSON(b []byte) []byte {
	switch v.Kind {
	case Missing, Null:
		return append(b, "null"...)
	case String, Time:
		var buf bytes.Buffer
		e := json.NewEncoder(&buf)
		e.SetEscapeHTML(false)
		_ = e.Encode(v.String())
		return append(b, bytes.TrimSuffix(buf.Bytes(), []byte("\n"))...)
	case List:
		b = append(b, '[')
		for i, x := range v.List {
			if i > 0 {
				b = append(b, ',')
			}
			b = x.AppendJSON(b)
		}
		return append(b, ']')
	case Struct:
		b = append(b, '{')
		first := true
		for _, f := range v.Fields {
			if f.Value.Kind == Missing {
				continue
			}
			if !first {
				b = append(b, ',')
			}
			first = false
			b = append(str(f.Name).AppendJSON(b), ':')
			b = f.Value.AppendJSON(b)
		}
		return append(b, '}')
	}
	return append(b, v.String()...)
}
