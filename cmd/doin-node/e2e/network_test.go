//go:build unix

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/node"
	"doin.network/node/internal/canon"
)

// quadratic is a domain that costs nothing. The target lies far outside the starting points, so that a search is better
// than the naive guess soon and goes on improving for long.
func quadratic() *canon.Object {
	return canon.NewObject("domain_id", "quadratic", "optimize", true, "evaluate", true, "optimization_plugin", "quadratic",
		"has_synthetic_data", true, "optimization_config", canon.NewObject("n_params", 3, "step_size", 2, "target", []any{40, -35, 30}))
}

// forecast is a small search on the real series.
func forecast() *canon.Object {
	return canon.NewObject("domain_id", "co2", "optimize", true, "evaluate", true, "optimization_plugin", "forecast",
		"has_synthetic_data", true, "metric_type", "mae", "optimization_config", canon.NewObject(
			"data", filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv"),
			"time_column", "month", "value_column", "co2_ppm", "max_parameters", 300, "max_steps", 8, "eval_every", 4,
			"param_bounds", canon.NewObject("width_1", []any{4, 16}),
			"ga", canon.NewObject("population", 4, "elites", 1)))
}

// settings are a node's configuration without what is its own. The search pauses between rounds, because an author
// may commit to no more than 20 results in a minute.
func settings(domains ...*canon.Object) *canon.Object {
	list := make([]any, len(domains))
	for i, d := range domains {
		list[i] = d
	}
	return canon.NewObject("host", "127.0.0.1", "data_dir", ".", "identity_file", "identity.json", "worker_path", workerExe,
		"target_block_time", 2, "initial_threshold", 0.05, "quorum_min_evaluators", 2, "eval_poll_interval", 0.05,
		"optimizer_loop_interval", 0.4, "reveal_delay", 0.2, "discovery_interval", 0.5, "olap_full_rounds", 1_000_000_000, "domains", list) // every round is looked at
}

// newHost makes the directory, key and configuration of one node; further members replace those of settings.
func newHost(t *testing.T, name string, s *canon.Object, members ...any) *host {
	t.Helper()
	h := &host{t: t, name: name, dir: filepath.Join(t.TempDir(), name), port: freePort(t)}
	if err := os.MkdirAll(h.dir, 0o755); err != nil {
		t.Fatal(err)
	}
	var err error
	if h.key, err = identity.LoadOrCreate(h.file("identity.json")); err != nil {
		t.Fatal(err)
	}
	h.configure(s, members...)
	return h
}

// newPynode is newHost for a node among Python nodes.
func newPynode(t *testing.T, name string, s *canon.Object, members ...any) *host {
	t.Helper()
	h := newHost(t, name, s, members...)
	h.exe = pynodeExe
	return h
}

// configure writes the node's configuration.
func (h *host) configure(s *canon.Object, members ...any) {
	h.t.Helper()
	o := s.Clone().Set("node_label", h.name).Set("port", h.port)
	for k, v := range canon.NewObject(members...).All() {
		o.Set(k, v)
	}
	write(h.t, h.file("node.json"), canon.AppendIndent(nil, o))
}

// newNetwork makes n nodes of one network that know each other through the first; outsiders are evaluators that do
// not run. Nothing is started.
func newNetwork(t *testing.T, n int, s *canon.Object, outsiders ...*identity.Key) []*host {
	t.Helper()
	hosts := make([]*host, n)
	for i := range hosts {
		hosts[i] = newHost(t, fmt.Sprintf("node-%d", i), s)
	}
	join(t, hosts, s, outsiders...)
	return hosts
}

// join makes hosts a network, as newNetwork does.
func join(t *testing.T, hosts []*host, s *canon.Object, outsiders ...*identity.Key) {
	t.Helper()
	n := len(hosts)
	var evaluators []chain.Evaluator
	for _, h := range hosts {
		evaluators = append(evaluators, chain.Evaluator{PeerID: h.key.PeerID(), PublicKey: h.key.PublicKey()})
	}
	for _, k := range outsiders {
		evaluators = append(evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	cfg, _, err := config.Load(hosts[0].file("node.json"))
	if err != nil {
		t.Fatal(err)
	}
	g := node.Genesis(cfg, evaluators, time.Now())
	if err := g.Validate(); err != nil {
		t.Fatal(err)
	}
	genesis := filepath.Join(t.TempDir(), "genesis.json")
	write(t, genesis, canon.AppendIndent(nil, g.Object()))
	for i, h := range hosts {
		bootstrap := []any{hosts[0].endpoint()}
		if i == 0 {
			bootstrap = []any{hosts[n-1].endpoint()} // so that the first finds its way back too
		}
		if n == 1 {
			bootstrap = []any{}
		}
		h.configure(s, "genesis_file", genesis, "bootstrap_peers", bootstrap)
	}
}

func write(t *testing.T, path string, data []byte) {
	t.Helper()
	if err := os.WriteFile(path, data, 0o644); err != nil {
		t.Fatal(err)
	}
}

// Ports of nodes under test: below those that Linux gives to connections that are made, one of which could else have the port between
// its choice and its use, and each once in a run.
const (
	firstPort = 12000
	manyPorts = 19000
)

var portsTaken atomic.Int64

// freePort returns a port that nobody listens on, and that no other test gets.
func freePort(t *testing.T) int {
	t.Helper()
	for range manyPorts {
		port := firstPort + int((portBase+portsTaken.Add(1))%manyPorts)
		if listens(port) && listens(port+config.P2PPortOffset) {
			return port
		}
	}
	t.Fatal("no free port")
	return 0
}

// listens reports whether a port can be listened on.
func listens(port int) bool {
	l, err := net.Listen("tcp", fmt.Sprintf(":%d", port))
	if err == nil {
		l.Close()
	}
	return err == nil
}

// portBase keeps runs apart that are made at a time.
var portBase = rand.Int64N(manyPorts)
