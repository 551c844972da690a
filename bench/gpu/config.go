package gpu

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"doin.network/node/bench/workload"
	"doin.network/node/compute/nn"
)

// Config says what to measure.
type Config struct {
	// Populations to train, in [1, MaxPopulation]; the first ones are measured first. Default Populations().
	Populations []int
	// Workloads by name; empty: all.
	Workloads []string
	// Steps of a model, 1 … nn.MaxSteps. Default 1000.
	Steps int
	// Repetitions of each figure; the median counts. Default 7, min 1.
	Repetitions int
	// Peers measures PyTorch, JAX and Triton where Python has them.
	Peers bool
	// Python is the interpreter. Default "python3".
	Python string
	// PeerFolder holds the peers' scripts; empty: those that are embedded.
	PeerFolder string
	// PeerDevice is "cuda", or "cpu" to try the scripts out. Default "cuda".
	PeerDevice string
	// PeerSlice is about how long one repetition of a peer takes. Default 250 ms.
	PeerSlice time.Duration
	// CeilingSize is the side of the matrices of the ceiling's product. Default 8192.
	CeilingSize int
	// EnergyFor is how long the energy of a figure is measured; 0: not. Default 1.2 s.
	EnergyFor time.Duration
	// Until is when to stop; what is left is left out. The zero time: never.
	Until time.Time
	// After is called after each cell, to save the report; nil for nothing. Its error ends the measurement.
	After func() error
	// Progress is called with a line per cell; nil for none.
	Progress func(string)
}

// MaxPopulation bounds Config.Populations.
const MaxPopulation = 1 << 20

// DefaultConfig returns the defaults named at the fields, with peers.
func DefaultConfig() Config {
	return Config{
		Populations: Populations(), Steps: 1000, Repetitions: 7,
		Peers: true, Python: "python3", PeerDevice: "cuda", PeerSlice: 250 * time.Millisecond,
		CeilingSize: 8192, EnergyFor: 1200 * time.Millisecond,
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	bad := func(format string, args ...any) { errs = append(errs, fmt.Errorf(format, args...)) }
	if len(c.Populations) == 0 {
		bad("populations: none")
	}
	for _, p := range c.Populations {
		if p < 1 || p > MaxPopulation {
			bad("population %d: must be in [1, %d]", p, MaxPopulation)
		}
	}
	for _, name := range c.Workloads {
		if !slices.Contains(workload.Names(), name) {
			bad("workload %.40q: must be one of %q", name, workload.Names())
		}
	}
	if c.Steps < 1 || c.Steps > nn.MaxSteps {
		bad("steps %d: must be in [1, %d]", c.Steps, nn.MaxSteps)
	}
	if c.Repetitions < 1 {
		bad("repetitions %d: must be positive", c.Repetitions)
	}
	if c.PeerSlice <= 0 || c.EnergyFor < 0 {
		bad("peer slice %v, energy for %v: must be positive", c.PeerSlice, c.EnergyFor)
	}
	if c.CeilingSize < 1 || c.CeilingSize > 1<<15 {
		bad("ceiling size %d: must be in [1, %d]", c.CeilingSize, 1<<15)
	}
	return errors.Join(errs...)
}

// workloads are those that c names.
func (c *Config) workloads() []workload.Workload {
	all := measured(c.Steps)
	if len(c.Workloads) == 0 {
		return all
	}
	return slices.DeleteFunc(all, func(w workload.Workload) bool { return !slices.Contains(c.Workloads, w.Name) })
}
