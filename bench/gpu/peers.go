package gpu

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"doin.network/node/bench/report"
)

// Times that a peer has for an answer: to start, and, beyond what it was asked to measure, for everything else.
const (
	peerStart = 60 * time.Second
	peerSlack = 45 * time.Second
)

// crew is the peers that are there.
type crew struct {
	cfg    *Config
	report *Report
	peers  []*peer
	folder string // to remove
	// ceilings are the measured ones, in GFLOP/s.
	ceilings []float64
}

// contender is a peer's way of training what a cell trains.
type contender struct {
	peer   *peer
	key    string
	name   string
	mode   string
	groups []peerGroup
	timed  []float64 // seconds of each repetition
	steps  int
	joules *float64 // of a model
}

// startCrew starts the peers; those that are not to be had are lines of the report.
func startCrew(ctx context.Context, cfg *Config, r *Report) (*crew, error) {
	c := &crew{cfg: cfg, report: r}
	if !cfg.Peers {
		return c, nil
	}
	folder := cfg.PeerFolder
	if folder == "" {
		var err error
		if folder, err = os.MkdirTemp("", "doin-peers-"); err != nil {
			return nil, err
		}
		c.folder = folder
		if err := unpackPeers(folder); err != nil {
			c.close()
			return nil, err
		}
	}
	for _, script := range peerScripts {
		p, err := startPeer(ctx, cfg.Python, filepath.Join(folder, script), cfg.PeerDevice, min(peerStart, c.left()))
		if err != nil {
			r.Absent = append(r.Absent, fmt.Sprintf("%s: %v", script[:len(script)-len("_peer.py")], err))
			continue
		}
		c.peers = append(c.peers, p)
		p.hello.Modes = slices.DeleteFunc(p.hello.Modes, func(mode string) bool {
			said := p.hello.Includes[mode]
			if !said.whole() {
				c.leaveOut("%s-%s: it does not say what its figure includes", p.hello.Peer, mode)
			}
			return !said.whole()
		})
	}
	return c, ctx.Err()
}

func (c *crew) close() {
	for _, p := range c.peers {
		p.close()
	}
	c.peers = nil
	if c.folder != "" {
		os.RemoveAll(c.folder)
	}
}

// left is the time until the measurement has to end.
func (c *crew) left() time.Duration {
	if c.cfg.Until.IsZero() {
		return time.Hour
	}
	return max(time.Millisecond, time.Until(c.cfg.Until))
}

// ask makes a request, and loses a peer that does not answer.
func (c *crew) ask(ctx context.Context, p *peer, r peerRequest) (peerAnswer, error) {
	if !slices.Contains(c.peers, p) {
		return peerAnswer{}, errPeerGone
	}
	within := min(time.Duration(3*r.Seconds*float64(time.Second))+peerSlack, c.left()+time.Second)
	a, err := p.ask(ctx, within, r)
	if err != nil && !errors.Is(err, errPeer) {
		c.leaveOut("%s: ended in the middle of the run: %v", p.hello.Peer, err)
		p.close()
		c.peers = slices.DeleteFunc(c.peers, func(o *peer) bool { return o == p })
	}
	return a, err
}

func (c *crew) leaveOut(format string, args ...any) {
	c.report.LeftOut = append(c.report.LeftOut, fmt.Sprintf(format, args...))
}

// ceiling measures the product of large matrices by the last peer that does: PyTorch where it is there, which calls cuBLAS.
func (c *crew) ceiling(ctx context.Context) {
	for _, p := range slices.Backward(slices.Clone(c.peers)) {
		a, err := c.ask(ctx, p, peerRequest{Do: "ceiling", Size: c.cfg.CeilingSize, Seconds: 0.1})
		if err != nil || !(a.GFLOPS > 0) {
			continue
		}
		c.ceilings = append(c.ceilings, a.GFLOPS)
		c.report.Ceiling, c.report.CeilingLibrary = report.Median(c.ceilings), a.Library
		return
	}
}

// modes are the ways of a peer that a choice names.
func modes(p *peer, choice peerChoice) []string {
	var list []string
	for _, m := range p.hello.Modes {
		switch m {
		case "scan", "graph", "loop-ieee", "loop-tf32x3":
		case "scan-all":
			if choice < mostPeers {
				continue
			}
		case "stacked", "vmap", "single":
			// Where there are no graphs, the stacked models are the best.
			if choice < mostPeers && (m != "stacked" || slices.Contains(p.hello.Modes, "graph")) {
				continue
			}
		default:
			if choice < allPeers {
				continue
			}
		}
		list = append(list, m)
	}
	return list
}

// arrangement is how a peer is asked to train a population.
type arrangement struct {
	suffix string // of its name
	groups []peerGroup
}

// arrangements are the ways in which a mode trains groups: all padded to one shape, and shape by shape where that is soon made
// ready and not sure to be slower.
func arrangements(mode string, groups []peerGroup) []arrangement {
	switch {
	case mode == "single", strings.HasPrefix(mode, "loop-"): // whose models do not wait for each other
		return []arrangement{{"", oneByOne(groups)}}
	case len(groups) == 1:
		return []arrangement{{"", groups}}
	case mode == "graph", mode == "stacked" && len(groups) <= 8:
		return []arrangement{{"-padded", padded(groups)}, {"", groups}}
	}
	return []arrangement{{"-padded", padded(groups)}}
}

// prepare has the peers make ready what a cell trains, until a time; what does not succeed is a line of the report.
func (c *crew) prepare(ctx context.Context, what string, choice peerChoice, groups []peerGroup, until time.Time) []*contender {
	if choice == noPeers || len(groups) == 0 {
		return nil
	}
	var list []*contender
	for _, p := range slices.Clone(c.peers) {
		if _, err := c.ask(ctx, p, peerRequest{Do: "drop"}); err != nil {
			continue
		}
		for _, mode := range modes(p, choice) {
			for _, a := range arrangements(mode, groups) {
				name := p.hello.Peer + "-" + mode + a.suffix
				if !until.IsZero() && !time.Now().Before(until) {
					c.leaveOut("%s: %s, for want of time", what, name)
					continue
				}
				if _, err := c.ask(ctx, p, peerRequest{Do: "prepare", Key: name, Mode: mode, Groups: a.groups}); err != nil {
					c.leaveOut("%s: %s: %v", what, name, err)
					continue
				}
				list = append(list, &contender{peer: p, key: name, name: name, mode: mode, groups: a.groups})
			}
		}
	}
	return list
}

// measure takes one repetition of a contender.
func (c *crew) measure(ctx context.Context, o *contender) error {
	a, err := c.ask(ctx, o.peer, peerRequest{Do: "measure", Key: o.key, Seconds: c.cfg.PeerSlice.Seconds()})
	if err != nil {
		return err
	}
	if !(a.Seconds > 0) {
		return fmt.Errorf("%w: %v seconds", errPeer, a.Seconds)
	}
	o.timed, o.steps = append(o.timed, a.Seconds), a.TimedSteps
	return nil
}

// energy measures a contender's joules per model.
func (c *crew) energy(ctx context.Context, g *gauge, o *contender, population int) {
	var a peerAnswer
	begun := time.Now()
	joules, err := g.during(func() (err error) {
		a, err = c.ask(ctx, o.peer, peerRequest{Do: "measure", Key: o.key, Seconds: c.cfg.EnergyFor.Seconds()})
		return err
	})
	if wall := time.Since(begun).Seconds(); err == nil && joules != nil {
		perModel := *joules / wall * a.Seconds / float64(population)
		o.joules = &perModel
	}
}
