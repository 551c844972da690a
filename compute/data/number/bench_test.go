package number_test

import (
	"testing"

	"doin.network/node/compute/data/number"
)

func BenchmarkParse(b *testing.B) {
	for _, c := range []struct {
		name   string
		format number.Format
		cell   string
	}{{"plain", plain, "1016.625"}, {"german", german, "1.016,625"}, {"integer", plain, "1234"}} {
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := c.format.Parse(c.cell); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkDetector(b *testing.B) {
	d, err := number.NewDetector("", "")
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		d.Add(2, "1016.625")
	}
}
