package schema

import (
	"fmt"
	"iter"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The text of a model, as apigen writes it:
//
//	op NAME METHOD URI [key=value…]
//	KIND NAME [key=value… flag…] [pattern=REST OF LINE]
//	.MEMBER SHAPE [key=value… flag…]
//
// Lines that begin with a dot belong to the structure, list or map above them;
// a list's element is .[], a map's key and value are .[key] and .[value].
// Values are percent-encoded where they would hold a space.

const (
	opPrefix     = "op "
	memberPrefix = '.'
)

func (s *Service) index() {
	s.ops, s.lines = map[string]*Operation{}, map[string]string{}
	text := s.Text
	for len(text) > 0 {
		end := blockEnd(text)
		block := text[:end]
		text = text[end:]
		if rest, ok := strings.CutPrefix(block, opPrefix); ok {
			name, _, _ := strings.Cut(rest, " ")
			s.ops[name] = &Operation{Service: s, Name: name, text: strings.TrimSuffix(rest, "\n")}
			continue
		}
		_, rest, _ := strings.Cut(block, " ")
		if i := strings.IndexAny(rest, " \n"); i > 0 {
			s.lines[rest[:i]] = block
		}
	}
}

// blockEnd is the end of the first line and the member lines below it.
func blockEnd(text string) int {
	end := 0
	for {
		n := strings.IndexByte(text[end:], '\n')
		if n < 0 {
			return len(text)
		}
		end += n + 1
		if end == len(text) || text[end] != memberPrefix {
			return end
		}
	}
}

func (op *Operation) parse() {
	s := op.Service
	f := strings.SplitN(op.text, " ", 4)
	op.Method, op.URI, op.Status = f[1], f[2], 200
	if len(f) < 4 {
		return
	}
	for k, v := range attributes(f[3]) {
		switch k {
		case "in":
			op.Input = s.Shape(v)
		case "inname":
			op.InputName = v
		case "inns":
			op.InputXMLNS = v
		case "out":
			op.Output = s.Shape(v)
		case "wrap":
			op.Wrapper = v
		case "errors":
			op.Errors = strings.Split(v, ",")
		case "status":
			op.Status = number(v)
		case "host":
			op.HostPrefix = v
		case "unsigned":
			op.Unsigned = true
		case "unsignedbody":
			op.UnsignedBody = true
		case "unwrapped":
			op.Unwrapped = true
		}
	}
}

// Shape returns the named shape, or nil.
func (s *Service) Shape(name string) *Shape {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.shape(name)
}

func (s *Service) shape(name string) *Shape {
	if sh, ok := s.shapes[name]; ok {
		return sh
	}
	block, ok := s.lines[name]
	if !ok {
		return nil
	}
	lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
	sh := &Shape{Name: name}
	s.shapes[name] = sh // before the members: shapes may be recursive
	payload := sh.parseHead(lines[0])
	for _, line := range lines[1:] {
		m := s.member(line[1:])
		switch m.Name {
		case "[]", "[value]":
			sh.Elem = m
		case "[key]":
			sh.Key = m
		default:
			sh.Members = append(sh.Members, m)
		}
	}
	if i := slices.IndexFunc(sh.Members, func(m Member) bool { return m.Name == payload }); i >= 0 {
		sh.Payload = &sh.Members[i]
	}
	return sh
}

func (sh *Shape) parseHead(line string) (payload string) {
	kind, rest, _ := strings.Cut(line, " ")
	sh.Kind = Kind(slices.Index(kinds[:], kind))
	_, rest, _ = strings.Cut(rest, " ")
	for k, v := range attributes(rest) {
		switch k {
		case "payload":
			payload = v
		case "xml":
			sh.XMLName = v
		case "ns":
			sh.Namespace = namespace(v)
		case "time":
			sh.Time = timeFormat(v)
		case "enum":
			sh.Enum = unescapeAll(strings.Split(v, "|"))
		case "min":
			sh.Min, sh.HasMin = float(v), true
		case "max":
			sh.Max, sh.HasMax = float(v), true
		case "pattern":
			if sh.Pattern, _ = regexp.Compile(v); sh.Pattern != nil { // apigen leaves out what Go cannot compile
				sh.Pattern.Longest() // so that a match of the whole is found where there is one
			}
		case "code":
			sh.Code = v
		case "query":
			sh.QueryCode = v
		case "status":
			sh.Status = number(v)
		default:
			sh.setFlag(k)
		}
	}
	return payload
}

func (sh *Shape) setFlag(name string) {
	switch name {
	case "flat":
		sh.Flattened = true
	case "sparse":
		sh.Sparse = true
	case "wrapper":
		sh.Wrapped = true
	case "stream":
		sh.Streaming = true
	case "events":
		sh.EventStream = true
	case "event":
		sh.Event = true
	case "union":
		sh.Union = true
	case "exception":
		sh.Exception = true
	case "fault":
		sh.Receiver = true
	default:
		panic(fmt.Sprintf("schema: %s: unknown attribute %q: run go generate", sh.Name, name))
	}
}

func (s *Service) member(line string) Member {
	name, rest, _ := strings.Cut(line, " ")
	target, rest, _ := strings.Cut(rest, " ")
	m := Member{Name: name, Shape: s.shape(target)}
	for k, v := range attributes(rest) {
		switch k {
		case "req":
			m.Required = true
		case "in":
			m.Location = location(v)
		case "wire":
			m.Wire = v
		case "query":
			m.QueryName = v
		case "flat":
			m.Flattened = true
		case "attr":
			m.Attribute = true
		case "ns":
			m.Namespace = namespace(v)
		case "time":
			m.Time = timeFormat(v)
		case "stream":
			m.Streaming = true
		case "token":
			m.Token = true
		case "json":
			m.JSON = true
		case "payload":
			m.Payload = true
		case "header":
			m.Header = true
		default:
			panic(fmt.Sprintf("schema: member %s: unknown attribute %q: run go generate", name, k))
		}
	}
	return m
}

// attributes yields the key=value pairs and flags of a line. pattern takes the
// rest of the line.
func attributes(line string) iter.Seq2[string, string] {
	return func(yield func(k, v string) bool) {
		for line != "" {
			var field string
			if rest, ok := strings.CutPrefix(line, "pattern="); ok {
				yield("pattern", rest)
				return
			}
			field, line, _ = strings.Cut(line, " ")
			k, v, _ := strings.Cut(field, "=")
			if !yield(k, v) {
				return
			}
		}
	}
}

func location(v string) Location {
	switch v {
	case "header":
		return InHeader
	case "headers":
		return InHeaders
	case "uri":
		return InURI
	case "querystring":
		return InQuery
	case "statuscode":
		return InStatus
	}
	return InBody
}

func timeFormat(v string) TimeFormat {
	switch v {
	case "iso8601":
		return ISO8601
	case "rfc822":
		return HTTPDate
	case "unixTimestamp":
		return Epoch
	}
	return DefaultTime
}

func namespace(v string) Namespace {
	uri, prefix, _ := strings.Cut(v, "|")
	return Namespace{uri, prefix}
}

func unescapeAll(all []string) []string {
	for i, v := range all {
		if u, err := url.PathUnescape(v); err == nil {
			all[i] = u
		}
	}
	return all
}

func number(v string) int {
	n, _ := strconv.Atoi(v) // apigen wrote it
	return n
}

func float(v string) float64 {
	f, _ := strconv.ParseFloat(v, 64) // apigen wrote it
	return f
}
