package vec

import (
	"math"
	"testing"
)

var (
	inf32   = float32(math.Inf(1))
	nan32   = float32(math.NaN())
	negZero = float32(math.Copysign(0, -1))
)

// TestSpecialValues checks what the doc comments promise for NaN, ±Inf, ±0 and the ends of the ranges.
func TestSpecialValues(t *testing.T) {
	tests := []struct {
		name    string
		f       func(float32) float32
		x, want float32
	}{
		{"Exp", Exp, nan32, nan32}, {"Exp", Exp, inf32, inf32}, {"Exp", Exp, -inf32, 0},
		{"Exp", Exp, 0, 1}, {"Exp", Exp, negZero, 1}, {"Exp", Exp, 89, inf32}, {"Exp", Exp, -104, 0},
		{"Exp", Exp, -103, 0x1p-149}, {"Exp", Exp, math.MaxFloat32, inf32}, {"Exp", Exp, 0x1p-149, 1},
		{"Log", Log, nan32, nan32}, {"Log", Log, inf32, inf32}, {"Log", Log, -inf32, nan32}, {"Log", Log, -1, nan32},
		{"Log", Log, 0, -inf32}, {"Log", Log, negZero, -inf32}, {"Log", Log, 1, 0}, {"Log", Log, 0x1p-149, -0x1.9d1dap+06},
		{"Tanh", Tanh, nan32, nan32}, {"Tanh", Tanh, inf32, 1}, {"Tanh", Tanh, -inf32, -1}, {"Tanh", Tanh, 0, 0},
		{"Tanh", Tanh, negZero, negZero}, {"Tanh", Tanh, 0x1p-149, 0x1p-149}, {"Tanh", Tanh, -20, -1},
		{"Sigmoid", Sigmoid, nan32, nan32}, {"Sigmoid", Sigmoid, inf32, 1}, {"Sigmoid", Sigmoid, -inf32, 0},
		{"Sigmoid", Sigmoid, 0, 0.5}, {"Sigmoid", Sigmoid, negZero, 0.5},
		{"SiLU", SiLU, nan32, nan32}, {"SiLU", SiLU, inf32, inf32}, {"SiLU", SiLU, -inf32, negZero}, {"SiLU", SiLU, negZero, negZero},
		{"GELU", GELU, nan32, nan32}, {"GELU", GELU, inf32, inf32}, {"GELU", GELU, -inf32, negZero}, {"GELU", GELU, negZero, negZero},
		{"SiLUGrad", SiLUGrad, nan32, nan32}, {"SiLUGrad", SiLUGrad, inf32, 1}, {"SiLUGrad", SiLUGrad, -inf32, 0}, {"SiLUGrad", SiLUGrad, 0, 0.5},
		{"GELUGrad", GELUGrad, nan32, nan32}, {"GELUGrad", GELUGrad, inf32, 1}, {"GELUGrad", GELUGrad, -inf32, 0}, {"GELUGrad", GELUGrad, 0, 0.5},
		{"ReLU", ReLU, nan32, 0}, {"ReLU", ReLU, negZero, 0}, {"ReLU", ReLU, inf32, inf32}, {"ReLU", ReLU, -inf32, 0}, {"ReLU", ReLU, 2, 2},
		{"Sqrt", Sqrt, -1, nan32}, {"Sqrt", Sqrt, negZero, negZero}, {"Sqrt", Sqrt, 0x1p-148, 0x1p-74}, {"Sqrt", Sqrt, inf32, inf32},
	}
	for _, tt := range tests {
		got := tt.f(tt.x)
		if tt.want == 0 && got == 0 && (tt.name == "SiLUGrad" || tt.name == "GELUGrad") {
			continue // the sign of a derivative that vanished is not promised
		}
		if !sameFloat(got, tt.want) {
			t.Errorf("%s(%x) = %x, want %x", tt.name, tt.x, got, tt.want)
		}
	}
}

// TestMonotone checks on neighbouring inputs that the pieces of the functions join: none may step back by more than
// one unit in the last place where its exact function rises.
func TestMonotone(t *testing.T) {
	for _, e := range elementary[:4] {
		for _, start := range []float32{-20, -1, -tanhSplit, -0.35, 0.3, 0.34, tanhSplit, 2. / 3, 1, 4. / 3, 9, 20} {
			if e.name == "Log" && start < 0 {
				continue
			}
			x := start
			if x > 0 { // begin below the point named
				x = math.Float32frombits(math.Float32bits(x) - 500)
			}
			previous := e.f(x)
			for range 1000 {
				x = math.Nextafter32(x, inf32)
				y := e.f(x)
				if y < math.Nextafter32(math.Nextafter32(previous, -inf32), -inf32) {
					t.Errorf("%s(%x) = %x after %x", e.name, x, y, previous)
				}
				previous = y
			}
		}
	}
}

// TestSlopes checks the derivatives that are taken from a function's value against differences of the exact function.
func TestSlopes(t *testing.T) {
	for x := float32(-6); x <= 6; x += 0x1p-5 {
		th, s := math.Tanh(float64(x)), gate64(1, float64(x))
		if got, want := float64(TanhGrad(Tanh(x))), 1-th*th; math.Abs(got-want) > 4e-7 {
			t.Errorf("TanhGrad at %g = %g, want %g", x, got, want)
		}
		if got, want := float64(SigmoidGrad(Sigmoid(x))), s*(1-s); math.Abs(got-want) > 2e-7 {
			t.Errorf("SigmoidGrad at %g = %g, want %g", x, got, want)
		}
	}
}

func BenchmarkElementary(b *testing.B) {
	for _, e := range elementary {
		b.Run(e.name, func(b *testing.B) {
			x, sum := float32(0.25), float32(0)
			for b.Loop() {
				sum += e.f(x)
			}
			if sum == 0 {
				b.Fatal("unexpected")
			}
		})
	}
}
