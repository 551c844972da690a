//go:build unix

package doctor

import (
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/system"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// patient is a node's directory that is being examined.
type patient struct {
	t       *testing.T
	dir     string
	members map[string]any
	options Options
	genesis *chain.Genesis
}

// newPatient is a healthy relay: a key, a genesis file, a peer that answers, room on the disk.
func newPatient(t *testing.T) *patient {
	t.Helper()
	p := &patient{t: t, dir: t.TempDir()}
	key, err := identity.LoadOrCreate(p.file("identity.json"))
	if err != nil {
		t.Fatal(err)
	}
	p.genesis = &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("d")},
		Evaluators: []chain.Evaluator{{PeerID: key.PeerID(), PublicKey: key.PublicKey()}}}
	p.genesis.Parameters.StartTime = timestamp.FromMicro(1_700_000_000_000_000)
	p.write("genesis.json", string(canon.Default(p.genesis.Object())))
	p.members = map[string]any{"data_dir": p.dir, "host": "127.0.0.1", "port": 0, "genesis_file": p.file("genesis.json"), "device": "cpu",
		"bootstrap_peers": []any{p.peer(p.genesis.NetworkID(), time.Now())}}
	p.options = Options{ConfigPath: p.file("node.json"),
		DiskOf: func(string) (system.Disk, bool) { return system.Disk{FreeBytes: 10 << 30, SizeBytes: 20 << 30}, true },
		GPUs:   func() (int, bool) { return 0, false }, Clock: func() (bool, bool) { return true, true }}
	return p
}

func (p *patient) file(name string) string { return filepath.Join(p.dir, name) }

func (p *patient) write(name, text string) string {
	p.t.Helper()
	if err := os.MkdirAll(filepath.Dir(p.file(name)), 0o755); err != nil {
		p.t.Fatal(err)
	}
	if err := os.WriteFile(p.file(name), []byte(text), 0o600); err != nil {
		p.t.Fatal(err)
	}
	return p.file(name)
}

// peer is a node that answers GET /peers at some time of its own, and returns its endpoint.
func (p *patient) peer(network string, date time.Time) string {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Date", date.UTC().Format(http.TimeFormat))
		fmt.Fprintf(w, `{"self": {"network_id": %q}, "peers": []}`, network)
	}))
	p.t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

// role gives the node a domain that a program of its own computes.
func (p *patient) role(program string, config map[string]any) {
	p.members["domains"] = []any{map[string]any{"domain_id": "d", "evaluate": true, "optimization_plugin": "exec:" + program, "optimization_config": config}}
}

// examine returns the names of what is wrong or worth a note.
func (p *patient) examine() (names []string, all []Finding) {
	p.t.Helper()
	data, err := json.Marshal(p.members)
	if err != nil {
		p.t.Fatal(err)
	}
	if _, err := os.Stat(p.options.ConfigPath); err != nil {
		p.write("node.json", string(data))
	}
	all = Examine(p.t.Context(), p.options)
	for _, f := range all {
		if f.Level != OK {
			names = append(names, f.Name)
		}
		if f.Level == Wrong && (f.What == "" || f.Why == "" || f.Mend == "") {
			p.t.Errorf("the finding %+v does not say what, why and what to do", f)
		}
	}
	return names, all
}

// TestHealthy: of a node with nothing to mend the doctor says so.
func TestHealthy(t *testing.T) {
	names, all := newPatient(t).examine()
	if want := []string{"chain"}; !slices.Equal(names, want) || Sick(all) { // a note: it is not there yet
		t.Errorf("a healthy node has %q, want %q:\n%s", names, want, Text(all))
	}
}

// TestFaults plants one fault after the other, each in a node that is well otherwise; the doctor names it.
func TestFaults(t *testing.T) {
	f := func(name string, plant func(p *patient)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			plant(p)
			names, all := p.examine()
			if !slices.Contains(names, name) || !Sick(all) {
				t.Errorf("%s is not found among %q:\n%s", name, names, Text(all))
			}
		})
	}
	f("configuration", func(p *patient) { p.members["prot"] = 8470 })
	f("configuration", func(p *patient) { p.write("node.json", "{\n  \"port\": }") })
	f("configuration", func(p *patient) { p.options.ConfigPath = p.file("nowhere/node.json"); p.write("nowhere", "") })
	f("data_dir", func(p *patient) { p.members["data_dir"] = p.write("file", "") + "/data" })
	f("read_only", func(p *patient) {
		p.options.DiskOf = func(string) (system.Disk, bool) { return system.Disk{ReadOnly: true}, true }
	})
	f("disk_space", func(p *patient) {
		p.options.DiskOf = func(string) (system.Disk, bool) { return system.Disk{FreeBytes: 1 << 20}, true }
	})
	f("disk_space", func(p *patient) {
		p.options.DiskOf = func(string) (system.Disk, bool) { return system.Disk{FreeBytes: 500 << 20}, true }
	})
	f("network_disk", func(p *patient) {
		p.options.DiskOf = func(string) (system.Disk, bool) { return system.Disk{FreeBytes: 10 << 30, Network: "NFS"}, true }
	})
	f("port", func(p *patient) {
		ln, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			p.t.Fatal(err)
		}
		p.t.Cleanup(func() { ln.Close() })
		p.members["port"] = ln.Addr().(*net.TCPAddr).Port
	})
	f("key_permissions", func(p *patient) {
		if err := os.Chmod(p.file("identity.json"), 0o644); err != nil {
			p.t.Fatal(err)
		}
	})
	f("key", func(p *patient) { p.write("identity.json", "no key") })
	f("genesis", func(p *patient) { p.write("genesis.json", "{}") })
	f("genesis", func(p *patient) { p.members["genesis_file"] = p.file("none.json") })
	f("genesis", func(p *patient) { delete(p.members, "genesis_file"); os.Remove(p.file("genesis.json")) })
	f("genesis_domain", func(p *patient) {
		p.members["domains"] = []any{map[string]any{"domain_id": "other"}}
	})
	f("chain_network", func(p *patient) {
		st := p.store()
		if err := st.PutMeta(stack.MetaNetwork, []byte(strings.Repeat("ab", 32))); err != nil {
			p.t.Fatal(err)
		}
		if err := st.Close(); err != nil {
			p.t.Fatal(err)
		}
	})
	f("chain_locked", func(p *patient) { st := p.store(); p.t.Cleanup(func() { st.Close() }) })
	f("chain_damaged", func(p *patient) {
		if err := p.store().Close(); err != nil {
			p.t.Fatal(err)
		}
		p.write("chain/badger/MANIFEST", "this is none")
	})
	f("database", func(p *patient) { p.write("olap.db", strings.Repeat("this is no database. ", 1000)) })
	f("gpu", func(p *patient) { p.members["device"] = "cuda:0" })
	f("gpu", func(p *patient) { p.options.GPUs = func() (int, bool) { return 1, false } })
	f("data", func(p *patient) { p.role("/bin/false", map[string]any{"data": p.file("none.csv")}) })
	f("worker_start", func(p *patient) { p.role("/bin/false", map[string]any{}) })
	f("worker_start", func(p *patient) { p.role("/nowhere/program", map[string]any{}) })
	f("worker", func(p *patient) {
		p.members["worker_path"] = "/nowhere/doin-worker"
		p.members["domains"] = []any{map[string]any{"domain_id": "d", "evaluate": true, "optimization_plugin": "forecast"}}
	})
	f("peer_unreachable", func(p *patient) { p.members["bootstrap_peers"] = []any{"127.0.0.1:1"} })
	f("peer_network", func(p *patient) {
		p.members["bootstrap_peers"] = []any{p.peer(strings.Repeat("0", 64), time.Now())}
	})
	f("clock", func(p *patient) {
		p.members["bootstrap_peers"] = []any{p.peer(p.genesis.NetworkID(), time.Now().Add(-time.Hour))}
	})
}

// TestNotes: what is worth knowing makes nobody sick.
func TestNotes(t *testing.T) {
	f := func(name string, plant func(p *patient)) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := newPatient(t)
			plant(p)
			names, all := p.examine()
			if !slices.Contains(names, name) || Sick(all) {
				t.Errorf("%s is not noted among %q:\n%s", name, names, Text(all))
			}
		})
	}
	f("configuration_warning", func(p *patient) { p.members["dashboard_enabled"] = true })
	f("orphan_socket", func(p *patient) {
		ln, err := net.Listen("unix", p.file("control.sock"))
		if err != nil {
			p.t.Fatal(err)
		}
		ln.(*net.UnixListener).SetUnlinkOnClose(false)
		ln.Close()
	})
	f("key", func(p *patient) { os.Remove(p.file("identity.json")) })
	f("gpu_unused", func(p *patient) {
		p.members["device"] = "auto"
		p.options.GPUs = func() (int, bool) { return 2, true }
	})
	f("peers", func(p *patient) { delete(p.members, "bootstrap_peers") })
	f("peers", func(p *patient) {
		p.members["network"] = "p2p"
		p.members["bootstrap_peers"] = []any{"/ip4/127.0.0.1/tcp/1/p2p/12D3KooWDpJ7As7BWAwRMfu1VU2WCqNjvq387JEYKDBj4kx6nXTN"}
	})
	f("clock_unkept", func(p *patient) { p.options.Clock = func() (bool, bool) { return false, true } })
}

// store opens the patient's store, with block 0.
func (p *patient) store() *store.Store {
	p.t.Helper()
	st, err := store.Open(p.file("chain"), store.Options{ReserveBytes: -1})
	if err == nil {
		err = st.Append(p.t.Context(), store.Entry{Block: chain.GenesisBlock(), State: []byte("{}")})
	}
	if err != nil {
		p.t.Fatal(err)
	}
	return st
}
