package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/internal/canon"
)

// cities is a file of monthly series with one law and different scales, the last of which is shorter.
func cities(rows int, scales ...float64) string {
	var b strings.Builder
	b.WriteString("city,month,sales\n")
	t := monthly(rows)
	for k, scale := range scales {
		for i := range rows {
			if k == len(scales)-1 && (i < 3 || i == rows-1) {
				continue
			}
			fmt.Fprintf(&b, "c%d,%s,%g\n", k, t.Time(i), scale*(t.Value(i)+float64((k+1)*i*i%11)/5))
		}
	}
	return b.String()
}

func onAll(c *Config) {
	quick(c)
	c.MaxParameters, c.SeriesColumn, c.Series = 500, "city", All
}

func TestPanel(t *testing.T) {
	d := fromText(t, cities(164, 1, 1000, 0.01), onAll)
	if len(d.singles) != 3 || d.series.table.Rows() != 160 || d.series.table.Time(0) != "2000-04" {
		t.Fatalf("%d series of %d rows from %s", len(d.singles), d.series.table.Rows(), d.series.table.Time(0))
	}
	notes := strings.Join(d.Describe().Notes, "; ")
	if want := `column "city": 3 series, 160 rows each from 2000-04 to 2013-07, train one model: 8 rows that others lack left out`; notes != want {
		t.Errorf("notes %q, want %q", notes, want)
	}
	// The samples are those of the series by themselves, one after the other.
	for _, g := range []genome.Genome{small(d.config.Space), tcn(d.config.Space)} {
		v := d.View(g).(look)
		train, _ := v.Sources(0)
		size := d.Shape(g).Inputs
		x, y, wx, wy := make([]float32, size), make([]float32, 1), make([]float32, size), make([]float32, 1)
		i := 0
		for _, p := range d.singles {
			want, _ := look{p, v.view}.Sources(0)
			for j := range want.Len() {
				train.Sample(i, x, y)
				want.Sample(j, wx, wy)
				if !slices.Equal(x, wx) || !slices.Equal(y, wy) {
					t.Fatalf("sample %d is not sample %d of series %s", i, j, p.series.table.name)
				}
				i++
			}
		}
		if train.Len() != i {
			t.Errorf("%d samples, want %d", train.Len(), i)
		}
	}
	test := d.View(nil).Test()
	targets, errs := make([]float32, test.Len()), make([]float32, test.Len())
	test.Targets(targets)
	if test.Errors(targets, errs); slices.Max(errs) != 0 {
		t.Error("targets have errors")
	}
}

func TestPanelConform(t *testing.T) {
	file := cities(120, 1, 1000, 0.01)
	open := func() tested { return fromText(t, file, onAll) }
	domaintest.Conform(t, domaintest.Case{Open: func() domaintest.Domain { return open() }, Genome: small(open().config.Space),
		Input: canon.NewObject("steps", 3, "series_name", "c1")})
}

// One model forecasts each series as it is measured, in its unit.
func TestPanelInfer(t *testing.T) {
	d := fromText(t, cities(164, 1, 1000, 0.01), onAll)
	m := domaintest.Claim(t, d, small(d.config.Space), 1)
	var sum float64
	n := 0
	for _, p := range d.singles {
		s := p.series
		for origin := s.test - 1; origin+1 < s.table.Rows(); origin++ {
			got, _ := infer(t, m, "last_time", s.table.Time(origin), "series_name", s.table.name)
			e := got[0] - s.table.Value(origin+1)
			sum += max(e, -e) / s.to(s.scale.Unit)
			n++
		}
	}
	domaintest.Near(t, "test error", sum/float64(n), domaintest.Metric(t, m, "test_mase"), 1e-4)
	if mae, naive := domaintest.Metric(t, m, "test_mae"), domaintest.Metric(t, m, "test_naive_mae"); !(mae < naive) {
		t.Errorf("test MAE %v, of the last value %v", mae, naive)
	}
	refused := func(want string, kv ...any) {
		t.Helper()
		if _, err := m.Infer(t.Context(), canon.NewObject(kv...)); !errors.Is(err, domain.ErrInput) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Infer(%v) = %v, want ErrInput with %q", kv, err, want)
		}
	}
	refused(`must be one of ["c0" "c1" "c2"]`)
	refused(`series_name "c9"`, "series_name", "c9")
	if _, err := m.(domain.Exporter).Export(t.Context(), domain.ONNX, canon.NewObject()); err == nil || !strings.Contains(err.Error(), "several series") {
		t.Errorf("Export = %v, want an error", err)
	}
	row := canon.NewObject("city", "c1", "month", "2013-08", "sales", 300000)
	if got, times := infer(t, m, "rows", []any{row}, "series_name", "c1"); got[0] < 1e5 || times[0] != "2013-09" {
		t.Errorf("forecast %v at %v", got, times)
	}
}

// The data hash is of each series' content, in the order of their names.
func TestPanelHash(t *testing.T) {
	file := cities(120, 1, 1000, 0.01)
	lines := strings.Split(strings.TrimSpace(file), "\n")
	hash := func(text string, change func(c *Config)) string {
		return fromText(t, text, func(c *Config) { onAll(c); change(c) }).Describe().DataHash
	}
	none := func(*Config) {}
	want := hash(file, none)
	slices.Reverse(lines[1:])
	if got := hash(strings.Join(lines, "\n"), none); got != want {
		t.Errorf("data hash %s of the lines in another order, want %s", got, want)
	}
	if got := hash(strings.Replace(file, "c1,2003-05,", "c1,2003-05,1", 1), none); got == want {
		t.Error("a value of another series has no influence")
	}
	one := func(c *Config) { c.Series = "c1" }
	if got := hash(file, one); got == want || got != hash(file, one) {
		t.Errorf("data hash %s of one series", got)
	}
}

// Series are read each with its own gaps, and what was found reads them again.
func TestPanelForms(t *testing.T) {
	file := cities(120, 1, 1000, 0.01)
	for _, line := range []string{"c1,2003-05,", "c2,2004-01,"} {
		at := strings.Index(file, line)
		file = file[:at+len(line)] + file[at+strings.IndexByte(file[at:], '\n'):]
	}
	table, err := parse(file, Form{SeriesColumn: "city", Series: All})
	if err != nil {
		t.Fatal(err)
	}
	again, err := parse(file, table.form)
	if err != nil || table.form.Gaps != Interpolate || !slices.Equal(again.others[0].values, table.others[0].values) || !slices.Equal(again.values, table.values) {
		t.Errorf("with %+v: %v", table.form, err)
	}
	if got := strings.Join(table.sentences(), "; "); !strings.Contains(got, `series "c2": 1 missing row of 116 rows filled in`) {
		t.Errorf("notes %s", got)
	}
}

// Every column of numbers may be a series, too; it is the same problem as with a column that tells them apart.
func TestPanelColumns(t *testing.T) {
	long := "city,month,sales\n"
	wide := "month,b,note,a\n"
	table := monthly(120)
	for i := range 120 {
		a, b := table.Value(i), float64(i*i%17)+table.Value(i)/3
		wide += fmt.Sprintf("%s,%g,x,%g\n", table.Time(i), b, a)
		long += fmt.Sprintf("b,%[1]s,%[2]g\na,%[1]s,%[3]g\n", table.Time(i), b, a)
	}
	columns := fromText(t, wide, func(c *Config) { onAll(c); c.SeriesColumn, c.Series, c.ValueColumn = "", "", All })
	if want := fromText(t, long, onAll).Describe().DataHash; columns.Describe().DataHash != want {
		t.Errorf("data hash %s, want %s", columns.Describe().DataHash, want)
	}
	again := fromText(t, wide, func(c *Config) { onAll(c); c.Form = columns.config.Form })
	if again.Describe().DataHash != columns.Describe().DataHash {
		t.Errorf("with what was found, %+v, another data hash", columns.config.Form)
	}
	row := []any{canon.NewObject("month", "2010-01", "b", 100, "a", 400)}
	if got, times := infer(t, columns.Naive(), "rows", row, "series_name", "b"); got[0] < 99 || got[0] > 101 || times[0] != "2010-02" {
		t.Errorf("forecast %v at %v", got, times)
	}
}

func TestPanelRefusals(t *testing.T) {
	f := func(file, want string) {
		t.Helper()
		if _, err := parse(file, Form{SeriesColumn: "c", Series: All}); !errors.Is(err, supervised.ErrData) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Parse(%q) = %v, want ErrData with %q", file, err, want)
		}
	}
	f("c,t,v; a,2000-01,1; a,2000-02,2; b,2001-01,1; b,2001-02,2", "the series have 0 rows together")
	f("c,t,v; a,2000-01,1; a,2000-02,2; b,2000-01,1; b,2000-02,x", `series "b": data: line 5`)
	f("c,t,v; a,2000-01,1; a,2000-02,2; b,2000-01,1", `series "b": data: 1 rows: need more`)
	f("c,t,v; a,2000-01,1; a,2000-03,2; a,2000-05,2; b,2000-02,1; b,2000-04,1; b,2000-06,1", "they have no times together")
}

// TestStarIsNoName: a series or a column whose name is the word for all of them is refused with what to do, given or found.
func TestStarIsNoName(t *testing.T) {
	f := func(file string, form Form) {
		t.Helper()
		_, err := Parse(strings.NewReader(file), data.Options{}, form)
		if err == nil || !strings.Contains(err.Error(), "stands for all of them") || !errors.Is(err, supervised.ErrData) {
			t.Errorf("Parse(%q, %+v) = %v, want a refusal of the name", file, form, err)
		}
	}
	f("*\n0\n0\n\n", Form{})
	f("t,*\n2000-01,1\n2000-02,2\n", Form{})
	f("t,*\n2000-01,1.5\n2000-02,0.5\n", Form{ValueColumn: All})
	f("c,t,v\n*,2000-01,1\n*,2000-02,2\n", Form{SeriesColumn: "c", Series: All})
	f("c,t,v\n*,2000-01,1\na,2000-01,1\n*,2000-02,2\na,2000-02,2\n", Form{SeriesColumn: "c", Series: All})
}
