package conform

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/front/wire/schema"
)

// excepted is a list of snapshots that cannot be met, each with its reason.
type excepted map[string]string

func exceptions(t *testing.T, file string) excepted {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	all := excepted{}
	for line := range strings.Lines(string(b)) {
		if id, why, ok := strings.Cut(strings.TrimSpace(line), " "); ok && id != "#" {
			all[id] = why
		}
	}
	return all
}

// judge fails the test unless err and the list agree.
func (e excepted) judge(t *testing.T, id string, err error) {
	t.Helper()
	_, listed := e[id]
	switch {
	case err != nil && !listed:
		t.Error(err)
	case err == nil && listed:
		t.Errorf("passes: take %s off the list of exceptions", id)
	}
}

// complete checks that in, decoded from a snapshot, has every member of shape
// with the snapshot's value. raw is the snapshot's text: what does not appear
// in it at all the SDK did not send.
func complete(shape *schema.Shape, in any, raw string) error {
	c := &completeness{raw: strings.ToLower(raw)}
	return c.value(&schema.Member{Name: "input", Shape: shape}, reflect.ValueOf(in), nil)
}

type completeness struct{ raw string }

func (c *completeness) value(m *schema.Member, v reflect.Value, path []*schema.Shape) error {
	if r, ok := reading(v); ok {
		if b, _ := io.ReadAll(r); string(b) != "blob" && !strings.HasPrefix(string(b), "__") {
			return fmt.Errorf(" is %q", b)
		}
		return nil
	}
	for v.Kind() == reflect.Pointer && !v.IsNil() {
		v = v.Elem()
	}
	s := m.Shape
	if v.IsValid() && (v.Type() == reflect.TypeFor[attribute.Value]() || v.Type() == reflect.TypeFor[attribute.Map]()) {
		if v.IsZero() {
			return c.absent(m, path)
		}
		return wholly(v)
	}
	if !v.IsValid() || v.IsZero() && s.Kind != schema.Structure || v.Kind() == reflect.Pointer {
		return c.absent(m, path)
	}
	switch s.Kind {
	case schema.Structure:
		return c.structure(s, v, path)
	case schema.List:
		if v.Len() == 0 {
			return c.absent(m, path)
		}
		for i := range v.Len() {
			if err := c.value(&s.Elem, v.Index(i), path); err != nil {
				return fmt.Errorf("[%d]%w", i, err)
			}
		}
		return nil
	case schema.Map:
		for _, k := range v.MapKeys() {
			if err := c.value(&s.Elem, v.MapIndex(k), path); err != nil {
				return fmt.Errorf("[%s]%w", k, err)
			}
		}
		return nil
	}
	return c.scalar(m, v)
}

// wholly checks DynamoDB's values, of which the SDK's snapshots have S alone: it is
// the first of their types.
func wholly(v reflect.Value) error {
	m := attribute.Map(v.String())
	if v.Type() == reflect.TypeFor[attribute.Value]() {
		m = attribute.Make(map[string]attribute.Value{"": attribute.Value(v.String())})
	}
	if !attribute.Valid([]byte(m)) {
		return fmt.Errorf(" is %q", m)
	}
	for name, e := range m.All() {
		if !e.Is(attribute.S) || e.Text() == "" {
			return fmt.Errorf("[%s] is %q", name, e)
		}
	}
	return nil
}

func reading(v reflect.Value) (io.Reader, bool) {
	if !v.IsValid() || v.Kind() != reflect.Interface || v.IsNil() {
		return nil, false
	}
	r, ok := v.Interface().(io.Reader)
	return r, ok
}

// union reports whether one member alone is set. The models do not say it of
// DynamoDB's values.
func union(s *schema.Shape) bool { return s.Union || s.Name == "AttributeValue" }

func (c *completeness) structure(s *schema.Shape, v reflect.Value, path []*schema.Shape) error {
	if slices.Contains(path, s) {
		return nil // the SDK stops where shapes recur
	}
	path = append(path, s)
	var missing error
	for i := range s.Members {
		m := &s.Members[i]
		f := v.FieldByName(schema.FieldName(m.Name))
		if !f.IsValid() {
			continue
		}
		if err := c.value(m, f, path); err != nil {
			missing = fmt.Errorf(".%s%w", m.Name, err)
			if union(s) {
				continue
			}
			return missing
		} else if union(s) && !f.IsZero() {
			return nil
		}
	}
	return missing
}

// absent reports a member that the snapshot names but that was not decoded.
func (c *completeness) absent(m *schema.Member, path []*schema.Shape) error {
	target := m.Shape
	for target.Kind == schema.List || target.Kind == schema.Map {
		target = target.Elem.Shape
	}
	if slices.Contains(path, target) || m.Shape.EventStream || m.Token || m.Shape.Kind == schema.Document {
		return nil
	}
	if m.Name == "" || !strings.Contains(c.raw, strings.ToLower(m.WireName())) {
		return nil
	}
	return fmt.Errorf(" is absent")
}

var snapshotTime = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// scalar checks a placeholder.
func (c *completeness) scalar(m *schema.Member, v reflect.Value) error {
	ok := true
	switch m.Shape.Kind {
	case schema.String:
		s := v.String()
		ok = strings.Contains(s, "__") || slices.Contains(m.Shape.Enum, s) || len(m.Shape.Enum) == 0
	case schema.Boolean:
		ok = v.Bool()
	case schema.Integer, schema.Long, schema.Byte, schema.Short:
		ok = v.Int() == 1
	case schema.Float, schema.Double:
		ok = v.Float() == 1
	case schema.Timestamp:
		ok = v.Interface().(time.Time).Equal(snapshotTime)
	case schema.Blob:
		ok = bytes.Equal(v.Bytes(), []byte("blob"))
	}
	if !ok {
		return fmt.Errorf(" is %v", v)
	}
	return nil
}
