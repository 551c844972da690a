package gpu

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/bench/workload"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/nn"
)

// Measure measures the workloads on a card, beside the peers, and adds them to a report. Its error is ErrConfig's, the
// card's, or ctx's; peers that fail are lines of the report.
func Measure(ctx context.Context, card *Card, cfg Config, r *Report) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	engine, err := card.Engine(block.Options{})
	if err != nil {
		return err
	}
	crew, err := startCrew(ctx, &cfg, r)
	if err != nil {
		return errors.Join(err, engine.Close())
	}
	defer crew.close()
	b := &bench{cfg: &cfg, card: card, engine: engine, crew: crew, report: r, gauge: openGauge(card)}
	defer b.gauge.close()
	return errors.Join(b.all(ctx), engine.Close())
}

// bench is one run of Measure.
type bench struct {
	cfg    *Config
	card   *Card
	engine *block.Engine
	crew   *crew
	report *Report
	gauge  *gauge
	// rate is that of the slowest cell so far, in FLOP/s, to foresee how long one takes; 0: nothing is known.
	rate float64
}

// sample is one training of a population.
type sample struct {
	seconds  float64
	onDevice float64 // 0: the device does not tell
}

func (b *bench) all(ctx context.Context) error {
	cells := planCells(b.cfg.workloads(), b.cfg.Populations)
	for n := range cells {
		c := &cells[n]
		if err := ctx.Err(); err != nil {
			return err
		}
		until := b.cfg.Until
		if !until.IsZero() {
			left := time.Until(until)
			if seconds := b.foresee(c); left <= 0 || seconds > 0 && 2*seconds > left.Seconds() {
				b.crew.leaveOut("%s: for want of time", c.what())
				continue
			}
			until = time.Now().Add(share(cells[n:], left))
		}
		if err := b.cell(ctx, c, until); err != nil {
			if ctx.Err() != nil { // what ended the run may have ended the driver, too
				b.crew.leaveOut("%s and %d more: cut off", c.what(), len(cells)-n-1)
			}
			return err
		}
		if b.cfg.After != nil {
			if err := b.cfg.After(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *cell) what() string { return fmt.Sprintf("%s %s at %d", c.Name, c.Variant, c.population) }

// operations of all steps of a population.
func operations(tasks []nn.Task, stops []int) float64 {
	flop := map[string]float64{} // by shape: few differ
	var sum float64
	for i := range tasks {
		c := &tasks[i].Config
		key := fmt.Sprint(c.Inputs, c.Hidden, c.Layers, c.Batch)
		if _, ok := flop[key]; !ok {
			flop[key] = workload.Flop(c)
		}
		sum += flop[key] * float64(stops[i])
	}
	return sum
}

// foresee is about how many seconds a population takes at the slowest rate so far; 0: not known.
func (b *bench) foresee(c *cell) float64 {
	if b.rate == 0 {
		return 0
	}
	var sum float64
	for i := range c.Models {
		sum += workload.Flop(&c.Models[i]) * float64(c.Models[i].MaxSteps)
	}
	return sum / float64(len(c.Models)) * float64(c.population) / b.rate
}

// train trains a population once.
func (b *bench) train(ctx context.Context, tasks []nn.Task) (sample, []int, error) {
	return timedTraining(ctx, b.card, b.engine, tasks)
}

func timedTraining(ctx context.Context, card *Card, e *block.Engine, tasks []nn.Task) (s sample, stops []int, err error) {
	if card.elapsed != nil {
		if _, err := card.elapsed(); err != nil { // of before
			return s, nil, err
		}
	}
	begun := time.Now()
	results, err := e.TrainAll(ctx, tasks, nil)
	s.seconds = time.Since(begun).Seconds()
	if err != nil {
		return s, nil, err
	}
	if card.elapsed != nil {
		t, err := card.elapsed()
		if err != nil {
			return s, nil, err
		}
		s.onDevice = t.Seconds()
	}
	for _, r := range results {
		stops = append(stops, r.StopStep)
	}
	return s, stops, nil
}

// warm trains a few steps of a population, so that memory, tables and programs are there.
func warm(ctx context.Context, card *Card, e *block.Engine, tasks []nn.Task) error {
	short := slices.Clone(tasks)
	for i := range short {
		c := &short[i].Config
		c.MaxSteps, c.WarmupSteps = min(c.MaxSteps, 20), 0
	}
	_, _, err := timedTraining(ctx, card, e, short)
	return err
}

// cell measures one cell: ours and every peer's, in turn, until a time.
func (b *bench) cell(ctx context.Context, c *cell, until time.Time) error {
	tasks := c.Tasks(c.population)
	inTime := func() bool { return until.IsZero() || time.Now().Before(until) }
	if err := warm(ctx, b.card, b.engine, tasks); err != nil {
		return fmt.Errorf("%s: %w", c.what(), err)
	}
	first, stops, err := b.train(ctx, tasks)
	if err != nil {
		return fmt.Errorf("%s: %w", c.what(), err)
	}
	flop := operations(tasks, stops)
	b.foreseen(flop / first.seconds)
	b.crew.ceiling(ctx)
	// Compiling may take half of the time at most.
	compiling := until
	if !until.IsZero() {
		compiling = time.Now().Add(time.Until(until) / 2)
	}
	contenders := b.crew.prepare(ctx, c.what(), c.peers, groupsOf(tasks, stops), compiling)
	var ours []sample
	for range b.cfg.Repetitions {
		if len(ours) > 0 && !inTime() {
			break
		}
		s, _, err := b.train(ctx, tasks)
		if err != nil {
			return fmt.Errorf("%s: %w", c.what(), err)
		}
		ours = append(ours, s)
		contenders = slices.DeleteFunc(contenders, func(o *contender) bool {
			err := b.crew.measure(ctx, o)
			if err != nil {
				b.crew.leaveOut("%s: %s: %v", c.what(), o.name, err)
			}
			return err != nil
		})
	}
	joules, err := b.energy(ctx, c, tasks, contenders, until)
	if err != nil {
		return err
	}
	b.enter(c, flop, stops, ours, joules, contenders)
	return nil
}

// foreseen takes note of a rate.
func (b *bench) foreseen(rate float64) {
	if b.rate == 0 || rate < b.rate {
		b.rate = rate
	}
}

// energy measures the joules of a model, ours and the fastest contender's, where there is time.
func (b *bench) energy(ctx context.Context, c *cell, tasks []nn.Task, contenders []*contender, until time.Time) (*float64, error) {
	inTime := func() bool { return until.IsZero() || time.Until(until) > b.cfg.EnergyFor }
	if b.gauge == nil || b.cfg.EnergyFor == 0 || !inTime() {
		return nil, nil
	}
	trained := 0
	joules, err := b.gauge.during(func() error {
		for end := time.Now().Add(b.cfg.EnergyFor); trained == 0 || time.Now().Before(end); {
			if _, _, err := b.train(ctx, tasks); err != nil {
				return fmt.Errorf("%s: %w", c.what(), err)
			}
			trained += len(tasks)
		}
		return nil
	})
	if joules != nil {
		*joules /= float64(trained)
	}
	if len(contenders) > 0 && err == nil && inTime() {
		b.crew.energy(ctx, b.gauge, slices.MinFunc(contenders, func(x, y *contender) int {
			if report.Median(x.timed) < report.Median(y.timed) {
				return -1
			}
			return 1
		}), len(tasks))
	}
	return joules, err
}

// enter adds a cell's figures to the report.
func (b *bench) enter(c *cell, flop float64, stops []int, ours []sample, joules *float64, contenders []*contender) {
	var seconds, onDevice []float64
	for _, s := range ours {
		seconds = append(seconds, s.seconds)
		if s.onDevice > 0 {
			onDevice = append(onDevice, s.onDevice)
		}
	}
	steps := 0
	for _, s := range stops {
		steps += s
	}
	f := b.figure(c, seconds, flop)
	f.Includes = engineIncludes(c.Variant)
	f.JoulesPerModel, f.StepsPerModel = joules, float64(steps)/float64(len(stops))
	if len(onDevice) > 0 {
		m := report.Median(onDevice)
		f.OnDevice = &m
	}
	b.report.Workloads = append(b.report.Workloads, f)
	for _, o := range contenders {
		f := b.figure(c, o.timed, flop)
		f.Peer, f.JoulesPerModel, f.StepsTimed, f.Includes = o.name, o.joules, o.steps, o.peer.hello.Includes[o.mode]
		made := 0
		for _, g := range o.groups {
			made += g.Count * g.Steps
		}
		f.StepsPerModel = float64(made) / float64(c.population)
		var ratios []float64
		for i, s := range o.timed {
			ratios = append(ratios, s/seconds[i])
		}
		f.TimesEngine = report.Median(ratios)
		b.report.Peers = append(b.report.Peers, f)
	}
	if b.cfg.Progress != nil {
		b.cfg.Progress(fmt.Sprintf("%s: %.0f models/s, %d of %d repetitions, %d peers", c.what(), f.ModelsPerSecond, f.Repetitions, f.Wanted, len(contenders)))
	}
	b.report.shares()
}

// figure is what all figures have; flop are the useful ones of a population.
func (b *bench) figure(c *cell, seconds []float64, flop float64) Figure {
	n := float64(c.population)
	s := report.Median(seconds)
	return Figure{
		Name: c.Name, Population: c.population, Variant: c.Variant,
		ModelsPerSecond: n / s, Slowest: n / slices.Max(seconds), Fastest: n / slices.Min(seconds), Seconds: s,
		Repetitions: len(seconds), Wanted: b.cfg.Repetitions, useful: flop / s / 1e9,
	}
}

// shares fills in the shares of the ceiling, which moves as it is measured again.
func (r *Report) shares() {
	if !(r.Ceiling > 0) {
		return
	}
	for _, list := range [][]Figure{r.Workloads, r.Peers} {
		for i := range list {
			s := list[i].useful / r.Ceiling
			list[i].ShareOfCeiling = &s
		}
	}
}
