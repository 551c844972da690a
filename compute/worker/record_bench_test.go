package worker

import (
	"fmt"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// bigRecord has n rows as a forecast's search writes them.
func bigRecord(n int) *Record {
	r := &Record{Strategy: "ga", Seed: 1}
	for i := range n {
		genome := make([]float64, 12)
		g := canon.NewObject()
		for j := range genome {
			genome[j] = float64(i*31+j) / 7
			g.Set(fmt.Sprint("gene_", j), genome[j])
		}
		p := canon.NewObject("contract", "DOIN-F32 v2", "domain", "forecast", "genome", g,
			"data_hash", "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef")
		m := canon.NewObject("status", "completed")
		for j := range 12 {
			m.Set(fmt.Sprint("metric_", j), 1/float64(i+j+1))
		}
		r.Rows = append(r.Rows, Row{Index: i, Genome: genome, Parameters: p, Fitness: -float64(i), Seed: uint64(i), Status: "completed",
			Origin: "crossover", Metrics: m})
	}
	return r
}

func BenchmarkDecodeRecord(b *testing.B) {
	for _, n := range []int{32, 4096} {
		data, err := bigRecord(n).Encode(memory.DefaultAllocator, table.Arrow)
		if err != nil {
			b.Fatal(err)
		}
		b.Run(fmt.Sprint("rows=", n), func(b *testing.B) {
			b.SetBytes(int64(len(data)))
			for b.Loop() {
				if _, err := DecodeRecord(memory.DefaultAllocator, data, 1<<28); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
