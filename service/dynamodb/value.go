package dynamodb

import (
	"encoding/base64"
	"errors"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/brume-cloud/brume/front/wire/attribute"
	"github.com/brume-cloud/brume/service/dynamodb/decimal"
)

// value is an attribute's value. One that passed check has numbers in the form
// in which DynamoDB prints them.
type value = attribute.Value

// item is an item, or a part of one such as its key; empty when there is none.
type item = attribute.Map

// checkedItem checks every value of an item, and returns it normalised.
func checkedItem(it item) (item, error) {
	canonical := true
	for name, v := range it.All() {
		if name == "" {
			return "", invalid("Empty attribute name")
		}
		if len(name) > maxName {
			return "", invalidParameter("Attribute name is too large, must be less than %d bytes", maxName+1)
		}
		same, err := check(v, 0)
		if err != nil {
			return "", err
		}
		canonical = canonical && same
	}
	if canonical {
		return it, nil
	}
	return normal(attribute.Within(it)).Map(), nil
}

// checked checks a value, and returns it normalised.
func checked(v value) (value, error) {
	canonical, err := check(v, 0)
	if err != nil || canonical {
		return v, err
	}
	return normal(v), nil
}

const tooDeep = "Nesting Levels have exceeded supported limits: Attributes in the item have nested levels beyond supported limit"

// check checks a value. It is not canonical when a number in it is written in
// another way than DynamoDB writes it.
func check(v value, depth int) (canonical bool, err error) {
	if depth >= maxNesting {
		return false, invalid(tooDeep)
	}
	switch {
	case v == "" || v == attribute.Nothing:
		return false, invalid("Supplied AttributeValue is empty, must contain exactly one of the supported datatypes")
	case v == attribute.TooMany:
		return false, invalid("Supplied AttributeValue has more than one datatypes set, must contain exactly one of the supported datatypes")
	case v == attribute.NotNull:
		return false, invalidParameter("Null attribute value types must have the value of true")
	}
	canonical = true
	switch v.Type() {
	case attribute.N:
		return checkNumber(v.Text())
	case attribute.M:
		for _, e := range v.Map().All() {
			same, err := check(e, depth+1)
			if err != nil {
				return false, err
			}
			canonical = canonical && same
		}
	case attribute.L:
		for _, e := range v.Elements() {
			same, err := check(e, depth+1)
			if err != nil {
				return false, err
			}
			canonical = canonical && same
		}
	case attribute.SS, attribute.NS, attribute.BS:
		return checkSet(v)
	}
	return canonical, nil
}

func checkNumber(s string) (canonical bool, err error) {
	if decimal.IsCanonical(s) {
		return true, nil
	}
	d, err := parseNumber(s)
	return err == nil && d.String() == s, err
}

// parseNumber reads a number that somebody sent.
func parseNumber(s string) (decimal.Decimal, error) {
	d, err := decimal.Parse(s)
	switch {
	case err == nil:
		return d, nil
	case errors.Is(err, decimal.ErrSyntax):
		e := &badValue{now: err.Error() + ": " + s}
		if e.old = e.now; s == "" {
			e.old = err.Error()
		}
		return d, e
	}
	return d, &badValue{err.Error(), olderNumber(s, err)}
}

// olderNumber is what the older checks say of a number. They count in 32 bits: what
// they cannot is no number to them, and what is large enough is too small.
func olderNumber(s string, err error) string {
	i := strings.LastIndexAny(s, "eE")
	if i < 0 {
		return err.Error()
	}
	exponent, none := strconv.ParseInt(s[i+1:], 10, 32)
	whole, fraction, _ := strings.Cut(strings.TrimLeft(s[:i], "+-"), ".")
	scale := int64(len(fraction)) - exponent
	switch {
	case none != nil || scale > math.MaxInt32:
		return decimal.ErrSyntax.Error() + ": " + s
	case int64(len(whole)+len(fraction))-scale > math.MaxInt32:
		return decimal.ErrUnderflow.Error()
	}
	return err.Error()
}

// number reads a number that was checked before.
func number(s string) decimal.Decimal {
	d, _ := decimal.Parse(s)
	return d
}

func checkSet(v value) (canonical bool, err error) {
	canonical = true
	set := v.Set()
	switch v.Type() {
	case attribute.SS:
		return true, distinct(attribute.SS, set, "An string set  may not be empty")
	case attribute.BS:
		return true, distinct(attribute.BS, set, "Binary sets should not be empty")
	}
	for i, s := range set {
		d, err := parseNumber(s)
		if err != nil {
			return false, err
		}
		set[i] = d.String()
		canonical = canonical && set[i] == s
	}
	return canonical, distinct(attribute.NS, set, "An number set  may not be empty")
}

// distinct refuses a set that is empty or has an element twice.
const fewValues = 16 // of a set, which are compared with each other without sorting them

func distinct(kind string, set []string, empty string) error {
	if len(set) == 0 {
		return invalidParameter("%s", empty)
	}
	if len(set) <= fewValues {
		for i, v := range set {
			if slices.Contains(set[:i], v) {
				return twice(kind, set)
			}
		}
		return nil
	}
	ordered := slices.Sorted(slices.Values(set))
	for i := 1; i < len(ordered); i++ {
		if ordered[i] == ordered[i-1] {
			return twice(kind, set)
		}
	}
	return nil
}

// twice is the error for a set with an element twice. AWS: the newer words list what
// was read before the element came again in order, then that, then the rest.
func twice(kind string, set []string) error {
	const before = "One or more parameter values were invalid: "
	if kind == attribute.NS {
		return &badValue{before + "Input collection contains duplicates.", "Input collection contains duplicates"}
	}
	again := 1
	for !slices.Contains(set[:again], set[again]) {
		again++
	}
	listed := append(slices.Sorted(slices.Values(set[:again])), set[again:]...)
	if kind == attribute.SS {
		return &badValue{before + `Input collection ["` + strings.Join(listed, `", "`) + `"] contains duplicates.`, before + "Input collection [" + strings.Join(set, ", ") + "] contains duplicates."}
	}
	text := func(all []string, between string) string {
		var out []string
		for _, b := range all {
			out = append(out, base64.StdEncoding.EncodeToString([]byte(b)))
		}
		return strings.Join(out, between)
	}
	return &badValue{
		before + `Input collection ["` + text(listed, `","`) + `"]of type BS contains duplicates.`, before + "Input collection [" + text(set, ", ") + "]of type BS contains duplicates.",
	}
}

// normal is a value that was checked, with its numbers as DynamoDB writes them.
func normal(v value) value {
	switch v.Type() {
	case attribute.NULL:
		return attribute.Null()
	case attribute.N:
		return attribute.Number(number(v.Text()).String())
	case attribute.NS:
		set := v.Set()
		for i, s := range set {
			set[i] = number(s).String()
		}
		return attribute.Set(attribute.NS, set)
	case attribute.L:
		list := v.List()
		for i, e := range list {
			list[i] = normal(e)
		}
		return attribute.List(list)
	case attribute.M:
		fields := v.Map().Fields()
		for name, e := range fields {
			fields[name] = normal(e)
		}
		return attribute.Within(attribute.Make(fields))
	}
	return v
}

// sizeOf is what a value counts for, in bytes.
//
// AWS: "DynamoDB item sizes and formats".
func sizeOf(v value) int {
	const collection = 3 // lists and maps, and 1 for each element
	n := 0
	switch v.Type() {
	case attribute.S, attribute.B:
		return len(v.Text())
	case attribute.N:
		return decimal.SizeOf(v.Text())
	case attribute.SS, attribute.BS:
		for s := range v.Texts() {
			n += len(s)
		}
	case attribute.NS:
		for s := range v.Texts() {
			n += decimal.SizeOf(s)
		}
	case attribute.M:
		n = collection + v.Len() + itemSize(v.Map())
	case attribute.L:
		n = collection + v.Len()
		for _, e := range v.Elements() {
			n += sizeOf(e)
		}
	default:
		n = 1
	}
	return n
}

// itemSize is what an item counts for, in bytes.
func itemSize(it item) int {
	n := 0
	for name, v := range it.All() {
		n += len(name) + sizeOf(v)
	}
	return n
}

// equal reports whether two values are the same. Sets have no order.
func equal(a, b value) bool {
	if a == b {
		return true
	}
	if a.Type() != b.Type() || a.Len() != b.Len() {
		return false
	}
	switch a.Type() {
	case attribute.SS, attribute.NS, attribute.BS:
		return slices.Equal(slices.Sorted(a.Texts()), slices.Sorted(b.Texts()))
	case attribute.L:
		return slices.EqualFunc(a.List(), b.List(), equal)
	case attribute.M:
		return equalItems(a.Map(), b.Map())
	}
	return false
}

func equalItems(a, b item) bool {
	if a == b {
		return true
	}
	if a.Len() != b.Len() {
		return false
	}
	for name, x := range a.All() {
		if y, ok := b.Get(name); !ok || !equal(x, y) {
			return false
		}
	}
	return true
}

// compare orders two strings, numbers or binaries. Others, and two of different
// types, have no order.
func compare(a, b value) (c int, ordered bool) {
	switch t := a.Type(); {
	case t != b.Type():
		return 0, false
	case t == attribute.S, t == attribute.B:
		return strings.Compare(a.Text(), b.Text()), true
	case t == attribute.N:
		return decimal.CompareTexts(a.Text(), b.Text()), true
	}
	return 0, false
}

// deep reports whether a value is nested more than is allowed.
func deep(v value, depth int) bool {
	if depth >= maxNesting {
		return true
	}
	for _, e := range v.Map().All() {
		if deep(e, depth+1) {
			return true
		}
	}
	for _, e := range v.Elements() {
		if deep(e, depth+1) {
			return true
		}
	}
	return false
}
