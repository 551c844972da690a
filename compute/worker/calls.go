package worker

import (
	"context"
	"fmt"
	"time"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/worker/table"
	"doin.network/node/internal/canon"
)

// Configure makes the worker load a domain under an id, now and after each
// restart, and returns what it is. An id configured before is replaced.
// ErrRefused: the worker does not accept plugin or configuration.
func (s *Supervisor) Configure(ctx context.Context, id, plugin string, config *canon.Object) (info Info, err error) {
	config = config.Clone()
	for {
		before := s.Restarts()
		f := configureFrame(id, plugin, config)
		_, err = s.request(ctx, f, s.limits.Configure, func(reply *Frame) (err error) {
			info, err = ParseInfo(reply.Data)
			return err
		})
		if err != nil {
			return Info{}, err
		}
		if about, ok := s.Description(); s.own && ok {
			if err := Accept(&about, &info); err != nil {
				return Info{}, err
			}
		}
		s.mu.Lock()
		s.domains[id] = &configured{plugin: plugin, config: config, info: info}
		same := s.restarts == before
		s.mu.Unlock()
		if same { // else a worker may have started that was not told
			return info, nil
		}
	}
}

func configureFrame(id, plugin string, config *canon.Object) Frame {
	return Frame{Verb: VerbConfigure, Data: canon.NewObject("domain", id, "plugin", plugin, "config", config)}
}

// Evaluate trains the job's recipe and scores it. At most as many jobs as the
// worker has trainings at a time are under way; the others wait without their
// time running. Errors: ErrDataHash, ErrRefused, ErrUnknownDomain, ErrTimeout,
// ErrMemory, ErrWorkerDied, ErrClosed, ErrInternal, or ctx's.
func (s *Supervisor) Evaluate(ctx context.Context, job Job) (Outcome, error) {
	if len(job.Seeds) == 0 {
		return Outcome{}, fmt.Errorf("%w: evaluate without a seed", ErrRefused)
	}
	body, err := EncodeJobs(s.mem, s.form(), []Job{job})
	if err != nil {
		return Outcome{}, err
	}
	f := Frame{Verb: VerbEvaluate, Data: canon.NewObject("domain", job.Domain), Body: body}
	c := classEvaluation
	if job.Own {
		c = classOwn
		f.Data.Set("own", true)
	}
	var out []Result
	err = s.job(ctx, c, f, func(reply *Frame) (err error) {
		out, err = DecodeResults(s.mem, []Job{job}, reply.Body, s.limits.FrameBytes)
		return err
	})
	if err != nil {
		return Outcome{}, err
	}
	return out[0].Outcome, out[0].Err
}

// job sends a request that occupies a training, when one is free, and has the
// reply read. A reply that cannot be read costs the worker its life and the
// request an attempt, as any other death does.
//
// A job for others may have to wait for its share of the worker's time; its limit grows with it.
func (s *Supervisor) job(ctx context.Context, c class, f Frame, read func(*Frame) error) error {
	places, limit := s.urgent, s.limits.Job
	if c == classEvaluation {
		places = s.jobs
		if limit > 0 {
			limit = time.Duration(float64(limit) / s.limits.Share)
		}
	}
	if err := places.acquire(ctx, c); err != nil {
		return err
	}
	defer places.release(c)
	_, err := s.request(ctx, f, limit, read)
	return err
}

// Infer answers an inference request with the model of a claim: a recipe and its seeds.
// Errors are Evaluate's; ErrRefused also for an input the domain cannot answer.
func (s *Supervisor) Infer(ctx context.Context, domain string, r Recipe, input *canon.Object) (*canon.Object, error) {
	if len(r.Seeds) == 0 {
		return nil, fmt.Errorf("%w: infer without a seed", ErrRefused)
	}
	var out *canon.Object
	f := Frame{Verb: VerbInfer, Data: canon.NewObject("domain", domain, "parameters", r.Parameters, "seed", r.Seeds[0],
		"seeds", seedList(r.Seeds), "input", input)}
	err := s.job(ctx, classInference, f, func(reply *Frame) (err error) {
		out, err = reply.Data.Object("output")
		return err
	})
	return out, err
}

// Generate makes a domain's synthetic data from a seed.
func (s *Supervisor) Generate(ctx context.Context, id string, seed uint32) (*domain.Synthetic, error) {
	out := &domain.Synthetic{}
	f := Frame{Verb: VerbGenerate, Data: canon.NewObject("domain", id, "seed", uint64(seed))}
	err := s.job(ctx, classEvaluation, f, func(reply *Frame) error {
		t, err := table.Read(s.mem, reply.Body, s.limits.FrameBytes)
		if err != nil {
			return err
		}
		if _, ok := t.Column("target"); ok {
			out.Target, err = table.Values[float64](t, "target")
		} else {
			out.Series, err = table.Values[float64](t, "series")
		}
		if err != nil {
			return err
		}
		if out.Hash, err = reply.Data.String("hash"); err != nil {
			return err
		}
		out.NoiseStd, err = reply.Data.FloatOr("noise_std", 0)
		return err
	})
	if err != nil {
		return nil, err
	}
	return out, nil
}

// Telemetry returns what the worker says of itself: device, workers, trainings,
// requests, memory_bytes and what else it likes.
func (s *Supervisor) Telemetry(ctx context.Context) (*canon.Object, error) {
	f, err := s.request(ctx, Frame{Verb: VerbTelemetry}, s.limits.HeartbeatTimeout, nil)
	if err != nil {
		return nil, err
	}
	return f.Data, nil
}
