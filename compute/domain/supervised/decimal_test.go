package supervised_test

import (
	"fmt"
	"math"
	"testing"

	"doin.network/node/compute/data/number"
	"doin.network/node/compute/domain/supervised"
)

func TestShift(t *testing.T) {
	f := func(v float64, power int, want float64) {
		t.Helper()
		if got := supervised.Shift(v, power); math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("Shift(%v, %d) = %v, want %v", v, power, got, want)
		}
	}
	f(2710349000000, -12, 2.710349)
	f(2710.349, -3, 2.710349)
	f(1.0128818475315546e-10, 10, 1.0128818475315546)
	f(-0.3, 1, -3)
	f(0.3, 0, 0.3)
	f(0, 5, 0)
	f(1e300, 300, math.Inf(1))
	f(1e-300, -300, 0)
	if got := supervised.Shift(math.NaN(), 3); got == got {
		t.Errorf("Shift(NaN) = %v", got)
	}
	for i := range 1000 { // a product would be off by a bit now and then
		v := float64(i*7919%10007) / 1000
		if v > 0 {
			f(parse(t, fmt.Sprintf("%ve9", v)), -9, v)
		}
	}
}

func TestShiftText(t *testing.T) {
	f := func(s string, power int, want float64) {
		t.Helper()
		if got := supervised.ShiftText(s, power); math.Float64bits(got) != math.Float64bits(want) {
			t.Errorf("ShiftText(%q, %d) = %v, want %v", s, power, got, want)
		}
	}
	f("2710349000000.0", -12, 2.710349)
	f("2835203999999.9995", -12, 2.8352039999999995)
	f("2835.2039999999995", -3, 2.8352039999999995)
	f("-1.5E+3", 2, -150000)
	f("+.5", 0, 0.5)
	f("0", 7, 0)
	f("1e-99999999999999999999", -3, 0) // an exponent that is no int
	f("0e99999999999999999999", 3, 0)
}

func parse(t *testing.T, s string) float64 {
	t.Helper()
	v, err := (number.Format{}).Parse(s)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestExponent(t *testing.T) {
	f := func(want int, numbers ...float64) {
		t.Helper()
		if got := supervised.Exponent(numbers); got != want {
			t.Errorf("Exponent(%v) = %d, want %d", numbers, got, want)
		}
	}
	f(0)
	f(0, 0, 0)
	f(0, math.NaN(), 9.99)
	f(3, -1000, 12)
	f(2, 999.9999)
	f(-12, 1e-12)
}
