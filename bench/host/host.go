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
	"slices"
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
	// Abreast is how many steps launches make of all trainings where these are not brought to their end one after the other:
	// both are measured in turns.
	Abreast int
	// Rounds is how often everything is measured; a figure is the median, beside it the best.
	Rounds int
}

// DefaultConfig is a population of S2 on an H200.
func DefaultConfig() Config {
	return Config{Population: 4096, Steps: 1000, Segments: []int{0, 100}, Step: 32 * time.Microsecond, Cards: []int{1, 2}, Abreast: 100, Rounds: 7}
}

// Row is what was measured of one kind of run. Times are in seconds, of medians and of the round with the least wait.
type Row struct {
	Segment  int     `json:"segment"`
	Cards    int     `json:"cards"`
	Abreast  bool    `json:"abreast"` // all trainings take part in each launch
	Wall     float64 `json:"wall_s"`
	Wait     float64 `json:"wait_s"`      // while a device had no launch, the longest of the devices'
	BestWait float64 `json:"best_wait_s"` // of the best round
	Busy     float64 `json:"busy"`        // the share of the wall time in which a device had a launch, the least of the devices'
	BestBusy float64 `json:"best_busy"`
	Full     float64 `json:"full"`  // the share of the wall time in which its blocks were at work, the least of the devices'
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
	if c.Population < 1 || c.Steps < 1 || c.Rounds < 1 || c.Abreast < 1 || c.Step < 0 || len(c.Segments) == 0 || len(c.Cards) == 0 {
		return nil, fmt.Errorf("%w: %+v", ErrConfig, c)
	}
	r := &Report{Config: c, Cores: runtime.NumCPU(), Go: runtime.Version()}
	for _, segment := range c.Segments {
		for _, cards := range c.Cards {
			rows, err := measure(ctx, &c, segment, cards)
			if err != nil {
				return nil, err
			}
			r.Rows = append(r.Rows, rows...)
		}
	}
	return r, nil
}

// measure trains populations on some devices, in both orders by turns, each once before it counts.
func measure(ctx context.Context, c *Config, segment, cards int) (rows []Row, err error) {
	var sites [2]site
	for n := range sites {
		s := &sites[n]
		s.row = Row{Segment: segment, Cards: cards, Abreast: n == 1}
		o := block.Options{}
		if s.row.Abreast {
			o.StepsPerLaunch = c.Abreast
		}
		defer func() { err = errors.Join(err, s.close()) }()
		if err := s.open(c, cards, o); err != nil {
			return nil, err
		}
	}
	for n := range c.Rounds + 1 {
		for k := range sites {
			if err := sites[k].round(ctx, c, segment, n > 0); err != nil {
				return nil, err
			}
		}
	}
	for k := range sites {
		rows = append(rows, sites[k].summary())
	}
	return rows, nil
}

// site is some devices that train a population each at the same time, and what was measured of them, a figure a round.
type site struct {
	row                                 Row
	stations                            []*station
	wall, wait, busy, full, cpu, counts []float64
}

func (s *site) open(c *Config, cards int, o block.Options) error {
	for range cards {
		d := null.New(null.Config{Step: c.Step})
		e, err := block.New(d, o)
		if err != nil {
			return err
		}
		s.stations = append(s.stations, &station{device: d, engine: e})
	}
	return nil
}

func (s *site) close() (err error) {
	for _, x := range s.stations {
		err = errors.Join(err, x.engine.Close())
	}
	return err
}

// round trains a population on every device.
func (s *site) round(ctx context.Context, c *Config, segment int, counts bool) error {
	before, begun := processor(), time.Now()
	var g sync.WaitGroup
	for _, x := range s.stations {
		g.Go(func() { x.train(ctx, c, segment) })
	}
	g.Wait()
	took, cpu := time.Since(begun).Seconds(), processor()-before
	wait, busy, full, count := 0.0, 1.0, 1.0, 0
	for _, x := range s.stations {
		if x.err != nil {
			return x.err
		}
		wait, busy, full = max(wait, x.took-x.busy), min(busy, x.busy/x.took), min(full, x.full/x.took)
		count += x.launches
	}
	if counts {
		s.wall, s.wait, s.busy, s.full = append(s.wall, took), append(s.wait, wait), append(s.busy, busy), append(s.full, full)
		s.cpu, s.counts = append(s.cpu, cpu), append(s.counts, float64(count))
	}
	return nil
}

func (s *site) summary() Row {
	r := s.row
	r.Wall, r.Wait, r.Busy, r.Full = report.Median(s.wall), report.Median(s.wait), report.Median(s.busy), report.Median(s.full)
	r.CPU, r.Launches = report.Median(s.cpu), int(report.Median(s.counts))
	r.BestWait, r.BestBusy = slices.Min(s.wait), slices.Max(s.busy)
	return r
}

// station is a device with its engine, and what the last population took.
type station struct {
	device     *null.Device
	engine     *block.Engine
	took, busy float64 // seconds
	full       float64 // seconds of all blocks together
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
	s.full = (after.Blocks - before.Blocks).Seconds() / float64(s.device.Slots())
	s.busy, s.launches = (after.Busy - before.Busy).Seconds(), after.Launches-before.Launches
}

// WriteMarkdown writes the report as a table for people.
func (r *Report) WriteMarkdown(w io.Writer, at time.Time) error {
	p := &report.Printer{W: w}
	c := &r.Config
	p.Printf("# The host beside a card\n\nMeasured by `doin-bench host` on %s: %d cores, %s. Devices that compute nothing: 132 multiprocessors of 3 blocks, %v a step. A population of %d of S2, %d steps; medians of %d rounds. The driver's own work is not in these figures. Where the machine is shared, what others take shows as a device without a launch: the best round is the nearest to what the host needs. *One after the other* is what the engine does; in turns with it, *abreast*, %d steps of all trainings a launch, so that all of them end in the last one.\n\n",
		at.UTC().Format(time.DateOnly), r.Cores, r.Go, c.Step, c.Population, c.Steps, c.Rounds, c.Abreast)
	p.Printf("| digests every | devices | trainings | wall s | device without a launch, s | the best round | busy | the best round | blocks at work | processor s | launches |\n|---:|---:|:---|---:|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, x := range r.Rows {
		segment, order := "never", "one after the other"
		if x.Segment > 0 {
			segment = fmt.Sprint(x.Segment)
		}
		if x.Abreast {
			order = "abreast"
		}
		p.Printf("| %s | %d | %s | %.3f | %.3f | %.3f | %.1f %% | %.1f %% | %.1f %% | %.2f | %d |\n", segment, x.Cards, order,
			x.Wall, x.Wait, x.BestWait, 100*x.Busy, 100*x.BestBusy, 100*x.Full, x.CPU, x.Launches)
	}
	return p.Err
}
