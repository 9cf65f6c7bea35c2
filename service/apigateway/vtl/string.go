package vtl

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf16"
)

// made checks and pays for a string that a method made.
func (r *run) made(s string) string {
	if len(s) > MaxOutput {
		r.fail("a string is too long")
	}
	r.spend(len(s))
	return s
}

// stringMethod has the methods of java.lang.String. Positions count UTF-16 code
// units, as Java's do.
func (r *run) stringMethod(s, name string, arguments []any) (any, bool) {
	r.spend(len(s))
	if len(arguments) == 0 {
		return r.stringMethod0(s, name)
	}
	if at, ok := arguments[0].(int64); ok {
		return r.positioned(s, name, at, arguments[1:])
	}
	first, ok := arguments[0].(string)
	if !ok {
		return nil, false
	}
	r.spend(len(first))
	switch len(arguments) {
	case 1:
		return r.stringMethod1(s, name, first)
	case 2:
		switch second := arguments[1].(type) {
		case string:
			return r.replaced(s, name, first, second)
		case int64:
			return r.searched(s, name, first, second)
		}
	}
	return nil, false
}

func (r *run) stringMethod0(s, name string) (any, bool) {
	switch name {
	case "length":
		return int64(units(s)), true
	case "isEmpty":
		return s == "", true
	case "trim":
		return strings.TrimFunc(s, func(c rune) bool { return c <= ' ' }), true
	case "toLowerCase":
		return r.made(strings.ToLower(s)), true
	case "toUpperCase":
		return r.made(strings.ToUpper(s)), true
	case "hashCode":
		var h int32
		for _, u := range utf16.Encode([]rune(s)) {
			h = 31*h + int32(u)
		}
		return int64(h), true
	}
	return nil, false
}

func (r *run) stringMethod1(s, name, argument string) (any, bool) {
	switch name {
	case "contains":
		return strings.Contains(s, argument), true
	case "startsWith":
		return strings.HasPrefix(s, argument), true
	case "endsWith":
		return strings.HasSuffix(s, argument), true
	case "equalsIgnoreCase":
		return strings.EqualFold(s, argument), true
	case "compareTo":
		return int64(strings.Compare(s, argument)), true
	case "concat":
		if len(s)+len(argument) > MaxOutput {
			r.fail("a string is too long")
		}
		return r.made(s + argument), true
	case "indexOf":
		return unitsBefore(s, strings.Index(s, argument)), true
	case "lastIndexOf":
		return unitsBefore(s, strings.LastIndex(s, argument)), true
	case "matches":
		return r.pattern(s, `\A(?:`+argument+`)\z`).MatchString(s), true
	case "split":
		return r.split(s, argument, 0), true
	}
	return nil, false
}

// searched has the methods of a string and a number.
func (r *run) searched(s, name, argument string, n int64) (any, bool) {
	switch name {
	case "split":
		return r.split(s, argument, n), true
	case "indexOf":
		from := offset(s, int(min(max(n, 0), int64(units(s)))))
		if i := strings.Index(s[from:], argument); i >= 0 {
			return unitsBefore(s, from+i), true
		}
		return int64(-1), true
	case "startsWith":
		return n >= 0 && n <= int64(units(s)) && strings.HasPrefix(s[offset(s, int(n)):], argument), true
	}
	return nil, false
}

// positioned has the methods whose first argument is a position.
func (r *run) positioned(s, name string, from int64, rest []any) (any, bool) {
	size := units(s)
	switch {
	case name == "substring" && len(rest) == 0:
		return r.made(s[offset(s, r.within(from, size)):]), true
	case name == "substring" && len(rest) == 1:
		to, ok := rest[0].(int64)
		if !ok {
			return nil, false
		}
		end := r.within(to, size)
		return r.made(s[offset(s, r.within(from, end)):offset(s, end)]), true
	case name == "charAt" && len(rest) == 0:
		at := r.within(from, size-1)
		return s[offset(s, at):offset(s, at+1)], true
	}
	return nil, false
}

func (r *run) replaced(s, name, from, to string) (any, bool) {
	switch name {
	case "replace":
		if longer := len(to) - len(from); longer > 0 && strings.Count(s, from) > (MaxOutput-min(len(s), MaxOutput))/longer {
			r.fail("a string is too long")
		}
		return r.made(strings.ReplaceAll(s, from, to)), true
	case "replaceAll", "replaceFirst":
		return r.replaceMatches(s, name, from, to), true
	}
	return nil, false
}

// pattern compiles a regular expression and pays for its use on s, which may look
// at each byte once for each instruction of the expression.
// AWS has Java's expressions, which have more: lookaround and back references.
func (r *run) pattern(s, source string) *regexp.Regexp {
	if len(source) > maxPattern {
		r.fail("a regular expression is too long")
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		r.fail("a regular expression is wrong: %v", err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		r.fail("a regular expression is wrong: %v", err)
	}
	r.take(len(program.Inst))
	r.spend(len(s) * len(program.Inst))
	return regexp.MustCompile(source)
}

// replaceMatches replaces by Java's template: $1 is a group of one digit or more
// that exist, ${name} a named one, and a backslash takes the next byte as it is.
func (r *run) replaceMatches(s, name, from, to string) string {
	p := r.pattern(s, from)
	n := -1
	if name == "replaceFirst" {
		n = 1
	}
	return r.capture(func() {
		last := 0
		for _, m := range p.FindAllStringSubmatchIndex(s, n) {
			r.write(s[last:m[0]])
			r.expand(s, to, m)
			last = m[1]
		}
		r.write(s[last:])
	})
}

func (r *run) expand(s, to string, match []int) {
	for i := 0; i < len(to); i++ {
		r.step()
		switch c := to[i]; {
		case c == '\\' && i+1 < len(to):
			i++
			r.write(to[i : i+1])
		case c == '$':
			if i+1 >= len(to) || !isDigit(to[i+1]) {
				r.fail("a replacement names no group")
			}
			i++
			group := int(to[i] - '0')
			if 2*group >= len(match) {
				r.fail("a replacement names no group")
			}
			if match[2*group] >= 0 {
				r.write(s[match[2*group]:match[2*group+1]])
			}
		default:
			r.write(to[i : i+1])
		}
	}
}

// split is Java's: without a limit it drops empty strings at the end.
func (r *run) split(s, pattern string, limit int64) *List {
	n := -1
	if limit > 0 {
		n = int(min(limit, MaxOutput))
	}
	var parts []string
	last := 0
	for _, m := range r.pattern(s, pattern).FindAllStringIndex(s, -1) {
		if n > 0 && len(parts) == n-1 {
			break
		}
		if m[1] == 0 || m[0] == m[1] && m[0] == len(s) {
			continue // an empty match at the beginning or the end splits nothing
		}
		parts = append(parts, s[last:m[0]])
		last = m[1]
	}
	parts = append(parts, s[last:])
	for limit == 0 && len(parts) > 1 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	r.take(len(parts))
	l := &List{items: make([]any, len(parts))}
	for i, p := range parts {
		l.items[i] = p
	}
	return l
}

// units counts UTF-16 code units.
func units(s string) int {
	n := 0
	for _, c := range s {
		n += max(1, utf16.RuneLen(c))
	}
	return n
}

// unitsBefore turns an offset in bytes into one in code units.
func unitsBefore(s string, offset int) int64 {
	if offset < 0 {
		return -1
	}
	return int64(units(s[:offset]))
}

// offset turns a position in code units into one in bytes. One in the middle of a
// surrogate pair is that of the pair.
func offset(s string, at int) int {
	n := 0
	for i, c := range s {
		size := max(1, utf16.RuneLen(c))
		if n+size > at {
			return i
		}
		n += size
	}
	return len(s)
}
