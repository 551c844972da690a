package open

import (
	"errors"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// line is a source on y = x.
type line int

func (l line) Len() int { return int(l) }

func (l line) Sample(i int, x, y []float32) {
	x[0], y[0] = float32(i)/float32(l), float32(i)/float32(l)
}

func TestOpen(t *testing.T) {
	d, err := Open()
	if HasGPU {
		if err != nil && !errors.Is(err, device.ErrNoGPU) {
			t.Errorf("Open = %v, want a device or ErrNoGPU", err)
		}
		return
	}
	if d != nil || !errors.Is(err, device.ErrNoGPU) {
		t.Errorf("Open = %v, %v in a build without GPU, want ErrNoGPU", d, err)
	}
	if kind := Best().Kind(); kind != device.CPU {
		t.Errorf("kind of the best device = %s, want cpu", kind)
	}
}

// TestBestKeepsTheContract compares the chosen device with the reference engine.
func TestBestKeepsTheContract(t *testing.T) {
	d := Best()
	if d.Name() == "" {
		t.Error("device without a name")
	}
	c := nn.DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs, c.MaxSteps, c.Segment = 1, []int{6}, 1, 30, 10
	key := rng.Key{1, 2}
	want, err := nn.Train(t.Context(), c, key, line(40), line(10))
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Train(t.Context(), device.Training{Config: c, Key: key, Train: line(40), Validation: line(10)})
	if err != nil {
		t.Fatal(err)
	}
	if got.Root != want.Root || got.Root == [32]byte{} {
		t.Errorf("%s: root %x, the reference has %x", d.Name(), got.Root, want.Root)
	}
}
