package wire

import (
	"math"
	"time"
	"unsafe"

	"github.com/brume-cloud/brume/front/wire/schema"
)

// cborDecoder fills structures from CBOR.
type cborDecoder struct {
	decoding
	cborParser
}

func (d *cborDecoder) document(p *schema.Plan, at unsafe.Pointer) error {
	if len(d.b) == 0 {
		d.require(p, 0)
		return nil
	}
	h, err := d.cborParser.head()
	if err != nil {
		return err
	}
	if err := d.value(h, p, at); err != nil {
		return err
	}
	if d.pos != len(d.b) {
		return d.bad()
	}
	return nil
}

func (d *cborDecoder) wrongType(p *schema.Plan) error {
	return malformed("Unexpected CBOR type at %s: want %s", pathString(d.path), p.Shape.Kind)
}

func (d *cborDecoder) value(h head, p *schema.Plan, at unsafe.Pointer) error {
	if d.tooDeep() {
		return malformed("The request body is nested too deeply")
	}
	if p.Special != schema.Ordinary { // of services that do not speak CBOR
		return d.wrongType(p)
	}
	switch p.Shape.Kind {
	case schema.Structure:
		return d.structure(h, p, at)
	case schema.List:
		return d.list(h, p, at)
	case schema.Map:
		return d.mapping(h, p, at)
	case schema.String:
		if h.major != cborText {
			return d.wrongType(p)
		}
		b, err := d.bytes(h)
		*(*string)(at) = validText(text(b))
		return err
	case schema.Blob:
		if h.major != cborBytes {
			return d.wrongType(p)
		}
		b, err := d.bytes(h)
		*(*[]byte)(at) = b
		return err
	case schema.Timestamp:
		return d.timestamp(h, p, at)
	case schema.Boolean:
		if h.major != cborSimple || h.info != cborTrue && h.info != cborFalse {
			return d.wrongType(p)
		}
		*(*bool)(at) = h.info == cborTrue
		return nil
	}
	return d.number(h, p, at)
}

func (d *cborDecoder) structure(h head, p *schema.Plan, at unsafe.Pointer) error {
	if h.major != cborMap {
		return d.wrongType(p)
	}
	var seen uint64
	var set members
	hint := 0
	err := d.elements(h, func(int) error {
		name, v, err := d.pair()
		if err != nil {
			return err
		}
		if v.null() {
			return nil
		}
		var f *schema.Field
		if f, hint = p.Field(name, hint); f == nil {
			set.stranger(name)
			return d.skip(v, len(d.path))
		}
		set.known++
		d.enter(f.Name)
		defer d.leave()
		seen |= f.Bit
		return d.value(v, f.Plan, f.Value(at))
	})
	if err != nil {
		return err
	}
	d.require(p, seen)
	return d.oneOf(p, set)
}

// pair reads a map's key and the head of its value.
func (d *cborDecoder) pair() (string, head, error) {
	k, err := d.cborParser.head()
	if err != nil {
		return "", head{}, err
	}
	if k.major != cborText {
		return "", head{}, d.bad()
	}
	name, err := d.bytes(k)
	if err != nil {
		return "", head{}, err
	}
	v, err := d.cborParser.head()
	return text(name), v, err
}

func (d *cborDecoder) list(h head, p *schema.Plan, at unsafe.Pointer) error {
	if h.major != cborArray {
		return d.wrongType(p)
	}
	p.Empty(at)
	return d.elements(h, func(i int) error {
		v, err := d.cborParser.head()
		if err != nil {
			return err
		}
		e := p.Append(at)
		if v.null() {
			if !p.Boxed {
				return malformed("Null is not allowed in a list")
			}
			return nil
		}
		d.element(i + 1)
		defer d.leave()
		return d.value(v, p.Elem, boxed(p, e))
	})
}

func (d *cborDecoder) mapping(h head, p *schema.Plan, at unsafe.Pointer) error {
	if h.major != cborMap {
		return d.wrongType(p)
	}
	m := newMapping(p, at)
	return d.elements(h, func(int) error {
		k, v, err := d.pair()
		if err != nil {
			return err
		}
		if v.null() {
			if !p.Boxed {
				return malformed("Null is not allowed in a map")
			}
			m.setNil(k)
			return nil
		}
		d.enter(k)
		defer d.leave()
		if err := d.value(v, p.Elem, m.slot()); err != nil {
			return err
		}
		m.set(k)
		return nil
	})
}

func (d *cborDecoder) timestamp(h head, p *schema.Plan, at unsafe.Pointer) error {
	if h.major != cborTag || h.arg != tagEpoch {
		return d.wrongType(p)
	}
	n, err := d.cborParser.head()
	if err != nil {
		return err
	}
	f, ok := n.float()
	if i, isInt := n.integer(); isInt {
		f, ok = float64(i), true
	}
	t, err := epoch(f)
	if !ok || err != nil {
		return d.wrongType(p)
	}
	*(*time.Time)(at) = t
	return nil
}

// integer is the value of an item that is an integer and fits an int64.
func (h head) integer() (int64, bool) {
	if h.arg > math.MaxInt64 {
		return 0, false
	}
	switch h.major {
	case cborUint:
		return int64(h.arg), true
	case cborNegative:
		return -1 - int64(h.arg), true
	}
	return 0, false
}

func (d *cborDecoder) number(h head, p *schema.Plan, at unsafe.Pointer) error {
	kind := p.Shape.Kind
	n, isInt := h.integer()
	f, isFloat := h.float()
	switch {
	case kind == schema.Float || kind == schema.Double:
		if isInt {
			f = float64(n)
		} else if !isFloat {
			return d.wrongType(p)
		}
		setFloat(kind, at, f)
		return nil
	case isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<63:
		n = int64(f)
	case !isInt:
		return d.wrongType(p)
	}
	if !setInt(kind, at, n) {
		return malformed("%d is out of range for %s at %s", n, kind, pathString(d.path))
	}
	return nil
}
