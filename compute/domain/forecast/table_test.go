package forecast

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"doin.network/node/compute/domain/supervised"
)

func TestParseRefusals(t *testing.T) {
	for name, tc := range map[string]struct{ file, want string }{
		"empty":                {"", "empty file"},
		"header only":          {"month,v\n", "rows"},
		"one row":              {"month,v\n2000-01,1\n", "rows"},
		"one column":           {"v\n1\n", "line 1: header has 1 column"},
		"no header":            {"1959-01,315.42\n1959-02,316.3\n", "line 1: no header"},
		"missing value column": {"month,w\n2000-01,1\n2000-02,1\n", `line 1: header has no column "v"`},
		"column twice":         {"month,v,v\n2000-01,1,1\n2000-02,1,1\n", "line 1: header has column \"v\" twice"},
		"missing field":        {"month,v\n2000-01,1\n2000-02\n", "line 3: wrong number of fields"},
		"extra field":          {"month,v\n2000-01,1\n2000-02,1,1\n", "line 3: wrong number of fields"},
		"quote":                {"month,v\n2000-01,\"1\n2000-02,1\n", "line"},
		"bare quote":           {"month,v\n2000-01,1\"\n2000-02,1\n", "line 2"},
		"missing value":        {"month,v\n2000-01,\n2000-02,1\n", "line 2: value \"\": missing"},
		"text":                 {"month,v\n2000-01,1\n2000-02,abc\n", "line 3: value \"abc\": not a decimal number"},
		"NaN":                  {"month,v\n2000-01,NaN\n2000-02,1\n", "line 2: value \"NaN\""},
		"infinity":             {"month,v\n2000-01,-Inf\n2000-02,1\n", "line 2"},
		"overflow":             {"month,v\n2000-01,1e999\n2000-02,1\n", "line 2: value \"1e999\": magnitude"},
		"too large":            {"month,v\n2000-01,1e31\n2000-02,1\n", "line 2: value \"1e31\": magnitude"},
		"hexadecimal":          {"month,v\n2000-01,0x10\n2000-02,1\n", "line 2"},
		"underscore":           {"month,v\n2000-01,1_0\n2000-02,1\n", "line 2"},
		"space":                {"month,v\n2000-01, 1\n2000-02,1\n", "line 2"},
		"two signs":            {"month,v\n2000-01,+-1\n2000-02,1\n", "line 2"},
		"bad month":            {"month,v\n2000-13,1\n2000-02,1\n", "line 2: time \"2000-13\""},
		"bad day":              {"month,v\n2001-02-29,1\n2001-03-29,1\n", "line 2: time"},
		"bad time":             {"month,v\nJan 2000,1\nFeb 2000,1\n", "line 2: time \"Jan 2000\": not a time"},
		"empty time":           {"month,v\n,1\n2000-02,1\n", "line 2: time"},
		"signed month":         {"month,v\n+200-01,1\n2000-02,1\n", "line 2: time"},
		"huge integer":         {"month,v\n9223372036854775807,1\n1,1\n", "line 2: time"},
		"mixed times":          {"month,v\n2000-01,1\n2000-02-01,1\n", "line 3: time \"2000-02-01\": of another form"},
		"equal times":          {"month,v\n2000-01,1\n2000-01,1\n", "line 3: time \"2000-01\": not after"},
		"descending":           {"month,v\n2000-02,1\n2000-01,1\n", "line 3: time \"2000-01\": not after"},
		"gap":                  {"month,v\n2000-01,1\n2000-02,1\n\n2000-04,1\n", "line 5: time is not one step after the one before: want \"2000-03\""},
		"integer gap":          {"month,v\n10,1\n12,1\n14,1\n15,1\n", "line 5: time is not one step after the one before: want \"16\""},
		"irregular days":       {"month,v\n2000-01-01,1\n2000-01-08,1\n2000-01-16,1\n", "line 4: time is not one step after the one before: want \"2000-01-15\""},
	} {
		_, err := Parse(strings.NewReader(tc.file), "month", "v")
		if name == "one column" || name == "no header" {
			_, err = Parse(strings.NewReader(tc.file), "", "")
		}
		if !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrData with %q", name, err, tc.want)
		}
	}
	if _, err := Parse(strings.NewReader("a,b\n1,1\n2,2\n"), "a", "a"); !errors.Is(err, supervised.ErrData) {
		t.Errorf("one column as both: error %v, want ErrData", err)
	}
}

func TestParseTimes(t *testing.T) {
	f := func(times, next string, phase12 int) {
		t.Helper()
		var b strings.Builder
		b.WriteString("\ufefft,other,v\r\n")
		rows := strings.Fields(times)
		for i, label := range rows {
			fmt.Fprintf(&b, "%s,x,%d.5\r\n", label, i)
		}
		table, err := Parse(strings.NewReader(b.String()), "", "v")
		if err != nil {
			t.Errorf("%s: %v", times, err)
			return
		}
		if table.Rows() != len(rows) || table.Value(1) != 1.5 {
			t.Errorf("%s: %d rows, second %v", times, table.Rows(), table.Value(1))
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
		if got := table.axis.phase(12); got != phase12 {
			t.Errorf("%s: phase = %d, want %d", times, got, phase12)
		}
	}
	f("1959-01 1959-02", "1959-03", 0)
	f("1999-11 1999-12 2000-01", "2000-02", 10)
	f("2000-01 2000-04 2000-07 2000-10", "2001-01", 2000*4%12)
	f("2000-01-15 2000-02-15", "2000-03-15", 0)
	f("1999-12-31 2000-01-31 2000-02-29 2000-03-31", "2000-04-30", 11)
	f("2000-02-28 2000-02-29 2000-03-01", "2000-03-02", 11015%12)
	f("-3 -2 -1 0 1", "2", 9)
	f("100 107 114", "121", 14%12)
}

func TestAxisIndexRefusals(t *testing.T) {
	monthly := axis{unit: months, start: 2000 * 12, step: 3}
	for _, bad := range []string{"", "x", "2000-02", "2000-01-01", "7"} {
		if got, err := monthly.index(bad); err == nil {
			t.Errorf("index(%q) = %d, want an error", bad, got)
		}
	}
	if got, err := monthly.index("1999-10"); got != -1 || err != nil {
		t.Errorf("index(1999-10) = %d, %v, want -1", got, err)
	}
	sparse := axis{unit: integers, start: -maxInteger, step: 1}
	if got, err := sparse.index(fmt.Sprint(maxInteger)); err == nil {
		t.Errorf("index far away = %d, want an error", got)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("month,v\n2000-01,1\n2000-02,2.5\n")
	f.Add("t,v\n1,1e3\n3,-2\n5,+.5\n")
	f.Add("d,\"v\"\"\"\n1999-12-31,1\n2000-01-31,2\n2000-02-29,3\n")
	f.Add("\ufeffd,v\r\n2000-02-28,1\r\n2000-02-29,2\r\n")
	f.Fuzz(func(t *testing.T, file string) {
		table, err := Parse(strings.NewReader(file), "", "")
		if err != nil {
			if !errors.Is(err, supervised.ErrData) {
				t.Fatalf("error %v does not wrap ErrData", err)
			}
			return
		}
		if table.Rows() < 2 {
			t.Fatalf("%d rows accepted", table.Rows())
		}
		// Every accepted table is written and read back unchanged.
		var b strings.Builder
		b.WriteString("t,v\n")
		for i := range table.Rows() {
			fmt.Fprintf(&b, "%s,%g\n", table.Time(i), table.Value(i))
		}
		again, err := Parse(strings.NewReader(b.String()), "t", "v")
		if err != nil {
			t.Fatalf("%q: %v", b.String(), err)
		}
		if again.axis != table.axis {
			t.Fatalf("axis %+v read back as %+v", table.axis, again.axis)
		}
		for i, v := range again.values {
			if v != table.values[i] {
				t.Fatalf("row %d: %v read back as %v", i, table.values[i], v)
			}
		}
		if p := table.axis.phase(12); p < 0 || p > 11 {
			t.Fatalf("phase %d", p)
		}
	})
}
