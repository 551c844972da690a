package closed

import (
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/f64"
)

func TestPeriods(t *testing.T) {
	noise := uint64(3)
	random := func() float64 {
		noise = noise*6364136223846793005 + 1442695040888963407
		return float64(noise>>40)/(1<<23) - 1
	}
	wave := func(t, p int) float64 { return f64.Sin(twoPi * float64(t%p) / float64(p)) }
	f := func(what string, n int, frequency Frequency, law func(t int) float64, want ...int) {
		t.Helper()
		y := make([]float64, n)
		for i := range y {
			y[i] = law(i)
		}
		if got := Periods(y, frequency); !slices.Equal(got, want) {
			t.Errorf("%s: Periods = %v, want %v", what, got, want)
		}
		for i := range y {
			y[i] = math.Ldexp(y[i], -40)
		}
		if got := Periods(y, frequency); !slices.Equal(got, want) {
			t.Errorf("%s, by 2^-40: Periods = %v, want %v", what, got, want)
		}
	}
	var walk float64
	randomWalk := func(int) float64 { walk += random(); return walk }
	f("nothing", 0, Unknown, random0)
	f("short", 11, Unknown, func(t int) float64 { return wave(t, 4) })
	f("constant", 100, Unknown, random0)
	f("line", 100, Unknown, func(t int) float64 { return float64(t) })
	f("noise", 500, Unknown, func(int) float64 { return random() })
	f("random walk", 500, Unknown, randomWalk)
	f("random walk, monthly", 500, Monthly, randomWalk)
	f("random walk, daily", 2000, Daily, randomWalk)
	f("a year", 120, Monthly, func(t int) float64 { return float64(t) + wave(t, 12) + 0.5*random() }, 12)
	f("a year of no calendar", 120, Unknown, func(t int) float64 { return float64(t) + 3*wave(t, 12) + 0.5*random() }, 12)
	f("a period of 11", 200, Unknown, func(t int) float64 { return float64(t * t * t % 11) }, 11)
	f("yearly rows", 120, Yearly, func(t int) float64 { return wave(t, 11) })
	f("too few years", 30, Monthly, func(t int) float64 { return wave(t, 12) })
	f("a week and a year", 2000, Daily, func(t int) float64 { return 3*wave(t, 365) + float64(t%7/5) + 0.2*random() }, 7, 365)
	f("a year alone", 2000, Daily, func(t int) float64 { return 3*wave(t, 365) + random() }, 365)
	f("a day", 2000, Hourly, func(t int) float64 { return wave(t, 24) + 0.1*random() }, 24)
	f("a day in a slow year", 3000, Hourly, func(t int) float64 { return (2 + wave(t, 8766)) * wave(t, 24) }, 24)
	f("a day and a week", 3000, Hourly, func(t int) float64 { return wave(t, 24) + 2*float64(t/24%7/5) + 0.1*random() }, 24, 168)
}

func random0(int) float64 { return 0 }
