package open

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/device/cpu"
	"doin.network/node/compute/nn"
	"doin.network/node/kernels"
	"doin.network/node/kernels/host"
)

// engineFunc is an engine without hardware.
type engineFunc func(ctx context.Context, t *nn.Task) (*nn.Result, error)

func (f engineFunc) Train(ctx context.Context, t *nn.Task) (*nn.Result, error) { return f(ctx, t) }
func (f engineFunc) Close() error                                              { return nil }

var card = device.Info{Kind: device.CUDA, Name: "card", Ordinal: 3}

func TestAcceleratorErrors(t *testing.T) {
	var answer error
	var lines bytes.Buffer
	a := newAccelerator(engineFunc(func(context.Context, *nn.Task) (*nn.Result, error) { return nil, answer }), []error{block.ErrSize, block.ErrSlow}, card,
		func() error { return nil }, slog.New(slog.NewTextHandler(&lines, nil)))
	small := task(1)
	f := func(err, want error) {
		t.Helper()
		answer = err
		if r, got := a.Train(t.Context(), &small); r != nil || !errors.Is(got, want) || !errors.Is(got, err) {
			t.Errorf("%v becomes %v, %v, want %v", err, r, got, want)
		}
		lost := want == device.ErrLost
		if _, got := a.Train(t.Context(), &small); errors.Is(got, device.ErrLost) != lost {
			t.Errorf("%v becomes %v, lost: %v", err, got, lost)
		}
	}
	f(fmt.Errorf("launch: %w", kernels.ErrLost), device.ErrLost)
	f(block.ErrClosed, device.ErrLost)
	f(errors.New("download: no"), device.ErrLost)
	f(context.Canceled, device.ErrLost) // of another's context
	f(nn.ErrConfig, nn.ErrConfig)
	f(nn.ErrData, nn.ErrData)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	answer = context.Canceled
	if _, err := a.Train(ctx, &small); !errors.Is(err, context.Canceled) || errors.Is(err, device.ErrLost) {
		t.Errorf("a cancelled training: %v", err)
	}

	stop := errors.New("enough")
	stopping := task(1)
	stopping.Config.Segment, stopping.OnSegment = 10, func(*nn.Checkpoint) error { return stop }
	a.engine = engineFunc(cpu.Device{}.Train)
	if _, err := a.Train(t.Context(), &stopping); !errors.Is(err, stop) || errors.Is(err, device.ErrLost) {
		t.Errorf("a training that its caller stopped: %v", err)
	}
	a.engine = engineFunc(func(context.Context, *nn.Task) (*nn.Result, error) { return nil, answer })

	// What is too large is trained by the processor, which is said once.
	answer = fmt.Errorf("%w: 1 TB", block.ErrSize)
	var all sync.WaitGroup
	for key := range uint32(20) {
		all.Go(func() {
			large := task(key)
			got, err := a.Train(t.Context(), &large)
			if err != nil {
				t.Error(err)
				return
			}
			want, err := cpu.Device{}.Train(t.Context(), &large)
			if err != nil || got.Digest() != want.Digest() {
				t.Errorf("key %d: %x, want %x (%v)", key, got.Digest(), want.Digest(), err)
			}
		})
	}
	all.Wait()
	if n := strings.Count(lines.String(), "level="); n != 1 {
		t.Errorf("%d lines on models too large, want 1:\n%s", n, &lines)
	}
	if _, err := a.Train(ctx, &small); !errors.Is(err, context.Canceled) {
		t.Errorf("a cancelled training by the processor: %v", err)
	}
}

// A device that computes something else is refused.
func TestCheck(t *testing.T) {
	open := func(e engineFunc) error {
		return check(t.Context(), newAccelerator(e, []error{block.ErrSize, block.ErrSlow}, card, func() error { return nil }, slog.New(slog.DiscardHandler)))
	}
	if err := open(cpu.Device{}.Train); err != nil {
		t.Error(err)
	}
	err := open(func(ctx context.Context, t *nn.Task) (*nn.Result, error) {
		other := *t
		other.Key[0] ^= 1
		return cpu.Device{}.Train(ctx, &other)
	})
	if !errors.Is(err, device.ErrNoGPU) || !strings.Contains(err.Error(), "cuda:3 card") {
		t.Errorf("another result: %v", err)
	}
	err = open(func(ctx context.Context, t *nn.Task) (*nn.Result, error) { return nil, kernels.ErrLost })
	if !errors.Is(err, device.ErrNoGPU) || !errors.Is(err, kernels.ErrLost) {
		t.Errorf("a lost device: %v", err)
	}
}

// The kernels, compiled for the processor, pass the check, and the accelerator over them trains as the processor does.
func TestHost(t *testing.T) {
	program, err := host.Build(t.Context(), "", host.Options{Optimization: "-O3"})
	if errors.Is(err, host.ErrNoCompiler) {
		t.Skip("LEFT OUT: no C++ compiler for the kernels")
	}
	if err != nil {
		t.Fatal(err)
	}
	h, err := host.Start(context.WithoutCancel(t.Context()), program, host.Config{})
	if err != nil {
		t.Fatal(err)
	}
	e, err := block.New(h, block.Options{})
	if err != nil {
		t.Fatal(err)
	}
	a := newAccelerator(e, []error{block.ErrSize, block.ErrSlow}, card, h.Close, slog.New(slog.DiscardHandler))
	defer func() {
		if err := a.Close(); err != nil {
			t.Error(err)
		}
	}()
	if err := check(t.Context(), a); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for key := range uint32(8) {
		all.Go(func() {
			small := task(key)
			got, err := a.Train(t.Context(), &small)
			if err != nil {
				t.Error(err)
				return
			}
			want, err := cpu.Device{}.Train(t.Context(), &small)
			if err != nil || got.Digest() != want.Digest() {
				t.Errorf("key %d: %x, want %x (%v)", key, got.Digest(), want.Digest(), err)
			}
		})
	}
	all.Wait()
}
