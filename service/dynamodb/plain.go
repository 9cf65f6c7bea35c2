package dynamodb

import (
	"github.com/brume-cloud/brume/front/wire/attribute"
)

// plainValue is a value as encoding/json reads and writes it: DynamoDB JSON.
type plainValue struct {
	S    *string               `json:",omitempty"`
	N    *string               `json:",omitempty"`
	B    *[]byte               `json:",omitempty"`
	SS   []string              `json:",omitempty"`
	NS   []string              `json:",omitempty"`
	BS   [][]byte              `json:",omitempty"`
	M    map[string]plainValue `json:",omitzero"`
	L    []plainValue          `json:",omitzero"`
	NULL *bool                 `json:",omitempty"`
	BOOL *bool                 `json:",omitempty"`
}

// plain is the attributes of an item for encoding/json.
func plain(m item) map[string]plainValue {
	out := make(map[string]plainValue, m.Len())
	for name, v := range m.All() {
		out[name] = plainOf(v)
	}
	return out
}

func plainOf(v value) (p plainValue) {
	switch v.Type() {
	case attribute.S:
		p.S = ptr(v.Text())
	case attribute.N:
		p.N = ptr(v.Text())
	case attribute.B:
		p.B = ptr([]byte(v.Text()))
	case attribute.SS:
		p.SS = v.Set()
	case attribute.NS:
		p.NS = v.Set()
	case attribute.BS:
		for s := range v.Texts() {
			p.BS = append(p.BS, []byte(s))
		}
	case attribute.M:
		p.M = plain(v.Map())
	case attribute.NULL:
		p.NULL = ptr(true)
	case attribute.BOOL:
		p.BOOL = ptr(v.Bool())
	default:
		p.L = make([]plainValue, 0, v.Len())
		for _, e := range v.Elements() {
			p.L = append(p.L, plainOf(e))
		}
	}
	return p
}

// unplain is the reverse of plain. Values that are none are found by check.
func unplain(m map[string]plainValue) item {
	fields := make(map[string]value, len(m))
	for name, p := range m {
		fields[name] = p.value()
	}
	return attribute.Make(fields)
}

func (p plainValue) value() value {
	switch {
	case p.S != nil:
		return attribute.String(*p.S)
	case p.N != nil:
		return attribute.Number(*p.N)
	case p.B != nil:
		return attribute.Binary(*p.B)
	case p.SS != nil:
		return attribute.Set(attribute.SS, p.SS)
	case p.NS != nil:
		return attribute.Set(attribute.NS, p.NS)
	case p.BS != nil:
		texts := make([]string, len(p.BS))
		for i, b := range p.BS {
			texts[i] = string(b)
		}
		return attribute.Set(attribute.BS, texts)
	case p.M != nil:
		return attribute.Within(unplain(p.M))
	case p.L != nil:
		list := make([]value, len(p.L))
		for i := range p.L {
			list[i] = p.L[i].value()
		}
		return attribute.List(list)
	case p.NULL != nil && *p.NULL:
		return attribute.Null()
	case p.BOOL != nil:
		return attribute.Bool(*p.BOOL)
	}
	return attribute.Nothing
}
