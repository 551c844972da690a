package tabular

import (
	"fmt"
	"strings"
	"testing"

	"doin.network/node/compute/data"
	"doin.network/node/compute/rng"
)

// BenchmarkFromGrid decides and reads the columns of a table that has been read: four of numbers, categories, booleans, names of rows,
// dates and the target.
func BenchmarkFromGrid(b *testing.B) {
	draws := rng.NewSeq(rng.Key{9, 9}, rng.Probe, 0)
	file := "a,b,c,d,e,f,g,day,y\n" + repeat(20_000, func(i int) string {
		u := func() float64 { return float64(draws.Uniform()) }
		return fmt.Sprintf("%.4f,%.2f,%d,%.6f,k%d,%s,name %d,2020-%02d-%02d,%d\n", u()-0.5, 100*u(), int(100*u()), u(), int(500*u()),
			[]string{"yes", "no"}[i%2], i, i%12+1, i%28+1, int(1000*u()))
	})
	g, err := data.ReadFrom(strings.NewReader(file), data.Options{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(file)))
	for b.Loop() {
		if _, err := FromGrid(g, Schema{Task: Regression}); err != nil {
			b.Fatal(err)
		}
	}
}
