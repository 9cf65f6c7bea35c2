// Package accesslog writes lines in the formats that access logs of APIs are given:
// text with variables such as $context.requestId.
package accesslog

import "strings"

// prefix begins a variable.
const prefix = "$context."

// Format is a format, compiled. It is never changed.
type Format struct {
	texts []string // before each variable, and after the last
	names []string // of the variables, without their prefix
}

// Compile reads a format. Every text is one.
func Compile(format string) *Format {
	f := &Format{}
	text := ""
	for {
		before, after, ok := strings.Cut(format, prefix)
		text += before
		if !ok {
			break
		}
		n := 0
		for n < len(after) && isName(after[n]) {
			n++
		}
		name := strings.TrimRight(after[:n], ".-")
		if format = after[len(name):]; name == "" {
			text += prefix
			continue
		}
		f.texts, f.names, text = append(f.texts, text), append(f.names, name), ""
	}
	f.texts = append(f.texts, text)
	return f
}

func isName(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-' || c == ':'
}

// Has reports whether the format has a variable.
func (f *Format) Has(name string) bool {
	for _, n := range f.names {
		if n == name {
			return true
		}
	}
	return false
}

// Line is the line of a request. A variable that value does not know is a dash.
// AWS: "Set up CloudWatch logging for REST APIs in API Gateway".
func (f *Format) Line(value func(name string) string) string {
	var line strings.Builder
	for i, name := range f.names {
		line.WriteString(f.texts[i])
		if v := value(name); v != "" {
			line.WriteString(v)
		} else {
			line.WriteByte('-')
		}
	}
	line.WriteString(f.texts[len(f.names)])
	return line.String()
}
