package open

import (
	"context"
	"fmt"
	"math"

	"doin.network/node/compute/device"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// wave is a source of a few samples with inputs of both signs and different sizes.
type wave int

func (w wave) Len() int { return int(w) }

func (w wave) Sample(i int, x, y []float32) {
	for j := range x {
		x[j] = float32((i*7+j*13)%29-14) / 8
	}
	for j := range y {
		y[j] = x[j%len(x)] / 2
	}
}

// check compares two short trainings on a device with the processor's: a card whose clocks or memory are beyond what it
// can keep is found here, not by the other nodes. Its error wraps device.ErrNoGPU.
func check(ctx context.Context, d device.Device) error {
	c := nn.DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs = 8, []int{16, 12}, 2
	c.Batch, c.MaxSteps, c.EvalEvery, c.Segment = 16, 40, 10, 10
	sequence := c
	sequence.Inputs, sequence.Steps, sequence.Hidden = 24, 12, nil
	sequence.Layers = []nn.Layer{{Kind: nn.TCN, Width: 6, Kernel: 2, Dilation: 1, Activation: nn.GELU, Rate: 0.125}, {Kind: nn.LastStep}}
	for i, c := range []nn.Config{c, sequence} {
		t := nn.Task{Config: c, Key: rng.Key{uint32(i), math.MaxUint32}, Train: wave(61), Validation: wave(23)}
		want, err := nn.Train(ctx, t.Config, t.Key, t.Train, t.Validation)
		if err != nil {
			return err
		}
		got, err := d.Train(ctx, &t)
		if err != nil {
			return fmt.Errorf("%w: %s: self-test: %w", device.ErrNoGPU, d.Info(), err)
		}
		if got.Root != want.Root || got.Digest() != want.Digest() {
			return fmt.Errorf("%w: %s: self-test: training %d gives %x, the processor %x", device.ErrNoGPU, d.Info(), i, got.Root, want.Root)
		}
	}
	return nil
}
