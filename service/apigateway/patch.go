package apigateway

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	api "github.com/brume-cloud/brume/api/apigateway"
	"github.com/brume-cloud/brume/aws"
)

// rule says with which operations a path may be patched. A * in its path is any
// one element.
// AWS: "Patch Operations", API Reference.
type rule struct {
	ops  string // parted by spaces
	path string
}

// patch applies the operations of a PATCH request to a document, a pointer to a
// structure. An error leaves it half changed, so it must not be stored then.
func patch(document any, rules []rule, ops []api.PatchOperation) error {
	root := reflect.ValueOf(document).Elem()
	for i := range ops {
		c := change{op: ops[i].Op, value: deref(ops[i].Value), path: deref(ops[i].Path)}
		if err := c.check(rules); err != nil {
			return err
		}
		var err error
		if c.op == api.OpCopy || c.op == api.OpMove {
			err = c.transfer(root, elements(deref(ops[i].From)))
		} else {
			err = c.edit(root, elements(c.path))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// change is one operation.
type change struct {
	op    api.Op
	path  string
	value string
}

// elements are the elements of a path (RFC 6901).
func elements(path string) []string {
	all := strings.Split(strings.Trim(path, "/"), "/")
	for i := range all {
		all[i] = unescape(all[i])
	}
	return all
}

func unescape(element string) string {
	return strings.ReplaceAll(strings.ReplaceAll(element, "~1", "/"), "~0", "~")
}

func escape(element string) string {
	return strings.ReplaceAll(strings.ReplaceAll(element, "~", "~0"), "/", "~1")
}

// check looks for a rule that allows the change.
func (c *change) check(rules []rule) error {
	var others []string
	for _, r := range rules {
		fits := slices.Contains(strings.Fields(r.ops), string(c.op))
		matches := matchesPath(r.path, c.path)
		if fits && matches {
			return nil
		}
		if fits {
			others = append(others, r.path)
		}
	}
	// AWS: the two spaces are its own.
	if len(others) == 0 {
		return invalid("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", c.path, c.op)
	}
	return invalid("Invalid patch path  '%s' specified for op '%s'. Must be one of: [%s]", c.path, c.op, strings.Join(others, ", "))
}

func matchesPath(pattern, path string) bool {
	want, got := strings.Split(strings.Trim(pattern, "/"), "/"), strings.Split(strings.Trim(path, "/"), "/")
	return slices.EqualFunc(want, got, func(w, g string) bool { return w == g || w == "*" && g != "" })
}

// badValue is the error for a value that the place cannot have.
func (c *change) badValue(must string) *aws.Error {
	return invalid("Invalid patch value  '%s' specified for op '%s'. Must be %s", c.value, c.op, must)
}

// edit makes the change at the elements below v, which can be set.
func (c *change) edit(v reflect.Value, at []string) error {
	if len(at) == 0 {
		return c.set(v)
	}
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() && c.op == api.OpRemove {
			return nil
		}
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return c.edit(v.Elem(), at)
	case reflect.Struct:
		if f := field(v, at[0]); f.IsValid() {
			return c.edit(f, at[1:])
		}
	case reflect.Map:
		return c.editEntry(v, at)
	case reflect.Slice:
		if len(at) == 1 {
			return c.element(v, at[0])
		}
	}
	return invalid("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", c.path, c.op)
}

// field is the field that a name of the API stands for.
func field(v reflect.Value, name string) reflect.Value {
	if name == "" {
		return reflect.Value{}
	}
	return v.FieldByName(strings.ToUpper(name[:1]) + name[1:])
}

// editEntry makes the change at or below an entry of a map.
func (c *change) editEntry(m reflect.Value, at []string) error {
	key := reflect.ValueOf(at[0]).Convert(m.Type().Key())
	old := m.MapIndex(key)
	if c.op == api.OpRemove && (!old.IsValid() || len(at) == 1) {
		if old.IsValid() {
			m.SetMapIndex(key, reflect.Value{})
		}
		if m.Len() == 0 {
			m.SetZero()
		}
		return nil
	}
	entry := reflect.New(m.Type().Elem()).Elem()
	if old.IsValid() {
		entry.Set(old)
	}
	if err := c.edit(entry, at[1:]); err != nil {
		return err
	}
	if m.IsNil() {
		m.Set(reflect.MakeMap(m.Type()))
	}
	m.SetMapIndex(key, entry)
	return nil
}

// element adds, removes or replaces an element of a list, which its own text
// stands for; to replace it, its index may.
func (c *change) element(list reflect.Value, text string) error {
	at := -1
	for i := range list.Len() {
		if list.Index(i).String() == text || c.op == api.OpReplace && strconv.Itoa(i) == text {
			at = i
		}
	}
	one := reflect.ValueOf(text).Convert(list.Type().Elem())
	switch {
	case c.op == api.OpRemove && at >= 0:
		list.Set(reflect.AppendSlice(list.Slice(0, at), list.Slice(at+1, list.Len())))
	case c.op == api.OpRemove:
	case c.op == api.OpReplace && at >= 0:
		list.Index(at).SetString(c.value)
	case c.op == api.OpTest && at < 0:
		return c.differs()
	case at < 0:
		list.Set(reflect.Append(list, one))
	}
	return nil
}

func (c *change) differs() *aws.Error {
	return invalid("The value at path '%s' is not '%s'", c.path, c.value)
}

// set makes the change at v itself.
func (c *change) set(v reflect.Value) error {
	if v.Kind() == reflect.Slice {
		return c.setList(v)
	}
	if c.op == api.OpRemove {
		v.SetZero()
		return nil
	}
	was := reflect.New(v.Type()).Elem()
	was.Set(v)
	if v.Kind() == reflect.Pointer {
		v.Set(reflect.New(v.Type().Elem()))
		if kind := v.Elem().Kind(); c.value == "" && kind != reflect.String && kind != reflect.Bool && kind != reflect.Struct {
			v.SetZero()
		} else if err := c.parse(v.Elem()); err != nil {
			return err
		}
	} else if err := c.parse(v); err != nil {
		return err
	}
	if c.op == api.OpTest && !reflect.DeepEqual(was.Interface(), v.Interface()) {
		return c.differs()
	}
	return nil
}

// parse sets v to what the change's value says.
func (c *change) parse(v reflect.Value) error {
	switch v.Kind() {
	case reflect.String:
		v.SetString(c.value)
	case reflect.Bool:
		v.SetBool(strings.EqualFold(c.value, "true")) // AWS: all else is false
	case reflect.Int32, reflect.Int64, reflect.Int:
		n, err := strconv.ParseInt(c.value, 10, 32)
		if err != nil {
			return c.badValue("a number")
		}
		v.SetInt(n)
	case reflect.Float64:
		f, err := strconv.ParseFloat(c.value, 64)
		if err != nil {
			return c.badValue("a number")
		}
		v.SetFloat(f)
	case reflect.Struct, reflect.Map: // made, for others to fill in
	default:
		return c.badValue("a string")
	}
	return nil
}

// setList changes a list as such: the value is an element to add or remove, or,
// with replace, all of the list, parted by commas.
func (c *change) setList(list reflect.Value) error {
	switch {
	case c.op == api.OpReplace, c.op == api.OpRemove && c.value == "":
		list.SetZero()
	}
	for text := range strings.SplitSeq(c.value, ",") {
		if text == "" {
			continue
		}
		one := change{op: c.op, path: c.path}
		if c.op == api.OpReplace {
			one.op = api.OpAdd
		}
		if err := one.element(list, text); err != nil {
			return err
		}
	}
	return nil
}

// transfer copies or moves what is at from. The entries of a map are added to
// those that are there.
func (c *change) transfer(root reflect.Value, from []string) error {
	source := root
	for _, name := range from {
		for source.Kind() == reflect.Pointer && !source.IsNil() {
			source = source.Elem()
		}
		switch source.Kind() {
		case reflect.Struct:
			source = field(source, name)
		case reflect.Map:
			source = source.MapIndex(reflect.ValueOf(name))
		default:
			source = reflect.Value{}
		}
		if !source.IsValid() {
			return invalid("Invalid patch path  '/%s' specified for op '%s'. Please choose supported operations", strings.Join(from, "/"), c.op)
		}
	}
	target := root
	for _, name := range elements(c.path) {
		for target.Kind() == reflect.Pointer && !target.IsNil() {
			target = target.Elem()
		}
		if target.Kind() == reflect.Struct {
			target = field(target, name)
		}
	}
	if target.Type() != source.Type() {
		return invalid("Invalid patch path  '%s' specified for op '%s'. Please choose supported operations", c.path, c.op)
	}
	if source.Kind() != reflect.Map || target.IsNil() {
		target.Set(source)
	} else {
		for _, key := range source.MapKeys() {
			target.SetMapIndex(key, source.MapIndex(key))
		}
	}
	if c.op == api.OpMove {
		return (&change{op: api.OpRemove, path: c.path}).edit(root, from)
	}
	return nil
}
