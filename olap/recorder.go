package olap

import (
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"sync/atomic"

	"doin.network/node/olap/spool"
)

// Errors of Recorder.
var (
	// ErrClosed is returned by Record and Flush after Close.
	ErrClosed = spool.ErrClosed
	// ErrSpoolFull is wrapped by Record's error when the spool has reached its bound because a sink does not keep up. The
	// rows were not taken; they are counted as dropped.
	ErrSpoolFull = spool.ErrFull
	// ErrPending is wrapped by Run's error when the flush deadline passed with rows undelivered.
	// They stay in the spool for the next start.
	ErrPending = errors.New("olap: rows not delivered yet")
)

// Recorder takes rows and delivers each to every sink.
//
// When Record returns nil its rows are in the spool file: they survive the death of the process
// at any moment. Run then syncs the file, before any sink sees the rows, so they survive a power
// failure from a few milliseconds later on; Record itself never waits for the disk or a sink.
type Recorder struct {
	cfg   Config
	log   *slog.Logger
	spool *spool.Queue
	feeds []*feed

	accepted, dropped atomic.Uint64
	full              atomic.Bool // the last Record hit the bound
	running           atomic.Bool

	mu       sync.Mutex    // guards the fields below and those the feeds say it does
	progress chan struct{} // closed and replaced when a sink advances
	closed   bool

	posMu  sync.Mutex // guards the file of positions and the fields below; never waits for a sink
	pos    spool.Positions
	posErr error // of the last save
}

// Open opens the spool in cfg.Dir, cuts a torn end, and returns a recorder for the sinks. Rows
// that a sink has not had before are delivered once Run runs; a sink the spool has not seen starts
// with the oldest row still there. The recorder owns the sinks from here on, also when Open fails.
func Open(cfg Config, sinks ...Sink) (_ *Recorder, err error) {
	defer func() {
		if err != nil {
			err = errors.Join(append([]error{err}, closeAll(sinks)...)...)
		}
	}()
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("olap: %w", err)
	}
	r := &Recorder{cfg: cfg, log: cfg.Log, progress: make(chan struct{})}
	if r.log == nil {
		r.log = slog.New(slog.DiscardHandler)
	}
	pos, damaged, err := spool.LoadPositions(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("olap: open spool: %w", err)
	}
	if damaged != nil {
		r.log.Warn("recording positions are damaged, sinks get every row again", "err", damaged)
	}
	var floor uint64
	for _, sink := range sinks {
		for _, f := range r.feeds {
			if f.sink.Name() == sink.Name() {
				return nil, fmt.Errorf("olap: two sinks are named %q", sink.Name())
			}
		}
		f := &feed{sink: sink, wake: make(chan struct{}, 1), done: pos.Readers[sink.Name()]}
		f.cursor = spool.Behind(f.done)
		r.feeds = append(r.feeds, f)
	}
	for _, seq := range pos.Readers {
		floor = max(floor, seq)
	}
	if r.spool, err = spool.Open(cfg.Dir, cfg.MaxBytes, floor, r.count); err != nil {
		return nil, fmt.Errorf("olap: open spool %s: %w", cfg.Dir, err)
	}
	if pos.Queue != r.spool.ID() { // the positions are of a spool that is gone
		for _, f := range r.feeds {
			f.done, f.cursor = 0, spool.Cursor{}
			f.pending.Store(int64(r.accepted.Load()))
		}
	}
	r.accepted.Store(0)
	r.pos = spool.Positions{Queue: r.spool.ID(), Readers: map[string]uint64{}}
	for _, f := range r.feeds {
		r.pos.Readers[f.sink.Name()] = f.done
	}
	if bad, torn := r.spool.Damage(); bad > 0 || torn > 0 {
		r.log.Warn("recording spool was damaged", "dir", cfg.Dir, "records_lost", bad, "bytes_cut", torn)
	}
	return r, nil
}

// count notes, while the spool is opened, a record it holds.
func (r *Recorder) count(seq uint64) {
	r.accepted.Add(1)
	for _, f := range r.feeds {
		if seq > f.done {
			f.pending.Add(1)
		}
	}
}

// Record takes rows for all sinks, all or none. It is safe for concurrent use and never waits for
// a sink. The errors are ErrInvalidRow, ErrSpoolFull, ErrClosed, or that of the file system (a
// full disk); rows refused by any but ErrInvalidRow are counted as dropped, and the caller may
// try them again. The rows are encoded before it returns; the caller may change them afterwards.
func (r *Recorder) Record(rows ...Row) error {
	if len(rows) == 0 {
		return nil
	}
	payloads := make([][]byte, len(rows))
	for i := range rows {
		var err error
		if payloads[i], err = rows[i].encode(); err != nil {
			return err
		}
	}
	if len(r.feeds) == 0 { // nobody to keep them for
		r.accepted.Add(uint64(len(rows)))
		return nil
	}
	// Counted before a feed can see them, so that pending is never negative.
	n := len(rows)
	r.addPending(n)
	if err := r.spool.Append(payloads); err != nil {
		r.addPending(-n)
		r.dropped.Add(uint64(n))
		if !r.full.Swap(true) {
			r.log.Error("recording refused rows", "rows", n, "err", err)
		}
		return err
	}
	if r.full.Swap(false) {
		r.log.Info("recording takes rows again", "dropped", r.dropped.Load())
	}
	r.accepted.Add(uint64(n))
	for _, f := range r.feeds {
		f.signal()
	}
	return nil
}

func (r *Recorder) addPending(n int) {
	for _, f := range r.feeds {
		f.pending.Add(int64(n))
	}
}

// Close syncs and closes the spool and closes the sinks, those that an abandoned delivery is still
// in excepted. Call it after Run has returned; rows not delivered stay for the next start.
func (r *Recorder) Close() error {
	r.mu.Lock()
	if r.closed {
		r.mu.Unlock()
		return nil
	}
	r.closed = true
	close(r.progress)
	r.progress = make(chan struct{})
	var idle []Sink
	for _, f := range r.feeds {
		if !f.busy {
			idle = append(idle, f.sink)
		}
	}
	r.mu.Unlock()
	return errors.Join(append([]error{r.spool.Close()}, closeAll(idle)...)...)
}

func closeAll(sinks []Sink) []error {
	var errs []error
	for _, s := range sinks {
		if err := s.Close(); err != nil {
			errs = append(errs, fmt.Errorf("close sink %s: %w", s.Name(), err))
		}
	}
	return errs
}
