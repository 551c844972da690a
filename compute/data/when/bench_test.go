package when_test

import (
	"testing"

	"doin.network/node/compute/data/when"
)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct{ name, layout, cell string }{
		{"date", "%Y-%m-%d", "2010-01-31"},
		{"moment", "%Y-%m-%dT%H:%M:%S%:z", "2010-01-31T13:14:15+01:00"},
		{"month", "%b %Y", "Jan 2010"},
		{"epoch", "epoch-ms", "1262307600000"},
	} {
		b.Run(c.name, func(b *testing.B) {
			l, err := when.ByName(c.layout)
			if err != nil {
				b.Fatal(err)
			}
			b.ReportAllocs()
			for b.Loop() {
				if _, err := l.Parse(c.cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDetect(b *testing.B) {
	b.ReportAllocs()
	cells := func(yield func(int, string) bool) {
		for i := range 10_000 {
			if !yield(i, "2010-01-31 13:14:15") {
				return
			}
		}
	}
	for b.Loop() {
		if _, err := when.Detect(cells); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/10_000, "ns/cell")
}
