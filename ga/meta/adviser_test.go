package meta

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"testing"

	"doin.network/node/compute/genome"
	"doin.network/node/compute/rng"
	"doin.network/node/ga"
	"doin.network/node/ga/prior"
	"doin.network/node/internal/canon"
)

// space is a gene of each kind, one of them conditional.
var space = genome.Space{{Name: "rate", Kind: genome.Real, Low: 1, High: 1024, Log: true}, {Name: "kind", Kind: genome.Category, Choices: []string{"a", "b"}},
	{Name: "depth", Kind: genome.Int, Low: 0, High: 9, When: &genome.Condition{Gene: "kind", In: []string{"b"}}}}

// score is best at a rate near 256, kind b and a depth of 7; shift moves it a little.
func score(g genome.Genome, shift float64) float64 {
	f := -math.Abs(math.Log2(g[0])-8-shift) / 10
	if g[1] == 1 {
		f += 0.3 - math.Abs(g[2]-7-shift)/10
	}
	return f
}

// lessons are trials of alike tasks.
func lessons(tasks, n int) (out []prior.Trial) {
	for task := range tasks {
		q := rng.NewSeq(key(uint64(task), "lessons"), rng.Probe, 0)
		for i := range n {
			g := space.Random(q.Uniform)
			out = append(out, prior.Trial{Family: "f", Task: fmt.Sprint("task ", task), Author: fmt.Sprint(i % 3), Recipe: space.Object(g),
				Performance: score(g, float64(task)/10)})
		}
	}
	return out
}

// learned is what Learn makes of lessons.
func learned(t *testing.T) *prior.File {
	t.Helper()
	f, err := Learn(t.Context(), lessons(9, 40), 1)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func TestLearn(t *testing.T) {
	trials := lessons(9, 40)
	f := learned(t)
	a := &f.Families[0]
	if e := a.Evidence; !e.On || e.Tasks != 9 || e.Rows != 360 || e.Authors != 3 || e.Tau < 0.5 {
		t.Errorf("evidence %+v", e)
	}
	slices.Reverse(trials)
	again, err := Learn(t.Context(), trials, 1)
	if err != nil || again.Families[0].Digest() != a.Digest() {
		t.Errorf("the same trials in another order teach something else: %v", err)
	}
	if FromFamily(a).Digest() != a.Digest() {
		t.Error("the prior's digest is not the family's")
	}
	if _, err := Learn(t.Context(), trials[:5], 1); err == nil {
		t.Error("Learn of five trials: no error")
	}
	few, err := Learn(t.Context(), lessons(3, 20), 1)
	if err != nil || few.Families[0].Evidence.On {
		t.Errorf("three tasks: %+v, %v, want the family off", few, err)
	}
}

// TestRowsCap: one author has at most his share, and what others have re-run comes first.
func TestRowsCap(t *testing.T) {
	var trials []prior.Trial
	for i := range 600 {
		author, verified := "loud", i >= 590
		if i < 20 {
			author = "quiet"
		}
		trials = append(trials, prior.Trial{Family: "f", Task: "t", Author: author, Recipe: canon.NewObject("x", float64(i)), Performance: float64(i), Verified: verified})
	}
	rows, _ := Rows(trials, "f")
	of, top := map[string]int{}, 0
	for i := range rows {
		of[rows[i].Author]++
		if rows[i].Fitness >= 590 {
			top++
		}
	}
	if of["loud"] != MaxPerAuthor || of["quiet"] != 20 || top != 10 {
		t.Errorf("rows of authors %v, %d verified", of, top)
	}
}

// search runs a guided search to the trial, and returns its best and the adviser.
func search(t *testing.T, file *prior.File, trials int) (float64, *Adviser) {
	t.Helper()
	a := NewAdviser(space, file, "f", space.Object, nil, 3)
	c := ga.DefaultConfig()
	c.Population = 16
	g, err := ga.New(space, c, 4, 3, ga.WithGuide(a))
	if err != nil {
		t.Fatal(err)
	}
	goOn(t, g, trials)
	best, _ := g.Best()
	return best.Fitness, a
}

func goOn(t *testing.T, g *ga.GA, until int) {
	t.Helper()
	var open []ga.Candidate
	for int(g.Told()) < until {
		if g.Complete() {
			if err := g.Advance(); err != nil {
				t.Fatal(err)
			}
		}
		for c, ok := g.Ask(); ok; c, ok = g.Ask() {
			open = append(open, c)
		}
		if err := g.Tell(ga.Result{Trial: open[0].Trial, Fitness: score(open[0].Genome, 0.2)}); err != nil {
			t.Fatal(err)
		}
		open = open[1:]
	}
}

// TestAdviser: the first trial is near the optimum with a prior, which stays on; a family that is off, another one and none say why.
func TestAdviser(t *testing.T) {
	file := learned(t)
	with, a := search(t, file, 16)
	without, b := search(t, nil, 16)
	if r := a.Report(); !r.On || r.Prior == "" || len(r.Checks) != 2 || r.Reason != "" {
		t.Errorf("report with a prior: %+v", r)
	}
	if !(with > without) {
		t.Errorf("best of 16 with a prior %v, without %v", with, without)
	}
	if r := b.Report(); r.On || r.Reason == "" {
		t.Errorf("report without one: %+v", r)
	}
	off := *file
	off.Families = slices.Clone(off.Families)
	off.Families[0].Evidence.On = false
	if r := NewAdviser(space, &off, "f", space.Object, nil, 3).Report(); r.On || r.Reason == "" || r.Prior == "" {
		t.Errorf("report of a family that is off: %+v", r)
	}
	if r := NewAdviser(space, file, "g", space.Object, nil, 3).Report(); r.On || r.Reason == "" {
		t.Errorf("report of another family: %+v", r)
	}
}

// TestNegatedIsOff: the gate shuts in the search itself after the first trials, and its decision stays.
func TestNegatedIsOff(t *testing.T) {
	file := learned(t)
	f := &file.Families[0]
	for _, w := range f.Weights { // the last layer's sign
		for i := len(w) - prior.Hidden - 1; i < len(w); i++ {
			w[i] = -w[i]
		}
	}
	_, a := search(t, file, 32)
	if r := a.Report(); r.On || len(r.Checks) != 1 || r.Checks[0].Trials != OnlineTrials || r.Checks[0].Tau > OnlineTau || r.Reason == "" {
		t.Errorf("report with a negated prior: %+v", r)
	}
}

// TestRestore: an adviser that is restored answers as the one that went on; damaged states are refused.
func TestRestore(t *testing.T) {
	file := learned(t)
	for _, trials := range []int{16, 48, 240} {
		_, a := search(t, file, trials)
		text := a.State()
		b := NewAdviser(space, file, "f", space.Object, nil, 3)
		if err := b.Restore(text); err != nil {
			t.Fatal(err)
		}
		if got := b.State(); got != text {
			t.Fatalf("State after Restore = %.200s, want %.200s", got, text)
		}
		q := rng.NewSeq(rng.Key{1}, rng.Probe, 0)
		for i := range int64(12) {
			list := make([]genome.Genome, 16)
			for j := range list {
				list[j] = space.Random(q.Uniform)
			}
			x, y := a.Choose(list), b.Choose(list)
			if x != y {
				t.Fatalf("trial %d after %d: restored chooses %d, want %d", i, trials, y, x)
			}
			a.Tell(int64(trials)+i, list[x], score(list[x], 0))
			b.Tell(int64(trials)+i, list[x], score(list[x], 0))
		}
		other := NewAdviser(space, nil, "f", space.Object, nil, 3)
		if err := other.Restore(text); !errors.Is(err, ErrState) {
			t.Errorf("Restore with another prior = %v, want ErrState", err)
		}
	}
	for _, text := range []string{"", "{", `{"trials": [1]}`, `{"told": 1, "trials": [0], "genomes": [[1]], "fitness": [null]}`} {
		if err := NewAdviser(space, nil, "f", space.Object, nil, 3).Restore(text); !errors.Is(err, ErrState) {
			t.Errorf("Restore(%q) = %v, want ErrState", text, err)
		}
	}
}
