package search

import (
	"fmt"
	"math"
	"testing"
	"time"

	"doin.network/node/compute/worker"
)

func TestBucket(t *testing.T) {
	var b bucket
	at := time.Unix(0, 0)
	f := func(after time.Duration, n, want int) {
		t.Helper()
		at = at.Add(after)
		if got := b.take(n, 10, at); got != want {
			t.Errorf("take(%d) = %d, want %d", n, got, want)
		}
	}
	f(0, 80, 80)
	f(0, 80, 20) // what is left of ten seconds' worth
	f(0, 80, 1)  // the best
	f(0, 0, 0)
	f(2*time.Second, 80, 20)
	f(-time.Second, 80, 1)
	f(time.Hour, 1000, 100)
}

func TestToldAndChosen(t *testing.T) {
	row := func(trial int64, fitness float64, status string) worker.Row {
		return worker.Row{Fitness: fitness, Status: status, Made: worker.Made{Known: true, Trial: trial}}
	}
	g := &worker.Generation{Evaluations: 6,
		Rows: []worker.Row{row(1, 9, "completed"), row(5, 1, "completed"), row(3, 7, "completed"), row(-1, 8, statusVerified), row(6, 0, worker.StatusOpen)},
		Gone: []worker.Row{row(4, math.NaN(), "failed"), row(2, 2, "completed")}}
	told := toldIn(g, 2)
	numbers := func(rows []*worker.Row) (s string) {
		for _, r := range rows {
			s += fmt.Sprint(r.Trial)
		}
		return s
	}
	if got := numbers(told); got != "2345" {
		t.Errorf("toldIn = %s, want 2345", got)
	}
	for n, want := range map[int]string{1: "3", 2: "23", 3: "234", 4: "2345", 9: "2345"} {
		if got := numbers(chosen(told, n)); got != want {
			t.Errorf("chosen(%d) = %s, want %s", n, got, want)
		}
	}
	for i := range g.Rows { // a program that does not number its trials
		g.Rows[i].Made, g.Rows[i].Generation = worker.Made{}, i%2
	}
	g.Gone, g.Number = nil, 0
	if got := numbers(toldIn(g, 2)); got != "23" {
		t.Errorf("toldIn without numbers = %s, want 23", got)
	}
}

func TestDiversity(t *testing.T) {
	f := func(want float64, genomes ...[]float64) {
		t.Helper()
		var rows []worker.Row
		for _, g := range genomes {
			rows = append(rows, worker.Row{Genome: g, Status: "completed"})
		}
		got := diversity(rows)
		if math.IsNaN(want) != (got == nil) || got != nil && math.Abs(*got-want) > 1e-12 {
			t.Errorf("diversity(%v) = %v, want %v", genomes, got, want)
		}
	}
	f(0.25, []float64{0, 5}, []float64{1, 5})
	f(0, []float64{2}, []float64{2})
	f(math.NaN())
	f(math.NaN(), []float64{1}, []float64{1, 2})
}

// TestOrigin: what a row says of how it came to be stands in the columns that there are, the arm of a portfolio with it.
func TestOrigin(t *testing.T) {
	f := func(origin0, operator0, origin1, operator1 string) {
		t.Helper()
		r := worker.Row{Origin: origin0, Made: worker.Made{Known: true, Operator: operator0}}
		if a, b := origin(&r); a != origin1 || b != operator1 {
			t.Errorf("origin(%s, %s) = %s, %s, want %s, %s", origin0, operator0, a, b, origin1, operator1)
		}
	}
	f("crossover", "blend", "crossover", "blend")
	f("crossover", "ga: blend", "crossover", "ga: blend")
	f("restart", "", "random", "restart")
	f("restart", "ga", "random", "ga: restart")
	f("again", "", "retrain", "")
	f("lines", "", "program", "lines")
	f("lines", "cma", "program", "cma")
	f("sample", "cma: run 3", "program", "cma: run 3")
}
