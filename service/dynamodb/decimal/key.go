package decimal

// First bytes of a key: negative numbers, zero, positive numbers.
const (
	keyNegative = 0x7F
	keyZero     = 0x80
	keyPositive = 0x81
	keyEnd      = 0xFF // of a negative number: more digits are less
)

// AppendKey appends bytes whose order is the order of numbers: the sign, the
// exponent, then two digits a byte. All but the first are complemented in
// negative numbers.
func (d Decimal) AppendKey(b []byte) []byte {
	if d.digits == "" {
		return append(b, keyZero)
	}
	var flip byte
	if d.negative {
		b, flip = append(b, keyNegative), 0xFF
	} else {
		b = append(b, keyPositive)
	}
	b = append(b, byte(d.exponent-minExponent)^flip)
	for i := 0; i < len(d.digits); i += 2 {
		pair := (d.digits[i] - '0') * 10
		if i+1 < len(d.digits) {
			pair += d.digits[i+1] - '0'
		}
		b = append(b, (pair+1)^flip)
	}
	if d.negative {
		b = append(b, keyEnd)
	}
	return b
}
