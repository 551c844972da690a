package forecast

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/internal/canon"
)

// holed is a file of monthly values with holes.
func holed(n int, hole func(i int) bool) string {
	return string(write(monthly(n), func(i int) bool { return !hole(i) }))
}

// Neither an origin nor a target of any part is masked, and all others are there.
func TestMaskedOrigins(t *testing.T) {
	hole := func(i int) bool { return i%17 == 5 || i > 100 && i < 104 }
	for _, horizon := range []int{1, 3} {
		d := fromText(t, holed(220, hole), func(c *Config) { quick(c); c.Gaps, c.Horizon = Mask, horizon })
		l := look{d.problem, view{window: 9}}
		whole := look{mustDomain(t, monthly(220), func(c *Config) { quick(c); c.Horizon = horizon }).problem, view{window: 9}}
		check := func(what string, w, all *windows) {
			t.Helper()
			var want []int
			for i := range all.Len() {
				origin, clear := all.origin(i), true
				for row := origin; row <= origin+horizon; row++ {
					clear = clear && !hole(row)
				}
				if clear {
					want = append(want, origin)
				}
			}
			if !slices.Equal(w.origins, want) || w.Len() != len(want) || w.first != want[0] {
				t.Errorf("%s: origins %v, want %v", what, w.origins, want)
			}
			x, y, targets := make([]float32, w.size(&d.series.calendar)), make([]float32, horizon), make([]float32, w.Len()*horizon)
			w.Targets(targets)
			for i := range w.Len() {
				w.Sample(i, x, y)
				for k, v := range y {
					want := d.series.scaled[w.origin(i)+1+k] - d.series.scaled[w.origin(i)]
					if v != want || targets[i*horizon+k] != want {
						t.Fatalf("%s: target %d of origin %d = %v, want %v", what, k, w.origin(i), v, want)
					}
				}
			}
		}
		for fold := range d.series.folds() {
			check("validation", l.Validation(fold).(*windows), whole.Validation(fold).(*windows))
			train, _ := l.Sources(fold)
			all, _ := whole.Sources(fold)
			check("training", train.(*windows), all.(*windows))
		}
		check("test", l.Test().(*windows), whole.Test().(*windows))
	}
}

// What stands in a hole is known at every origin after it: what comes later has no influence on forecasts before.
func TestMaskKnowsNoLater(t *testing.T) {
	hole := func(i int) bool { return i == 60 || i == 61 }
	change := func(c *Config) { quick(c); c.Gaps = Mask }
	a := fromText(t, holed(200, hole), change)
	table := monthly(200)
	table.values[62] += 40
	b := fromText(t, string(write(table, func(i int) bool { return !hole(i) })), change)
	w := func(d tested) *windows { l := look{d.problem, view{window: 9}}.part(9, 0, 75); return &l }
	x, y := make([]float32, 11), make([]float32, 11)
	for i := range w(a).Len() {
		origin := w(a).origin(i)
		w(a).Inputs(i, x)
		w(b).Inputs(i, y)
		if same := slices.Equal(x, y); a.series.scale == b.series.scale && same != (origin < 62) {
			t.Errorf("inputs of origin %d: %v and %v", origin, x, y)
		}
	}
}

func TestMaskRefusals(t *testing.T) {
	c := DefaultConfig()
	quick(&c)
	c.Data, c.Gaps = "text", Mask
	table, err := parse(holed(200, func(i int) bool { return i > 165 && i < 199 && i%2 == 0 || i == 170 || i == 199 }), c.Form)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := FromTable(c, table); !errors.Is(err, domain.ErrConfig) || !strings.Contains(err.Error(), "no origin whose targets are known to the test part") {
		t.Errorf("FromTable without any target = %v", err)
	}
}

// Masks, and every frequency, make domains that keep all promises, and forecasts that are better than the naive ones.
func TestConformForms(t *testing.T) {
	wave := func(step func(i int) string, n, period int) string {
		var b strings.Builder
		noise := uint64(7)
		b.WriteString("t,v\n")
		for i := range n {
			noise = noise*6364136223846793005 + 1442695040888963407
			v := 50 + 10*math.Sin(2*math.Pi*float64(i%period)/float64(period)) + float64(noise>>40%100)/50
			b.WriteString(step(i) + string(canon.Canonical(v)) + "\n")
		}
		return b.String()
	}
	label := func(like ...string) func(i int) string {
		table, err := parse("t,v; "+strings.Join(like, ",1; ")+",1", Form{TimeColumn: "t", ValueColumn: "v"})
		if err != nil {
			t.Fatal(err)
		}
		return func(i int) string { return table.Time(i) + "," }
	}
	f := func(name, file string, period int, all bool, change func(c *Config)) {
		t.Run(name, func(t *testing.T) {
			open := func() tested {
				return fromText(t, file, func(c *Config) { c.MaxSteps, c.MaxParameters = 60, 500; change(c) })
			}
			d := open()
			if d.config.Period != period {
				t.Errorf("period %d, want %d", d.config.Period, period)
			}
			if all {
				domaintest.Conform(t, domaintest.Case{Open: func() domaintest.Domain { return open() }, Genome: small(d.config.Space),
					Input: canon.NewObject("steps", 3)})
			}
			m := domaintest.Claim(t, d, small(d.config.Space), 1)
			mae, naive := domaintest.Metric(t, m, "test_mae"), domaintest.Metric(t, m, "test_naive_mae")
			if !(mae < naive) {
				t.Errorf("test MAE %v, of the last value %v", mae, naive)
			}
		})
	}
	none := func(*Config) {}
	f("masked", holed(200, func(i int) bool { return i%11 == 5 }), 12, true, func(c *Config) { c.Period, c.Gaps = 12, Mask })
	f("bridged", holed(200, func(i int) bool { return i%11 == 5 }), 11, false, func(c *Config) { c.Gaps = Bridge })
	f("hourly", wave(label("2020-10-24T00:00:00+02:00", "2020-10-24T01:00:00+02:00"), 400, 24), 24, false, none)
	f("half hours", wave(label("2020-01-01 00:00", "2020-01-01 00:30"), 500, 48), 48, false, none)
	f("quarters", wave(label("1990Q1", "1990Q2"), 120, 4), 4, false, none)
	f("weeks", wave(label("2000-W01", "2000-W02"), 400, 52), 52, false, none)
	f("days", wave(label("2000-01-01", "2000-01-02"), 300, 7), 7, false, none)
	f("business days", wave(label("2000-01-03", "2000-01-04", "2000-01-05", "2000-01-06", "2000-01-07", "2000-01-10", "2000-01-11", "2000-01-12",
		"2000-01-13", "2000-01-14"), 300, 5), 5, true, none)
	f("years", wave(label("1700", "1701"), 200, 11), 1, false, none)
	f("numbers", wave(label("0.5", "1.0"), 300, 10), 10, false, none)
	f("rows", strings.Replace(wave(func(int) string { return "" }, 300, 10), "t,", "", 1), 10, false, none)
}
