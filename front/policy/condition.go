package policy

import (
	"encoding/base64"
	"math"
	"net/netip"
	"strconv"
	"strings"
	"time"
)

// quantifier is a set operator before a condition operator.
type quantifier uint8

const (
	single quantifier = iota
	forAll            // ForAllValues:
	forAny            // ForAnyValue:
)

// family is what a condition operator compares.
type family uint8

const (
	famString family = iota
	famLike
	famNumeric
	famDate
	famBool
	famBinary
	famIP
	famARN
	famNull
)

// operator is a condition operator without its quantifier and suffix.
type operator struct {
	family  family
	negated bool
	fold    bool       // ignores case
	order   comparison // for numbers and dates
}

// comparison is how a number or date must lie to the policy's.
type comparison uint8

const (
	equal comparison = iota
	less
	lessEqual
	greater
	greaterEqual
)

// condition is one key under one operator.
type condition struct {
	operator
	quantifier quantifier
	ifExists   bool
	key        string // in lower case
	operands   []operand
}

// operand is a value of the policy, read as its operator needs it.
type operand struct {
	text   pattern    // strings, booleans, binary (decoded)
	arn    arnPattern // ARNs
	number float64    // numbers, and dates as seconds
	prefix netip.Prefix
}

// parseOperator reads a name such as ForAllValues:StringLikeIfExists.
// AWS: "IAM JSON policy elements: Condition operators".
func parseOperator(name string) (operator, quantifier, bool, bool) {
	var q quantifier
	if rest, ok := strings.CutPrefix(name, "ForAllValues:"); ok {
		q, name = forAll, rest
	} else if rest, ok := strings.CutPrefix(name, "ForAnyValue:"); ok {
		q, name = forAny, rest
	}
	name, ifExists := strings.CutSuffix(name, "IfExists")
	op, ok := baseOperator(name)
	if op.family == famNull && ifExists {
		ok = false
	}
	return op, q, ifExists, ok
}

func baseOperator(name string) (operator, bool) {
	switch name {
	case "StringEquals":
		return operator{family: famString}, true
	case "StringNotEquals":
		return operator{family: famString, negated: true}, true
	case "StringEqualsIgnoreCase":
		return operator{family: famString, fold: true}, true
	case "StringNotEqualsIgnoreCase":
		return operator{family: famString, fold: true, negated: true}, true
	case "StringLike":
		return operator{family: famLike}, true
	case "StringNotLike":
		return operator{family: famLike, negated: true}, true
	case "Bool":
		return operator{family: famBool, fold: true}, true
	case "BinaryEquals":
		return operator{family: famBinary}, true
	case "IpAddress":
		return operator{family: famIP}, true
	case "NotIpAddress":
		return operator{family: famIP, negated: true}, true
	case "ArnEquals", "ArnLike": // AWS: the two behave the same
		return operator{family: famARN}, true
	case "ArnNotEquals", "ArnNotLike":
		return operator{family: famARN, negated: true}, true
	case "Null":
		return operator{family: famNull}, true
	}
	if rest, ok := strings.CutPrefix(name, "Numeric"); ok {
		return ordering(famNumeric, rest)
	}
	if rest, ok := strings.CutPrefix(name, "Date"); ok {
		return ordering(famDate, rest)
	}
	return operator{}, false
}

func ordering(f family, name string) (operator, bool) {
	switch name {
	case "Equals":
		return operator{family: f}, true
	case "NotEquals":
		return operator{family: f, negated: true}, true
	case "LessThan":
		return operator{family: f, order: less}, true
	case "LessThanEquals":
		return operator{family: f, order: lessEqual}, true
	case "GreaterThan":
		return operator{family: f, order: greater}, true
	case "GreaterThanEquals":
		return operator{family: f, order: greaterEqual}, true
	}
	return operator{}, false
}

// operand reads a value of the policy. ok is false where it cannot be one.
func (op operator) operand(s string, variables bool) (o operand, ok bool) {
	switch op.family {
	case famString, famBool, famNull:
		o.text = compile(s, false, variables)
		return o, op.family == famString || o.text.shape == variable || strings.EqualFold(s, "true") || strings.EqualFold(s, "false")
	case famLike:
		o.text = compile(s, true, variables)
		return o, true
	case famBinary:
		raw, err := base64.StdEncoding.DecodeString(s)
		o.text = pattern{text: string(raw)}
		return o, err == nil
	case famARN:
		o.arn = compileARN(s, variables)
		return o, true
	case famNumeric:
		o.number, ok = parseNumber(s)
		return o, ok
	case famDate:
		o.number, ok = parseDate(s)
		return o, ok
	}
	o.prefix, ok = parsePrefix(s)
	return o, ok
}

// holds reports whether the request meets the condition.
// AWS: "Conditions with multiple context keys or values", and "Set operators
// for multivalued context keys".
func (c *condition) holds(e *evaluation) bool {
	values, present := e.lookup(c.key)
	if c.family == famNull {
		absent := !present || values.Len() == 0
		for i := range c.operands {
			if c.operands[i].text.match(e, strconv.FormatBool(absent), true) {
				return true
			}
		}
		return false
	}
	if !present || values.Len() == 0 {
		switch {
		case c.quantifier == forAll, c.ifExists:
			return true
		case c.quantifier == forAny:
			return false
		}
		return c.negated
	}
	switch c.quantifier {
	case forAll: // every value must pass on its own
		for i := range values.Len() {
			if c.fits(e, values.At(i)) == c.negated {
				return false
			}
		}
		return true
	case forAny:
		for i := range values.Len() {
			if c.fits(e, values.At(i)) != c.negated {
				return true
			}
		}
		return false
	}
	for i := range values.Len() { // negated: no value may fit
		if c.fits(e, values.At(i)) {
			return !c.negated
		}
	}
	return c.negated
}

// fits reports whether s matches one of the policy's values, negation aside.
func (c *condition) fits(e *evaluation, s string) bool {
	switch c.family {
	case famARN:
		text := splitARN(s)
		for i := range c.operands {
			if c.operands[i].arn.match(e, &text) {
				return true
			}
		}
		return false
	case famNumeric, famDate:
		return c.fitsNumber(s)
	case famIP:
		addr, err := netip.ParseAddr(s)
		for i := range c.operands {
			if err == nil && c.operands[i].prefix.Contains(addr.Unmap()) {
				return true
			}
		}
		return false
	case famBinary:
		raw, err := base64.StdEncoding.DecodeString(s)
		if err != nil {
			return false
		}
		s = string(raw)
	}
	for i := range c.operands {
		if c.operands[i].text.match(e, s, c.fold) {
			return true
		}
	}
	return false
}

func (c *condition) fitsNumber(s string) bool {
	read := parseNumber
	if c.family == famDate {
		read = parseDate
	}
	n, ok := read(s)
	for i := range c.operands {
		if ok && c.order.holds(n, c.operands[i].number) {
			return true
		}
	}
	return false
}

func (o comparison) holds(got, want float64) bool {
	switch o {
	case less:
		return got < want
	case lessEqual:
		return got <= want
	case greater:
		return got > want
	case greaterEqual:
		return got >= want
	}
	return got == want
}

func parseNumber(s string) (float64, bool) {
	n, err := strconv.ParseFloat(s, 64)
	return n, err == nil && !math.IsNaN(n) && !math.IsInf(n, 0)
}

// parseDate reads a W3C date (of any precision) or seconds since 1970.
func parseDate(s string) (float64, bool) {
	for _, layout := range [...]string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04Z07:00", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return float64(t.UnixMilli()) / 1000, true
		}
	}
	return parseNumber(s)
}

// parsePrefix reads a CIDR block or a single address.
func parsePrefix(s string) (netip.Prefix, bool) {
	if p, err := netip.ParsePrefix(s); err == nil {
		return p.Masked(), true
	}
	a, err := netip.ParseAddr(s)
	if err != nil || a.Zone() != "" {
		return netip.Prefix{}, false
	}
	a = a.Unmap()
	return netip.PrefixFrom(a, a.BitLen()), true
}
