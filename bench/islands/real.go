package islands

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// startTime is how long a network may take until its nodes' files are there, stopTime how long to end when asked to.
const (
	startTime = 30 * time.Second
	stopTime  = 10 * time.Second
)

// Real measures networks of the node program on loopback. Every run has a temporary directory of its own, which is
// removed, and its processes have ended when Real returns.
func Real(ctx context.Context, c Config) (*Report, error) {
	if err := c.complete(); err != nil {
		return nil, err
	}
	if c.NodeExe == "" {
		return nil, errors.New("islands: the node program is required")
	}
	p, err := newProblem(c.Domain, c.Path)
	if err != nil {
		return nil, err
	}
	c.Lags, c.Compare, c.CompareSeeds, c.Endpoints = nil, false, 0, nil
	r := newReport(Loopback, c)
	all, err := measure(ctx, &c, plan(&c, Loopback), c.Parallel, func(ctx context.Context, a *arrangement, seed uint64) (outcome, error) {
		return network(ctx, &c, p, a, seed)
	})
	if err != nil {
		return nil, err
	}
	r.Rows = rows(&c, Loopback, all)
	if p.shared() { // its simulation would train as long again
		return r, nil
	}
	return r, r.simulated(ctx, &c, p, all)
}

// simulated simulates the same runs, champions arriving within a round, and counts the hill climbers alone that took
// exactly the same rounds.
func (r *Report) simulated(ctx context.Context, c *Config, p *problem, all []*runs) error {
	for i, ran := range all {
		if ran.derived() {
			continue
		}
		s := &scenario{nodes: ran.running(), lag: 1, migration: ran.migration, settings: ran.settings(c, p),
			increment: p.minIncrement(), maxRounds: c.MaxRounds, goals: c.Goals}
		model := &runs{list: make([]outcome, len(ran.list))}
		err := each(ctx, len(ran.list), runtime.GOMAXPROCS(0), func(ctx context.Context, k int) (err error) {
			seed := uint64(c.FirstSeed) + uint64(k)
			model.list[k], err = simulate(ctx, p, func() (domain.Domain, error) { return p.open(seed) }, s, seed)
			return err
		})
		if err != nil {
			return err
		}
		for g := range c.Goals {
			want := model.figures(g, rounds)
			r.Rows[g*len(all)+i].SimulatedRounds = mean(want)
			if ran.kind != One || ran.strategy != domain.StrategyHillClimber {
				continue
			}
			for k, n := range ran.figures(g, rounds) {
				if ran.list[k].hits[g].reached {
					r.Alone++
					if n == want[k] {
						r.Repeated++
					}
				}
			}
		}
	}
	return nil
}

// network runs one network until its goals are reached or its time is over.
func network(ctx context.Context, c *Config, p *problem, a *arrangement, seed uint64) (o outcome, err error) {
	err = withNetwork(ctx, c, p, a, seed, func(running context.Context, nodes []*watched) error {
		w := newWatcher(p.id())
		defer w.close()
		o, err = w.follow(running, nodes, c.Goals, c.MaxRounds, c.Timeout)
		return err
	})
	return o, err
}

// withNetwork calls use while a network runs in a temporary directory of its own. The context that use gets ends with the
// network's processes; they have ended, and the directory is gone, when withNetwork returns.
func withNetwork(ctx context.Context, c *Config, p *problem, a *arrangement, seed uint64, use func(context.Context, []*watched) error) (err error) {
	dir, err := os.MkdirTemp("", "doin-islands-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "config.json")
	if err := os.WriteFile(file, canon.AppendIndent(nil, nodeConfig(c, p, a, seed)), 0o644); err != nil {
		return err
	}
	running, stop := context.WithCancel(ctx)
	defer stop()
	home := filepath.Join(dir, "network")
	cmd := exec.CommandContext(running, c.NodeExe, "local", "--nodes", strconv.Itoa(a.running()), "--config", file,
		"--data-dir", home, "--json", "--port", "0")
	var words bytes.Buffer
	cmd.Stderr = &words
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = stopTime
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("islands: %w", err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait(); stop() }() // ends with the process, which is waited for below
	defer func() {
		early := running.Err() != nil && ctx.Err() == nil
		stop()
		if waited := <-ended; early {
			err = errors.Join(err, fmt.Errorf("islands: the network of seed %d ended early: %v: %.2000s", seed, waited, words.String()))
		}
	}()
	nodes, err := nodesIn(running, home, a.running())
	if err != nil {
		return err
	}
	return use(running, nodes)
}

// nodesIn waits for the configurations of a network's nodes and reads their addresses.
func nodesIn(ctx context.Context, home string, n int) ([]*watched, error) {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	var out []*watched
	for len(out) < n {
		data, err := os.ReadFile(filepath.Join(home, fmt.Sprintf("node-%d", len(out)), "node.json"))
		if err == nil {
			if o, err := canon.ParseObject(data); err == nil { // else it is being written
				port, err := o.Int("port")
				if err != nil {
					return nil, err
				}
				out = append(out, &watched{endpoint: net.JoinHostPort("127.0.0.1", strconv.FormatInt(port, 10))})
				continue
			}
		}
		select {
		case <-ctx.Done():
			return nil, fmt.Errorf("islands: waiting for node %d: %w", len(out), ctx.Err())
		case <-tick.C:
		}
	}
	return out, nil
}

// nodeConfig is the configuration of a network's nodes for one run.
func nodeConfig(c *Config, p *problem, a *arrangement, seed uint64) *canon.Object {
	config := p.config(seed)
	settings := a.settings(c, p)
	config.Delete("population_size")
	config.Delete("ga")
	config.Set("strategy", a.strategy)
	settings.Delete("strategy")
	if settings.Len() > 0 {
		config.Set("ga", settings)
	}
	m := a.migration
	d := p.dom.Clone()
	d.Delete("target_performance")
	d.Set("optimization_config", config).Set("migration", canon.NewObject("topology", string(m.Topology), "degree", m.Degree,
		"policy", string(m.Policy), "top", m.Top, "interval", m.Interval))
	o := p.node.Clone()
	quorum, err := o.IntOr("quorum_min_evaluators", 2)
	if err != nil {
		quorum = 2
	}
	o.Set("seed", int64(seed)).Set("workers", 1).Set("domains", []any{d}).
		Set("quorum_min_evaluators", max(1, min(quorum, int64(a.running()-1))))
	if p.name == Quadratic {
		// A champion is out and verified within the pause between two rounds; an author may commit to no more than 20
		// results in a minute.
		o.Set("optimizer_loop_interval", c.Pace.Seconds()).Set("reveal_delay", 0.1).Set("eval_poll_interval", 0.05).
			Set("discovery_interval", 0.5).Set("target_block_time", 10).Set("initial_threshold", 0.05)
	}
	return o
}
