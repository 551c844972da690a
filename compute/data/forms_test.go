package data_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
)

// read returns the grid as text: names, then rows, cells by |, a missing one as ~.
func read(t *testing.T, file string, o data.Options) (string, *data.Grid, error) {
	t.Helper()
	g, err := data.ReadFrom(strings.NewReader(file), o, nil)
	if err != nil {
		return "", nil, err
	}
	return show(g), g, nil
}

func show(g *data.Grid) string {
	var b strings.Builder
	b.WriteString(strings.Join(g.Names(), "|"))
	for row := range g.Rows() {
		b.WriteByte('\n')
		for i := range g.Columns() {
			if i > 0 {
				b.WriteByte('|')
			}
			if c := g.Column(i); c.Missing(row) {
				b.WriteByte('~')
			} else {
				b.WriteString(c.Text(row))
			}
		}
	}
	return b.String()
}

// TestForms reads a table in the forms in which it may be written, and again with the options that were found.
func TestForms(t *testing.T) {
	const plain = "day|x|y\n2020-01-01|1.5|a\n2020-01-02|~|b c\n2020-01-03|-3|d"
	f := func(name, file, want string, notes ...string) {
		t.Helper()
		got, g, err := read(t, file, data.Options{})
		if err != nil || got != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
			return
		}
		r := g.Reading()
		if len(r.Notes) != len(notes) {
			t.Errorf("%s: notes %q, want %q", name, r.Notes, notes)
		}
		for i := range min(len(notes), len(r.Notes)) {
			if got := r.Notes[i].String(); !strings.Contains(got, notes[i]) {
				t.Errorf("%s: note %q, want %q", name, got, notes[i])
			}
		}
		again, _, err := read(t, file, r.Options())
		if err != nil || again != want {
			t.Errorf("%s: with the options found, %v: %q, %v, want %q", name, r.Object().GoString(), again, err, want)
		}
	}
	const comma = "day,x,y\n2020-01-01,1.5,a\n2020-01-02,,b c\n2020-01-03,-3,d\n"
	with := func(old, new string) string { return strings.ReplaceAll(comma, old, new) }
	f("comma", comma, plain)
	f("no line end at the end", strings.TrimSuffix(comma, "\n"), plain)
	f("semicolon", with(",", ";"), plain)
	f("tab", with(",", "\t"), plain)
	f("pipe", with(",", "|"), plain)
	f("blanks after separators", with(",", ", "), plain)
	f("CRLF", with("\n", "\r\n"), plain)
	f("CR", with("\n", "\r"), plain)
	f("CR and comments", strings.ReplaceAll("# made by hand\n"+comma+"# the end\n", "\n", "\r"), plain, "begins at line 2", "1 line of comment is passed over")
	f("byte order mark", "\ufeff"+comma, plain)
	f("trailing commas", with("\n", ",\n"), plain, "column_4")
	f("trailing commas in the rows", "day,x,y\n"+strings.ReplaceAll(comma[8:], "\n", ",,\n"), plain)
	f("trailing commas in the header", "day,x,y,,\n"+comma[8:], plain, "column_4", "column_5")
	f("blank lines", with("\n", "\n\n"), plain, "2 blank lines")
	f("blank lines at the end", comma+"\n\n \n", plain)
	f("empty rows at the end", comma+",,\n,,\n", plain, "2 rows")
	f("comments", "# made by hand\n"+comma+"# the end\n", plain, "begins at line 2", "1 line of comment is passed over")
	f("a header in a comment", "# made by hand\n# "+comma, plain, "begins at line 2")
	f("a title", "Some figures\n\n"+comma, plain, "begins at line 3")
	f("the separator named", "sep=;\r\n"+with(",", ";"), plain, "begins at line 2")
	f("quotes", `"day","x","y"`+"\n"+`"2020-01-01","1.5","a"`+"\n"+`"2020-01-02","","b c"`+"\n"+`"2020-01-03","-3","d"`, plain)
	f("single quotes", "'day','x','y'\n'2020-01-01','1.5','a'\n'2020-01-02','','b c'\n'2020-01-03','-3','d'", plain)
	f("a pandas index", ",day,x,y\n0,2020-01-01,1.5,a\n1,2020-01-02,NaN,b c\n2,2020-01-03,-3,d\n", plain, `column "column_1": dropped`)
	f("a pandas index, written twice", "Unnamed: 0,day,x,y\n0,2020-01-01,1.5,a\n1,2020-01-02,NaN,b c\n2,2020-01-03,-3,d\n", plain, `dropped`)
	f("an R index", `"","day","x","y"`+"\n"+`"1",2020-01-01,1.5,"a"`+"\n"+`"2",2020-01-02,NA,"b c"`+"\n"+`"3",2020-01-03,-3,"d"`, plain, "dropped")
	f("R's write.table", `"day" "x" "y"`+"\n"+`"1" 2020-01-01 1.5 "a"`+"\n"+`"2" 2020-01-02 NA "b c"`+"\n"+`"3" 2020-01-03 -3 "d"`, plain, "dropped")
	f("runs of blanks", "day         x    y\n2020-01-01  1.5  a\n2020-01-02  NA   \"b c\"\n2020-01-03  -3   d\n", plain)
	f("no header", comma[8:], strings.Replace(plain, "day|x|y", "column_1|column_2|column_3", 1), "no line with names")
	f("decimal commas", "day;x\n2020;1,5\n2021;2,5\n", "day|x\n2020|1,5\n2021|2,5")
	f("one column", "x\n1.5\n2\n", "x\n1.5\n2")
	f("one column of decimal commas", "x\n1,5\n2,5\n", "x\n1,5\n2,5")
	f("names that are years", "country,2019,2020\nChad,1,2\nMali,3,4\n", "country|2019|2020\nChad|1|2\nMali|3|4")
	f("names that count", "0,1,2,target\n0.5,1.5,2.5,a\n1.5,2.5,3.5,b\n", "0|1|2|target\n0.5|1.5|2.5|a\n1.5|2.5|3.5|b")
	f("a series with an unnamed index", ",x\n2020-01-01,1\n2020-01-02,2\n", "column_1|x\n2020-01-01|1\n2020-01-02|2")
	f("a name twice", "a,b,a\n1,2,3\n", "a|b|a.1\n1|2|3", "another column")
	f("texts alone", "a,b\nx,y\nz,w\n", "a|b\nx|y\nz|w")
	f("labels that count", "1959Q1;1\n1959Q2;2\n", "column_1|column_2\n1959Q1|1\n1959Q2|2", "no line with names")
	f("years downwards", "geo\t2020\t2019\nDE\t1\t2\nFR\t: \t4\n", "geo|2020|2019\nDE|1|2\nFR|~|4")
	f("names that are days", "country,1/22/20,1/23/20\nChad,1,2\nMali,3,4\n", "country|1/22/20|1/23/20\nChad|1|2\nMali|3|4")
	f("categories without names", "p,x,s\ne,x,s\np,b,y\ne,x,y\n", "column_1|column_2|column_3\np|x|s\ne|x|s\np|b|y\ne|x|y", "no line with names")
	f("a preamble with separators", "\"Source\",\"Indicators\",\n\n\"Updated\",\"2024-01-01\",\n\n\"Name\",\"Code\",\"1960\",\"1961\",\n\"Aruba\",\"ABW\",\"\",\"1.5\",\n\"Chad\",\"TCD\",\"1\",\"2\",\n",
		"Name|Code|1960|1961\nAruba|ABW|~|1.5\nChad|TCD|1|2", "begins at line 5", "column_5")
	f("a title over months", "Land-Ocean: Global Means\nYear,Jan,Feb\n1880,-.18,-.24\n1881,-.19,***\n", "Year|Jan|Feb\n1880|-.18|-.24\n1881|-.19|***", "begins at line 2")
	f("comments by %", "% Berkeley\n%\n% Year, Month,  Anomaly,\n \n  1850  1  -0.5\n  1850  2  -0.25\n", "Year|Month|Anomaly\n1850|1|-0.5\n1850|2|-0.25", "begins at line 3")
	f("comments without names", "# mean of hours\n# -99.99 is missing\n  1958  3  315.71\n  1958  4  317.45\n", "column_1|column_2|column_3\n1958|3|315.71\n1958|4|317.45", "no line with names", "begins at line 3")
	f("blanks and tabs", "18.0   8   3504.  1\t\"chevrolet chevelle\"\n15.0   8   3693.  1\t\"buick skylark\"\n",
		"column_1|column_2|column_3|column_4|column_5\n18.0|8|3504.|1|chevrolet chevelle\n15.0|8|3693.|1|buick skylark", "no line with names")
	f("adult", "39, State-gov, 77516, <=50K\n50, Private, 83311, >50K\n38, Private, 215646, <=50K\n",
		"column_1|column_2|column_3|column_4\n39|State-gov|77516|<=50K\n50|Private|83311|>50K\n38|Private|215646|<=50K", "no line with names")
	f("a German export", "Datum;Wert\r\n01.01.2020;1.234,5\r\n02.01.2020;2,5\r\n", "Datum|Wert\n01.01.2020|1.234,5\n02.01.2020|2,5")
	f("a database's nulls", "a,b\n\\N,1\n2,\\N\n", "a|b\n~|1\n2|~")
	f("points for missing values", "DATE,GDP\n1947-01-01,.\n1947-04-01,246.3\n", "DATE|GDP\n1947-01-01|~\n1947-04-01|246.3")
	f("quoted thousands", "Date,Volume\n2020-01-01,\"1,234\"\n2020-01-02,\"2,345\"\n", "Date|Volume\n2020-01-01|1,234\n2020-01-02|2,345")
	f("years over decimal commas", "month;2019;2020\nJan;1,5;2,5\nFeb;3;4\n", "month|2019|2020\nJan|1,5|2,5\nFeb|3|4")
	f("quoted marks", "a,b\n\"x,\"\"y\"\"\nz\",1\n", "a|b\nx,\"y\"\nz|1")
	f("quoted CRLF", "a,b\r\n\"x\r\ny\",1\r\n", "a|b\nx\ny|1")
	f("a mark within a cell", "size,n\n5\" pipe,1\n6\" pipe,2\n", "size|n\n5\" pipe|1\n6\" pipe|2")
	f("windows-1252", "stra\xdfe,n\n\xc4,1\n\x80,2\n", "straße|n\nÄ|1\n€|2", "windows-1252")
	f("UTF-8", "straße,n\nÄ,1\n", "straße|n\nÄ|1")
	f("UTF-16LE with a mark", wide("\ufeffstraße,n\nÄ,1\n", 0), "straße|n\nÄ|1")
	f("UTF-16BE with a mark", wide("\ufeffstraße,n\nÄ,1\n", 1), "straße|n\nÄ|1")
	f("UTF-16LE", wide("name,n\nÄ,1\n", 0), "name|n\nÄ|1")
	f("UTF-16BE", wide("name,n\nÄ,1\n", 1), "name|n\nÄ|1")
	f("a database's borders", " day        | x    | y\n------------+------+-----\n 2020-01-01 |  1.5 | a\n 2020-01-02 |      | b c\n 2020-01-03 |   -3 | d\n(3 rows)\n\n", plain, "line 2, 6")
	f("a database's box", "+------------+------+-----+\n| day        | x    | y   |\n+------------+------+-----+\n| 2020-01-01 |  1.5 | a   |\n| 2020-01-02 | NULL | b c |\n| 2020-01-03 |   -3 | d   |\n+------------+------+-----+\n",
		plain, "begins at line 2", "line 3, 7", "column_1", "column_5")
	f("Markdown", "| day | x | y |\n|---|---:|:--|\n| 2020-01-01 | 1.5 | a |\n| 2020-01-02 | | b c |\n| 2020-01-03 | -3 | d |\n", plain, "line 2", "column_1", "column_5")
	f("notes below", comma+"\nSource: the office\n* provisional\n", plain, "line 6-")
	f("notes below, with the separator", comma+"\n\"Source: the office, of statistics\"\n---\nend\n", plain, "line 6-")
	f("units", "day,x,z\n,m,kg\n2020-01-01,1.5,2\n2020-01-02,,3\n", "day|x|z\n2020-01-01|1.5|2\n2020-01-02|~|3", "line 2")
	f("second names", ",size,size\nday,x,z\n2020-01-01,1.5,2\n2020-01-02,,3\n", "column_1|size|size.1\n2020-01-01|1.5|2\n2020-01-02|~|3", "another column", "line 2")
	f("properties before a table of blanks", "Title:  Rates\nSource: the office\nNotes:  a, b, c\n\nDATE        VALUE\n2020-01-01  1.5\n2020-01-02  2\n", "DATE|VALUE\n2020-01-01|1.5\n2020-01-02|2", "begins at line 5")
	f("ids with #", "id,n\n#1,2\n#2,3\n#3,4\n", "id|n\n#1|2\n#2|3\n#3|4")
}

// wide writes a text of the basic plane in UTF-16; high is the place of the high byte.
func wide(s string, high int) string {
	var b strings.Builder
	for _, r := range s {
		unit := [2]byte{}
		unit[high], unit[1-high] = byte(r>>8), byte(r)
		b.Write(unit[:])
	}
	return b.String()
}

func TestRefuses(t *testing.T) {
	f := func(name, file string, o data.Options, want data.Error) {
		t.Helper()
		got, _, err := read(t, file, o)
		var e *data.Error
		if !errors.As(err, &e) || !errors.Is(err, data.ErrData) {
			t.Errorf("%s: %q, %v, want an error", name, got, err)
			return
		}
		if e.Line != want.Line || e.Option != want.Option || !strings.Contains(e.Reason, want.Reason) {
			t.Errorf("%s: %+v, want %+v", name, e, want)
		}
	}
	var none data.Options
	f("nothing", "", none, data.Error{Reason: "empty"})
	f("blanks", " \n\r\n", none, data.Error{Reason: "empty"})
	f("a short row", "a,b,c\n1,2,3\n4,5\n6,7,8\n9,10\n", none, data.Error{Line: 3, Option: "separator", Reason: "2 cells, the header has 3; so have 1 more"})
	f("a long row", "a,b,c\n1,2,3\n4,5,6,7\n8,9,10\n", none, data.Error{Line: 3, Option: "separator", Reason: "4 cells"})
	f("short rows alone", "a,b\n1\n2\n", none, data.Error{Line: 2, Option: "separator", Reason: "1 cell, the header has 2; so have 1 more"})
	f("another separator", "a,b\n1,2\n", data.Options{Separator: ";"}, data.Error{Line: 1, Option: "separator", Reason: "there is no ; in this line"})
	f("a tar archive", "a.csv"+strings.Repeat("\x00", 252)+"ustar\x0000", none, data.Error{Reason: "tar"})
	f("an open quote", "a,b\n1,2\n\"x,4\n5,6\n", none, data.Error{Line: 3, Option: "quote", Reason: "not closed"})
	f("a backslash", "a,b\n1,2\n\"x \\\"y\\\" z\",4\n5,6\n", none, data.Error{Line: 3, Option: "quote", Reason: "backslash"})
	f("text after a quote", "a,b\n1,2\n\"x\"y,4\n5,6\n", none, data.Error{Line: 3, Option: "quote", Reason: "follows a closing"})
	f("not UTF-8", "a,b\né,2\n3,\xe9\n", data.Options{Encoding: "utf-8"}, data.Error{Line: 3, Option: "encoding", Reason: "0xe9 is not utf-8"})
	f("zeros", "a,b\n1,2\n3,\x004\n", none, data.Error{Line: 3, Option: "encoding", Reason: "zero byte"})
	f("names or values", "1,x,y\n2,3,4\n3,4,5\n", none, data.Error{Line: 1, Option: "header", Reason: "names or a row"})
	f("another mark", "\ufeffa,b\n1,2\n", data.Options{Encoding: "utf-16le"}, data.Error{Line: 1, Option: "encoding", Reason: "the mark of utf-8"})
	f("a workbook", "\xd0\xcf\x11\xe0....", none, data.Error{Reason: "save the sheet as CSV"})
	f("a page", "<!DOCTYPE html>\n<html>", none, data.Error{Reason: "HTML"})
	f("JSON", "\n[{\"a\": 1}]", none, data.Error{Reason: "JSON"})
	f("a backslash in every row", "a,b,c\n1,\"x \\\"y\\\" z\",4\n2,\"x \\\"y\\\" z\",4\n", none, data.Error{Line: 2, Option: "quote", Reason: "backslash"})
	f("notes below without a blank line", "a,b,c\n1,2,3\nSource: the office\n", none, data.Error{Line: 3, Option: "separator", Reason: "stands in skip_lines"})
	f("beyond the end", "a,b\n1,2\n", data.Options{FirstLine: 9}, data.Error{Option: "first_line", Reason: "no row at line 9"})
}

// TestContradicted: what the sample shows does not stand where the rest of the file says otherwise.
func TestContradicted(t *testing.T) {
	long := "name,n\né,1\n" + strings.Repeat("abcdefgh,12345678\n", 100_000)
	f := func(tail string, want data.Error) {
		t.Helper()
		_, _, err := read(t, long+tail, data.Options{})
		var e *data.Error
		if !errors.As(err, &e) || e.Line != want.Line || e.Option != want.Option || !strings.Contains(e.Reason, want.Reason) {
			t.Errorf("tail %q: %v, want %+v", tail, err, want)
		}
	}
	f("x\xe9y,1\n", data.Error{Line: 100_003, Option: "encoding", Reason: "0xe9 is not utf-8"})
	f("x;1\n", data.Error{Line: 100_003, Option: "separator", Reason: "1 cell, the header has 2"})
	f("a,b\n# end\n", data.Error{Line: 100_004, Option: "separator", Reason: "1 cell"})
	f("\"a,1\n", data.Error{Line: 100_003, Option: "quote", Reason: "not closed"})
}

// TestLateEncoding: the first byte beyond ASCII decides, wherever it is.
func TestLateEncoding(t *testing.T) {
	long := "name,n\n" + strings.Repeat("abcdefgh,12345678\n", 100_000)
	for tail, want := range map[string]string{"x\xe9,1\n": "windows-1252", "xé,1\n": "utf-8"} {
		_, g, err := read(t, long+tail, data.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if r := g.Reading(); r.Options().Encoding != want || g.Column(0).Text(100_000) != "xé" {
			t.Errorf("%q: %s, %q, want %s", tail, r.Options().Encoding, g.Column(0).Text(100_000), want)
		}
	}
}

// TestSkip: lines that are said to be no rows are passed over, wherever they stand.
func TestSkip(t *testing.T) {
	f := func(want string, skip ...string) {
		t.Helper()
		got, g, err := read(t, "a,b\nx,1\ny,2\nz,3\nTotal,6\n", data.Options{Skip: skip})
		if err != nil || got != want {
			t.Errorf("skip_lines %q: %q, %v, want %q", skip, got, err, want)
			return
		}
		r := g.Reading()
		if o := r.Options(); !slices.Equal(o.Skip, skip) || o.Skip == nil {
			t.Errorf("skip_lines %q: in force %q", skip, o.Skip)
		}
	}
	f("a|b\nx|1\ny|2\nz|3\nTotal|6", []string{}...)
	f("a|b\nx|1\ny|2\nz|3", "5")
	f("a|b\nx|1\nz|3", "3", "5-")
	f("a|b\nx|1\nTotal|6", "3-4")
	for _, bad := range [][]string{{"x"}, {"3", "2"}, {"4-3"}, {"0"}, {"-3"}, {"3-", "5"}} {
		if _, _, err := read(t, "a\n1\n", data.Options{Skip: bad}); !errors.Is(err, data.ErrOptions) || !strings.Contains(err.Error(), "skip_lines") {
			t.Errorf("skip_lines %q: %v, want %v", bad, err, data.ErrOptions)
		}
	}
}
