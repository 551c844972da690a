package stack

import (
	"context"
	"errors"
	"log/slog"
	"os"

	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/olap"
	"doin.network/node/olap/export"
	"doin.network/node/olap/open"
	"doin.network/node/olap/thin"
)

// Queries is what the API asks of a sink that keeps rows.
type Queries interface {
	Experiments(ctx context.Context) ([]*canon.Object, error)
	Summaries(ctx context.Context, domain string) ([]*canon.Object, error)
	Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error)
	Claims(ctx context.Context, experiment string, limit int) ([]*canon.Object, error)
	ChainMetrics(ctx context.Context, domain string) ([]*canon.Object, error)
	Export(ctx context.Context, dir string) (path string, cleanup func(), err error)
}

// Records are the rows that a node writes and what it reads of them.
type Records struct {
	Recorder *olap.Recorder
	Tracker  *olap.Tracker
	DB       Queries
	Files    *export.Shelf // tables as files, for the API

	log      *slog.Logger
	trimmers []olap.Trimmer
	thinner  *thin.Thinner
}

// OpenRecorder opens the sinks that a node with this configuration has, and the queue before them. The second result is the
// one of them that answers queries; the recorder closes it.
func OpenRecorder(ctx context.Context, cfg *config.Config, spool string, log *slog.Logger) (*olap.Recorder, Queries, error) {
	r, db, _, err := openRecorder(ctx, cfg, spool, log)
	return r, db, err
}

// openRecorder is OpenRecorder with those of the sinks that can be held to a bound.
func openRecorder(ctx context.Context, cfg *config.Config, spool string, log *slog.Logger) (*olap.Recorder, Queries, []olap.Trimmer, error) {
	targets := []open.Target{{Sink: "csv", Path: cfg.StatsPath()}, {Sink: "sqlite", Path: cfg.OLAPPath()}}
	if dsn := cfg.Record.PostgresDSN; dsn != "" {
		targets = append(targets, open.Target{Sink: "postgres", Path: dsn})
	}
	sinks, err := open.Sinks(ctx, log, targets...)
	if err != nil {
		return nil, nil, nil, err
	}
	var trimmers []olap.Trimmer
	for _, s := range sinks {
		if t, ok := s.(olap.Trimmer); ok {
			trimmers = append(trimmers, t)
		}
	}
	db, ok := open.Find[Queries](sinks)
	if !ok {
		panic("stack: no sink answers queries") // sqlite does
	}
	rc := olap.DefaultConfig(spool)
	rc.Log = log
	r, err := olap.Open(rc, sinks...)
	return r, db, trimmers, err
}

// openDatabase opens the sink that answers queries alone.
func openDatabase(ctx context.Context, path string, log *slog.Logger) (olap.Sink, Queries, error) {
	sinks, err := open.Sinks(ctx, log, open.Target{Sink: "sqlite", Path: path})
	if err != nil {
		return nil, nil, err
	}
	db, _ := open.Find[Queries](sinks)
	return sinks[0], db, nil
}

// CheckDatabase reads the records of a node that does not run through, and returns what is wrong with them.
func CheckDatabase(ctx context.Context, path string) error {
	sink, _, err := openDatabase(ctx, path, nil)
	if err != nil {
		return err
	}
	return sink.Close()
}

func (b *Base) openRecords(ctx context.Context, network string) (*Records, error) {
	r := &Records{log: b.Log, thinner: thin.New(b.Config.Record.FullRounds, b.Now)}
	try := func() (err error) {
		r.Recorder, r.DB, r.trimmers, err = openRecorder(ctx, b.Config, b.Path("spool"), b.Log.With("component", "olap"))
		return err
	}
	err := try()
	if errors.Is(err, open.ErrDamaged) {
		path := b.Config.OLAPPath()
		if err := b.SetAside(err, path, path+"-wal", path+"-shm"); err != nil {
			return nil, err
		}
		err = try()
	}
	if err != nil {
		return nil, err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	r.Files = export.NewShelf(b.Config.OLAPPath(), b.Path("export"), b.Now)
	r.Tracker = olap.NewTracker(olap.Node{ID: b.Key.PeerID(), Hostname: host, Version: Version, NetworkID: network}, nil)
	r.Record(r.Tracker.Begin(olap.RunSetup{Name: b.Config.Record.RunName, Tags: b.Config.Record.RunTags, Note: b.Config.Record.RunNote,
		Seed: b.Config.Seed, Configuration: published(b.Config.Raw)}, b.Now())...)
	return r, nil
}

// secrets are the configuration's members that are not for the tables.
var secrets = []string{"inference_token", "olap_postgres_dsn"}

// published is a configuration as dim_configuration has it.
func published(raw *canon.Object) *canon.Object {
	if raw == nil {
		return canon.NewObject()
	}
	out := raw.Clone()
	for _, key := range secrets {
		out.Delete(key)
	}
	return out
}

// Record hands rows to the recorder, but for rounds that say nothing new. A row that it cannot take is logged and counted there;
// nobody ever waits.
func (r *Records) Record(rows ...olap.Row) {
	rows = r.thinner.Keep(rows)
	if len(rows) == 0 {
		return
	}
	if err := r.Recorder.Record(rows...); err != nil {
		r.log.Error("rows not recorded", "rows", len(rows), "err", err)
	}
}
