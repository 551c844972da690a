package vec

import (
	"fmt"
	"math"
	"os"
	"strings"
	"testing"
)

// elementary lists the elementary functions with a float64 reference and the worst error that their documentation and
// CONTRACT.md state. The reference's own error, below 2⁻⁵⁰ relative for all of them, is far below the last digit given.
var elementary = []struct {
	name  string
	f     func(float32) float32
	exact func(float64) float64
	// Beyond [low, high] the result is fixed by the clamp at the beginning of the function, or by its symmetry, and a
	// sample is enough.
	low, high float32
	// worst is the largest error over all 2³² inputs, in units of the last place of the exact value. For the
	// derivatives, which have zeros, it is absolute, in units of 2⁻²⁴.
	worst    float64
	at       float32 // where it occurs
	absolute bool
}{
	{name: "Exp", f: Exp, low: expMin, high: expMax, exact: math.Exp, worst: 0.892, at: -0x1.765026p+2},
	{name: "Log", f: Log, low: 0, high: math.MaxFloat32, exact: math.Log, worst: 0.941, at: 0x1.42c0ep-1},
	{name: "Tanh", f: Tanh, low: 0, high: tanhMax, exact: math.Tanh, worst: 1.590, at: 0x1.1ba7bp-1},
	{name: "Sigmoid", f: Sigmoid, low: expMin, high: -expMin, exact: func(x float64) float64 { return gate64(1, x) }, worst: 2.402, at: -0x1.0a111ap+2},
	{name: "SiLU", f: SiLU, low: expMin, high: -expMin, exact: func(x float64) float64 { return gate64(x, x) }, worst: 3.345, at: -0x1.7c16d4p+2},
	{name: "GELU", f: GELU, low: geluMin, high: -geluMin, exact: func(x float64) float64 { return gate64(x, x*(gelu1+gelu3*x*x)) }, worst: 214.937, at: -0x1.4150cp+3},
	{name: "SiLUGrad", f: SiLUGrad, low: expMin, high: -expMin, exact: func(x float64) float64 {
		if math.IsInf(x, 0) {
			return gate64(1, x)
		}
		s := gate64(1, x)
		return s * (1 + x*(1-s))
	}, worst: 2.887, at: 0x1.44755p+1, absolute: true},
	{name: "GELUGrad", f: GELUGrad, low: geluMin, high: -geluMin, exact: func(x float64) float64 {
		if math.Abs(x) > 1e3 {
			return gate64(1, x)
		}
		s := gate64(1, x*(gelu1+gelu3*x*x))
		return s + s*(1-s)*x*(gelu1+3*gelu3*x*x)
	}, worst: 3.434, at: 0x1.7cc0a2p+0, absolute: true},
}

const (
	gelu1 = 2 * 0.79788456080286535588 // 2·√(2/π)
	gelu3 = 0.044715 * gelu1
)

// gate64 is v/(1+e^−z) without overflow.
func gate64(v, z float64) float64 {
	if z >= 0 {
		return v / (1 + math.Exp(-z))
	}
	e := math.Exp(z)
	if e == 0 {
		return math.Copysign(0, v)
	}
	return v * e / (1 + e)
}

// ulpError returns the distance of got from the exact value in units of the last place of a float32 of that size.
// Where the exact value rounds to infinity, infinity has no error.
func ulpError(got float32, exact float64) float64 {
	if math.IsNaN(exact) || math.IsNaN(float64(got)) {
		if math.IsNaN(exact) && got != got {
			return 0
		}
		return math.Inf(1)
	}
	if math.IsInf(float64(got), 0) {
		if float32(exact) == got {
			return 0
		}
		return math.Inf(1)
	}
	if math.IsInf(exact, 0) {
		return math.Inf(1)
	}
	return math.Abs(float64(got)-exact) / ulp(exact)
}

// ulp returns the unit of the last place of a float32 of the size of x, that of the subnormals at least.
func ulp(x float64) float64 {
	exponent := math.Float64bits(x) >> 52 & 0x7ff
	return math.Float64frombits(max(exponent-23, 1023-149) << 52)
}

// TestErrorBounds measures the worst error of each elementary function. By default it samples all 2³² inputs. With
// DOIN_EXHAUSTIVE=1 it also takes every single one that a clamp or a symmetry does not reduce to another, which needs
// several minutes for each function. The bound documented must hold, be reached at the input documented, and stand in
// CONTRACT.md.
func TestErrorBounds(t *testing.T) {
	exhaustive := os.Getenv("DOIN_EXHAUSTIVE") != ""
	page, err := os.ReadFile("../CONTRACT.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range elementary {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			worst, at := 0.0, float32(0)
			measure := func(first, end uint64, stride uint64) {
				for u := first; u < end; u += stride {
					x := math.Float32frombits(uint32(u))
					got, exact := e.f(x), e.exact(float64(x))
					err := ulpError(got, exact)
					if e.absolute && err < math.Inf(1) {
						err *= ulp(exact) * 0x1p24
					}
					if err > worst {
						worst, at = err, x
					}
				}
			}
			measure(0, 1<<32, 4099) // a prime: the low bits vary in every binade
			if exhaustive {
				measure(0, uint64(math.Float32bits(e.high))+1, 1)
				if e.low < 0 {
					measure(signBit, uint64(math.Float32bits(e.low))+1, 1)
				}
			}
			t.Logf("%s: worst error %.4f at %x (%g)", e.name, worst, at, at)
			if worst > e.worst {
				t.Errorf("worst error of %s = %.4f at %x, documented as %v", e.name, worst, at, e.worst)
			}
			worst = 0
			if measure(uint64(math.Float32bits(e.at)), uint64(math.Float32bits(e.at))+1, 1); worst < e.worst-0.002 {
				t.Errorf("error of %s at %x = %.4f, documented as %v", e.name, e.at, worst, e.worst)
			}
			row := fmt.Sprintf("| `%s` | %.3f | `%x` |", e.name, e.worst, e.at)
			if !strings.Contains(string(page), row) {
				t.Errorf("CONTRACT.md has no row %s", row)
			}
		})
	}
}
