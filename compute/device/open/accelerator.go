package open

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/vec"
)

// trainings is how many trainings an accelerator is given at once: a large population. What its memory does not hold
// waits in the engine.
const trainings = 4096

// engine trains populations: trainings submitted at once share launches. It is block.Engine.
type engine interface {
	device.Trainer
	Close() error
}

// accelerator is an engine with its hardware. What is too large or too slow for it is trained by the processor: the bits are
// the same.
type accelerator struct {
	engine  engine
	unfit   []error // one of them is wrapped by the engine's error for such a training
	info    device.Info
	release func() error // gives the hardware back
	log     *slog.Logger

	cpu   cpu.Device
	slots chan struct{} // one for each training by the processor
	tell  sync.Once
}

var _ device.Device = (*accelerator)(nil)

func newAccelerator(e engine, unfit []error, info device.Info, release func() error, log *slog.Logger) *accelerator {
	a := &accelerator{engine: e, unfit: unfit, info: info, release: release, log: log}
	a.slots = make(chan struct{}, a.cpu.Trainings())
	return a
}

func (a *accelerator) Info() device.Info { return a.info }

func (a *accelerator) Trainings() int { return trainings }

// Train implements device.Device. Every error that is neither the task's nor ctx's is the hardware's: ErrLost.
func (a *accelerator) Train(ctx context.Context, t *nn.Task) (*nn.Result, error) {
	var stopped error // by the task itself
	watched := *t
	if t.OnSegment != nil {
		watched.OnSegment = func(c *nn.Checkpoint) error {
			stopped = t.OnSegment(c)
			return stopped
		}
	}
	r, err := a.engine.Train(ctx, &watched)
	switch {
	case err == nil:
		return r, nil
	case stopped != nil && errors.Is(err, stopped):
		return nil, err
	case slices.ContainsFunc(a.unfit, func(u error) bool { return errors.Is(err, u) }):
		a.tell.Do(func() {
			a.log.Info("a model does not fit the device; the processor trains such models", "device", device.CUDAName(a.info.Ordinal), "err", err)
		})
		return a.spill(ctx, t)
	case ctx.Err() != nil && errors.Is(err, ctx.Err()):
		return nil, err
	}
	for _, own := range []error{nn.ErrConfig, nn.ErrData, nn.ErrCheckpoint, vec.ErrISA} {
		if errors.Is(err, own) {
			return nil, err
		}
	}
	return nil, fmt.Errorf("%w: %w", device.ErrLost, err)
}

// spill trains on the processor, as many at once as it has threads.
func (a *accelerator) spill(ctx context.Context, t *nn.Task) (*nn.Result, error) {
	select {
	case a.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-a.slots }()
	return a.cpu.Train(ctx, t)
}

func (a *accelerator) Close() error { return errors.Join(a.engine.Close(), a.release()) }
