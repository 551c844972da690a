// Package workers keeps a node's child processes, in which everything is trained: it finds the programs, starts and restarts
// them, says which of them has which domain, and how busy they are.
package workers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/nearest"
)

// Workers are the node's child processes: for the built-in domains one, or one for each GPU; and one for each domain whose
// plugin is a program of its own. The searches of the built-in domains are dealt out among their processes; what is trained
// for others goes to the one that has least of it. It is safe for concurrent use.
type Workers struct {
	all []*worker.Supervisor
	of  map[string]*worker.Supervisor // by domain id
	// helpers are the other processes that may train for a domain, by domain id, once they have loaded it.
	helpers map[string]*helpers

	ready   map[string]chan struct{} // by domain id; closed when its program has loaded it
	lost    map[string]chan struct{} // by domain id; closed when its program never will
	busy    *busy
	missing error // why there is no program for the built-in domains
}

// Find looks for the programs; nothing is left running before Run. Where there is none for the built-in domains the node has no
// role in them: State says so.
func Find(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Workers, error) {
	w := &Workers{of: map[string]*worker.Supervisor{}, helpers: map[string]*helpers{}, ready: map[string]chan struct{}{}, lost: map[string]chan struct{}{}, busy: newBusy(time.Now)}
	var builtIn []*worker.Supervisor
	dealt := 0
	ours := map[string]bool{} // domains of the shared processes
	for _, d := range cfg.Domains {
		if !d.Active() {
			continue
		}
		var err error
		if ours[d.ID], err = shared(ctx, d, cfg.ProgramDir(&d)); err == nil && ours[d.ID] {
			_, own := d.Command()
			err = synthetic(d, own)
		}
		if err != nil {
			return nil, fmt.Errorf("domain %s: %w", d.ID, err)
		}
	}
	for _, d := range cfg.Domains {
		if !d.Active() {
			continue
		}
		if w.missing != nil && ours[d.ID] {
			continue
		}
		w.ready[d.ID], w.lost[d.ID] = make(chan struct{}), make(chan struct{})
		log := log.With("component", "worker")
		if !ours[d.ID] {
			argv, _, err := worker.ExecArgv(d.Plugin(), cfg.ProgramDir(&d))
			if err != nil {
				return nil, fmt.Errorf("domain %s: %w", d.ID, err)
			}
			s := worker.NewSupervisor(worker.Options{Path: argv[0], Args: argv[1:], Own: true, Limits: limits(d.Resources, cfg.Worker.Nice), Logger: log.With("domain", d.ID)})
			w.all, w.of[d.ID] = append(w.all, s), s
			continue
		}
		if builtIn == nil {
			var err error
			builtIn, err = findBuiltIn(ctx, cfg, ours, log)
			if (errors.Is(err, fs.ErrNotExist) || errors.Is(err, exec.ErrNotFound)) && !errors.Is(err, worker.ErrDevice) {
				w.missing = err
				continue
			}
			if err != nil {
				return nil, err
			}
			w.all = append(w.all, builtIn...)
		}
		w.of[d.ID] = builtIn[dealt%len(builtIn)]
		w.helpers[d.ID] = newHelpers(d, w.of[d.ID], builtIn, log)
		dealt++
	}
	return w, nil
}

// findBuiltIn returns the processes for the built-in domains: one for each device of the worker that is found.
func findBuiltIn(ctx context.Context, cfg *config.Config, ours map[string]bool, log *slog.Logger) (out []*worker.Supervisor, err error) {
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	found, err := worker.FindWorker(ctx, worker.FindOptions{Path: cfg.Worker.Path, Dir: filepath.Dir(exe), Device: cfg.Worker.Device, Logger: log})
	if err != nil {
		return nil, err
	}
	most := sharedLimits(cfg.Domains, ours)
	for _, device := range found.Devices {
		o := worker.Options{Path: found.Path, Limits: limits(most, cfg.Worker.Nice), Logger: log}
		if device != "" {
			o.Args = append(o.Args, "--device", device)
		}
		if found.Fallback != "" { // with as many trainings as suit the processor
			o.Fallback = []string{found.Fallback}
		}
		if share := cfg.Worker.VerificationShare; share != config.DefaultConfig().Worker.VerificationShare {
			// The default is the worker's own: a program of version 1 of the protocol does not know the flag.
			o.Args = append(o.Args, "--verification-share", strconv.FormatFloat(share, 'g', -1, 64))
		}
		if exe := filepath.Base(found.Path); strings.HasPrefix(exe, "doin-worker") { // a flag of ours
			o.Args = append(o.Args, "--cache", filepath.Join(cfg.DataDir, "cases"))
			o.Args = append(o.Args, programFlags(cfg.Domains, ours)...)
		}
		if n := parallel(cfg.Worker, device, runtime.NumCPU()); n > 0 {
			o.Args = append(o.Args, "--workers", strconv.Itoa(n))
		}
		out = append(out, worker.NewSupervisor(o))
	}
	return out, nil
}

// programFlags bound the programs that doin-worker runs for "exec:" domains: in time by the most that one of them may take, in
// memory by nine tenths of that, so that a program that grows ends before the worker that runs it.
func programFlags(domains []config.Domain, ours map[string]bool) (args []string) {
	programs := map[string]bool{}
	for i := range domains {
		if _, own := domains[i].Command(); own && ours[domains[i].ID] {
			programs[domains[i].ID] = true
		}
	}
	if len(programs) == 0 {
		return nil
	}
	most := sharedLimits(domains, programs)
	if most.MaxTraining > 0 {
		args = append(args, "--program-time", most.MaxTraining.String())
	}
	if mb := int64(most.MaxMemoryMB * 9 / 10); mb > 0 {
		args = append(args, "--program-memory-mb", strconv.FormatInt(mb, 10))
	}
	return args
}

// parallel is the number of trainings at a time that a worker is told, 0: what suits its device. A share of the processors is
// the processor's alone.
func parallel(w config.Worker, device string, cores int) int {
	gpu := device != "" && device != worker.DeviceCPU
	if w.Parallel > 0 || w.CPUShare >= 1 || gpu {
		return w.Parallel
	}
	return max(1, int(math.Round(w.CPUShare*float64(cores))))
}

func limits(r config.Resources, nice int) worker.Limits {
	return worker.Limits{Nice: nice, Job: r.MaxTraining, MemoryBytes: int64(r.MaxMemoryMB * (1 << 20)), FrameBytes: worker.DefaultFrameBytes}
}

// describeTime is how long a program may take to say what it is: those in Python load libraries first.
const describeTime = time.Minute

// shared reports whether a domain is one of the shared processes': a built-in one, or one whose program only evaluates, for
// which doin-worker searches. A program that does not say in time is taken for one of its own.
func shared(ctx context.Context, d config.Domain, dir string) (bool, error) {
	if _, own := d.Command(); !own {
		return true, nil
	}
	argv, _, err := worker.ExecArgv(d.Plugin(), dir)
	if err != nil || !d.Optimize {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, describeTime)
	s := worker.NewSupervisor(worker.Options{Path: argv[0], Args: argv[1:], Limits: limits(d.Resources, 0)})
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = s.Run(ctx) // how it ends does not matter: it is started again
	}()
	_, _ = s.Telemetry(ctx) // an answer, or a refusal, comes after the description
	about, known := s.Description()
	cancel()
	<-ended
	return known && about.Can(worker.EvaluateOnly), nil
}

// synthetic refuses a domain that is to be scored on synthetic data by a program that only evaluates and makes none: every claim
// of it would fail.
func synthetic(d config.Domain, evaluateOnly bool) error {
	if d.HasSynthetic && evaluateOnly {
		return fmt.Errorf("has_synthetic_data: must be false: the program %s only evaluates, it makes no synthetic data", d.Plugin())
	}
	return nil
}

// sharedLimits are the limits of the shared processes: of each the most that one of their domains may take.
func sharedLimits(domains []config.Domain, ours map[string]bool) (r config.Resources) {
	for _, d := range domains {
		if ours[d.ID] {
			r.MaxTraining = max(r.MaxTraining, d.Resources.MaxTraining)
			r.MaxMemoryMB = max(r.MaxMemoryMB, d.Resources.MaxMemoryMB)
		}
	}
	return r
}

// Run keeps the processes alive until ctx ends, and reads every few seconds how busy they are.
func (w *Workers) Run(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { w.watch(ctx); return nil })
	for _, s := range w.all {
		g.Go(func() error { return s.Run(ctx) })
	}
	for id, h := range w.helpers {
		h.load(ctx, g, w.ready[id])
	}
	return g.Wait()
}

// loaded returns the process of a domain once it has loaded it: asked before, it would not know the domain, and the
// node would abstain from a vote for no reason.
func (w *Workers) loaded(ctx context.Context, domain string) (*worker.Supervisor, error) {
	s, err := w.supervisor(domain)
	if err != nil {
		return nil, err
	}
	select {
	case <-w.ready[domain]:
		return s, nil
	case <-w.lost[domain]:
		return nil, fmt.Errorf("%w: %s could not be loaded", worker.ErrUnknownDomain, domain)
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// supervisor returns the process of a domain.
func (w *Workers) supervisor(domain string) (*worker.Supervisor, error) {
	s := w.of[domain]
	if s == nil {
		return nil, fmt.Errorf("%w: %q", worker.ErrUnknownDomain, domain)
	}
	return s, nil
}

// About returns the description of the process that trains a domain, once it has given one.
func (w *Workers) About(domain string) (d worker.Description, ok bool) {
	if s := w.of[domain]; s != nil {
		return s.Description()
	}
	return d, false
}

// Configure has a domain loaded, once in a life of the node. A plugin that the worker does not have is an error that says
// which ones it has.
func (w *Workers) Configure(ctx context.Context, d config.Domain) (worker.Info, error) {
	s, err := w.supervisor(d.ID)
	if err != nil {
		return worker.Info{}, err
	}
	info, err := s.Configure(ctx, d.ID, d.Plugin(), d.WorkerConfig())
	about, ok := s.Description()
	if err == nil {
		err = synthetic(d, about.Can(worker.EvaluateOnly))
	}
	if err == nil {
		if h := w.helpers[d.ID]; h != nil {
			h.expect(info.DataHash)
		}
		close(w.ready[d.ID])
		return info, nil
	}
	if ok && ctx.Err() == nil {
		if _, own := d.Command(); !own && !slices.Contains(about.Plugins, d.Plugin()) {
			err = fmt.Errorf("plugin %q: %s %s knows %s", d.Plugin(), about.Name, about.Version, strings.Join(about.Plugins, ", "))
			if near := nearest.Of(d.Plugin(), about.Plugins); near != "" {
				err = fmt.Errorf("%w; the nearest is %q", err, near)
			}
		}
	}
	return info, err
}

// Abandon gives up a domain that Configure has refused, once, and has no effect on one that it has loaded: what is asked of it fails from now on and does not wait.
func (w *Workers) Abandon(domain string) {
	select {
	case <-w.ready[domain]: // only its search has ended
	default:
		close(w.lost[domain])
	}
}

// Evaluate has one training done, as soon as its domain is loaded.
func (w *Workers) Evaluate(ctx context.Context, job worker.Job) (worker.Outcome, error) {
	s, err := w.loaded(ctx, job.Domain)
	if err != nil {
		return worker.Outcome{}, err
	}
	if h := w.helpers[job.Domain]; h != nil {
		return h.evaluate(ctx, job)
	}
	return s.Evaluate(ctx, job)
}

// Infer has one forecast made.
func (w *Workers) Infer(ctx context.Context, domain string, r worker.Recipe, input *canon.Object) (*canon.Object, error) {
	s, err := w.loaded(ctx, domain)
	if err != nil {
		return nil, err
	}
	return s.Infer(ctx, domain, r, input)
}

// Export has the model of a claim written as a file.
func (w *Workers) Export(ctx context.Context, domain string, r worker.Recipe, format string, facts *canon.Object) ([]byte, error) {
	s, err := w.loaded(ctx, domain)
	if err != nil {
		return nil, err
	}
	return s.Export(ctx, domain, r, worker.Format(format), facts)
}

// Inputs returns what questions to a domain name; see worker.Supervisor.Inputs.
func (w *Workers) Inputs(ctx context.Context, domain string) ([]*canon.Object, error) {
	s, err := w.loaded(ctx, domain)
	if err != nil {
		return nil, err
	}
	return s.Inputs(ctx, domain)
}

// Optimize opens a search.
func (w *Workers) Optimize(ctx context.Context, job worker.OptimizeJob) (*worker.Search, error) {
	s, err := w.supervisor(job.Domain)
	if err != nil {
		return nil, err
	}
	return s.Optimize(ctx, job)
}

// Telemetry returns what every worker says of itself, those that do not answer in time left out.
func (w *Workers) Telemetry(ctx context.Context) []any {
	ctx, cancel := context.WithTimeout(ctx, time.Second)
	defer cancel()
	out, readings := []any{}, map[*worker.Supervisor]counters{}
	for _, s := range w.all {
		t, err := s.Telemetry(ctx)
		if err != nil {
			continue
		}
		if c, ok := readCounters(t); ok {
			readings[s] = c
		}
		out = append(out, t.Set("restarts", int64(s.Restarts())))
	}
	w.busy.add(readings)
	return out
}
