package supervised_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
)

// rows reads a table into its header and, by line, its rows.
func rows(r io.Reader) (out []string, err error) {
	err = supervised.ReadTable(r, func(names []string) error {
		out = append(out, strings.Join(names, "|"))
		return nil
	}, func(line int, cells []string) error {
		if cells[0] == "bad" {
			return io.ErrUnexpectedEOF
		}
		out = append(out, fmt.Sprintf("%d %s", line, strings.Join(cells, "|")))
		return nil
	})
	return out, err
}

func TestReadTable(t *testing.T) {
	got, err := rows(strings.NewReader("\ufeffa,\"b\"\"\"\r\n1,2\r\n\r\n\"x\ny\",\n3,4"))
	if want := []string{`a|b"`, "2 1|2", "4 x\ny|", "6 3|4"}; !slices.Equal(got, want) || err != nil {
		t.Errorf("rows %q, %v, want %q", got, err, want)
	}
	if _, err := rows(strings.NewReader("a,b\n1,2\nbad,2\n")); err != io.ErrUnexpectedEOF {
		t.Errorf("the error of row became %v", err)
	}
}

// zeros is an endless file without line ends.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = '0'
	}
	return len(p), nil
}

func TestReadTableRefuses(t *testing.T) {
	for name, tc := range map[string]struct {
		file io.Reader
		want string
	}{
		"empty":         {strings.NewReader(""), "empty file"},
		"endless":       {zeros{}, "larger than"},
		"one column":    {strings.NewReader("v\n1\n"), "line 1: header has 1 columns"},
		"many columns":  {strings.NewReader(strings.Repeat("a,", supervised.MaxColumns) + "a\n"), "line 1: header has 1025"},
		"no header":     {strings.NewReader("a,3.5\n4.9,3\n"), "line 1: no header"},
		"missing field": {strings.NewReader("a,b\n1,1\n1\n"), "line 3: wrong number of fields"},
		"extra field":   {strings.NewReader("a,b\n1,1,1\n"), "line 2: wrong number of fields"},
		"open quote":    {strings.NewReader("a,b\n\"1,1\n"), "line"},
		"bare quote":    {strings.NewReader("a,b\n1\",1\n"), "line 2"},
		"too many rows": {strings.NewReader("a,b\n" + strings.Repeat("1,\n", supervised.MaxRows+1)), "line 1048578: more than"},
	} {
		err := supervised.ReadTable(tc.file, func([]string) error { return nil }, func(int, []string) error { return nil })
		if !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), tc.want) {
			t.Errorf("%s: error %v, want ErrData with %q", name, err, tc.want)
		}
	}
}

func TestReadFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "bad.csv")
	if err := os.WriteFile(path, []byte("a,b\n1\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := supervised.ReadFile(path, rows)
	if !errors.Is(err, supervised.ErrData) || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "line 2") {
		t.Errorf("error %v, want ErrData with the path and line 2", err)
	}
	if _, err := supervised.ReadFile(path+".none", rows); !errors.Is(err, os.ErrNotExist) || !errors.Is(err, domain.ErrConfig) {
		t.Errorf("missing file: error %v", err)
	}
}

func TestDecimal(t *testing.T) {
	for s, want := range map[string]float64{"1": 1, "-.5": -0.5, "+2.e3": 2000, "1e30": 1e30} {
		if v, err := supervised.Decimal(s); v != want || err != nil {
			t.Errorf("Decimal(%q) = %v, %v, want %v", s, v, err, want)
		}
	}
	for _, s := range []string{"", " 1", "1_0", "0x1p3", "NaN", "inf", "1e31", "-1e999", "+-1", "1,5", strings.Repeat("1", 65)} {
		if v, err := supervised.Decimal(s); err == nil {
			t.Errorf("Decimal(%q) = %v, want an error", s, v)
		}
	}
}
