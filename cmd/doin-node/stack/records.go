package stack

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/olap"
	"doin.network/node/olap/csv"
	"doin.network/node/olap/sqlite"
)

// Records are the rows that a node writes and what it reads of them.
type Records struct {
	Recorder *olap.Recorder
	Tracker  *olap.Tracker
	DB       *sqlite.DB

	log *slog.Logger
}

// OpenRecorder opens the sinks that a node with this configuration has, and the queue before them.
func OpenRecorder(ctx context.Context, cfg *config.Config, spool string, log *slog.Logger) (*olap.Recorder, *sqlite.DB, error) {
	sheet, err := csv.Open(cfg.StatsPath(), csv.Options{Log: log})
	if err != nil {
		return nil, nil, err
	}
	db, err := sqlite.Open(ctx, cfg.OLAPPath())
	if err != nil {
		return nil, nil, errors.Join(err, sheet.Close())
	}
	rc := olap.DefaultConfig(spool)
	rc.Log = log
	r, err := olap.Open(rc, sheet, db)
	return r, db, err
}

func (b *Base) openRecords(ctx context.Context, network string) (*Records, error) {
	r := &Records{log: b.Log}
	var err error
	if r.Recorder, r.DB, err = OpenRecorder(ctx, b.Config, b.Path("spool"), b.Log.With("component", "olap")); err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	r.Tracker = olap.NewTracker(olap.Node{ID: b.Key.PeerID(), Hostname: host, Version: Version, NetworkID: network}, nil)
	return r, nil
}

// Record hands rows to the recorder. A row that it cannot take is logged and counted there; nobody ever waits.
func (r *Records) Record(rows ...olap.Row) {
	if len(rows) == 0 {
		return
	}
	if err := r.Recorder.Record(rows...); err != nil {
		r.log.Error("rows not recorded", "rows", len(rows), "err", err)
	}
}
