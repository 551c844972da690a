package join

import (
	"bytes"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

const sample = "month,co2\n1958-03,315.71\n1958-04,317.45\n"

// host is a node of a network, as far as a machine that joins asks it.
type host struct {
	key     *identity.Key
	genesis *chain.Genesis
	files   map[string]string
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	id := h.genesis.NetworkID()
	hash, isFile := strings.CutPrefix(r.URL.Path, "/data/")
	switch {
	case r.URL.Path == "/genesis":
		w.Write(canon.Default(h.genesis.Object()))
	case r.URL.Path == "/chain/status":
		w.Write(canon.Default(canon.NewObject("network_id", id)))
	case r.URL.Path == "/peers":
		proof, _ := h.key.Sign(identity.KindChallenge, id, []byte(r.URL.Query().Get("challenge")))
		w.Write(canon.Default(canon.NewObject("self", canon.NewObject("peer_id", h.key.PeerID(), "public_key", h.key.PublicKey(), "proof", proof))))
	case isFile && h.files[hash] != "":
		io.WriteString(w, h.files[hash])
	default:
		w.WriteHeader(http.StatusForbidden)
	}
}

// newHost serves a network of two domains, one that this program has and one of a program of somebody's.
func newHost(t *testing.T, name string) (*host, string) {
	t.Helper()
	key, err := identity.FromSeed("host")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "co2.csv")
	if err := os.WriteFile(path, []byte(sample), 0o644); err != nil {
		t.Fatal(err)
	}
	sum, size, err := terms.Hash(path)
	if err != nil {
		t.Fatal(err)
	}
	d, strange := chain.DefaultDomain("co2"), chain.DefaultDomain("strange\x1b[2J")
	d.Plugin, d.Config = "forecast", canon.NewObject("period", 12)
	d.Files = []chain.File{{Key: "data", Name: "co2.csv", SHA256: sum, Size: size}}
	strange.Plugin, strange.Config = "exec:/bin/sh -c true", canon.NewObject()
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{d, strange},
		Evaluators: []chain.Evaluator{{PeerID: key.PeerID(), PublicKey: key.PublicKey()}}}
	g.Parameters.Name, g.Parameters.StartTime = name, timestamp.FromMicro(1e15)
	h := &host{key: key, genesis: g, files: map[string]string{sum: sample}}
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return h, strings.TrimPrefix(s.URL, "http://")
}

func options(t *testing.T, at, dir string) (Options, *bytes.Buffer) {
	var out bytes.Buffer
	return Options{Host: at, DataDir: dir, Out: &out, Log: slog.New(slog.DiscardHandler), Yes: true, Patience: time.Millisecond}, &out
}

// TestJoin: a machine with nothing becomes one of the network; the same command goes on; another network is refused.
func TestJoin(t *testing.T) {
	h, at := newHost(t, "one")
	dir := filepath.Join(t.TempDir(), "data")
	o, out := options(t, at, dir)
	asked := ""
	o.Yes, o.Confirm = false, func(q string) bool { asked = q; return false }
	if _, _, err := Join(t.Context(), o); !errors.Is(err, ErrRefused) || asked == "" {
		t.Fatalf("Join after a no = %v, asked %q", err, asked)
	}
	o.Confirm = nil
	if _, _, err := Join(t.Context(), o); !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), "--yes") {
		t.Fatalf("Join with nobody to ask = %v", err)
	}
	if _, err := os.Stat(dir); err == nil {
		t.Fatal("something was written before the network was agreed to")
	}
	for _, want := range []string{h.genesis.NetworkID(), h.genesis.Domains[0].Files[0].SHA256, "co2.csv, 40 bytes", leaves, `"strange\x1b[2J"`, "no role here"} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("%q is not shown in\n%s", want, out)
		}
	}
	o.Yes, o.Port = true, 8999
	cfg, warnings, err := Join(t.Context(), o)
	if err != nil || len(warnings) > 0 {
		t.Fatalf("Join = %v, %v", err, warnings)
	}
	if len(cfg.Domains) != 1 || cfg.Domains[0].ID != "co2" || cfg.Network.Port != 8999 || len(cfg.Network.Bootstrap) != 1 || cfg.Network.Bootstrap[0] != at ||
		cfg.NetworkID != h.genesis.NetworkID() || cfg.DataDir != dir {
		t.Errorf("configuration %+v", cfg)
	}
	files := terms.Files(cfg, h.genesis)
	if data, err := os.ReadFile(files[0].Path); err != nil || string(data) != sample {
		t.Errorf("the data file holds %q, %v", data, err)
	}
	key, err := identity.Load(cfg.IdentityPath())
	if err != nil {
		t.Fatal(err)
	}

	// Once more: nobody is asked, and the host may be gone.
	o.Yes, o.Confirm = false, nil
	again, _, err := Join(t.Context(), o)
	if err != nil || again.NetworkID != cfg.NetworkID {
		t.Errorf("a second Join = %v", err)
	}
	if k, err := identity.Load(again.IdentityPath()); err != nil || k.PeerID() != key.PeerID() {
		t.Errorf("the key was replaced: %v", err)
	}
	gone := o
	gone.Host = nobody(t)
	if _, _, err := Join(t.Context(), gone); err != nil {
		t.Errorf("Join of a directory that has joined, without the host = %v", err)
	}

	other, elsewhere := newHost(t, "two")
	o.Host = elsewhere
	_, _, err = Join(t.Context(), o)
	for _, want := range []string{h.genesis.NetworkID(), other.genesis.NetworkID(), "--data-dir"} {
		if !errors.Is(err, ErrRefused) || !strings.Contains(err.Error(), want) {
			t.Errorf("Join of another network = %v, want %s in it", err, want)
		}
	}
}

// nobody is an address that nobody listens at.
func nobody(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// TestJoinRefuses: what a host, a configuration or a disk has wrong is a sentence, and nothing is believed.
func TestJoinRefuses(t *testing.T) {
	f := func(change func(h *host, o *Options), refused bool, want string) {
		t.Helper()
		h, at := newHost(t, "one")
		o, _ := options(t, at, filepath.Join(t.TempDir(), "data"))
		change(h, &o)
		_, _, err := Join(t.Context(), o)
		if err == nil || errors.Is(err, ErrRefused) != refused || !strings.Contains(err.Error(), want) {
			t.Errorf("Join = %v, want a refusal: %v, with %q", err, refused, want)
		}
	}
	own := func(t *testing.T, text string) func(h *host, o *Options) {
		return func(_ *host, o *Options) {
			o.ConfigPath = filepath.Join(t.TempDir(), "own.json")
			if err := os.WriteFile(o.ConfigPath, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	f(func(_ *host, o *Options) { o.Host = "localhost" }, true, "must be host:port")
	f(func(_ *host, o *Options) { o.Host = nobody(t) }, false, "has not answered within")
	f(func(h *host, _ *Options) { h.key, _ = identity.FromSeed("liar"); h.genesis = &chain.Genesis{} }, true, "genesis file")
	f(func(h *host, _ *Options) { clear(h.files) }, true, "403")
	f(func(h *host, _ *Options) {
		for hash := range h.files {
			h.files[hash] = strings.ToUpper(sample)
		}
	}, true, "has SHA-256")
	f(own(t, `{`), true, "own.json")
	f(own(t, `{"domains": [{"domain_id": "co2", "evaluate": true, "optimization_plugin": "forecast", "optimization_config": {"period": 6}}]}`), true, "period is 6 here, 12 there")
	f(func(_ *host, o *Options) {
		data := filepath.Join(t.TempDir(), "mine.csv")
		if err := os.WriteFile(data, []byte("mine"), 0o644); err != nil {
			t.Fatal(err)
		}
		own(t, `{"domains": [{"domain_id": "co2", "evaluate": true, "optimization_plugin": "forecast", "optimization_config": {"data": "`+data+`"}}]}`)(nil, o)
	}, true, "mine.csv")
}

// TestInit makes what is missing, once, and a network can be joined in what it made.
func TestInit(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	for _, want := range []string{", made\n", ", there already\n"} {
		var out bytes.Buffer
		if err := Init(dir, "doin-node", &out); err != nil || strings.Count(out.String(), want) != 2 || !strings.Contains(out.String(), "doin-node join HOST:PORT --data-dir "+dir) {
			t.Errorf("Init = %v: %s", err, &out)
		}
	}
	cfg, warnings, err := config.Load(filepath.Join(dir, ConfigName))
	if err != nil || len(warnings) > 0 || cfg.DataDir != dir {
		t.Fatalf("Load = %+v, %v, %v", cfg, warnings, err)
	}
	_, at := newHost(t, "one")
	o, _ := options(t, at, dir)
	if cfg, _, err = Join(t.Context(), o); err != nil || len(cfg.Domains) != 1 {
		t.Errorf("Join after Init = %v, %+v", err, cfg)
	}
}

// TestAdopt: the first peer that proves a network is believed, a pin is held, and a node does not ask itself.
func TestAdopt(t *testing.T) {
	h, at := newHost(t, "one")
	cfg := config.DefaultConfig()
	cfg.DataDir, cfg.Network.Bootstrap = t.TempDir(), []string{nobody(t), at}
	log := slog.New(slog.DiscardHandler)
	g, err := Adopt(t.Context(), &cfg, 1, log)
	if err != nil || g.NetworkID() != h.genesis.NetworkID() {
		t.Fatalf("Adopt = %v, %v", g, err)
	}
	if kept, err := held(cfg.GenesisPath()); err != nil || kept.NetworkID() != g.NetworkID() {
		t.Errorf("the genesis file kept is %v, %v", kept, err)
	}
	_, port, _ := config.SplitPeer(at)
	cfg.Network.Bootstrap = []string{at}
	if _, err := Adopt(t.Context(), &cfg, port, log); !errors.Is(err, ErrAlone) {
		t.Errorf("Adopt from oneself = %v, want ErrAlone", err)
	}
	if got := Others([]string{"127.0.0.1:7", "192.0.2.1:7", "localhost:8", "bad"}, 7); len(got) != 2 || got[0] != "192.0.2.1:7" {
		t.Errorf("Others = %q", got)
	}
}
