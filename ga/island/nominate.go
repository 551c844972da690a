package island

import (
	"cmp"
	"math"
	"slices"
)

// Bounds of a Nominator.
const (
	// MaxOpen is how many undecided nominations may be open at once.
	MaxOpen = 4
	// MaxTries bounds the confirming runs of one genome. Each has a nonce and so a training seed of its own: a genome that
	// disappointed with one may keep with another what its score promised.
	MaxTries = 4
	// MaxRemembered bounds the genomes whose tries are remembered.
	MaxRemembered = 10_000
	// MaxDecided bounds the claims that are decided but not closed yet; of more, the oldest is forgotten.
	MaxDecided = 64
	// maxAgain bounds the superseded genomes that wait for a second chance.
	maxAgain = 16
	// pace is how many times the cost of a claim the island trains between two nominations, where a claim is an average of many
	// trainings: confirming then takes at most a fifth of all work.
	pace = 4
)

// Candidate is an individual that the island has trained itself.
type Candidate[T any] struct {
	// Hash names its recipe: equal recipes have equal hashes.
	Hash string
	// Fitness is what it scored, higher is better; NaN is no candidate.
	Fitness float64
	// Measured says that Fitness is the performance of a claim of it, not the promise of trainings.
	Measured bool
	Value    T
}

// Nomination is a candidate that is being confirmed, or claimed.
type Nomination[T any] struct {
	Candidate[T]
	// ID counts the nominator's nominations from 1.
	ID int64
	// Confirmed is whether the confirming run has ended well, Performance what it gave.
	Confirmed   bool
	Performance float64
	// Decided is whether its claim was judged; it is open as long as the judgement can be lost.
	Decided bool
	// Before is how often the genome had been tried before.
	Before int
}

// Known is what an island knows of its problem.
type Known struct {
	// HasBest is whether there is a best that a claim has to beat, Best its performance.
	HasBest bool
	Best    float64
	// Improves reports whether a performance beats another by the minimum increment.
	Improves func(performance, over float64) bool
	// Trials are those that the island has made so far, Cost how many of them a claim costs. Cost 0 or 1 is a claim that is no
	// average: it waits for nothing.
	Trials, Cost int64
}

// End is how a nomination ended.
type End uint8

// The ends.
const (
	// Disappointed: the confirming run failed or did not keep the promise, or the claim came to nothing; the try counts.
	Disappointed End = iota
	// Announced: the others know the genome; it is not nominated again.
	Announced
	// Superseded: another champion came between; the try does not count, and the genome may be nominated on the new base.
	Superseded
)

// Nominator picks what an island has confirmed in order to claim it. A confirming run costs trainings, so a genome must
// promise to beat the best that is known and the best of the island's own claims that are still open: by the island's own
// score and, where a claim is an average, by what such averages gave beyond the scores so far (see Gain), so that like is compared
// with like. Where a claim is an average and costs many trainings, it is nominated no sooner than after pace times as many trials since
// the nomination before, and a genome that disappointed is not tried again: another average would be another draw of the same.
// Make one by NewNominator; it is not safe for concurrent use.
type Nominator[T any] struct {
	maxOpen int
	last    int64
	paid    int64           // trials when the last nomination was made
	open    []Nomination[T] // in the order of their ids
	again   []Candidate[T]  // superseded, with their confirmed performances
	tries   memory
	gains   gains
}

// NewNominator returns one that has nominated nothing and keeps at most maxOpen undecided nominations open, 1 to MaxOpen.
func NewNominator[T any](maxOpen int) *Nominator[T] {
	return &Nominator[T]{maxOpen: min(max(maxOpen, 1), MaxOpen), tries: newMemory()}
}

// Nominate picks of the candidates the one that was tried least often, among equals the best, among those the earlier; ok
// is false if none promises enough or too much is open already.
func (n *Nominator[T]) Nominate(candidates []Candidate[T], k Known) (picked Nomination[T], ok bool) {
	if n.undecided() >= n.maxOpen || !n.affordable(k) {
		return picked, false
	}
	over, has := n.threshold(k)
	promises := func(c Candidate[T]) bool {
		return !math.IsNaN(c.Fitness) && (!has || k.Improves(n.Expects(c, k), over))
	}
	n.again = slices.DeleteFunc(n.again, func(c Candidate[T]) bool { return !promises(c) })
	list := slices.Concat(candidates, n.again)
	list = slices.DeleteFunc(list, func(c Candidate[T]) bool { return !promises(c) || n.confirming(c.Hash) })
	slices.SortStableFunc(list, func(a, b Candidate[T]) int { return cmp.Compare(n.Expects(b, k), n.Expects(a, k)) })
	fewest := MaxTries
	if k.Cost > 1 {
		fewest = 1
	}
	for _, c := range list {
		if t := n.tries.of(c.Hash); t < fewest {
			picked.Candidate, fewest, ok = c, t, true
		}
	}
	if !ok {
		return picked, false
	}
	n.last++
	n.paid = k.Trials
	picked.ID, picked.Before = n.last, fewest
	n.tries.set(picked.Hash, fewest+1)
	n.again = slices.DeleteFunc(n.again, func(c Candidate[T]) bool { return c.Hash == picked.Hash })
	n.open = append(n.open, picked)
	return picked, true
}

// affordable reports whether the island has trained enough since its last nomination. Trials that fell back are those of a search
// that has begun anew.
func (n *Nominator[T]) affordable(k Known) bool {
	n.paid = min(n.paid, k.Trials)
	return k.Cost <= 1 || n.last == 0 || k.Trials-n.paid >= pace*k.Cost
}

func (n *Nominator[T]) undecided() (k int) {
	for i := range n.open {
		if !n.open[i].Decided {
			k++
		}
	}
	return k
}

// threshold is what a candidate has to beat; has is false where that is nothing.
func (n *Nominator[T]) threshold(k Known) (over float64, has bool) {
	over, has = k.Best, k.HasBest
	for i := range n.open {
		if o := &n.open[i]; o.Confirmed && (!has || o.Performance > over) {
			over, has = o.Performance, true
		}
	}
	return over, has
}

// confirming reports whether a genome's nomination is open.
func (n *Nominator[T]) confirming(hash string) bool {
	return slices.ContainsFunc(n.open, func(o Nomination[T]) bool { return o.Hash == hash })
}

// Confirm notes what the confirming run of an open nomination gave; an unknown id is passed over.
func (n *Nominator[T]) Confirm(id int64, performance float64) {
	i := n.index(id)
	if i < 0 {
		return
	}
	o := &n.open[i]
	if !o.Confirmed && !o.Measured {
		n.gains.add(performance - o.Fitness)
	}
	o.Confirmed, o.Performance = true, performance
}

// Decide notes that the claim of an open nomination was judged: it makes room for another. What it claims has to be beaten
// until it is closed.
func (n *Nominator[T]) Decide(id int64) {
	i := n.index(id)
	if i < 0 || n.open[i].Decided {
		return
	}
	n.open[i].Decided = true
	if len(n.open)-n.undecided() > MaxDecided {
		oldest := slices.IndexFunc(n.open, func(o Nomination[T]) bool { return o.Decided })
		n.Close(n.open[oldest].ID, Announced)
	}
}

// Close ends an open nomination; ok is false if there is none with that id.
func (n *Nominator[T]) Close(id int64, how End) (closed Nomination[T], ok bool) {
	i := n.index(id)
	if i < 0 {
		return closed, false
	}
	closed = n.open[i]
	n.open = slices.Delete(n.open, i, i+1)
	switch how {
	case Announced:
		n.tries.set(closed.Hash, MaxTries)
	case Superseded:
		n.tries.set(closed.Hash, closed.Before)
		c := closed.Candidate
		if closed.Confirmed {
			c.Fitness, c.Measured = closed.Performance, true
		}
		if n.again = append(n.again, c); len(n.again) > maxAgain {
			n.again = slices.Delete(n.again, 0, 1)
		}
	}
	return closed, true
}

func (n *Nominator[T]) index(id int64) int {
	return slices.IndexFunc(n.open, func(o Nomination[T]) bool { return o.ID == id })
}

// Foreign notes that a genome is another island's: it is not nominated here, unless it was forgotten.
func (n *Nominator[T]) Foreign(hash string) { n.tries.set(hash, MaxTries) }

// Reprieve forgets a genome's tries: what it was tried for could not be had then.
func (n *Nominator[T]) Reprieve(hash string) { n.tries.set(hash, 0) }

// Open returns the open nominations in the order of their ids, fresh.
func (n *Nominator[T]) Open() []Nomination[T] { return slices.Clone(n.open) }

// NominatorState is all that a nominator remembers; see State.
type NominatorState[T any] struct {
	Last  int64
	Paid  int64 // trials at the last nomination
	Open  []Nomination[T]
	Again []Candidate[T]
	// Tries are the confirming runs by hash: of the genomes met lately and of those met before.
	Tries, Older map[string]int
	// Gains are what the latest claims gave beyond the promises, the latest last.
	Gains []float64
}

// State returns a copy of what the nominator remembers.
func (n *Nominator[T]) State() NominatorState[T] {
	return NominatorState[T]{Last: n.last, Paid: n.paid, Open: slices.Clone(n.open), Again: slices.Clone(n.again), Tries: n.tries.copy(),
		Older: n.tries.copyOlder(), Gains: slices.Clone(n.gains)}
}

// Restore makes the nominator remember s, of which it keeps copies; what is above its bounds is left out.
func (n *Nominator[T]) Restore(s NominatorState[T]) {
	n.last, n.paid = s.Last, s.Paid
	n.open = nil
	for _, o := range s.Open {
		if o.Decided && len(n.open)-n.undecided() < MaxDecided || !o.Decided && n.undecided() < n.maxOpen {
			n.open = append(n.open, o)
		}
	}
	n.again = slices.Clone(s.Again[:min(len(s.Again), maxAgain)])
	for i := range n.open {
		n.last = max(n.last, n.open[i].ID)
	}
	n.tries = restoreMemory(s.Tries, s.Older)
	n.gains = nil
	for _, gain := range s.Gains {
		n.gains.add(gain)
	}
}
