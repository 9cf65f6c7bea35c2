package wire

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/aws"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// vector is a published protocol test case; tools/modelimport makes the files.
type vector struct {
	ID, Operation, Schema string
	Meta                  struct {
		SigningName, TargetPrefix, JSONVersion, XMLNamespace string
		Protocols                                            []schema.Protocol
		QueryCompatible                                      bool
	}
	Case struct {
		Params, Result, Error   map[string]any
		ErrorCode, ErrorMessage string
		Serialized              struct {
			Method, URI, Body string
			Headers           map[string]string
		}
		Response struct {
			StatusCode int `json:"status_code"`
			Headers    map[string]string
			Body       string
		}
	}
}

// service opens the vector's model with Go types made on the spot.
func (v *vector) service() (*schema.Service, *schema.Operation) {
	svc := schema.Open(&schema.Source{
		Name: "vector", SigningName: v.Meta.SigningName, TargetPrefix: v.Meta.TargetPrefix, JSONVersion: v.Meta.JSONVersion,
		XMLNamespace: v.Meta.XMLNamespace, Protocols: v.Meta.Protocols, QueryCompatible: v.Meta.QueryCompatible, Text: v.Schema,
	})
	head, _, _ := strings.Cut(v.Schema, "\n")
	var in, out *schema.Shape
	for k, name := range attributesOf(head) {
		switch k {
		case "in":
			in = svc.Shape(name)
		case "out":
			out = svc.Shape(name)
		}
	}
	svc.Bind([]schema.Dispatch{{Name: v.Operation, Input: nilOf(in, false), Output: nilOf(out, true)}})
	return svc, svc.Operation(v.Operation)
}

func attributesOf(line string) map[string]string {
	all := map[string]string{}
	for _, f := range strings.Fields(line) {
		k, val, _ := strings.Cut(f, "=")
		all[k] = val
	}
	return all
}

func nilOf(s *schema.Shape, output bool) any {
	t := reflect.TypeFor[struct{}]()
	if s != nil {
		t = goType(s, output, nil)
	}
	return reflect.Zero(reflect.PointerTo(t)).Interface()
}

// maxRecursion is how often a recursive shape is unrolled.
const maxRecursion = 4

// goType makes the Go type that apigen would declare.
func goType(s *schema.Shape, output bool, path []*schema.Shape) reflect.Type {
	switch s.Kind {
	case schema.List:
		return reflect.SliceOf(sparse(s, goType(s.Elem.Shape, output, path)))
	case schema.Map:
		return reflect.MapOf(reflect.TypeFor[string](), sparse(s, goType(s.Elem.Shape, output, path)))
	case schema.Structure:
		path = append(path, s)
		var fields []reflect.StructField
		for i := range s.Members {
			m := &s.Members[i]
			if n := count(path, m); n > maxRecursion {
				continue
			}
			fields = append(fields, reflect.StructField{Name: schema.FieldName(m.Name), Type: fieldType(m, output, path)})
		}
		return reflect.StructOf(fields)
	}
	return map[schema.Kind]reflect.Type{
		schema.String: reflect.TypeFor[string](), schema.Boolean: reflect.TypeFor[bool](), schema.Integer: reflect.TypeFor[int32](),
		schema.Long: reflect.TypeFor[int64](), schema.Float: reflect.TypeFor[float32](), schema.Double: reflect.TypeFor[float64](),
		schema.Timestamp: timeType, schema.Blob: reflect.TypeFor[[]byte](), schema.Document: reflect.TypeFor[any](),
		schema.Byte: reflect.TypeFor[int8](), schema.Short: reflect.TypeFor[int16](),
	}[s.Kind]
}

func sparse(s *schema.Shape, t reflect.Type) reflect.Type {
	if s.Sparse {
		return reflect.PointerTo(t)
	}
	return t
}

// count is how often the member's structure, or that of its elements, lies on the path.
func count(path []*schema.Shape, m *schema.Member) int {
	s := m.Shape
	for s.Kind == schema.List || s.Kind == schema.Map {
		s = s.Elem.Shape
	}
	n := 0
	for _, p := range path {
		if p == s {
			n++
		}
	}
	return n
}

func fieldType(m *schema.Member, output bool, path []*schema.Shape) reflect.Type {
	s := m.Shape
	t := goType(s, output, path)
	switch {
	case s.Kind == schema.Blob && m.IsStream() && output:
		return reflect.TypeFor[io.ReadCloser]()
	case s.Kind == schema.Blob && m.IsStream():
		return reflect.TypeFor[io.Reader]()
	case s.Kind == schema.Document || s.Kind == schema.List || s.Kind == schema.Map || s.Kind == schema.Blob:
		return t
	case s.Kind == schema.Structure:
		return reflect.PointerTo(t)
	case m.Required || len(s.Enum) > 0:
		return t
	}
	return reflect.PointerTo(t)
}

func readVectors(t *testing.T, pattern string) map[string][]vector {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join("testdata", pattern))
	if err != nil || len(paths) == 0 {
		t.Fatalf("no vectors match %s: %v", pattern, err)
	}
	all := map[string][]vector{}
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var vs []vector
		if err := json.Unmarshal(b, &vs); err != nil {
			t.Fatal(path, err)
		}
		all[strings.TrimSuffix(filepath.Base(path), ".json")] = vs
	}
	return all
}

// exceptions are the cases that say nothing about a server, each with its reason.
func exceptions(t *testing.T) map[string]string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "exceptions.txt"))
	if err != nil {
		t.Fatal(err)
	}
	all := map[string]string{}
	for line := range strings.Lines(string(b)) {
		if id, why, ok := strings.Cut(strings.TrimSpace(line), " "); ok && id != "#" {
			all[id] = why
		}
	}
	return all
}

// check runs fn on every vector and holds the list of exceptions to be exact.
func check(t *testing.T, pattern string, fn func(v *vector) error) {
	skip := exceptions(t)
	for name, vs := range readVectors(t, pattern) {
		for i, v := range vs {
			id := fmt.Sprintf("%s/%s", name, v.ID)
			t.Run(fmt.Sprintf("%s#%d", id, i), func(t *testing.T) {
				err := fn(&v)
				switch _, excepted := skip[id]; {
				case err != nil && !excepted:
					t.Error(err)
				case err == nil && excepted && !slices.ContainsFunc(vs, func(o vector) bool { return o.ID == v.ID && fn(&o) != nil }):
					t.Errorf("passes: take %s off testdata/exceptions.txt", id)
				}
			})
		}
	}
}

func TestPublishedRequestsDecode(t *testing.T) {
	check(t, "input-*.json", func(v *vector) error {
		svc, op := v.service()
		req, err := v.request(svc, op)
		if err != nil {
			return err
		}
		in, err := For(v.Meta.Protocols[0]).Decode(op, req)
		if _, incomplete := err.(*Invalid); err != nil && !incomplete {
			return err
		}
		return sameValue(op.Input, reflect.ValueOf(in).Elem(), v.Case.Params, "input")
	})
}

func (v *vector) request(svc *schema.Service, op *schema.Operation) (*Request, error) {
	s := v.Case.Serialized
	body := []byte(s.Body)
	if v.Meta.Protocols[0] == schema.CBOR {
		body, _ = base64.StdEncoding.DecodeString(s.Body)
	}
	method := s.Method
	if method == "" {
		method = op.Method
	}
	h, err := http.NewRequest(method, "http://host"+s.URI, bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	for k, val := range s.Headers {
		h.Header.Set(k, val)
	}
	path, query, _ := strings.Cut(s.URI, "?")
	params, err := parseForm(query)
	if err != nil {
		return nil, err
	}
	req := &Request{Request: h, Path: path, Params: params, Body: body}
	switch v.Meta.Protocols[0] {
	case schema.RESTJSON, schema.RESTXML:
		found, labels := NewRoutes(svc).Find(req)
		if found != op {
			return nil, fmt.Errorf("%s %s does not route to %s %s", method, s.URI, op.Method, op.URI)
		}
		req.Labels = labels
	}
	return req, nil
}

// sameValue compares a Go value with a case's JSON form of it.
func sameValue(s *schema.Shape, got reflect.Value, want any, at string) error {
	if s == nil {
		return nil
	}
	for got.Kind() == reflect.Pointer {
		if got.IsNil() {
			if want == nil {
				return nil
			}
			return fmt.Errorf("%s is absent, want %v", at, want)
		}
		got = got.Elem()
	}
	switch s.Kind {
	case schema.Structure:
		all, _ := want.(map[string]any)
		for i := range s.Members {
			m := &s.Members[i]
			w, has := all[m.Name]
			f := got.FieldByName(schema.FieldName(m.Name))
			if !has && f.IsValid() && !f.IsZero() && !m.Token {
				return fmt.Errorf("%s.%s is %v, want it absent", at, m.Name, f)
			}
			if !has {
				continue
			}
			if err := sameValue(m.Shape, f, w, at+"."+m.Name); err != nil {
				return err
			}
		}
		return nil
	case schema.List:
		all, _ := want.([]any)
		if got.Len() != len(all) {
			return fmt.Errorf("%s has %d elements, want %d", at, got.Len(), len(all))
		}
		for i := range all {
			if err := sameValue(s.Elem.Shape, got.Index(i), all[i], fmt.Sprintf("%s[%d]", at, i)); err != nil {
				return err
			}
		}
		return nil
	case schema.Map:
		all, _ := want.(map[string]any)
		if got.Len() != len(all) {
			return fmt.Errorf("%s has %d entries, want %d", at, got.Len(), len(all))
		}
		for _, k := range slices.Sorted(maps.Keys(all)) {
			v := got.MapIndex(reflect.ValueOf(k))
			if !v.IsValid() {
				return fmt.Errorf("%s has no %q", at, k)
			}
			if err := sameValue(s.Elem.Shape, v, all[k], at+"["+k+"]"); err != nil {
				return err
			}
		}
		return nil
	}
	return sameScalar(s, got, want, at)
}

func sameScalar(s *schema.Shape, got reflect.Value, want any, at string) error {
	g := fmt.Sprint(got.Interface())
	w := fmt.Sprint(want)
	switch s.Kind {
	case schema.Timestamp:
		f, _ := want.(float64)
		tm, _ := epoch(f)
		w = fmt.Sprint(tm)
	case schema.Blob:
		if r, ok := got.Interface().(io.Reader); ok {
			b, _ := io.ReadAll(r)
			g = string(b)
		} else {
			g = string(got.Bytes())
		}
	case schema.Long:
		if f, ok := want.(float64); ok {
			w = fmt.Sprint(int64(f))
		}
	case schema.Float, schema.Double:
		w = strings.Replace(w, "Infinity", "Inf", 1)
		if w == "Inf" {
			w = "+Inf"
		}
	case schema.Document:
		gb, _ := json.Marshal(got.Interface())
		wb, _ := json.Marshal(want)
		g, w = string(gb), string(wb)
	}
	if g != w {
		return fmt.Errorf("%s is %q, want %q", at, g, w)
	}
	return nil
}

func TestPublishedResponsesEncode(t *testing.T) {
	check(t, "output-*.json", func(v *vector) error {
		svc, op := v.service()
		p := v.Meta.Protocols[0]
		res := &Response{Header: http.Header{}, RequestID: "requestid", QueryMode: v.Meta.QueryCompatible}
		if v.Case.ErrorCode != "" {
			For(p).EncodeError(svc, v.anError(svc), res)
		} else {
			out := op.NewOutput()
			fill(op.Output, reflect.ValueOf(out).Elem(), v.Case.Result)
			For(p).Encode(op, out, res)
		}
		if res.Stream != nil {
			res.Body, _ = io.ReadAll(res.Stream)
		}
		return v.compare(p, res)
	})
}

func (v *vector) anError(svc *schema.Service) *aws.Error {
	e := aws.Errorf(v.Case.Response.StatusCode, v.Case.ErrorCode, "%s", v.Case.ErrorMessage)
	if msg, ok := v.Case.Error["Message"].(string); ok {
		e.Message = msg
	}
	if msg, ok := v.Case.Error["message"].(string); ok {
		e.Message = msg
	}
	for name := range v.shapes() {
		if sh := svc.Shape(name); sh.Exception && (sh.ErrorCode() == e.Code || sh.Name == e.Code || strings.HasSuffix(v.Case.Response.Body, sh.Name)) {
			e.Shape = name
			if v.Meta.QueryCompatible {
				e.Code, e.QueryCode = sh.Name, e.Code
			}
			detail := reflect.New(goType(sh, true, nil))
			fill(sh, detail.Elem(), v.Case.Error)
			e.Detail = detail.Interface()
		}
	}
	return e
}

func (v *vector) shapes() map[string]bool {
	all := map[string]bool{}
	for line := range strings.Lines(v.Schema) {
		if f := strings.Fields(line); f[0] != "op" && f[0][0] != memberMark {
			all[f[1]] = true
		}
	}
	return all
}

const memberMark = '.'

// fill sets a Go value from a case's JSON form.
func fill(s *schema.Shape, to reflect.Value, from any) {
	if s == nil || from == nil {
		return
	}
	if to.Kind() == reflect.Pointer {
		to.Set(reflect.New(to.Type().Elem()))
		to = to.Elem()
	}
	switch s.Kind {
	case schema.Structure:
		all, _ := from.(map[string]any)
		for i := range s.Members {
			m := &s.Members[i]
			if val, ok := all[m.Name]; ok && to.FieldByName(schema.FieldName(m.Name)).IsValid() {
				fill(m.Shape, to.FieldByName(schema.FieldName(m.Name)), val)
			}
		}
	case schema.List:
		all, _ := from.([]any)
		to.Set(reflect.MakeSlice(to.Type(), len(all), len(all)))
		for i := range all {
			fill(s.Elem.Shape, to.Index(i), all[i])
		}
	case schema.Map:
		to.Set(reflect.MakeMap(to.Type()))
		for k, val := range from.(map[string]any) {
			e := reflect.New(to.Type().Elem()).Elem()
			fill(s.Elem.Shape, e, val)
			to.SetMapIndex(reflect.ValueOf(k), e)
		}
	default:
		fillScalar(s, to, from)
	}
}

func fillScalar(s *schema.Shape, to reflect.Value, from any) {
	switch s.Kind {
	case schema.String:
		to.SetString(fmt.Sprint(from))
	case schema.Boolean:
		to.SetBool(from.(bool))
	case schema.Integer, schema.Long, schema.Byte, schema.Short:
		to.SetInt(int64(from.(float64)))
	case schema.Float, schema.Double:
		f, ok := from.(float64)
		if !ok {
			f, _ = parseFloat(from.(string))
		}
		to.SetFloat(f)
	case schema.Timestamp:
		f, _ := from.(float64)
		tm, _ := epoch(f)
		to.Set(reflect.ValueOf(tm))
	case schema.Blob:
		if to.Kind() == reflect.Interface {
			to.Set(reflect.ValueOf(io.NopCloser(strings.NewReader(from.(string)))))
			return
		}
		to.SetBytes([]byte(from.(string)))
	case schema.Document:
		to.Set(reflect.ValueOf(from))
	}
}

// compare holds the answer against the published one, by meaning.
func (v *vector) compare(p schema.Protocol, res *Response) error {
	want := v.Case.Response
	if res.Status != want.StatusCode {
		return fmt.Errorf("status %d, want %d", res.Status, want.StatusCode)
	}
	for k, val := range want.Headers {
		got := ""
		for name, values := range res.Header { // some are written as they are, not as Go would
			if strings.EqualFold(name, k) {
				got = values[0]
			}
		}
		if strings.EqualFold(k, "content-type") && strings.HasPrefix(got, strings.Split(val, ";")[0]) {
			continue
		}
		if got != val {
			return fmt.Errorf("header %s is %q, want %q", k, got, val)
		}
	}
	got, expected := string(res.Body), want.Body
	if p == schema.CBOR {
		b, _ := base64.StdEncoding.DecodeString(want.Body)
		return sameCBOR(res.Body, b)
	}
	switch {
	case json.Valid([]byte(expected)) && json.Valid(res.Body) && expected != "":
		return sameJSON(got, expected)
	case strings.HasPrefix(strings.TrimSpace(expected), "<"):
		return sameXML(got, expected)
	case got != expected && (expected != "" || got != "{}"):
		return fmt.Errorf("body %q, want %q", got, expected)
	}
	return nil
}

var timeType = reflect.TypeFor[time.Time]()
