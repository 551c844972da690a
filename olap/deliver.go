package olap

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"doin.network/node/olap/spool"
)

const batchBytes = 4 << 20 // a batch ends with the row that reaches this

// feed is the delivery to one sink.
type feed struct {
	sink   Sink
	wake   chan struct{} // capacity 1: something was appended
	cursor spool.Cursor  // owned by the delivering goroutine

	pending atomic.Int64 // rows not delivered

	// Guarded by Recorder.mu.
	done      uint64 // number of the last row delivered or given up
	delivered uint64 // since the start
	retries   uint64
	rejected  uint64
	lost      uint64
	lastErr   string
	busy      bool // a Write is in progress
}

func (f *feed) signal() {
	select {
	case f.wake <- struct{}{}:
	default:
	}
}

// deliver feeds one sink until work is done, or until draining is closed and nothing is left.
func (r *Recorder) deliver(work context.Context, draining <-chan struct{}, f *feed) {
	log := r.log.With("sink", f.sink.Name())
	limit, single := r.cfg.BatchRows, uint64(0)
	failures := 0
	for work.Err() == nil {
		rows, next, bad, err := r.batch(f, limit)
		if err == nil && len(rows) == 0 && next == f.cursor {
			select {
			case <-f.wake:
			case <-draining:
				// Nothing can be appended behind this read that its Record has acknowledged
				// before the stop, except what wake already announces.
				select {
				case <-f.wake:
					continue
				default:
					return
				}
			case <-work.Done():
			}
			continue
		}
		if err == nil && len(rows) > 0 {
			err = r.write(work, f, rows)
		}
		switch {
		case err == nil:
			if failures > 0 {
				log.Info("sink works again", "failures", failures)
			}
			failures = 0
			r.advance(f, next, len(rows), bad, nil)
			if f.cursor.Seq() >= single {
				limit = r.cfg.BatchRows
			}
		case work.Err() != nil:
			return
		case errors.Is(err, ErrReject) && len(rows) == 1:
			log.Error("sink rejects a row, it is dropped there", "kind", rows[0].Kind(), "seq", rows[0].Seq, "err", err)
			r.advance(f, next, len(rows), bad, err)
		case errors.Is(err, ErrReject):
			limit, single = 1, rows[len(rows)-1].Seq
		default:
			failures++
			pause := r.backoff(failures)
			if failures == 1 || pause == r.cfg.RetryMax {
				log.Warn("sink does not take rows, trying again", "rows", len(rows), "failures", failures, "in", pause, "err", err)
			}
			r.failed(f, err)
			select {
			case <-draining:
				pause = r.cfg.RetryMin
			default:
			}
			sleep(work, draining, pause, r.cfg.RetryMin)
		}
	}
}

// batch reads the next rows for f, which are durable. bad counts records that cannot be read.
func (r *Recorder) batch(f *feed, limit int) (rows []Row, next spool.Cursor, bad int, err error) {
	if err := r.spool.Sync(); err != nil {
		return nil, f.cursor, 0, err
	}
	recs, next, bad, err := r.spool.Read(f.cursor, limit, batchBytes)
	if err != nil {
		return nil, f.cursor, 0, fmt.Errorf("read spool: %w", err)
	}
	id := r.spool.ID()
	for _, rec := range recs {
		row, err := decodeRow(rec.Payload)
		if err != nil { // its checksum is good: another version wrote it
			r.log.Error("spool holds a row that cannot be read", "seq", rec.Seq, "err", err)
			bad++
			continue
		}
		row.Spool, row.Seq = id, rec.Seq
		rows = append(rows, row)
	}
	return rows, next, bad, nil
}

// write calls the sink and turns a panic of its into an error.
func (r *Recorder) write(ctx context.Context, f *feed, rows []Row) (err error) {
	r.mu.Lock()
	f.busy = true
	r.mu.Unlock()
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("sink %s panicked: %v", f.sink.Name(), p)
		}
		r.mu.Lock()
		f.busy = false
		r.mu.Unlock()
	}()
	return f.sink.Write(ctx, rows)
}

// advance notes that f is past n rows, delivered or (rejected != nil) given up, and past bad lost
// ones, and frees the spool of what all sinks have.
func (r *Recorder) advance(f *feed, next spool.Cursor, n, bad int, rejected error) {
	f.cursor = next
	if bad > 0 {
		r.log.Error("spool records were lost", "sink", f.sink.Name(), "count", bad)
	}
	r.mu.Lock()
	f.done = max(f.done, next.Seq())
	f.pending.Add(-int64(n + bad))
	f.lost += uint64(bad)
	if rejected != nil {
		f.rejected += uint64(n)
		f.lastErr = rejected.Error()
	} else {
		f.delivered += uint64(n)
		f.lastErr = ""
	}
	done, lowest := f.done, f.done
	for _, other := range r.feeds {
		lowest = min(lowest, other.done)
	}
	close(r.progress)
	r.progress = make(chan struct{})
	r.mu.Unlock()
	r.savePosition(f.sink.Name(), done)
	if err := r.spool.Release(lowest); err != nil {
		r.log.Warn("recording spool not compacted", "err", err)
	}
}

// savePosition notes how far a sink is. A failure costs a second delivery after a crash, no more.
func (r *Recorder) savePosition(sink string, done uint64) {
	r.posMu.Lock()
	defer r.posMu.Unlock()
	r.pos.Readers[sink] = done
	err := r.pos.Save(r.cfg.Dir)
	if err != nil && r.posErr == nil {
		r.log.Warn("recording positions not saved", "err", err)
	}
	r.posErr = err
}

func (r *Recorder) failed(f *feed, err error) {
	r.mu.Lock()
	f.retries++
	f.lastErr = err.Error()
	r.mu.Unlock()
}

// backoff is the wait after the given number of failures in a row, from 1.
func (r *Recorder) backoff(failures int) time.Duration {
	d := r.cfg.RetryMin
	for i := 1; i < failures && d < r.cfg.RetryMax; i++ {
		d *= 2
	}
	return min(d, r.cfg.RetryMax)
}

// sleep waits for d, or only for short once draining is closed, or until ctx is done.
func sleep(ctx context.Context, draining <-chan struct{}, d, short time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return
	case <-timer.C:
		return
	case <-draining:
	}
	last := time.NewTimer(min(d, short))
	defer last.Stop()
	select {
	case <-ctx.Done():
	case <-last.C:
	}
}
