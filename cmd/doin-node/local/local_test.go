package local

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// fakeMode makes the test binary a node: "serve", "deaf" (ignores SIGTERM) or
// "die" (the second node ends at once).
const fakeMode = "DOIN_LOCAL_FAKE"

func TestMain(m *testing.M) {
	if mode := os.Getenv(fakeMode); mode != "" {
		if err := fakeNode(mode, os.Args[1:]); err != nil {
			fmt.Println(err)
			os.Exit(3)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

// fakeNode answers like a node that has found something, with what its
// configuration says of it.
func fakeNode(mode string, args []string) error {
	flags := map[string]string{}
	for i := 0; i+1 < len(args); i += 2 {
		flags[args[i]] = args[i+1]
	}
	cfg, _, err := config.Load(flags["--config"])
	if err != nil {
		return err
	}
	if mode == "die" && len(cfg.Network.Bootstrap) > 0 {
		fmt.Println("first words")
		return fmt.Errorf("last words of %s", cfg.Label)
	}
	for _, flag := range []string{"--stats-file", "--olap-db"} {
		if err := os.WriteFile(flags[flag], nil, 0o600); err != nil {
			return err
		}
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"peers": %d, "busy": 0.75, "busy_others": 0.25, "domains": {"co2": {"best_performance": -0.3}},
			"progress": {"co2": {"rounds": 4, "evaluations": 48, "open_claims": 2, "announce": {"ratio": 1.25},
			"champion": {"performance": -0.3, "verified": true, "metrics": {"val_mae": 0.3, "test_mae": 0.4}},
			"accepted": 3, "rejected": 1, "search_best": -0.25, "verified_best": -0.3,
			"baselines": {"val_naive_mae": 1.1, "val_seasonal_mae": 1.4}}}}`, len(cfg.Network.Bootstrap))
	})
	mux.HandleFunc("/chain/status", func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprintf(w, `{"chain_height": 3, "tip_hash": "%064d", "tip_index": 2, "finalized_height": 1}`, 7)
	})
	l, err := net.Listen("tcp", net.JoinHostPort(cfg.Network.Host, strconv.Itoa(cfg.Network.Port)))
	if err != nil {
		return err
	}
	term := make(chan os.Signal, 1)
	signal.Notify(term, syscall.SIGTERM)
	go func() { _ = http.Serve(l, mux) }()
	for {
		if <-term; mode != "deaf" {
			return nil
		}
	}
}

// fakeConfig returns the configuration of a network of fake nodes.
func fakeConfig(t *testing.T, mode string, nodes int) (Config, *bytes.Buffer) {
	t.Helper()
	t.Setenv(fakeMode, mode)
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "base.json")
	if err := os.WriteFile(file, []byte(`{"$doc": "x", "node_label": "lab", "seed": 5, "target_block_time": 20,
		"experiment_stats_file": "elsewhere.csv", "solo": true, "max_open_claims": 2, "domains": [{"domain_id": "co2", "optimize": true, "evaluate": true,
		"optimization_plugin": "forecast", "optimization_config": {"data": "x.csv"}}]}`), 0o600); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	return Config{
		Nodes: nodes, ConfigPath: file, For: 1500 * time.Millisecond, JSON: true, Exe: exe,
		Dir: filepath.Join(t.TempDir(), "net"), Genesis: fakeGenesis, Out: &out,
	}, &out
}

func fakeGenesis(cfg *config.Config, evaluators []chain.Evaluator, start time.Time) *chain.Genesis {
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Evaluators: evaluators}
	g.Parameters.StartTime = timestamp.FromMicro(start.UnixMicro())
	for _, d := range cfg.Domains {
		g.Domains = append(g.Domains, chain.DefaultDomain(d.ID))
	}
	return g
}

func TestRun(t *testing.T) {
	o, out := fakeConfig(t, "serve", 3)
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	var got struct {
		Nodes []struct {
			PeerID    string  `json:"peer_id"`
			Height    int     `json:"height"`
			TipHash   string  `json:"tip_hash"`
			Finalized int     `json:"finalized_height"`
			Rounds    int     `json:"rounds"`
			DataDir   string  `json:"data_dir"`
			Busy      float64 `json:"busy"`
			Others    float64 `json:"busy_others"`
			Announce  float64 `json:"announce_ratio"`
			Claims    int     `json:"open_claims"`
		} `json:"nodes"`
		Domains map[string]struct {
			Best     float64 `json:"best_performance"`
			Accepted int     `json:"accepted"`
			Rejected int     `json:"rejected"`
			Champion struct {
				Performance float64 `json:"performance"`
				Verified    bool    `json:"verified"`
				Solo        bool    `json:"solo"`
			} `json:"champion"`
		} `json:"domains"`
	}
	if err := json.Unmarshal(out.Bytes(), &got); err != nil {
		t.Fatalf("output is not one JSON object: %v\n%s", err, out)
	}
	if len(got.Nodes) != 3 {
		t.Fatalf("%d nodes, want 3", len(got.Nodes))
	}
	for i, n := range got.Nodes {
		if n.Busy != 0.75 || n.Others != 0.25 || n.Announce != 1.25 || n.Claims != 2 {
			t.Errorf("node %d: %+v", i, n)
		}
		if n.Height != 2 || n.Finalized != 1 || n.Rounds != 4 || n.TipHash != fmt.Sprintf("%064d", 7) || len(n.PeerID) != 40 {
			t.Errorf("node %d: %+v", i, n)
		}
		for _, name := range []string{"experiment_stats.csv", "olap.db", "identity.json", "log.txt"} {
			if _, err := os.Stat(filepath.Join(n.DataDir, name)); err != nil {
				t.Error(err)
			}
		}
	}
	if d := got.Domains["co2"]; d.Best != -0.3 || d.Accepted != 3 || d.Rejected != 1 || d.Champion.Performance != -0.3 || !d.Champion.Verified || d.Champion.Solo {
		t.Errorf("domain co2: %+v", d)
	}

	// What the nodes were given.
	data, err := os.ReadFile(filepath.Join(o.Dir, "genesis.json"))
	if err != nil {
		t.Fatal(err)
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		t.Fatal(err)
	}
	var ports []int
	for i, e := range g.Evaluators {
		if e.PeerID != got.Nodes[i].PeerID {
			t.Errorf("evaluator %d is %s, node is %s", i, e.PeerID, got.Nodes[i].PeerID)
		}
		cfg, _, err := config.Load(filepath.Join(o.Dir, fmt.Sprintf("node-%d", i), "node.json"))
		if err != nil {
			t.Fatal(err)
		}
		ports = append(ports, cfg.Network.Port)
		var want []string
		if i > 0 {
			want = []string{fmt.Sprintf("127.0.0.1:%d", ports[0])}
		}
		if cfg.Network.Host != "127.0.0.1" || !slices.Equal(cfg.Network.Bootstrap, want) || *cfg.Seed != int64(5+i) ||
			!cfg.Chain.Solo || cfg.Rounds.OpenClaims != 2 || cfg.Label != fmt.Sprintf("lab-%d", i) || cfg.Record.StatsFile != "" || cfg.Chain.TargetBlockTime != 20*time.Second ||
			cfg.GenesisFile != filepath.Join(o.Dir, "genesis.json") {
			t.Errorf("configuration of node %d: %+v", i, cfg)
		}
	}
	slices.Sort(ports)
	if len(slices.Compact(ports)) != 3 {
		t.Errorf("ports %v are not three", ports)
	}

	// The same directory is the same network.
	out.Reset()
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(filepath.Join(o.Dir, "genesis.json"))
	if err != nil || !bytes.Equal(again, data) {
		t.Errorf("the genesis file changed: %v", err)
	}
	o.Nodes = 2
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "network of 3 other nodes") {
		t.Errorf("Run of two nodes in a directory of three = %v", err)
	}
	o.Nodes = 3
	text, err := os.ReadFile(o.ConfigPath)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(o.ConfigPath, bytes.Replace(text, []byte(`"co2"`), []byte(`"other"`), 1), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), "other parameters or domains") {
		t.Errorf("Run of another domain in the directory = %v", err)
	}
}

func TestRunEndsWithContext(t *testing.T) {
	o, out := fakeConfig(t, "serve", 2)
	o.For, o.JSON = 0, false
	ctx, cancel := context.WithTimeout(t.Context(), 1500*time.Millisecond)
	defer cancel()
	start := time.Now()
	if err := Run(ctx, o); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start); d > 6500*time.Millisecond {
		t.Errorf("Run took %v", d)
	}
	text := out.String()
	for _, want := range []string{"starting 2 nodes in " + o.Dir, "node 0: http://127.0.0.1:", "2 of 2 nodes up, height 2, one tip, 8 rounds, busy 100%",
		"validation (test) mae: champion 0.3 (0.4), naive 1.1, seasonal 1.4", "\nstopping\n",
		"co2: mae 0.3 on the validation data, 0.4 on the test (verified); the best model without a search, naive, has 1.1",
		"the network is kept in " + o.Dir, " champions --data-dir " + o.Dir, " forecast --steps 12 --out forecast.csv --data-dir ",
		" export --format onnx --out model.onnx --data-dir "} {
		if !strings.Contains(text, want) {
			t.Errorf("output lacks %q:\n%s", want, text)
		}
	}
}

func TestNodeDies(t *testing.T) {
	o, out := fakeConfig(t, "die", 2)
	o.For = time.Minute
	err := Run(t.Context(), o)
	if err == nil || !strings.Contains(err.Error(), "node 1 ended early: exit status 3") ||
		!strings.Contains(err.Error(), "  first words\n  last words of lab-1") {
		t.Errorf("Run = %v, want the last words of node 1", err)
	}
	if _, err := canon.ParseObject(out.Bytes()); err != nil {
		t.Errorf("no summary: %v", err)
	}
}

func TestDeafNodeIsKilled(t *testing.T) {
	o, _ := fakeConfig(t, "deaf", 2)
	o.For = 1200 * time.Millisecond
	start := time.Now()
	if err := Run(t.Context(), o); err != nil {
		t.Fatal(err)
	}
	if d := time.Since(start) - o.For; d < StopTime/2 || d > 5*time.Second {
		t.Errorf("deaf nodes were stopped after %v, want about %v", d, StopTime)
	}
}

// A run ends by itself when so many trials have been made, or no champion has become better; or every target is reached.
func TestGoal(t *testing.T) {
	one := func(trials int64, best float64, converged bool) []sample {
		return []sample{{answered: true, domains: []domainSample{{id: "a", evaluations: trials, converged: converged, champion: &championSample{performance: best}}}}}
	}
	f := func(g *goal, elapsed time.Duration, last []sample, want string) {
		t.Helper()
		if got := g.reached(elapsed, last); got != want {
			t.Errorf("reached(%v) = %q, want %q", elapsed, got, want)
		}
	}
	g := newGoal(&Config{})
	f(g, time.Hour, one(1000, 1, false), "")
	f(g, time.Hour, one(1000, 1, true), "every target is reached")
	f(g, time.Hour, append(one(1000, 1, true), sample{}), "") // who has not answered
	f(g, time.Hour, []sample{{answered: true}}, "")           // nor without a domain
	g = newGoal(&Config{Trials: 30})
	f(g, 1, append(one(10, 1, false), one(19, 1, false)...), "")
	f(g, 2, append(one(10, 1, false), one(20, 1, false)...), "30 trials have been made")
	g = newGoal(&Config{Plateau: 10})
	f(g, 15, []sample{{}}, "") // there is no champion yet
	f(g, 20, one(1, 1, false), "")
	f(g, 29, one(2, 2, false), "")
	f(g, 38, one(3, 2, false), "")
	f(g, 39, one(3, 2, false), "no better champion for 10ns")
}

func TestNetworkName(t *testing.T) {
	f := func(label, path, want string) {
		t.Helper()
		if got := networkName(&config.Config{Label: label}, path); got != want {
			t.Errorf("networkName(%q, %q) = %q, want %q", label, path, got, want)
		}
	}
	f("co2", "x/node.json", "co2")
	f("", "x/own.json", "own")
	f("", "x/y/node.json", "y")
	f("a/../b", "x.json", "a_.._b")
	f("..", "x.json", "network")
}

func TestFreePorts(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	taken := l.Addr().(*net.TCPAddr).Port
	ports, err := freePorts(taken, 2)
	if err != nil || len(ports) != 2 || ports[0] <= taken || ports[1] <= ports[0] {
		t.Errorf("freePorts from %d, which is taken = %v, %v", taken, ports, err)
	}
	if ports, err := freePorts(maxPort, 2); err == nil {
		t.Errorf("freePorts of two from the last one = %v", ports)
	}
}

func TestBadOptions(t *testing.T) {
	f := func(change func(*Config), want string) {
		t.Helper()
		o, _ := fakeConfig(t, "serve", 1)
		change(&o)
		if err := Run(t.Context(), o); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run = %v, want %q", err, want)
		}
	}
	f(func(o *Config) { o.Nodes = 0 }, "--nodes 0: must be in [1, 64]")
	f(func(o *Config) { o.Nodes = 65 }, "--nodes 65")
	f(func(o *Config) { o.For = -1 }, "--for")
	f(func(o *Config) { o.Trials = -1 }, "--trials")
	f(func(o *Config) { o.Port = 70000 }, "--port 70000: must be in [0, 65535]")
	f(func(o *Config) { o.Exe = "" }, "executable")
	f(func(o *Config) { o.Exe = "/nonexistent/doin-node" }, "start node 0")
	f(func(o *Config) { o.ConfigPath = "none.json" }, "none.json")
	f(func(o *Config) {
		if err := os.WriteFile(o.ConfigPath, []byte(`{"prot": 1}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}, `prot 1: unknown key; the nearest known one is "port"`)
	f(func(o *Config) {
		if err := os.WriteFile(o.ConfigPath, []byte(`{}`), 0o600); err != nil {
			t.Fatal(err)
		}
	}, "domains")
}
