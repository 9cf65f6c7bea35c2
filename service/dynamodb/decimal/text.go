package decimal

import (
	"cmp"
	"strings"
)

// What follows works on numbers as String writes them, without reading them.

// IsCanonical reports whether s is certainly as String would write it. It is
// false for a few numbers that are.
func IsCanonical(s string) bool {
	if s == "0" {
		return true
	}
	whole, fraction, point := strings.Cut(strings.TrimPrefix(s, "-"), ".")
	switch {
	case len(whole)+len(fraction) > MaxDigits, whole == "", !allDigits(whole), !allDigits(fraction):
		return false
	case point:
		return (whole == "0" || whole[0] != '0') && fraction != "" && fraction[len(fraction)-1] != '0'
	}
	return whole[0] != '0'
}

// SizeOf is how many bytes the number that s is counts for in an item: one for
// every two significant digits, one, and one more below zero.
//
// AWS: "DynamoDB item sizes and formats".
func SizeOf(s string) int {
	size := 1
	if strings.HasPrefix(s, "-") {
		s = s[1:]
		size++
	}
	digits := strings.TrimLeft(s, "0.")
	point := strings.IndexByte(digits, '.')
	if n := len(digits); n > 0 && digits[n-1] == '0' {
		digits = strings.TrimRight(digits, "0")
	}
	n := len(digits)
	if point >= 0 {
		n--
	}
	return size + (n+1)/2
}

// CompareTexts returns -1, 0 or +1 as the number that a is is less than, equal to
// or greater than the one that b is.
func CompareTexts(a, b string) int {
	negative := strings.HasPrefix(a, "-")
	switch {
	case negative != strings.HasPrefix(b, "-"):
		if negative {
			return -1
		}
		return 1
	case negative: // the greater magnitude is the smaller number
		a, b = b[1:], a[1:]
	}
	wholeA, fractionA, _ := strings.Cut(a, ".")
	wholeB, fractionB, _ := strings.Cut(b, ".")
	return cmp.Or(cmp.Compare(len(wholeA), len(wholeB)), strings.Compare(wholeA, wholeB), strings.Compare(fractionA, fractionB))
}
