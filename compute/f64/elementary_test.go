package f64

import (
	"flag"
	"fmt"
	"math"
	"math/big"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
)

var samples = flag.Int("samples", 4000, "arguments for each elementary function; its documentation gives what a million found")

func TestElementary(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	uniform := func(low, high float64) func() float64 {
		return func() float64 { return low + (high-low)*r.Float64() }
	}
	wide := func() float64 { return math.Float64frombits(r.Uint64N(0x7ff0000000000000)) }
	beside := func() float64 { // a few places from a multiple of π/2
		x := float64(r.IntN(1<<19)+1) * (math.Pi / 2)
		return math.Float64frombits(math.Float64bits(x) + r.Uint64N(8) - 4)
	}
	sin := func(x float64) *big.Float { return bigSin(x, 0) }
	cos := func(x float64) *big.Float { return bigSin(x, 1) }
	exp := func(x float64) *big.Float { return bigExp(exact(x)) }
	f := func(name string, f func(float64) float64, reference func(float64) *big.Float, bound float64, draw func() float64) {
		t.Helper()
		worst, at := 0.0, 0.0
		for range *samples {
			x := draw()
			if u := ulps(f(x), reference(x)); u > worst {
				worst, at = u, x
			}
		}
		t.Logf("%s: %.3f ulp at %x", name, worst, at)
		if !(worst < bound) {
			t.Errorf("%s(%x): error %.3f ulp, want below %v", name, at, worst, bound)
		}
	}
	f("Exp", Exp, exp, 1, uniform(-1, 1))
	f("Exp", Exp, exp, 1, uniform(-745, 709.7))
	f("Log", Log, bigLog, 1, uniform(0.5, 2))
	f("Log", Log, bigLog, 1, wide)
	f("Sin", Sin, sin, 1.6, uniform(-7, 7))
	f("Cos", Cos, cos, 1.6, uniform(-7, 7))
	f("Sin", Sin, sin, 1.6, uniform(-SinMax, SinMax))
	f("Cos", Cos, cos, 1.6, uniform(-SinMax, SinMax))
	f("Sin", Sin, sin, 1.6, beside)
	f("Cos", Cos, cos, 1.6, beside)
}

func TestSpecial(t *testing.T) {
	inf, nan := math.Inf(1), math.NaN()
	f := func(name string, got, want float64) {
		t.Helper()
		if math.Float64bits(got) != math.Float64bits(want) && !(got != got && want != want) {
			t.Errorf("%s = %v, want %v", name, got, want)
		}
	}
	f("Exp(0)", Exp(0), 1)
	f("Exp(+Inf)", Exp(inf), inf)
	f("Exp(-Inf)", Exp(-inf), 0)
	f("Exp(NaN)", Exp(nan), nan)
	f("Exp(709.79)", Exp(709.79), inf)
	f("Exp(709.8)", Exp(709.8), inf)
	f("Exp(-745)", Exp(-745), 0x1p-1074)
	f("Exp(-745.2)", Exp(-745.2), 0)
	f("Log(1)", Log(1), 0)
	f("Log(0)", Log(0), -inf)
	f("Log(-0)", Log(math.Copysign(0, -1)), -inf)
	f("Log(-1)", Log(-1), nan)
	f("Log(+Inf)", Log(inf), inf)
	f("Log(NaN)", Log(nan), nan)
	f("Sin(0)", Sin(0), 0)
	f("Sin(-0)", Sin(math.Copysign(0, -1)), math.Copysign(0, -1))
	f("Sin(+Inf)", Sin(inf), nan)
	f("Sin(2^21)", Sin(1<<21), nan)
	f("Cos(0)", Cos(0), 1)
	f("Cos(NaN)", Cos(nan), nan)
	f("Pow(NaN, 0)", Pow(nan, 0), 1)
	f("Pow(0, 2)", Pow(0, 2), 0)
	f("Pow(0, -1)", Pow(0, -1), inf)
	f("Pow(-1, 2)", Pow(-1, 2), nan)
	f("Pow(1, Inf)", Pow(1, inf), 1)
	f("BoxCox(0, 0.5)", BoxCox(0, 0.5), nan)
	f("BoxCox(4, 1)", BoxCox(4, 1), 3)
	f("BoxCox(e, 0)", BoxCox(0x1.5bf0a8b145769p+1, 0), 1)
	f("InverseBoxCox(-3, 0.5)", InverseBoxCox(-3, 0.5), nan)
}

func TestBoxCoxInverts(t *testing.T) {
	for _, lambda := range []float64{-1, -0.5, 0, 0.25, 0.5, 1, 2} {
		for _, x := range []float64{0.01, 0.5, 1, 3, 1000} {
			if got := InverseBoxCox(BoxCox(x, lambda), lambda); !(math.Abs(got-x) <= 1e-9*x) {
				t.Errorf("InverseBoxCox(BoxCox(%v, %v)) = %v, want %v", x, lambda, got, x)
			}
		}
	}
}

// TestConstants derives every constant once more.
func TestConstants(t *testing.T) {
	f := func(name string, got float64, want *big.Float) {
		t.Helper()
		if w, _ := want.Float64(); got != w {
			t.Errorf("%s = %x, want %x", name, got, w)
		}
	}
	half := zero().Quo(exactPi, exact(2))
	f("log2E", log2E, zero().Quo(exact(1), exactLn2))
	f("ln2Low", ln2Low, zero().Sub(exactLn2, exact(ln2High)))
	f("twoOverPi", twoOverPi, zero().Quo(exact(1), half))
	f("halfPiLow", halfPiLow, zero().Sub(zero().Sub(half, exact(halfPiHigh)), exact(halfPiMiddle)))
	for _, c := range []float64{ln2High, halfPiHigh, halfPiMiddle} {
		if math.Float64bits(c)&(1<<20-1) != 0 {
			t.Errorf("%x: want 20 bits of 0 at the end", c)
		}
	}
	one := exact(1)
	factorial := func(n int64) *big.Float { return zero().SetInt(new(big.Int).MulRange(1, n)) }
	for i, c := range expP {
		f("expP", c, zero().Quo(one, factorial(int64(i+2))))
	}
	for i, c := range logP {
		f("logP", c, zero().Quo(exact(2), exact(float64(2*i+3))))
	}
	for i := range sinP {
		sign := exact(float64(i%2*2 - 1))
		f("sinP", sinP[i], zero().Quo(sign, factorial(int64(2*i+3))))
		f("cosP", cosP[i], zero().Quo(sign.Neg(sign), factorial(int64(2*i+4))))
	}
}

// TestContractNamesConstants finds every constant of the code in the contract's section.
func TestContractNamesConstants(t *testing.T) {
	page, err := os.ReadFile("../CONTRACT.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(page), "DOIN-F64\n")
	if !found {
		t.Fatal("CONTRACT.md has no section DOIN-F64")
	}
	for _, c := range []float64{expMin, expMax, log2E, roundInt, ln2High, ln2Low, halfPiHigh, halfPiMiddle, halfPiLow, twoOverPi} {
		if text := strconv.FormatFloat(c, 'x', -1, 64); !strings.Contains(section, "`"+shortExponent(text)+"`") {
			t.Errorf("CONTRACT.md, DOIN-F64: no %s", shortExponent(text))
		}
	}
	if text := fmt.Sprintf("`%#x`", uint64(logSplit)); !strings.Contains(section, text) {
		t.Errorf("CONTRACT.md, DOIN-F64: no %s", text)
	}
}

// shortExponent writes p+05 as p+5.
func shortExponent(s string) string {
	if i := len(s) - 2; s[i] == '0' {
		return s[:i] + s[i+1:]
	}
	return s
}
