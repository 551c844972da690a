package conformance

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Reporter is told what was found; a *testing.T is one.
type Reporter interface {
	Helper()
	Logf(format string, args ...any)
	Errorf(format string, args ...any)
}

// Config says what to test a program with.
type Config struct {
	// Plugin and Config are a domain it can configure. Plugin "" takes the first
	// one it describes.
	Plugin string
	Config *canon.Object
	// Settings are for optimize; the tests run a few generations.
	Settings *canon.Object
	// Parameters is a recipe of the domain; nil takes the best of a generation.
	Parameters *canon.Object
	// InferInput is an inference request; nil: infer is not tested.
	InferInput *canon.Object
	// Timeout bounds each answer. Default 1 minute.
	Timeout time.Duration
	// Stderr gets the program's own lines; nil discards.
	Stderr io.Writer
}

// suite is one run.
type suite struct {
	argv   []string
	config Config
	mem    memory.Allocator
	c      *client
	best   *canon.Object // a recipe
}

const domainID = "conformance"

// Run tests the program argv and reports every rule it breaks. It returns how many.
func Run(t Reporter, argv []string, config Config) (broken int) {
	t.Helper()
	if config.Timeout <= 0 {
		config.Timeout = time.Minute
	}
	if config.Config == nil {
		config.Config = canon.NewObject()
	}
	if config.Settings == nil {
		config.Settings = canon.NewObject()
	}
	s := &suite{argv: argv, config: config, mem: memory.DefaultAllocator, best: config.Parameters}
	for _, rule := range []struct {
		name  string
		check func() error
		// fresh: the rule ends the process, so it gets one of its own.
		fresh bool
	}{
		{"describe", s.describe, false},
		{"unknown verb", s.unknownVerb, false},
		{"bad header", s.badHeader, false},
		{"configure", s.configure, false},
		{"optimize", s.optimize, false},
		{"evaluate", s.evaluate, false},
		{"evaluate: errors", s.evaluateErrors, false},
		{"generate", s.generate, false},
		{"infer", s.infer, false},
		{"telemetry while busy", s.telemetry, false},
		{"cancel", s.cancel, false},
		{"shutdown", s.shutdown, true},
		{"end of input", s.endOfInput, true},
		{"input cut short", s.cutShort, true},
		{"oversized frame", s.oversized, true},
	} {
		err := s.connect(rule.fresh)
		if err == nil {
			err = rule.check()
		}
		if err != nil {
			broken++
			t.Errorf("%s: %v", rule.name, err)
			s.disconnect() // whatever state it is in
			continue
		}
		t.Logf("%s: ok", rule.name)
	}
	s.disconnect()
	return broken
}

// connect makes sure there is a program to talk to; a fresh one is not configured,
// one that replaces a broken one is.
func (s *suite) connect(fresh bool) (err error) {
	if fresh {
		s.disconnect()
	}
	if s.c != nil {
		return nil
	}
	if s.c, err = dial(s.argv, s.config.Stderr, s.config.Timeout); err != nil || fresh {
		return err
	}
	if s.config.Plugin != "" {
		_, err = s.ask(worker.VerbConfigure, s.configuration(s.config.Plugin), nil)
	}
	return err
}

func (s *suite) disconnect() {
	if s.c != nil {
		s.c.close()
		s.c = nil
	}
}

func (s *suite) ask(verb worker.Verb, data *canon.Object, body []byte) (worker.Frame, error) {
	return s.c.ask(verb, data, body)
}

func (s *suite) configuration(plugin string) *canon.Object {
	return canon.NewObject("domain", domainID, "plugin", plugin, "config", s.config.Config)
}

func (s *suite) describe() error {
	f, err := s.ask(worker.VerbDescribe, nil, nil)
	if err != nil {
		return err
	}
	d, err := worker.ParseDescription(f.Data)
	if err != nil {
		return err
	}
	if v, err := f.Data.Int("protocol"); err != nil || v != worker.Version {
		return fmt.Errorf("protocol %d, want %d", v, worker.Version)
	}
	if s.config.Plugin == "" {
		if len(d.Plugins) == 0 {
			return errors.New("it names no plugin")
		}
		s.config.Plugin = d.Plugins[0]
	}
	return nil
}

func (s *suite) unknownVerb() error {
	_, err := s.ask("no such verb", nil, nil)
	return refused(err, nil)
}

// badHeader sends a frame whose lengths are right and whose header is not JSON.
func (s *suite) badHeader() error {
	text := "{this is not JSON"
	b := binary.LittleEndian.AppendUint32(nil, uint32(len(text)))
	b = binary.LittleEndian.AppendUint64(b, 0)
	if _, err := s.c.stdin.Write(append(b, text...)); err != nil {
		return err
	}
	f, err := s.c.receiveOf(0)
	if err != nil {
		return err
	}
	if f.Kind != worker.KindError {
		return fmt.Errorf("kind %q, want an error", f.Kind)
	}
	if _, err := s.ask(worker.VerbDescribe, nil, nil); err != nil {
		return fmt.Errorf("the next request: %w", err)
	}
	return nil
}

func (s *suite) configure() error {
	_, err := s.ask(worker.VerbConfigure, s.configuration("no such plugin"), nil)
	if err := refused(err, nil); err != nil {
		return fmt.Errorf("an unknown plugin: %w", err)
	}
	f, err := s.ask(worker.VerbConfigure, s.configuration(s.config.Plugin), nil)
	if err != nil {
		return err
	}
	info, err := worker.ParseInfo(f.Data)
	if err != nil {
		return err
	}
	if info.DataHash == "" || !info.HigherIsBetter {
		return fmt.Errorf("data_hash %q, higher_is_better %v", info.DataHash, info.HigherIsBetter)
	}
	g, err := s.ask(worker.VerbDescribe, canon.NewObject("domain", domainID), nil)
	if err != nil {
		return fmt.Errorf("describe the domain: %w", err)
	}
	if !canon.Equal(f.Data, g.Data) {
		return errors.New("describe and configure tell different things of the domain")
	}
	_, err = s.ask(worker.VerbDescribe, canon.NewObject("domain", "another"), nil)
	return refused(err, worker.ErrUnknownDomain)
}

// generations opens a search, takes n records, cancels and takes the reply.
func (s *suite) generations(n int, resume []byte) (records []*worker.Record, bodies [][]byte, err error) {
	data := canon.NewObject("domain", domainID, "seed", 11, "settings", s.config.Settings, "immigrants", []any{})
	id, err := s.c.send(worker.VerbOptimize, data, resume)
	if err != nil {
		return nil, nil, err
	}
	for i := range n {
		f, err := s.c.receiveOf(id)
		if err != nil {
			return nil, nil, err
		}
		if f.Kind == worker.KindError {
			return nil, nil, &refusal{worker.FrameError(&f)}
		}
		if f.Kind != worker.KindRecord {
			return nil, nil, fmt.Errorf("kind %q, want a record", f.Kind)
		}
		r, err := worker.DecodeRecord(s.mem, f.Body, worker.DefaultFrameBytes)
		if err != nil {
			return nil, nil, err
		}
		records, bodies = append(records, r), append(bodies, f.Body)
		end := worker.Frame{ID: id, Verb: worker.VerbOptimize, Kind: worker.KindCredit, Data: canon.NewObject("immigrants", []any{})}
		if i == n-1 {
			end.Kind = worker.KindCancel
		}
		if err := s.c.write(end); err != nil {
			return nil, nil, err
		}
	}
	f, err := s.c.receiveOf(id)
	if err != nil {
		return nil, nil, fmt.Errorf("after cancel: %w", err)
	}
	if f.Kind != worker.KindReply {
		return nil, nil, fmt.Errorf("after cancel: kind %q, want a reply", f.Kind)
	}
	return records, bodies, nil
}

func (s *suite) optimize() error {
	whole, bodies, err := s.generations(3, nil)
	if err != nil {
		return err
	}
	for i, r := range whole {
		if r.Generation != i || r.Seed != 11 || len(r.Rows) == 0 || r.Evaluations < int64(i) {
			return fmt.Errorf("record %d: generation %d, seed %d, %d rows, %d evaluations", i, r.Generation, r.Seed, len(r.Rows), r.Evaluations)
		}
	}
	again, _, err := s.generations(1, nil)
	if err != nil {
		return fmt.Errorf("again: %w", err)
	}
	if !reflect.DeepEqual(again[0], whole[0]) {
		return errors.New("the same seed gave another first generation")
	}
	rest, _, err := s.generations(1, bodies[1])
	if err != nil {
		return fmt.Errorf("resumed: %w", err)
	}
	if !reflect.DeepEqual(rest[0], whole[2]) {
		return errors.New("a resumed search went another way")
	}
	if _, _, err := s.generations(1, []byte("no record")); refused(err, nil) != nil {
		return fmt.Errorf("a bad record: %w", refused(err, nil))
	}
	if best := whole[2].Best; s.best == nil && best != nil {
		s.best = best.Parameters
	}
	return nil
}

// jobs runs jobs and returns their results.
func (s *suite) jobs(jobs ...worker.Job) ([]worker.Result, error) {
	body, err := worker.EncodeJobs(s.mem, jobs)
	if err != nil {
		return nil, err
	}
	f, err := s.ask(worker.VerbEvaluate, canon.NewObject("domain", domainID), body)
	if err != nil {
		return nil, err
	}
	return worker.DecodeResults(s.mem, jobs, f.Body, worker.DefaultFrameBytes)
}

var errNoRecipe = errors.New("no recipe to test with: optimize gave none and none is configured")

func (s *suite) evaluate() error {
	if s.best == nil {
		return errNoRecipe
	}
	plain := worker.Job{Parameters: s.best, Seed: 1<<64 - 1}
	scored := plain
	scored.Synthetic = &worker.SyntheticJob{Seed: 7}
	compared := plain
	compared.Synthetic = &worker.SyntheticJob{Seed: 7, Incumbent: s.best, IncumbentSeed: plain.Seed}
	one, err := s.jobs(plain, scored, compared, plain)
	if err != nil {
		return err
	}
	for i, r := range one {
		if r.Err != nil {
			return fmt.Errorf("job %d: %w", i, r.Err)
		}
		if r.Performance != one[0].Performance || r.Digest != one[0].Digest || r.Digest == "" {
			return fmt.Errorf("job %d: performance %v and digest %q, the same job before: %v and %q",
				i, r.Performance, r.Digest, one[0].Performance, one[0].Digest)
		}
	}
	if r := one[2]; r.SyntheticScore != r.IncumbentScore || r.SyntheticScore != one[1].SyntheticScore {
		return fmt.Errorf("a recipe scores %v against itself at %v", r.SyntheticScore, r.IncumbentScore)
	}
	s.disconnect()
	if err := s.connect(false); err != nil {
		return err
	}
	two, err := s.jobs(plain, scored, compared, plain)
	if err != nil {
		return fmt.Errorf("in another process: %w", err)
	}
	if !reflect.DeepEqual(one, two) {
		return errors.New("another process gave other results")
	}
	return nil
}

func (s *suite) evaluateErrors() error {
	if s.best == nil {
		return errNoRecipe
	}
	bad := worker.Job{Parameters: canon.NewObject("no", "recipe")}
	r, err := s.jobs(worker.Job{Parameters: s.best}, bad)
	if err != nil {
		return err
	}
	if r[0].Err != nil {
		return fmt.Errorf("a good job beside a bad one: %w", r[0].Err)
	}
	if !errors.Is(r[1].Err, worker.ErrRefused) && !errors.Is(r[1].Err, worker.ErrDataHash) {
		return fmt.Errorf("a bad recipe: %v, want refused", r[1].Err)
	}
	_, err = s.ask(worker.VerbEvaluate, canon.NewObject("domain", domainID), []byte("no table"))
	if err := refused(err, nil); err != nil {
		return fmt.Errorf("a body that is no table: %w", err)
	}
	body, err := worker.EncodeJobs(s.mem, []worker.Job{{Parameters: s.best}})
	if err != nil {
		return err
	}
	_, err = s.ask(worker.VerbEvaluate, canon.NewObject("domain", "another"), body)
	return refused(err, worker.ErrUnknownDomain)
}

func (s *suite) generate() error {
	data := func(seed int) (worker.Frame, error) {
		f, err := s.ask(worker.VerbGenerate, canon.NewObject("domain", domainID, "seed", seed), nil)
		if err != nil {
			return f, err
		}
		t, err := table.Decode(s.mem, f.Body, worker.DefaultFrameBytes)
		if err != nil {
			return f, err
		}
		_, err = table.Values[float64](t, "series")
		if err != nil {
			_, err = table.Values[float64](t, "target")
		}
		return f, err
	}
	a, err := data(1)
	if err != nil {
		return err
	}
	b, err := data(1)
	if err != nil {
		return err
	}
	c, err := data(2)
	if err != nil {
		return err
	}
	if !bytes.Equal(a.Body, b.Body) || !canon.Equal(a.Data, b.Data) {
		return errors.New("one seed gave two data sets")
	}
	if canon.Equal(a.Data, c.Data) {
		return errors.New("two seeds gave one data set")
	}
	return nil
}

func (s *suite) infer() error {
	if s.config.InferInput == nil {
		return nil
	}
	if s.best == nil {
		return errNoRecipe
	}
	data := canon.NewObject("domain", domainID, "parameters", s.best, "seed", 5, "input", s.config.InferInput)
	a, err := s.ask(worker.VerbInfer, data, nil)
	if err != nil {
		return err
	}
	if _, err := a.Data.Object("output"); err != nil {
		return err
	}
	b, err := s.ask(worker.VerbInfer, data, nil)
	if err != nil {
		return err
	}
	if !canon.Equal(a.Data, b.Data) {
		return errors.New("the same question got two answers")
	}
	return nil
}

// busy sends enough jobs to keep the program at it for a while.
func (s *suite) busy() (uint64, error) {
	if s.best == nil {
		return 0, errNoRecipe
	}
	jobs := make([]worker.Job, 64)
	for i := range jobs {
		jobs[i] = worker.Job{Parameters: s.best, Seed: uint64(i) + 1000}
	}
	body, err := worker.EncodeJobs(s.mem, jobs)
	if err != nil {
		return 0, err
	}
	return s.c.send(worker.VerbEvaluate, canon.NewObject("domain", domainID), body)
}

// patience is how long telemetry may wait behind other work.
const patience = 5 * time.Second

// telemetry must be answered while jobs run: it is how a parent sees that a worker
// is alive.
func (s *suite) telemetry() error {
	job, err := s.busy()
	if err != nil {
		return err
	}
	begun := time.Now()
	id, err := s.c.send(worker.VerbTelemetry, nil, nil)
	if err != nil {
		return err
	}
	for open := map[uint64]bool{job: true, id: true}; len(open) > 0; {
		f, err := s.c.receive()
		if err != nil {
			return err
		}
		if !open[f.ID] {
			return fmt.Errorf("answered request %d, which is not open", f.ID)
		}
		delete(open, f.ID)
		if f.ID == job {
			continue
		}
		if d := time.Since(begun); d > patience {
			return fmt.Errorf("answered after %v, at most %v is allowed", d, patience)
		}
		if f.Kind != worker.KindReply {
			return fmt.Errorf("kind %q, want a reply", f.Kind)
		}
		if _, err := f.Data.String("device"); err != nil {
			return err
		}
	}
	return nil
}

func (s *suite) cancel() error {
	job, err := s.busy()
	if err != nil {
		return err
	}
	if err := s.c.write(worker.Frame{ID: job, Verb: worker.VerbEvaluate, Kind: worker.KindCancel}); err != nil {
		return err
	}
	if f, err := s.c.receiveOf(job); err != nil {
		return err
	} else if f.Kind != worker.KindError && f.Kind != worker.KindReply {
		return fmt.Errorf("kind %q ends a cancelled request", f.Kind)
	}
	// A cancel that crossed the end is ignored.
	if err := s.c.write(worker.Frame{ID: job, Verb: worker.VerbEvaluate, Kind: worker.KindCancel}); err != nil {
		return err
	}
	_, err = s.ask(worker.VerbDescribe, nil, nil)
	return err
}

func (s *suite) shutdown() error {
	if _, err := s.ask(worker.VerbShutdown, nil, nil); err != nil {
		return err
	}
	return s.c.ends()
}

func (s *suite) endOfInput() error {
	if _, err := s.ask(worker.VerbDescribe, nil, nil); err != nil {
		return err
	}
	s.c.stdin.Close()
	return s.c.ends()
}

func (s *suite) cutShort() error {
	if _, err := s.c.stdin.Write([]byte{20, 0, 0}); err != nil {
		return err
	}
	s.c.stdin.Close()
	return s.c.ends()
}

func (s *suite) oversized() error {
	b := binary.LittleEndian.AppendUint32(nil, worker.MaxHeaderBytes+1)
	b = binary.LittleEndian.AppendUint64(b, 0)
	if _, err := s.c.stdin.Write(append(b, strings.Repeat(" ", 64)...)); err != nil {
		return err
	}
	return s.c.ends()
}
