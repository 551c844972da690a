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
