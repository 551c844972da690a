//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
)

// The tests of the profile "reference" put nodes among peers that are Python programs: testdata/python_peer.py, written from
// the specification, which stands in because no node of the reference is at hand. What it says of hashes, ids and numbers is
// Python's own arithmetic.

const (
	pythonID = "00aa11bb22cc33dd44ee55ff66aa77bb88cc99dd"
	lateID   = "11bb22cc33dd44ee55ff66aa77bb88cc99dd00ee"
)

// TestPythonPeer holds the scripted peer itself against the vectors of the reference.
func TestPythonPeer(t *testing.T) {
	t.Parallel()
	exe, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3 on this machine: ", err)
	}
	out, err := exec.CommandContext(t.Context(), exe, filepath.Join(root, "cmd", "doin-node", "e2e", "testdata", "python_peer.py"), "--check",
		filepath.Join(root, "internal", "golden", "vectors")).CombinedOutput()
	if err != nil || !strings.Contains(string(out), "vectors hold") {
		t.Errorf("%v: %s", err, out)
	}
	t.Logf("%s", out)
	var held int64
	if _, err := fmt.Sscanf(string(out), "%d vectors hold", &held); err != nil {
		t.Fatal(err)
	}
	figures(t, "The scripted peer itself", canon.NewObject("vectors_of_the_reference_that_hold", held))
}

// versions is a map as Python nodes compare it.
var versions = canon.NewObject("agent-multi", "?", "doin-core", "a90bca2", "doin-node", "5bd6d39", "doin-plugins", "451802a", "gym-fx", "?",
	"trading-contracts", "?")

// python starts a scripted peer of the reference's HEAD. It stops with the test.
func python(t *testing.T, name, id string, port int, bootstrap []string, args ...string) *host {
	t.Helper()
	return script(t, "python_peer.py", name, id, port, bootstrap, append([]string{"--versions", string(canon.Default(versions))}, args...)...)
}

// script is python of a script.
func script(t *testing.T, file, name, id string, port int, bootstrap []string, args ...string) *host {
	t.Helper()
	exe, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("SKIPPED: no python3 on this machine, so the profile \"reference\" was NOT tried against Python: ", err)
	}
	h := &host{t: t, name: name, dir: t.TempDir(), port: port}
	line := append([]string{exe, filepath.Join(root, "cmd", "doin-node", "e2e", "testdata", file), "--port", fmt.Sprint(port), "--id", id, "--bootstrap", strings.Join(bootstrap, ","),
		"--target", "[40.0, -35.0, 30.0]"}, args...)
	h.process = launch(t, name, h.dir, line)
	h.ready()
	return h
}

// pythonSettings are those of a node among Python nodes; further members are the domain's.
func pythonSettings(members ...any) *canon.Object {
	d := canon.NewObject("domain_id", "quadratic", "optimize", false, "evaluate", true, "optimization_plugin", "simple_quadratic",
		"inference_plugin", "simple_quadratic", "has_synthetic_data", false, "synthetic_data_validation", false,
		"optimization_config", canon.NewObject("n_params", 3, "step_size", 4, "target", []any{40, -35, 30}))
	for k, v := range canon.NewObject(members...).All() {
		d.Set(k, v)
	}
	return settings(d).Set("security", "reference").Set("initial_threshold", 1).Set("target_block_time", 20).
		Set("component_versions", versions).Set("quorum_tolerance", 0.05).Set("optimizer_loop_interval", 0.2)
}

// state asks a scripted peer.
func (h *host) state() *canon.Object { h.t.Helper(); return h.mustGet("/_state") }

// proposes makes a scripted peer announce a result; claim nil is an honest one.
func (h *host) proposes(claim any, x ...float64) string {
	h.t.Helper()
	o := canon.NewObject("x", x)
	if claim != nil {
		o.Set("claim", claim)
	}
	a, err := h.must(http.MethodPost, "/_propose", canon.Default(o)).object()
	if err != nil {
		h.t.Fatal(err)
	}
	id, err := a.String("optimae_id")
	if err != nil {
		h.t.Fatal(err)
	}
	return id
}

// best is the best of the domain by /status.
func (h *host) best() (float64, error) {
	o, err := h.get("/status")
	if err != nil {
		return 0, err
	}
	if o, err = o.Object("domains"); err == nil {
		o, err = o.Object("quadratic")
	}
	if err != nil {
		return 0, err
	}
	return o.Float("best_performance")
}

// oneChain waits until all have one tip at a height of at least low, and returns the chain.
func oneChain(t *testing.T, low int64, hosts ...*host) []*chain.Block {
	t.Helper()
	eventually(t, "one chain", func() error {
		var first string
		for i, h := range hosts {
			height, tip, err := h.tip()
			switch {
			case err != nil:
				return err
			case height < low:
				return fmt.Errorf("%s is at %d", h.name, height)
			case i > 0 && tip != first:
				return fmt.Errorf("%s has tip %.12s at %d, %s another", h.name, tip, height, hosts[0].name)
			}
			first = tip
		}
		return nil
	})
	blocks, err := hosts[0].blocks()
	if err != nil {
		t.Fatal(err)
	}
	return blocks
}

// made counts the blocks of each generator.
func made(blocks []*chain.Block) map[string]int {
	out := map[string]int{}
	for _, b := range blocks[1:] {
		out[b.Header.GeneratorID]++
	}
	return out
}

// TestPythonNetwork lets two nodes live with a Python peer under HEAD's auto-accept: each takes the others' results and blocks,
// and late comers of either kind sync the chain of the other.
func TestPythonNetwork(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s := pythonSettings()
	a := newPynode(t, "optimizer", pythonSettings("optimize", true, "target_performance", -300), "bootstrap_peers", []any{address})
	b := newPynode(t, "evaluator", s, "bootstrap_peers", []any{address})
	p := python(t, "python", pythonID, port, []string{a.endpoint(), b.endpoint()})
	a.run()
	b.run()

	// What the node says of itself.
	status := a.mustGet("/chain/status")
	if v, err := status.Object("component_versions"); err != nil || !canon.Equal(v, versions) {
		t.Errorf("component_versions of /chain/status: %s, %v", canon.Default(v), err)
	}
	if w, err := a.mustGet("/status").String("warning"); err != nil || !strings.Contains(w, "not") {
		t.Errorf("warning in /status: %q, %v", w, err)
	}
	mentions(t, a.out.String(), "nothing on this network is authenticated")

	// The node's results reach the Python peer and become blocks.
	eventually(t, "the node's target is reached everywhere", func() error {
		for _, h := range []*host{a, b} {
			if v, err := h.best(); err != nil || v < -300 {
				return fmt.Errorf("%s: best %v, %v", h.name, v, err)
			}
		}
		if v, err := p.state().Float("best"); err != nil || v < -300 {
			return fmt.Errorf("python: best %v, %v", v, err)
		}
		return nil
	})
	blocks := oneChain(t, 1, a, b, p)
	t.Logf("%d blocks when the target was reached, by generator %v", len(blocks)-1, made(blocks))

	// The Python peer's results become ours, and so do its blocks. Results near the target weigh little, so there are a few.
	for i := range 12 {
		d := 3 / float64(i+1)
		p.proposes(nil, 40+d, -35, 30)
		eventually(t, "the python peer's result is adopted", func() error {
			for _, h := range []*host{a, b} {
				if v, err := h.best(); err != nil || v < -d*d-1e-9 {
					return fmt.Errorf("%s: best %v, want %v, %v", h.name, v, -d*d, err)
				}
			}
			return nil
		})
		if made(oneChain(t, 1, a, b, p))[pythonID] > 0 && i >= 4 {
			break
		}
	}
	blocks = oneChain(t, 2, a, b, p)
	by := made(blocks)
	if by[pythonID] == 0 || by[a.key.PeerID()]+by[b.key.PeerID()] == 0 {
		t.Errorf("blocks by generator: %v, want some of either kind", by)
	}

	// A lie is believed by the Python peer, and by nobody else.
	truth, _ := a.best()
	p.proposes(-0.0001, 90, 90, 90)
	eventually(t, "the lie is refused", func() error {
		for _, h := range []*host{a, b} {
			o, err := h.get("/status")
			if err != nil {
				return err
			}
			d, err := member(t, o, "progress").Object("quadratic")
			if err != nil {
				return err
			}
			if n, err := d.Int("rejected"); err != nil || n == 0 {
				return fmt.Errorf("%s has rejected %d, %v", h.name, n, err)
			}
		}
		return nil
	})
	var deceived, badIDs int64
	for _, h := range []*host{a, b} {
		if v, err := h.best(); err != nil || v != truth {
			deceived++
			t.Errorf("%s: best %v after a lie, %v; want %v", h.name, v, err, truth)
		}
	}

	// Either side syncs the other's chain: a node that knows only the Python peer, a Python peer that knows only the node.
	blocks = oneChain(t, 2, a, b, p)
	late := newPynode(t, "late", s, "bootstrap_peers", []any{address}, "discovery_enabled", false)
	late.run()
	latePython := python(t, "late python", lateID, freePort(t), []string{b.endpoint()})
	level := []*host{a, b, p, late, latePython}
	oneChain(t, int64(len(blocks)-1), level...)

	// The Python peers have found nothing wrong.
	for _, h := range []*host{p, latePython} {
		st := h.state()
		n, err := st.Int("bad_ids")
		badIDs += n
		if err != nil || n != 0 {
			t.Errorf("%s: %d transactions whose ids are not those of their content, %v", h.name, n, err)
		}
		if list, err := st.List("alerts"); err != nil || len(list) != 0 {
			t.Errorf("%s: alerts %v, %v", h.name, list, err)
		}
		mentions(t, h.out.String(), "ready")
		if text := h.out.String(); strings.Contains(text, "handler") || strings.Contains(text, "refused") || strings.Contains(text, "Traceback") {
			t.Errorf("%s complains (it was sent something twice, malformed or wrong):\n%s", h.name, tail(text, 20))
		}
	}
	got := member(t, p.state(), "received")
	for _, kind := range []string{chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgBlockAnnouncement, chain.MsgPeerDiscovery, chain.MsgChampionRequest} {
		if n, err := got.Int(kind); err != nil || n == 0 {
			t.Errorf("the python peer received %d messages %s, %v", n, kind, err)
		}
	}
	checkChainRows(t, late, blocks)
	imported := checkImport(t, p, blocks)

	// Stopped and started, a node has its chain and the champion that it can measure.
	height, tip, err := b.tip()
	if err != nil {
		t.Fatal(err)
	}
	b.stop(os.Interrupt)
	b.run()
	eventually(t, "the restarted node knows the champion", func() error {
		if v, err := b.best(); err != nil || v != truth {
			return fmt.Errorf("best %v, %v; want %v", v, err, truth)
		}
		h, at, err := b.tip()
		if err != nil || h < height || h == height && at != tip {
			return fmt.Errorf("tip %.12s at %d, %v; was %.12s at %d", at, h, err, tip, height)
		}
		return nil
	})
	figures(t, "Auto-accept: two nodes and a Python peer", chainFigures(blocks).
		Set("nodes_that_adopted_a_false_claim", deceived).Set("transactions_with_a_wrong_id_by_python_s_reckoning", badIDs).
		Set("nodes_and_peers_on_one_tip_with_the_late_comers", int64(len(level))).Set("blocks_imported_from_the_python_peer_s_chain_json", imported))
	for _, h := range []*host{a, b, late} {
		if strings.Contains(h.out.String(), "served a bad chain") || strings.Contains(h.out.String(), "panic") || strings.Contains(h.out.String(), "level=ERROR") {
			t.Errorf("%s: %s", h.name, tail(h.out.String(), 20))
		}
	}
}

// checkChainRows demands a row for each full record of the chain.
func checkChainRows(t *testing.T, h *host, blocks []*chain.Block) {
	t.Helper()
	want := map[string]bool{}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if id, err := tx.Payload.String("optimae_id"); err == nil && tx.Type == chain.TxOptimaeAccepted {
				want[id] = true
			}
		}
	}
	eventually(t, "rows of the chain", func() error {
		o, err := h.get("/stats/chain-metrics")
		if err != nil {
			return err
		}
		rows := objects(t, o, "metrics")
		var missing []string
		for id := range want {
			if !slices.ContainsFunc(rows, func(r *canon.Object) bool {
				name, err := r.String("optimae_id")
				v, err2 := r.Float("verified_performance")
				p, err3 := r.Object("parameters")
				return errors.Join(err, err2, err3) == nil && name == id && v <= 0 && p.Has("x")
			}) {
				missing = append(missing, id)
			}
		}
		if len(missing) > 0 {
			return fmt.Errorf("no full row for %v among %d", missing, len(rows))
		}
		return nil
	})
}

// checkImport imports the Python peer's chain.json and explores it with a node that knows nobody.
// It returns how many blocks were imported.
func checkImport(t *testing.T, p *host, blocks []*chain.Block) (imported int64) {
	t.Helper()
	a := p.must(http.MethodGet, "/_chain.json", nil)
	h := newPynode(t, "explorer", pythonSettings("evaluate", false), "discovery_enabled", false)
	file := filepath.Join(t.TempDir(), "chain.json")
	write(t, file, a.body)
	for i, want := range []int{len(blocks) - 1, 0} { // again, and nothing is new
		out, err := exec.CommandContext(t.Context(), pynodeExe, "chain", "import", file, "--data-dir", h.dir).Output()
		if err != nil {
			t.Fatalf("chain import: %v", err)
		}
		o, err := canon.ParseObject(out)
		if err != nil {
			t.Fatalf("%s: %v", out, err)
		}
		n, err1 := o.Int("blocks")
		imported += n
		rows, err2 := o.Int("chain_optimae")
		if err := errors.Join(err1, err2); err != nil || n < int64(want) || want == 0 && n != 0 || rows == 0 {
			t.Errorf("import %d: %s, %v; want %d blocks", i, out, err, want)
		}
	}
	h.run()
	if height, _, err := h.tip(); err != nil || height < int64(len(blocks)-1) {
		t.Errorf("the explorer is at %d, %v", height, err)
	}
	checkChainRows(t, h, blocks)
	h.stop(os.Interrupt)

	broken := strings.Replace(string(a.body), `"reward_fraction": 1.0`, `"reward_fraction": 2.0`, 1)
	write(t, file, []byte(broken))
	mentions(t, fails(t, pynodeExe, t.TempDir(), "chain", "import", file), "transaction id")
	return imported
}

// TestPythonQuorum has results verified by a quorum of a node and a Python peer. HEAD's own nodes never make a block
// this way; ours do.
func TestPythonQuorum(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	a := newPynode(t, "optimizer", pythonSettings("optimize", true, "synthetic_data_validation", true, "target_performance", -600),
		"bootstrap_peers", []any{address})
	b := newPynode(t, "evaluator", pythonSettings("synthetic_data_validation", true), "bootstrap_peers", []any{address, a.endpoint()})
	p := python(t, "python", pythonID, port, []string{a.endpoint(), b.endpoint()}, "--validate")
	b.run()
	eventually(t, "the evaluator knows the python peer", func() error {
		if n, err := b.mustGet("/status").Int("peers"); err != nil || n == 0 {
			return fmt.Errorf("%d peers, %v", n, err)
		}
		return nil
	})
	a.run()
	oneChain(t, 2, a, b, p)
	eventually(t, "the optimizer's target is reached", func() error {
		if v, err := a.best(); err != nil || v < -600 {
			return fmt.Errorf("best %v, %v", v, err)
		}
		return nil
	})
	// Now the Python peer's turn: its quorum is the two nodes.
	id := p.proposes(nil, 42, -35, 30)
	var blocks []*chain.Block
	eventually(t, "the python peer's result stands on everybody's chain", func() error {
		blocks = oneChain(t, 2, a, b, p)
		for _, block := range blocks {
			for _, tx := range block.Transactions {
				if name, err := tx.Payload.String("optimae_id"); err == nil && name == id && tx.Type == chain.TxOptimaeAccepted {
					return nil
				}
			}
		}
		return fmt.Errorf("not among %d blocks", len(blocks)-1)
	})
	for _, h := range []*host{a, b} {
		if v, err := h.best(); err != nil || v != -4 {
			t.Errorf("%s: best %v, %v; want the python peer's -4", h.name, v, err)
		}
	}
	accepted := 0
	for _, block := range blocks {
		for _, tx := range block.Transactions {
			if tx.Type == chain.TxOptimaeAccepted && tx.Payload.Has("parameters") {
				f, err := tx.Payload.Float("quorum_agree_fraction")
				reason, err2 := tx.Payload.String("incentive_reason")
				if err := errors.Join(err, err2); err != nil || f != 1 || reason != "full reward: verified matches reported" {
					t.Errorf("acceptance with agreement %v, reason %q, %v", f, reason, err)
				}
				accepted++
			}
		}
	}
	got := member(t, p.state(), "received")
	for _, kind := range []string{chain.MsgTaskCreated, chain.MsgTaskClaimed, chain.MsgTaskCompleted} {
		if n, err := got.Int(kind); err != nil || n == 0 {
			t.Errorf("the python peer received %d messages %s, %v", n, kind, err)
		}
	}
	if n, err := p.state().Int("bad_ids"); err != nil || n != 0 {
		t.Errorf("%d bad ids, %v", n, err)
	}
	t.Logf("%d blocks, %d results accepted by quorums of both kinds of nodes, blocks by generator %v", len(blocks)-1, accepted, made(blocks))
	figures(t, "Quorum of a node and a Python peer", chainFigures(blocks).Set("results_accepted_by_quorum", int64(accepted)))
}

// TestPythonExamples starts either program with each example file of the reference, as it is.
func TestPythonExamples(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "cmd", "doin-node", "config", "testdata", "reference", "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no example: %v", err)
	}
	starts := int64(0)
	for _, file := range files {
		cfg, _, err := config.Load(file)
		if err != nil {
			t.Fatal(err)
		}
		for exe, profile := range map[string]string{nodeExe: "strict", pynodeExe: "reference"} {
			h := &host{t: t, name: filepath.Base(file), dir: t.TempDir(), port: freePort(t)}
			write(t, h.file(h.name), read(t, file)) // what it names lies beside it
			h.process = launch(t, h.name, h.dir, []string{exe, "--config", h.name, "--port", fmt.Sprint(h.port), "--data-dir", h.dir})
			if profile == "strict" && len(cfg.Network.Bootstrap) > 0 { // their network is not there to be taken
				eventually(t, "the peers are asked for their network", func() error {
					if !strings.Contains(h.out.String(), "asking the bootstrap peers for their network") {
						return errors.New("not asked")
					}
					return nil
				})
				h.stop(os.Interrupt)
				continue
			}
			starts++
			h.ready()
			if v, err := h.mustGet("/status").String("security_profile"); err != nil || v != profile {
				t.Errorf("%s: profile %q, %v", h.name, v, err)
			}
			h.stop(os.Interrupt)
		}
	}
	figures(t, "Example configurations of the reference", canon.NewObject("files", int64(len(files)), "profiles", int64(2),
		"starts_without_a_change", starts))
	// A program that is told to be the other one names it.
	mentions(t, fails(t, nodeExe, t.TempDir(), "--config", files[0], "--security", "reference"), "doin-pynode")
	mentions(t, fails(t, pynodeExe, t.TempDir(), "--config", files[0], "--security", "strict"), "doin-node's;")
}

// TestPythonFamilies starts doin-pynode with what the reference's examples have beside those files: each starts with a warning of
// what is skipped, and none ends for it.
func TestPythonFamilies(t *testing.T) {
	t.Parallel()
	f := func(name, text string, says ...string) {
		t.Helper()
		h := &host{t: t, name: name, dir: t.TempDir(), port: freePort(t)}
		write(t, h.file("node.json"), []byte(text))
		h.process = launch(t, name, h.dir, []string{pynodeExe, "--config", "node.json", "--port", fmt.Sprint(h.port), "--data-dir", "."})
		h.ready()
		eventually(t, name+" says what it skips", func() error {
			for _, word := range says {
				if !strings.Contains(h.out.String(), word) {
					return fmt.Errorf("%q is not said", word)
				}
			}
			return nil
		})
		if out := h.out.String(); strings.Contains(out, "level=ERROR") || strings.Contains(out, "ended") {
			t.Errorf("%s:\n%s", name, tail(out, 10))
		}
		h.stop(os.Interrupt)
	}
	f("a relay", `{"host": "127.0.0.1", "bootstrap_peers": ["<DELTA_IP>:8470"], "domains": [{"domain_id": "a", "evaluate": true}]}`,
		"is a template", "does not evaluate")
	f("every acceptance", `{"host": "127.0.0.1", "initial_threshold": -1e9, "domains": [{"domain_id": "q", "optimize": true, "evaluate": true,
		"optimization_plugin": "simple_quadratic", "inference_plugin": "simple_quadratic", "synthetic_data_validation": false,
		"optimization_config": {"n_params": 2, "target": [1, 2], "population_size": 20, "cxpb": 0.5, "verbose": true}}], "notes": "text"}`,
		"unknown key", "does not look at it", "domain ready", "round")
	f("somebody's plugin", `{"host": "127.0.0.1", "domains": [{"domain_id": "t", "optimize": true, "evaluate": true,
		"optimization_plugin": "agent_multi", "inference_plugin": "agent_multi", "optimization_config": {"steps": [1, 2]}}]}`,
		"cannot be computed here and is skipped")
}
