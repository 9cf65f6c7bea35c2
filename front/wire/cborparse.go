package wire

import (
	"encoding/binary"
	"math"
)

// CBOR major types (RFC 8949, section 3.1).
const (
	cborUint = iota
	cborNegative
	cborBytes
	cborText
	cborArray
	cborMap
	cborTag
	cborSimple
)

// Values of the simple type, and the tags that the protocol uses.
const (
	cborFalse      = 20
	cborTrue       = 21
	cborNull       = 22
	cborUndefined  = 23
	cborHalf       = 25
	cborSingle     = 26
	cborDouble     = 27
	cborBreak      = 31
	cborIndefinite = 31
	tagEpoch       = 1
)

// cborParser reads CBOR items.
type cborParser struct {
	b   []byte
	pos int
}

// head is an item's major type with its argument.
type head struct {
	major      byte
	info       byte // the low five bits, which tell simple values apart
	arg        uint64
	indefinite bool
}

func (p *cborParser) bad() error {
	return malformed("The request body is not valid CBOR at byte %d", p.pos)
}

func (p *cborParser) head() (head, error) {
	if p.pos >= len(p.b) {
		return head{}, p.bad()
	}
	c := p.b[p.pos]
	p.pos++
	h := head{major: c >> 5, info: c & 31}
	switch {
	case h.info < 24:
		h.arg = uint64(h.info)
		return h, nil
	case h.info == cborIndefinite:
		h.indefinite = true
		if h.major == cborUint || h.major == cborNegative || h.major == cborTag {
			return head{}, p.bad()
		}
		return h, nil
	case h.info > 27:
		return head{}, p.bad()
	}
	n := 1 << (h.info - 24)
	if len(p.b)-p.pos < n {
		return head{}, p.bad()
	}
	var buf [8]byte
	copy(buf[8-n:], p.b[p.pos:p.pos+n])
	h.arg = binary.BigEndian.Uint64(buf[:])
	p.pos += n
	if h.major == cborSimple && n == 1 && h.arg < 32 {
		return head{}, p.bad() // RFC 8949, section 3.3: such values have one byte
	}
	return h, nil
}

// atBreak reads the end of an indefinite item, if it comes next.
func (p *cborParser) atBreak() bool {
	if p.pos < len(p.b) && p.b[p.pos] == cborSimple<<5|cborBreak {
		p.pos++
		return true
	}
	return false
}

// elements calls fn for each element of a list, or for each key of a map.
func (p *cborParser) elements(h head, fn func(i int) error) error {
	if h.indefinite {
		for i := 0; !p.atBreak(); i++ {
			if err := fn(i); err != nil {
				return err
			}
		}
		return nil
	}
	if h.arg > uint64(len(p.b)-p.pos) { // each takes a byte at least
		return p.bad()
	}
	for i := range int(h.arg) {
		if err := fn(i); err != nil {
			return err
		}
	}
	return nil
}

// bytes reads the content of a byte or text string with head h. It shares the
// input's memory unless the string comes in chunks.
func (p *cborParser) bytes(h head) ([]byte, error) {
	if !h.indefinite {
		if h.arg > uint64(len(p.b)-p.pos) {
			return nil, p.bad()
		}
		b := p.b[p.pos : p.pos+int(h.arg) : p.pos+int(h.arg)]
		p.pos += int(h.arg)
		return b, nil
	}
	all := []byte{}
	for !p.atBreak() {
		chunk, err := p.head()
		if err != nil {
			return nil, err
		}
		if chunk.major != h.major || chunk.indefinite {
			return nil, p.bad()
		}
		b, err := p.bytes(chunk)
		if err != nil {
			return nil, err
		}
		all = append(all, b...)
	}
	return all, nil
}

// float is the value of a simple item that is a floating-point number.
func (h head) float() (float64, bool) {
	if h.major != cborSimple {
		return 0, false
	}
	switch h.info {
	case cborHalf:
		return halfFloat(uint16(h.arg)), true
	case cborSingle:
		return float64(math.Float32frombits(uint32(h.arg))), true
	case cborDouble:
		return math.Float64frombits(h.arg), true
	}
	return 0, false
}

// halfFloat widens an IEEE 754 half-precision number.
func halfFloat(h uint16) float64 {
	exp, frac := int(h>>10&31), float64(h&0x3ff)
	var f float64
	switch exp {
	case 0:
		f = math.Ldexp(frac, -24)
	case 31:
		f = math.Inf(1)
		if frac != 0 {
			f = math.NaN()
		}
	default:
		f = math.Ldexp(frac+1024, exp-25)
	}
	if h&0x8000 != 0 {
		return -f
	}
	return f
}

func (h head) null() bool {
	return h.major == cborSimple && (h.info == cborNull || h.info == cborUndefined)
}

// skip drops the rest of the item with head h.
func (p *cborParser) skip(h head, depth int) error {
	if depth > maxDepth {
		return malformed("The request body is nested too deeply")
	}
	switch h.major {
	case cborBytes, cborText:
		_, err := p.bytes(h)
		return err
	case cborArray, cborMap:
		return p.elements(h, func(int) error {
			if h.major == cborMap {
				if err := p.skipItem(depth + 1); err != nil {
					return err
				}
			}
			return p.skipItem(depth + 1)
		})
	case cborTag:
		return p.skipItem(depth + 1)
	}
	if h.indefinite {
		return p.bad()
	}
	return nil
}

func (p *cborParser) skipItem(depth int) error {
	h, err := p.head()
	if err != nil {
		return err
	}
	return p.skip(h, depth)
}
