package nn

import (
	"fmt"
	"math"

	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
)

// Run is a training that is made step by step: the state that the contract defines and the buffers of one goroutine.
// After NewRun, steps allocate nothing. It is not safe for concurrent use.
type Run struct {
	cfg         Config
	key         rng.Key
	kernels     *vec.Kernels
	plan        *plan
	objective   *objective // nil where the model is in lanes:
	lanes, look *lanes     // for training and for validation
	data
	schedule *Rates

	batch, perEpoch int
	piece           int // samples that are validated together
	epoch           int
	half            uint32 // of the epoch's permutation, as are the keys
	keys            [8]uint32
	order           *rng.Order // the same for kernels that have no Images
	index           []uint32
	x, target       []float32 // where a batch goes

	state  Checkpoint // of the steps done
	status Status     // 0 while the run goes on
	loss   float32    // of the last validation
	leaf   *leafHash
	watch  func(step int, train, validation float32)
}

// NewRun prepares the training of a task, from the task's checkpoint if it has one, with the kernels of an instruction
// set; vec.Select chooses where isa is empty. Errors: ErrConfig, ErrData, ErrCheckpoint, vec.ErrISA.
func NewRun(t *Task, isa vec.ISA) (*Run, error) {
	k, err := kernels(isa)
	if err != nil {
		return nil, err
	}
	if err := t.Validate(); err != nil {
		return nil, err
	}
	return newRun(t, k), nil
}

func newRun(t *Task, k *vec.Kernels) *Run { return newRunAfter(data{}, t, k) }

// newRunAfter is newRun that takes samples of another run where they are the same.
func newRunAfter(before data, t *Task, k *vec.Kernels) *Run {
	p := compile(&t.Config)
	return newRunIn(before, t, k, p, p.inLanes(k.LaneWidth(), min(t.Config.Batch, t.Train.Len())))
}

// newRunIn is newRunAfter with the choice how the plan is executed, which does not show in the results.
func newRunIn(before data, t *Task, k *vec.Kernels, p *plan, inLanes bool) *Run {
	r := &Run{cfg: t.Config, key: t.Key, kernels: k, epoch: -1, loss: nan, leaf: newLeafHash(), watch: t.OnValidation}
	c := &r.cfg
	r.plan = p
	n := t.Train.Len()
	r.batch = min(c.Batch, n)
	r.perEpoch = n / r.batch
	r.index = make([]uint32, r.batch, ceil(r.batch, k.LaneWidth()))
	if k.LaneWidth() == 1 {
		r.order = &rng.Order{}
	}
	validations := 1
	if c.EvalEvery > 0 {
		validations += c.MaxSteps / c.EvalEvery
	}
	r.state = Checkpoint{BestLoss: float32(math.Inf(1))}
	r.state.allocate(c, r.plan.parameters)
	r.piece = max(r.batch, min(validationRows, t.Validation.Len()))
	stride, pad := c.Inputs, 1
	if inLanes {
		r.piece = ceil(r.piece, k.LaneWidth())
		r.lanes = newLanes(c, r.plan, k, r.state.W, r.batch, true)
		r.look = newLanes(c, r.plan, k, r.state.W, r.piece, false)
		stride, pad = r.lanes.stride, k.LaneWidth()
		r.x, r.target = r.lanes.x, r.lanes.target
	} else {
		r.objective = newObjective(c, r.plan, k, r.piece, r.batch)
		r.objective.draws = rng.Stream{Key: t.Key, Purpose: rng.Dropout}
		r.x, r.target = r.objective.input(r.batch), r.objective.target
	}
	if r.train = before.train; !r.train.holds(t.Train, c, stride, 1) {
		r.train = newSamples(t.Train, c, c.MaxSteps*r.batch, stride, 1)
	}
	if r.validation = before.validation; !r.validation.holds(t.Validation, c, stride, pad) {
		r.validation = newSamples(t.Validation, c, (validations-1)*t.Validation.Len(), stride, pad)
	}
	if t.From != nil {
		r.state.restore(t.From)
	} else {
		r.plan.initialize(r.state.W, t.Key)
	}
	r.schedule = NewRates(c, r.state.Step)
	return r
}

// validationRows is how many samples are validated together at least, where there are so many.
const validationRows = 64

// Step makes the next step and reports whether the run has ended. It must not be called after that.
func (r *Run) Step() bool {
	st := &r.state
	s := st.Step + 1
	r.gather(s - 1)
	loss, gradient := r.mean(s)
	if !vec.IsFinite(loss) {
		return r.end(Diverged, s)
	}
	r.update(gradient)
	st.Step = s

	last := s == r.cfg.MaxSteps
	status := Completed
	if last || r.cfg.EvalEvery > 0 && s%r.cfg.EvalEvery == 0 {
		r.loss = r.validate()
		if !vec.IsFinite(r.loss) {
			return r.end(Diverged, s)
		}
		if r.watch != nil {
			r.watch(s, loss, r.loss)
		}
		if st.judge(r.loss, &r.cfg) && !last {
			last, status = true, Stopped
		}
	}
	if segment := r.cfg.Segment > 0 && s%r.cfg.Segment == 0; segment || last {
		if !r.kernels.AllFinite(st.W) || !r.kernels.AllFinite(st.M) || !r.kernels.AllFinite(st.V) {
			return r.end(Diverged, s)
		}
		if segment {
			st.Leaves = append(st.Leaves, r.Leaf())
		}
	}
	return last && r.end(status, s)
}

// mean returns the loss of the batch of step s and its gradient.
func (r *Run) mean(s int) (loss float32, gradient []float32) {
	if n := r.lanes; n != nil {
		return n.mean(), n.gradient
	}
	o := r.objective
	o.training, o.draws.Step = true, uint32(s)
	return o.mean(r.state.W, r.batch), o.gradient
}

// gather reads the samples of step i, counted from 0, in the order of its epoch.
func (r *Run) gather(i int) {
	epoch, first := i/r.perEpoch, i%r.perEpoch*r.batch
	n := uint32(r.train.source.Len())
	if epoch != r.epoch {
		r.epoch = epoch
		p := rng.Permutation(r.key, rng.Minibatch, uint32(epoch), n)
		r.half, r.keys = p.Network()
		if r.order != nil {
			r.order.Reset(p)
		}
	}
	if r.order != nil {
		r.order.Fill(r.index, uint32(first))
	} else {
		r.kernels.Images(r.index[:cap(r.index)], r.half, &r.keys, uint32(first), n)
	}
	r.train.gather(r.kernels, r.x, r.target, r.index)
}

// update clips the gradient g to the largest norm and moves the parameters.
func (r *Run) update(g []float32) {
	if limit := r.cfg.ClipNorm; limit > 0 {
		if norm := vec.Sqrt(r.kernels.SumSquares(g)); norm > limit {
			r.kernels.Scale(g, g, limit/norm)
		}
	}
	c, st := &r.cfg, &r.state
	rate, correct1, correct2 := r.schedule.Next()
	if c.Optimizer == SGD {
		r.kernels.SGD(vec.SGD{Rate: rate, Momentum: c.Momentum, WeightDecay: c.WeightDecay}, st.W, st.V, g)
		return
	}
	r.kernels.AdamW(vec.AdamW{
		Beta1: c.Beta1, Beta2: c.Beta2, Epsilon: c.Epsilon, WeightDecay: c.WeightDecay,
		Rate: rate, Correct1: correct1, Correct2: correct2,
	}, st.W, st.M, st.V, g)
}

// validate returns the mean loss over the validation set: R3 over samples, then outputs. The size of the pieces that
// are evaluated together does not show in the result.
func (r *Run) validate() float32 {
	var sum vec.Summer
	n, c := r.validation.source.Len(), &r.cfg
	for first := 0; first < n; first += r.piece {
		rows := min(r.piece, n-first)
		var values []float32
		if l := r.look; l != nil {
			x, y := r.validation.block(l.x, l.target[:rows*c.Outputs], first, rows)
			values = l.elements(x, y, rows)
		} else {
			o := r.objective
			x, y := r.validation.block(o.input(rows), o.target[:rows*c.Outputs], first, rows)
			values = o.elements(r.state.W, x[:rows*c.Inputs], y, rows)
		}
		r.kernels.Accumulate(&sum, values)
	}
	l := losses[c.Loss]
	return sum.Sum() / l.count(n, c.Outputs)
}

// end records how the run ended at step s, and returns true.
func (r *Run) end(status Status, s int) bool {
	r.status, r.state.Step = status, s
	return true
}

// Done returns the number of steps made, counting one that found the run diverged.
func (r *Run) Done() int { return r.state.Step }

// Leaf returns the digest leaf of the present state, whether or not a segment ends here.
func (r *Run) Leaf() [32]byte {
	return r.leaf.stateLeaf(r.state.W, r.state.M, r.state.V, r.state.Step)
}

// Checkpoint returns the present state, from which another run can go on. It is a view: valid and constant until the
// next step; Clone keeps it.
func (r *Run) Checkpoint() *Checkpoint { return &r.state }

// Result returns the finished run. It panics before Step has returned true. The Run must not be used afterwards.
func (r *Run) Result() *Result {
	if r.status == 0 {
		panic(fmt.Sprintf("nn: result of a run at step %d that has not ended", r.state.Step))
	}
	st := &r.state
	res := &Result{Status: r.status, StopStep: st.Step, BestStep: st.BestStep, ValidationLoss: st.BestLoss}
	weights := st.Best
	if r.status == Diverged {
		res.BestStep, res.ValidationLoss, weights = 0, nan, nil
	} else {
		res.Network = &Network{plan: r.plan, kernels: r.kernels, weights: weights}
	}
	if r.cfg.Segment > 0 {
		res.Leaves = append(st.Leaves, r.leaf.resultLeaf(res.Status, res.StopStep, res.ValidationLoss, weights))
		res.Root = MerkleRoot(res.Leaves)
	}
	return res
}
