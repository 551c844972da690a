package when_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data/when"
)

// column is cells separated by "|", numbered from 2.
func column(cells string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for i, cell := range strings.Split(cells, "|") {
			if !yield(i+2, cell) {
				return
			}
		}
	}
}

func TestDetect(t *testing.T) {
	f := func(cells, name string, kind when.Kind, values ...int64) {
		t.Helper()
		l, err := when.Detect(column(cells))
		if err != nil || l.Name() != name || l.Kind() != kind {
			t.Errorf("Detect(%s) = %q, %v, %v, want %q, %v", cells, l.Name(), l.Kind(), err, name, kind)
			return
		}
		again, err := when.ByName(name)
		if err != nil || again.Name() != name || again.Kind() != kind {
			t.Errorf("ByName(%q) = %q, %v, %v", name, again.Name(), again.Kind(), err)
		}
		var got []int64
		for _, cell := range column(cells) {
			s, err := again.Parse(cell)
			if err != nil || s.Kind != kind {
				t.Errorf("%s: Parse(%q) = %+v, %v", name, cell, s, err)
			}
			if back := again.Format(s); back != cell {
				t.Errorf("%s: Format(Parse(%q)) = %q", name, cell, back)
			}
			got = append(got, s.Value)
		}
		if !slices.Equal(got, values) {
			t.Errorf("Detect(%s): values %d, want %d", cells, got, values)
		}
	}
	// Dates.
	f("1970-01-01|2000-02-29", "%Y-%m-%d", when.Day, 0, 11016)
	f("19580329|19580405", "%Y%m%d", when.Day, -4296, -4289)
	f("2010/01/31|2010/02/28", "%Y/%m/%d", when.Day, 14640, 14668)
	f("2010/1/31|2010/10/1", "%Y/%-m/%-d", when.Day, 14640, 14883)
	f("31.01.2010|01.02.2010", "%d.%m.%Y", when.Day, 14640, 14641)
	f("1.2.2010|2.2.2010", "%-d.%-m.%Y", when.Day, 14641, 14642)
	f("01.31.2010|02.01.2010", "%m.%d.%Y", when.Day, 14640, 14641)
	f("31/01/2010|01/02/2010", "%d/%m/%Y", when.Day, 14640, 14641)
	f("02/01/2010|01/31/2010", "%m/%d/%Y", when.Day, 14641, 14640)
	f("3-4-2010|13-4-2010", "%-d-%-m-%Y", when.Day, 14702, 14712)
	f("31/12/99|01/01/00", "%d/%m/%y", when.Day, 10956, 10957)
	f("01-Jan-2020|02-Feb-2020", "%d-%b-%Y", when.Day, 18262, 18294)
	f("01-JAN-20|02-FEB-20", "%d-%^b-%y", when.Day, 18262, 18294)
	f("1 January 2020|15 February 2020", "%-d %B %Y", when.Day, 18262, 18307)
	f("Jan 1, 2020|Feb 15, 2020", "%b %-d, %Y", when.Day, 18262, 18307)
	f("Wed, 01 Jan 2020|Thu, 02 Jan 2020", "%a, %d %b %Y", when.Day, 18262, 18263)
	f("2020-W05-1|2020-W05-2", "%G-W%V-%u", when.Day, 18288, 18289)
	f("2020-001|2020-366", "%Y-%j", when.Day, 18262, 18627)
	// Months, quarters, weeks, years.
	f("2020-01|2020-02", "%Y-%m", when.Month, 24240, 24241)
	f("202001|202012", "%Y%m", when.Month, 24240, 24251)
	f("2020M01|2020M02", "%YM%m", when.Month, 24240, 24241)
	f("2020M1|2020M12", "%YM%-m", when.Month, 24240, 24251)
	f("Jan 2020|May 2020", "%b %Y", when.Month, 24240, 24244)
	f("January 2020|May 2020", "%B %Y", when.Month, 24240, 24244)
	f("2020 JAN|2020 MAY", "%Y %^b", when.Month, 24240, 24244)
	f("Jan-98|Feb-00", "%b-%y", when.Month, 23976, 24001)
	f("01/2020|12/2020", "%m/%Y", when.Month, 24240, 24251)
	f("1959Q1|1959Q4", "%YQ%q", when.Quarter, 7836, 7839)
	f("2020-q1|2020-q2", "%Y-q%q", when.Quarter, 8080, 8081)
	f("Q1 2020|Q4 2020", "Q%q %Y", when.Quarter, 8080, 8083)
	f("1Q2020|2Q2020", "%qQ%Y", when.Quarter, 8080, 8081)
	f("2020-W05|2020-W53", "%G-W%V", when.Week, 2612, 2660)
	f("2020W05|2020W06", "%GW%V", when.Week, 2612, 2613)
	f("1875|1876", "%Y", when.Year, 1875, 1876)
	// Years that end in the next.
	f("FY2019|FY2020", "FY%Y", when.Year, 2019, 2020)
	f("fy98|fy99", "fy%y", when.Year, 1998, 1999)
	f("1998/99|1999/00", "%Y/%+y", when.Year, 1998, 1999)
	f("1979-80|1980-81|2011-12", "%Y-%+y", when.Year, 1979, 1980, 2011)
	f("2019/2020|2020/2021", "%Y/%+Y", when.Year, 2019, 2020)
	f("FY2019-20|FY2020-21", "FY%Y-%+y", when.Year, 2019, 2020)
	f("2011-12", "%Y-%m", when.Month, 24143)
	f("2011-12|2011-12", "%Y-%m", when.Month, 24143, 24143)
	f("2010-11|2010-12", "%Y-%m", when.Month, 24130, 24131)
	// Moments.
	f("2010-01-01T01:00:00|2010-01-01T02:00:00", "%Y-%m-%dT%H:%M:%S", when.Moment, 1262307600, 1262311200)
	f("2010-01-01 01:00|2010-01-01 02:30", "%Y-%m-%d %H:%M", when.Moment, 1262307600, 1262313000)
	f("2010-01-01T01|2010-01-01T02", "%Y-%m-%dT%H", when.Moment, 1262307600, 1262311200)
	f("2010-01-01T01:00:00Z|2010-01-01T02:00:00Z", "%Y-%m-%dT%H:%M:%SZ", when.Moment, 1262307600, 1262311200)
	f("2010-01-01 01:00:00 UTC|2010-01-01 02:00:00 UTC", "%Y-%m-%d %H:%M:%S UTC", when.Moment, 1262307600, 1262311200)
	f("2010-03-28T01:00:00+01:00|2010-03-28T03:00:00+02:00", "%Y-%m-%dT%H:%M:%S%:z", when.Moment, 1269734400, 1269738000)
	f("2010-01-01 01:00:00+00|2010-01-01 02:00:00+01", "%Y-%m-%d %H:%M:%S%-z", when.Moment, 1262307600, 1262307600)
	f("2010-01-01 01:00:00 -0330|2010-01-01 02:00:00 -0330", "%Y-%m-%d %H:%M:%S %z", when.Moment, 1262320200, 1262323800)
	f("2010-01-01 01:00:00.250|2010-01-01 01:00:00.500", "%Y-%m-%d %H:%M:%3S", when.Moment, 1262307600, 1262307600)
	f("20100101T010000|20100101T020000", "%Y%m%dT%H%M%S", when.Moment, 1262307600, 1262311200)
	f("201001010100|201001010200", "%Y%m%d%H%M", when.Moment, 1262307600, 1262311200)
	f("1/13/2010 1:00|1/13/2010 13:00", "%-m/%d/%Y %-H:%M", when.Moment, 1263344400, 1263387600)
	f("01/13/2010 01:00 AM|01/13/2010 12:00 PM", "%m/%d/%Y %I:%M %p", when.Moment, 1263344400, 1263384000)
	f("13/Jan/2010:01:00:00 +0000|13/Jan/2010:02:00:00 +0000", "%d/%b/%Y:%H:%M:%S %z", when.Moment, 1263344400, 1263348000)
	// A midnight that is no time.
	f("2010-01-01 00:00:00|2010-01-02 00:00:00", "%Y-%m-%d 00:00:00", when.Day, 14610, 14611)
	f("2010-01-01T00:00:00.000Z|2010-01-02T00:00:00.000Z", "%Y-%m-%dT00:00:00.000Z", when.Day, 14610, 14611)
	f("2010-03-28 00:00:00+01:00|2010-03-29 00:00:00+02:00", "%Y-%m-%d 00:00:00%:z", when.Day, 14696, 14697)
	f("1/31/2010 12:00 am|2/1/2010 12:00 am", "%-m/%-d/%Y 12:00 am", when.Day, 14640, 14641)
	// Counts.
	f("1|2|10", "number", when.Number, 1, 2, 10)
	f("-5|0", "number", when.Number, -5, 0)
	f("0.5|1.0|1.5", "number.1", when.Number, 0, 1, 1)
	f("1990|1990.25|1990.5", "number", when.Number, 1990, 1990, 1990)
	f("-0.25|0.25", "number.2", when.Number, -1, 0)
	f("1262307600|1262311200", "epoch-s", when.Moment, 1262307600, 1262311200)
	f("1262307600.5|1262307601.5", "epoch-s.1", when.Moment, 1262307600, 1262307601)
	f("1262307600000|1262307600250", "epoch-ms", when.Moment, 1262307600, 1262307600)
	f("1262307600000000", "epoch-us", when.Moment, 1262307600)
	f("1262307600000000000", "epoch-ns", when.Moment, 1262307600)
	f("1949.000|1949.083|1949.167|1949.250", "year/12.3", when.Month, 23388, 23389, 23390, 23391)
	f("1949|1949.08333|1949.25", "year/12.-5", when.Month, 23388, 23389, 23391)
	f("1949.25|1949.5|1949.75", "number", when.Number, 1949, 1949, 1949)
	f("1949.083|1949.1", "number", when.Number, 1949, 1949)
	f("19581332|19581333", "number", when.Number, 19581332, 19581333)
	f("1000|2500", "number", when.Number, 1000, 2500)
}

func TestDetectRefuses(t *testing.T) {
	f := func(cells string, line int, sentinel error, want string) {
		t.Helper()
		l, err := when.Detect(column(cells))
		var cell *when.CellError
		if !errors.As(err, &cell) || !errors.Is(err, sentinel) || cell.Line != line || !strings.Contains(err.Error(), want) {
			t.Errorf("Detect(%s) = %q, %v (%+v), want line %d, %v, %q", cells, l.Name(), err, cell, line, sentinel, want)
		}
	}
	f("03/04/2020|04/05/2020", 2, when.ErrAmbiguous, "may be %d/%m/%Y or %m/%d/%Y, and no cell decides: set time_format")
	f("3-4-20|5-6-20", 2, when.ErrAmbiguous, "may be %-d-%-m-%y or %-m-%-d-%y")
	f("03/04/05", 2, when.ErrAmbiguous, "%d/%m/%y or %m/%d/%y or %y/%m/%d")
	f("2001-02|2002-03|2003-04", 2, when.ErrAmbiguous, "may be %Y-%m or %Y-%+y, and no cell decides: set time_format")
	f("1998/99|2000/02", 3, when.ErrForm, "not a time of the form %Y/%+y")
	f("Jan-20|Feb-20", 2, when.ErrAmbiguous, `set time_format to "%b-%y" if it is the year`)
	f("20-Jan|21-Jan", 2, when.ErrAmbiguous, "may be a month of a year or a day of a month")
	f("2020-01-01|2020-02-30", 3, when.ErrForm, "not a time of the form %Y-%m-%d")
	f("2020-01-01|31/01/2020", 3, when.ErrForm, "not a time of the form %Y-%m-%d")
	f("13/04/2020|04/13/2020", 3, when.ErrForm, "not a time of the form %d/%m/%Y")
	f("2020-01-01 23:00|2020-01-01 24:00", 3, when.ErrForm, "hour 24")
	f("2016-12-31T23:59:59Z|2016-12-31T23:59:60Z", 3, when.ErrForm, "leap second")
	f("2020-01-01 10:00 CET", 2, when.ErrForm, "the zone CET is not read: write an offset")
	f("2020-01-01 10:00 Europe/Paris", 2, when.ErrForm, "the zone Europe/Paris")
	f("2020-01-01T10:00:00+01:00[Europe/Paris]", 2, when.ErrForm, "zone by name")
	f("Januar 2020", 2, when.ErrForm, `"Januar" is no English name`)
	f("März 2020", 2, when.ErrForm, `"März" is no English name`)
	f("1960K1", 2, when.ErrForm, "set time_format")
	f("hello", 2, when.ErrForm, "set time_format")
	f("1|two", 3, when.ErrForm, "not a time of the form number")
	f("1|2|3,5", 4, when.ErrForm, "not a time of the form number")
	f("1|4503599627370497", 3, when.ErrForm, "not a time of the form number")
	f("Mon, 01 Jan 2020", 2, when.ErrForm, "set time_format") // it was a Wednesday
	f("", 2, when.ErrForm, "missing")
	f(strings.Repeat("1", 70), 2, when.ErrForm, "longer than 64")
	if _, err := when.Detect(func(func(int, string) bool) {}); !errors.Is(err, when.ErrForm) {
		t.Errorf("Detect of nothing: %v", err)
	}
}

// TestSerial reads serial dates of spreadsheets, which only a name makes them.
func TestSerial(t *testing.T) {
	f := func(name, cell string, kind when.Kind, value int64) {
		t.Helper()
		l, err := when.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		s, err := l.Parse(cell)
		if err != nil || s.Kind != kind || s.Value != value || l.Kind() != kind {
			t.Errorf("%s: Parse(%s) = %+v, %v, want %v %d", name, cell, s, err, kind, value)
		}
		if again, err := l.Parse(l.Format(s)); err != nil || again != s {
			t.Errorf("%s: Parse(Format(%s)) = %+v, %v, want %+v", name, cell, again, err, s)
		}
	}
	f("excel-1900", "61", when.Day, when.Days(1900, 3, 1))
	f("excel-1900", "43831", when.Day, when.Days(2020, 1, 1))
	f("excel-1904", "0", when.Day, when.Days(1904, 1, 1))
	f("excel-1904", "42369", when.Day, when.Days(2020, 1, 1))
	f("excel-1900.5", "43831.04167", when.Moment, when.Days(2020, 1, 1)*86400+3600)
	f("excel-1900.5", "43831", when.Moment, when.Days(2020, 1, 1)*86400)
	f("excel-1900.5", "43831.99999", when.Moment, when.Days(2020, 1, 1)*86400+86399)
	f("excel-1900.9", "43831.0416666666715", when.Moment, when.Days(2020, 1, 1)*86400+3600)
	for _, c := range [][2]string{{"excel-1900", "60"}, {"excel-1900", "43831.5"}, {"excel-1904", "-1"}, {"excel-1900", "2958466"}} {
		l, err := when.ByName(c[0])
		if err != nil {
			t.Fatal(err)
		}
		if s, err := l.Parse(c[1]); !errors.Is(err, when.ErrForm) {
			t.Errorf("%s: Parse(%s) = %+v, %v, want %v", c[0], c[1], s, err, when.ErrForm)
		}
	}
}

// Whatever a column is, its layout is one by name, reads all of it, and what it writes it reads as the same time.
func FuzzDetect(f *testing.F) {
	for _, s := range []string{"2020-01-01|2020-01-02", "Jan-98", "1959Q1", "2010-03-28T01:00:00.5+01:00|2010-03-28T01:00:00Z", "1e9", "-0.5|.5",
		"2020-W53-7", "1/13/2010 1:00 pm", "1577836800.123456789", "Wed, 01 Jan 2020 00:00:00 GMT", "é", "2020年", "0001-01-01T00:00+18:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, cells string) {
		l, err := when.Detect(column(cells))
		if err != nil {
			var cell *when.CellError
			if !errors.As(err, &cell) || cell.Reason == "" {
				t.Fatalf("Detect(%q): %v", cells, err)
			}
			return
		}
		again, err := when.ByName(l.Name())
		if err != nil || again.Kind() != l.Kind() {
			t.Fatalf("Detect(%q) = %q: ByName: %v", cells, l.Name(), err)
		}
		for _, cell := range column(cells) {
			s, err := again.Parse(cell)
			if err != nil {
				t.Fatalf("Detect(%q) = %q: Parse(%q): %v", cells, l.Name(), cell, err)
			}
			back, err := again.Parse(again.Format(s))
			if err != nil || back != s {
				t.Fatalf("%q: Parse(Format(Parse(%q))) = %+v, %v, want %+v: %q", l.Name(), cell, back, err, s, again.Format(s))
			}
		}
	})
}

// TestDirectives: what is listed is known, and all that is known is listed.
func TestDirectives(t *testing.T) {
	var letters []byte
	for _, d := range when.Directives() {
		for _, name := range strings.Fields(d.Name) {
			switch last := name[len(name)-1]; {
			case name == "%%":
			case name[0] == '%':
				letters = append(letters, last)
				if _, err := when.ByName(name); err != nil && strings.Contains(err.Error(), "no such directive") {
					t.Errorf("%s: %v", name, err)
				}
			default:
				if _, err := when.ByName(name); err != nil {
					t.Errorf("%s: %v", name, err)
				}
			}
		}
	}
	_, err := when.ByName("%?")
	if err == nil {
		t.Fatal("ByName(%?) has no error")
	}
	_, known, _ := strings.Cut(err.Error(), "there are ")
	for _, name := range strings.Fields(known) {
		if !slices.Contains(letters, name[1]) {
			t.Errorf("%s is not listed", name)
		}
	}
}

func TestByNameRefuses(t *testing.T) {
	f := func(name, want string) {
		t.Helper()
		if l, err := when.ByName(name); err == nil || l.Kind() != 0 || !strings.Contains(err.Error(), want) {
			t.Errorf("ByName(%q) = %v, %v, want %q", name, l.Kind(), err, want)
		}
	}
	f("", "no form of times")
	f("iso", "no form of times")
	f("number.0", "no number of decimals")
	f("%Q", "no such directive")
	f("%", "no such directive")
	f("%-Y", "a mark that")
	f("%m-%d", "must have one year")
	f("%Y %y", "must have one year")
	f("%Y %Y", "twice")
	f("%Y-%d", "a day without a month")
	f("%Y-%m %q", "do not go together")
	f("%Y-%m %H", "without a date")
	f("%Y-%m-%d %M", "a time of day is")
	f("%Y-%m-%d %I", "a time of day is")
	f("%Y%z", "without a date")
	f(strings.Repeat("-", 65)+"%Y", "longer than 64")
}

// A layout that is none reads nothing and writes nothing that is read; a time of another kind is no panic.
func TestNone(t *testing.T) {
	var none when.Layout
	if s, err := none.Parse("2020"); !errors.Is(err, when.ErrForm) {
		t.Errorf("Parse = %+v, %v", s, err)
	}
	for _, name := range []string{"%Y-%m-%d %H:%M:%S", "%G-W%V", "%b %Y", "%YQ%q", "number", "epoch-ns", "year/12"} {
		l, err := when.ByName(name)
		if err != nil {
			t.Fatal(err)
		}
		for k := when.Kind(0); k <= when.Moment; k++ {
			for _, v := range []int64{0, 1, -1, 1 << 62, -1 << 63} {
				l.Format(when.Stamp{Kind: k, Value: v, Nanos: 999_999_999})
			}
		}
	}
}
