package forecast

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/when"
	"doin.network/node/compute/domain/supervised"
)

// parse reads a file, in which "; " stands for the end of a line.
func parse(file string, f Form) (*Table, error) {
	return Parse(strings.NewReader(strings.ReplaceAll(file, "; ", "\n")), data.Options{}, f)
}

func TestParseRefusals(t *testing.T) {
	f := func(file string, form Form, want string) {
		t.Helper()
		if _, err := parse(file, form); !errors.Is(err, supervised.ErrData) || !strings.Contains(fmt.Sprint(err), want) {
			t.Errorf("Parse(%q) = %v, want ErrData with %q", file, err, want)
		}
	}
	v := Form{TimeColumn: "t", ValueColumn: "v"}
	f("t,v", v, "no cell has a time")
	f("t,v; 2000-01,1", v, "1 rows: need more")
	f("t,w; 2000-01,1; 2000-02,1", v, `line 1: no column "v": there are ["t" "w"] (option: value_column)`)
	f("t,v; 2000-01,1; 2000-02,abc", v, `line 3: column "v": value "abc": not a decimal number (option: missing_values)`)
	f("t,v; 2000-01,1; 2000-02,-Inf", v, `line 3: column "v"`)
	f("t,v; 2000-01,1; 2000-02,1e31", v, "magnitude")
	f("t,v; 2000-13,1; 2000-02,1", v, `line 2: column "t": time "2000-13"`)
	f("t,v; 2001-02-29,1; 2001-03-29,1", v, `line 2: column "t": time`)
	f("t,v; 2000-01,1; Feb 2000,1", v, `line 3: column "t": time "Feb 2000"`)
	f("t,v; 2000-01,1; ,1; 2000-03,1", v, `line 3: column "t": time "": missing (option: time_format)`)
	f("t,v; 2000-01,1; 2000-02-01,1", v, `line 3: column "t": time "2000-02-01"`)
	f("t,v; 2000-01,1; 2000-01,1", v, "all times")
	f("t,v; 2000-01,1; 2000-02,1; 2000-02,2", v, `line 4: column "t": time "2000-02": stands in line 3 already (option: duplicates)`)
	f("t,v; 2000-02,1; 2000-01,1", Form{Order: Error}, `line 3: column "t": time "2000-01": before the one above it (option: order)`)
	f("t,v; 03/04/2020,1; 04/05/2020,2", Form{}, "time_format")
	f("t,v; 2000-01-01,1; 2000-01-08,1; 2000-01-15,1; 2000-01-23,2; 2000-02-23,2", v, `line 5: column "t": time "2000-01-23": not a whole number of steps after the one before: the times are weekly`)
	f("t,v; 2000-01,1; 2000-02,1; 2000-04,1", v, `line 4: column "v": no row for 2000-03 before this one, and of 4 rows 1 are missing in all`)
	f("t,v; 2000-01,1; 2000-02,; 2000-03,1", v, `line 3: column "v": no value at 2000-02`)
	f("t,v; 2000-01,1; 2000-02,1; 2000-03,", Form{Gaps: Error}, `line 4: column "v": no value at 2000-03 (option: gaps)`)
	f("t,v; 2000-01,1; 2000-02,1", Form{Frequency: "daily"}, `line 2: column "t": time "2000-01": on no axis that is daily (option: frequency)`)
	f("t,v; 2000-01-01,1; 2000-01-02,1; 2000-02-01,2", Form{Frequency: "monthly"}, "is in one row with that of line 2, because times are monthly")
	f("city,t,v; a,2000-01,1; b,2000-01,2; a,2000-02,1; b,2000-02,2", Form{}, `column ["city"] tells series apart`)
	f("city,t,v; a,2000-01,1; b,2000-01,2", Form{SeriesColumn: "city"}, `there are 2 series, and none is "": ["a" "b"]; "*" trains one model on all (option: series)`)
	f("t,v; 2000-01,x; 2000-02,y", Form{}, `line 2: column "v": value "x"`)
	f("t,v; 0001-01-01T00:00:01Z,1; 9999-01-01T00:00:02Z,2; 9999-01-01T00:00:03Z,2", v, "rows that are 1 seconds")
}

// f-test of what forms there are.
func TestParseTimes(t *testing.T) {
	f := func(times, next, frequency string, phase12 int) {
		t.Helper()
		rows := strings.Split(times, ", ")
		var b strings.Builder
		b.WriteString("t,other,v\n")
		for i, label := range rows {
			fmt.Fprintf(&b, "%s,x,%d.5\n", label, i)
		}
		table, err := Parse(strings.NewReader(b.String()), data.Options{}, Form{TimeColumn: "t"})
		if err != nil {
			t.Errorf("%s: %v", times, err)
			return
		}
		if table.Rows() != len(rows) || table.Value(1) != 1.5 {
			t.Errorf("%s: %d rows, second %v", times, table.Rows(), table.Value(1))
			return
		}
		for i, label := range rows {
			row, err := table.axis.index(label)
			if got := table.Time(i); got != label || row != i || err != nil {
				t.Errorf("%s: row %d is %q, whose row is %d (%v)", times, i, got, row, err)
			}
		}
		if got := table.Time(len(rows)); got != next {
			t.Errorf("%s: next is %q, want %q", times, got, next)
		}
		if got := table.form.Frequency; got != frequency {
			t.Errorf("%s: frequency %q, want %q", times, got, frequency)
		}
		if got := table.axis.phase(12); got != phase12 {
			t.Errorf("%s: phase = %d, want %d", times, got, phase12)
		}
	}
	f("1959-01, 1959-02", "1959-03", "monthly", 0)
	f("1999-11, 1999-12, 2000-01", "2000-02", "monthly", 10)
	f("2000-01, 2000-04, 2000-07, 2000-10", "2001-01", "quarterly", 2000*4%12)
	f("2000Q1, 2000Q2, 2000Q3", "2000Q4", "quarterly", 2000*4%12)
	f("2000-01-15, 2000-02-15", "2000-03-15", "monthly", 0)
	f("1999-12-31, 2000-01-31, 2000-02-29, 2000-03-31", "2000-04-30", "monthly", 11)
	f("2000-02-28, 2000-02-29, 2000-03-01", "2000-03-02", "daily", 11015%12)
	f("1998-12-31, 1999-12-31, 2000-12-31", "2001-12-31", "yearly", 1998%12)
	f("1875, 1876, 1877", "1878", "yearly", 1875%12)
	f("-3, -2, -1, 0, 1", "2", "step 1", 9)
	f("100, 107, 114", "121", "step 7", 14%12)
	f("0.50, 0.75, 1.00", "1.25", "step 0.25", 2)
	f("Jan 2020, Feb 2020, Mar 2020", "Apr 2020", "monthly", 2020*12%12)
	f("2020-W01, 2020-W02, 2020-W03", "2020-W04", "weekly", 18260/7%12)
	f("20200101, 20200108, 20200115", "20200122", "weekly", 18262/7%12)
	f("2010-01-01T22:00:00, 2010-01-01T23:00:00, 2010-01-02T00:00:00", "2010-01-02T01:00:00", "hourly", 22-12)
	f("2010-01-01 00:00:00, 2010-01-02 00:00:00, 2010-01-03 00:00:00", "2010-01-04 00:00:00", "daily", 14610%12)
	f("2010-01-01 12:30, 2010-01-02 12:30, 2010-01-03 12:30", "2010-01-04 12:30", "daily", 14610%12)
	f("2010-01-01 12:30, 2010-02-01 12:30, 2010-03-01 12:30", "2010-04-01 12:30", "monthly", 0)
	f("1262304000, 1262304900, 1262305800", "1262306700", "15 minutes", 0)
	f("2020-10-25T01:00:00+02:00, 2020-10-25T02:00:00+02:00, 2020-10-25T02:00:00+01:00, 2020-10-25T03:00:00+01:00", "2020-10-25T04:00:00+01:00", "hourly", 11)
	f("2020-10-24T00:00:00+02:00, 2020-10-25T00:00:00+02:00, 2020-10-26T00:00:00+01:00", "2020-10-27T00:00:00+01:00", "daily", 18559%12)
	f("2010-01-01T00:00:00.5, 2010-01-01T00:00:01.0, 2010-01-01T00:00:01.5", "2010-01-01T00:00:02.0", "500 milliseconds", 1)
	week := []string{"2021-12-23, 2021-12-27, 2021-12-28, 2021-12-29, 2021-12-30, 2021-12-31", "2022-01-03, 2022-01-04, 2022-01-05, 2022-01-06, 2022-01-07"}
	f("2021-12-17, 2021-12-20, 2021-12-21, 2021-12-22, "+strings.Join(week, ", "), "2022-01-10", "business days", int(workdays.before(18978)%12))
	f("2022-01-02, 2022-01-03, 2022-01-05, 2022-01-09, 2022-01-10, 2022-01-12", "2022-01-16", "mon wed sun", (2712*3+2)%12)
}

func TestAxisIndexRefusals(t *testing.T) {
	quarters := monthly(4).axis
	quarters.n = 3
	for _, bad := range []string{"", "x", "2000-02", "2000-01-01", "7"} {
		if got, err := quarters.index(bad); err == nil {
			t.Errorf("index(%q) = %d, want an error", bad, got)
		}
	}
	if got, err := quarters.index("1999-10"); got != -1 || err != nil {
		t.Errorf("index(1999-10) = %d, %v, want -1", got, err)
	}
	layout, err := when.ByName("number")
	if err != nil {
		t.Fatal(err)
	}
	const far = 1 << 52
	sparse := axis{frequency: frequency{base: numberBase, n: 1}, start: -far, layout: layout, kind: when.Number}
	if got, err := sparse.index(fmt.Sprint(far)); err == nil {
		t.Errorf("index far away = %d, want an error", got)
	}
	sessions, err := parse("t,v; 2021-12-23,1; 2021-12-27,2; 2021-12-29,3; 2021-12-30,4", Form{Frequency: "business days"})
	if err != nil {
		t.Fatal(err)
	}
	for label, want := range map[string]int{"2021-12-23": 0, "2021-12-30": 3, "2021-12-31": 4, "2022-01-03": 5, "2021-12-22": -1, "2021-12-17": -4} {
		if got, err := sessions.axis.index(label); got != want || err != nil || sessions.Time(want) != label {
			t.Errorf("index(%s) = %d, %v, want %d, which is %s", label, got, err, want, sessions.Time(want))
		}
	}
	for _, bad := range []string{"2021-12-28", "2022-01-01", "2021-12"} {
		if got, err := sessions.axis.index(bad); err == nil {
			t.Errorf("index(%q) = %d, want an error", bad, got)
		}
	}
}

// What a file leaves open, and how it is read.
func TestForms(t *testing.T) {
	f := func(file string, form Form, first string, want ...float64) *Table {
		t.Helper()
		table, err := parse(file, form)
		if err != nil {
			t.Errorf("Parse(%q): %v", file, err)
			return nil
		}
		if !slices.Equal(table.values, want) || table.Time(0) != first {
			t.Errorf("Parse(%q) = %v from %s, want %v from %s", file, table.values, table.Time(0), want, first)
		}
		again, err := parse(file, table.form)
		if err != nil || !reflect.DeepEqual(again.axis, table.axis) || !slices.Equal(again.values, table.values) || again.form.Frequency != table.form.Frequency {
			t.Errorf("Parse(%q) with what was found, %+v: %v; axis %#v, want %#v", file, table.form, err, again.axis, table.axis)
		}
		return table
	}
	// Order and duplicates.
	f("t,v; 2000-03,3; 2000-02,2; 2000-01,1", Form{}, "2000-01", 1, 2, 3)
	f("t,v; 2000-01,1; 2000-02,2; 2000-02,5; 2000-03,3", Form{Duplicates: Mean}, "2000-01", 1, 3.5, 3)
	f("t,v; 2000-01,1; 2000-02,2; 2000-02,5; 2000-03,3", Form{Duplicates: Last}, "2000-01", 1, 5, 3)
	f("t,v; 2000-01-01,1; 2000-01-02,2; 2000-02-01,5; 2000-03-31,3", Form{Duplicates: Mean, Frequency: "monthly"}, "2000-01-01", 1.5, 5, 3)
	f("t,v; 2000-01,1; 2000-02,0.1; 2000-02,0.2; 2000-02,; 2000-03,3", Form{Duplicates: Mean}, "2000-01", 1, 0.15, 3)
	// Gaps.
	f("t,v; 2000-01,1; 2000-02,; 2000-03,2", Form{Gaps: Interpolate}, "2000-01", 1, 1.5, 2)
	f("t,v; 2000-01,1; 2000-03,2; 2000-04,4", Form{Gaps: Carry}, "2000-01", 1, 1, 2, 4)
	f("t,v; 2000-01,1; 2000-02,2; 2000-03,3; 2000-06,4", Form{Gaps: Interpolate}, "2000-01", 1, 2, 3, 3.33333, 3.66667, 4)
	f("t,v; 2000-01,; 2000-02,2; 2000-03,3; 2000-04,", Form{}, "2000-02", 2, 3)
	masked := f("t,v; 2000-01,1; 2000-02,NA; 2000-03,2", Form{Gaps: Mask}, "2000-01", 1, 1.5, 2)
	if masked != nil && !slices.Equal(masked.masked, []bool{false, true, false}) {
		t.Errorf("masked %v", masked.masked)
	}
	f("t,v; 2000-01,1; 2000-02,; 2000-03,2; 2000-06,3", Form{Gaps: Bridge}, "2000-01", 1, 2, 3)
	f("t,v; 2000-01-01,1; 2000-01-08,1; 2000-01-17,3", Form{Gaps: Bridge}, "2000-01-01", 1, 1, 3)
	// Columns.
	f("a,v; 1,10; 7,20; 3,30", Form{}, "0", 1, 7, 3)
	f("v,t; 1,2000-01; 2,2000-02", Form{}, "2000-01", 1, 2)
	f("t,name,v,w; 2000-01,x,1,5; 2000-02,y,2,6", Form{ValueColumn: "w"}, "2000-01", 5, 6)
	f("i,v; 0,1; 1,2; 2,5", Form{}, "0", 1, 2, 5)
	f("i,v; 0,1; 1,2; 2,5", Form{TimeColumn: None, ValueColumn: "i"}, "0", 0, 1, 2)
	f("v; 1; 2; 5", Form{}, "0", 1, 2, 5)
	f("id,t,v; 7,2000-01,5; 8,2000-02,9", Form{}, "2000-01", 5, 9)
	f("t,v; 1990.00,1; 1990.08,2; 1990.17,3; 1990.25,4", Form{}, "1990.00", 1, 2, 3, 4)
	// Times in several columns, and times that stand for the unit that they are in.
	f("year,month,v; 2000,11,1; 2000,12,2; 2001,1,3", Form{}, "2000-11", 1, 2, 3)
	f("v,Year,Quarter; 1,2000,1; 2,2000,2; 3,2000,3", Form{}, "2000-Q1", 1, 2, 3)
	f("date,hour,v; 2000-01-01,22,1; 2000-01-01,23,2; 2000-01-02,0,3", Form{}, "2000-01-01 22:00", 1, 2, 3)
	f("date,time,v; 2000-01-01,22:30,1; 2000-01-01,23:00,2", Form{}, "2000-01-01 22:30", 1, 2)
	f("J,M,v; 2000,Jan,1; 2000,Feb,2", Form{TimeColumns: []string{"J", "M"}}, "2000-Jan", 1, 2)
	f("t,v; 2020-01-02,1; 2020-02-03,2; 2020-03-02,3", Form{}, "2020-01-01", 1, 2, 3)
	f("t,v; 2020-01-02 10:00:07,1; 2020-01-02 11:00:03,2; 2020-01-02 12:00:09,3", Form{}, "2020-01-02 10:00:00", 1, 2, 3)
	// Long and wide.
	f("c,t,v; a,2000-01,1; b,2000-01,2; a,2000-02,3; b,2000-02,4", Form{SeriesColumn: "c", Series: "b"}, "2000-01", 2, 4)
	f("year,Q1,Q2,Q3,Q4; 2000,1,2,3,4; 2001,5,6,,", Form{}, "2000Q1", 1, 2, 3, 4, 5, 6)
	f("YEAR,JAN,FEB,MAR,APR,MAY,JUN,JUL,AUG,SEP,OCT,NOV,DEC; 2000,1,2,3,4,5,6,7,8,9,10,11,12", Form{}, "2000-01", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12)
	f("country,2000,2001,2002; a,1,2,3; b,4,5,6", Form{SeriesColumn: "country", Series: "b"}, "2000", 4, 5, 6)
	beside := f("t,v,x,k; 2000-01,1,5,0; 2000-02,2,6,1; 2000-03,3,7,0; 2000-04,,,1", Form{ValueColumn: "v", Covariates: []string{"x"}, Known: []string{"k"}}, "2000-01", 1, 2, 3)
	if beside != nil && (!slices.Equal(beside.covariates[0].values, []float64{5, 6, 7}) || !slices.Equal(beside.covariates[1].values, []float64{0, 1, 0, 1})) {
		t.Errorf("covariates %v", beside.covariates)
	}
}

func TestFrequencies(t *testing.T) {
	for _, s := range []string{"rows", "yearly", "2 years", "quarterly", "2 quarters", "monthly", "5 months", "weekly", "2 weeks", "daily", "3 days",
		"business days", "mon wed sun", "hourly", "2 hours", "15 minutes", "1 seconds", "500 milliseconds", "1 nanoseconds", "step 0.25", "step 7"} {
		f, err := parseFrequency(s)
		if err != nil || f.String() != s {
			t.Errorf("parseFrequency(%q) = %v, %v", s, f, err)
		}
	}
	for s, want := range map[string]string{"B": "business days", "MS": "monthly", "12 months": "yearly", "7 days": "weekly", "60 minutes": "hourly", "1 hour": "hourly"} {
		if f, err := parseFrequency(s); err != nil || f.String() != want {
			t.Errorf("parseFrequency(%q) = %v, %v, want %s", s, f, err, want)
		}
	}
	for _, s := range []string{"", "x", "0 days", "-1 days", "99999999999999999999 days", "9223372036854775807 years", "step 0", "step", "mon", "mon mon", "1.5 hours"} {
		if f, err := parseFrequency(s); err == nil {
			t.Errorf("parseFrequency(%q) = %v, want an error", s, f)
		}
	}
	f := func(s string, want ...int) {
		t.Helper()
		step, err := parseFrequency(s)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := step.seasons(252); !slices.Equal(got, want) {
			t.Errorf("seasons of %s = %v, want %v", s, got, want)
		}
	}
	f("yearly")
	f("quarterly", 4)
	f("2 months", 6)
	f("weekly", 52)
	f("daily", 7, 365)
	f("business days", 5, 252)
	f("hourly", 24, 168)
	f("15 minutes", 96, 672)
	f("5 minutes", 12, 288, 2016)
	f("step 1")
}

func FuzzParse(f *testing.F) {
	for _, seed := range []string{"month,v\n2000-01,1\n2000-02,2.5\n", "t,v\n1,1e3\n3,-2\n5,+.5\n", "d,\"v\"\"\"\n1999-12-31,1\n2000-01-31,2\n2000-02-29,3\n",
		"d,v\r\n2000-02-28,1\r\n2000-02-29,2\r\n", "t,v\n2010-01-01T22:00:00+01:00,1\n2010-01-01T23:30:00.5Z,2\n", "y,q1,q2,q3,q4\n2000,1,2,3,\n",
		"t,v\n2021-12-17,1\n2021-12-20,2\n2021-12-24,3\n2021-12-27,4\n", "v\n1\n\n3\n", "c,1990,1991,1992\nx,1,2,3\n", "t,v\n0.1,1\n0.2,\n0.3,1e-40\n"} {
		for gaps := range uint8(6) {
			f.Add(seed, gaps)
		}
	}
	f.Add("c,t,v\na,2000-01,1\nb,2000-01,2\na,2000-02,3\nb,2000-02,4\n", uint8(18))
	f.Add("c", uint8(18))
	f.Add("2000-1-1T00:00:00.1Z,1\n2009-12-31T23:00:00.2Z,2\n", uint8(4))
	f.Add("c,t,v\na,2000-01-03,1\nb,2000-01-04,2\na,2000-01-04,3\nb,2000-01-05,4\na,2000-01-05,4\n", uint8(18+5))
	f.Fuzz(func(t *testing.T, file string, how uint8) {
		form := Form{Gaps: []string{"", Error, Interpolate, Carry, Mask, Bridge}[how%6], Duplicates: []string{"", Mean, Last}[how/6%3]}
		if how/18%2 == 1 {
			form.SeriesColumn, form.Series = "c", All
		}
		table, err := Parse(strings.NewReader(file), data.Options{}, form)
		if err != nil {
			if !errors.Is(err, supervised.ErrData) {
				t.Fatalf("error %v does not wrap ErrData", err)
			}
			return
		}
		if table.Rows() < 2 {
			t.Fatalf("%d rows accepted", table.Rows())
		}
		// What was found reads the file again as it was read.
		again, err := Parse(strings.NewReader(file), data.Options{}, table.form)
		if err != nil {
			t.Fatalf("again with %+v: %v", table.form, err)
		}
		if !reflect.DeepEqual(again.axis, table.axis) || !slices.Equal(again.values, table.values) || len(again.others) != len(table.others) {
			t.Fatalf("with %+v: axis %+v read back as %+v", table.form, table.axis, again.axis)
		}
		if p := table.axis.phase(12); p < 0 || p > 11 {
			t.Fatalf("phase %d", p)
		}
		for i := range table.Rows() {
			if row, err := table.axis.index(table.Time(i)); err != nil || row != i {
				t.Fatalf("row %d is %q, whose row is %d (%v)", i, table.Time(i), row, err)
			}
		}
		table.Time(table.Rows())
	})
}
