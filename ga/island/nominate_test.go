package island

import (
	"fmt"
	"math"
	"reflect"
	"testing"
)

// known is a best that any higher performance improves.
func known(best float64) Known {
	return Known{HasBest: !math.IsInf(best, -1), Best: best, Improves: func(p, over float64) bool { return p > over }}
}

func candidates(fitness ...float64) (out []Candidate[int]) {
	for i, f := range fitness {
		out = append(out, Candidate[int]{Hash: fmt.Sprint("h", i), Fitness: f, Value: i})
	}
	return out
}

// TestNominate: the least tried, among equals the best; what does not promise is left out.
func TestNominate(t *testing.T) {
	n := NewNominator[int](MaxOpen)
	f := func(best float64, want int) int64 {
		t.Helper()
		got, ok := n.Nominate(candidates(1, 3, 2, math.NaN(), 3), known(best))
		if !ok {
			got.Value = -1
		}
		if got.Value != want {
			t.Fatalf("Nominate over %v = %d, want %d", best, got.Value, want)
		}
		return got.ID
	}
	none := math.Inf(-1)
	f(3, -1)
	first := f(none, 1) // the best, the earlier of two
	f(none, 4)
	f(2, -1) // both that promise are open
	n.Close(first, Disappointed)
	second := f(2, 1)
	n.Close(second, Disappointed)
	for range MaxTries - 2 {
		n.Close(f(2, 1), Disappointed)
	}
	f(2, -1)
	f(none, 2)
	f(none, 0)
	f(none, -1)
}

// TestNominateOpen: what is confirmed and open has to be beaten; no more than so many are open.
func TestNominateOpen(t *testing.T) {
	n := NewNominator[int](2)
	a, _ := n.Nominate(candidates(5, 6), known(1))
	n.Confirm(a.ID, 5.5)
	if b, ok := n.Nominate(candidates(5, 6), known(1)); ok {
		t.Errorf("nominated %d with 5 while 5.5 is claimed", b.Value)
	}
	if b, ok := n.Nominate(candidates(5, 6, 7), known(1)); !ok || b.Value != 2 {
		t.Errorf("Nominate = %v, %v, want value 2", b, ok)
	}
	if _, ok := n.Nominate(candidates(5, 6, 7, 8), known(1)); ok {
		t.Error("a third is open")
	}
	n.Close(a.ID, Announced)
	if b, ok := n.Nominate(candidates(5, 6), known(math.Inf(-1))); !ok || b.Value != 0 {
		t.Errorf("Nominate = %v, %v, want value 0: 1 was announced", b, ok)
	}
}

// TestNominateAgain: a superseded genome's try does not count, and it has a second chance if it still promises.
func TestNominateAgain(t *testing.T) {
	f := func(best float64, want bool) {
		t.Helper()
		n := NewNominator[int](1)
		a, _ := n.Nominate(candidates(5), known(1))
		n.Confirm(a.ID, 4)
		n.Close(a.ID, Superseded)
		got, ok := n.Nominate(nil, known(best))
		if ok != want || ok && (got.Hash != a.Hash || got.Before != 0) {
			t.Errorf("over %v: Nominate = %v, %v, want %v", best, got, ok, want)
		}
		if _, ok := n.Nominate(nil, known(best)); ok {
			t.Error("it is nominated twice")
		}
	}
	f(3, true)
	f(4, false)
}

// TestDecide: what is judged makes room, but has to be beaten.
func TestDecide(t *testing.T) {
	n := NewNominator[int](1)
	for i := range 3 * MaxDecided {
		a, ok := n.Nominate([]Candidate[int]{{Hash: fmt.Sprint("y", i), Fitness: float64(i)}}, known(math.Inf(-1)))
		if !ok {
			t.Fatalf("nomination %d: there is no room", i)
		}
		n.Confirm(a.ID, float64(i))
		n.Decide(a.ID)
		n.Decide(a.ID)
		if _, ok := n.Nominate(candidates(float64(i)), known(math.Inf(-1))); ok {
			t.Fatalf("nomination %d need not be beaten", i)
		}
	}
	if len(n.open) != MaxDecided {
		t.Errorf("%d are open, want %d", len(n.open), MaxDecided)
	}
	m := NewNominator[int](1)
	if m.Restore(n.State()); len(m.open) != MaxDecided {
		t.Errorf("%d are open again, want %d", len(m.open), MaxDecided)
	}
}

func TestForeign(t *testing.T) {
	n := NewNominator[int](1)
	n.Foreign("h0")
	if _, ok := n.Nominate(candidates(5), known(1)); ok {
		t.Error("another island's champion is nominated")
	}
	n.Reprieve("h0")
	if _, ok := n.Nominate(candidates(5), known(1)); !ok {
		t.Error("a genome whose tries are forgotten is not nominated")
	}
}

// TestNominatorBounds: memory is bounded, what is asked for is remembered.
func TestNominatorBounds(t *testing.T) {
	n := NewNominator[int](1)
	n.Foreign("h0")
	for i := range 3 * MaxRemembered {
		n.Foreign(fmt.Sprint("x", i))
		if i%1000 == 0 {
			if _, ok := n.Nominate(candidates(5), known(1)); ok {
				t.Fatalf("h0 is forgotten after %d", i)
			}
		}
	}
	if got := len(n.tries.tries) + len(n.tries.older); got > MaxRemembered {
		t.Errorf("%d genomes are remembered, want at most %d", got, MaxRemembered)
	}
	for range 3 * maxAgain {
		a, ok := n.Nominate([]Candidate[int]{{Hash: fmt.Sprint("y", n.last), Fitness: float64(n.last)}}, known(math.Inf(-1)))
		if !ok {
			t.Fatal("nothing is nominated")
		}
		n.Close(a.ID, Superseded)
	}
	if len(n.again) > maxAgain {
		t.Errorf("%d superseded genomes wait, want at most %d", len(n.again), maxAgain)
	}
}

func TestNominatorState(t *testing.T) {
	n := NewNominator[int](MaxOpen)
	n.Foreign("z")
	a, _ := n.Nominate(candidates(5, 6), known(1))
	n.Nominate(candidates(5, 6), known(1))
	n.Confirm(a.ID, 6.5)
	n.Close(a.ID, Superseded)
	m := NewNominator[int](MaxOpen)
	m.Restore(n.State())
	if got, want := m.State(), n.State(); !reflect.DeepEqual(got, want) {
		t.Errorf("State() = %v, want %v", got, want)
	}
	if got, want := fmt.Sprint(m.Nominate(candidates(5, 6, 7), known(1))), fmt.Sprint(n.Nominate(candidates(5, 6, 7), known(1))); got != want {
		t.Errorf("Nominate = %v, want %v", got, want)
	}
	big := NominatorState[int]{Open: make([]Nomination[int], 100), Again: make([]Candidate[int], 100)}
	m.Restore(big)
	if len(m.open) != MaxOpen || len(m.again) != maxAgain {
		t.Errorf("%d open and %d again, want the bounds", len(m.open), len(m.again))
	}
}

// TestNominatePaced: a claim that is an average waits until the island has trained several times its cost, and what disappointed is
// not averaged again.
func TestNominatePaced(t *testing.T) {
	n := NewNominator[int](MaxOpen)
	f := func(trials, cost int64, want bool) (picked Nomination[int]) {
		t.Helper()
		k := known(0)
		k.Trials, k.Cost = trials, cost
		picked, ok := n.Nominate(candidates(1, 2, 3), k)
		if ok != want {
			t.Errorf("Nominate after %d trials at a cost of %d: %v, want %v", trials, cost, ok, want)
		}
		return picked
	}
	first := f(10, 6, true)
	f(33, 6, false)
	f(34, 6, true)
	n.Close(first.ID, Disappointed)
	s := n.State()
	n = NewNominator[int](MaxOpen)
	n.Restore(s)
	f(57, 6, false)
	f(58, 6, true)
	for _, o := range n.Open() {
		n.Close(o.ID, Disappointed)
	}
	f(1000, 6, false) // all have been tried
	f(1000, 1, true)  // a single training may have been bad luck
	f(5, 1, true)
	f(5, 0, true)
}
