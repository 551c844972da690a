package data_test

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/compute/data"
)

func TestReadFrom(t *testing.T) {
	g, err := data.ReadFrom(strings.NewReader("a,b,c\n1,x,\n2,\"y\nz\",NA\n3,w,v\n"), data.Options{}, func(name string) bool { return name != "a" })
	if err != nil {
		t.Fatal(err)
	}
	if got, want := g.Names(), []string{"b", "c"}; !slices.Equal(got, want) || g.Rows() != 3 || g.Columns() != 2 {
		t.Fatalf("%q, %d rows, %d columns, want %q, 3, 2", got, g.Rows(), g.Columns(), want)
	}
	b, c := g.Column(0), g.Column(1)
	for row, want := range []string{"x", "y\nz", "w"} {
		if got := b.Text(row); got != want {
			t.Errorf("Text(%d) = %q, want %q", row, got, want)
		}
	}
	for row, want := range []bool{true, true, false} {
		if got := c.Missing(row); got != want {
			t.Errorf("Missing(%d) = %v, want %v", row, got, want)
		}
	}
	for row, want := range []int{2, 3, 5} {
		if got := g.Line(row); got != want {
			t.Errorf("Line(%d) = %d, want %d", row, got, want)
		}
	}
}

// TestWithout: a grid without a column has the others, by their names, and the same rows and lines.
func TestWithout(t *testing.T) {
	g, err := data.ReadFrom(strings.NewReader("a,b,c\n1,2,3\n\n4,5,6\n"), data.Options{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	w := g.Without("b", "none")
	if got := w.Names(); !slices.Equal(got, []string{"a", "c"}) || w.Index("c") != 1 || w.Index("b") != -1 {
		t.Errorf("columns %q, c at %d, b at %d", got, w.Index("c"), w.Index("b"))
	}
	if w.Rows() != 2 || w.Line(1) != g.Line(1) || w.Column(1).Text(1) != "6" || g.Columns() != 3 {
		t.Errorf("%d rows, the second at line %d of %d, its last cell %q; %d columns are left in the first", w.Rows(), w.Line(1), g.Line(1), w.Column(1).Text(1), g.Columns())
	}
}
