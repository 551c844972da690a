package inspect_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"doin.network/node/compute/data/when"
)

// kase is a file as people have it, and what becomes of it. The list of them is both a test and the table in docs/data.md.
type kase struct {
	kind, name string
	file       string
	sample     string // what the page shows of it; empty: its second line
	settings   string // members of the configuration, as JSON
	task       string
	// twin is the tidy file that means the same: data hashes are equal. shows are settings in force, "key value". refuses are words
	// of the sentence. One of them is given.
	twin    string
	shows   []string
	notes   []string // words of notes
	refuses []string
}

// replaced changes cells of lines.
func replaced(old, new string) func([]string) []string {
	return func(all []string) []string {
		for i := range all {
			all[i] = strings.ReplaceAll(all[i], old, new)
		}
		return all
	}
}

// ending adds to the end of every line but the first.
func ending(text string) func([]string) []string {
	return func(all []string) []string {
		for i := range all[1:] {
			all[i+1] += text
		}
		return all
	}
}

// at replaces one line.
func at(line int, text string) func([]string) []string {
	return func(all []string) []string {
		all[line-1] = text
		return all
	}
}

func cases(t *testing.T) (list []kase) {
	tidy := page{}.String()
	text := func(name, file string) { list = append(list, kase{kind: "text", name: name, file: file, twin: tidy}) }
	text("commas", tidy)
	text("semicolons", page{separator: ";"}.String())
	text("tabs", page{separator: "\t"}.String())
	text("pipes", page{separator: "|"}.String())
	text("blanks", page{separator: "   "}.String())
	text("blanks after commas", page{separator: ", "}.String())
	text("quotes", page{quote: `"`}.String())
	text("single quotes", page{quote: "'"}.String())
	text("CRLF", page{newline: "\r\n"}.String())
	text("CR", page{newline: "\r"}.String())
	text("no line end at the end", strings.TrimSuffix(tidy, "\n"))
	text("blank lines", page{newline: "\n\n"}.String())
	text("trailing commas", strings.ReplaceAll(tidy, "\n", ",\n"))
	text("comments", "# sales\n"+tidy+"# the end\n")
	text("a title before the table", "Monthly sales\n\n"+tidy)
	text("sep= before the table", "sep=;\n"+page{separator: ";"}.String())
	text("no line with names", page{header: "-"}.String())
	text("other names", page{header: "Datum,Umsatz"}.String())
	text("a pandas index", page{header: ",month,value", cell: func(row int, time, value string) []string { return []string{fmt.Sprint(row), time, value} }}.String())
	text("an R index", page{header: `"","month","value"`, cell: func(row int, time, value string) []string {
		return []string{fmt.Sprintf("%q", fmt.Sprint(row+1)), time, value}
	}}.String())
	text("an empty column", page{header: "month,empty,value", cell: func(_ int, time, value string) []string { return []string{time, "", value} }}.String())
	text("a column of a unit", page{header: "month,unit,value", cell: func(_ int, time, value string) []string { return []string{time, "EUR", value} }}.String())
	text("value first", page{header: "value,month", cell: func(_ int, time, value string) []string { return []string{value, time} }}.String())
	text("UTF-8 with a mark", "\ufeff"+tidy)
	text("windows-1252", strings.Replace(tidy, "value", "gr\xf6\xdfe", 1))
	text("UTF-16, low byte first", utf16ed(tidy, true, true))
	text("UTF-16, high byte first", utf16ed(tidy, false, true))
	text("UTF-16 without a mark", utf16ed(tidy, true, false))
	text("gzip", gzipped(t, tidy))
	text("zstd", zstded(t, tidy))
	text("zip with one file", zipped(t, tidy))
	text("gzip of CRLF and semicolons", gzipped(t, page{separator: ";", newline: "\r\n"}.String()))
	text("Parquet", parqueted(t))
	text("an Arrow file", arrowed(t, false))
	text("an Arrow stream", arrowed(t, true))
	bad := func(kind, name, file, settings string, words ...string) {
		list = append(list, kase{kind: kind, name: name, file: file, settings: settings, refuses: words})
	}
	bad("text", "a row with too few cells", page{edit: at(5, "2001-04")}.String(), "", "line 5", "1 cell", "separator")
	bad("text", "a quote that is not closed", page{edit: at(5, `"2001-04,1`)}.String(), "", "line 5", "not closed", "quote")
	bad("text", "zip with two files", zipped(t, tidy, tidy), "", "2 files")
	bad("text", "an empty file", "", "", "empty")
	bad("text", "names and no row", "month,value\n", "", "no row")
	bad("text", "one value in every column", "month,value\n2001-01,5\n", "", "one value")
	bad("text", "a workbook", "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "", "save the sheet as CSV")
	bad("text", "JSON", `[{"month": "2001-01"}]`, "", "JSON")
	bad("text", "HTML", "<!DOCTYPE html>\n<table></table>\n", "", "HTML")

	number := func(name, file string) {
		list = append(list, kase{kind: "numbers", name: name, file: file, twin: tidy})
	}
	number("decimal commas, semicolons", page{separator: ";", decimal: ","}.String())
	number("decimal commas in quotes", page{decimal: ",", quote: `"`}.String())
	number("thousands by commas", page{thousands: ",", quote: `"`}.String())
	number("thousands by points", page{separator: ";", thousands: ".", decimal: ","}.String())
	number("thousands by blanks", page{separator: ";", thousands: " ", decimal: ","}.String())
	number("thousands by narrow blanks", page{separator: ";", thousands: "\u202f", decimal: ","}.String())
	number("thousands by apostrophes", page{separator: ";", thousands: "'"}.String())
	number("thousands by underscores", page{thousands: "_"}.String())
	number("a plus sign", page{edit: replaced(",1", ",+1")}.String())
	number("more decimals", page{edit: ending("00")}.String())
	number("in thousandths", page{scale: 1e-3, digits: 4}.String())
	number("with exponents", page{edit: ending("e-12")}.String())
	whole := page{digits: 0, thousands: ",", quote: `"`, edit: replaced(".0", "")}.String()
	bad("numbers", "1,234 and nothing else", whole, "", "line 2", `"1,5`, "no cell decides", "decimal")
	list = append(list, kase{kind: "numbers", name: "1,234 with thousands set", file: whole, settings: `{"thousands": ","}`, twin: page{edit: replaced(".0", "")}.String()})
	bad("numbers", "two formats", page{separator: ";", edit: at(9, "2001-08;1.541,3")}.String(), "", "marks are not those of", "decimal")
	bad("numbers", "a percent sign", page{edit: at(9, "2001-08,15%")}.String(), "", "line 9", "value", "percent")
	bad("numbers", "a currency", page{edit: at(9, "2001-08,$15")}.String(), "", "line 9", "value", "currencies")
	bad("numbers", "too large", page{edit: at(9, "2001-08,1e99")}.String(), "", "line 9", "value", "magnitude")
	bad("numbers", "a word", page{edit: at(9, "2001-08,lots")}.String(), "", "line 9", "value", "lots", "missing_values")

	time := func(name, twin string, p page) {
		list = append(list, kase{kind: "times", name: name, file: p.String(), twin: twin})
	}
	const january = 2001 * 12
	time("2001/01", tidy, page{layout: "%Y/%m"})
	time("200101", tidy, page{layout: "%Y%m"})
	time("01/2001", tidy, page{layout: "%m/%Y"})
	time("Jan 2001", tidy, page{layout: "%b %Y"})
	time("January 2001", tidy, page{layout: "%B %Y"})
	time("2001 JAN", tidy, page{layout: "%Y %^b"})
	time("2001M01", tidy, page{layout: "%YM%m"})
	old := page{first: 1993 * 12}.String()
	time("Jan-93", old, page{layout: "%b-%y", first: 1993 * 12})
	firsts := func(layout string) page {
		return page{layout: layout, cell: func(row int, _, value string) []string {
			l, err := when.ByName(layout)
			if err != nil {
				t.Fatal(err)
			}
			return []string{l.Format(when.Stamp{Kind: when.Day, Value: when.Days(2001+row/12, 1+row%12, 1)}), value}
		}}
	}
	day := func(name, layout string) {
		p := firsts(layout)
		if p.layout = ""; strings.Contains(name, ",") {
			p.quote = `"`
		}
		time(name, tidy, p)
	}
	day("2001-01-01", "%Y-%m-%d")
	day("20010101", "%Y%m%d")
	day("01.01.2001", "%d.%m.%Y")
	day("1.1.2001", "%-d.%-m.%Y")
	day("01-Jan-2001", "%d-%b-%Y")
	day("Jan 1, 2001", "%b %-d, %Y")
	day("2001-01-01 00:00:00", "%Y-%m-%d 00:00:00")
	day("2001-01-01T00:00:00.000Z", "%Y-%m-%dT00:00:00.000Z")
	ends := page{cell: func(row int, _, value string) []string {
		y, m := 2001+row/12, 1+row%12
		return []string{fmt.Sprintf("%02d/%02d/%d", when.DaysIn(y, m), m, y), value}
	}}
	time("31/01/2001", tidy, ends)
	ends.cell = func(row int, _, value string) []string {
		y, m := 2001+row/12, 1+row%12
		return []string{fmt.Sprintf("%02d/%02d/%d", m, when.DaysIn(y, m), y), value}
	}
	time("01/31/2001", tidy, ends)
	_ = january
	quarterly := page{layout: "%YQ%q", kind: when.Quarter, first: 2001 * 4}
	q := quarterly.String()
	quarter := func(name, layout string) {
		p := quarterly
		p.layout = layout
		time(name, q, p)
	}
	list = append(list, kase{kind: "times", name: "2001Q1", file: q, shows: []string{"frequency quarterly"}})
	quarter("2001-Q1", "%Y-Q%q")
	quarter("Q1 2001", "Q%q %Y")
	quarter("1Q2001", "%qQ%Y")
	quarter("2001q1", "%Yq%q")
	show := func(name, frequency string, p page) {
		list = append(list, kase{kind: "times", name: name, file: p.String(), shows: []string{"frequency " + frequency}})
	}
	show("years", "yearly", page{layout: "%Y", kind: when.Year, first: 1875})
	weekly := page{layout: "%G-W%V", kind: when.Week, first: 1700}
	show("2002-W31", "weekly", weekly)
	tight := weekly
	tight.layout = "%GW%V"
	time("2002W31", weekly.String(), tight)
	daily := page{layout: "%Y-%m-%d", kind: when.Day, first: 12000}
	show("days", "daily", daily)
	show("every Monday", "weekly", page{layout: "%Y-%m-%d", kind: when.Day, first: 11995, step: 7})
	business := page{edit: nil, cell: func(row int, _, value string) []string {
		l, _ := when.ByName("%Y-%m-%d")
		return []string{l.Format(when.Stamp{Kind: when.Day, Value: 11995 + int64(row/5*7+row%5)}), value}
	}}
	show("business days", "business days", business)
	hourly := page{layout: "%Y-%m-%dT%H:%M:%S", kind: when.Moment, first: 1_262_304_000, step: 3600, rows: 120}
	show("hours", "hourly", hourly)
	hour := func(name, layout string) {
		p := hourly
		p.layout = layout
		time(name, hourly.String(), p)
	}
	hour("2010-01-01 00:00", "%Y-%m-%d %H:%M")
	hour("2010-01-01 00:00:00.000", "%Y-%m-%d %H:%M:%3S")
	hour("2010-01-01T00:00:00Z", "%Y-%m-%dT%H:%M:%SZ")
	hour("2010-01-01T00:00:00+00:00", "%Y-%m-%dT%H:%M:%S%:z")
	hour("2010-01-01 00:00:00+00", "%Y-%m-%d %H:%M:%S%-z")
	hour("20100101T000000", "%Y%m%dT%H%M%S")
	hour("epoch seconds", "epoch-s")
	hour("epoch milliseconds", "epoch-ms")
	hour("epoch microseconds", "epoch-us")
	hour("epoch nanoseconds", "epoch-ns")
	zone, _ := when.ByName("%Y-%m-%dT%H:%M:%S%:z")
	summer := hourly
	summer.first = 1_269_600_000 // the last days of March 2010
	clock := summer
	clock.cell = func(row int, _, value string) []string {
		s := when.Stamp{Kind: when.Moment, Value: summer.first + int64(row)*3600, Offset: 3600, Zoned: true}
		if s.Value >= 1_269_738_000 {
			s.Offset = 7200
		}
		return []string{zone.Format(s), value}
	}
	show("daylight saving by offset", "hourly", clock)
	show("quarters of an hour", "15 minutes", page{layout: "%Y-%m-%d %H:%M", kind: when.Moment, first: 1_262_304_000, step: 900, rows: 200})
	show("numbers that count", "step 1", page{layout: "number", kind: when.Number, first: 1, header: "t,value"})
	show("numbers with decimals", "step 0.25", page{header: "t,value", cell: func(row int, _, value string) []string {
		return []string{fmt.Sprintf("%d.%02d", 1990+row/4, row%4*25), value}
	}})
	show("no times at all", "rows", page{header: "value", cell: func(_ int, _, value string) []string { return []string{value} }})
	list = append(list, kase{kind: "times", name: "decimal years", twin: tidy,
		file: page{header: "time,value", cell: func(row int, _, value string) []string {
			return []string{fmt.Sprintf("%.10f", 2001+float64(row)/12), value}
		}}.String()})
	list = append(list, kase{kind: "times", name: "decimal years, said", settings: `{"time_format": "year/12"}`, shows: []string{"frequency monthly"},
		file: page{cell: func(row int, _, value string) []string {
			return []string{fmt.Sprintf("%d.%03d", 2001+row/12, (row%12*1000+6)/12), value}
		}}.String()})
	ambiguous := page{cell: func(row int, _, value string) []string {
		return []string{fmt.Sprintf("%02d/%02d/%d", 1+row%12, 1+row/12, 2001), value}
	}}.String()
	bad("times", "03/04/2001 and nothing else", ambiguous, "", "line 2", "month", "%d/%m/%Y or %m/%d/%Y", "time_format")
	bad("times", "Jan-01 and nothing else", page{layout: "%b-%y"}.String(), "", "line 2", "month", "time_format")
	quarters := page{header: "time,value", cell: func(row int, _, value string) []string {
		return []string{fmt.Sprintf("%d.%d", 1990+row/4, 1+row%4), value}
	}}.String()
	bad("times", "quarters as 1990.1", quarters, "", "line 6", "value", "time_format", "%Y.%q")
	list = append(list, kase{kind: "times", name: "quarters as 1990.1, said", settings: `{"time_format": "%Y.%q"}`, shows: []string{"frequency quarterly"}, file: quarters})
	bad("times", "hour 24", hourlyWith(hourly, 26, "2010-01-01T24:00:00"), "", "line 26", "month", "hour 24")
	bad("times", "a leap second", hourlyWith(hourly, 26, "2010-01-01T23:59:60"), "", "line 26", "month", "leap second")
	bad("times", "a zone by name", page{layout: "%Y-%m-%d %H:%M CET", kind: when.Moment, first: 1_262_304_000, step: 3600}.String(), `{"time_column": "month"}`,
		"line 2", "month", "the zone CET", "offset")
	bad("times", "months in German", page{edit: replaced("2001-", "Mai ")}.String(), `{"time_column": "month"}`, "line 2", "month", "English")
	bad("times", "a time of another form", page{edit: at(30, "June 2003,1700")}.String(), "", "line 30", "month", "%Y-%m")
	list = append(list, programCases(tidy)...)
	list = append(list, calendarCases()...)
	list = append(list, seriesCases(tidy)...)
	return append(list, columnCases()...)
}

// programCases are about what programs and people write around a table.
func programCases(tidy string) (list []kase) {
	f := func(name, file, twin string, notes ...string) {
		list = append(list, kase{kind: "programs", name: name, file: file, twin: twin, notes: notes})
	}
	bad := func(name, file, settings string, words ...string) {
		list = append(list, kase{kind: "programs", name: name, file: file, settings: settings, refuses: words})
	}
	lines := strings.Split(strings.TrimSuffix(tidy, "\n"), "\n")
	last := strconv.Itoa(len(lines) + 1)
	psql := page{header: "  month  | value \n---------+-------", separator: " | "}.String()
	f("a table by psql", psql+"("+strconv.Itoa(len(lines)-1)+" rows)\n\n", tidy, "line 2, ")
	rule := "+---------+--------+\n"
	var box strings.Builder
	for i, line := range lines {
		if i < 2 {
			box.WriteString(rule)
		}
		box.WriteString("| " + strings.Replace(line, ",", " | ", 1) + " |\n")
	}
	f("a table by mysql", box.String()+rule, tidy, "line 3, ")
	f("a table in Markdown", strings.Replace(strings.Replace(box.String(), rule, "", 1), rule, "|---|---:|\n", 1), tidy, "line 2")
	f("metadata before the names", "\"Data Source\",\"Indicators\"\n\n\"Updated\",\"2024-06-28\"\n\n\"Kind\",\"\"\n\n"+page{header: "unit,month,value", cell: func(_ int, time, value string) []string { return []string{"EUR", time, value} }}.String(), tidy, "the table begins")
	f("properties before a table of blanks", "Title:     Rates\nSource:    the office\nNotes:     a, b, c\n\n"+page{separator: "   "}.String(), tidy, "the table begins at line 5")
	f("notes below the table", tidy+"\nSource: the office of statistics\n* provisional\n", tidy, "line "+strconv.Itoa(len(lines)+2)+"-")
	bad("notes below without a blank line", tidy+"Source: the office\n", "", "line "+last, "1 cell", "skip_lines")
	total := tidy + "Total,123456\n"
	bad("a line of totals", total, "", "line "+last, "month", "Total", "skip_lines")
	list = append(list, kase{kind: "programs", name: "a line of totals, said", file: total, settings: `{"skip_lines": ["` + last + `"]}`, twin: tidy})
	f("a line of units", strings.Replace(tidy, "\n", "\n,EUR\n", 1), tidy, "line 2")
	f("two lines of names", page{header: ",sales,sales\nmonth,north,south", cell: func(row int, time, value string) []string { return []string{time, value, strconv.Itoa(row * 7 % 5)} }}.String(), tidy, "line 2")
	f("a name twice", page{header: "month,value,value", cell: func(row int, time, value string) []string { return []string{time, value, strconv.Itoa(row * 7 % 5)} }}.String(), tidy, "that of another column")
	f("line ends in quotes", page{header: "month,value,remark", cell: func(row int, time, value string) []string {
		return []string{time, value, fmt.Sprintf("\"a\nb %d\"", row%7)}
	}}.String(), tidy)
	bad("quotes by backslashes", page{header: "month,remark,value", cell: func(_ int, time, value string) []string { return []string{time, "\"a \\\"b\\\", c\"", value} }}.String(), "", "line 2", "backslash", "quote")
	f("a date of the export in every row", page{header: "updated,month,value", cell: func(_ int, time, value string) []string { return []string{"03/04/24 23:00:00", time, value} }}.String(), tidy)
	wide := func(lead, names, separator string, quarters bool) string {
		var b strings.Builder
		b.WriteString(lead + names)
		for row := range 3 {
			if row > 0 {
				b.WriteString([]string{"", "Germany" + separator + "DEU", "France" + separator + "FRA"}[row])
			}
			for i := range 64 {
				switch {
				case row > 0:
					fmt.Fprintf(&b, "%s%.1f", separator, float64(row)*wave(i))
				case quarters:
					fmt.Fprintf(&b, "%s%d-Q%d", separator, 2000+i/4, 1+i%4)
				default:
					fmt.Fprintf(&b, "%s%d", separator, 1960+i)
				}
			}
			b.WriteString("\n")
		}
		return b.String()
	}
	several := func(name, file, sample, frequency, column string) {
		list = append(list, kase{kind: "programs", name: name, file: file, sample: sample, shows: []string{"frequency " + frequency, "series *", "series_column " + column}, notes: []string{"2 series"}})
	}
	several("the World Bank's layout", wide("\"Data Source\",\"Indicators\",\n\n\"Last Updated\",\"2024-06-28\",\n\n", "Country Name,Country Code", ",", false), "Germany,DEU,1500.0,…", "yearly", "Country Name")
	several("Eurostat's layout", wide("", "geo\tcode", "\t", true), "Germany⇥DEU⇥1500.0⇥…", "quarterly", "geo")
	bad("parentheses for a minus sign", page{edit: at(9, "2001-08,(15)")}.String(), "", "line 9", "value", "parentheses")
	bad("marks of notes behind numbers", page{edit: at(9, "2001-08,1541.3*")}.String(), "", "line 9", "value", "1541.3*", "missing_values")
	return list
}

// calendarCases are about times that calendars and spreadsheets have.
func calendarCases() (list []kase) {
	bad := func(name, file, settings string, words ...string) {
		list = append(list, kase{kind: "times", name: name, file: file, settings: settings, refuses: words})
	}
	years := page{layout: "%Y", kind: when.Year, first: 1950}
	set := func(name, layout, settings string) {
		p := years
		p.layout = layout
		list = append(list, kase{kind: "times", name: name, file: p.String(), settings: settings, twin: years.String()})
	}
	set("FY1950", "FY%Y", "")
	set("1950/51", "%Y/%+y", "")
	set("1950-51", "%Y-%+y", "")
	set("1950/1951", "%Y/%+Y", "")
	set("FY1950-51", "FY%Y-%+y", "")
	list = append(list, kase{kind: "times", name: "1950.0", shows: []string{"frequency step 1"},
		file: page{header: "year,value", cell: func(row int, _, value string) []string { return []string{fmt.Sprintf("%d.0", 1950+row), value} }}.String()})
	short := page{layout: "%Y-%+y", kind: when.Year, first: 2001, rows: 10}.String()
	bad("2001-02 and nothing else", short, "", "line 2", "month", "%Y-%m or %Y-%+y", "time_format")
	serial := page{header: "date,value", cell: func(row int, _, value string) []string {
		return []string{strconv.FormatInt(when.Days(2001+row/12, 1+row%12, 1)+25569, 10), value}
	}}.String()
	bad("serial dates of a spreadsheet", serial, "", "line 2", "date", "2001-01-01 or 2005-01-02", "excel-1900 or excel-1904", "time_format")
	tidy := page{}.String()
	list = append(list, kase{kind: "times", name: "serial dates, said", file: serial, settings: `{"time_format": "excel-1900"}`, twin: tidy})
	mac := page{header: "date,value", cell: func(row int, _, value string) []string {
		return []string{strconv.FormatInt(when.Days(2001+row/12, 1+row%12, 1)+24107, 10), value}
	}}.String()
	list = append(list, kase{kind: "times", name: "serial dates from 1904 on, said", file: mac, settings: `{"time_format": "excel-1904"}`, twin: tidy})
	hours := page{header: "date,value", rows: 120, cell: func(row int, _, value string) []string {
		return []string{strconv.FormatFloat(float64(40179*24+row)/24, 'f', 5, 64), value}
	}}.String()
	list = append(list, kase{kind: "times", name: "serial dates with hours, said", file: hours, settings: `{"time_format": "excel-1900.5"}`, shows: []string{"frequency hourly"}})
	bad("the 30th of February", page{edit: at(30, "2003-02-30,1700"), layout: "%Y-%m-%d", kind: when.Day, first: 12000}.String(), "", "line 30", "month", "2003-02-30", "time_format")
	list = append(list, kase{kind: "times", name: "before 1900", file: page{layout: "%Y-%m-%d", kind: when.Day, first: -80000}.String(), shows: []string{"frequency daily"}})
	list = append(list, kase{kind: "times", name: "AM and PM", file: page{layout: "%-m/%-d/%Y %-I:%M %p", kind: when.Moment, first: 1_262_304_000, step: 3600, rows: 400}.String(), shows: []string{"frequency hourly"}})
	for _, c := range [][2]string{{"Januar 2001", "Januar"}, {"1 janvier 2001", "janvier"}, {"ene-2001", "ene"}} {
		file := page{cell: func(row int, _, value string) []string {
			return []string{strings.Replace(c[0], "2001", strconv.Itoa(1901+row), 1), value}
		}}.String()
		bad(c[0], file, "", "line 2", "month", c[1], "English", "time_format")
	}
	bad("KW 01/2019", page{cell: func(row int, _, value string) []string {
		return []string{fmt.Sprintf("KW %02d/%d", 1+row%52, 2019+row/52), value}
	}}.String(), "", "line 2", "month", "KW 01/2019", "time_format")
	list = append(list, kase{kind: "times", name: "KW 01/2019, said", settings: `{"time_format": "KW %V/%G"}`, shows: []string{"frequency weekly"},
		file: page{cell: func(row int, _, value string) []string {
			return []string{fmt.Sprintf("KW %02d/%d", 1+row%52, 2019+row/52), value}
		}}.String()})
	return list
}

// seriesCases are about rows that do not follow each other, and about tables with more than one series.
func seriesCases(tidy string) (list []kase) {
	const kind = "series"
	hours, _ := when.ByName("%d.%m.%Y %H:%M")
	f := func(name, file, twin string, notes ...string) {
		list = append(list, kase{kind: kind, name: name, file: file, twin: twin, notes: notes})
	}
	set := func(name, file, settings, twin string) {
		list = append(list, kase{kind: kind, name: name, file: file, settings: settings, twin: twin})
	}
	bad := func(name, file, settings string, words ...string) {
		list = append(list, kase{kind: kind, name: name, file: file, settings: settings, refuses: words})
	}
	lines := strings.Split(strings.TrimSuffix(tidy, "\n"), "\n")
	with := func(edit func([]string) []string) string {
		return strings.Join(edit(append([]string{}, lines...)), "\n") + "\n"
	}
	cells := func(line int) (time, value string) {
		time, value, _ = strings.Cut(lines[line-1], ",")
		return time, value
	}
	backwards := func(all []string) []string {
		slices.Reverse(all[1:])
		return all
	}
	f("newest first", with(backwards), tidy, "order")
	bad("newest first, not allowed", with(backwards), `{"order": "error"}`, "line 3", "order")
	time, value := cells(20)
	twice := with(func(all []string) []string { return slices.Insert(all, 20, time+",1000") })
	bad("a time twice", twice, "", "line 21", time, "duplicates")
	set("a time twice, the last counts", twice, `{"duplicates": "last"}`, with(at(20, time+",1000")))
	middle := with(func(all []string) []string { return slices.Insert(all, 20, time+","+value) })
	set("a time twice, the mean counts", middle, `{"duplicates": "mean"}`, tidy)
	filled := func(line int) string {
		_, a := cells(line - 1)
		_, b := cells(line + 1)
		x, _ := strconv.ParseFloat(a, 64)
		y, _ := strconv.ParseFloat(b, 64)
		time, _ := cells(line)
		return with(at(line, fmt.Sprintf("%s,%v", time, (x+y)/2)))
	}
	without := with(func(all []string) []string { return slices.Delete(all, 29, 30) })
	f("a row that is not there", without, filled(30), "straight line")
	time, _ = cells(30)
	for _, missing := range []string{"", "NA", "NaN", "null", "None", "-", "?", "#N/A"} {
		f(fmt.Sprintf("a value that is %q", missing), with(at(30, time+","+missing)), filled(30), "straight line")
	}
	bad("a missing value, not allowed", with(at(30, time+",")), `{"gaps": "error"}`, "line 30", time, "gaps")
	_, before := cells(29)
	set("a missing value, carried on", with(at(30, time+",")), `{"gaps": "carry"}`, with(at(30, time+","+before)))
	list = append(list, kase{kind: kind, name: "a missing value, masked", file: with(at(30, time+",")), settings: `{"gaps": "mask"}`, shows: []string{"gaps mask"}})
	bad("many missing values", with(func(all []string) []string {
		for i := 20; i < 40; i += 2 {
			all[i], _, _ = strings.Cut(all[i], ",")
			all[i] += ","
		}
		return all
	}), "", "line 21", "gaps")
	f("no values at the ends", with(func(all []string) []string { return append(slices.Insert(all, 1, "2000-12,"), "2007-01,") }), tidy, "left out")
	sentinel := with(func(all []string) []string {
		for _, line := range []int{20, 41} {
			time, _ := cells(line)
			all[line-1] = time + ",-999.9"
		}
		return all
	})
	list = append(list, kase{kind: kind, name: "numbers that stand for missing values", file: sentinel, shows: []string{"gaps error"}, notes: []string{"all of them -999.9"}})
	list = append(list, kase{kind: kind, name: "numbers that are said to be missing values", file: sentinel, settings: `{"missing_values": ["-999.9"]}`,
		shows: []string{"gaps interpolate"}})
	list = append(list, kase{kind: kind, name: "several columns of values", twin: tidy, task: "forecast",
		file: page{header: "month,value,other", cell: func(row int, time, value string) []string { return []string{time, value, fmt.Sprint(row * row % 17)} }}.String()})
	wide := []string{"year,jan,feb,mar,apr,may,jun,jul,aug,sep,oct,nov,dec"}
	for year := range rows / 12 {
		row := fmt.Sprint(2001 + year)
		for month := range 12 {
			_, v := cells(2 + year*12 + month)
			row += "," + v
		}
		wide = append(wide, row)
	}
	f("a column for each month", strings.Join(wide, "\n")+"\n", tidy)
	across := [2]string{"item", "a"}
	for i := range rows {
		t, v := cells(2 + i)
		across[0] += "," + t
		across[1] += "," + v
	}
	set("a column for each time", across[0]+"\n"+across[1]+"\n", `{"header": "first"}`, tidy)
	long := "shop,month,value\n"
	for i := range rows {
		t, v := cells(2 + i)
		long += "north," + t + "," + v + "\nsouth," + t + ",1" + v + "\n"
	}
	set("a series of several, named", long, `{"series_column": "shop", "series": "north"}`, tidy)
	list = append(list, kase{kind: kind, name: "several series in one column", file: long, shows: []string{"series_column shop", "series *"}, notes: []string{"series apart"}})
	apart := page{header: "date;time;value", separator: ";", rows: 120, cell: func(row int, _, value string) []string {
		day, clock, _ := strings.Cut(hours.Format(when.Stamp{Kind: when.Moment, Value: 1_262_304_000 + int64(row)*3600}), " ")
		return []string{day, clock, value}
	}}
	weeks, _ := when.ByName("%G-W%V")
	f("a year and a week in two columns", page{header: "year,week,value", rows: 120, cell: func(row int, _, value string) []string {
		label := weeks.Format(when.Stamp{Kind: when.Week, Value: 1700 + int64(row)})
		return []string{label[:4], strings.TrimPrefix(label[6:], "0"), value}
	}}.String(), page{layout: "%G-W%V", kind: when.Week, first: 1700, rows: 120}.String(), "one time together")
	list = append(list, kase{kind: kind, name: "date and time in two columns", file: apart.String(), shows: []string{`time_columns ["date", "time"]`, "frequency hourly"}})
	bad("several series, not told apart", long, `{"duplicates": "error"}`, "line 3", "series_column")
	list = append(list, kase{kind: kind, name: "covariates", settings: `{"value_column": "value", "covariates": ["other"]}`, shows: []string{`covariates ["other"]`},
		file: page{header: "month,value,other", cell: func(row int, time, value string) []string { return []string{time, value, fmt.Sprint(row * row % 17)} }}.String()})
	return list
}

// hourlyWith changes the time of one line.
func hourlyWith(p page, line int, time string) string {
	p.edit = func(all []string) []string {
		_, value, _ := strings.Cut(all[line-1], ",")
		all[line-1] = time + "," + value
		return all
	}
	return p.String()
}

// columnCases are about tables of rows that have nothing to do with each other.
func columnCases() (list []kase) {
	const kind = "columns"
	type row struct{ size, weight, colour, kind string }
	table := make([]row, 120)
	for i := range table {
		table[i] = row{fmt.Sprint(10 + i*37%50), fmt.Sprint(float64(i*53%97) / 4), []string{"red", "green", "blue"}[i*i%3%3], []string{"p", "n"}[(i*37%50+i)/25%2]}
	}
	const header = "size,weight,colour,kind"
	write := func(header string, cells func(i int, r row) string) string {
		var b strings.Builder
		b.WriteString(header + "\n")
		for i, r := range table {
			b.WriteString(cells(i, r) + "\n")
		}
		return b.String()
	}
	join := func(cells ...string) string { return strings.Join(cells, ",") }
	plain := func(_ int, r row) string { return join(r.size, r.weight, r.colour, r.kind) }
	tidy := write(header, plain)
	f := func(name, file, twin string, notes ...string) {
		list = append(list, kase{kind: kind, name: name, file: file, twin: twin, notes: notes})
	}
	bad := func(name, file, settings string, words ...string) {
		list = append(list, kase{kind: kind, name: name, file: file, settings: settings, refuses: words})
	}
	f("numbers, categories and a class", tidy, tidy)
	f("other order of the columns", write("colour,kind,weight,size,class", func(_ int, r row) string { return join(r.colour, r.kind, r.weight, r.size, r.kind) }),
		write("size,weight,colour,kind,class", func(_ int, r row) string { return join(r.size, r.weight, r.colour, r.kind, r.kind) }), "kind")
	f("1.0 for 1", write(header, func(_ int, r row) string { return join(r.size+".0", r.weight, r.colour, r.kind) }), tidy)
	f("a pandas index", write(","+header, func(i int, r row) string { return fmt.Sprint(i) + "," + plain(i, r) }), tidy, "dropped")
	odd := func(word string) string {
		return write(header, func(i int, r row) string {
			if i == 0 {
				r.weight = word
			}
			return plain(i, r)
		})
	}
	for _, word := range []string{"NA", "null", "?", "n/a"} {
		f(fmt.Sprintf("a number that is %q in the first row", word), odd(word), odd(""))
	}
	bad("a number that is a word", odd("heavy"), "", "line 2", "weight", "heavy")
	f("an empty column", write("size,weight,colour,void,kind", func(_ int, r row) string { return join(r.size, r.weight, r.colour, "", r.kind) }), tidy, "void")
	f("a column of one value", write("size,weight,colour,unit,kind", func(_ int, r row) string { return join(r.size, r.weight, r.colour, "kg", r.kind) }), tidy, "unit")
	f("a target that is missing", strings.Replace(tidy, ",n\n", ",\n", 1), strings.Replace(tidy, firstOf(tidy, ",n\n"), "", 1), "have no target")
	truth := func(yes, no string) string {
		return write("size,new,kind", func(i int, r row) string {
			word := no
			if i%3 == 0 {
				word = yes
			}
			return join(r.size, word, r.kind)
		})
	}
	f("yes and no", truth("yes", "no"), truth("true", "false"))
	f("True and False", truth("True", "False"), truth("true", "false"))
	list = append(list, kase{kind: kind, name: "a column of dates", shows: []string{`date_columns {"bought": "%d.%m.%Y"}`}, task: "classification",
		file: write("bought,size,kind", func(i int, r row) string {
			l, _ := when.ByName("%d.%m.%Y")
			return join(l.Format(when.Stamp{Kind: when.Day, Value: 18000 + int64(i*i%700)}), r.size, r.kind)
		})})
	list = append(list, kase{kind: kind, name: "a column of row numbers", shows: []string{"target_column kind"}, notes: []string{"id"},
		file: write("id,size,weight,kind", func(i int, r row) string { return join(fmt.Sprint(i+1), r.size, r.weight, r.kind) })})
	list = append(list, kase{kind: kind, name: "a column that is the target again", shows: []string{"target_column kind"}, notes: []string{"answer"},
		file: write("size,answer,kind", func(i int, r row) string { return join(r.size, strings.ToUpper(r.kind), r.kind) })})
	list = append(list, kase{kind: kind, name: "many categories", shows: []string{"target_column kind"}, notes: []string{"max_categories"},
		file: write("size,town,kind", func(i int, r row) string { return join(r.size, fmt.Sprintf("town%d", i*i%7*17+i%97), r.kind) })})
	list = append(list, kase{kind: kind, name: "a number to predict", shows: []string{"task regression", "target_column weight"},
		file: write("size,colour,weight", func(_ int, r row) string { return join(r.size, r.colour, r.weight) })})
	list = append(list, kase{kind: kind, name: "a column called target", shows: []string{"target_column target"},
		file: write("target,size,weight", func(_ int, r row) string { return join(r.kind, r.size, r.weight) })})
	bad("a target that is not there", tidy, `{"target_column": "sort"}`, "sort", "target_column")
	bad("one class", write("size,weight,kind", func(_ int, r row) string { return join(r.size, r.weight, "p") }), `{"target_column": "kind"}`, "kind", "one class", "target_column")
	bad("a regression of words", tidy, `{"task": "regression"}`, "line 2", "kind")
	return list
}

// firstOf returns the first line that ends so.
func firstOf(text, end string) string {
	at := strings.Index(text, end)
	return text[strings.LastIndexByte(text[:at], '\n')+1 : at+len(end)]
}
