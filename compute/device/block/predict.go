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

// predict answers a request, in as many launches as the memory makes necessary.
func (e *Engine) predict(p *prediction) error {
	if err := p.ctx.Err(); err != nil {
		return err
	}
	inputs, outputs := p.networks[0].Inputs(), p.networks[0].Outputs()
	t, err := e.table(&p.source, inputs, outputs, p.of)
	if err != nil {
		return err
	}
	defer e.tables.release(t)
	for count := len(p.networks); len(p.out) < len(p.networks); {
		part := p.networks[len(p.out):][:min(count, len(p.networks)-len(p.out))]
		out, err := e.predictPart(part, t, outputs)
		if errors.Is(err, kernels.ErrMemory) && len(part) > 1 {
			count = (len(part) + 1) / 2
			continue
		}
		if err != nil {
			return err
		}
		p.out = append(p.out, out...)
	}
	return nil
}

func (e *Engine) predictPart(networks []*nn.Network, t *table, outputs int) ([][]float32, error) {
	population, records := make([]*individual, len(networks)), make([]kernels.Individual, len(networks))
	defer func() {
		for _, i := range population {
			if i != nil {
				e.memory.free(i.state)
				e.memory.free(i.record.Out)
			}
		}
	}()
	for n, network := range networks {
		m, err := e.models.of(shape{model: network.Model(), batch: predictRows, loss: nn.MSE})
		if err != nil {
			return nil, err
		}
		i := &individual{plan: m, work: float64(m.program.Parameters)}
		population[n] = i
		weights := make([]float32, m.program.Size)
		m.pack(weights, network.Weights())
		if i.state, err = e.memory.upload(bytesOf(weights)); err != nil {
			return nil, err
		}
		if i.record.Out, err = e.memory.alloc(int64(4 * t.rows * outputs)); err != nil { // the outputs
			return nil, err
		}
		records[n] = kernels.Individual{Program: m.index, State: i.state, ValidX: t.x, ValidRows: uint32(t.rows), Out: i.record.Out}
	}
	if left, err := e.launcher.run(population, records); err != nil {
		return nil, err
	} else if len(left) > 0 {
		return nil, fmt.Errorf("block: predict: %w", kernels.ErrMemory) // all of it again, in smaller parts
	}
	out := make([][]float32, len(networks))
	for n, i := range population {
		out[n] = make([]float32, t.rows*outputs)
		if err := e.device.Download(bytesOf(out[n]), i.record.Out); err != nil {
			return nil, err
		}
	}
	return out, nil
}
