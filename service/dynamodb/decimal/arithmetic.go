package decimal

import (
	"math/big"
	"strconv"
	"strings"
)

// Negate returns -d.
func (d Decimal) Negate() Decimal {
	if d.digits != "" {
		d.negative = !d.negative
	}
	return d
}

// Add returns d + e, rounded half up to 38 digits.
func (d Decimal) Add(e Decimal) (Decimal, error) {
	switch {
	case d.digits == "":
		return e, nil
	case e.digits == "":
		return d, nil
	}
	if r, ok := d.addWhole(e); ok {
		return r, nil
	}
	unit := min(d.exponent-len(d.digits), e.exponent-len(e.digits)) // of the last digit
	sum := new(big.Int).Add(d.scaled(unit), e.scaled(unit))
	digits := new(big.Int).Abs(sum).String()
	r := Decimal{sum.Sign() < 0, unit + len(digits), digits}.normal()
	return r.rounded().checked()
}

// addWhole is Add of two whole numbers that fit into a word, such as counters.
func (d Decimal) addWhole(e Decimal) (sum Decimal, ok bool) {
	a, ok := d.Int64()
	if !ok {
		return sum, false
	}
	b, ok := e.Int64()
	if !ok {
		return sum, false
	}
	n := a + b // neither has more than 18 digits
	digits := strconv.FormatInt(max(n, -n), 10)
	return Decimal{n < 0, len(digits), digits}.normal(), true
}

// Sub returns d - e, rounded as Add does.
func (d Decimal) Sub(e Decimal) (Decimal, error) { return d.Add(e.Negate()) }

// scaled returns d in units of 10^unit.
func (d Decimal) scaled(unit int) *big.Int {
	zeros := d.exponent - len(d.digits) - unit
	n, _ := new(big.Int).SetString(d.digits+strings.Repeat("0", zeros), 10)
	if d.negative {
		n.Neg(n)
	}
	return n
}

func (d Decimal) rounded() Decimal {
	if len(d.digits) <= MaxDigits {
		return d
	}
	up := d.digits[MaxDigits] >= '5'
	d.digits = d.digits[:MaxDigits]
	if up {
		n, _ := new(big.Int).SetString(d.digits, 10)
		digits := n.Add(n, big.NewInt(1)).String()
		d.exponent += len(digits) - len(d.digits)
		d.digits = digits
	}
	return d.normal()
}
