package tape

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math"
	"slices"

	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// validationRows is how many samples are validated and predicted together.
const validationRows = 64

// training is one training under way.
type training struct {
	task        *nn.Task
	model       graph.Model
	values      kind.Values
	step, watch *machine // of a batch, and of validation
	batch       int
	rates       *nn.Rates
	m, v, best  [][]float64 // AdamW's moments, and the best weights
	x, y        []float32   // a sample
	targets     []float32   // of the samples that are validated together
	epoch       rng.Perm
	epochNumber int
}

// train is Kind.Train.
func train(ctx context.Context, model graph.Model, t *nn.Task, v kind.Values) (r *kind.Result, err error) {
	if err := check(model, t, v); err != nil {
		return nil, err
	}
	defer func() { // Gorgonia panics for some shapes at run time
		if p := recover(); p != nil {
			r, err = nil, fmt.Errorf("%w %.40s: %v", graph.ErrModel, model.Name(), p)
		}
	}()
	run, err := begin(model, t, v)
	if err != nil {
		return nil, err
	}
	defer run.close()
	return run.run(ctx)
}

// check refuses what package nn does, and what would hold too much.
func check(model graph.Model, t *nn.Task, v kind.Values) error {
	c := t.Config
	c.Hidden, c.Layers, c.Steps, c.Activation, c.Segment = nil, nil, 0, nn.None, 0 // of a network without hidden layers
	plain := *t
	plain.Config, plain.From = c, nil
	if err := plain.Validate(); err != nil {
		return err
	}
	_, n, err := size(model, &t.Config, v)
	if err != nil {
		return err
	}
	if n > kind.MaxElements {
		return fmt.Errorf("%w: %s: a training holds %d numbers, at most %d are allowed: lower units, window or batch", kind.ErrLarge, model.Name(), n, kind.MaxElements)
	}
	return nil
}

// begin builds the machines and draws the initial weights.
func begin(model graph.Model, t *nn.Task, v kind.Values) (r *training, err error) {
	c := &t.Config
	r = &training{task: t, model: model, values: v, batch: min(c.Batch, t.Train.Len()), rates: nn.NewRates(c, 0), epochNumber: -1,
		x: make([]float32, c.Inputs), y: make([]float32, c.Outputs)}
	if r.step, err = newMachine(model, c, v, r.batch, true); err != nil {
		return nil, err
	}
	if r.watch, err = newMachine(model, c, v, min(validationRows, t.Validation.Len()), false); err != nil {
		r.step.close()
		return nil, err
	}
	r.targets = make([]float32, r.watch.rows*c.Outputs)
	initialize(r.step, t.Key)
	for _, p := range r.step.parameters {
		r.m, r.v = append(r.m, make([]float64, len(p))), append(r.v, make([]float64, len(p)))
		r.best = append(r.best, make([]float64, len(p)))
	}
	return r, nil
}

func (r *training) close() {
	r.step.close()
	r.watch.close()
}

// initialize draws the initial weights: element e of learnable l with a fan is fma(2, uniform(InitWeights, l, e), −1)·√(6 ÷ fan), l
// counted among those, so that a graph of dense layers begins as package nn's network does, up to rounding.
func initialize(m *machine, key rng.Key) {
	l := uint32(0)
	for i, w := range m.parameters {
		fan := m.Fans[i]
		if fan == 0 {
			clear(w)
			continue
		}
		s := rng.New(key, rng.InitWeights, l)
		for e := range w {
			w[e] = (2*float64(s.Uniform(uint32(e))) - 1) * math.Sqrt(6/float64(fan))
		}
		l++
	}
}

// run makes the steps.
func (r *training) run(ctx context.Context) (*kind.Result, error) {
	c := &r.task.Config
	res := &kind.Result{Status: nn.Completed, ValidationLoss: math.Inf(1)}
	without := 0 // validations since the best
	for s := 1; s <= c.MaxSteps; s++ {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		res.StopStep = s
		loss, err := r.advance(s)
		if err != nil {
			return nil, err
		}
		if !finite(loss) {
			return diverged(res), nil
		}
		if s < c.MaxSteps && (c.EvalEvery == 0 || s%c.EvalEvery != 0) {
			continue
		}
		validation, err := r.validate(ctx)
		if err != nil {
			return nil, err
		}
		if !finite(validation) {
			return diverged(res), nil
		}
		if f := r.task.OnValidation; f != nil {
			f(s, float32(loss), float32(validation))
		}
		if without++; validation < res.ValidationLoss-float64(c.MinDelta) {
			without, res.ValidationLoss, res.BestStep = 0, validation, s
			copyTo(r.best, r.step.parameters)
		}
		if c.Patience > 0 && without >= c.Patience && s < c.MaxSteps {
			res.Status = nn.Stopped
			break
		}
	}
	res.Network = &Network{model: r.model, config: *c, values: r.values, weights: r.best}
	res.Root = root(res, r.best)
	return res, nil
}

// diverged makes a result that of a run that diverged.
func diverged(r *kind.Result) *kind.Result {
	r.Status, r.BestStep, r.ValidationLoss = nn.Diverged, 0, math.NaN()
	r.Root = root(r, nil)
	return r
}

// advance makes step s, counted from 1, and returns the loss of its batch before it.
func (r *training) advance(s int) (float64, error) {
	n := uint32(r.task.Train.Len())
	perEpoch := int(n) / r.batch
	epoch, first := (s-1)/perEpoch, (s-1)%perEpoch*r.batch
	if epoch != r.epochNumber {
		r.epoch, r.epochNumber = rng.Permutation(r.task.Key, rng.Minibatch, uint32(epoch), n), epoch
	}
	for row := range r.batch {
		r.task.Train.Sample(int(r.epoch.At(uint32(first+row))), r.x, r.y)
		r.step.sample(row, r.x)
		for k, y := range r.y {
			r.step.target[row*len(r.y)+k] = float64(y)
		}
	}
	r.drop(s)
	if err := r.step.run(); err != nil {
		return 0, err
	}
	loss := r.step.loss()
	if !finite(loss) {
		return loss, nil
	}
	return loss, r.update()
}

// drop draws the masks of a step: the elements of all of them, one after another, are draws of one stream.
func (r *training) drop(s int) {
	draws, at := rng.New(r.task.Key, rng.Dropout, uint32(s)), uint32(0)
	for i, mask := range r.step.masks {
		rate := r.step.Masks[i].Rate
		for e := range mask {
			mask[e] = 0
			if float64(draws.Uniform(at)) >= rate {
				mask[e] = 1 / (1 - rate)
			}
			at++
		}
	}
}

// update moves the weights by AdamW (Loshchilov and Hutter 2019), and leaves gradients of 0, to which the next run adds.
func (r *training) update() error {
	c := &r.task.Config
	rate, correct1, correct2 := r.rates.Next()
	beta1, beta2, decay := float64(c.Beta1), float64(c.Beta2), float64(rate)*float64(c.WeightDecay)
	for i, w := range r.step.parameters {
		gradient, err := r.step.gradient(i)
		if err != nil {
			return err
		}
		m, v := r.m[i], r.v[i]
		for e, g := range gradient {
			m[e] = beta1*m[e] + (1-beta1)*g
			v[e] = beta2*v[e] + (1-beta2)*g*g
			w[e] -= decay*w[e] + float64(rate)*m[e]*float64(correct1)/(math.Sqrt(v[e]*float64(correct2))+float64(c.Epsilon))
			gradient[e] = 0
		}
	}
	return nil
}

// validate returns the mean loss over the validation set.
func (r *training) validate(ctx context.Context) (float64, error) {
	copyTo(r.watch.parameters, r.step.parameters)
	n, sum := r.task.Validation.Len(), 0.0
	outputs := len(r.y)
	for first := 0; first < n; first += r.watch.rows {
		if err := ctx.Err(); err != nil {
			return 0, err
		}
		rows := min(r.watch.rows, n-first)
		for row := range rows {
			r.task.Validation.Sample(first+row, r.x, r.targets[row*outputs:][:outputs])
			r.watch.sample(row, r.x)
		}
		if err := r.watch.run(); err != nil {
			return 0, err
		}
		sum += lossOf(r.task.Config.Loss, r.watch.outputs()[:rows*outputs], r.targets, outputs)
	}
	return sum / count(r.task.Config.Loss, n, outputs), nil
}

func copyTo(to, from [][]float64) {
	for i := range to {
		copy(to[i], from[i])
	}
}

// root is the SHA-256 of the line "doin/graph/training/1", status, stop step and best step, and the weights: words and doubles of 64
// bits, little-endian.
func root(r *kind.Result, weights [][]float64) [32]byte {
	b := []byte("doin/graph/training/1\n")
	for _, word := range []int{int(r.Status), r.StopStep, r.BestStep} {
		b = binary.LittleEndian.AppendUint64(b, uint64(word))
	}
	for _, w := range slices.Concat(weights...) {
		b = binary.LittleEndian.AppendUint64(b, math.Float64bits(w))
	}
	return sha256.Sum256(b)
}
