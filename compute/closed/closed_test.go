package closed

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/f64"
)

// monthly is 240 rows of trend, a year, and noise that every machine makes alike; all above 0.
func monthly() []float64 {
	y := make([]float64, 240)
	noise := uint64(7)
	for t := range y {
		noise = noise*6364136223846793005 + 1442695040888963407
		y[t] = 10 + float64(0.05*float64(t)) + float64(3*f64.Sin(float64(twoPi*float64(t%12))/12)) + float64(noise>>40)/(1<<23)
	}
	return y
}

// awkward are series that a model may meet: none of them may give anything but numbers.
func awkward() map[string][]float64 {
	of := func(f func(t int) float64) []float64 {
		y := make([]float64, 60)
		for t := range y {
			y[t] = f(t)
		}
		return y
	}
	return map[string][]float64{
		"zeros":        of(func(int) float64 { return 0 }),
		"constant":     of(func(int) float64 { return 3 }),
		"line":         of(func(t int) float64 { return float64(t) }),
		"alternating":  of(func(t int) float64 { return float64(1 - t%2*2) }),
		"exact season": of(func(t int) float64 { return float64(1 + t%4) }),
		"intermittent": of(func(t int) float64 { return float64(max(0, t*7%11-8)) }),
		"spike":        of(func(t int) float64 { return math.Ldexp(1, t/59*60) }),
		"doubling":     of(func(t int) float64 { return math.Ldexp(1, t) }),
		"huge":         of(func(t int) float64 { return 1e300 * float64(1+t*t%7) }),
		"tiny":         of(func(t int) float64 { return 1e-300 * float64(1+t*t%7) }),
		"subnormal":    of(func(t int) float64 { return 0x1p-1070 * float64(1+t*t%7) }),
		"both signs":   of(func(t int) float64 { return float64(t*t%17) - 8 }),
		"minus":        of(func(t int) float64 { return -1e6 - float64(t*t%5) }),
	}
}

func fit(t *testing.T, s Spec, y []float64, periods []int, horizon int) *Model {
	t.Helper()
	m, err := Fit(t.Context(), s, y, periods, horizon)
	if err != nil {
		t.Fatalf("Fit(%v) = %v", s, err)
	}
	return m
}

func walk(m *Model, y []float64, first int) []float64 {
	out := make([]float64, (len(y)-first+1)*m.Horizon())
	m.Walk(y, first, out)
	return out
}

func sameBits(a, b []float64) bool {
	return slices.EqualFunc(a, b, func(x, y float64) bool { return math.Float64bits(x) == math.Float64bits(y) })
}

func TestNaive(t *testing.T) {
	y := []float64{1, 2, 4, 3, 5, 7, 9, 8, 6, 10}
	f := func(s Spec, want ...float64) {
		t.Helper()
		if got := walk(fit(t, s, y, []int{4}, 3), y, len(y)); !slices.Equal(got, want) {
			t.Errorf("%v of %v = %v, want %v", s, y, got, want)
		}
	}
	f(Spec{Kind: Last}, 10, 10, 10)
	f(Spec{Kind: Seasonal, Period: 4}, 9, 8, 6)
	f(Spec{Kind: Drift}, 11, 12, 13)
	f(Spec{Kind: Median}, 5.5, 5.5, 5.5)
	f(Spec{Kind: SeasonalMean, Period: 4}, 10+((9-7.0)+(4-2.0))/2, 10+((8-7.0)+(3-2.0))/2, 10+((6-7.0)+(5-2.0))/2)
}

// TestExact: what follows a model's own law without noise is forecast all but exactly.
func TestExact(t *testing.T) {
	f := func(s Spec, tolerance float64, law func(t int) float64) {
		t.Helper()
		y := make([]float64, 160)
		for i := range y {
			y[i] = law(i)
		}
		for h, got := range walk(fit(t, s, y[:150], []int{12}, 8), y[:152], 152) {
			if want := y[152+h]; !(math.Abs(got-want) <= tolerance*math.Abs(want)) {
				t.Errorf("%v: step %d = %v, want %v", s, h+1, got, want)
			}
		}
	}
	season := func(t int) float64 { return f64.Sin(twoPi * float64(t%12) / 12) }
	line := func(t int) float64 { return 5 + 0.25*float64(t) }
	f(Spec{Kind: Drift}, 1e-12, line)
	f(Spec{Kind: Damped}, 1e-3, line)
	f(Spec{Kind: HoltWinters, Period: 12}, 1e-3, func(t int) float64 { return line(t) + season(t) })
	f(Spec{Kind: HoltWintersMultiplicative, Period: 12}, 1e-2, func(t int) float64 { return line(t) * (2 + season(t)) })
	f(Spec{Kind: HoltWinters, Period: 12, Log: true}, 1e-2, func(t int) float64 { return f64.Exp(0.01*float64(t) + season(t)) })
	f(Spec{Kind: Theta, Period: 12}, 1e-2, func(t int) float64 { return 20 + season(t) })
	f(Spec{Kind: AR}, 1e-3, func(t int) float64 { return 10 + f64.Cos(0.7*float64(t)) }) // a cosine is an AR(2)
	f(Spec{Kind: ARChanges}, 1e-3, func(t int) float64 { return line(t) + f64.Cos(0.7*float64(t)) })
	f(Spec{Kind: Ridge}, 2e-2, func(t int) float64 { return line(t) + season(t) })
	f(Spec{Kind: RidgeLevel}, 2e-2, func(t int) float64 { return 10 + season(t) })
	f(Spec{Kind: Ridge, Log: true}, 2e-2, func(t int) float64 { return f64.Exp(0.01*float64(t) + 0.1*season(t)) })
}

// TestEveryMember holds what the package promises of each: equal forecasts for a series at 2^k times its size, of what is
// known alone, whatever the first origin; and other coefficients for another series.
func TestEveryMember(t *testing.T) {
	y := monthly()
	const rows, first, horizon = 180, 190, 5
	periods := []int{12}
	specs := Specs(y[:rows], periods, horizon)
	if len(specs) != 23 {
		t.Errorf("Specs: %d members, want 23: %v", len(specs), specs)
	}
	for _, s := range specs {
		m := fit(t, s, y[:rows], periods, horizon)
		want := walk(m, y, first)
		for _, k := range []int{-60, -1, 3, 60} {
			scaled := make([]float64, len(y))
			for i, v := range y {
				scaled[i] = math.Ldexp(v, k)
			}
			got := walk(fit(t, s, scaled[:rows], periods, horizon), scaled, first)
			for i := range got {
				got[i] = math.Ldexp(got[i], -k)
			}
			if !sameBits(got, want) {
				t.Errorf("%v: the series by 2^%d has other forecasts", s, k)
			}
		}
		later := slices.Clone(y)
		for i := 200; i < len(later); i++ {
			later[i] = 2 * y[i]
		}
		n := (200 - first + 1) * horizon
		if got := walk(m, later, first); !sameBits(got[:n], want[:n]) {
			t.Errorf("%v: a forecast knows what comes after its origin", s)
		} else if s.Kind != Median && sameBits(got, want) {
			t.Errorf("%v: forecasts do not follow the series", s)
		}
		if got := walk(m, y, 210); !sameBits(got, want[(210-first)*horizon:]) {
			t.Errorf("%v: forecasts depend on the first origin asked for", s)
		}
		if got := walk(m, y[:195], first); !sameBits(got, want[:len(got)]) {
			t.Errorf("%v: forecasts depend on the length of the series", s)
		}
		again := fit(t, s, slices.Clone(y[:rows]), periods, horizon)
		if !sameBits(again.Coefficients(), m.Coefficients()) {
			t.Errorf("%v: fitted twice, other coefficients", s)
		}
	}
}

func TestAwkward(t *testing.T) {
	for name, y := range awkward() {
		for _, periods := range [][]int{nil, {4}, {4, 12}, {1, 0, -3, 1000}} {
			for _, s := range Specs(y[:40], periods, 3) {
				m := fit(t, s, y[:40], periods, 3)
				for i, v := range walk(m, y, 40) {
					if !(math.Abs(v) <= math.MaxFloat64) {
						t.Errorf("%s: %v: forecast %d = %v, want a number", name, s, i, v)
						break
					}
				}
				for i, v := range m.Coefficients() {
					if !(math.Abs(v) <= math.MaxFloat64) {
						t.Errorf("%s: %v: coefficient %d = %v, want a number", name, s, i, v)
					}
				}
			}
		}
	}
}

// TestShort goes through every length, with periods that hardly fit.
func TestShort(t *testing.T) {
	y := monthly()
	for n := 1; n <= 60; n++ {
		for _, horizon := range []int{1, 2, 7, 24} {
			specs := Specs(y[:n], []int{4, 12}, horizon)
			if specs[0] != (Spec{Kind: Last}) {
				t.Fatalf("Specs(%d rows) = %v, want the last value first", n, specs)
			}
			for _, s := range specs {
				m := fit(t, s, y[:n], []int{4, 12}, horizon)
				for i, v := range walk(m, y[:n+2], n) {
					if !(math.Abs(v) < 100) {
						t.Errorf("%v, %d rows, horizon %d: forecast %d = %v", s, n, horizon, i, v)
					}
				}
			}
		}
	}
}

func TestFitRefuses(t *testing.T) {
	y := monthly()
	with := func(v float64) []float64 { return append(slices.Clone(y[:50]), v) }
	f := func(s Spec, y []float64, horizon int) {
		t.Helper()
		if _, err := Fit(t.Context(), s, y, []int{12}, horizon); !errors.Is(err, ErrSeries) {
			t.Errorf("Fit(%v, %d rows, horizon %d) = %v, want ErrSeries", s, len(y), horizon, err)
		}
	}
	f(Spec{}, nil, 1)
	f(Spec{}, y, 0)
	f(Spec{Kind: Ridge}, y[:7], 1)
	f(Spec{Kind: Ridge}, y[:20], 17)
	f(Spec{Kind: HoltWinters, Period: 12}, y[:25], 1)
	f(Spec{Kind: HoltWinters, Period: -1}, y, 1)
	f(Spec{Kind: HoltWinters}, y, 1)
	f(Spec{Kind: Seasonal}, y, 1)
	f(Spec{Kind: Damped}, with(math.NaN()), 1)
	f(Spec{Kind: Damped}, with(math.Inf(-1)), 1)
	f(Spec{Kind: Damped, Log: true}, with(0), 1)
	f(Spec{Kind: 99}, y, 1)
	f(Spec{Kind: -1}, y, 1)
}

func TestFitEnds(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	for _, s := range Specs(monthly(), []int{12}, 2) {
		if s.Kind < Simple {
			continue
		}
		if _, err := Fit(ctx, s, monthly(), []int{12}, 2); !errors.Is(err, context.Canceled) {
			t.Errorf("Fit(%v), cancelled = %v, want context.Canceled", s, err)
		}
	}
}
