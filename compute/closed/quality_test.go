package closed

import (
	"bufio"
	"math"
	"os"
	"strconv"
	"strings"
	"testing"
)

// series reads the last column of testdata/name.csv.
func series(t *testing.T, name string) []float64 {
	t.Helper()
	f, err := os.Open("testdata/" + name + ".csv")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var y []float64
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		_, value, _ := strings.Cut(lines.Text(), ",")
		if v, err := strconv.ParseFloat(value, 64); err == nil {
			y = append(y, v)
		}
	}
	return y
}

// fold returns what every member says of the origins from end on, each with all its steps before stop.
func fold(t *testing.T, specs []Spec, y []float64, end, stop int, periods []int, horizon int) Fold {
	t.Helper()
	seen := y[:stop-horizon]
	f := Fold{Outputs: horizon}
	for origin := end; origin <= len(seen); origin++ {
		for _, v := range y[origin : origin+horizon] {
			f.Targets = append(f.Targets, float32(v))
		}
	}
	for _, s := range specs {
		var p []float32
		for _, v := range walk(fit(t, s, y[:end], periods, horizon), seen, end) {
			p = append(p, float32(v))
		}
		f.Predictions = append(f.Predictions, p)
	}
	f.Scale = meanError(f.Predictions[0], f.Targets)
	return f
}

func meanError(p, targets []float32) float64 {
	var sum float64
	for i, v := range p {
		sum += math.Abs(float64(v) - float64(targets[i]))
	}
	return sum / float64(len(p))
}

// TestQuality measures the weighted members as they are used: weights over three rolling origins of 15 % each, coefficients
// refitted to all that precedes the last 15 %, the mean absolute error there. The best of nine textbook methods of R and
// Python on the same part, chosen with hindsight, is the anchor.
func TestQuality(t *testing.T) {
	if testing.Short() {
		t.Skip("fits every member four times on each series")
	}
	f := func(name string, horizon int, anchor, want float64, frequency Frequency) {
		t.Helper()
		y := series(t, name)
		block := len(y) * 15 / 100
		test := len(y) - block
		periods := Periods(y[:test-3*block], frequency)
		specs := Specs(y[:test-3*block], periods, horizon)
		var folds []Fold
		for i := 3; i > 0; i-- {
			folds = append(folds, fold(t, specs, y, test-i*block, test-(i-1)*block, periods, horizon))
		}
		w := Weights(folds, Absolute)
		last := fold(t, specs, y, test, len(y), periods, horizon)
		combined := make([]float32, len(last.Targets))
		Combine(w, last.Predictions, combined)
		got := meanError(combined, last.Targets) / anchor
		t.Logf("%s, horizon %d: %.3f of the best anchor, weights %v", name, horizon, got, w)
		if !(got <= want) {
			t.Errorf("%s, horizon %d: %.3f of the best anchor, want at most %v", name, horizon, got, want)
		}
	}
	f("elnino_sst", 1, 0.37891133, 1.01, Monthly)
	f("elnino_sst", 12, 0.72501995, 0.98, Monthly)
	f("us_unemployment", 1, 0.17623661, 1.04, Quarterly)
	f("us_unemployment", 8, 0.46981056, 1.16, Quarterly)
	f("co2_weekly", 1, 0.31358294, 0.96, Weekly)
	f("co2_weekly", 12, 0.55118827, 0.74, Weekly)
	f("us_pce", 1, 30.811541, 1.14, Monthly)
	f("us_pce", 12, 123.16693, 0.94, Monthly)
}
