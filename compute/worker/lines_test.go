package worker

import (
	"math"
	"reflect"
	"testing"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// generations takes so many generations of a search of child.
func generations(t *testing.T, s *Supervisor, n int, resume []byte) (out []Generation) {
	t.Helper()
	configure(t, s)
	ctx := within(t)
	x, err := s.Optimize(ctx, OptimizeJob{Domain: "d", Seed: 1<<64 - 1, Settings: canon.NewObject(), Resume: resume, Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for range n {
		g, err := x.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, g)
		if err := x.Continue(ctx, nil); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// A search of a program that knows JSON lines alone is that of any other, and each goes on from a record of the other's.
func TestLinesSearch(t *testing.T) {
	arrow, lines := start(t, "good", quick()), start(t, "lines", quick())
	a, l := generations(t, arrow, 3, nil), generations(t, lines, 3, nil)
	for i := range a {
		if !reflect.DeepEqual(a[i].Rows, l[i].Rows) || a[i].BestPerformance != l[i].BestPerformance {
			t.Errorf("generation %d: %v, want %v", i, l[i], a[i])
		}
		if table.FormOf(l[i].Record) != table.JSONLines || table.FormOf(a[i].Record) != table.Arrow {
			t.Errorf("generation %d: forms %q and %q", i, table.FormOf(l[i].Record), table.FormOf(a[i].Record))
		}
	}
	if r := generations(t, lines, 1, a[1].Record); !reflect.DeepEqual(r[0].Rows, a[2].Rows) {
		t.Errorf("resumed in JSON lines: %v, want %v", r[0].Rows, a[2].Rows)
	}
	if r := generations(t, arrow, 1, l[1].Record); !reflect.DeepEqual(r[0].Rows, a[2].Rows) {
		t.Errorf("resumed in Arrow: %v, want %v", r[0].Rows, a[2].Rows)
	}
}

// A record, failed trainings and all, is the same in both forms.
func TestRecordLines(t *testing.T) {
	mem := memory.DefaultAllocator
	r := sampleRecord()
	r.Seed, r.Rows[0].Fitness, r.Rows[0].Seed = math.MaxUint64, math.NaN(), math.MaxUint64
	r.Rows[1].Fitness = -1.5
	data, err := r.Encode(mem, table.JSONLines)
	if err != nil {
		t.Fatal(err)
	}
	got, err := DecodeRecord(mem, data, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	if !math.IsNaN(got.Rows[0].Fitness) {
		t.Errorf("fitness of a failed training = %v, want NaN", got.Rows[0].Fitness)
	}
	r.Rows[0].Fitness, got.Rows[0].Fitness = 0, 0
	if !reflect.DeepEqual(got, r) {
		t.Errorf("DecodeRecord() = %+v, want %+v", got, r)
	}
}
