package forecast

import (
	"errors"
	"math"
	"slices"
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
		rows := d.series.validation
		if len(s.Series) != rows || s.Target != nil {
			t.Fatalf("%d values, want %d", len(s.Series), rows)
		}
		if got, want := s.Series[0], d.series.table.Value(0); got != want {
			t.Errorf("begins at %v, want %v", got, want)
		}
		y := d.series.table.values[:rows]
		used := map[int]bool{}
		for i := 0; i+1 < rows; i += period {
			block := sameBlock(s.Series[i:min(i+period+1, rows)], y, period)
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

func TestGenerateSeeds(t *testing.T) {
	table := monthly(200)
	a, b := mustDomain(t, table, nil), mustDomain(t, table, nil)
	seen := map[string]uint32{}
	for _, seed := range []uint32{0, 1, 2, math.MaxUint32} {
		x, err := a.Generate(t.Context(), seed)
		if err != nil {
			t.Fatal(err)
		}
		y, _ := b.Generate(t.Context(), seed)
		if x.Hash != y.Hash || !slices.Equal(x.Series, y.Series) {
			t.Errorf("seed %d gives two series", seed)
		}
		if other, ok := seen[x.Hash]; ok {
			t.Errorf("seeds %d and %d give one series", seed, other)
		}
		seen[x.Hash] = seed
	}
}

func TestScoreRefusals(t *testing.T) {
	d := mustDomain(t, monthly(200), quick)
	m := train(t, d, small(d.config.Space), 1, false)
	good, err := d.Generate(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	far := slices.Clone(good.Series)
	far[3] = math.Inf(1)
	for name, s := range map[string]*domain.Synthetic{
		"target": {Target: []float64{1}},
		"short":  {Series: good.Series[:30]},
		"far":    {Series: far},
	} {
		for _, m := range []domain.Model{m, d.Naive()} {
			if got, err := m.Score(t.Context(), s); !errors.Is(err, domain.ErrSynthetic) {
				t.Errorf("%s: score = %v, %v, want ErrSynthetic", name, got, err)
			}
		}
	}
}
