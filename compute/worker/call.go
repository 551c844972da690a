package worker

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// call is a request as the parent sees it.
type call struct {
	id     uint64
	verb   Verb
	frames chan Frame // records and the final frame; room for all that may be under way
	// records is how many the worker may send before the next credit; guarded by session.mu.
	records int
	// overrun kills the session if an abandoned call does not end.
	overrun   *time.Timer
	abandoned bool
}

// open registers and sends a request, to which so many records may come before a credit. Its id is set here.
func (s *session) open(ctx context.Context, f Frame, records int) (*call, error) {
	s.mu.Lock()
	s.next++
	c := &call{id: s.next, verb: f.Verb, frames: make(chan Frame, maxAhead+1), records: records}
	s.calls[c.id] = c
	s.mu.Unlock()
	f.ID, f.Kind = c.id, KindRequest
	if err := s.send(ctx, f); err != nil {
		s.forget(c)
		return nil, err
	}
	return c, nil
}

// openWithin is open with a bound on its time: a worker that does not read makes
// the writer wait.
func (s *session) openWithin(ctx context.Context, f Frame, limit time.Duration) (*call, error) {
	if limit <= 0 {
		return s.open(ctx, f, 0)
	}
	bounded, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	c, err := s.open(bounded, f, 0)
	if err != nil && bounded.Err() != nil && ctx.Err() == nil {
		err = fmt.Errorf("%w of %v: the worker does not read", ErrTimeout, limit)
	}
	return c, err
}

// send gives a frame to the writer; one that is too large is refused here.
func (s *session) send(ctx context.Context, f Frame) error {
	if int64(len(f.Body)) > s.limits.FrameBytes {
		return fmt.Errorf("%w: %w: body of %d bytes", ErrRefused, ErrFrameTooLarge, len(f.Body))
	}
	f.V = int(s.version.Load())
	b, err := AppendFrame(nil, &f)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrRefused, err)
	}
	select {
	case s.out <- b:
		return nil
	case <-s.dead:
		return s.death
	case <-ctx.Done():
		return ctx.Err()
	}
}

// credit sends the answer to a record of a call, which lets its worker send one more.
func (s *session) credit(ctx context.Context, c *call, f Frame) error {
	s.mu.Lock()
	c.records++
	s.mu.Unlock()
	err := s.send(ctx, f)
	if err != nil {
		s.mu.Lock()
		c.records--
		s.mu.Unlock()
	}
	return err
}

// forget drops a call that was never sent.
func (s *session) forget(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.calls, c.id)
}

// wait returns the call's next frame, within limit if that is positive. When ctx or
// the limit ends it, the call is still open.
func (s *session) wait(ctx context.Context, c *call, limit time.Duration) (Frame, error) {
	var expired <-chan time.Time
	if limit > 0 {
		timer := time.NewTimer(limit)
		defer timer.Stop()
		expired = timer.C
	}
	select {
	case f := <-c.frames:
		return f, nil
	default:
	}
	select {
	case f := <-c.frames:
		return f, nil
	case <-s.dead:
		return Frame{}, s.death
	case <-expired:
		return Frame{}, fmt.Errorf("%w of %v", ErrTimeout, limit)
	case <-ctx.Done():
		return Frame{}, ctx.Err()
	}
}

// abandon cancels a call nobody waits for any more, without waiting: if the
// worker does not end it within Grace, the worker is killed.
func (s *session) abandon(c *call) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.death != nil || s.calls[c.id] == nil || c.abandoned {
		return
	}
	c.abandoned = true
	c.overrun = time.AfterFunc(s.limits.Grace, func() {
		s.fail(c.id, fmt.Errorf("%w: request %d did not end when cancelled", ErrWorkerDied, c.id))
	})
	// A cancel is a few bytes: it cannot be too large.
	s.cancels, _ = AppendFrame(s.cancels, &Frame{ID: c.id, Kind: KindCancel})
	select {
	case s.urgent <- struct{}{}:
	default: // the writer knows already
	}
}

// roundTrip sends a request that has one answer and returns it, an error frame
// as an error.
func (s *session) roundTrip(ctx context.Context, f Frame, limit time.Duration) (Frame, error) {
	begun := time.Now()
	c, err := s.openWithin(ctx, f, limit)
	if err != nil {
		return Frame{}, err
	}
	if limit > 0 {
		limit = max(limit-time.Since(begun), 1)
	}
	reply, err := s.wait(ctx, c, limit)
	if err != nil {
		s.abandon(c)
		return Frame{}, s.blamed(c, err)
	}
	if reply.Kind == KindError {
		err := FrameError(&reply)
		if errors.Is(err, errNonsense) {
			err = s.nonsense(c.id, err)
		}
		return Frame{}, err
	}
	return reply, nil
}

// nonsense ends the session because its answer to request id cannot be used.
func (s *session) nonsense(id uint64, err error) error {
	if !errors.Is(err, errNonsense) {
		err = fmt.Errorf("%w: %w", errNonsense, err)
	}
	s.fail(id, fmt.Errorf("%w: %w", ErrWorkerDied, err))
	return s.death
}

// blamed marks a session's death as this call's doing if it was.
func (s *session) blamed(c *call, err error) error {
	var death *deathError
	if errors.As(err, &death) && death.blame != 0 && death.blame != c.id {
		return &innocentError{death}
	}
	return err
}

// innocentError is a death that another request caused.
type innocentError struct{ death *deathError }

func (e *innocentError) Error() string { return e.death.Error() }
func (e *innocentError) Unwrap() error { return e.death }
