package data

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// refused checks that an error is about the content, names an option, and says why.
func refused(t *testing.T, err error, line int, option, reason string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || e.Line != line || e.Option != option || !strings.Contains(e.Reason, reason) {
		t.Errorf("error %+v, want line %d, option %q and %q", err, line, option, reason)
	}
}

func TestLimits(t *testing.T) {
	read := func(file string, keep func(string) bool) error {
		_, err := ReadFrom(strings.NewReader(file), Options{}, keep)
		return err
	}
	header := strings.Repeat("a,", MaxColumns) + "a\n"
	refused(t, read(header, nil), 0, "separator", "4097 columns")
	if err := read(header[2:], nil); err != nil {
		t.Errorf("%d columns: %v", MaxColumns, err)
	}
	long := "a,b\n1,2\n3," + strings.Repeat("x", MaxCell+1) + "\n"
	refused(t, read(long, nil), 3, "quote", "65537 bytes")
	if err := read(long, func(name string) bool { return name == "a" }); err != nil {
		t.Errorf("a long cell of a column that is not kept: %v", err)
	}
	if err := read("a,b\n1,2\n3,"+strings.Repeat("x", MaxCell)+"\n", nil); err != nil {
		t.Errorf("a cell of %d bytes: %v", MaxCell, err)
	}
	path := filepath.Join(t.TempDir(), "large")
	err := os.WriteFile(path, []byte("a,b\n1,2\n"), 0o600)
	if err = errors.Join(err, os.Truncate(path, MaxBytes+1)); err != nil {
		t.Fatal(err)
	}
	_, err = Read(path, Options{}, nil)
	refused(t, err, 0, "", "1073741825 bytes")
}

// TestCells: cells and rows are counted before they are stored, those of columns that are not kept are not.
func TestCells(t *testing.T) {
	f := func(cells, rows int, want string) {
		t.Helper()
		n := newTable(&Options{}, func(name string) bool { return name != "b" })
		if err := n.begin([]string{"a", "b", "c"}, 3); err != nil {
			t.Fatal(err)
		}
		n.cells, n.grid.rows = cells, rows
		row := [][]byte{[]byte("1"), []byte("2"), []byte("3")}
		if err := n.add(row, 7); want == "" && err != nil {
			t.Errorf("after %d cells and %d rows: %v", cells, rows, err)
		} else if want != "" {
			refused(t, err, 7, "", want)
		}
		m := newTable(&Options{}, func(name string) bool { return name != "b" })
		if err := m.begin([]string{"a", "b", "c"}, 3); err != nil {
			t.Fatal(err)
		}
		m.cells, m.grid.rows = cells, rows
		if err := (columns{m}).Grow(1); (err == nil) != (want == "") {
			t.Errorf("Grow after %d cells and %d rows: %v", cells, rows, err)
		}
	}
	f(MaxCells-2, 5, "")
	f(MaxCells-1, 5, "more than 20000000 cells")
	f(5, MaxRows, "more than 20000000 rows")
}

// TestColumn: texts around the ends of blocks, and rows around those of slices of starts.
func TestColumn(t *testing.T) {
	b := &builder{column: &Column{missing: newMissing(nil)}}
	var want []string
	for i := range 3 * startsBlock / 2 {
		s := strings.Repeat("x", i%50)
		if i%9973 == 0 {
			s = strings.Repeat("y", MaxCell-i%3)
		}
		want = append(want, s)
		b.add([]byte(s))
	}
	c := b.finish()
	if c.Len() != len(want) {
		t.Fatalf("%d cells, want %d", c.Len(), len(want))
	}
	for i := range want {
		if got := c.Text(i); got != want[i] || c.Missing(i) != (want[i] == "") {
			t.Fatalf("Text(%d) has %d bytes, missing %v, want %d", i, len(got), c.Missing(i), len(want[i]))
		}
	}
	if n := testing.AllocsPerRun(10, func() { _ = bytes.MinRead + len(c.Text(len(want)-1)) }); n != 0 {
		t.Errorf("Text allocates %v times", n)
	}
}
