package island

import (
	"math"
	"testing"
)

// TestGain: what claims gave beyond the promises of their genomes is expected of the next one, where a claim is an average.
func TestGain(t *testing.T) {
	n := NewNominator[int](MaxOpen)
	k := known(0)
	k.Cost, k.Trials = 4, 0
	claim := func(fitness, performance float64) {
		t.Helper()
		k.Trials += 100
		k.Best = math.Inf(-1)
		o, ok := n.Nominate([]Candidate[int]{{Hash: string(rune('a' + k.Trials/100)), Fitness: fitness}}, k)
		if !ok {
			t.Fatalf("a candidate of %v is not nominated", fitness)
		}
		n.Confirm(o.ID, performance)
		n.Confirm(o.ID, performance+100) // said again, it counts once
		n.Close(o.ID, Announced)
	}
	f := func(want float64) {
		t.Helper()
		if got := n.Gain(k); got != want {
			t.Errorf("Gain() = %v, want %v", got, want)
		}
		single := k
		single.Cost = 1
		if got := n.Gain(single); got != 0 {
			t.Errorf("Gain() where a claim is one training = %v, want 0", got)
		}
	}
	f(0)
	claim(-2, -1)
	f(1)
	claim(-2, -5)
	f(1) // of two the larger
	claim(-2, -1.5)
	f(0.5)
	for range 3 {
		claim(-2, -1.75)
	}
	f(0.25)

	// A champion of 4 networks at −1 is challenged by a recipe whose single networks score −1.2.
	nominated := func(fitness float64, measured, want bool) {
		t.Helper()
		m := NewNominator[int](MaxOpen)
		m.Restore(n.State())
		k := known(-1)
		k.Cost, k.Trials = 4, 10_000
		if _, got := m.Nominate([]Candidate[int]{{Hash: "new", Fitness: fitness, Measured: measured}}, k); got != want {
			t.Errorf("Nominate(%v, measured %v) over -1 = %v, want %v", fitness, measured, got, want)
		}
	}
	nominated(-1.2, false, true)
	nominated(-1.3, false, false)
	nominated(-1.2, true, false)
	nominated(-0.9, true, true)
}
