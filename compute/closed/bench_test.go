package closed

import (
	"fmt"
	"testing"

	"doin.network/node/compute/f64"
)

// hourly is a series with a day and a week in it, a slow wave and noise that every machine makes alike. All of it is above 0.
func hourly(n int) []float64 {
	y := make([]float64, n)
	noise := uint64(1)
	for t := range y {
		noise = noise*6364136223846793005 + 1442695040888963407
		day := f64.Sin(float64(twoPi*float64(t%24)) / 24)
		week := f64.Cos(float64(twoPi*float64(t%168)) / 168)
		slow := f64.Sin(float64(t) / 300)
		y[t] = 20 + float64(5*day) + float64(2*week) + float64(3*slow) + float64(noise>>40)/(1<<24)
	}
	return y
}

func BenchmarkFit(b *testing.B) {
	for _, n := range []int{500, 9000} {
		y := hourly(n)
		periods := usable([]int{24, 168}, n)
		for _, horizon := range []int{1, 24} {
			b.Run(fmt.Sprintf("all/n=%d/h=%d", n, horizon), func(b *testing.B) {
				for b.Loop() {
					for _, s := range Specs(y, periods, horizon) {
						if _, err := Fit(b.Context(), s, y, periods, horizon); err != nil {
							b.Fatal(err)
						}
					}
				}
			})
		}
	}
	y := hourly(9000)
	for _, s := range Specs(y, []int{24, 168}, 24) {
		b.Run(s.String()+"/n=9000/h=24", func(b *testing.B) {
			for b.Loop() {
				if _, err := Fit(b.Context(), s, y, []int{24, 168}, 24); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkWeights(b *testing.B) {
	const members, cases, outputs = 12, 400, 12
	y := hourly(cases * outputs)
	f := Fold{Outputs: outputs, Scale: 1}
	for range members {
		f.Predictions = append(f.Predictions, make([]float32, len(y)))
	}
	for j, v := range y {
		f.Targets = append(f.Targets, float32(v))
		for m := range members {
			f.Predictions[m][j] = float32(v + f64.Sin(float64(j*(m+1))))
		}
	}
	for b.Loop() {
		Weights([]Fold{f}, Absolute)
	}
}

func BenchmarkPeriods(b *testing.B) {
	y := hourly(9000)
	for b.Loop() {
		Periods(y, Unknown)
	}
}
