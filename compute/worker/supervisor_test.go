package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apache/arrow/go/v15/arrow/memory"

	"doin.network/node/internal/canon"
)

// quick are limits for tests: nothing may take long.
func quick() Limits {
	return Limits{Job: 20 * time.Second, Generation: 20 * time.Second, Configure: 20 * time.Second, Start: 20 * time.Second,
		Grace: 1500 * time.Millisecond, Heartbeat: 100 * time.Millisecond, HeartbeatTimeout: 20 * time.Second,
		BackoffMin: time.Millisecond, BackoffMax: 20 * time.Millisecond, FrameBytes: 4 << 20}
}

// start runs a Supervisor of a child of the given mode until the test ends.
func start(t *testing.T, mode string, l Limits, fallback ...string) *Supervisor {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	if fallback != nil {
		fallback = append([]string{exe}, fallback...)
	}
	log := slog.New(slog.NewTextHandler(testWriter{t}, &slog.HandlerOptions{Level: slog.LevelDebug}))
	mem := memory.NewCheckedAllocator(memory.DefaultAllocator)
	s := NewSupervisor(Options{Path: exe, Args: []string{childMode + mode}, Fallback: fallback, Limits: l, Logger: log, Allocator: mem})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run() = %v", err)
		}
		mem.AssertSize(t, 0)
	})
	return s
}

type testWriter struct{ t *testing.T }

func (w testWriter) Write(b []byte) (int, error) {
	w.t.Log(strings.TrimSpace(string(b)))
	return len(b), nil
}

// within is a context for one step of a test.
func within(t *testing.T) context.Context {
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func configure(t *testing.T, s *Supervisor) {
	t.Helper()
	info, err := s.Configure(within(t), "d", "fake", canon.NewObject("k", 1))
	if err != nil {
		t.Fatal(err)
	}
	if info.DataHash != "d0" || len(info.Space) != 1 || !info.HigherIsBetter || info.Strategy != "ga" {
		t.Errorf("Configure() = %+v", info)
	}
}

func x(v float64, do string) *canon.Object {
	p := canon.NewObject("x", v)
	if do != "" {
		p.Set("do", do)
	}
	return p
}

func job(v float64, do string) Job { return Job{Domain: "d", Parameters: x(v, do), Seeds: []uint64{7}} }

func TestCalls(t *testing.T) {
	for _, mode := range []string{"good", "lines"} {
		t.Run(mode, func(t *testing.T) { calls(t, mode) })
	}
}

func calls(t *testing.T, mode string) {
	s := start(t, mode, quick())
	configure(t, s)
	ctx := within(t)
	j := job(2, "")
	j.Seeds = []uint64{1<<64 - 1}
	j.Synthetic = &SyntheticJob{Seed: 5}
	out, err := s.Evaluate(ctx, j)
	if err != nil {
		t.Fatal(err)
	}
	want := -1 - float64((uint64(1<<64-1))%1000)/1e6
	if out.Performance != want || len(out.Digest) != 64 || out.SyntheticDataHash != "h5" || out.IncumbentScore != 105 {
		t.Errorf("Evaluate() = %+v", out)
	}
	j.Synthetic = &SyntheticJob{Seed: 5, Incumbent: &Recipe{x(1, ""), []uint64{0}}}
	if out, err = s.Evaluate(ctx, j); err != nil || out.IncumbentScore != 5 {
		t.Errorf("Evaluate() with an incumbent = %+v, %v", out, err)
	}
	paired(t, s)
	if o, err := s.Infer(ctx, "d", Recipe{x(2, ""), []uint64{0}}, canon.NewObject("q", 1)); err != nil {
		t.Error(err)
	} else if f, _ := o.Float("answer"); f != -1 {
		t.Errorf("Infer() = %v", f)
	}
	if g, err := s.Generate(ctx, "d", 9); err != nil || g.Hash != "h9" || g.Series[0] != 9 {
		t.Errorf("Generate() = %+v, %v", g, err)
	}
	o, err := s.Telemetry(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range []string{"trainings", "memory_bytes", "goroutines", "workers"} {
		if n, err := o.Int(k); err != nil || n < 1 {
			t.Errorf("telemetry %s = %v, %v", k, n, err)
		}
	}
	if d, ok := s.Description(); !ok || d.Workers != 2 || d.Name != "fake-worker" {
		t.Errorf("Description() = %+v, %v", d, ok)
	}
	if n := s.Restarts(); n != 0 {
		t.Errorf("%d restarts", n)
	}
}

// paired checks what a job says of the cases: the domain has three, whose errors are the model's and 0, 1 and 2 more.
func paired(t *testing.T, s *Supervisor) {
	t.Helper()
	f := func(base *Recipe, s1 int64, s2 string) {
		t.Helper()
		j := job(2, "")
		j.Seeds, j.Base = []uint64{0, 0}, base
		out, err := s.Evaluate(within(t), j)
		if err != nil {
			t.Fatal(err)
		}
		if p := out.Paired; p.N != fakeCases || p.S1 != s1 || p.S2.String() != s2 || out.Performance != -1 {
			t.Errorf("Evaluate() beside %v = %+v, want s1 %d, s2 %s", base, out, s1, s2)
		}
	}
	f(nil, 3*99<<20, fmt.Sprint(3*(99<<20)*(99<<20)))
	f(&Recipe{x(2, ""), []uint64{0}}, 0, "0")
	f(&Recipe{x(1, ""), []uint64{0}}, -3<<20, fmt.Sprint(int64(3)<<40))
	bad := job(2, "")
	bad.Base = &Recipe{x(3, ""), []uint64{0}}
	if _, err := s.Evaluate(within(t), bad); !errors.Is(err, ErrDataHash) {
		t.Errorf("Evaluate() beside a base for other data: %v", err)
	}
	bad.Base = &Recipe{x(2, "diverge"), []uint64{0}}
	if out, err := s.Evaluate(within(t), bad); !errors.Is(err, ErrRefused) {
		t.Errorf("Evaluate() beside a base that diverges = %+v, %v, want ErrRefused", out, err)
	}
	lost := job(2, "diverge")
	lost.Synthetic = &SyntheticJob{Seed: 5}
	out, err := s.Evaluate(within(t), lost)
	if err != nil || !out.Diverged || !math.IsNaN(out.Performance) || out.Digest == "" || out.Paired.N != 0 || out.SyntheticDataHash != "" {
		t.Errorf("Evaluate() of what diverges = %+v, %v", out, err)
	}
}

func TestErrorsOfJobs(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	f := func(want error, j Job) {
		t.Helper()
		if _, err := s.Evaluate(within(t), j); !errors.Is(err, want) {
			t.Errorf("Evaluate(%s) = %v, want %v", canon.Canonical(j.Parameters), err, want)
		}
	}
	f(ErrDataHash, job(3, ""))
	f(ErrRefused, Job{Domain: "d", Parameters: canon.NewObject("y", 1), Seeds: []uint64{0}})
	f(ErrRefused, Job{Domain: "d", Parameters: x(1, "")}) // no seed
	f(ErrUnknownDomain, Job{Domain: "e", Parameters: x(1, ""), Seeds: []uint64{0}})
	f(ErrInternal, job(1, "panic"))
	f(ErrRefused, Job{Domain: "d", Parameters: canon.NewObject("x", 1.0, "do", strings.Repeat("a", 5<<20)), Seeds: []uint64{0}})
	f(ErrRefused, Job{Domain: strings.Repeat("a", 2<<20), Parameters: x(1, ""), Seeds: []uint64{0}})
	if _, err := s.Infer(within(t), "d", Recipe{x(1, ""), []uint64{0}}, nil); !errors.Is(err, ErrRefused) {
		t.Errorf("Infer() without input: %v", err)
	}
	if _, err := s.Configure(within(t), "e", "none", nil); !errors.Is(err, ErrRefused) {
		t.Errorf("Configure() of an unknown plugin: %v", err)
	}
	if n := s.Restarts(); n != 0 {
		t.Errorf("%d restarts", n)
	}
}

func TestFrameBeyondTheWorkersLimit(t *testing.T) {
	l := quick() // 4 MiB, the worker takes 1
	s := start(t, "good", l)
	configure(t, s)
	j := Job{Domain: "d", Parameters: canon.NewObject("x", 1.0, "do", strings.Repeat("a", 2<<20)), Seeds: []uint64{0}}
	if _, err := s.Evaluate(within(t), j); !errors.Is(err, ErrWorkerDied) {
		t.Errorf("Evaluate() = %v, want ErrWorkerDied", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("the next job: %v", err)
	}
}

func TestKilledWorkerIsReplacedAndItsJobsRunAgain(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			v := float64(i) / 4
			do := ""
			if i < 2 {
				do = "die:" + filepath.Join(dir, fmt.Sprint(i))
			}
			out, err := s.Evaluate(within(t), job(v, do))
			if want := -(v-1)*(v-1) - 7e-6; err != nil || out.Performance != want {
				t.Errorf("Evaluate(%v) = %v, %v, want %v", v, out.Performance, err, want)
			}
		})
	}
	wg.Wait()
	if n := s.Restarts(); n < 1 || n > 4 {
		t.Errorf("%d restarts", n)
	}
}

// The worker of two jobs dies over one of them; what the other then does alone is its first offence, not its second.
func TestDeathInCompanyIsNotHeldAgainstAJob(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	dir := t.TempDir()
	var wg sync.WaitGroup
	for i := range 2 {
		wg.Go(func() {
			do := "die together:" + filepath.Join(dir, fmt.Sprint(i))
			if out, err := s.Evaluate(within(t), job(2, do)); err != nil || out.Performance >= 0 {
				t.Errorf("job %d: %v, %v", i, out.Performance, err)
			}
		})
	}
	wg.Wait()
	if n := s.Restarts(); n != 3 {
		t.Errorf("%d restarts, want one together and one for each job", n)
	}
}

func TestDeadlyJobFailsAlone(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := s.Evaluate(within(t), job(1, "die always")); !errors.Is(err, ErrWorkerDied) {
			t.Errorf("the deadly job: %v, want ErrWorkerDied", err)
		}
	})
	for i := range 4 {
		wg.Go(func() {
			if _, err := s.Evaluate(within(t), job(float64(i)/4, "pause:20")); err != nil {
				t.Errorf("another job: %v", err)
			}
		})
	}
	wg.Wait()
}

func TestHangingJobTimesOut(t *testing.T) {
	l := quick()
	l.Job = 1500 * time.Millisecond
	s := start(t, "good", l)
	configure(t, s)
	begun := time.Now()
	if _, err := s.Evaluate(within(t), job(1, "hang")); !errors.Is(err, ErrTimeout) {
		t.Errorf("Evaluate() = %v, want ErrTimeout", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("the next job: %v", err)
	}
	if d := time.Since(begun); d > 20*time.Second {
		t.Errorf("took %v", d)
	}
	// One that heeds its cancellation does not cost the worker.
	for s.Restarts() == 0 {
		if _, err := s.Telemetry(within(t)); err != nil {
			t.Fatal(err)
		}
	}
	n := s.Restarts()
	if _, err := s.Evaluate(within(t), job(1, "pause:60000")); !errors.Is(err, ErrTimeout) {
		t.Errorf("Evaluate() = %v, want ErrTimeout", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil || s.Restarts() != n {
		t.Errorf("after a cancelled job: %v, %d restarts, want %d", err, s.Restarts(), n)
	}
}

func TestCallersContextEndsACall(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if _, err := s.Evaluate(ctx, job(1, "pause:60000")); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("Evaluate() = %v", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("the next job: %v", err)
	}
}

// pid returns the process id of the worker that is ready.
func pid(t *testing.T, s *Supervisor) int {
	t.Helper()
	sess, err := s.session(within(t))
	if err != nil {
		t.Fatal(err)
	}
	return sess.process.pid
}

// stop stops a child, and returns when it stands still: the signal alone may come after its next answer.
func stop(t *testing.T, pid int) {
	t.Helper()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	var status syscall.WaitStatus
	if _, err := syscall.Wait4(pid, &status, syscall.WUNTRACED, nil); err != nil || !status.Stopped() {
		t.Fatalf("waiting for the stop of %d: %v, %v", pid, status, err)
	}
}

func TestStoppedWorkerIsReplaced(t *testing.T) {
	l := quick()
	l.HeartbeatTimeout = 3 * time.Second
	s := start(t, "good", l)
	configure(t, s)
	stop(t, pid(t, s))
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("Evaluate() = %v", err)
	}
	if n := s.Restarts(); n == 0 {
		t.Error("the stopped worker was not replaced")
	}
}

func TestMemoryHogIsKilled(t *testing.T) {
	l := quick()
	l.MemoryBytes = 256 << 20
	s := start(t, "good", l)
	configure(t, s)
	if _, ok := residentBytes(pid(t, s)); !ok {
		t.Skip("this system does not tell a process's memory")
	}
	if _, err := s.Evaluate(within(t), job(1, "hog")); !errors.Is(err, ErrMemory) {
		t.Errorf("Evaluate() = %v, want ErrMemory", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("the next job: %v", err)
	}
}

func TestBadWorkers(t *testing.T) {
	for _, mode := range []string{"exits", "silent", "deaf", "text", "oversize", "describe=empty", "describe=id", "describe=record",
		"describe=kind", "describe=code", "describe=mute", "evaluate=id", "evaluate=record", "evaluate=body", "evaluate=nan", "evaluate=empty",
		"evaluate=code", "configure=empty", "telemetry=id"} {
		t.Run(mode, func(t *testing.T) {
			t.Parallel()
			l := quick()
			l.Start, l.HeartbeatTimeout, l.Attempts = 2*time.Second, 2*time.Second, 2
			s := start(t, mode, l)
			ctx := within(t)
			_, err := s.Configure(ctx, "d", "fake", nil)
			for err == nil { // a bad heart shows sooner or later
				_, err = s.Evaluate(ctx, job(1, ""))
			}
			if !errors.Is(err, ErrWorkerDied) {
				t.Errorf("error %v, want ErrWorkerDied", err)
			}
		})
	}
}

func TestProgramThatIsNotThere(t *testing.T) {
	s := NewSupervisor(Options{Path: filepath.Join(t.TempDir(), "none")})
	if err := s.Run(t.Context()); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Run() = %v", err)
	}
	if _, err := s.Telemetry(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("Telemetry() = %v, want ErrClosed", err)
	}
}

func TestRunEndsOpenCalls(t *testing.T) {
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s := NewSupervisor(Options{Path: exe, Args: []string{childMode + "good"}, Limits: quick()})
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func() { done <- s.Run(ctx) }()
	configure(t, s)
	evaluated := make(chan error, 1)
	go func() {
		_, err := s.Evaluate(within(t), job(1, "hang"))
		evaluated <- err
	}()
	child := pid(t, s)
	for { // until the job is at the worker
		o, err := s.Telemetry(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if n, _ := o.Int("requests"); n > 1 {
			break
		}
	}
	cancel()
	if err := <-done; err != nil {
		t.Errorf("Run() = %v", err)
	}
	if err := <-evaluated; !errors.Is(err, ErrClosed) {
		t.Errorf("Evaluate() = %v, want ErrClosed", err)
	}
	if err := syscall.Kill(child, 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("the worker is still there: %v", err)
	}
}

// records runs n generations and returns their records; disturb is called
// before each Next.
func records(t *testing.T, s *Supervisor, n int, disturb func(generation int)) [][]byte {
	t.Helper()
	ctx := within(t)
	search, err := s.Optimize(ctx, OptimizeJob{Domain: "d", Seed: 11, Settings: canon.NewObject("do", "pause:5"), Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	defer search.Close()
	var out [][]byte
	for i := range n {
		disturb(i)
		g, err := search.Next(ctx)
		if err != nil {
			t.Fatal(err)
		}
		if g.Number != i || g.Population != 4 || g.Evaluations != int64(4*(i+1)) || g.Best == nil {
			t.Errorf("generation %d: %+v", i, g)
		}
		out = append(out, g.Record)
		if _, err := search.Next(ctx); !errors.Is(err, ErrSearch) {
			t.Errorf("Next() before Continue: %v", err)
		}
		var immigrants []Immigrant
		if i == 2 {
			immigrants = []Immigrant{{Parameters: x(1, ""), Performance: 0.5}}
		}
		if err := search.Continue(ctx, immigrants); err != nil {
			t.Fatal(err)
		}
		if err := search.Continue(ctx, nil); !errors.Is(err, ErrSearch) {
			t.Errorf("Continue() twice: %v", err)
		}
	}
	return out
}

func TestSearchOutlivesItsWorkers(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	want := records(t, s, 6, func(int) {})
	killed := 0
	got := records(t, s, 6, func(i int) {
		if i == 1 || i == 3 || i == 4 {
			if err := syscall.Kill(pid(t, s), syscall.SIGKILL); err == nil {
				killed++
			}
		}
	})
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("generation %d of the disturbed search differs", i)
		}
	}
	if killed == 0 || s.Restarts() == 0 {
		t.Errorf("%d kills, %d restarts", killed, s.Restarts())
	}
}

// ahead runs n generations of which two may be unanswered; the answer to record 2 has an immigrant. From record from on, the
// search is another one that resumes where the first stopped.
func ahead(t *testing.T, s *Supervisor, n, from int, disturb func(int)) [][]byte {
	t.Helper()
	ctx := within(t)
	job := OptimizeJob{Domain: "d", Seed: 11, Settings: canon.NewObject("do", "pause:5")}
	search, err := s.Optimize(ctx, job)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { search.Close() }()
	answer := func(i int) {
		t.Helper()
		var immigrants []Immigrant
		if i == 2 {
			immigrants = []Immigrant{{Parameters: x(1, ""), Performance: 0.5}}
		}
		if err := search.Continue(ctx, immigrants); err != nil {
			t.Fatal(err)
		}
	}
	var out [][]byte
	for i := range n {
		disturb(i)
		g, err := search.Next(ctx)
		if err != nil || g.Number != i || len(g.Rows) != 4 {
			t.Fatalf("generation %d: %+v, %v", i, g, err)
		}
		out = append(out, g.Record)
		switch i % 3 {
		case 0:
			continue // two unanswered
		case 1:
			if _, err := search.Next(ctx); !errors.Is(err, ErrSearch) {
				t.Errorf("Next() with two unanswered: %v", err)
			}
			answer(i - 1)
		}
		answer(i)
		if err := search.Continue(ctx, nil); !errors.Is(err, ErrSearch) {
			t.Errorf("Continue() once more than there are records: %v", err)
		}
		if i == from {
			search.Close()
			if job.Resume, job.Credits = search.State(); len(job.Credits) != 2 {
				t.Errorf("State() has %d credits, want 2", len(job.Credits))
			}
			if search, err = s.Optimize(ctx, job); err != nil {
				t.Fatal(err)
			}
		}
	}
	return out
}

// A search with records unanswered sends the same ones whenever its worker dies or it is opened anew.
func TestSearchAhead(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	want := ahead(t, s, 8, -1, func(int) {})
	for _, from := range []int{-1, 2, 4, 5} {
		killed := 0
		got := ahead(t, s, 8, from, func(i int) {
			if from < 0 && i != 2 || i == 6 {
				if err := syscall.Kill(pid(t, s), syscall.SIGKILL); err == nil {
					killed++
				}
			}
		})
		for i := range want {
			if !bytes.Equal(got[i], want[i]) {
				t.Errorf("from %d: generation %d differs", from, i)
			}
		}
		if killed == 0 {
			t.Error("nothing was killed")
		}
	}
	plain := records(t, s, 8, func(int) {})
	if !bytes.Equal(plain[2], want[2]) || bytes.Equal(plain[3], want[3]) {
		t.Error("the immigrant of record 2 does not join one generation later than in version 1")
	}
}

// A program of version 1 of the protocol runs under a parent of version 2: it waits for the answer to each record.
func TestVersion1(t *testing.T) {
	new, old := start(t, "good", quick()), start(t, "v1", quick())
	configure(t, new)
	configure(t, old)
	want := records(t, new, 6, func(int) {})
	got := records(t, old, 6, func(i int) {
		if i == 3 {
			_ = syscall.Kill(pid(t, old), syscall.SIGKILL)
		}
	})
	for i := range want {
		if !bytes.Equal(got[i], want[i]) {
			t.Errorf("generation %d differs", i)
		}
	}
	if _, err := old.Evaluate(within(t), job(1, "")); err != nil {
		t.Error(err)
	}
	search, err := old.Optimize(within(t), OptimizeJob{Domain: "d", Seed: 11}) // two records ahead are not to be had
	if err != nil {
		t.Fatal(err)
	}
	defer search.Close()
	if _, err := search.Next(within(t)); err != nil {
		t.Fatal(err)
	}
	if _, err := search.Next(within(t)); !errors.Is(err, ErrSearch) {
		t.Errorf("Next() before Continue: %v, want ErrSearch", err)
	}
}

// A device lost in mid-run costs a restart and no result.
func TestLostDevice(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	want, err := s.Evaluate(within(t), job(2, ""))
	if err != nil {
		t.Fatal(err)
	}
	got, err := s.Evaluate(within(t), job(2, "lose:"+filepath.Join(t.TempDir(), "job")))
	if err != nil || got.Performance != want.Performance || got.Digest != want.Digest || s.Restarts() != 1 {
		t.Errorf("Evaluate() = %+v, %v after %d restarts, want %+v after 1", got, err, s.Restarts(), want)
	}

	search, err := s.Optimize(within(t), OptimizeJob{Domain: "d", Seed: 3,
		Settings: canon.NewObject("do", "lose:"+filepath.Join(t.TempDir(), "search"))})
	if err != nil {
		t.Fatal(err)
	}
	defer search.Close()
	g, err := search.Next(within(t))
	if err != nil {
		t.Fatal(err)
	}
	r, err := DecodeRecord(memory.DefaultAllocator, g.Record, 1<<20)
	if err != nil || s.Restarts() != 2 {
		t.Errorf("%v after %d restarts, want 2", err, s.Restarts())
	}
	for _, row := range r.Rows {
		if row.Status == "failed" {
			t.Errorf("the record has a failed training: %+v", row)
		}
	}
}

// A worker whose device is gone for good is replaced by one of the processor; nobody who waits is told.
func TestFallback(t *testing.T) {
	l := quick()
	l.Attempts = 3
	for _, mode := range []string{"exits", "text"} {
		s := start(t, mode, l, childMode+"good")
		configure(t, s)
		if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
			t.Errorf("%s: %v", mode, err)
		}
	}
	// One that starts is not replaced, however often it dies.
	s := start(t, "good", l, childMode+"exits")
	configure(t, s)
	for i := range 4 {
		if _, err := s.Evaluate(within(t), job(1, fmt.Sprint("lose:", filepath.Join(t.TempDir(), fmt.Sprint(i))))); err != nil {
			t.Fatal(err)
		}
	}
	if n := s.Restarts(); n != 4 {
		t.Errorf("%d restarts, want 4", n)
	}
}

// A generation over which two workers died is made by the fallback, however few tries it has; other deaths do not bring it.
func TestKillingGeneration(t *testing.T) {
	for _, attempts := range []int{2, 3, 10} {
		l := quick()
		l.Attempts = attempts
		s := start(t, "good", l, childMode+"sturdy")
		configure(t, s)
		search, err := s.Optimize(within(t), OptimizeJob{Domain: "d", Seed: 3, Settings: canon.NewObject("do", "die if good")})
		if err != nil {
			t.Fatal(err)
		}
		defer search.Close()
		if g, err := search.Next(within(t)); err != nil || g.Number != 0 {
			t.Errorf("%d attempts: Next() = generation %d, %v, want 0", attempts, g.Number, err)
		}
		if n := s.Restarts(); n < maxGenerationDeaths || n > maxGenerationDeaths+1 {
			t.Errorf("%d attempts: %d restarts, want %d or one more", attempts, n, maxGenerationDeaths)
		}
	}
}

// A job that kills two workers is given up, and the reason told; a search beside it keeps its worker.
func TestKillingJob(t *testing.T) {
	s := start(t, "good", quick(), childMode+"sturdy")
	configure(t, s)
	search, err := s.Optimize(within(t), OptimizeJob{Domain: "d", Seed: 3, Settings: canon.NewObject("do", "pause:1000")})
	if err != nil {
		t.Fatal(err)
	}
	defer search.Close()
	var all sync.WaitGroup
	defer all.Wait()
	all.Go(func() { _, _ = search.Next(within(t)) })
	for n := range 2 {
		_, err := s.Evaluate(within(t), job(1, "die if good"))
		if !errors.Is(err, ErrWorkerDied) || !strings.Contains(fmt.Sprint(err), "exit") {
			t.Errorf("job %d: Evaluate() = %v, want ErrWorkerDied with the exit", n, err)
		}
	}
	if n := s.Restarts(); n > 2*maxJobDeaths {
		t.Errorf("%d workers died over 2 jobs, want %d", n, 2*maxJobDeaths)
	}
}

func TestSearchResumes(t *testing.T) {
	s := start(t, "good", quick())
	configure(t, s)
	want := records(t, s, 2, func(int) {})
	ctx := within(t)
	search, err := s.Optimize(ctx, OptimizeJob{Domain: "d", Seed: 11, Settings: canon.NewObject("do", "pause:5"), Resume: want[0], Ahead: 1})
	if err != nil {
		t.Fatal(err)
	}
	g, err := search.Next(ctx)
	if err != nil || !bytes.Equal(g.Record, want[1]) {
		t.Errorf("resumed generation differs: %v", err)
	}
	// Jobs are served while the search waits for its credit, and a second search is not.
	if _, err := s.Evaluate(ctx, job(1, "")); err != nil {
		t.Error(err)
	}
	second, err := s.Optimize(ctx, OptimizeJob{Domain: "d"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := second.Next(ctx); !errors.Is(err, ErrBusy) {
		t.Errorf("a second search: %v, want ErrBusy", err)
	}
	search.Close()
	if _, err := search.Next(ctx); !errors.Is(err, ErrSearch) {
		t.Errorf("Next() after Close: %v", err)
	}
	if _, err := s.Optimize(ctx, OptimizeJob{Domain: "d", Resume: []byte("no record")}); !errors.Is(err, ErrRefused) {
		t.Errorf("Optimize() with a bad record: %v", err)
	}
	if n := s.Restarts(); n != 0 {
		t.Errorf("%d restarts", n)
	}
}

func TestHangingGenerationEndsTheSearch(t *testing.T) {
	l := quick()
	l.Generation = 300 * time.Millisecond
	s := start(t, "good", l)
	configure(t, s)
	search, err := s.Optimize(within(t), OptimizeJob{Domain: "d", Settings: canon.NewObject("do", "hang")})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := search.Next(within(t)); !errors.Is(err, ErrTimeout) {
		t.Errorf("Next() = %v, want ErrTimeout", err)
	}
	if _, err := s.Evaluate(within(t), job(1, "")); err != nil {
		t.Errorf("the next job: %v", err)
	}
}
