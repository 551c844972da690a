package search

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain/protocol"
	"doin.network/node/compute/worker"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// fakeWorker breeds generations that are a function of the number and the immigrants' number: generation g has two
// individuals, the better of which scores g/10.
type fakeWorker struct {
	breed time.Duration // of a generation
	ends  int           // after so many records Next waits for ctx

	mu       sync.Mutex
	jobs     []worker.OptimizeJob
	answers  [][]worker.Immigrant
	records  int // since the start
	evaluate func(worker.Job) (worker.Outcome, error)
	failing  error // what Next says once
	refusing error // what Optimize says of a record
}

// fakeRun is an open search; credit lets the worker be ahead.
type fakeRun struct {
	w      *fakeWorker
	next   int
	credit int
}

func (w *fakeWorker) Optimize(_ context.Context, job worker.OptimizeJob) (Run, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.jobs = append(w.jobs, job)
	r := &fakeRun{w: w, credit: job.Ahead}
	if job.Resume != nil {
		if err := w.refusing; err != nil {
			w.refusing = nil
			return nil, err
		}
		n, err := strconv.Atoi(string(job.Resume))
		if err != nil {
			return nil, worker.ErrRefused
		}
		r.next = n + 1
	}
	return r, nil
}

func (w *fakeWorker) Evaluate(_ context.Context, job worker.Job) (worker.Outcome, error) {
	return w.evaluate(job)
}

func (w *fakeWorker) answered() (out []int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, a := range w.answers {
		out = append(out, len(a))
	}
	return out
}

func (r *fakeRun) Next(ctx context.Context) (g worker.Generation, err error) {
	r.w.mu.Lock()
	err, r.w.failing = r.w.failing, nil
	over := r.w.ends > 0 && r.w.records >= r.w.ends
	r.w.mu.Unlock()
	if err != nil {
		return g, err
	}
	if over || r.credit == 0 {
		<-ctx.Done()
		return g, ctx.Err()
	}
	if pause(ctx, r.w.breed) != nil {
		return g, ctx.Err()
	}
	g = fakeGeneration(r.next)
	r.next++
	r.credit--
	r.w.mu.Lock()
	r.w.records++
	r.w.mu.Unlock()
	return g, nil
}

func (r *fakeRun) Continue(_ context.Context, immigrants []worker.Immigrant) error {
	r.w.mu.Lock()
	defer r.w.mu.Unlock()
	r.w.answers = append(r.w.answers, immigrants)
	r.credit++
	return nil
}

func (r *fakeRun) Close() {}

func fakeGeneration(n int) worker.Generation {
	row := func(i int, fitness float64) worker.Row {
		return worker.Row{Index: i, Parameters: canon.NewObject("n", n, "i", i), Fitness: fitness, Seed: uint64(100*n + i), Status: "completed"}
	}
	g := worker.Generation{Number: n, Evaluations: int64(2 * (n + 1)), Population: 2, Record: []byte(strconv.Itoa(n)),
		Rows: []worker.Row{row(0, float64(n)/10-1), row(1, float64(n)/10)}}
	g.Best, g.BestPerformance, g.BestMetrics = g.Rows[1].Parameters, g.Rows[1].Fitness, canon.NewObject("m", n)
	return g
}

// fakeChain answers proposals as its function says.
type fakeChain struct {
	mu     sync.Mutex
	events []protocol.Event
	known  Known
	answer func(protocol.Propose) // called in a goroutine of its own; nil for silence
	wg     sync.WaitGroup         // of these
}

func (c *fakeChain) Deliver(_ context.Context, ev protocol.Event) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.events = append(c.events, ev)
	if p, ok := ev.(protocol.Propose); ok && c.answer != nil {
		c.wg.Go(func() { c.answer(p) })
	}
	return nil
}

func (c *fakeChain) Known(string) Known {
	c.mu.Lock()
	defer c.mu.Unlock()
	k := c.known
	k.Improves = func(p, over float64) bool { return p > over }
	return k
}

func (c *fakeChain) set(f func(*Known)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	f(&c.known)
}

func (c *fakeChain) proposals() (out []protocol.Propose) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, ev := range c.events {
		if p, ok := ev.(protocol.Propose); ok {
			out = append(out, p)
		}
	}
	return out
}

// fakeHost keeps rows.
type fakeHost struct {
	mu   sync.Mutex
	rows []olap.Row
}

func (h *fakeHost) Peers() int64                             { return 3 }
func (h *fakeHost) Earned() float64                          { return 0 }
func (h *fakeHost) GPU(context.Context, string) (g olap.GPU) { return g }
func (h *fakeHost) Record(rows ...olap.Row) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.rows = append(h.rows, rows...)
}

func (h *fakeHost) rounds() (out []*olap.Round) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rows {
		if r.Round != nil {
			out = append(out, r.Round)
		}
	}
	return out
}

func (h *fakeHost) stages() (out []string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	for _, r := range h.rows {
		if r.Claim != nil {
			out = append(out, fmt.Sprint(r.Claim.Proposal, " ", r.Claim.Stage))
		}
	}
	return out
}

// rig is a search among fakes.
type rig struct {
	cfg    Config
	worker *fakeWorker
	chain  *fakeChain
	host   *fakeHost
	prior  func(context.Context) []byte
	log    *bytes.Buffer
	after  func() // called before the search runs; nil for nothing
	s      *Search
}

func newRig(change func(*rig)) *rig {
	r := &rig{worker: &fakeWorker{breed: time.Second}, chain: &fakeChain{}, host: &fakeHost{}, log: &bytes.Buffer{}}
	r.cfg = Config{Domain: "d", Peer: "me", Settings: canon.NewObject("population", 2), Migration: island.DefaultConfig(),
		Setup: olap.Setup{DomainID: "d", DataHash: "data"}}
	r.worker.evaluate = func(worker.Job) (worker.Outcome, error) { return worker.Outcome{}, errors.New("not expected") }
	if change != nil {
		change(r)
	}
	r.s = New(r.cfg, Parts{Worker: r.worker, Chain: r.chain, Host: r.host, Prior: r.prior,
		Tracker: olap.NewTracker(olap.Node{ID: "me", Hostname: "h"}, nil), Log: slog.New(slog.NewTextHandler(r.log, nil))})
	return r
}

// run runs the search for a while.
func (r *rig) run(t *testing.T, d time.Duration) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	defer cancel()
	if r.after != nil {
		r.after()
	}
	if err := r.s.Run(ctx); err != nil {
		t.Fatal(err)
	}
	r.chain.wg.Wait()
}

// steps tells the stages of a proposal, each after a delay.
func (r *rig) steps(p protocol.Propose, performance float64, delay time.Duration, stages ...protocol.Stage) {
	o := &protocol.Outcome{Performance: performance, Digest: fmt.Sprintf("digest %x", p.Nonce), Metrics: canon.NewObject()}
	for _, st := range stages {
		time.Sleep(delay)
		r.s.Claim(protocol.Claim{Domain: "d", Proposal: p.Proposal, Stage: st, OptimaeID: fmt.Sprint("o", p.Proposal), Outcome: o})
	}
}
