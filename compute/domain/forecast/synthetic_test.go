package forecast

import (
	"errors"
	"math"
	"testing"

	"doin.network/node/compute/domain"
)

// Every difference of a synthetic series is a training difference of the same calendar month, and every whole year of
// them a whole year of the record.
func TestGenerateBlocks(t *testing.T) {
	for _, period := range []int{1, 5, 12} {
		d := mustDomain(t, monthly(203), func(c *Config) { c.Period = period })
		s, err := d.Generate(t.Context(), 7)
		if err != nil {
			t.Fatal(err)
		}
		rows := d.series.starts[0]
		if len(s.Series) != rows || s.Target != nil {
			t.Fatalf("%d values, want %d", len(s.Series), rows)
		}
		last := d.series.test - 1
		series := append([]float64{d.series.values[last]}, s.Series...) // it goes on from there
		y := d.series.values[last%period : rows]
		used := map[int]bool{}
		for i := 0; i < rows; i += period {
			block := sameBlock(series[i:min(i+period+1, rows+1)], y, period)
			if block < 0 {
				t.Fatalf("period %d: the differences from %d are no block of the training rows", period, i)
			}
			used[block] = true
		}
		if len(used) < 2 {
			t.Errorf("period %d: all blocks are the same", period)
		}
	}
}

// sameBlock returns the first whole period of y with the differences of series, or −1.
func sameBlock(series, y []float64, period int) int {
	for b := range (len(y) - 1) / period {
		same := true
		for j := range len(series) - 1 {
			want := y[b*period+j+1] - y[b*period+j]
			same = same && math.Abs(series[j+1]-series[j]-want) < 1e-3
		}
		if same {
			return b
		}
	}
	return -1
}

func TestScoreRefusesShortSeries(t *testing.T) {
	d := mustDomain(t, monthly(200), func(c *Config) {
		quick(c)
		c.Horizon = 31
		c.ValidationFraction = 0.2
		c.TestFraction = 0.2
		c.Folds = 1
	})
	good, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	short := &domain.Synthetic{Series: good.Series[:30]}
	if got, err := d.Naive().Score(t.Context(), short); !errors.Is(err, domain.ErrSynthetic) {
		t.Errorf("score = %v, %v, want ErrSynthetic", got, err)
	}
}
