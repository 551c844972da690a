// Package count says how many instructions the training kernels issue: the processor's stand-in for a profiler. The committed
// PTX is executed by kernels/ptxrun, which counts; every instruction weighs what the pinned assembler makes of it.
//
//	go run ./cmd/doin-bench kernels --out bench/results
//
// counts again and writes kernels.md and kernels.json, in a minute or two; no card and no toolkit is needed. With the toolkit
// installed the weights are also put beside the loops of the assembler's own listing.
//
// What it does not know: how long an instruction takes, what waits for what, what the assembler joins or moves out of loops.
// Two counts can be compared with each other, not with a clock.
package count

import (
	"context"
	"fmt"
	"slices"

	"doin.network/node/bench/workload"
	"doin.network/node/compute/device/block"
	"doin.network/node/kernels/host"
	"doin.network/node/kernels/ptxrun"
)

// Row is one workload trained by one kernel: what the warps of its block issue in one step.
type Row struct {
	Workload string `json:"workload"`
	Entry    string `json:"entry"`
	// Chosen says that the engine takes this kernel for this workload on a device with the shared memory of compute
	// capability 9.0.
	Chosen bool `json:"chosen,omitempty"`
	// Unweighted counts instructions of PTX, Weighted those of the machine.
	Unweighted float64 `json:"unweighted"`
	Weighted   float64 `json:"weighted"`
	// Classes of the weighted ones.
	Classes map[ptxrun.Class]float64 `json:"classes"`
}

// Report is all that was counted.
type Report struct {
	// Toolkit and Architecture of the weights.
	Toolkit      string `json:"toolkit"`
	Architecture string `json:"architecture"`
	Rows         []Row  `json:"rows"`
	// Loops are empty where no toolkit is installed.
	Loops []Loop `json:"loops,omitempty"`
}

// steps are the windows that are counted: whole epochs, but for the tcn, of which a few steps are much.
var steps = []struct {
	workload string
	steps    int
}{{workload.S2, 16}, {workload.Small, 32}, {workload.Wide, 16}, {workload.TCN, 2}}

// kernelsOf are the modules that are counted, and their one entry.
var modules = []string{"train", "train_wide", "train_streamed"}

// Run counts. Progress, which may be nil, gets a line for each row. Returns host.ErrNoCompiler, wrapped, where there is no C++
// compiler.
func Run(ctx context.Context, progress func(string)) (*Report, error) {
	weights, err := ptxrun.CommittedWeights()
	if err != nil {
		return nil, err
	}
	committed, err := ptxrun.Committed() // all, so that this program is the tests' too
	if err != nil {
		return nil, err
	}
	program, err := ptxrun.Build(ctx, "", committed, ptxrun.Options{})
	if err != nil {
		return nil, err
	}
	c := counter{ctx: ctx, program: program, weights: weights, progress: progress}
	for _, m := range committed {
		if slices.Contains(modules, m.Name[:len(m.Name)-len(".ptx")]) {
			c.entries = append(c.entries, m.Entries...)
		}
	}
	r := &Report{Toolkit: weights.Toolkit, Architecture: weights.Architecture}
	for _, s := range steps {
		rows, err := c.rows(s.workload, s.steps)
		if err != nil {
			return nil, fmt.Errorf("count %s: %w", s.workload, err)
		}
		r.Rows = append(r.Rows, rows...)
	}
	return r, nil
}

type counter struct {
	ctx      context.Context
	program  string
	weights  *ptxrun.Weights
	entries  []*ptxrun.Entry
	progress func(string)
}

// rows counts a workload by every kernel that takes it.
func (c *counter) rows(name string, window int) ([]Row, error) {
	var rows []Row
	chosen, _, err := c.train(name, block.Auto, 1)
	if err != nil {
		return nil, err
	}
	for _, v := range []block.Variant{block.Narrow, block.Wide, block.Streamed} {
		entry, first, err := c.train(name, v, window)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(rows, func(r Row) bool { return r.Entry == entry.Name }) {
			continue // it does not fit the variant
		}
		_, second, err := c.train(name, v, 2*window)
		if err != nil {
			return nil, err
		}
		perStep := make([]float64, len(first))
		for i := range perStep {
			perStep[i] = float64(second[i]-first[i]) / float64(window)
		}
		row := Row{Workload: name, Entry: entry.Name, Chosen: entry == chosen}
		if row.Classes, row.Unweighted, row.Weighted, err = c.weights.Weighed(entry, perStep); err != nil {
			return nil, err
		}
		if c.progress != nil {
			c.progress(fmt.Sprintf("%s %s: %.0f instructions a step, %.0f weighted", name, entry.Name, row.Unweighted, row.Weighted))
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// train trains one model for so many steps and returns the kernel that did it and its counters.
func (c *counter) train(name string, v block.Variant, steps int) (used *ptxrun.Entry, counts []uint64, err error) {
	d, err := host.Start(c.ctx, c.program, host.Config{})
	if err != nil {
		return nil, nil, err
	}
	defer func() {
		if failed := d.Close(); err == nil {
			err = failed
		}
	}()
	w, ok := workload.Find(name, workload.Fixed, steps)
	if !ok {
		return nil, nil, fmt.Errorf("no workload %s", name)
	}
	w.Models[0].MaxSteps = steps
	e, err := block.New(d, block.Options{Variant: v, Blocks: 1, StepsPerLaunch: steps})
	if err != nil {
		return nil, nil, err
	}
	_, err = e.TrainAll(c.ctx, w.Tasks(1), nil)
	if failed := e.Close(); err == nil {
		err = failed
	}
	if err != nil {
		return nil, nil, err
	}
	for _, entry := range c.entries {
		n, err := ptxrun.Count(d, entry)
		if err != nil {
			return nil, nil, err
		}
		if n[0] > 0 {
			used, counts = entry, n
		}
	}
	if used == nil {
		return nil, nil, fmt.Errorf("no kernel ran")
	}
	return used, counts, nil
}
