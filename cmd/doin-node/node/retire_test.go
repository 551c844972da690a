package node

import (
	"bytes"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/internal/canon"
)

// base returns what a node in a directory has before its chain, and what it logs.
func base(dir string) (*stack.Base, *bytes.Buffer) {
	var out bytes.Buffer
	cfg := config.DefaultConfig()
	cfg.DataDir = dir
	return &stack.Base{Config: &cfg, Log: slog.New(slog.NewTextHandler(&out, nil)), Now: time.Now}, &out
}

// TestRetire starts on chains of this format, of the one before, and of none.
func TestRetire(t *testing.T) {
	f := func(what string, moved bool, prepare func(dir string)) {
		t.Helper()
		b, out := base(t.TempDir())
		for _, name := range []string{"identity.json", "genesis.json", "anchors.log", "olap.db"} {
			if err := os.WriteFile(b.Path(name), []byte(name), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		prepare(b.Config.StorePath())
		st, err := openStore(b)
		if err != nil {
			t.Fatalf("%s: %v", what, err)
		}
		height, _ := st.Tip()
		st.Close()
		exists := func(name string) bool { _, err := os.Stat(b.Path(name)); return err == nil }
		for _, name := range []string{"genesis.json", "anchors.log"} {
			if exists(name) == moved || exists(filepath.Join("chain.old-1", name)) != moved {
				t.Errorf("%s: %s is in the wrong place", what, name)
			}
		}
		if !exists("identity.json") || !exists("olap.db") {
			t.Errorf("%s: key or records are gone", what)
		}
		if n := strings.Count(out.String(), "WARN"); n != 0 && !moved || n != 1 && moved || moved && height >= 0 {
			t.Errorf("%s: %d warnings, height %d:\n%s", what, n, height, out)
		}
	}
	l := newNetwork(t, "")
	l.extend(2)
	f("no chain", false, func(string) {})
	f("this format", false, func(dir string) { l.must(l.openStore(dir).Close()) })
	old := func(change func(*store.Store) error) func(string) {
		return func(dir string) {
			st := l.openStore(dir)
			l.must(errors.Join(change(st), st.Close()))
		}
	}
	f("another format", true, old(func(st *store.Store) error { return st.PutMeta(metaFormat, []byte("1 77")) }))
	f("no format", true, func(dir string) {
		st, err := store.Open(dir, store.Options{ReserveBytes: -1})
		l.must(err)
		l.must(errors.Join(st.Append(t.Context(), store.Entry{Block: chain.GenesisBlock()}), st.Close()))
	})
}

// A genesis file of another pair is refused in one sentence.
func TestGenesisOfAnotherFormat(t *testing.T) {
	l := newNetwork(t, "")
	g := *l.genesis
	g.Format = chain.Format + 1
	path := filepath.Join(t.TempDir(), "genesis.json")
	l.must(os.WriteFile(path, canon.Canonical(g.Object()), 0o600))
	cfg := testConfig(t, oneDomain)
	cfg.GenesisFile = path
	_, err := genesis(cfg, l.first, "", time.Now(), alone)
	var other *chain.FormatError
	if !errors.As(err, &other) || strings.Contains(err.Error(), "\n") {
		t.Errorf("genesis = %v, want a FormatError in one sentence", err)
	}
}
