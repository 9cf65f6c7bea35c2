package wire

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// parseForm splits an application/x-www-form-urlencoded text. Unlike
// net/url's it keeps the order and is bounded.
func parseForm(s string) ([]Param, error) { return splitForm(s, false) }

// splitForm stops at the first pair that does not decode, unless lenient.
func splitForm(s string, lenient bool) (params []Param, err error) {
	params = make([]Param, 0, min(strings.Count(s, "&")+1, maxParameters))
	for s != "" {
		var pair string
		pair, s, _ = strings.Cut(s, "&")
		if pair == "" {
			continue
		}
		if len(params) == maxParameters {
			return params, malformed("The request has more than %d parameters", maxParameters)
		}
		k, v, _ := strings.Cut(pair, "=")
		k, err1 := unescapeForm(k)
		v, err2 := unescapeForm(v)
		if err1 != nil || err2 != nil {
			err = malformed("The request is not a valid form: bad percent-encoding in %q", pair[:min(len(pair), 64)])
			if lenient {
				continue
			}
			return nil, err
		}
		params = append(params, Param{k, v})
	}
	return params, err
}

// ParseQuery splits a query string into decoded parameters, in order. Pairs
// that do not decode are left out of what it returns with the error.
func ParseQuery(query string) ([]Param, error) { return splitForm(query, true) }

// FormValues returns the values of the named parameters of a Query request.
func FormValues(req *Request, names ...string) ([]string, error) {
	params, err := formParams(req)
	if err != nil {
		return nil, err
	}
	values := make([]string, len(names))
	for i, name := range names {
		for j := range params {
			if params[j].Name == name { // the first, as the decoder does
				values[i] = params[j].Value
				break
			}
		}
	}
	return values, nil
}

// AddFormDefault adds a parameter to a Query request, unless it is there.
// FormValues must have parsed the request.
func AddFormDefault(req *Request, name, value string) {
	if !slices.ContainsFunc(req.form, func(p Param) bool { return p.Name == name }) {
		req.form = append(req.form, Param{name, value})
	}
}

func unescapeForm(s string) (string, error) {
	if strings.IndexByte(s, '%') < 0 && strings.IndexByte(s, '+') < 0 {
		return s, nil
	}
	return url.QueryUnescape(s)
}

// formDecoder fills structures from the flat names of the Query protocols,
// such as Tags.member.1.Key. The parameters are sorted by their segments, so
// that whatever lies under a prefix is one run of the slice.
type formDecoder struct {
	decoding
	ec2 bool
}

// sortParams orders by segments: the dot comes before every other character.
func sortParams(params []Param) {
	slices.SortStableFunc(params, func(a, b Param) int {
		x, y := a.Name, b.Name
		n := min(len(x), len(y))
		for i := range n {
			if x[i] != y[i] {
				return cmp.Compare(rank(x[i]), rank(y[i]))
			}
		}
		return cmp.Compare(len(x), len(y))
	})
}

func rank(c byte) int {
	if c == '.' {
		return -1
	}
	return int(c)
}

// segment returns the name's segment that begins at pos.
func segment(name string, pos int) string {
	if pos >= len(name) {
		return ""
	}
	rest := name[pos:]
	if i := strings.IndexByte(rest, '.'); i >= 0 {
		return rest[:i]
	}
	return rest
}

// runs yields the runs of params that share the segment at pos.
func runs(params []Param, pos int) func(yield func(string, []Param) bool) {
	return func(yield func(string, []Param) bool) {
		for len(params) > 0 {
			seg := segment(params[0].Name, pos)
			n := 1
			for n < len(params) && segment(params[n].Name, pos) == seg {
				n++
			}
			if seg != "" && !yield(seg, params[:n]) {
				return
			}
			params = params[n:]
		}
	}
}

// value decodes what lies under the first pos bytes of the names: pos is
// behind the dot that follows the value's own name.
func (d *formDecoder) value(f *schema.Field, at unsafe.Pointer, params []Param, pos int) error {
	if d.tooDeep() {
		return malformed("The request is nested too deeply")
	}
	switch f.Kind {
	case schema.Structure:
		return d.structure(f.Plan, at, params, pos)
	case schema.List:
		return d.list(f, at, params, pos)
	case schema.Map:
		return d.mapping(f, at, params, pos)
	}
	if len(params[0].Name) != pos-1 {
		return malformed("Unexpected complex element termination")
	}
	return setText(f, at, params[0].Value, schema.ISO8601)
}

func (d *formDecoder) structure(p *schema.Plan, at unsafe.Pointer, params []Param, pos int) error {
	var seen uint64
	for i := range p.Fields {
		f := &p.Fields[i]
		for seg, run := range runs(params, pos) {
			if !d.named(f, seg) {
				continue
			}
			seen |= f.Bit
			d.enter(f.Name)
			if err := d.value(f, f.Value(at), run, pos+len(seg)+1); err != nil {
				return err
			}
			d.leave()
		}
	}
	d.require(p, seen)
	return nil
}

// named reports whether a form's segment names the field.
func (d *formDecoder) named(f *schema.Field, seg string) bool {
	if d.ec2 {
		switch {
		case f.QueryName != "":
			return seg == f.QueryName
		case f.Wire != "":
			return strings.EqualFold(seg[:1], f.Wire[:1]) && seg[1:] == f.Wire[1:]
		}
		return strings.EqualFold(seg[:1], f.Name[:1]) && seg[1:] == f.Name[1:]
	}
	return f.QueryName != "" && seg == f.QueryName || seg == f.WireName()
}

// list decodes NAME.member.N, NAME.N of flattened lists, and an empty NAME=.
func (d *formDecoder) list(m *schema.Field, at unsafe.Pointer, params []Param, pos int) error {
	p := m.Plan
	p.Empty(at)
	if len(params[0].Name) < pos { // NAME= : an empty list
		params = params[1:]
	}
	if len(params) == 0 {
		return nil
	}
	if !d.ec2 && !m.Flat() {
		wrapper := segment(params[0].Name, pos)
		if _, err := strconv.Atoi(wrapper); err != nil {
			pos += len(wrapper) + 1
		}
	}
	elems, err := numbered(params, pos)
	if err != nil {
		return err
	}
	for i, e := range elems {
		d.element(i + 1)
		if err := d.value(p.Each, boxed(p, p.Append(at)), e.params, pos+e.width+1); err != nil {
			return err
		}
		d.leave()
	}
	return nil
}

// numberedRun is what lies under one number of a list or map.
type numberedRun struct {
	n, width int
	params   []Param
}

func numbered(params []Param, pos int) ([]numberedRun, error) {
	var all []numberedRun
	for seg, run := range runs(params, pos) {
		n, err := strconv.Atoi(seg)
		if err != nil || n < 0 {
			return nil, malformed("Parameter %q: a number is expected at %q", run[0].Name, seg)
		}
		all = append(all, numberedRun{n, len(seg), run})
	}
	slices.SortFunc(all, func(a, b numberedRun) int { return cmp.Compare(a.n, b.n) })
	return all, nil
}

// mapping decodes NAME.entry.N.key and .value, without entry when flattened.
func (d *formDecoder) mapping(m *schema.Field, at unsafe.Pointer, params []Param, pos int) error {
	p := m.Plan
	mm := newMapping(p, at)
	if len(params[0].Name) < pos {
		params = params[1:]
	}
	if len(params) == 0 {
		return nil
	}
	if !m.Flat() {
		pos += len(segment(params[0].Name, pos)) + 1
	}
	key, value := p.Shape.Key.Wire, p.Shape.Elem.Wire
	if key == "" {
		key = "key"
	}
	if value == "" {
		value = "value"
	}
	all, err := numbered(params, pos)
	if err != nil {
		return err
	}
	for _, e := range all {
		k, slot := "", mm.slot()
		for seg, run := range runs(e.params, pos+e.width+1) {
			switch seg {
			case key:
				k = run[0].Value
			case value:
				d.enter(k)
				if err := d.value(p.Each, slot, run, pos+e.width+1+len(seg)+1); err != nil {
					return err
				}
				d.leave()
			}
		}
		mm.set(k)
	}
	return nil
}
