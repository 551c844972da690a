package forecast

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"doin.network/node/internal/canon"
)

// tidy has the series that are the files' twins.
const tidy = "../../../bench/quality/testdata/series/"

// found makes a domain of a file with what is found in it, or with settings.
func found(t *testing.T, path string, kv ...any) tested {
	t.Helper()
	d, err := New(canon.NewObject(append(kv, "data", path)...))
	if err != nil {
		t.Fatal(err)
	}
	return tested{d, d.Problem().(*problem)}
}

// Files as they were found load without a word.
func TestFiles(t *testing.T) {
	f := func(name string, rows int, first, next, frequency string, periods []int, notes string, kv ...any) {
		t.Helper()
		d := found(t, "testdata/files/"+name, kv...)
		table := d.series.table
		if table.Rows() != rows || table.Time(0) != first || table.Time(rows) != next || table.form.Frequency != frequency {
			t.Errorf("%s: %d rows from %s to before %s, %s, want %d from %s to before %s, %s", name, table.Rows(), table.Time(0),
				table.Time(table.Rows()), table.form.Frequency, rows, first, next, frequency)
		}
		if got, want := canon.Canonical(integersOf(d.series.periods)), canon.Canonical(integersOf(periods)); string(got) != string(want) {
			t.Errorf("%s: periods %s, want %s", name, got, want)
		}
		if got := strings.Join(d.Describe().Notes, "; "); got != notes {
			t.Errorf("%s: notes %q, want %q", name, got, notes)
		}
	}
	f("weekdays.csv", 285, "2022-01-03", "2023-02-06", "business days", nil, "")
	f("us_gdp_quarterly.csv", 203, "1959-01", "2009-10", "quarterly", nil, "", "value_column", "gdp_usd")
	f("us_gdp_quarterly.csv", 203, "1959-01", "2009-10", "quarterly", nil,
		`column "realgdp": the first column of numbers is the value; value_column may name another: ["unemp" "infl" "gdp_usd"]`)
	f("co2.csv", 2284, "19580329", "20020105", "weekly", []int{52}, `column "co2": 59 missing rows of 2284 rows filled in on a straight line between their neighbours`)
	f("elnino_wide.csv", 732, "1950-01", "2011-01", "monthly", []int{12},
		`a wide table: the values are those of ["JAN" "FEB" "MAR" "APR" "MAY" "JUN" "JUL" "AUG"] and 4 more, one after the other`)
	f("us_macro_quarterly.csv", 203, "1959Q1", "2009Q4", "quarterly", nil, "", "value_column", "unemp")
	f("seattle-weather-hourly-normals.csv", 1000, "2010-01-01T01:00:00", "2010-02-11T17:00:00", "hourly", []int{24}, "", "value_column", "temperature")
}

// A file and its tidy twin are one problem.
func TestTwins(t *testing.T) {
	f := func(file, twin string, kv ...any) {
		t.Helper()
		a, b := found(t, "testdata/files/"+file, kv...), found(t, tidy+twin)
		if a.Describe().DataHash != b.Describe().DataHash {
			t.Errorf("data hash of %s %s, of %s %s", file, a.Describe().DataHash, twin, b.Describe().DataHash)
		}
	}
	f("co2.csv", "co2_weekly.csv")
	f("elnino_wide.csv", "elnino_sst.csv")
	f("us_macro_quarterly.csv", "us_unemployment.csv", "value_column", "unemp")
	f("us_gdp_quarterly.csv", "us_unemployment.csv", "value_column", "unemp")
}

// The data hash is of what a file says, not of how it is written.
func TestHashOfContent(t *testing.T) {
	table := monthly(200)
	hash := func(text string, kv ...any) string {
		t.Helper()
		path := filepath.Join(t.TempDir(), "data")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return found(t, path, kv...).Describe().DataHash
	}
	plain := string(write(table, func(int) bool { return true }))
	lines := strings.Split(strings.TrimSpace(plain), "\n")
	want := hash(plain)
	f := func(what, text string, kv ...any) {
		t.Helper()
		if got := hash(text, kv...); got != want {
			t.Errorf("%s: data hash %s, want %s", what, got, want)
		}
	}
	f("a BOM and CRLF", "\ufeff"+strings.ReplaceAll(plain, "\n", "\r\n"))
	f("semicolons and decimal commas", strings.NewReplacer(",", ";", ".", ",").Replace(plain))
	f("days", strings.ReplaceAll(strings.ReplaceAll(plain, ",", "-01,"), "t-01", "t"))
	var last, wide, long []string
	for i := len(lines) - 1; i > 0; i-- {
		last = append(last, lines[i])
	}
	f("newest first", lines[0]+"\n"+strings.Join(last, "\n")+"\n")
	for i, line := range lines[1:] {
		label, value, _ := strings.Cut(line, ",")
		wide = append(wide, value+",x,"+label)
		long = append(long, "b,"+label+",0\na,"+label+","+value)
		lines[i+1] = strings.Replace(line, ",", "T00:00:00Z,", 1)
		lines[i+1] = strings.Replace(lines[i+1], "T", "-15T", 1)
	}
	f("other columns and another order", "v,note,t\n"+strings.Join(wide, "\n"))
	f("several series", "who,t,v\n"+strings.Join(long, "\n"), "series_column", "who", "series", "a")
	f("moments at midnight", strings.Join(lines, "\n"))
}
