package vtl

import (
	"encoding/json"
	"math"
	"slices"
	"strconv"
)

// call calls a method of Java's class of a value. It says false for one that the
// class does not have, and fails where Java would throw.
func (r *run) call(v any, name string, arguments []any) (any, bool) {
	switch v := v.(type) {
	case object:
		return v.call(r, name, arguments)
	case string:
		if out, ok := r.stringMethod(v, name, arguments); ok {
			return out, true
		}
	case *List:
		if out, ok := r.listMethod(v, name, arguments); ok {
			return out, true
		}
	case *Map:
		if out, ok := r.mapMethod(v, name, arguments); ok {
			return out, true
		}
	case entry:
		switch name {
		case "getKey":
			return v.key, true
		case "getValue":
			return v.value, true
		}
	case int64, float64, json.Number:
		if out, ok := numberMethod(v, name, arguments); ok {
			return out, true
		}
	}
	switch {
	case name == "toString" && len(arguments) == 0:
		return r.text(v), true
	case name == "equals" && len(arguments) == 1:
		return sameClass(v, arguments[0]) && r.equal(v, arguments[0]), true
	}
	return nil, false
}

// sameClass is what Java's equals asks first.
func sameClass(a, b any) bool {
	_, _, numeric := numbers(a, b)
	_, s := a.(string)
	_, t := b.(string)
	return numeric || s == t
}

func (r *run) listMethod(l *List, name string, arguments []any) (any, bool) {
	r.spend(8 * len(l.items)) // what may be moved or searched
	switch len(arguments) {
	case 0:
		switch name {
		case "size":
			return int64(len(l.items)), true
		case "isEmpty":
			return len(l.items) == 0, true
		case "clear":
			l.items = nil
			return nil, true
		}
	case 1:
		return r.listMethod1(l, name, arguments[0])
	case 2:
		i, ok := arguments[0].(int64)
		if !ok {
			return nil, false
		}
		switch name {
		case "set":
			at := r.within(i, len(l.items)-1)
			old := l.items[at]
			l.items[at] = arguments[1]
			return old, true
		case "add":
			l.items = slices.Insert(slices.Clone(l.items), r.within(i, len(l.items)), arguments[1])
			return nil, true
		case "subList":
			to, ok := arguments[1].(int64)
			if !ok {
				return nil, false
			}
			end := r.within(to, len(l.items))
			return &List{items: slices.Clone(l.items[r.within(i, end):end])}, true
		}
	}
	return nil, false
}

func (r *run) listMethod1(l *List, name string, argument any) (any, bool) {
	find := func() int {
		return slices.IndexFunc(l.items, func(v any) bool { return sameClass(v, argument) && r.equal(v, argument) })
	}
	switch name {
	case "get":
		if i, ok := argument.(int64); ok {
			return l.items[r.within(i, len(l.items)-1)], true
		}
	case "add":
		l.items = append(l.items, argument)
		return true, true
	case "addAll":
		if more, ok := argument.(*List); ok {
			r.spend(8 * len(more.items))
			l.items = append(slices.Clone(l.items), more.items...)
			return len(more.items) > 0, true
		}
	case "remove":
		if i, ok := argument.(int64); ok {
			at := r.within(i, len(l.items)-1)
			old := l.items[at]
			l.items = slices.Delete(slices.Clone(l.items), at, at+1)
			return old, true
		}
		at := find()
		if at >= 0 {
			l.items = slices.Delete(slices.Clone(l.items), at, at+1)
		}
		return at >= 0, true
	case "contains":
		return find() >= 0, true
	case "indexOf":
		return int64(find()), true
	}
	return nil, false
}

// within checks an index of Java's, which is none if it is negative.
func (r *run) within(i int64, last int) int {
	if i < 0 || i > int64(last) {
		r.fail("index %d is out of bounds for length %d", i, last+1)
	}
	return int(i)
}

func (r *run) mapMethod(m *Map, name string, arguments []any) (any, bool) {
	switch len(arguments) {
	case 0:
		return r.mapMethod0(m, name)
	case 1:
		switch name {
		case "get":
			return m.Get(r.text(arguments[0])), true
		case "containsKey":
			return m.has(r.text(arguments[0])), true
		case "containsValue":
			r.take(len(m.keys))
			return slices.ContainsFunc(m.list().items, func(v any) bool { return r.equal(v, arguments[0]) }), true
		case "remove":
			r.spend(16 * len(m.keys))
			return m.remove(r.text(arguments[0])), true
		case "putAll":
			if more, ok := arguments[0].(*Map); ok {
				for _, k := range more.keys {
					r.step()
					m.Put(k, more.values[k])
				}
				return nil, true
			}
		}
	case 2:
		switch name {
		case "put":
			key := r.text(arguments[0])
			old := m.Get(key)
			m.Put(key, arguments[1])
			return old, true
		case "getOrDefault":
			if key := r.text(arguments[0]); m.has(key) {
				return m.Get(key), true
			}
			return arguments[1], true
		}
	}
	return nil, false
}

func (r *run) mapMethod0(m *Map, name string) (any, bool) {
	switch name {
	case "size":
		return int64(len(m.keys)), true
	case "isEmpty":
		return len(m.keys) == 0, true
	case "clear":
		*m = Map{}
		return nil, true
	case "values":
		r.take(len(m.keys))
		return m.list(), true
	case "keySet", "entrySet":
		r.take(len(m.keys))
		l := &List{items: make([]any, len(m.keys))}
		for i, k := range m.keys {
			l.items[i] = k
			if name == "entrySet" {
				l.items[i] = entry{k, m.values[k]}
			}
		}
		return l, true
	}
	return nil, false
}

// numberMethod has Integer's and Double's methods. Integer.parseInt and the like
// are static, and templates reach them through any number.
func numberMethod(v any, name string, arguments []any) (any, bool) {
	f, _ := number(v)
	switch len(arguments) {
	case 0:
		switch name {
		case "intValue", "longValue":
			if i, ok := v.(int64); ok {
				return i, true
			}
			if f >= math.MinInt64 && f < math.MaxInt64 {
				return int64(f), true
			}
		case "doubleValue", "floatValue":
			return f, true
		}
	case 1:
		if name == "compareTo" {
			if g, ok := number(arguments[0]); ok {
				switch {
				case f < g:
					return int64(-1), true
				case f > g:
					return int64(1), true
				}
				return int64(0), true
			}
		}
		if s, ok := arguments[0].(string); ok {
			return parsed(name, s)
		}
	}
	return nil, false
}

// parsed is what a static parse method returns. A text that is no number throws
// in Java, and Velocity then renders the reference as it is written.
func parsed(name, s string) (any, bool) {
	switch name {
	case "parseInt", "parseLong", "valueOf":
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, true
		}
	case "parseDouble", "parseFloat":
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			return f, true
		}
	}
	return nil, false
}
