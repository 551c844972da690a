package conformance

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"time"

	"doin.network/node/compute/worker"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// jobs runs jobs and returns their results.
func (s *suite) jobs(jobs ...worker.Job) ([]worker.Result, error) {
	body, err := worker.EncodeJobs(s.mem, s.form, jobs)
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
	plain := worker.Job{Parameters: s.best, Seeds: []uint64{1<<64 - 1, 7}}
	itself := &worker.Recipe{Parameters: s.best, Seeds: plain.Seeds}
	scored := plain
	scored.Synthetic = &worker.SyntheticJob{Seed: 7}
	compared := plain
	compared.Synthetic = &worker.SyntheticJob{Seed: 7, Incumbent: itself}
	compared.Base = itself
	jobs := []worker.Job{plain, scored, compared, plain}
	if s.evaluateOnly { // has no data to score on
		jobs = []worker.Job{plain, plain}
	}
	one, err := s.jobs(jobs...)
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
	if s.evaluateOnly {
		return s.elsewhere(jobs, one)
	}
	if r := one[2]; r.SyntheticScore != r.IncumbentScore || r.SyntheticScore != one[1].SyntheticScore {
		return fmt.Errorf("a recipe scores %v against itself at %v", r.SyntheticScore, r.IncumbentScore)
	}
	if p := one[2].Paired; p.N != one[0].Paired.N || p.N > 0 && (p.S1 != 0 || p.S2.Sign() != 0) {
		return fmt.Errorf("a recipe compared with itself: %d cases, s1 %d, s2 %v; beside the baseline %d cases", p.N, p.S1, p.S2, one[0].Paired.N)
	}
	return s.elsewhere(jobs, one)
}

// elsewhere runs jobs again in another process, which must give the same results.
func (s *suite) elsewhere(jobs []worker.Job, one []worker.Result) error {
	s.disconnect()
	if err := s.connect(false); err != nil {
		return err
	}
	two, err := s.jobs(jobs...)
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
	bad := worker.Job{Parameters: canon.NewObject("no", "recipe"), Seeds: []uint64{0}}
	r, err := s.jobs(worker.Job{Parameters: s.best, Seeds: []uint64{0}}, bad)
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
	body, err := worker.EncodeJobs(s.mem, s.form, []worker.Job{{Parameters: s.best, Seeds: []uint64{0}}})
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
		t, err := table.Read(s.mem, f.Body, worker.DefaultFrameBytes)
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
		jobs[i] = worker.Job{Parameters: s.best, Seeds: []uint64{uint64(i) + 1000}}
	}
	body, err := worker.EncodeJobs(s.mem, s.form, jobs)
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
