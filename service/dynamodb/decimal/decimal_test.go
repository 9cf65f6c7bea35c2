package decimal

import (
	"bytes"
	"cmp"
	"math/big"
	"strings"
	"testing"
)

func mustParse(t *testing.T, s string) Decimal {
	t.Helper()
	d, err := Parse(s)
	if err != nil {
		t.Fatalf("%s: %v", s, err)
	}
	return d
}

func TestNumbersPrintAsDynamoDBPrintsThem(t *testing.T) {
	for in, want := range map[string]string{
		"0": "0", "-0": "0", "0.000": "0", "0E10": "0", "007": "7", "1.50": "1.5", "+3": "3", ".5": "0.5", "5.": "5",
		"1e3": "1000", "1.23E2": "123", "12.3e-3": "0.0123", "-1E-5": "-0.00001", "100": "100",
		"1E125":  "1" + strings.Repeat("0", 125),
		"1E-130": "0." + strings.Repeat("0", 129) + "1",
	} {
		if got := mustParse(t, in).String(); got != want {
			t.Errorf("%s prints as %s, want %s", in, got, want)
		}
	}
}

func TestNumbersOutsideTheRangeAreRefused(t *testing.T) {
	for in, want := range map[string]error{
		"": ErrSyntax, "abc": ErrSyntax, "1e": ErrSyntax, "1.2.3": ErrSyntax, ".": ErrSyntax, "--1": ErrSyntax, "NaN": ErrSyntax, " 1": ErrSyntax, "0x10": ErrSyntax,
		strings.Repeat("1", 39): ErrDigits, "1E126": ErrOverflow, "-1E126": ErrOverflow, "1E-131": ErrUnderflow,
		"1E99999999999": ErrOverflow, "1E-99999999999": ErrUnderflow, "1E9223372036854775808": ErrSyntax, "0E126": ErrOverflow, "0E-131": ErrUnderflow,
	} {
		if _, err := Parse(in); err != want {
			t.Errorf("%q: %v, want %v", in, err, want)
		}
	}
	mustParse(t, strings.Repeat("9", 38)+"E88")
}

func TestKeysOrderAsNumbersDo(t *testing.T) {
	ordered := []string{"-1E125", "-100", "-99.5", "-99", "-12", "-1.23", "-1.2", "-1", "-0.1", "-0.01", "-1E-130", "0", "1E-130", "0.01", "0.1", "0.11", "1", "1.2", "1.23", "9", "10", "12", "99", "100", "101", "1E125"}
	for i, a := range ordered {
		for j, b := range ordered {
			x, y := mustParse(t, a), mustParse(t, b)
			want := cmp.Compare(i, j)
			if got := CompareTexts(x.String(), y.String()); got != want {
				t.Errorf("%s against %s: %d, want %d", a, b, got, want)
			}
			if got := bytes.Compare(x.AppendKey(nil), y.AppendKey(nil)); got != want {
				t.Errorf("the keys of %s and %s: %d, want %d", a, b, got, want)
			}
		}
	}
}

func TestAddition(t *testing.T) {
	for _, c := range [][3]string{
		{"1", "2", "3"}, {"0.1", "0.2", "0.3"}, {"1", "-1", "0"}, {"-5", "3", "-2"}, {"99.99", "0.01", "100"}, {"0", "7", "7"},
		{"1E100", "1", "1E100"}, {strings.Repeat("9", 38), "0.5", "1E38"}, {"1E20", "1E-10", "100000000000000000000.0000000001"},
	} {
		got, err := mustParse(t, c[0]).Add(mustParse(t, c[1]))
		if err != nil || got != mustParse(t, c[2]) {
			t.Errorf("%s + %s = %v (%v), want %s", c[0], c[1], got, err, c[2])
		}
	}
	if _, err := mustParse(t, "9.9E125").Add(mustParse(t, "9.9E125")); err != ErrOverflow {
		t.Errorf("overflow: %v", err)
	}
	if got, err := mustParse(t, "1").Sub(mustParse(t, "3")); err != nil || got.String() != "-2" {
		t.Errorf("1 - 3 = %v (%v)", got, err)
	}
}

func TestWholeNumbers(t *testing.T) {
	for in, want := range map[string]int64{"0": 0, "-12": -12, "1700000000": 1_700_000_000, "1e3": 1000} {
		if got, ok := mustParse(t, in).Int64(); !ok || got != want {
			t.Errorf("%s: %d, %v", in, got, ok)
		}
	}
	for _, in := range []string{"1.5", "1E30"} {
		if _, ok := mustParse(t, in).Int64(); ok {
			t.Errorf("%s is a whole number that fits", in)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("1.5e3", "-2")
	f.Add("1E-130", "9E125")
	f.Fuzz(func(t *testing.T, s, u string) {
		a, err := Parse(s)
		if err != nil {
			return
		}
		if b, err := Parse(a.String()); err != nil || a != b {
			t.Fatalf("%q prints as %s, which reads as %v (%v)", s, a, b, err)
		}
		if IsCanonical(s) && a.String() != s {
			t.Fatalf("%q prints as %s, and yet is canonical", s, a)
		}
		size := (len(a.digits)+1)/2 + 1
		if a.negative {
			size++
		}
		if SizeOf(a.String()) != size {
			t.Fatalf("%s counts for %d, want %d", a, SizeOf(a.String()), size)
		}
		b, err := Parse(u)
		if err != nil {
			return
		}
		x, _ := new(big.Rat).SetString(a.String())
		y, _ := new(big.Rat).SetString(b.String())
		if sum, ok := a.addWhole(b); ok {
			z, _ := new(big.Rat).SetString(sum.String())
			if z.Cmp(new(big.Rat).Add(x, y)) != 0 {
				t.Fatalf("%s + %s = %s", a, b, sum)
			}
		}
		if CompareTexts(a.String(), b.String()) != x.Cmp(y) || bytes.Compare(a.AppendKey(nil), b.AppendKey(nil)) != x.Cmp(y) {
			t.Fatalf("%s against %s", a, b)
		}
	})
}
