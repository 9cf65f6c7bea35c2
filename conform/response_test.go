package conform

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/fxamacker/cbor/v2"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire"
	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/front/wire/schema"
)

func TestResponsesOfTheGoSDKEncode(t *testing.T) {
	skip := exceptions(t, "responses.txt")
	n := eachSnapshot(t, "response", func(t *testing.T, svc *schema.Service, name string, s *snapshot) {
		op := svc.Operation(name)
		if op == nil {
			t.Skipf("the models do not have %s (yet)", name)
		}
		skip.judge(t, svc.Name+"/"+name, s.encode(svc, op))
	})
	if n < leastResponses {
		t.Errorf("only %d snapshots", n)
	}
}

// encode fills the output from the snapshot, encodes it, and compares.
func (s *snapshot) encode(svc *schema.Service, op *schema.Operation) error {
	p := s.protocol(svc)
	out := op.NewOutput()
	body, err := s.document(p)
	if err != nil {
		return err
	}
	if op.Output != nil {
		if err := s.fillOutput(op.Output, reflect.ValueOf(out).Elem(), body); err != nil {
			return err
		}
	}
	res := &wire.Response{Header: http.Header{}, RequestID: "id"}
	wire.For(p).Encode(op, out, res)
	if res.Stream != nil {
		res.Body, _ = io.ReadAll(res.Stream)
	}
	if res.Status != op.Status && res.Status != s.status { // the SDK's fixtures say 200 throughout
		return fmt.Errorf("status %d, want %d", res.Status, op.Status)
	}
	for k := range s.header {
		if strings.HasPrefix(k, "X-Amz") && k != "X-Amz-Target" && k != "X-Amzn-Query-Mode" && res.Header.Get(k) != s.header.Get(k) {
			return fmt.Errorf("header %s is %q, want %q", k, res.Header.Get(k), s.header.Get(k))
		}
	}
	return sameDocument(p, res.Body, s.body)
}

// document reads the body as JSON or CBOR; other bodies are payloads.
func (s *snapshot) document(p schema.Protocol) (map[string]any, error) {
	if len(s.body) == 0 {
		return nil, nil
	}
	var doc map[string]any
	if p == schema.CBOR {
		var raw map[any]any
		if err := cbor.Unmarshal(s.body, &raw); err != nil {
			return nil, err
		}
		doc, _ = textKeys(raw).(map[string]any)
		return doc, nil
	}
	_ = json.Unmarshal(s.body, &doc) // a payload need not be a document
	return doc, nil
}

// textKeys turns decoded CBOR into what decoded JSON looks like.
func textKeys(v any) any {
	switch v := v.(type) {
	case map[any]any:
		m := map[string]any{}
		for k, e := range v {
			m[fmt.Sprint(k)] = textKeys(e)
		}
		return m
	case []any:
		for i := range v {
			v[i] = textKeys(v[i])
		}
	case time.Time:
		return float64(v.UnixMilli()) / 1e3
	case []byte:
		return base64.StdEncoding.EncodeToString(v)
	case uint64:
		return float64(v)
	case int64:
		return float64(v)
	case float32:
		return float64(v)
	}
	return v
}

func (s *snapshot) fillOutput(shape *schema.Shape, v reflect.Value, body map[string]any) error {
	for i := range shape.Members {
		m := &shape.Members[i]
		f := v.FieldByName(schema.FieldName(m.Name))
		if !f.IsValid() {
			continue
		}
		switch {
		case m.Location == schema.InHeader:
			if text := s.header.Get(m.WireName()); text != "" {
				setHeader(m.Shape, f, text)
			}
		case m.Location == schema.InStatus:
			set(m.Shape, f, float64(s.status))
		case shape.Payload == m && m.Shape.Kind == schema.Blob && f.Kind() == reflect.Interface:
			f.Set(reflect.ValueOf(io.NopCloser(bytes.NewReader(s.body))))
		case shape.Payload == m && m.Shape.Kind == schema.Blob:
			f.SetBytes(s.body)
		case shape.Payload == m && m.Shape.Kind == schema.String:
			set(m.Shape, f, string(s.body))
		case shape.Payload == m:
			set(m.Shape, f, any(body))
		default:
			if val, ok := body[m.WireName()]; ok {
				set(m.Shape, f, val)
			}
		}
	}
	return nil
}

func setHeader(s *schema.Shape, f reflect.Value, text string) {
	var v any = text
	switch s.Kind {
	case schema.Integer, schema.Long, schema.Double, schema.Float:
		v, _ = strconv.ParseFloat(text, 64)
	case schema.Boolean:
		v = text == "true"
	case schema.Timestamp:
		t, _ := http.ParseTime(text)
		v = float64(t.Unix())
	}
	set(s, f, v)
}

// mapOf makes a map of DynamoDB's values from its JSON form.
func mapOf(from any) attribute.Map {
	fields := map[string]attribute.Value{}
	for name, v := range from.(map[string]any) {
		fields[name] = valueOf(v)
	}
	return attribute.Make(fields)
}

func valueOf(from any) attribute.Value {
	for name, v := range from.(map[string]any) {
		switch name {
		case attribute.S:
			return attribute.String(v.(string))
		case attribute.N:
			return attribute.Number(v.(string))
		case attribute.BOOL:
			return attribute.Bool(v.(bool))
		case attribute.M:
			return attribute.Within(mapOf(v))
		}
	}
	return attribute.Nothing
}

// set sets a Go value from the JSON form of a shape.
func set(s *schema.Shape, to reflect.Value, from any) {
	if from == nil || to.Kind() == reflect.Func {
		return
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch to.Type() {
	case reflect.TypeFor[attribute.Value]():
		to.SetString(string(valueOf(from)))
		return
	case reflect.TypeFor[attribute.Map]():
		to.SetString(string(mapOf(from)))
		return
	}
	switch s.Kind {
	case schema.Structure:
		all, _ := from.(map[string]any)
		for i := range s.Members {
			m := &s.Members[i]
			if v, ok := all[m.WireName()]; ok && to.FieldByName(schema.FieldName(m.Name)).IsValid() {
				set(m.Shape, to.FieldByName(schema.FieldName(m.Name)), v)
			}
		}
	case schema.List:
		all, _ := from.([]any)
		to.Set(reflect.MakeSlice(to.Type(), len(all), len(all)))
		for i := range all {
			set(s.Elem.Shape, to.Index(i), all[i])
		}
	case schema.Map:
		to.Set(reflect.MakeMap(to.Type()))
		for k, v := range from.(map[string]any) {
			e := reflect.New(to.Type().Elem()).Elem()
			set(s.Elem.Shape, e, v)
			to.SetMapIndex(reflect.ValueOf(k), e)
		}
	case schema.String:
		to.SetString(fmt.Sprint(from))
	case schema.Boolean:
		to.SetBool(from == true)
	case schema.Timestamp:
		f, ok := from.(float64)
		t := time.Unix(int64(f), 0).UTC()
		if !ok {
			t, _ = time.Parse(time.RFC3339, fmt.Sprint(from))
		}
		to.Set(reflect.ValueOf(t))
	case schema.Blob:
		b, _ := base64.StdEncoding.DecodeString(fmt.Sprint(from))
		to.SetBytes(b)
	case schema.Document:
		to.Set(reflect.ValueOf(from))
	case schema.Float, schema.Double:
		f, _ := from.(float64)
		to.SetFloat(f)
	default:
		f, _ := from.(float64)
		to.SetInt(int64(f))
	}
}

func sameDocument(p schema.Protocol, got, want []byte) error {
	var g, w any
	if p == schema.CBOR {
		if len(want) == 0 {
			return nil
		}
		if err := cbor.Unmarshal(got, &g); err != nil {
			return err
		}
		if err := cbor.Unmarshal(want, &w); err != nil {
			return err
		}
		g, w = textKeys(g), textKeys(w)
	} else if json.Unmarshal(want, &w) != nil {
		if !bytes.Equal(got, want) && string(got) != "{}" {
			return fmt.Errorf("body %q, want %q", got, want)
		}
		return nil
	} else if err := json.Unmarshal(got, &g); err != nil {
		return fmt.Errorf("our answer %q: %w", got, err)
	}
	if gm, ok := g.(map[string]any); ok {
		delete(gm, "__type")
	}
	if wm, ok := w.(map[string]any); ok {
		delete(wm, "__type")
	}
	if !reflect.DeepEqual(g, w) {
		return fmt.Errorf("body\n%v\nwant\n%v", g, w)
	}
	return nil
}

func TestErrorsOfTheGoSDKEncode(t *testing.T) {
	skip := exceptions(t, "errors.txt")
	n := eachSnapshot(t, "error", func(t *testing.T, svc *schema.Service, name string, s *snapshot) {
		shape := svc.Shape(name)
		if shape == nil || !shape.Exception {
			t.Skipf("the models do not have %s (yet)", name)
		}
		skip.judge(t, svc.Name+"/"+name, s.encodeError(svc, shape))
	})
	if n < leastErrors {
		t.Errorf("only %d snapshots", n)
	}
}

func (s *snapshot) encodeError(svc *schema.Service, shape *schema.Shape) error {
	p := s.protocol(svc)
	doc, err := s.document(p)
	if err != nil {
		return err
	}
	e := &aws.Error{Code: shape.Name, Shape: shape.Name, Status: s.status}
	for k, v := range doc {
		if strings.EqualFold(k, "message") {
			e.Message, _ = v.(string)
		}
	}
	typ := detailType(shape, nil)
	detail := reflect.New(typ)
	if err := s.fillOutput(shape, detail.Elem(), doc); err != nil {
		return err
	}
	e.Detail = detail.Interface()
	res := &wire.Response{Header: http.Header{}, RequestID: "id"}
	wire.For(p).EncodeError(svc, e, res)
	if !strings.Contains(string(res.Body)+res.Header.Get("X-Amzn-Errortype"), shape.Name) {
		return fmt.Errorf("the error's type is missing from %q", res.Body)
	}
	return sameDocument(p, res.Body, s.body)
}

// detailType makes the Go type that apigen declares for an error.
func detailType(s *schema.Shape, path []*schema.Shape) reflect.Type {
	switch s.Kind {
	case schema.Structure:
		for _, p := range path {
			if p == s {
				return reflect.TypeFor[struct{}]()
			}
		}
		var fields []reflect.StructField
		for i := range s.Members {
			m := &s.Members[i]
			t := detailType(m.Shape, append(path, s))
			if m.Shape.Kind != schema.List && m.Shape.Kind != schema.Map && m.Shape.Kind != schema.Blob && m.Shape.Kind != schema.Document {
				t = reflect.PointerTo(t)
			}
			fields = append(fields, reflect.StructField{Name: schema.FieldName(m.Name), Type: t})
		}
		return reflect.StructOf(fields)
	case schema.List:
		return reflect.SliceOf(detailType(s.Elem.Shape, path))
	case schema.Map:
		return reflect.MapOf(reflect.TypeFor[string](), detailType(s.Elem.Shape, path))
	}
	return map[schema.Kind]reflect.Type{
		schema.String: reflect.TypeFor[string](), schema.Boolean: reflect.TypeFor[bool](), schema.Integer: reflect.TypeFor[int32](),
		schema.Long: reflect.TypeFor[int64](), schema.Float: reflect.TypeFor[float32](), schema.Double: reflect.TypeFor[float64](),
		schema.Timestamp: reflect.TypeFor[time.Time](), schema.Blob: reflect.TypeFor[[]byte](), schema.Document: reflect.TypeFor[any](),
		schema.Byte: reflect.TypeFor[int8](), schema.Short: reflect.TypeFor[int16](),
	}[s.Kind]
}
