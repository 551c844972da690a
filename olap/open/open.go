// Package open opens sinks by name, so that whoever records says names and paths, and no types.
//
// What a sink can do besides taking rows, queries above all, its user asks for with an interface of its own:
//
//	sinks, err := open.Sinks(ctx, log, open.Target{Sink: "csv", Path: "stats.csv"}, open.Target{Sink: "sqlite", Path: "olap.db"})
//	…
//	queries, ok := open.Find[interface {
//		Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error)
//	}](sinks)
//	recorder, err := olap.Open(olap.DefaultConfig("spool"), sinks...)
package open

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"

	"doin.network/node/olap"
	"doin.network/node/olap/csv"
	"doin.network/node/olap/postgres"
	"doin.network/node/olap/sqlite"
)

// ErrUnknown is wrapped by the error of Sinks for a name that no sink has.
var ErrUnknown = errors.New("open: no sink has this name")

// ErrDamaged is wrapped by the error of Sinks for a file that cannot be read any more.
var ErrDamaged = sqlite.ErrCorrupt

// Target says which sink writes where.
type Target struct {
	Sink string // one of Names
	Path string // of its file, which is created with its folder, or the connection string of a database
}

// sinks are the sinks by name, in the order of Names.
var sinks = []struct {
	name string
	open func(ctx context.Context, path string, log *slog.Logger) (olap.Sink, error)
}{
	{"csv", func(_ context.Context, path string, log *slog.Logger) (olap.Sink, error) {
		return opened(csv.Open(path, csv.Options{Log: log}))
	}},
	{"sqlite", func(ctx context.Context, path string, _ *slog.Logger) (olap.Sink, error) {
		return opened(sqlite.Open(ctx, path))
	}},
	{"postgres", func(_ context.Context, dsn string, _ *slog.Logger) (olap.Sink, error) {
		return opened(postgres.Open(dsn))
	}},
}

// opened keeps a nil pointer from becoming a sink that is not nil.
func opened[S olap.Sink](s S, err error) (olap.Sink, error) {
	if err != nil {
		return nil, err
	}
	return s, nil
}

// Names returns the names that a Target may have.
func Names() (names []string) {
	for _, s := range sinks {
		names = append(names, s.name)
	}
	return names
}

// Sinks opens the targets, all or none, in their order. The sinks are the caller's, to close or to hand to olap.Open. log
// hears of repairs; nil is none. The errors name the file; they wrap ErrUnknown, or what the sink's package says.
func Sinks(ctx context.Context, log *slog.Logger, targets ...Target) (_ []olap.Sink, err error) {
	var all []olap.Sink
	defer func() {
		if err != nil {
			for _, s := range all {
				err = errors.Join(err, s.Close())
			}
		}
	}()
	for _, t := range targets {
		s, err := openOne(ctx, log, t)
		if err != nil {
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}

func openOne(ctx context.Context, log *slog.Logger, t Target) (olap.Sink, error) {
	for _, s := range sinks {
		if s.name == t.Sink {
			return s.open(ctx, t.Path, log)
		}
	}
	return nil, fmt.Errorf("%w: %q for %s; there are %s", ErrUnknown, t.Sink, t.Path, strings.Join(Names(), ", "))
}

// Find returns the first of the sinks that is a T.
func Find[T any](sinks []olap.Sink) (found T, ok bool) {
	for _, s := range sinks {
		if found, ok = s.(T); ok {
			return found, true
		}
	}
	return found, false
}
