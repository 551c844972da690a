package inspect_test

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"unicode/utf16"

	"archive/zip"

	"github.com/klauspost/compress/zstd"

	"doin.network/node/compute/data/when"
)

// page is a table as somebody writes it. The zero value is the tidy one: month,value, commas, decimal points.
type page struct {
	layout    string // of the times; empty: %Y-%m
	kind      when.Kind
	first     int64
	step      int64
	rows      int
	separator string
	decimal   string
	thousands string
	quote     string
	newline   string
	header    string // instead of month and value; "-": none
	scale     float64
	digits    int
	edit      func(lines []string) []string
	cell      func(row int, time, value string) []string // instead of time and value
}

// rows of a series that every model has room for.
const rows = 72

// wave is value row i of every series here: a trend and a season.
func wave(i int) float64 {
	season := []float64{0, 3, 8, 12, 9, 4, -2, -7, -11, -8, -5, -1}
	return 1500 + 7*float64(i) + 10*season[i%12] + float64(i*i*7919%13)
}

// String writes the page.
func (p page) String() string {
	or := func(s *string, def string) {
		if *s == "" {
			*s = def
		}
	}
	or(&p.layout, "%Y-%m")
	or(&p.separator, ",")
	or(&p.decimal, ".")
	or(&p.newline, "\n")
	if p.kind == 0 {
		p.kind = when.Month
	}
	if p.first == 0 {
		p.first = 2001 * 12
	}
	p.step, p.rows = max(p.step, 1), max(p.rows, 0)
	if p.rows == 0 {
		p.rows = rows
	}
	if p.scale == 0 {
		p.scale, p.digits = 1, 1
	}
	or(&p.header, "month"+p.separator+"value")
	layout, err := when.ByName(p.layout)
	if err != nil {
		panic(err)
	}
	var lines []string
	if p.header != "-" {
		lines = append(lines, p.header)
	}
	for i := range p.rows {
		time := layout.Format(when.Stamp{Kind: p.kind, Value: p.first + int64(i)*p.step})
		cells := []string{time, p.number(wave(i) * p.scale)}
		if p.cell != nil {
			cells = p.cell(i, cells[0], cells[1])
		}
		for k, c := range cells {
			if p.quote != "" {
				cells[k] = p.quote + c + p.quote
			}
		}
		lines = append(lines, strings.Join(cells, p.separator))
	}
	if p.edit != nil {
		lines = p.edit(lines)
	}
	return strings.Join(lines, p.newline) + p.newline
}

// number writes a number with the page's marks.
func (p page) number(v float64) string {
	text := strconv.FormatFloat(math.Abs(v), 'f', p.digits, 64)
	whole, fraction, _ := strings.Cut(text, ".")
	if p.thousands != "" {
		for at := len(whole) - 3; at > 0; at -= 3 {
			whole = whole[:at] + p.thousands + whole[at:]
		}
	}
	if v < 0 {
		whole = "-" + whole
	}
	if fraction == "" {
		return whole
	}
	return whole + p.decimal + fraction
}

// packed are ways to pack a text.

func gzipped(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	write(t, w, s)
	return b.String()
}

func zstded(t *testing.T, s string) string {
	t.Helper()
	var b bytes.Buffer
	w, err := zstd.NewWriter(&b)
	if err != nil {
		t.Fatal(err)
	}
	write(t, w, s)
	return b.String()
}

func zipped(t *testing.T, files ...string) string {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i, s := range files {
		w, err := z.Create(fmt.Sprintf("part%d.csv", i))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(s)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func write(t *testing.T, w interface {
	Write([]byte) (int, error)
	Close() error
}, s string) {
	t.Helper()
	if _, err := w.Write([]byte(s)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
}

// utf16ed writes a text in UTF-16, the byte that weighs less first or not, with its mark or not.
func utf16ed(s string, little, mark bool) string {
	units := utf16.Encode([]rune(s))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		if little {
			b = append(b, byte(u), byte(u>>8))
		} else {
			b = append(b, byte(u>>8), byte(u))
		}
	}
	return string(b)
}
