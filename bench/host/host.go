// Package host measures what the host does beside a GPU: the CUDA engine trains populations on devices that compute nothing
// and take the time of a card (compute/device/null). What the device waits for is the host's fault, and nothing else's.
//
//	r, err := host.Run(ctx, host.DefaultConfig())
//	err = r.WriteMarkdown(os.Stdout, time.Now())
//
// Deliberately absent: the driver's own work, the card's copies, and the speed of kernels; bench/gpu measures those.
package host

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"
	"time"

	"doin.network/node/bench/report"
	"doin.network/node/bench/workload"
	"doin.network/node/compute/device/block"
	"doin.network/node/compute/device/null"
)

// Config says what is measured.
type Config struct {
	Population, Steps int
	// Segments are the distances of digests in steps; 0 is a run without.
	Segments []int
	// Step is the time that a block takes for a step, as measured on an H200 or foreseen.
	Step time.Duration
	// Cards are the numbers of devices that train a population each, at the same time.
	Cards []int
	// Rounds is how often everything is measured; a figure is the median, beside it the best.
	Rounds int
}

// DefaultConfig is a population of S2 on an H200.
func DefaultConfig() Config {
	return Config{Population: 4096, Steps: 1000, Segments: []int{0, 100}, Step: 32 * time.Microsecond, Cards: []int{1, 2}, Rounds: 7}
}

// Row is what was measured of one kind of run. Times are in seconds, of medians and of the round with the least wait.
type Row struct {
	Segment  int     `json:"segment"`
	Cards    int     `json:"cards"`
	Wall     float64 `json:"wall_s"`
	Wait     float64 `json:"wait_s"`      // while a device had no launch, the longest of the devices'
	BestWait float64 `json:"best_wait_s"` // of the best round
	Busy     float64 `json:"busy"`        // the share of the wall time in which a device had a launch, the least of the devices'
	BestBusy float64 `json:"best_busy"`
	CPU      float64 `json:"cpu_s"` // of this process, all goroutines
	Launches int     `json:"launches"`
}

// Report is what Run measured.
type Report struct {
	Config Config `json:"config"`
	Cores  int    `json:"cores"`
	Go     string `json:"go"`
	Rows   []Row  `json:"rows"`
}

// ErrConfig is returned by Run for a configuration that measures nothing.
var ErrConfig = errors.New("host: invalid configuration")

// Run measures.
func Run(ctx context.Context, c Config) (*Report, error) {
	if c.Population < 1 || c.Steps < 1 || c.Rounds < 1 || c.Step < 0 || len(c.Segments) == 0 || len(c.Cards) == 0 {
		return nil, fmt.Errorf("%w: %+v", ErrConfig, c)
	}
	r := &Report{Config: c, Cores: runtime.NumCPU(), Go: runtime.Version()}
	for _, segment := range c.Segments {
		for _, cards := range c.Cards {
			row, err := measure(ctx, &c, segment, cards)
			if err != nil {
				return nil, err
			}
			r.Rows = append(r.Rows, row)
		}
	}
	return r, nil
}

// measure trains populations on some devices, once before it counts.
func measure(ctx context.Context, c *Config, segment, cards int) (row Row, err error) {
	row = Row{Segment: segment, Cards: cards}
	var all []*station
	defer func() {
		for _, s := range all {
			err = errors.Join(err, s.engine.Close())
		}
	}()
	for range cards {
		s := &station{device: null.New(null.Config{Step: c.Step})}
		if s.engine, err = block.New(s.device, block.Options{}); err != nil {
			return row, err
		}
		all = append(all, s)
	}
	var wall, wait, busy, cpu, launches []float64
	for n := range c.Rounds + 1 {
		before, begun := processor(), time.Now()
		var g sync.WaitGroup
		for _, s := range all {
			g.Go(func() { s.train(ctx, c, segment) })
		}
		g.Wait()
		took := time.Since(begun).Seconds()
		most, least, count := 0.0, 1.0, 0
		for _, s := range all {
			if s.err != nil {
				return row, s.err
			}
			most, least = max(most, s.took-s.busy), min(least, s.busy/s.took)
			count += s.launches
		}
		if n == 0 {
			continue
		}
		wall, wait, busy = append(wall, took), append(wait, most), append(busy, least)
		cpu, launches = append(cpu, processor()-before), append(launches, float64(count))
	}
	row.Wall, row.Wait, row.Busy = report.Median(wall), report.Median(wait), report.Median(busy)
	row.CPU, row.Launches = report.Median(cpu), int(report.Median(launches))
	row.BestWait, row.BestBusy = wait[0], busy[0]
	for n := range wait {
		row.BestWait, row.BestBusy = min(row.BestWait, wait[n]), max(row.BestBusy, busy[n])
	}
	return row, nil
}

// station is a device with its engine, and what the last population took.
type station struct {
	device     *null.Device
	engine     *block.Engine
	took, busy float64 // seconds
	launches   int
	err        error
}

func (s *station) train(ctx context.Context, c *Config, segment int) {
	w, _ := workload.Find(workload.S2, workload.Fixed, c.Steps)
	for i := range w.Models {
		w.Models[i].Segment, w.Models[i].EvalEvery = segment, 0
	}
	tasks := w.Tasks(c.Population)
	before, begun := s.device.Usage(), time.Now()
	_, s.err = s.engine.TrainAll(ctx, tasks, nil)
	s.took = time.Since(begun).Seconds()
	after := s.device.Usage()
	s.busy, s.launches = (after.Busy - before.Busy).Seconds(), after.Launches-before.Launches
}

// WriteMarkdown writes the report as a table for people.
func (r *Report) WriteMarkdown(w io.Writer, at time.Time) error {
	p := &report.Printer{W: w}
	c := &r.Config
	p.Printf("# The host beside a card\n\nMeasured by `doin-bench host` on %s: %d cores, %s. Devices that compute nothing: 132 multiprocessors of 3 blocks, %v a step. A population of %d of S2, %d steps; medians of %d rounds. The driver's own work is not in these figures. Where the machine is shared, what others take shows as a device without a launch: the best round is the nearest to what the host needs.\n\n",
		at.UTC().Format(time.DateOnly), r.Cores, r.Go, c.Step, c.Population, c.Steps, c.Rounds)
	p.Printf("| digests every | devices | wall s | device without a launch, s | the best round | busy | the best round | processor s | launches |\n|---:|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Rows {
		segment := "never"
		if x.Segment > 0 {
			segment = fmt.Sprint(x.Segment)
		}
		p.Printf("| %s | %d | %.3f | %.3f | %.3f | %.0f %% | %.0f %% | %.2f | %d |\n", segment, x.Cards, x.Wall, x.Wait, x.BestWait, 100*x.Busy, 100*x.BestBusy, x.CPU, x.Launches)
	}
	return p.Err
}
