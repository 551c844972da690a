package closed

import (
	"math"
	"testing"
)

// naiveARIMA forecasts one step at a time by the equation of the type's doc, every term looked up by its definition.
func naiveARIMA(a arima, z []float64, t, horizon int) []float64 {
	z = append([]float64(nil), z[:t]...)
	s := a.period
	w := func(i int) float64 {
		if s == 0 {
			return z[i] - z[i-1]
		}
		return (z[i] - z[i-1]) - (z[i-s] - z[i-s-1])
	}
	e := map[int]float64{}
	expected := func(i int) float64 {
		v := a.phi*w(i-1) - a.theta*e[i-1]
		if s > 0 {
			v += a.theta*a.seasonal*e[i-s-1] - a.seasonal*e[i-s]
		}
		return v
	}
	for i := s + 2; i < t; i++ {
		e[i] = w(i) - expected(i)
	}
	var out []float64
	for i := t; i < t+horizon; i++ {
		v := z[i-1] + expected(i)
		if s > 0 {
			v += z[i-s] - z[i-s-1]
		}
		z = append(z, v)
		out = append(out, v)
	}
	return out
}

func TestARIMA(t *testing.T) {
	y := series(t, "us_pce")[:120]
	f := func(a arima) {
		t.Helper()
		const horizon, first = 30, 100
		out := make([]float64, (len(y)-first+1)*horizon)
		a.walk(y, first, horizon, out)
		for origin := first; origin <= len(y); origin++ {
			for k, want := range naiveARIMA(a, y, origin, horizon) {
				if got := out[(origin-first)*horizon+k]; !(math.Abs(got-want) <= 1e-9*math.Abs(want)) {
					t.Fatalf("%+v: step %d from %d = %v, want %v", a, k+1, origin, got, want)
				}
			}
		}
	}
	f(arima{})
	f(arima{phi: 0.6, theta: -0.4})
	f(arima{phi: 0.4, theta: 0.8, seasonal: 0.6, period: 12})
	f(arima{phi: -0.2, theta: 0.2, seasonal: 0.95, period: 7})
}

// TestARIMAFinds: of a series that the model made, the parameters are found again, about.
func TestARIMAFinds(t *testing.T) {
	const s, n = 12, 2400
	e, y := make([]float64, n), make([]float64, n)
	state := uint64(1)
	for i := range y {
		for range 12 { // a sum of uniform numbers
			state = state*6364136223846793005 + 1442695040888963407
			e[i] += float64(state>>40)/(1<<24) - 0.5
		}
		if i > s {
			y[i] = y[i-1] + y[i-s] - y[i-s-1] + e[i] - 0.6*e[i-1] - 0.8*e[i-s] + 0.48*e[i-s-1]
		}
	}
	m := fit(t, Spec{Kind: ARIMA, Period: s}, y, []int{s}, 1)
	a := m.core.(*arima)
	if got := a.theta - a.phi; math.Abs(got-0.6) > 0.25 || math.Abs(a.seasonal-0.8) > 0.15 {
		t.Errorf("Fit() = %+v, want θ 0.6 and Θ 0.8", *a)
	}
}
