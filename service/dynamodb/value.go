package dynamodb

import (
	"bytes"
	"errors"
	"slices"
	"strings"

	"github.com/brume-cloud/brume/api/dynamodb"
	"github.com/brume-cloud/brume/service/dynamodb/decimal"
)

// value is an attribute's value. One that passed check has exactly one member
// set, and numbers in the form in which DynamoDB prints them.
type value = dynamodb.AttributeValue

// item is an item, or a part of one such as its key.
type item = map[string]value

// Names of the types, as in attribute_type.
const (
	typeString    = "S"
	typeNumber    = "N"
	typeBinary    = "B"
	typeStringSet = "SS"
	typeNumberSet = "NS"
	typeBinarySet = "BS"
	typeMap       = "M"
	typeList      = "L"
	typeNull      = "NULL"
	typeBool      = "BOOL"
)

// types returns the type of v, and how many members are set.
func types(v *value) (name string, n int) {
	for _, m := range [...]struct {
		set  bool
		name string
	}{
		{v.S != nil, typeString}, {v.N != nil, typeNumber}, {v.B != nil, typeBinary},
		{v.SS != nil, typeStringSet}, {v.NS != nil, typeNumberSet}, {v.BS != nil, typeBinarySet},
		{v.M != nil, typeMap}, {v.L != nil, typeList}, {v.NULL != nil, typeNull}, {v.BOOL != nil, typeBool},
	} {
		if m.set {
			name = m.name
			n++
		}
	}
	return name, n
}

func typeOf(v *value) string {
	name, _ := types(v)
	return name
}

// checkItem checks and normalises every value of it.
func checkItem(it item) error {
	for name, v := range it {
		if len(name) > maxName {
			return invalidParameter("Attribute name is too large, must be less than %d bytes", maxName+1)
		}
		if err := checkIn(it, name, v, 0); err != nil {
			return err
		}
	}
	return nil
}

// checkIn checks one value of a map, and puts it back when it was normalised.
func checkIn(m item, name string, v value, depth int) error {
	before := v.N
	if err := check(&v, depth); err != nil {
		return err
	}
	if v.N != before {
		m[name] = v
	}
	return nil
}

// check checks a value and normalises its numbers, in place.
func check(v *value, depth int) error {
	if depth > maxNesting {
		return invalid("Nesting Levels have exceeded supported limits: Attributes can have a maximum of %d levels", maxNesting)
	}
	_, n := types(v)
	switch {
	case n == 0:
		return invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case n > 1:
		return invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case v.N != nil:
		return checkNumber(&v.N)
	case v.NULL != nil && !*v.NULL:
		return invalidParameter("Null attribute value types must have the value of true")
	case v.M != nil:
		for name, e := range v.M {
			if err := checkIn(v.M, name, e, depth+1); err != nil {
				return err
			}
		}
	case v.L != nil:
		for i := range v.L {
			if err := check(&v.L[i], depth+1); err != nil {
				return err
			}
		}
	}
	return checkSet(v)
}

func checkNumber(n **string) error {
	d, err := parseNumber(**n)
	if err != nil {
		return err
	}
	if s := d.String(); s != **n {
		*n = &s
	}
	return nil
}

// parseNumber reads a number that somebody sent.
func parseNumber(s string) (decimal.Decimal, error) {
	d, err := decimal.Parse(s)
	switch {
	case err == nil:
		return d, nil
	case errors.Is(err, decimal.ErrSyntax) && s != "":
		return d, invalid("%s: %s", err, s)
	}
	return d, invalid("%s", err)
}

// number reads a number that was checked before.
func number(s string) decimal.Decimal {
	d, _ := decimal.Parse(s)
	return d
}

func checkSet(v *value) error {
	switch {
	case v.SS != nil:
		return distinct(v.SS, "An string set  may not be empty")
	case v.NS != nil:
		for i := range v.NS {
			d, err := parseNumber(v.NS[i])
			if err != nil {
				return err
			}
			v.NS[i] = d.String()
		}
		return distinct(v.NS, "An number set  may not be empty")
	case v.BS != nil:
		texts := make([]string, len(v.BS))
		for i, b := range v.BS {
			texts[i] = string(b)
		}
		return distinct(texts, "Binary sets should not be empty")
	}
	return nil
}

// distinct refuses a set that is empty or has an element twice.
func distinct(set []string, empty string) error {
	if len(set) == 0 {
		return invalidParameter("%s", empty)
	}
	seen := make(map[string]bool, len(set))
	for _, s := range set {
		if seen[s] {
			return invalidParameter("Input collection [%s] contains duplicates.", strings.Join(set, ", "))
		}
		seen[s] = true
	}
	return nil
}

// sizeOf is what a value counts for, in bytes.
//
// AWS: "DynamoDB item sizes and formats".
func sizeOf(v *value) int {
	const collection = 3 // lists and maps, and 1 for each element
	n := 0
	switch {
	case v.S != nil:
		n = len(*v.S)
	case v.N != nil:
		n = number(*v.N).Size()
	case v.B != nil:
		n = len(v.B)
	case v.SS != nil:
		for _, s := range v.SS {
			n += len(s)
		}
	case v.NS != nil:
		for _, s := range v.NS {
			n += number(s).Size()
		}
	case v.BS != nil:
		for _, b := range v.BS {
			n += len(b)
		}
	case v.M != nil:
		n = collection + len(v.M) + itemSize(v.M)
	case v.L != nil:
		n = collection + len(v.L)
		for i := range v.L {
			n += sizeOf(&v.L[i])
		}
	default:
		n = 1
	}
	return n
}

// itemSize is what an item counts for, in bytes.
func itemSize(it item) int {
	n := 0
	for name, v := range it {
		n += len(name) + sizeOf(&v)
	}
	return n
}

// equal reports whether two values are the same. Sets have no order.
func equal(a, b *value) bool {
	t := typeOf(a)
	if t != typeOf(b) {
		return false
	}
	switch t {
	case typeString:
		return *a.S == *b.S
	case typeNumber:
		return *a.N == *b.N
	case typeBinary:
		return bytes.Equal(a.B, b.B)
	case typeBool:
		return *a.BOOL == *b.BOOL
	case typeStringSet:
		return sameSet(a.SS, b.SS)
	case typeNumberSet:
		return sameSet(a.NS, b.NS)
	case typeBinarySet:
		return len(a.BS) == len(b.BS) && !slices.ContainsFunc(a.BS, func(e []byte) bool { return !hasBinary(b.BS, e) })
	case typeList:
		return slices.EqualFunc(a.L, b.L, func(x, y value) bool { return equal(&x, &y) })
	case typeMap:
		return equalItems(a.M, b.M)
	}
	return true // NULL
}

func equalItems(a, b item) bool {
	if len(a) != len(b) {
		return false
	}
	for name, x := range a {
		if y, ok := b[name]; !ok || !equal(&x, &y) {
			return false
		}
	}
	return true
}

func sameSet(a, b []string) bool {
	return len(a) == len(b) && !slices.ContainsFunc(a, func(e string) bool { return !slices.Contains(b, e) })
}

func hasBinary(set [][]byte, e []byte) bool {
	return slices.ContainsFunc(set, func(b []byte) bool { return bytes.Equal(b, e) })
}

// compare orders two strings, numbers or binaries. Others, and two of different
// types, have no order.
func compare(a, b *value) (c int, ordered bool) {
	switch {
	case a.S != nil && b.S != nil:
		return strings.Compare(*a.S, *b.S), true
	case a.N != nil && b.N != nil:
		return number(*a.N).Compare(number(*b.N)), true
	case a.B != nil && b.B != nil:
		return bytes.Compare(a.B, b.B), true
	}
	return 0, false
}
