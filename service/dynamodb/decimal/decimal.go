// Package decimal is DynamoDB's number: up to 38 significant decimal digits,
// magnitudes from 1E-130 to 9.99…E+125, and zero. It is exact: what is stored is
// what was written, without the zeros that say nothing.
//
// AWS: "Supported data types and naming rules in Amazon DynamoDB", Number.
package decimal

import (
	"errors"
	"strconv"
	"strings"
)

// MaxDigits is how many significant digits a number may have.
const MaxDigits = 38

// Exponents of the smallest and the largest magnitude, as Decimal counts them.
const (
	minExponent = -129 // 0.1E-129 = 1E-130
	maxExponent = 126  // 0.9…E126 = 9.…E125
)

// Errors of Parse and Add, in DynamoDB's words.
var (
	ErrSyntax    = errors.New("The parameter cannot be converted to a numeric value")
	ErrDigits    = errors.New("Attempting to store more than 38 significant digits in a Number")
	ErrOverflow  = errors.New("Number overflow. Attempting to store a number with magnitude larger than supported range")
	ErrUnderflow = errors.New("Number underflow. Attempting to store a number with magnitude smaller than supported range")
)

// Decimal is 0.digits × 10^exponent. Its zero value is zero. Two are equal
// exactly when they are == .
type Decimal struct {
	negative bool
	exponent int
	digits   string // neither begins nor ends with 0; empty for zero
}

// Parse reads a number as DynamoDB takes it: an optional sign, digits with at
// most one point, and an optional exponent.
func Parse(s string) (Decimal, error) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	mantissa, exponent, err := cutExponent(s)
	if err != nil {
		return Decimal{}, err
	}
	whole, fraction, _ := strings.Cut(mantissa, ".")
	if whole == "" && fraction == "" || !allDigits(whole) || !allDigits(fraction) {
		return Decimal{}, ErrSyntax
	}
	d := Decimal{negative, exponent + len(whole), whole + fraction}.normal()
	if d.digits == "" {
		// AWS: a zero is held to the range by the exponent that it is written with.
		switch {
		case exponent >= maxExponent:
			return Decimal{}, ErrOverflow
		case exponent < minExponent-1:
			return Decimal{}, ErrUnderflow
		}
	}
	return d.checked()
}

// cutExponent splits what follows an E off. Exponents that are far out are cut to one
// that is out of the range of numbers. AWS: they must fit into 64 bits.
func cutExponent(s string) (mantissa string, exponent int, err error) {
	i := strings.IndexAny(s, "eE")
	if i < 0 {
		return s, 0, nil
	}
	mantissa, s = s[:i], s[i+1:]
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if s == "" || !allDigits(s) {
		return "", 0, ErrSyntax
	}
	const farOut = 1 << 30
	written, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return "", 0, ErrSyntax
	}
	exponent = int(min(written, farOut))
	if negative {
		exponent = -exponent
	}
	return mantissa, exponent, nil
}

func allDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return true
}

// normal removes zeros at both ends.
func (d Decimal) normal() Decimal {
	trimmed := strings.TrimLeft(d.digits, "0")
	d.exponent -= len(d.digits) - len(trimmed)
	d.digits = strings.TrimRight(trimmed, "0")
	if d.digits == "" {
		return Decimal{}
	}
	return d
}

func (d Decimal) checked() (Decimal, error) {
	switch {
	case d.digits == "":
		return d, nil
	case len(d.digits) > MaxDigits:
		return Decimal{}, ErrDigits
	case d.exponent > maxExponent:
		return Decimal{}, ErrOverflow
	case d.exponent < minExponent:
		return Decimal{}, ErrUnderflow
	}
	return d, nil
}

// String writes d as DynamoDB does: without an exponent.
func (d Decimal) String() string {
	if d.digits == "" {
		return "0"
	}
	sign := ""
	if d.negative {
		sign = "-"
	}
	n := len(d.digits)
	switch {
	case d.exponent <= 0:
		return sign + "0." + strings.Repeat("0", -d.exponent) + d.digits
	case d.exponent >= n:
		return sign + d.digits + strings.Repeat("0", d.exponent-n)
	}
	return sign + d.digits[:d.exponent] + "." + d.digits[d.exponent:]
}

// Int64 returns d as a whole number, and whether it is one that fits.
func (d Decimal) Int64() (int64, bool) {
	const safe = 18 // digits that always fit
	if d.digits == "" {
		return 0, true
	}
	if d.exponent < len(d.digits) || d.exponent > safe {
		return 0, false
	}
	var n int64
	for i := range d.exponent {
		n *= 10
		if i < len(d.digits) {
			n += int64(d.digits[i] - '0')
		}
	}
	if d.negative {
		n = -n
	}
	return n, true
}
