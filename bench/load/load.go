// Package load measures how many requests a real node answers in a second, beside a bare fasthttp server in another
// process that answers the same bytes and does nothing else. Both are asked by wrk (github.com/wg/wrk), in turn within
// one run, so that what the machine does besides falls on both; figures are medians of the rounds, and only ratios
// count.
//
// The node is one of two on loopback that go on searching, and whose chain goes on growing, while it is measured.
// Deliberately absent: requests that change something, and networks between client and server.
package load

import (
	"context"
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"slices"
	"time"
)

// Paths are the endpoints that are measured.
var Paths = []string{"/health", "/chain/status", "/chain/blocks"}

// The bar: the least share of the bare server's requests per second, and the most of its 99th percentile.
const (
	LeastRate   = 0.5
	MostLatency = 3
)

// Config describes one run. Start from DefaultConfig.
type Config struct {
	// NodeExe is the doin-node program.
	NodeExe string
	// Self is the command line that runs Bare in a process of its own.
	Self []string
	// Wrk is the wrk program. Default "wrk".
	Wrk string
	// Rounds is how often everything is measured. Default 7, from 1 to 1000.
	Rounds int
	// Duration is the length of one measurement, in whole seconds. Default 3 s, from 1 to 60 s.
	Duration time.Duration
	// Connections is the number of connections that ask at one time. Default 32, from 1 to 64, which is what the node
	// serves of one endpoint at once.
	Connections int
	// Blocks is the length of the chain when the measurement begins. Default 60: one full page and more. From 1 to 1000.
	Blocks int
	// Progress, when set, is told what is going on.
	Progress func(line string)
}

// DefaultConfig returns the defaults named at the fields.
func DefaultConfig() Config {
	return Config{Wrk: "wrk", Rounds: 7, Duration: 3 * time.Second, Connections: 32, Blocks: 60}
}

func (c *Config) validate() error {
	var errs []error
	if c.NodeExe == "" || len(c.Self) == 0 || c.Wrk == "" {
		errs = append(errs, errors.New("load: node, wrk and bare server programs are required"))
	}
	for _, n := range []struct {
		name        string
		v, low, top int
	}{
		{"rounds", c.Rounds, 1, 1000}, {"duration in seconds", int(c.Duration / time.Second), 1, 60},
		{"connections", c.Connections, 1, 64}, {"blocks", c.Blocks, 1, 1000},
	} {
		if n.v < n.low || n.v > n.top {
			errs = append(errs, fmt.Errorf("load: %s %d: must be in [%d, %d]", n.name, n.v, n.low, n.top))
		}
	}
	return errors.Join(errs...)
}

func (c *Config) say(format string, args ...any) {
	if c.Progress != nil {
		c.Progress(fmt.Sprintf(format, args...))
	}
}

// Run measures. Every process it starts has ended when it returns.
func Run(ctx context.Context, c Config) (*Report, error) {
	if err := c.validate(); err != nil {
		return nil, err
	}
	if _, err := exec.LookPath(c.Wrk); err != nil {
		return nil, fmt.Errorf("load: %w (Debian's package wrk)", err)
	}
	c.say("starting a node and waiting for %d blocks", c.Blocks)
	node, err := startNode(ctx, &c)
	if err != nil {
		return nil, err
	}
	defer node.stop()
	bare, err := startBare(ctx, &c, node.endpoint)
	if err != nil {
		return nil, err
	}
	defer bare.stop()

	r := &Report{Machine: machine(), Rounds: c.Rounds, Seconds: c.Duration.Seconds(), Connections: c.Connections}
	samples := map[string][]pair{}
	for round := range c.Rounds {
		for _, path := range Paths {
			p, err := measure(ctx, &c, path, node.endpoint, bare.endpoint, round%2 == 1)
			if err != nil {
				return nil, err
			}
			samples[path] = append(samples[path], p)
			c.say("round %d of %d, %s: node %.0f/s, p99 %v; bare %.0f/s, p99 %v", round+1, c.Rounds, path,
				p.node.rate, p.node.p99, p.bare.rate, p.bare.p99)
		}
	}
	for _, path := range Paths {
		body, err := node.ask(ctx, path)
		if err != nil {
			return nil, err
		}
		r.Rows = append(r.Rows, row(path, len(body), samples[path]))
	}
	if r.Blocks, err = node.height(ctx); err != nil {
		return nil, err
	}
	return r, nil
}

// pair is one measurement of both.
type pair struct{ node, bare sample }

// measure asks both for the path, the bare server first where swap is set.
func measure(ctx context.Context, c *Config, path, node, bare string, swap bool) (p pair, err error) {
	order := []struct {
		endpoint string
		to       *sample
	}{{node, &p.node}, {bare, &p.bare}}
	if swap {
		slices.Reverse(order)
	}
	for _, o := range order {
		if *o.to, err = wrk(ctx, c, "http://"+o.endpoint+path); err != nil {
			return p, err
		}
	}
	return p, nil
}

// row sums the rounds up.
func row(path string, bytes int, pairs []pair) Row {
	r := Row{Path: path, Bytes: bytes}
	of := func(f func(p pair) float64) float64 {
		v := make([]float64, len(pairs))
		for i, p := range pairs {
			v[i] = f(p)
		}
		slices.Sort(v)
		if n := len(v); n%2 == 0 {
			return (v[n/2-1] + v[n/2]) / 2
		}
		return v[len(v)/2]
	}
	ms := func(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
	r.Rate, r.BareRate = of(func(p pair) float64 { return p.node.rate }), of(func(p pair) float64 { return p.bare.rate })
	r.P99, r.BareP99 = of(func(p pair) float64 { return ms(p.node.p99) }), of(func(p pair) float64 { return ms(p.bare.p99) })
	r.RateRatio = of(func(p pair) float64 { return p.node.rate / p.bare.rate })
	r.P99Ratio = of(func(p pair) float64 { return ms(p.node.p99) / ms(p.bare.p99) })
	r.Met = r.RateRatio >= LeastRate && r.P99Ratio <= MostLatency
	return r
}

func machine() Machine {
	return Machine{CPU: cpuModel(), Cores: runtime.NumCPU(), OS: runtime.GOOS, Go: runtime.Version()}
}
