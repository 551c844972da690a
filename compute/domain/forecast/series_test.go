package forecast

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/internal/canon"
)

// co2 is the data set of the example.
const co2 = "../../../examples/co2/mauna_loa_co2_monthly.csv"

// monthly is a table of n months from January 2000, a trend with a season and a repeatable wobble.
func monthly(n int) *Table {
	layout, err := when.ByName("%Y-%m")
	if err != nil {
		panic(err)
	}
	t := &Table{axis: axis{frequency: frequency{base: monthBase, n: 1}, start: 2000 * 12, layout: layout, kind: when.Month}}
	for i := range n {
		season := []float64{0, 1, 3, 4, 5, 3, 1, -2, -4, -5, -3, -1}[i%12]
		t.values = append(t.values, 300+0.5*float64(i)+season+float64(i*i%7)/10)
	}
	return t
}

// tested is a domain and the problem that it is made of.
type tested struct {
	*supervised.Domain
	*problem
}

func mustDomain(t testing.TB, table *Table, change func(c *Config)) tested {
	t.Helper()
	c := DefaultConfig()
	c.Data = "table"
	if change != nil {
		change(&c)
	}
	if err := c.Validate(); err != nil {
		t.Fatal(err)
	}
	d, err := FromTable(c, table)
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

// carbon is the domain of the example's data.
func carbon(t testing.TB) tested {
	t.Helper()
	d, err := New(canon.NewObject("data", co2))
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

func TestSine(t *testing.T) {
	for k := range turn {
		want := math.Sin(2 * math.Pi * float64(k) / turn)
		if got := sine(k); math.Abs(float64(got)-want) > 0x1p-24 {
			t.Errorf("sine(%d) = %v, want %v", k, got, want)
		}
	}
}

func TestCalendar(t *testing.T) {
	c := newCalendar(12, 11) // row 0 is a December
	for i, want := range []float64{11, 0, 1} {
		got := c.of(i)
		s, co := math.Sincos(2 * math.Pi * want / 12)
		if math.Abs(float64(got[0])-s) > 1e-7 || math.Abs(float64(got[1])-co) > 1e-7 {
			t.Errorf("columns of row %d = %v, want %v, %v", i, got, s, co)
		}
	}
	for _, period := range []int{2, 7, 52, 365, MaxPeriod} {
		c := newCalendar(period, 0)
		seen := map[[2]float32]bool{}
		for p := range period {
			seen[[2]float32(c.of(p))] = true
		}
		if len(seen) != period {
			t.Errorf("period %d: %d distinct positions", period, len(seen))
		}
	}
	if c := newCalendar(1, 0); c.columns() != 0 || len(c.of(3)) != 0 {
		t.Error("period 1 has columns")
	}
}

func TestSplit(t *testing.T) {
	f := func(rows int, change func(c *Config), test int, starts ...int) {
		t.Helper()
		d := mustDomain(t, monthly(rows), change)
		if s := d.series; s.test != test || !slices.Equal(s.starts, starts) || d.Describe().Folds != len(starts)-1 {
			t.Errorf("test from %d, folds from %v, want %d, %v", s.test, s.starts, test, starts)
		}
	}
	f(468, nil, 398, 258, 328, 398)
	f(468, func(c *Config) { c.Horizon = 5 }, 398, 258, 326, 394)
	f(468, func(c *Config) { c.Folds = 1 }, 398, 328, 398)
	f(468, func(c *Config) { c.Folds = 4 }, 398, 118, 188, 258, 328, 398)
	f(200, nil, 170, 80, 110, 140, 170)
	f(100, nil, 85, 40, 55, 70, 85) // with four, training has too few
	f(80, nil, 68, 44, 56, 68)      // with three, too
	between := func(c *Config) { c.ValidationStart, c.TestStart = "2007-01", "2008-07" }
	f(120, between, 102, 84, 90, 96, 102)
	f(120, func(c *Config) { between(c); c.Horizon = 17 }, 102, 84, 85, 86)
	for name, tc := range map[string]struct {
		rows   int
		change func(c *Config)
		want   string
	}{
		"too few rows":     {50, func(c *Config) {}, "training rows"},
		"unknown time":     {120, func(c *Config) { c.ValidationStart, c.TestStart = "x", "2008-07" }, "validation_start"},
		"outside":          {120, func(c *Config) { c.ValidationStart, c.TestStart = "2007-01", "2030-01" }, "test_start"},
		"reversed":         {120, func(c *Config) { c.ValidationStart, c.TestStart = "2008-07", "2007-01" }, "validation rows"},
		"no validation":    {120, func(c *Config) { c.ValidationFraction = 0.001 }, "validation rows"},
		"no test":          {120, func(c *Config) { c.TestFraction = 0.001 }, "test rows"},
		"long period":      {120, func(c *Config) { c.Period = 60 }, "training rows"},
		"horizon too long": {120, func(c *Config) { c.Horizon = 24; c.Folds = 1 }, "validation rows"},
		"many folds":       {120, func(c *Config) { c.Folds = 8 }, "training rows"},
		"empty folds":      {120, func(c *Config) { c.Folds = 2; c.Horizon = 18; c.ValidationFraction = 0.075 }, "2 folds"},
	} {
		c := DefaultConfig()
		tc.change(&c)
		if _, err := FromTable(c, monthly(tc.rows)); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrConfig with %q", name, err, tc.want)
		}
	}
}

func TestDataRefusals(t *testing.T) {
	flat := monthly(120)
	for i := range flat.values {
		flat.values[i] = 7
	}
	far := monthly(120)
	far.values[119] = 1e20
	for name, table := range map[string]*Table{"constant": flat, "far away": far} {
		if _, err := FromTable(DefaultConfig(), table); !errors.Is(err, supervised.ErrData) {
			t.Errorf("%s: error %v, want supervised.ErrData", name, err)
		}
	}
}

// Neither validation nor test rows show in what is fitted on training rows.
func TestNoLeakage(t *testing.T) {
	year := func(c *Config) { c.Period = 12 }
	a := mustDomain(t, monthly(200), year).series
	table := monthly(200)
	for i := a.starts[0]; i < table.Rows(); i++ {
		table.values[i] = float64(i * i % 101)
	}
	b := mustDomain(t, table, year).series
	if a.scale != b.scale || !slices.Equal(a.scaled[:a.starts[0]], b.scaled[:a.starts[0]]) {
		t.Error("training data depend on later rows")
	}
	// Inputs of the last training sample and its targets end before the validation rows.
	l := look{mustDomain(t, monthly(200), func(c *Config) { c.Horizon = 2 }).problem, view{window: 12}}
	w := l.part(12, 0, a.starts[0])
	w.scaled = a.scaled[:a.starts[0]]
	w.Sample(w.Len()-1, make([]float32, 14), make([]float32, 2)) // panics beyond the training rows
	// The first validation target is the first validation row.
	v := l.fold(0)
	y := make([]float32, 2)
	v.Sample(0, make([]float32, 14), y)
	if want := a.scaled[a.starts[0]] - a.scaled[a.starts[0]-1]; y[0] != want {
		t.Errorf("first validation target = %v, want %v", y[0], want)
	}
}

// The data hash covers data, split and the settings that results depend on, and nothing else.
func TestDataHash(t *testing.T) {
	base := func(c *Config) {}
	hash := func(change func(c *Config), edit func(t *Table)) string {
		table := monthly(200)
		if edit != nil {
			edit(table)
		}
		return mustDomain(t, table, change).Describe().DataHash
	}
	seen := map[string]string{hash(base, nil): "base"}
	for name, h := range map[string]string{
		"last row":   hash(base, func(t *Table) { t.values[199] += 0.01 }),
		"first row":  hash(base, func(t *Table) { t.values[0] += 0.01 }),
		"months":     hash(base, func(t *Table) { t.axis.start++ }),
		"split":      hash(func(c *Config) { c.TestFraction = 0.2 }, nil),
		"horizon":    hash(func(c *Config) { c.Horizon = 2 }, nil),
		"period":     hash(func(c *Config) { c.Period = 6 }, nil),
		"steps":      hash(func(c *Config) { c.MaxSteps = 601 }, nil),
		"cadence":    hash(func(c *Config) { c.EvalEvery = 21 }, nil),
		"patience":   hash(func(c *Config) { c.Patience = 11 }, nil),
		"multiplied": hash(base, func(t *Table) { scaleBy(t, 3) }),
	} {
		if other, ok := seen[h]; ok {
			t.Errorf("%s and %s have one data hash", name, other)
		}
		seen[h] = name
	}
	if hash(base, nil) != hash(func(c *Config) { c.Data, c.MaxParameters = "elsewhere", 1999 }, nil) {
		t.Error("the data hash depends on the file's name or on a bound of the search")
	}
}

func scaleBy(t *Table, f float64) {
	for i := range t.values {
		t.values[i] *= f
	}
}

// The unit of the file has no influence, however it is written: equal hashes, and claims to the bit.
func TestUnits(t *testing.T) {
	var first tested
	for _, power := range []int{0, 9, -3, -12} {
		table := monthly(120)
		for i, y := range table.values {
			table.values[i] = supervised.Shift(y, power)
		}
		d := mustDomain(t, table, func(c *Config) { quick(c); c.Horizon = 2 })
		if power == 0 {
			first = d
		}
		a, b := domaintest.Claim(t, first, small(first.config.Space), 1), domaintest.Claim(t, d, small(d.config.Space), 1)
		if d.Describe().DataHash != first.Describe().DataHash || a.Digest() != b.Digest() || a.Performance() != b.Performance() {
			t.Errorf("× 10^%d: data hash %s, digest %s, performance %v", power, d.Describe().DataHash, b.Digest(), b.Performance())
		}
		ma, mb := domaintest.Metric(t, a, "test_mae"), domaintest.Metric(t, b, "test_mae")
		domaintest.Near(t, "error in the unit of the file", mb/math.Pow10(power), ma, 1e-9*ma)
		fa, _ := infer(t, a)
		fb, _ := infer(t, b)
		domaintest.Near(t, "forecast in the unit of the file", fb[1]/math.Pow10(power), fa[1], 1e-9*fa[1])
	}
}

// The samples and errors equal those of a second implementation that builds every window from the table's values.
func TestWindows(t *testing.T) {
	for _, horizon := range []int{1, 3, 14} {
		d := mustDomain(t, monthly(220), func(c *Config) { c.Horizon = horizon })
		s, window := d.series, 9
		l := look{d.problem, view{window: window}}
		parts := map[string][]*windows{"train": {l.Learning().(*windows)}, "test": {l.Test().(*windows)}}
		for fold := range s.folds() {
			parts["val"] = append(parts["val"], l.Validation(fold).(*windows))
		}
		bounds := map[string][2]int{"train": {0, s.test}, "val": {s.starts[0], s.test}, "test": {s.test, s.table.Rows()}}
		for name, list := range parts {
			from, to := bounds[name][0], bounds[name][1]
			var naive, seasonal float64
			count, total := 0, 0
			for origin := max(d.config.firstOrigin(), from-1); origin+horizon < to; origin++ {
				x, y := make([]float32, window+2), make([]float32, horizon)
				for len(list) > 1 && count == list[0].Len() {
					list, count = list[1:], 0
				}
				list[0].Sample(count, x, y)
				for j := range window {
					want := (s.table.Value(origin-window+j) - s.table.Value(origin)) / s.to(s.scale.Unit)
					domaintest.Near(t, "input", float64(x[j]), want, 1e-4)
				}
				angle := 2 * math.Pi * float64((origin+1)%12) / 12
				domaintest.Near(t, "sine", float64(x[window]), math.Sin(angle), 1e-6)
				domaintest.Near(t, "cosine", float64(x[window+1]), math.Cos(angle), 1e-6)
				for k := range horizon {
					target := s.table.Value(origin + 1 + k)
					domaintest.Near(t, "target", float64(y[k]), (target-s.table.Value(origin))/s.to(s.scale.Unit), 1e-4)
					naive += math.Abs(target - s.table.Value(origin))
					back := origin + 1 + k - 12
					for back > origin {
						back -= 12
					}
					seasonal += math.Abs(target - s.table.Value(back))
				}
				count++
				total++
			}
			if len(list) != 1 || list[0].Len() != count {
				t.Fatalf("horizon %d, %s: %d samples in the last of %d, want %d in 1", horizon, name, list[0].Len(), len(list), count)
			}
			naiveMAE, _ := d.Describe().Baselines.Float(name + "_naive_mae")
			seasonalMAE, _ := d.Describe().Baselines.Float(name + "_seasonal_mae")
			domaintest.Near(t, fmt.Sprintf("horizon %d %s naive", horizon, name), naiveMAE, naive/float64(total*horizon), 1e-4)
			domaintest.Near(t, fmt.Sprintf("horizon %d %s seasonal", horizon, name), seasonalMAE, seasonal/float64(total*horizon), 1e-4)
		}
	}
}
