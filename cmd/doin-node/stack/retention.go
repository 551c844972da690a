package stack

import (
	"context"
	"log/slog"
	"time"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/olap"
)

// retainEvery is the time between two looks at what the records take on the disk.
const retainEvery = time.Minute

// retention holds the records to their bounds until ctx ends.
func (s *Stack) retention(ctx context.Context) error {
	tick := time.NewTicker(retainEvery)
	defer tick.Stop()
	for {
		trim(ctx, s.trimmers, bounds(s.Config.Record, s.Now()), s.Log.With("component", "olap"))
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// bounds is what the configuration says that records may take.
func bounds(r config.Record, now time.Time) (out olap.Retention) {
	out.MaxBytes = int64(r.MaxMB) << 20
	if r.KeepDays > 0 {
		out.Before = now.Add(-time.Duration(r.KeepDays * 24 * float64(time.Hour)))
	}
	return out
}

// trim holds each sink to the bounds; one that cannot be is left for the next time.
func trim(ctx context.Context, sinks []olap.Trimmer, r olap.Retention, log *slog.Logger) {
	for _, sink := range sinks {
		out, err := sink.Trim(ctx, r)
		switch {
		case ctx.Err() != nil:
			return
		case err != nil:
			log.Warn("records are not held to their bound", "err", err)
		case out.Rows > 0 || out.Files > 0:
			log.Info("the oldest records are deleted", "rows", out.Rows, "files", out.Files)
		}
	}
}

// Thinned returns how many rounds without news were left out of the records.
func (r *Records) Thinned() uint64 { return r.thinner.Left() }
