package apigatewayv2

import "reflect"

// carry sets the members of the structure to from those of from that have the same
// name and were not left out: what an operation takes, keeps and answers differs
// in little but in what may be left out. Both are pointers.
func carry(to, from any) {
	src, dst := reflect.ValueOf(from).Elem(), reflect.ValueOf(to).Elem()
	for i := range src.NumField() {
		field, v := src.Type().Field(i), src.Field(i)
		d := dst.FieldByName(field.Name)
		if !d.IsValid() || v.IsZero() {
			continue
		}
		switch {
		case v.Type().ConvertibleTo(d.Type()) && v.Kind() == d.Kind():
			d.Set(v.Convert(d.Type()))
		case v.Kind() == reflect.Pointer && v.Type().Elem() == d.Type():
			d.Set(v.Elem())
		case d.Kind() == reflect.Pointer && d.Type().Elem() == v.Type():
			p := reflect.New(v.Type())
			p.Elem().Set(v)
			d.Set(p)
		}
	}
}

// answer is what an operation answers about a document.
func answer[O any](document any) *O {
	out := new(O)
	carry(out, document)
	return out
}
