package forecast

import (
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

func infer(t *testing.T, m domain.Model, kv ...any) ([]float64, []any) {
	t.Helper()
	out, err := m.Infer(t.Context(), canon.NewObject(kv...))
	if err != nil {
		t.Fatal(err)
	}
	v, _ := out.Get("forecast")
	values, err := domain.Reals(v, MaxForecast)
	if err != nil {
		t.Fatal(err)
	}
	times, err := out.List("times")
	if err != nil || len(times) != len(values) {
		t.Fatalf("%d times for %d values (%v)", len(times), len(values), err)
	}
	return values, times
}

func TestInfer(t *testing.T) {
	table := monthly(200) // 2000-01 … 2016-08
	d := mustDomain(t, table, quick)
	m := domaintest.Claim(t, d, fixed(d.config.Space), 1)

	one, times := infer(t, m)
	if len(one) != 1 || times[0] != "2016-09" {
		t.Fatalf("forecast %v at %v", one, times)
	}
	many, times := infer(t, m, "steps", 30)
	if len(many) != 30 || many[0] != one[0] || times[29] != "2019-02" {
		t.Errorf("forecast %v at %v", many, times)
	}
	// The same series given explicitly; only its end matters.
	tail := slices.Clone(table.values[150:])
	if got, _ := infer(t, m, "series", tail, "steps", 30); !slices.Equal(got, many) {
		t.Errorf("forecast of the given series = %v, want %v", got, many)
	}
	// Feeding a forecast back equals one forecast of two steps, up to the rounding to original units.
	got, _ := infer(t, m, "series", append(tail, many[0]), "last_time", "2016-09")
	domaintest.Near(t, "second step", got[0], many[1], 1e-3)
	// Within the data, the forecast at an earlier origin; with the wrong month another one.
	early, times := infer(t, m, "last_time", "2010-05")
	if times[0] != "2010-06" {
		t.Errorf("time %v", times[0])
	}
	if got, _ := infer(t, m, "series", table.values[:125], "last_time", "2010-05"); got[0] != early[0] {
		t.Errorf("forecast = %v, want %v", got, early)
	}
	if got, _ := infer(t, m, "series", table.values[:125], "last_time", "2010-11"); got[0] == early[0] {
		t.Error("the calendar has no influence")
	}
}

func TestInferHorizon(t *testing.T) {
	d := mustDomain(t, monthly(200), func(c *Config) { c.Horizon = 4; quick(c) })
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	four, _ := infer(t, m)
	six, times := infer(t, m, "steps", 6)
	if len(four) != 4 || len(six) != 6 || !slices.Equal(four, six[:4]) || times[5] != "2017-02" {
		t.Errorf("forecasts %v, %v at %v", four, six, times)
	}
	if two, _ := infer(t, m, "steps", 2); !slices.Equal(two, four[:2]) {
		t.Errorf("forecast %v, want %v", two, four[:2])
	}
}

// Closed forms go through the whole series in every round of a horizon, so a request has a bound on their product.
func TestInferWork(t *testing.T) {
	d := mustDomain(t, monthly(4096), func(c *Config) { c.Horizon = 2; quick(c) })
	f := func(steps int, want string) {
		t.Helper()
		_, err := d.Naive().Infer(t.Context(), canon.NewObject("steps", steps))
		if (want == "") != (err == nil) || want != "" && !strings.Contains(err.Error(), want) {
			t.Errorf("Infer(steps %d) = %v, want %q", steps, err, want)
		}
	}
	f(4096, "") // 2048 rounds
	d = mustDomain(t, monthly(5000), func(c *Config) { c.Horizon = 2; quick(c) })
	f(3354, "") // 1677 rounds
	f(3355, "at most 3354")
}

func TestInferRefusals(t *testing.T) {
	d := mustDomain(t, monthly(200), quick)
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	long := strings.Repeat("1, ", 40)
	for input, want := range map[string]string{
		`{"series": [` + long + `1e300]}`:      "series: value 40",
		`{"stepz": 1}`:                         `known are`,
		`{"steps": 0}`:                         "steps 0",
		`{"steps": 4097}`:                      "steps 4097",
		`{"steps": 1.5}`:                       "steps",
		`{"steps": "1"}`:                       "steps",
		`{"series": [1, 2]}`:                   "need 37",
		`{"series": "x"}`:                      "series",
		`{"series": [1, 2, 3, 4, 5, 6, null]}`: "series: value 6",
		`{"series": [1, 2, 3, 4, 5, 6, true]}`: "series: value 6",
		`{"last_time": "2010-13"}`:             "last_time",
		`{"last_time": 7}`:                     "last_time",
		`{"last_time": "1999-12"}`:             "last_time",
		`{"last_time": "2000-01"}`:             "no series",
		`{"last_time": "2016-09"}`:             "no series",
		`{"last_time": "9999-12"}`:             "last_time",
	} {
		o, err := canon.ParseObject([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range []domain.Model{m, d.Naive()} {
			if out, err := m.Infer(t.Context(), o); !errors.Is(err, domain.ErrInput) || !strings.Contains(err.Error(), want) {
				t.Errorf("Infer(%s) = %v, %v, want ErrInput with %q", input, out, err, want)
			}
		}
	}
}

// What is asked for at the origins of the test part is what the metrics say of it, and a claim of one seed answers as its
// final network does.
func TestInferAsMeasured(t *testing.T) {
	table := monthly(200)
	for _, genome := range []func(genome.Space) genome.Genome{small, tcn} {
		d := mustDomain(t, table, func(c *Config) { quick(c); c.Horizon = 2 })
		g := genome(d.config.Space)
		m := domaintest.Claim(t, d, g, 1, 2)
		sum, n := 0.0, 0
		for origin := d.series.test - 1; origin+2 < table.Rows(); origin++ {
			got, _ := infer(t, m, "last_time", table.Time(origin))
			for k := range got {
				sum += math.Abs(got[k] - table.Value(origin+1+k))
				n++
			}
		}
		domaintest.Near(t, "test error", sum/float64(n), domaintest.Metric(t, m, "test_mae"), 1e-4)
	}
}

// Years later the calendar is the same; the data need not reach there.
func TestInferElsewhere(t *testing.T) {
	table := monthly(200)
	d := mustDomain(t, table, quick)
	m := domaintest.Claim(t, d, tcn(d.config.Space), 1)
	tail := table.values[150:190]
	first, times := infer(t, m, "series", tail, "last_time", "2000-01")
	if times[0] != "2000-02" {
		t.Fatalf("times %v", times)
	}
	if later, _ := infer(t, m, "series", tail, "last_time", "2012-01"); !slices.Equal(first, later) {
		t.Errorf("forecasts %v and %v from the same month", first, later)
	}
}

// asked is the rows of a table from one on as a request has them.
func asked(t *Table, from, to int) []any {
	var rows []any
	for i := from; i < to; i++ {
		rows = append(rows, canon.NewObject("t", t.Time(i), "v", t.Value(i)))
	}
	return rows
}

// Rows as the file has them say what numbers and a time do, and are answered in their form.
func TestInferRows(t *testing.T) {
	full := monthly(210)
	d := fromText(t, string(write(full, func(i int) bool { return i < 200 })), quick)
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	f := func(input *canon.Object, kv ...any) *canon.Object {
		t.Helper()
		want, times := infer(t, m, append(kv, "steps", 3)...)
		out, err := m.Infer(t.Context(), input.Set("steps", 3))
		if err != nil {
			t.Error(err)
			return nil
		}
		v, _ := out.Get("forecast")
		got, err := domain.Reals(v, 3)
		said, _ := out.List("times")
		if err != nil || !slices.Equal(got, want) || !slices.Equal(said, times) {
			t.Errorf("forecast %v at %v, want %v at %v (%v)", got, said, want, times, err)
		}
		return out
	}
	out := f(canon.NewObject("rows", asked(full, 150, 210)), "series", full.values[150:210], "last_time", "2017-06")
	rows, _ := out.List("rows")
	if o, ok := rows[0].(*canon.Object); len(rows) != 3 || !ok || o.Len() != 2 {
		t.Errorf("rows %v", rows)
	}
	// One row goes on from the data; a series of one value would have to be longer.
	last := append(slices.Clone(full.values[:200]), 400)
	f(canon.NewObject("rows", []any{canon.NewObject("v", "400", "t", "2016-09"), canon.NewObject("t", "2016-10")}), "series", last, "last_time", "2016-09")
	f(canon.NewObject("rows", []any{canon.NewObject("time", "2016-09", "value", 400)}), "series", last, "last_time", "2016-09")
	out = f(canon.NewObject("csv", "v;t\n"+string(reversed(full, 160, 205))), "series", full.values[160:205], "last_time", "2017-01")
	if text, _ := out.String("csv"); !strings.HasPrefix(text, "t,v\n2017-02,") {
		t.Errorf("csv %q", text)
	}
}

func reversed(t *Table, from, to int) []byte {
	var out []byte
	for i := to - 1; i >= from; i-- {
		out = append(out, string(canon.Canonical(t.Value(i)))+";"+t.Time(i)+"\n"...)
	}
	return out
}

// fromText makes a domain of a file's text.
func fromText(t testing.TB, text string, change func(c *Config)) tested {
	t.Helper()
	c := DefaultConfig()
	c.Data = "text"
	change(&c)
	table, err := parse(text, c.Form)
	if err != nil {
		t.Fatal(err)
	}
	d, err := FromTable(c, table)
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

func TestInferRowsRefusals(t *testing.T) {
	d := fromText(t, string(write(monthly(200), func(int) bool { return true })), quick)
	f := func(input, want string) {
		t.Helper()
		o, err := canon.ParseObject([]byte(input))
		if err != nil {
			t.Fatal(err)
		}
		if out, err := d.Naive().Infer(t.Context(), o); !errors.Is(err, domain.ErrInput) || !strings.Contains(err.Error(), want) {
			t.Errorf("Infer(%s) = %v, %v, want ErrInput with %q", input, out, err, want)
		}
	}
	f(`{"rows": []}`, "rows: ")
	f(`{"rows": 1}`, "rows")
	f(`{"rows": [1]}`, "row 0: int where an object is needed")
	f(`{"rows": [{"t": "2016-09", "v": [1]}]}`, `row 0: "v"`)
	f(`{"rows": [{"t": "2016-09", "w": 1}]}`, `no column "v"`)
	f(`{"rows": [{"t": "2016-09"}]}`, "v")
	f(`{"rows": [{"t": "Sept", "v": 1}]}`, `time "Sept"`)
	f(`{"rows": [{"t": "2016-09", "v": "x"}]}`, `value "x": not a decimal number`)
	f(`{"rows": [{"t": "2016-09", "v": 1}, {"t": "2016-09", "v": 2}]}`, "duplicates")
	f(`{"rows": [{"t": "2016-09", "v": 1}, {"t": "2016-11", "v": 2}]}`, "no row for \"2016-10\"")
	f(`{"rows": [{"t": "2016-09", "v": 1e29}]}`, "too far")
	f(`{"rows": [{"t": "2018-09", "v": 1}]}`, `row 1: time "2018-09" leaves a gap: the data end with "2016-08", the next row is "2016-09"`)
	f(`{"rows": [{"t": "2000-09", "v": 1}]}`, `or that they go on from the data, which end at "2016-08"`)
	f(`{"rows": [{"t": "9999-09", "v": 1}]}`, "must be between")
	f(`{"rows": [{"t": "2016-09", "v": 1}], "last_time": "2016-09"}`, "last_time: given beside rows")
	f(`{"csv": "t,v\n2016-09,"}`, "no value")
	f(`{"csv": ""}`, "csv: ")
	f(`{"csv": 7}`, "csv")
	f(`{"covariates": {"x": [1]}}`, `no such column "x"`)
}

// A wide table is asked with its own rows, or with a time and a value each.
func TestInferWide(t *testing.T) {
	d := found(t, "testdata/files/elnino_wide.csv")
	last := append(slices.Clone(d.series.table.values), 24.5)
	want, times := infer(t, d.Naive(), "series", last, "last_time", "2011-01")
	var row []any
	for i, name := range d.series.table.form.Wide {
		row = append(row, name, []any{24.5, nil}[min(i, 1)])
	}
	for _, o := range []*canon.Object{canon.NewObject("time", "2011-01", "value", 24.5), canon.NewObject(append(row, "YEAR", 2011)...)} {
		out, err := d.Naive().Infer(t.Context(), canon.NewObject("rows", []any{o}))
		if err != nil {
			t.Fatal(err)
		}
		v, _ := out.Get("forecast")
		got, _ := domain.Reals(v, 1)
		rows, _ := out.List("rows")
		if said := rows[0].(*canon.Object); !slices.Equal(got, want) || times[0] != "2011-02" || said.Keys()[0] != "time" {
			t.Errorf("forecast %v, want %v at %v; rows %v", got, want, times, rows)
		}
	}
}

// Whatever a request says, it is answered or refused with ErrInput.
func FuzzInfer(f *testing.F) {
	change := func(c *Config) { quick(c); c.MaxParameters = 4000 }
	columns := func(c *Config) { withBeside(c) }
	all := func(c *Config) { onAll(c) }
	wide := func(c *Config) { change(c); c.Gaps = Mask }
	var models []domain.Model
	for _, d := range []tested{
		fromText(f, string(write(monthly(200), func(int) bool { return true })), change), fromText(f, prices(200, 4), columns),
		fromText(f, cities(120, 1, 10), all), fromText(f, holed(200, func(i int) bool { return i%11 == 5 }), wide),
		fromText(f, "v\n"+strings.Repeat("1\n3\n2\n5\n", 40), func(c *Config) { change(c); c.Period = 0 }),
		fromText(f, string(write(monthly(200), func(i int) bool { return i%7 != 3 })), func(c *Config) { change(c); c.Gaps = Bridge }),
	} {
		models = append(models, d.Naive())
	}
	for _, seed := range []string{`{}`, `{"steps": 3}`, `{"rows": [{"t": "2016-09", "v": 1}]}`, `{"csv": "t,v\n2016-09,1\n2016-11,2\n"}`, `{"csv": "v\n1\n2\n"}`,
		`{"rows": [{"date": "2020-10-09", "close": 100, "promotion": 1, "visits": 3}, {"date": "2020-10-12", "promotion": 2}]}`,
		`{"series": [1, 2, 3], "last_time": "2016-10", "covariates": {"visits": [1, 2, 3]}, "known_covariates": {"promotion": [1]}}`,
		`{"series_name": "c1", "rows": [{"city": "c1", "month": "2010-01", "sales": 3}]}`, `{"last_time": "2010-05"}`, `{"last_time": 120}`,
		`{"rows": [{"time": "2016-08", "value": null}, {"time": "2016-10", "value": "7"}]}`} {
		for i := range models {
			f.Add(seed, uint8(i))
		}
	}
	f.Fuzz(func(t *testing.T, request string, which uint8) {
		o, err := canon.ParseObject([]byte(request))
		if err != nil {
			return
		}
		out, err := models[int(which)%len(models)].Infer(t.Context(), o)
		if (out == nil) == (err == nil) || err != nil && !errors.Is(err, domain.ErrInput) {
			t.Fatalf("Infer(%s) = %v, %v", request, out, err)
		}
	})
}
