package wire

import (
	"encoding/base64"
	"encoding/json"
	"io"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// restDecoder binds the members that travel outside the body.
type restDecoder struct {
	*decoding
	req *Request
}

// bindings fills the members in labels, query string and headers, and returns
// the bits of the required ones that were there.
func (d *restDecoder) bindings(op *schema.Operation, p *schema.Plan, at unsafe.Pointer) (found uint64, err error) {
	for i := range p.Fields {
		f := &p.Fields[i]
		ok := false
		switch f.Location {
		case schema.InURI:
			ok, err = d.label(op, f, at)
		case schema.InQuery:
			ok, err = d.query(f, at)
		case schema.InHeader:
			ok, err = d.header(f, at)
		case schema.InHeaders:
			ok = d.headers(f, at)
		}
		if err != nil {
			return 0, err
		}
		if ok {
			found |= f.Bit
		}
	}
	return found, nil
}

// reconcile takes the members that the bindings found off the list of those
// that the body's decoder missed.
func (d *restDecoder) reconcile(p *schema.Plan, found uint64) {
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.Bit == 0 || found&f.Bit == 0 {
			continue
		}
		path := lowerInitial(f.Name)
		d.missing = slices.DeleteFunc(d.missing, func(v Violation) bool { return v.Required && v.Path == path })
	}
}

func (d *restDecoder) label(op *schema.Operation, f *schema.Field, at unsafe.Pointer) (bool, error) {
	i := labelIndex(op.URI, f.WireName())
	if i < 0 || i >= len(d.req.Labels) {
		return false, nil
	}
	return true, setText(f, f.Value(at), d.req.Labels[i], schema.ISO8601)
}

// labelIndex is the place of a label among those of a URI template.
func labelIndex(uri, name string) int {
	for i := 0; ; i++ {
		open := strings.IndexByte(uri, '{')
		if open < 0 {
			return -1
		}
		end := strings.IndexByte(uri, '}')
		if strings.TrimSuffix(uri[open+1:end], "+") == name {
			return i
		}
		uri = uri[end+1:]
	}
}

func (d *restDecoder) query(f *schema.Field, at unsafe.Pointer) (bool, error) {
	if f.Kind == schema.Map {
		return true, d.queryMap(f, at)
	}
	var err error
	ok := false
	for _, q := range d.req.Params {
		if q.Name != f.WireName() || err != nil {
			continue
		}
		ok = true
		if f.Kind == schema.List {
			err = setText(f.Plan.Each, f.Plan.Append(f.Value(at)), q.Value, schema.ISO8601)
			continue
		}
		err = setText(f, f.Value(at), q.Value, schema.ISO8601)
	}
	return ok, err
}

// queryMap takes every parameter of the query string.
func (d *restDecoder) queryMap(f *schema.Field, at unsafe.Pointer) error {
	if len(d.req.Params) == 0 {
		return nil
	}
	m := newMapping(f.Plan, f.Value(at))
	many := f.Plan.Elem.Shape.Kind == schema.List
	lists := map[string]unsafe.Pointer{}
	for _, q := range d.req.Params {
		slot := lists[q.Name]
		if slot == nil {
			slot = m.slot()
		}
		target, each := slot, f.Plan.Each
		if many {
			lists[q.Name] = slot
			target, each = each.Plan.Append(slot), each.Plan.Each
		}
		if err := setText(each, target, q.Value, schema.ISO8601); err != nil {
			return err
		}
		if many {
			m.elem = reflect.NewAt(f.Plan.Elem.Type, slot)
		}
		m.set(q.Name)
	}
	return nil
}

func (d *restDecoder) header(f *schema.Field, at unsafe.Pointer) (bool, error) {
	values := d.req.Header[f.HeaderKey]
	if f.HeaderKey == "Host" && len(values) == 0 {
		values = []string{d.req.Host}
	}
	if len(values) == 0 {
		return false, nil
	}
	if f.Kind == schema.List {
		for _, v := range splitHeader(values, f.Plan.Elem.Shape) {
			if err := setText(f.Plan.Each, f.Plan.Append(f.Value(at)), v, schema.HTTPDate); err != nil {
				return false, err
			}
		}
		return true, nil
	}
	v := strings.TrimSpace(strings.Join(values, ","))
	if v == "" && f.Kind != schema.String {
		return false, nil
	}
	if f.JSON {
		b, err := base64.StdEncoding.DecodeString(v)
		if err != nil {
			return false, malformed("The header %s is not valid Base64", f.HeaderKey)
		}
		v = string(b)
	}
	return true, setText(f, f.Value(at), v, schema.HTTPDate)
}

// splitHeader splits a list at its commas. HTTP dates hold one each, and
// quoted strings may hold some.
func splitHeader(values []string, elem *schema.Shape) []string {
	var all []string
	for _, line := range values {
		for line != "" {
			var v string
			v, line = cutHeader(line, elem.Kind == schema.Timestamp && elem.Time != schema.ISO8601 && elem.Time != schema.Epoch)
			all = append(all, v)
		}
	}
	return all
}

func cutHeader(line string, date bool) (value, rest string) {
	line = strings.TrimLeft(line, " \t")
	if strings.HasPrefix(line, `"`) {
		var b strings.Builder
		for i := 1; i < len(line); i++ {
			switch {
			case line[i] == '\\' && i+1 < len(line):
				i++
				b.WriteByte(line[i])
			case line[i] == '"':
				_, rest, _ = strings.Cut(line[i+1:], ",")
				return b.String(), rest
			default:
				b.WriteByte(line[i])
			}
		}
		return b.String(), ""
	}
	i := strings.IndexByte(line, ',')
	if date && i >= 0 {
		if j := strings.IndexByte(line[i+1:], ','); j >= 0 {
			i += 1 + j
		} else {
			i = -1
		}
	}
	if i < 0 {
		return strings.TrimSpace(line), ""
	}
	return strings.TrimSpace(line[:i]), line[i+1:]
}

// headers collects every header with the member's prefix into its map.
func (d *restDecoder) headers(f *schema.Field, at unsafe.Pointer) bool {
	prefix := f.HeaderKey
	var all map[string]string
	for name, values := range d.req.Header {
		if rest, ok := strings.CutPrefix(name, prefix); ok && (rest != "" || prefix == "") {
			if all == nil {
				all = map[string]string{}
			}
			all[strings.ToLower(rest)] = strings.Join(values, ",")
		}
	}
	*(*map[string]string)(f.Value(at)) = all
	return all != nil
}

// payload fills the member that is the whole body.
func (d *restDecoder) payload(body restBody, f *schema.Field, at unsafe.Pointer) error {
	b := d.req.Body
	switch {
	case f.Plan.Type == reflect.TypeFor[io.Reader]():
		r := d.req.Stream
		if r == nil {
			r = strings.NewReader(text(b))
		}
		*(*io.Reader)(unsafe.Add(at, f.Offset)) = r
	case len(b) == 0:
	case f.Kind == schema.Blob:
		*(*[]byte)(f.Value(at)) = b
	case f.Kind == schema.String:
		*(*string)(f.Value(at)) = text(b)
	default:
		d.enter(f.Name)
		defer d.leave()
		return body.decode(d.decoding, f.Plan, f.Value(at), b)
	}
	return nil
}

// encodeHeaders writes the members that travel in headers and the status.
func encodeHeaders(p *schema.Plan, at unsafe.Pointer, res *Response) {
	var room []string // of which each header takes one
	for i := range p.Fields {
		f := &p.Fields[i]
		if f.Location == schema.InBody {
			continue
		}
		v := f.Present(at)
		if v == nil {
			continue
		}
		switch f.Location {
		case schema.InStatus:
			res.Status = statusOf(f, v)
		case schema.InHeaders:
			for k, e := range *(*map[string]string)(v) {
				res.Header[f.Wire+k] = []string{e} // as it is: clients give such names to people
			}
		case schema.InHeader:
			if len(room) == 0 {
				room = make([]string, 8)
			}
			room[0] = headerValue(f, v)
			res.Header[f.HeaderKey], room = room[:1:1], room[1:]
		}
	}
}

func headerValue(f *schema.Field, v unsafe.Pointer) string {
	if f.Kind == schema.List {
		n, data := f.Plan.Len(v)
		parts := make([]string, n)
		for i := range n {
			s := string(appendScalar(nil, f.Plan.Each, f.Plan.At(data, i), schema.HTTPDate))
			if f.Plan.Elem.Shape.Kind == schema.String && strings.ContainsAny(s, `",`) {
				s = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
			}
			parts[i] = s
		}
		return strings.Join(parts, ", ")
	}
	if f.Kind == schema.String && !f.JSON {
		return *(*string)(v)
	}
	var buf [32]byte
	s := string(appendScalar(buf[:0], f, v, schema.HTTPDate))
	if f.JSON {
		s = base64.StdEncoding.EncodeToString([]byte(s))
	}
	return s
}

// encodePayload writes the member that is the whole body.
func (c restCodec) encodePayload(op *schema.Operation, f *schema.Field, at unsafe.Pointer, res *Response) {
	v := f.Present(at)
	if v == nil {
		return
	}
	setType := func(t []string) {
		if res.Header.Get("Content-Type") == "" {
			res.Header["Content-Type"] = t
		}
	}
	switch {
	case f.Plan.Shape.EventStream:
		c.encodeEvents(f, at, res)
	case f.Plan.Type == reflect.TypeFor[io.ReadCloser]():
		setType(octetStream)
		res.Stream = *(*io.ReadCloser)(v)
	case f.Kind == schema.Blob:
		setType(octetStream)
		res.Body = append(res.Body, *(*[]byte)(v)...)
	case f.Kind == schema.String:
		setType(plainText)
		res.Body = append(res.Body, *(*string)(v)...)
	case f.Kind == schema.Document:
		setType(applicationJSON)
		b, _ := json.Marshal(*(*any)(v)) // documents come from decoded JSON
		res.Body = append(res.Body, b...)
	default:
		res.Header["Content-Type"] = c.body.contentType()
		res.Body = c.body.encodePayload(res.Body, op, f, v)
	}
}

var (
	octetStream = []string{"application/octet-stream"}
	plainText   = []string{"text/plain"}
)

// bodyless reports whether a status allows no body.
func bodyless(status int) bool {
	return status == http.StatusNoContent || status == http.StatusNotModified || status < http.StatusOK
}
