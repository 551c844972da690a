package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"doin.network/node/compute/worker/table"
)

// deathError says why a session ended.
type deathError struct {
	reason error
	// blame is the request that was its cause, 0 if that cannot be told.
	blame uint64
	// jobs is how many jobs were open.
	jobs int
}

func (e *deathError) Error() string { return e.reason.Error() }
func (e *deathError) Unwrap() error { return e.reason }

// session is one life of a worker process.
type session struct {
	limits  Limits
	log     *slog.Logger
	process *process
	out     chan []byte   // encoded frames for the writer
	urgent  chan struct{} // tells the writer of cancels
	// dead is closed by fail; death says why from then on.
	dead  chan struct{}
	death *deathError

	work sync.WaitGroup // the session's goroutines

	version atomic.Int32 // of the protocol, once the worker has described itself; 0 before
	lines   atomic.Bool  // it takes tables as JSON lines

	mu    sync.Mutex // guards what follows
	next  uint64
	calls map[uint64]*call
	// cancels holds encoded cancel frames that the writer has not taken yet.
	cancels []byte
}

// startSession starts the process and its goroutines; the session must be ended.
func startSession(argv []string, l Limits, log *slog.Logger) (*session, error) {
	var env []string
	if l.MemoryBytes > 0 {
		// The Go runtime collects harder before the limit is reached.
		env = append(env, fmt.Sprintf("GOMEMLIMIT=%d", l.MemoryBytes/10*9))
	}
	p, err := startProcess(argv, env, log)
	if err != nil {
		return nil, err
	}
	if l.Nice > 0 {
		if err := lowerPriority(p.pid, l.Nice); err != nil {
			log.Debug("worker keeps its priority", "pid", p.pid, "nice", l.Nice, "err", err)
		}
	}
	s := &session{limits: l, log: log, process: p, out: make(chan []byte), urgent: make(chan struct{}, 1), dead: make(chan struct{}),
		calls: map[uint64]*call{}}
	s.work.Go(s.read)
	s.work.Go(s.write)
	s.work.Go(s.watch)
	return s, nil
}

// form is that of the tables which the worker takes and sends.
func (s *session) form() table.Form {
	if s.lines.Load() {
		return table.JSONLines
	}
	return table.Arrow
}

// fail ends the session for a reason, once, and kills the process.
func (s *session) fail(blame uint64, reason error) {
	s.mu.Lock()
	if s.death != nil {
		s.mu.Unlock()
		return
	}
	s.death = &deathError{reason: reason, blame: blame}
	for _, c := range s.calls {
		if c.overrun != nil {
			c.overrun.Stop()
		}
		if isJob(c.verb) {
			s.death.jobs++
		}
	}
	close(s.dead)
	s.mu.Unlock()
	if !errors.Is(reason, ErrClosed) { // a closed supervisor lets it end by itself
		s.process.kill()
	}
}

// alive reports whether the session has not failed yet.
func (s *session) alive() bool {
	select {
	case <-s.dead:
		return false
	default:
		return true
	}
}

// end waits until nothing of the session is left. Its cause is in death.
func (s *session) end() {
	s.fail(0, ErrClosed)
	grace := s.limits.Grace
	if !errors.Is(s.death, ErrClosed) {
		grace = 0
	}
	exit := s.process.end(grace)
	s.work.Wait()
	s.log.Debug("worker ended", "pid", s.process.pid, "exit", exitText(exit), "reason", s.death.reason)
}

// read hands each frame of the worker to its call.
func (s *session) read() {
	for {
		f, err := ReadFrame(s.process.stdout, s.limits.FrameBytes)
		if err != nil {
			s.fail(0, s.readError(err))
			return
		}
		if blame, err := s.deliver(f); err != nil {
			s.fail(blame, fmt.Errorf("%w: %w", ErrWorkerDied, err))
			return
		}
	}
}

// readError says why the stream of frames ended.
func (s *session) readError(err error) error {
	if errors.Is(err, io.EOF) && !errors.Is(err, ErrFrame) {
		// The exit says more than the end of a pipe; it follows at once, or is killed.
		timer := time.NewTimer(s.limits.Grace)
		defer timer.Stop()
		select {
		case <-s.process.exited:
			return fmt.Errorf("%w: %s", ErrWorkerDied, exitText(s.process.err))
		case <-timer.C:
			return fmt.Errorf("%w: closed its output", ErrWorkerDied)
		}
	}
	return fmt.Errorf("%w: %w: %w", ErrWorkerDied, errNonsense, err)
}

// deliver gives a frame to its call. An error is nonsense of the worker's, over
// the request returned (0: none that is open).
func (s *session) deliver(f Frame) (blame uint64, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.ID == 0 && f.Kind == KindError {
		return 0, fmt.Errorf("%w: it could not read a frame: %w", errNonsense, FrameError(&f))
	}
	c := s.calls[f.ID]
	if c == nil {
		return 0, fmt.Errorf("%w: %.16s for request %d, which is not open", errNonsense, f.Kind, f.ID)
	}
	switch f.Kind {
	case KindReply, KindError:
		delete(s.calls, f.ID)
		if c.overrun != nil {
			c.overrun.Stop()
		}
	case KindRecord:
		if c.records--; c.records < 0 {
			return f.ID, fmt.Errorf("%w: a record before its credit", errNonsense)
		}
	default:
		return f.ID, fmt.Errorf("%w: kind %.32q", errNonsense, f.Kind)
	}
	if c.abandoned {
		return 0, nil
	}
	select {
	case c.frames <- f:
		return 0, nil
	default:
		return f.ID, fmt.Errorf("%w: more frames than are due", errNonsense)
	}
}

// write sends frames; only it writes to the pipe, so a worker that does not read
// blocks nobody else. Cancels go before what was sent after them.
func (s *session) write() {
	for {
		var next []byte
		select {
		case next = <-s.out:
		case <-s.urgent:
		case <-s.dead:
			return
		}
		if _, err := s.process.stdin.Write(append(s.takeCancels(), next...)); err != nil {
			s.fail(0, fmt.Errorf("%w: write: %w", ErrWorkerDied, err))
			return
		}
	}
}

func (s *session) takeCancels() []byte {
	s.mu.Lock()
	defer s.mu.Unlock()
	b := s.cancels
	s.cancels = nil
	return b
}

// memoryPoll is how often the worker's memory is looked at.
const memoryPoll = 100 * time.Millisecond

// watch ends the session when the worker exits, takes too much memory or gives
// no sign of life.
func (s *session) watch() {
	memory := time.NewTicker(memoryPoll)
	defer memory.Stop()
	heart := time.NewTicker(s.limits.Heartbeat)
	defer heart.Stop()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	beat := make(chan error, 1)
	beating := false
	exited := s.process.exited
	var drained <-chan time.Time
	for {
		select {
		case <-s.dead:
			return
		case <-exited:
			// The reader sees the end of the output, unless a child of the worker's
			// keeps it open.
			exited, drained = nil, time.After(s.limits.Grace)
		case <-drained:
			s.fail(0, fmt.Errorf("%w: %s", ErrWorkerDied, exitText(s.process.err)))
		case <-memory.C:
			if s.limits.MemoryBytes <= 0 {
				continue
			}
			if n, ok := residentBytes(s.process.pid); ok && n > s.limits.MemoryBytes {
				s.fail(0, fmt.Errorf("%w: %d bytes resident, limit %d", ErrMemory, n, s.limits.MemoryBytes))
			}
		case <-heart.C:
			if beating {
				continue
			}
			beating = true
			s.work.Go(func() {
				_, err := s.roundTrip(ctx, Frame{Verb: VerbTelemetry}, s.limits.HeartbeatTimeout)
				beat <- err
			})
		case err := <-beat:
			beating = false
			if errors.Is(err, ErrTimeout) {
				s.fail(0, fmt.Errorf("%w: no answer to telemetry for %v", ErrWorkerDied, s.limits.HeartbeatTimeout))
			}
		}
	}
}
