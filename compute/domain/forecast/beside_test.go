package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// prices is a file of n business days on which a value follows a known column at once, and a past one after a day. Of ahead days
// more only the known column has values.
func prices(n, ahead int) string {
	var b strings.Builder
	b.WriteString("date,close,promotion,visits\n")
	past, level, noise := 0.0, 100.0, uint64(7)
	draw := func(n uint64) float64 {
		noise = noise*6364136223846793005 + 1442695040888963407
		return float64(noise >> 40 % n)
	}
	for i := range n + ahead {
		promotion, visits := draw(5), draw(11)
		level += 0.1*float64(i%3) + promotion - 2 + 0.5*(past-5)
		past = visits
		date := time.Unix(workdays.day(workdays.before(18264)+int64(i))*secondsPerDay, 0).UTC().Format(time.DateOnly)
		if i < n {
			fmt.Fprintf(&b, "%s,%.3f,%g,%g\n", date, level, promotion, visits)
		} else {
			fmt.Fprintf(&b, "%s,,%g,\n", date, promotion)
		}
	}
	return b.String()
}

func withBeside(c *Config) {
	quick(c)
	c.Period, c.MaxSteps, c.MaxParameters = 5, 400, 4000
	c.ValueColumn, c.Covariates, c.Known = "close", []string{"visits"}, []string{"promotion"}
}

// Networks see what stands beside the values: with it they are far better than without.
func TestBesideHelps(t *testing.T) {
	file := prices(400, 3)
	for _, genome := range []func(genome.Space) genome.Genome{fixed, tcn} {
		var mae [2]float64
		for i, change := range []func(c *Config){withBeside, func(c *Config) { withBeside(c); c.Covariates, c.Known = nil, nil }} {
			d := fromText(t, file, change)
			mae[i] = domaintest.Metric(t, domaintest.Claim(t, d, genome(d.config.Space), 1), "test_mae")
		}
		t.Logf("test MAE %v with covariates, %v without", mae[0], mae[1])
		if !(mae[0] < mae[1]/2) {
			t.Errorf("test MAE %v with covariates, %v without", mae[0], mae[1])
		}
	}
}

// The inputs equal those of a second implementation that takes them from the columns.
func TestBesideInputs(t *testing.T) {
	for _, horizon := range []int{1, 3} {
		d := fromText(t, prices(300, 3), func(c *Config) { withBeside(c); c.Horizon = horizon })
		s, window := d.series, 9
		scaled := func(track, row int) float64 {
			return (s.table.covariates[track].values[row] - s.trackScales[track].Offset) / s.trackScales[track].Unit
		}
		for _, v := range []view{{window: window}, {window: window, season: 5, steps: horizon}, {window: window, sequence: true}} {
			w := look{d.problem, v}.Test().(*windows)
			size := v.size(&s.calendar) + v.sees(1, 1, horizon)
			x := make([]float32, size)
			for i := range w.Len() {
				w.Inputs(i, x)
				at := w.origin(i)
				var want []float64
				if v.sequence {
					for j := range window {
						want = append(want, scaled(0, at-window+1+j), scaled(1, at-window+1+j+horizon))
					}
				} else {
					for k := range recent {
						want = append(want, scaled(0, at-recent+1+k))
					}
					for k := range horizon + 1 {
						want = append(want, scaled(1, at+k))
					}
				}
				var got []float32
				if got = x[window+2:]; v.sequence {
					got = nil
					for j := range window {
						got = append(got, x[j*5+3:][:2]...)
					}
				}
				for k := range want {
					domaintest.Near(t, fmt.Sprintf("input %d at %d", k, at), float64(got[k]), want[k], 1e-6)
				}
			}
		}
	}
}

func TestBesideConform(t *testing.T) {
	file := prices(200, 6)
	open := func() tested {
		return fromText(t, file, func(c *Config) { withBeside(c); c.MaxSteps, c.MaxParameters = 60, 700 })
	}
	domaintest.Conform(t, domaintest.Case{Open: func() domaintest.Domain { return open() }, Genome: small(open().config.Space),
		Input: canon.NewObject("steps", 3)})
}

func TestBesideInfer(t *testing.T) {
	file := prices(300, 4)
	d := fromText(t, file, withBeside)
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	lines := strings.Split(strings.TrimSpace(file), "\n")
	// What the file says ahead is known; beyond it is not.
	four, times := infer(t, m, "steps", 4)
	refused := func(want string, kv ...any) {
		t.Helper()
		if _, err := m.Infer(t.Context(), canon.NewObject(kv...)); !errors.Is(err, domain.ErrInput) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Infer(%v) = %v, want ErrInput with %q", kv, err, want)
		}
	}
	next := d.series.table.Time(304)
	refused(fmt.Sprintf(`column "promotion": needed at %q`, next), "steps", 5)
	known := slices.Clone(d.series.table.covariates[1].values[300:])
	told := func(values ...float64) *canon.Object {
		return canon.NewObject("promotion", append(slices.Clone(known), values...))
	}
	if five, _ := infer(t, m, "steps", 5, "known_covariates", told(2)); !slices.Equal(five[:4], four) {
		t.Errorf("forecast %v, want %v first", five, four)
	}
	other := slices.Clone(known)
	other[0] += 2
	if changed, _ := infer(t, m, "steps", 4, "known_covariates", canon.NewObject("promotion", other)); changed[0] == four[0] {
		t.Error("what is known ahead has no influence")
	}
	refused("no such column \"visits\"", "known_covariates", canon.NewObject("visits", []float64{1}))
	refused("2 values beside a series of 0", "covariates", canon.NewObject("visits", []float64{1, 2}))
	// Rows of the file, which go on from the data by one.
	tail := strings.Join(append([]string{lines[0]}, lines[260:300]...), "\n")
	again, err := m.Infer(t.Context(), canon.NewObject("csv", tail+"\n"+lines[300], "steps", 4))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := again.Get("forecast")
	if got, _ := domain.Reals(v, 4); !slices.Equal(got, four) {
		t.Errorf("forecast after rows of the data = %v at %v, want %v", got, v, four)
	}
	row := func(visits string) string {
		return fmt.Sprintf("%s\n%s,101.5,%g,%s", lines[0], times[0], known[0], visits)
	}
	if _, err := m.Infer(t.Context(), canon.NewObject("csv", row("3"))); err != nil {
		t.Error(err)
	}
	refused(`column "visits": no value at`, "csv", row(""))
	refused(`column "visits": needed at`, "series", append(slices.Clone(d.series.table.values[250:]), 101.5), "last_time", times[0])
	refused(`column "promotion": needed from`, "csv", row("3"), "steps", 9)
	// Elsewhere everything has to be told.
	refused(`column "visits": needed from`, "series", d.series.table.values[:60], "last_time", "2040-01-02")
	if _, err := m.Infer(t.Context(), canon.NewObject("series", d.series.table.values[:60], "last_time", "2040-01-02", "covariates",
		canon.NewObject("visits", d.series.table.covariates[0].values[:60], "promotion", d.series.table.covariates[1].values[:60]),
		"known_covariates", canon.NewObject("promotion", []float64{1}))); err != nil {
		t.Error(err)
	}
}

// What is asked for at the origins of the test part is what the metrics say of it.
func TestBesideAsMeasured(t *testing.T) {
	d := fromText(t, prices(200, 0), func(c *Config) { withBeside(c); c.MaxSteps, c.Horizon = 60, 2 })
	for _, genome := range []func(genome.Space) genome.Genome{small, tcn} {
		m := domaintest.Claim(t, d, genome(d.config.Space), 1)
		table, sum, n := d.series.table, 0.0, 0
		for origin := d.series.test - 1; origin+2 < table.Rows(); origin++ {
			got, _ := infer(t, m, "last_time", table.Time(origin))
			for k := range got {
				sum += max(got[k]-table.Value(origin+1+k), table.Value(origin+1+k)-got[k])
				n++
			}
		}
		domaintest.Near(t, "test error", sum/float64(n), domaintest.Metric(t, m, "test_mae"), 1e-4)
	}
}

// The bits of masks, covariates and panels, on every machine.
func TestGoldenHashes(t *testing.T) {
	f := func(what, want string, d tested) {
		t.Helper()
		if got := d.Describe().DataHash; got != want {
			t.Errorf("%s: data hash %s, want %s", what, got, want)
		}
	}
	f("masked", "cb601b2a39ead0bb61bff52c6ee55a11748480dd6fcaa9ca71a59201779ac5af", fromText(t, holed(200, func(i int) bool { return i%11 == 5 }), func(c *Config) { quick(c); c.Gaps = Mask }))
	f("covariates", "ee6f72292fa5bdc873730c671fc10be524f4a1817136bf620a9626a642d16efd", fromText(t, prices(200, 4), withBeside))
	f("several series", "eaf4747911fc7c0f316686e752e11962ab7d45135be5a1be16ed359c2c861726", fromText(t, cities(120, 1, 1000, 0.01), onAll))
}
