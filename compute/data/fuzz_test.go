package data_test

import (
	"bytes"
	"errors"
	"testing"

	"doin.network/node/compute/data"
)

// FuzzRead: no bytes panic; what is wrong with them is an ErrData; and what was found in them reads them again.
func FuzzRead(f *testing.F) {
	for _, s := range []string{
		"a,b\n1,2\n3,4\n", "day;x\n2020;1,5\n", "x\ty\n1\t2", "a|b\n|", "sep=;\na;b\n1;2", "# c\n# a b\n1 2\n3 4\n", "title\n\na,b\n1,2\n",
		"\ufeffa,b\r\n\"1\",\"2\"\r\n", "a,b\n\"x\\\"y\",1\n", "'a','b'\n'1','2'\n", ",x\n0,1.5\n1,2.5\n", "a,b\n\xe9,1\n", "1959Q1;1\n1959Q2;2\n",
		wide("\ufeffa,b\n1,2\n", 0), wide("a,b\n1,2\n", 1), "a,b\n1\n", "a,b,\n1,2,,\n,,\n", "a a\n1 2 3\n4 5 6\n", "{\"a\":1}", "x\n\n1\n\n2\n",
		"\",\"", "PK\x03\x04", "BZh91AY", "ARROW1\x00\x00", "PAR1", "a,b\n1,2\n#,3\n",
	} {
		f.Add([]byte(s))
	}
	f.Add(gz(f, []byte(small)))
	f.Add(zst(f, []byte(small)))
	f.Add(zipped(f, "a.csv", small))
	f.Fuzz(func(t *testing.T, file []byte) {
		g, err := data.ReadFrom(bytes.NewReader(file), data.Options{}, nil)
		if err != nil {
			if !errors.Is(err, data.ErrData) {
				t.Fatalf("ReadFrom(%q): %v is no ErrData", file, err)
			}
			return
		}
		r := g.Reading()
		again, err := data.ReadFrom(bytes.NewReader(file), r.Options(), nil)
		if err != nil || show(again) != show(g) {
			t.Fatalf("ReadFrom(%q) = %q, with its own options %s: %v", file, show(g), r.Object().GoString(), err)
		}
		if a, b := again.Reading(), r.Object().GoString(); a.Object().GoString() != b {
			t.Fatalf("ReadFrom(%q): options %s, then %s", file, b, a.Object().GoString())
		}
		for row := range g.Rows() {
			if line := g.Line(row); line < row+1 || row > 0 && line <= g.Line(row-1) {
				t.Fatalf("ReadFrom(%q): row %d at line %d", file, row, line)
			}
		}
	})
}
