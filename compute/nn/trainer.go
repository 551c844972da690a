package nn

import (
	"math"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// trainer is the state of one run. After newTrainer nothing is allocated until the result.
type trainer struct {
	cfg               Config
	key               rng.Key
	train, validation Source
	objective         *objective
	layers            []layer
	schedule          []vec.AdamW
	batch, perEpoch   int
	epoch             int
	order             rng.Perm

	w, m, v []float32

	best            []float32
	bestLoss        float32
	bestStep, stale int
	status          Status
	stopStep        int
	leaf            *leafHash
	leaves          [][32]byte
}

func newTrainer(cfg Config, key rng.Key, train, validation Source) *trainer {
	t := &trainer{cfg: cfg, key: key, train: train, validation: validation, epoch: -1}
	t.layers = layersOf(&t.cfg)
	t.schedule = scheduleTable(&t.cfg)
	t.batch = min(cfg.Batch, train.Len())
	t.perEpoch = train.Len() / t.batch
	n := t.cfg.Parameters()
	t.w, t.m, t.v, t.best = make([]float32, n), make([]float32, n), make([]float32, n), make([]float32, n)
	t.objective = newObjective(&t.cfg, t.layers, t.batch)
	t.bestLoss = float32(math.Inf(1))
	initialize(t.w, t.layers, cfg.Activation, key)
	if cfg.Segment > 0 {
		t.leaf = newLeafHash()
		t.leaves = make([][32]byte, 0, cfg.MaxSteps/cfg.Segment+1)
	}
	return t
}

// step makes step s, counted from 1, and reports whether the run has ended.
func (t *trainer) step(s int) bool {
	t.gather(s - 1)
	if !vec.IsFinite(t.objective.gradient(t.w, t.batch)) {
		return t.end(Diverged, s)
	}
	t.schedule[s-1].Step(t.w, t.m, t.v, t.objective.back.gradient)

	last := s == t.cfg.MaxSteps
	status := Completed
	if last || t.cfg.EvalEvery > 0 && s%t.cfg.EvalEvery == 0 {
		loss := t.validate()
		if !vec.IsFinite(loss) {
			return t.end(Diverged, s)
		}
		if t.judge(loss, s) && !last {
			last, status = true, Stopped
		}
	}
	if segment := t.cfg.Segment > 0 && s%t.cfg.Segment == 0; segment || last {
		if !vec.AllFinite(t.w) || !vec.AllFinite(t.m) || !vec.AllFinite(t.v) {
			return t.end(Diverged, s)
		}
		if segment {
			t.leaves = append(t.leaves, t.leaf.stateLeaf(t.w, t.m, t.v, s))
		}
	}
	return last && t.end(status, s)
}

// gather reads the samples of step i, counted from 0, in the order of its epoch.
func (t *trainer) gather(i int) {
	epoch, first := i/t.perEpoch, i%t.perEpoch*t.batch
	if epoch != t.epoch {
		t.epoch = epoch
		t.order = rng.Permutation(t.key, rng.Minibatch, uint32(epoch), uint32(t.train.Len()))
	}
	for r := range t.batch {
		x, y := t.objective.sample(r)
		t.train.Sample(int(t.order.At(uint32(first+r))), x, y)
	}
}

// validate returns the mean loss over the validation set: R3 over samples, then outputs. The size of the pieces that
// are evaluated together does not show in the result.
func (t *trainer) validate() float32 {
	var sum vec.Summer
	n := t.validation.Len()
	for first := 0; first < n; first += t.batch {
		rows := min(t.batch, n-first)
		for r := range rows {
			x, y := t.objective.sample(r)
			t.validation.Sample(first+r, x, y)
		}
		sum.Add(t.objective.elements(t.w, rows))
	}
	return sum.Mean()
}

// judge compares a validation loss with the best so far and reports whether patience is exhausted.
func (t *trainer) judge(loss float32, s int) bool {
	if loss < t.bestLoss-t.cfg.MinDelta {
		t.bestLoss, t.bestStep, t.stale = loss, s, 0
		copy(t.best, t.w)
		return false
	}
	t.stale++
	return t.cfg.Patience > 0 && t.stale >= t.cfg.Patience
}

// end records how and when the run ended, and returns true.
func (t *trainer) end(status Status, s int) bool {
	t.status, t.stopStep = status, s
	return true
}

// result returns the finished run.
func (t *trainer) result() *Result {
	r := &Result{Status: t.status, StopStep: t.stopStep, BestStep: t.bestStep, ValidationLoss: t.bestLoss}
	weights := t.best
	if t.status == Diverged {
		r.BestStep, r.ValidationLoss, weights = 0, nan, nil
	} else {
		r.Network = &Network{activation: t.cfg.Activation, layers: t.layers, weights: weights}
	}
	if t.cfg.Segment > 0 {
		r.Leaves = append(t.leaves, t.leaf.resultLeaf(r.Status, r.StopStep, r.ValidationLoss, weights))
		r.Root = MerkleRoot(r.Leaves)
	}
	return r
}
