package meta

import (
	"errors"
	"fmt"
	"math"
	"testing"

	"doin.network/node/compute/rng"
)

// wantDigest is what every machine trains.
const wantDigest = "ec0807395fec1a6182baf32aea720b1f37cf0ad133aa752f8c69ca788721dbde"

// family returns n rows of each of so many tasks whose optimum lies near one place; noise hides it.
func family(tasks, n int, noise float64) (rows []Row) {
	for t := range tasks {
		q := rng.NewSeq(key(uint64(t), "test"), rng.Probe, 0)
		center := 0.7 + 0.05*float64(q.Normal())
		for range n {
			x := []float64{float64(q.Uniform()), float64(q.Uniform())}
			f := -(x[0]-center)*(x[0]-center) - 0.3*(x[1]-0.2)*(x[1]-0.2) + noise*float64(q.Normal())
			rows = append(rows, Row{Task: fmt.Sprint(t), Point: Point{X: x}, Fitness: f})
		}
	}
	return rows
}

func TestScores(t *testing.T) {
	got := Scores([]float64{3, math.NaN(), 1, 2})
	for i, j := range []int{1, 2, 3} {
		if from := []int{1, 2, 3, 0}; !(got[from[i]] < got[from[j]]) {
			t.Errorf("Scores = %v, want NaN lowest, then 1, 2, 3", got)
		}
	}
	if got[0] != -got[1] || got[2] != -got[3] {
		t.Errorf("Scores = %v, want them symmetric", got)
	}
	if got := Scores([]float64{5, 5, 5}); got[0] != 0 || got[2] != 0 {
		t.Errorf("Scores of ties = %v, want zeros", got)
	}
}

func TestKendall(t *testing.T) {
	f := func(a, b []float64, want float64) {
		t.Helper()
		if got := Kendall(a, b); math.Abs(got-want) > 1e-12 {
			t.Errorf("Kendall(%v, %v) = %v, want %v", a, b, got, want)
		}
	}
	f([]float64{1, 2, 3}, []float64{4, 5, 6}, 1)
	f([]float64{1, 2, 3}, []float64{6, 5, 4}, -1)
	f([]float64{1, 2, 3}, []float64{1, 3, 2}, 1.0/3)
	f([]float64{1, 1, 1}, []float64{1, 3, 2}, 0)
}

func TestCap(t *testing.T) {
	rows := family(2, 20, 0)
	got := Cap(rows, 7, 1)
	if len(got) != 14 {
		t.Fatalf("Cap keeps %d rows, want 14", len(got))
	}
	for i, r := range Cap(rows, 7, 1) {
		if r.Fitness != got[i].Fitness {
			t.Fatalf("Cap differs with the same seed at %d", i)
		}
	}
}

func TestTrainIsAFunctionOfItsSeed(t *testing.T) {
	rows := family(3, 30, 0)
	a, err := Train(t.Context(), rows, 5)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Train(t.Context(), rows, 5)
	if err != nil {
		t.Fatal(err)
	}
	if a.Digest() != b.Digest() {
		t.Error("two trainings with one seed differ")
	}
	if got := fmt.Sprintf("%x", a.Digest()); got != wantDigest {
		t.Errorf("Digest = %s, want %s", got, wantDigest)
	}
	good, phi := a.Predict(&Point{X: []float64{0.7, 0.2}}, 0, nil, nil)
	bad, _ := a.Predict(&Point{X: []float64{0, 1}}, 0, nil, nil)
	if !(good > bad+1) || len(phi) != width {
		t.Errorf("Predict = %v at the optimum, %v far off, %d features", good, bad, len(phi))
	}
	rows[1].Point.X = rows[1].Point.X[:1]
	if _, err := Train(t.Context(), rows, 5); !errors.Is(err, ErrRows) {
		t.Errorf("Train of unequal rows: %v, want ErrRows", err)
	}
}

func TestOffline(t *testing.T) {
	f := func(name string, rows []Row, on bool) {
		t.Helper()
		d, err := Offline(t.Context(), rows, 1)
		if err != nil || d.On != on {
			t.Errorf("Offline(%s) = %+v, %v, want on %v", name, d, err, on)
		}
	}
	f("alike", family(8, 20, 0), true)
	f("noise", family(8, 20, 100), false)
	f("few", family(7, 20, 0), false)
}

// TestGuide: a prior that helps stays on, its negation goes off after the first trials.
func TestGuide(t *testing.T) {
	p, err := Train(t.Context(), family(8, 40, 0), 1)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []*Prior{p, p.Negated()} {
		g := NewGuide(q, 0, nil)
		rows := family(9, 8, 0)[64:]
		for i := range rows {
			g.Tell(int64(i), &rows[i].Point, rows[i].Fitness)
		}
		if want := q == p; g.On() != want || len(g.Checks()) != 1 {
			t.Errorf("On() = %v after %+v, want %v", g.On(), g.Checks(), want)
		}
		if ranked := g.Rank([]Point{{X: []float64{0, 1}}, {X: []float64{0.7, 0.2}}, {X: []float64{0.71, 0.2}}}, 3); g.On() && (len(ranked) != 2 || ranked[1] != 0) {
			t.Errorf("Rank = %v, want one of the two near the optimum, then the far one", ranked)
		}
		at := g.Choose([]Point{{X: []float64{0, 1}}, {X: []float64{0.7, 0.2}}}, false)
		if at != 1 {
			t.Errorf("Choose = %d, want 1", at)
		}
	}
}

func BenchmarkFit(b *testing.B) {
	rows := family(1, 50, 0.01)
	p, err := train(b.Context(), family(2, 20, 0), 1, 1)
	if err != nil {
		b.Fatal(err)
	}
	g := NewGuide(p, 0, nil)
	for i := range rows {
		g.points, g.fitness = append(g.points, g.place(&rows[i].Point)), append(g.fitness, rows[i].Fitness)
	}
	for b.Loop() {
		g.believing = model{}
		g.mixture(&g.believing, true)
	}
}
