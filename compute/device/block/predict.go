package block

import (
	"context"
	"errors"
	"fmt"

	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
)

// prediction is a request for the outputs of networks for the samples of a source.
type prediction struct {
	ctx      context.Context
	networks []*nn.Network
	source   source
	of       nn.Source
	out      [][]float32
	finish   chan error
}

// predictRows is how many samples a block evaluates at once.
const predictRows = 64

// Predict returns the outputs of every network for every sample of a source, [networks][samples · outputs]: the bits of
// nn.Network.Predict. The networks must have the inputs and outputs of the source's samples. Errors: those of Train.
func (e *Engine) Predict(ctx context.Context, networks []*nn.Network, s nn.Source) ([][]float32, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if len(networks) == 0 || s.Len() == 0 {
		return make([][]float32, len(networks)), nil
	}
	inputs, outputs := networks[0].Inputs(), networks[0].Outputs()
	for i, n := range networks {
		if n.Inputs() != inputs || n.Outputs() != outputs {
			return nil, fmt.Errorf("%w: network %d has %d inputs and %d outputs, network 0 %d and %d",
				nn.ErrData, i, n.Inputs(), n.Outputs(), inputs, outputs)
		}
	}
	p := &prediction{ctx: ctx, networks: networks, of: s, source: e.read(s, inputs, outputs), finish: make(chan error, 1)}
	if err := e.submit(func() { e.asked = append(e.asked, p) }); err != nil {
		return nil, err
	}
	if err := <-p.finish; err != nil {
		return nil, err
	}
	return p.out, nil
}

// errWait says that a prediction found too little memory, and that somebody else had some.
var errWait = errors.New("block: predict: waiting for memory")

// answer ends a prediction.
func (e *Engine) answer(p *prediction, err error) {
	e.unread(&p.source)
	p.finish <- err
}

// askAgain puts a prediction back until something has ended, which wakes the lanes.
func (e *Engine) askAgain(p *prediction) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.asked = append(e.asked, p)
}

// predict answers a request, in as many launches as the memory makes necessary; what is there of it after errWait stays.
func (l *lane) predict(p *prediction) error {
	e := l.engine
	if err := p.ctx.Err(); err != nil {
		return err
	}
	inputs, outputs := p.networks[0].Inputs(), p.networks[0].Outputs()
	e.floor.Lock()
	alone := e.running == 0
	e.running++
	t, err := e.table(l.queue, &p.source, inputs, outputs, p.of)
	e.floor.Unlock()
	for count := len(p.networks); err == nil && len(p.out) < len(p.networks); {
		part := p.networks[len(p.out):][:min(count, len(p.networks)-len(p.out))]
		var out [][]float32
		if out, err = l.predictPart(part, t, outputs); crowded(err) && len(part) > 1 {
			count, err = (len(part)+1)/2, nil
		}
		p.out = append(p.out, out...)
	}
	e.floor.Lock()
	defer e.floor.Unlock()
	e.tables.release(t)
	e.running--
	switch {
	case crowded(err) && alone:
		return fmt.Errorf("%w: %w", ErrSize, err)
	case crowded(err):
		if e.running == 0 { // nobody is left who wakes the lanes when he ends
			e.poke()
		}
		return errWait
	}
	e.crowded = false
	e.poke()
	return err
}

func (l *lane) predictPart(networks []*nn.Network, t *table, outputs int) ([][]float32, error) {
	e := l.engine
	var population []*individual
	defer func() {
		e.floor.Lock()
		defer e.floor.Unlock()
		for _, i := range population {
			e.memory.free(i.state)
			e.memory.free(i.record.Out)
			e.models.release(i.plan)
		}
	}()
	for _, network := range networks {
		i, err := l.predictor(network, t, outputs)
		if i != nil {
			population = append(population, i)
		}
		if err != nil {
			return nil, err
		}
	}
	w, err := l.launcher.run(population, launchTime)
	if err != nil {
		return nil, err
	}
	if len(w.left) > 0 {
		return nil, fmt.Errorf("block: predict: %w", kernels.ErrMemory) // all of it again, in smaller parts
	}
	out := make([][]float32, len(networks))
	for n, i := range population {
		out[n] = make([]float32, t.rows*outputs)
		if err := l.queue.Download(bytesOf(out[n]), i.record.Out); err != nil {
			return nil, lost(err)
		}
	}
	return out, nil
}

// predictor puts a network on the device; after an error, what there is of it.
func (l *lane) predictor(network *nn.Network, t *table, outputs int) (i *individual, err error) {
	e := l.engine
	m, err := e.models.predict(shape{model: network.Model(), batch: predictRows, loss: nn.MSE})
	if err != nil {
		return nil, err
	}
	i = &individual{plan: m, work: float64(m.program.Parameters)}
	weights := make([]float32, m.program.Size)
	m.pack(weights, network.Weights())
	e.floor.Lock()
	defer e.floor.Unlock()
	if i.state, err = e.memory.upload(l.queue, bytesOf(weights)); err != nil {
		return i, err
	}
	if i.record.Out, err = e.memory.alloc(int64(4 * t.rows * outputs)); err != nil { // the outputs
		return i, err
	}
	i.record.Program, i.record.State, i.record.ValidX, i.record.ValidRows = m.index, i.state, t.x, uint32(t.rows)
	return i, nil
}
