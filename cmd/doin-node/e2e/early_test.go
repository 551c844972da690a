//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// early starts a scripted peer of the reference's first revision.
func early(t *testing.T, name, id string, port int, bootstrap []string, args ...string) *host {
	t.Helper()
	return script(t, "early_peer.py", name, id, port, bootstrap, append([]string{"--validate"}, args...)...)
}

// TestPythonEarly lets a node optimize beside a peer of the reference's first revision: each takes the other's results, both end at
// the target, nothing is sent that the peer does not know, and a peer that comes back under another name is the network's again.
func TestPythonEarly(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s := pythonSettings("optimize", true, "synthetic_data_validation", true, "target_performance", -20)
	s.Delete("component_versions") // that revision has none
	a := newPynode(t, "optimizer", s, "bootstrap_peers", []any{address})
	a.run()
	p := early(t, "early", pythonID, port, []string{a.endpoint()}, "--goal", "-20")
	eventually(t, "the dashboard shows the search", func() error {
		o, err := a.get("/api/candidate")
		if err != nil {
			return err
		}
		if n, err := o.Int("total_eval"); err != nil || n == 0 {
			return fmt.Errorf("candidate %s, %v", canon.Default(o), err)
		}
		if on, err := a.mustGet("/api/training").Bool("active"); err != nil || !on {
			return fmt.Errorf("training is active: %v, %v", on, err)
		}
		if n, err := member(t, member(t, a.mustGet("/status"), "gossip"), "optimae").Int("recent_messages"); err != nil || n == 0 {
			return fmt.Errorf("%d messages of late, %v", n, err)
		}
		return nil
	})
	eventually(t, "both end at the target", func() error {
		st := p.state()
		if done, err := st.Bool("converged"); err != nil || !done {
			rounds, _ := st.Int("rounds")
			return fmt.Errorf("the peer is in round %d, %v", rounds, err)
		}
		d := member(t, member(t, a.mustGet("/status"), "domains"), "quadratic")
		if done, err := d.Bool("converged"); err != nil || !done {
			return fmt.Errorf("the node goes on: %s, %v", canon.Default(d), err)
		}
		return nil
	})
	st := p.state()
	checkPages(t, a)
	// What comes under the name of the peer is adopted by the node, and the other way about.
	id := p.proposes(nil, 40.5, -35, 30)
	eventually(t, "the node adopts the peer's result "+id, func() error {
		if v, err := a.best(); err != nil || v != -0.25 {
			return fmt.Errorf("best %v, %v", v, err)
		}
		return nil
	})
	adopted, err := st.List("adopted")
	if err != nil || !slices.Contains(adopted, any(a.key.PeerID())) {
		t.Errorf("the peer has adopted results of %v, %v, want the node's among them", adopted, err)
	}
	got := member(t, st, "received")
	for _, kind := range []string{chain.MsgOptimaeCommit, chain.MsgOptimaeReveal, chain.MsgTaskCreated, chain.MsgPeerDiscovery} {
		if n, err := got.Int(kind); err != nil || n == 0 {
			t.Errorf("the peer received %d messages %s, %v", n, kind, err)
		}
	}
	unknown := checkEarly(t, p)
	rounds, err1 := st.Int("rounds")
	slowest, err2 := st.Float("slowest")
	if err := errors.Join(err1, err2); err != nil {
		t.Fatal(err)
	}

	// It loses its identity: a restart of that revision has another id at the same place.
	p.kill()
	again := early(t, "early again", lateID, port, []string{a.endpoint()})
	id = again.proposes(nil, 40.1, -35, 30)
	eventually(t, "the node adopts the result "+id+" of the new name", func() error {
		if v, err := a.best(); err != nil || v < -0.011 {
			return fmt.Errorf("best %v, %v", v, err)
		}
		return nil
	})
	eventually(t, "the node's messages reach it again", func() error {
		if n, err := member(t, again.state(), "received").IntOr(chain.MsgTaskCreated, 0); err != nil || n == 0 {
			return fmt.Errorf("%d tasks, %v", n, err)
		}
		return nil
	})
	unknown += checkEarly(t, again)
	if strings.Contains(a.out.String(), "level=ERROR") || strings.Contains(a.out.String(), "panic") {
		t.Errorf("the node complains:\n%s", tail(a.out.String(), 20))
	}
	a.stop(os.Interrupt)
	figures(t, "A node beside a peer of the first revision", canon.NewObject("rounds_of_the_peer_to_the_target", rounds,
		"results_of_the_node_that_the_peer_adopted", int64(len(adopted)), "messages_that_the_peer_does_not_know", unknown,
		"slowest_answer_seconds", slowest))
}

// checkPages holds what the reference's dashboard asks against what a node whose search has ended has done.
func checkPages(t *testing.T, h *host) {
	t.Helper()
	total, err := member(t, h.mustGet("/api/monitor"), "optimization_history").Int("candidate_evaluations_total")
	if err != nil || total == 0 {
		t.Errorf("/api/monitor: %d candidates, %v", total, err)
	}
	if n, err := member(t, h.mustGet("/api/network"), "summary").Int("local_candidate_evaluations"); err != nil || n != total {
		t.Errorf("/api/network: %d candidates, %v, want %d", n, err, total)
	}
	d := objects(t, h.mustGet("/api/optimization"), "domains")[0]
	done, err1 := d.Bool("converged")
	rounds, err2 := d.Int("round")
	if err := errors.Join(err1, err2); err != nil || !done || rounds == 0 || !d.Has("champion") {
		t.Errorf("/api/optimization: %s, %v", canon.Default(d), err)
	}
	if o := h.mustGet("/api/candidate"); o.Len() != 0 {
		t.Errorf("/api/candidate: %s after the end", canon.Default(o))
	}
	e := h.mustGet("/api/evaluations?limit=1000")
	list := objects(t, e, "completed")
	if n, err := e.Int("completed_count"); err != nil || n == 0 || len(list) != int(min(n, 50)) {
		t.Errorf("/api/evaluations: %d of %d completed tasks, %v", len(list), n, err)
	}
	kinds := map[string]bool{}
	for _, o := range objects(t, h.mustGet("/api/events"), "events") {
		kind, err := o.String("type")
		if err != nil {
			t.Error(err)
		}
		kinds[kind] = true
	}
	for _, want := range []string{"peer_connected", "auto_accept", "champion", "broadcast"} {
		if !kinds[want] {
			t.Errorf("/api/events: no %s among %v", want, kinds)
		}
	}
}

// checkEarly demands that a peer has been sent nothing that it does not know, and has never waited in vain. It returns how many
// such messages there were.
func checkEarly(t *testing.T, p *host) (unknown int64) {
	t.Helper()
	st := p.state()
	list, err := st.List("tracebacks")
	if err != nil || len(list) != 0 {
		t.Errorf("%s: tracebacks %v, %v", p.name, list, err)
	}
	if n, err := st.Int("failed"); err != nil || n != 0 {
		t.Errorf("%s: %d messages were not answered within 10 s, %v", p.name, n, err)
	}
	return int64(len(list))
}

// TestPythonVersions puts a node that has no version map of its own beside a HEAD peer with one: it says so, the peer takes its
// messages all the same, and one that comes back under another name is taken again.
func TestPythonVersions(t *testing.T) {
	t.Parallel()
	port := freePort(t)
	address := fmt.Sprintf("127.0.0.1:%d", port)
	s := pythonSettings("optimize", true, "target_performance", -300)
	s.Delete("component_versions")
	a := newPynode(t, "optimizer", s, "bootstrap_peers", []any{address})
	p := python(t, "python", pythonID, port, []string{a.endpoint()})
	a.run()
	reaches := func(p *host) {
		t.Helper()
		eventually(t, "the node's result reaches "+p.name, func() error {
			st := p.state()
			if v, err := st.Float("best"); err != nil || v < -300 {
				return fmt.Errorf("best %v, %v", v, err)
			}
			if list, err := st.List("alerts"); err != nil || len(list) != 0 {
				return fmt.Errorf("alerts %v, %v", list, err)
			}
			return nil
		})
	}
	reaches(p)
	p.proposes(nil, 41, -35, 30) // a message of its own, with its map
	eventually(t, "the node says that the versions differ", func() error {
		if list, err := a.mustGet("/status").List("other_versions"); err != nil || len(list) != 1 {
			return fmt.Errorf("other_versions %v, %v", list, err)
		}
		return nil
	})
	mentions(t, a.out.String(), "a peer has other component versions", "a90bca2", "v0.1.0", "component_versions")
	p.kill()
	begun := time.Now()
	again := python(t, "python again", lateID, port, []string{a.endpoint()})
	reaches(again)
	id := again.proposes(nil, 40.5, -35, 30)
	eventually(t, "the node adopts the result "+id+" of the new name", func() error {
		if v, err := a.best(); err != nil || v != -0.25 {
			return fmt.Errorf("best %v, %v", v, err)
		}
		return nil
	})
	t.Logf("taken again %v after its start", time.Since(begun).Round(time.Millisecond))
}

// TestPythonModels sends a result with a model inside from one HEAD peer over a node to another: the message is passed on, the result
// adopted, and the block with it is everybody's. DOIN_MODEL_MIB is the size of the model, 18 MiB without it.
func TestPythonModels(t *testing.T) {
	t.Parallel()
	size := 18 << 20
	if text := os.Getenv("DOIN_MODEL_MIB"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		size = n << 20
	}
	near, far := freePort(t), freePort(t)
	a := newPynode(t, "node", pythonSettings("optimize", false), "initial_threshold", -1e9, "bootstrap_peers", []any{fmt.Sprintf("127.0.0.1:%d", near), fmt.Sprintf("127.0.0.1:%d", far)})
	a.run()
	p := python(t, "near", pythonID, near, []string{a.endpoint()}, "--threshold", "1e9") // the block is the node's
	q := python(t, "far", lateID, far, []string{a.endpoint()}, "--threshold", "1e9")
	eventually(t, "both are connected", func() error {
		if n, err := a.mustGet("/status").Int("peers"); err != nil || n != 2 {
			return fmt.Errorf("%d peers, %v", n, err)
		}
		return nil
	})
	begun := time.Now()
	p.must(http.MethodPost, "/_propose", canon.Default(canon.NewObject("x", []any{42.0, -35.0, 30.0}, "model", int64(size))))
	eventually(t, "the other peer has the result from the node, and the block with it", func() error {
		st := q.state()
		v, err1 := st.Float("best")
		n, err2 := member(t, st, "received").IntOr(chain.MsgOptimaeReveal, 0)
		h, err3 := st.Int("height")
		if err := errors.Join(err1, err2, err3); err != nil || v != -4 || n != 1 || h != 2 {
			return fmt.Errorf("best %v, %d reveals, %d blocks, %v", v, n, h, err)
		}
		return nil
	})
	took := time.Since(begun)
	blocks := oneChain(t, 1, a, p, q)
	full := blocks[1].Transactions[1]
	if parameters, err := full.Payload.Object("parameters"); err != nil || full.PeerID != pythonID {
		t.Errorf("the second transaction is %s of %s, %v", full.Type, full.PeerID, err)
	} else if model, err := parameters.String("_model_b64"); err != nil || len(model) != size {
		t.Errorf("a model of %d bytes in the block, %v, want %d", len(model), err, size)
	}
	for _, h := range []*host{p, q} {
		if n, err := h.state().Int("bad_ids"); err != nil || n != 0 {
			t.Errorf("%s: %d bad ids, %v", h.name, n, err)
		}
	}
	figures(t, "A model inside a result", canon.NewObject("mib", int64(size>>20), "seconds_until_it_is_on_everybody_s_chain", took.Seconds(),
		"most_memory_of_the_node_mib", peak(t, a)>>20))
	t.Logf("%d MiB on everybody's chain after %v, the node at %d MiB", size>>20, took.Round(time.Millisecond), peak(t, a)>>20)
}

// peak is the most memory that a process has had, 0 where the system does not say.
func peak(t *testing.T, h *host) (peakBytes int64) {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", h.cmd.Process.Pid))
	if err != nil {
		return 0
	}
	for line := range strings.Lines(string(text)) {
		var kib int64
		if n, err := fmt.Sscanf(line, "VmHWM: %d kB", &kib); n == 1 && err == nil {
			return kib << 10
		}
	}
	return 0
}
