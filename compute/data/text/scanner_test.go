package text

import (
	"encoding/csv"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

// rows splits a text.
func rows(r io.Reader, d Dialect) (out [][]string, lines []int, err error) {
	s := NewScanner(r, d)
	for {
		cells, line, err := s.Next()
		if err == io.EOF {
			return out, lines, nil
		} else if err != nil {
			return out, lines, err
		}
		row := make([]string, len(cells))
		for i, c := range cells {
			row[i] = string(c)
		}
		out, lines = append(out, row), append(lines, line)
	}
}

var comma = Dialect{Separator: ',', Quote: '"', First: 1}

func TestScanner(t *testing.T) {
	f := func(d Dialect, text string, lines []int, want ...[]string) {
		t.Helper()
		for _, r := range []io.Reader{strings.NewReader(text), iotest.OneByteReader(strings.NewReader(text)), iotest.DataErrReader(strings.NewReader(text))} {
			got, at, err := rows(r, d)
			if err != nil || !slices.EqualFunc(got, want, slices.Equal) || !slices.Equal(at, lines) {
				t.Errorf("rows(%q) = %q at %v, %v, want %q at %v", text, got, at, err, want, lines)
			}
		}
	}
	type row = []string
	f(comma, "", nil)
	f(comma, "\n \r\n\t", nil)
	f(comma, "a", []int{1}, row{"a"})
	f(comma, "a,b\rc,\r\n,d\n\n,", []int{1, 2, 3, 5}, row{"a", "b"}, row{"c", ""}, row{"", "d"}, row{"", ""})
	f(comma, ` a , "b" ,"c d " `+"\n"+`""`, []int{1, 2}, row{"a", "b", "c d "}, row{""})
	f(comma, "\"a\r\nb\rc\nd\",e\nf,g", []int{1, 5}, row{"a\nb\nc\nd", "e"}, row{"f", "g"})
	f(comma, `"a""b","""",""""""`, []int{1}, row{`a"b`, `"`, `""`})
	f(comma, `a"b,c""`, []int{1}, row{`a"b`, `c""`})
	f(Dialect{Separator: ',', First: 1}, `"a,b"`, []int{1}, row{`"a`, `b"`})
	f(Dialect{Separator: ';', Quote: '\'', First: 1}, `'a;b';"c"`, []int{1}, row{"a;b", `"c"`})
	f(Dialect{Separator: Blanks, Quote: '"', First: 1}, "  a \t b  \n\"c d\"  e", []int{1, 2}, row{"a", "b"}, row{"c d", "e"})
	f(Dialect{Separator: None, Quote: '"', First: 1}, " a,b \n\"c\"\n", []int{1, 2}, row{"a,b"}, row{"c"})
	f(Dialect{Separator: '\t', Quote: '"', First: 1}, "a\t b\n\tc", []int{1, 2}, row{"a", "b"}, row{"", "c"})
	f(Dialect{Separator: ',', Quote: '"', Comment: "#", First: 1}, "# \"x\n a,b\n  #c,d\n#", []int{2}, row{"a", "b"})
	f(Dialect{Separator: ',', Quote: '"', Comment: "//", First: 2, Header: true}, "\"x\n// a,b\n/c,d\n//e", []int{2, 3}, row{"a", "b"}, row{"/c", "d"})
}

// TestScannerLong: rows around and above the size of the buffer, and the bound.
func TestScannerLong(t *testing.T) {
	for _, n := range []int{1<<18 - 8, 1<<18 - 1, 1 << 18, 1<<18 + 1, 1 << 20} {
		cell := strings.Repeat("x", n)
		got, lines, err := rows(strings.NewReader("a,b\n\""+cell+"\",c\r\nd,"+cell), comma)
		if err != nil || len(got) != 3 || got[1][0] != cell || got[2][1] != cell || lines[2] != 3 {
			t.Errorf("cells of %d bytes: %d rows, %v", n, len(got), err)
		}
	}
	var e *Error
	if _, _, err := rows(strings.NewReader("a\n"+strings.Repeat("x", MaxRow+1)), comma); !errors.As(err, &e) || e.Line != 2 || e.Option != "quote" {
		t.Errorf("a row of %d bytes: %v, want an error at line 2", MaxRow+1, err)
	}
}

// plainCSV is what encoding/csv reads, by this package's rules about blanks, line ends and empty lines.
func plainCSV(text string) (out [][]string, ok bool) {
	r := csv.NewReader(strings.NewReader(text))
	r.FieldsPerRecord = -1
	all, err := r.ReadAll()
	return all, err == nil
}

// FuzzScanner compares with encoding/csv what both read alike, and small pieces with large ones.
func FuzzScanner(f *testing.F) {
	for _, s := range []string{"a,b\n1,2\n", "\"a\"\"b\",\"c\r\nd\"\r\n", "a;b\n", "\"", "\"a\"b", "a\"b,c", ",,\n\n,", "x\ry", "\xff,\x00", "#a\nb", " \"a\" ,b"} {
		f.Add(s, byte(','), byte('"'))
	}
	f.Add("'a b'  c\n", byte(' '), byte('\''))
	f.Fuzz(func(t *testing.T, text string, separator, quote byte) {
		if !slices.Contains(separators, separator) || quote != '"' && quote != '\'' && quote != None {
			return
		}
		d := Dialect{Separator: separator, Quote: quote, Comment: "#", First: 1}
		got, lines, err := rows(strings.NewReader(text), d)
		pieces, at, pieceErr := rows(iotest.OneByteReader(strings.NewReader(text)), d)
		if !slices.EqualFunc(got, pieces, slices.Equal) || !slices.Equal(lines, at) || (err == nil) != (pieceErr == nil) {
			t.Fatalf("rows(%q) = %q at %v, %v; byte by byte %q at %v, %v", text, got, lines, err, pieces, at, pieceErr)
		}
		last := 0
		for i, line := range lines {
			if line <= last || line > lineEnds([]byte(text))+1 || len(got[i]) == 0 {
				t.Fatalf("rows(%q): row %d, %q, at line %d after %d", text, i, got[i], line, last)
			}
			last = line
		}
		if separator != ',' || quote != '"' || strings.ContainsAny(text, "\r\t #") {
			return
		}
		if want, ok := plainCSV(text); ok && !slices.EqualFunc(got, want, slices.Equal) {
			t.Fatalf("rows(%q) = %q, %v; encoding/csv: %q", text, got, err, want)
		}
	})
}
