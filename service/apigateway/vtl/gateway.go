package vtl

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf16"
)

// Message is what API Gateway's variables speak of: a request on the way to the
// integration, or the integration's response.
type Message struct {
	Body string
	// The request's parameters. nil is none.
	Path, Query, Header *Map
	// Context is $context. Templates set overrides in it.
	Context, StageVariables *Map
}

// Scope returns the variables of a mapping template. It adds to Context the maps
// that a template puts overrides into, responseOverride and requestOverride.
// AWS: "Override your API's request and response parameters and status codes".
func (m Message) Scope() Scope {
	for _, p := range []**Map{&m.Path, &m.Query, &m.Header, &m.Context, &m.StageVariables} {
		if *p == nil {
			*p = &Map{}
		}
	}
	request := []string{"header", "path", "querystring"}
	for name, parts := range map[string][]string{"requestOverride": request, "responseOverride": {"header"}} {
		override := &Map{}
		for _, part := range parts {
			override.Put(part, &Map{})
		}
		if !m.Context.has(name) {
			m.Context.Put(name, override)
		}
	}
	return Scope{
		Variables: map[string]any{
			"input": &input{message: m}, "util": util{}, "context": m.Context, "stageVariables": m.StageVariables,
		},
		// API Gateway writes nothing for what is not there.
		Silent: true,
	}
}

// input is $input.
type input struct {
	message Message
	parsed  bool
	root    any
}

// String implements object.
func (*input) String() string { return "" }

func (in *input) property(_ *run, name string) any {
	if name == "body" {
		return in.message.Body
	}
	return nil
}

// call implements object.
// AWS: "Variables for data transformations for API Gateway", input variables.
func (in *input) call(r *run, name string, arguments []any) (any, bool) {
	path := "$"
	if len(arguments) > 0 {
		path = r.text(arguments[0])
	}
	switch name {
	case "getBody":
		return in.message.Body, true
	case "path":
		return r.jsonPath(in.value(r), path), true
	case "json":
		found := r.jsonPath(in.value(r), path)
		if found == nil && path != "$" {
			return `""`, true // AWS: what is not there is an empty string
		}
		return r.json(found), true
	case "params":
		if len(arguments) == 0 {
			all := &Map{}
			all.Put("path", in.message.Path)
			all.Put("querystring", in.message.Query)
			all.Put("header", in.message.Header)
			return all, true
		}
		for _, m := range []*Map{in.message.Path, in.message.Query, in.message.Header} {
			if m.has(path) {
				return m.Get(path), true
			}
		}
		for _, name := range in.message.Header.Keys() { // what the client wrote is not known: names are canonical
			if strings.EqualFold(name, path) {
				return in.message.Header.Get(name), true
			}
		}
		return "", true
	}
	return nil, false
}

// value is the body as JSON. An empty one is an empty object.
func (in *input) value(r *run) any {
	if in.parsed {
		return in.root
	}
	in.root, in.parsed = &Map{}, true
	if strings.TrimSpace(in.message.Body) != "" {
		v, err := r.parseJSON(in.message.Body)
		if err != nil {
			panic(&RenderError{Reason: fmt.Sprintf("the body is not JSON: %v", err), BadBody: true})
		}
		in.root = v
	}
	return in.root
}

// util is $util.
type util struct{}

// String implements object.
func (util) String() string { return "" }

func (util) property(*run, string) any { return nil }

// call implements object.
// AWS: "Variables for data transformations for API Gateway", util variables.
func (util) call(r *run, name string, arguments []any) (any, bool) {
	if len(arguments) != 1 {
		return nil, false
	}
	if arguments[0] == nil {
		return nil, true
	}
	s := r.text(arguments[0])
	r.spend(len(s))
	switch name {
	case "escapeJavaScript":
		return r.escapeJavaScript(s), true
	case "parseJson":
		v, err := r.parseJSON(s)
		if err != nil {
			r.fail("$util.parseJson: %v", err)
		}
		return v, true
	case "urlEncode":
		// Java's form encoding differs from Go's in two signs.
		return r.made(strings.NewReplacer("~", "%7E", "%2A", "*").Replace(url.QueryEscape(s))), true
	case "urlDecode":
		out, err := url.QueryUnescape(s)
		if err != nil {
			r.fail("$util.urlDecode: %v", err)
		}
		return out, true
	case "base64Encode":
		return r.made(base64.StdEncoding.EncodeToString([]byte(s))), true
	case "base64Decode":
		out, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(s, "="))
		if err != nil {
			r.fail("$util.base64Decode: %v", err)
		}
		return string(out), true
	}
	return nil, false
}

// escapeJavaScript escapes quotes of both kinds, slashes, control characters and
// all that is not ASCII.
func (r *run) escapeJavaScript(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	return r.capture(func() {
		last := 0
		for i, c := range s {
			var as string
			switch {
			case strings.ContainsRune(`'"\/`, c):
				as = `\` + string(c)
			case strings.ContainsRune("\b\n\t\f\r", c):
				as = `\` + string("btn_fr"[c-'\b'])
			case c < ' ' || c > '~' && c != 0x7f:
				for _, u := range utf16.Encode([]rune{c}) {
					as += fmt.Sprintf(`\u%04X`, u)
				}
			default:
				continue
			}
			r.write(s[last:i] + as)
			last = i + len(string(c))
		}
		r.write(s[last:])
	})
}
