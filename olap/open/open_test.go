package open

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/olap"
)

// rounds is what this test asks of a sink that keeps rows.
type rounds interface {
	Rounds(ctx context.Context, experiment string, limit int) ([]*canon.Object, error)
}

func TestSinks(t *testing.T) {
	dir := t.TempDir()
	var targets []Target
	for _, name := range Names() {
		if name != "postgres" { // it needs a server: see its own tests
			targets = append(targets, Target{name, filepath.Join(dir, "of", name)})
		}
	}
	sinks, err := Sinks(t.Context(), nil, targets...)
	if err != nil || len(sinks) != len(targets) {
		t.Fatalf("Sinks = %d, %v", len(sinks), err)
	}
	for i, s := range sinks {
		if s.Name() != targets[i].Sink {
			t.Errorf("Name = %q, want %q", s.Name(), targets[i].Sink)
		}
	}
	tracker := olap.NewTracker(olap.Node{ID: "n"}, func() string { return "e" })
	rows, err := tracker.Start(olap.Setup{DomainID: "d"}, time.Unix(1, 0))
	if err != nil {
		t.Fatal(err)
	}
	more, err := tracker.Record("d", olap.Observation{Performance: 1}, time.Unix(2, 0))
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range sinks {
		if err := s.Write(t.Context(), append(rows, more...)); err != nil {
			t.Fatal(err)
		}
	}
	db, ok := Find[rounds](sinks)
	if !ok {
		t.Fatal("no sink answers queries")
	}
	if got, err := db.Rounds(t.Context(), "e", 0); err != nil || len(got) != 1 {
		t.Errorf("Rounds = %d, %v", len(got), err)
	}
	if _, ok := Find[interface{ Rewind() }](sinks); ok {
		t.Error("a sink rewinds")
	}
	for _, s := range sinks {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestSinksRefuses(t *testing.T) {
	dir := t.TempDir()
	db, folder := filepath.Join(dir, "olap.db"), filepath.Join(dir, "folder")
	if err := os.Mkdir(folder, 0o700); err != nil {
		t.Fatal(err)
	}
	f := func(bad Target, want error, text string) {
		t.Helper()
		sinks, err := Sinks(t.Context(), nil, Target{"sqlite", db}, bad)
		if sinks != nil || err == nil || want != nil && !errors.Is(err, want) || !strings.Contains(err.Error(), text) {
			t.Errorf("Sinks(%+v) = %v, %v, want %v with %s", bad, sinks, err, want, text)
		}
		if _, err := os.Stat(db + "-wal"); !errors.Is(err, os.ErrNotExist) {
			t.Errorf("Sinks(%+v) left the first sink open", bad)
		}
	}
	f(Target{"papyrus", "p"}, ErrUnknown, "csv, sqlite")
	f(Target{"csv", folder}, nil, folder)
	f(Target{"sqlite", folder}, nil, folder)
	f(Target{"postgres", "port=many"}, nil, "olap_postgres_dsn")
	if want := []string{"csv", "sqlite", "postgres"}; !slices.Equal(Names(), want) {
		t.Errorf("Names = %q, want %q", Names(), want)
	}
}
