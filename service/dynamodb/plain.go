package dynamodb

import "encoding/json"

// plain is a map of values as DynamoDB JSON, for encoding/json.
func plain(m item) map[string]json.Marshaler {
	out := make(map[string]json.Marshaler, len(m))
	for name, v := range m {
		out[name] = plainValue{&v}
	}
	return out
}

// plainValue is a value that writes itself with the one member that it has.
type plainValue struct{ *value }

// MarshalJSON implements json.Marshaler.
func (p plainValue) MarshalJSON() ([]byte, error) {
	v := p.value
	var of any
	switch typeOf(v) {
	case typeString:
		of = v.S
	case typeNumber:
		of = v.N
	case typeBinary:
		of = v.B
	case typeStringSet:
		of = v.SS
	case typeNumberSet:
		of = v.NS
	case typeBinarySet:
		of = v.BS
	case typeBool:
		of = v.BOOL
	case typeNull:
		of = v.NULL
	case typeMap:
		of = plain(v.M)
	default:
		list := make([]plainValue, len(v.L))
		for i := range v.L {
			list[i] = plainValue{&v.L[i]}
		}
		of = list
	}
	return json.Marshal(map[string]any{typeOf(v): of})
}
