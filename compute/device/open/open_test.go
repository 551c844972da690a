package open

import (
	"errors"
	"testing"

	"doin.network/node/compute/device"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

func TestOpen(t *testing.T) {
	open := func(name string, kind device.Kind, want error) {
		t.Helper()
		d, err := Open(t.Context(), name, nil)
		if want != nil {
			if d != nil || !errors.Is(err, want) {
				t.Errorf("Open(%q) = %v, %v, want %v", name, d, err, want)
			}
			return
		}
		if err != nil || d.Info().Kind != kind {
			t.Fatalf("Open(%q) = %v, %v, want a %s", name, d, err, kind)
		}
		if d.Trainings() < 1 || d.Info().Name == "" {
			t.Errorf("Open(%q): %+v, %d trainings", name, d.Info(), d.Trainings())
		}
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	}
	open("cpu", device.CPU, nil)
	open("", "", device.ErrChoice)
	open("gpu", "", device.ErrChoice)
	open("cuda:256", "", device.ErrChoice)
	open("cuda:255", "", device.ErrNoGPU)
	if HasGPU {
		if n, err := Count(); err == nil && n > 0 {
			open("cuda:0", device.CUDA, nil)
			open("auto", device.CUDA, nil)
		}
		return
	}
	open("cuda:0", "", device.ErrNoGPU)
	open("auto", device.CPU, nil)
	if n, err := Count(); n != 0 || !errors.Is(err, device.ErrNoGPU) {
		t.Errorf("Count() = %d, %v in a build without GPU, want ErrNoGPU", n, err)
	}
}

// TestAutoKeepsTheContract compares the chosen device with the reference engine.
func TestAutoKeepsTheContract(t *testing.T) {
	d, err := Open(t.Context(), device.Auto, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer d.Close()
	task := task(10)
	task.Config.Segment = 10
	want, err := nn.Train(t.Context(), task.Config, task.Key, task.Train, task.Validation)
	if err != nil {
		t.Fatal(err)
	}
	got, err := d.Train(t.Context(), &task)
	if err != nil {
		t.Fatal(err)
	}
	if got.Root != want.Root || got.Root == [32]byte{} {
		t.Errorf("%s: root %x, the reference has %x", d.Info(), got.Root, want.Root)
	}
}

// task is a small training.
func task(key uint32) nn.Task {
	c := nn.DefaultConfig()
	c.Inputs, c.Hidden, c.Outputs, c.MaxSteps = 3, []int{6}, 1, 30
	return nn.Task{Config: c, Key: rng.Key{key, 2}, Train: wave(40), Validation: wave(10)}
}
