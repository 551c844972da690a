//go:build unix

package e2e

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"doin.network/node/internal/canon"
)

// answerTime is how soon after its start a node that is alone answers an inference.
const answerTime = 10 * time.Second

// exampleCO2 is the configuration of examples/co2 for a host of a test.
func exampleCO2(t *testing.T) *canon.Object {
	t.Helper()
	o, err := canon.ParseObject(read(t, filepath.Join(root, "examples", "co2", "node.json")))
	if err != nil {
		t.Fatal(err)
	}
	objects(t, o, "domains")[0].Set("optimization_config", member(t, objects(t, o, "domains")[0], "optimization_config").Clone().
		Set("data", filepath.Join(root, "examples", "co2", "mauna_loa_co2_monthly.csv")))
	return o.Set("host", "127.0.0.1").Set("data_dir", ".").Set("worker_path", workerExe).Set("discovery_enabled", false)
}

// TestLoneNode kills a seeded node of examples/co2 that is alone and starts it again. It has answered by then, goes on after
// the generation that it had written last, loses nothing that was the best, and records what a node that nobody disturbs
// records.
func TestLoneNode(t *testing.T) {
	t.Parallel()
	s := exampleCO2(t)
	calm := newHost(t, "calm", s, "seed", 7, "identity_file", "none-yet.json")
	killed := newHost(t, "killed", s, "seed", 7, "identity_file", "none-yet.json")
	begin := time.Now()
	calm.run()
	killed.run()
	answersAlone(t, killed)
	if d := time.Since(begin); d > answerTime {
		t.Errorf("the first answer came %v after the start, want %v at most", d, answerTime)
	}
	var written searchState
	eventually(t, "the search's state is on the disk", func() (err error) {
		if written, err = readSearchState(t, killed, "co2"); err == nil && (written.Round < 10 || written.Own == nil) {
			err = fmt.Errorf("round %d", written.Round)
		}
		return err
	})
	killed.kill()
	written, err := readSearchState(t, killed, "co2")
	if err != nil {
		t.Fatal(err)
	}
	killed.run()
	eventually(t, "the killed node goes on", func() error {
		if r, err := killed.rounds("co2"); err != nil || r < written.Round+10 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	mentions(t, killed.out.String(), fmt.Sprintf("round=%d generation=%d", written.Round, written.Generation))
	progress := member(t, member(t, killed.mustGet("/status"), "progress"), "co2")
	if best, err := progress.Float("search_best"); err != nil || best < *written.Best {
		t.Errorf("best after the restart = %v, %v, want %v at least", best, err, *written.Best)
	}
	answersAlone(t, killed)
	t.Logf("killed after round %d was written", written.Round)

	eventually(t, "the calm node is as far", func() error {
		if r, err := calm.rounds("co2"); err != nil || r < written.Round+10 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		return nil
	})
	killed.stop(syscall.SIGTERM)
	calm.stop(syscall.SIGTERM)
	want, got := seededRows(t, calm), seededRows(t, killed)
	if n := min(len(want), len(got)); int64(n) < written.Round+10 {
		t.Fatalf("%d rows of the calm node and %d of the other, want %d at least", len(want), len(got), written.Round+10)
	}
	for i := range min(len(want), len(got)) {
		if want[i] != got[i] {
			t.Fatalf("round %d differs:\n%+v\n%+v", i+1, want[i], got[i])
		}
	}
	checkRecords(t, killed.file("experiment_stats.csv"), killed.file("olap.db"))
}

// answersAlone waits for a forecast of a model that nobody else has verified.
func answersAlone(t *testing.T, h *host) {
	t.Helper()
	eventually(t, h.name+" answers an inference", func() error {
		a, err := h.ask("POST", "/inference?wait=20", []byte(`{"domain_id": "co2"}`))
		if err != nil {
			return err
		}
		o, err := a.object()
		if err != nil || a.status != 200 {
			return fmt.Errorf("%v, %w", a, err)
		}
		if verified, err := o.Bool("verified"); err != nil || verified {
			t.Errorf("verified = %v, %v in %v, want false", verified, err, a)
		}
		if f, ok := number(member(t, o, "result")); !ok || f < 300 || f > 600 {
			t.Errorf("no plausible concentration of carbon dioxide in %v", a)
		}
		return nil
	})
}

// searchState is what a test looks at in the file of a search.
type searchState struct {
	Round      int64           `json:"round"`
	Generation int64           `json:"generation"`
	Best       *float64        `json:"best"`
	Own        json.RawMessage `json:"own_champion"`
}

// readSearchState reads the state that a node's search has written last.
func readSearchState(t *testing.T, h *host, domain string) (s searchState, err error) {
	t.Helper()
	path := h.file(filepath.Join("search", domain+".state"))
	if _, err := os.Stat(path); err != nil {
		return s, err
	}
	rest, ok := bytes.CutPrefix(read(t, path), []byte("doin search 1\n"))
	if !ok || len(rest) < sha256.Size+4 {
		t.Fatalf("%s is not a search's state", path)
	}
	rest = rest[sha256.Size:]
	n := binary.LittleEndian.Uint32(rest)
	if err := json.Unmarshal(rest[4:4+n], &s); err != nil || s.Best == nil {
		t.Fatalf("%s: %v", path, err)
	}
	return s, nil
}

// seededRow is what a row of fact_round says that does not depend on time.
type seededRow struct {
	number, evaluations                               int64
	performance, best                                 uint64 // bits
	parameters, digest, digestOf, seed, isImprovement string
}

func seededRows(t *testing.T, h *host) (out []seededRow) {
	t.Helper()
	db := openDatabase(t, h.file("olap.db"))
	rows, err := db.QueryContext(t.Context(), `SELECT round_number, evaluations, performance, best_performance, coalesce(parameters, ''),
		coalesce(digest, ''), coalesce(digest_parameters, ''), coalesce(seed, ''), is_improvement FROM fact_round ORDER BY round_number`)
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r seededRow
		var performance, best float64
		if err := rows.Scan(&r.number, &r.evaluations, &performance, &best, &r.parameters, &r.digest, &r.digestOf, &r.seed, &r.isImprovement); err != nil {
			t.Fatal(err)
		}
		r.performance, r.best = math.Float64bits(performance), math.Float64bits(best)
		if r.number != int64(len(out)+1) {
			t.Fatalf("row %d of %s is round %d", len(out)+1, h.name, r.number)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return out
}

// TestSolo: where the genesis file allows it, a node that is alone makes blocks of its own results.
func TestSolo(t *testing.T) {
	t.Parallel()
	h := newHost(t, "solo", settings(quadratic()), "solo", true, "discovery_enabled", false)
	h.run()
	eventually(t, "two blocks of a node that is alone", higher(h, 1))
	blocks, err := h.blocks()
	if err != nil {
		t.Fatal(err)
	}
	if accepted, optimizers := acceptances(blocks); accepted < 1 || optimizers != 1 {
		t.Errorf("%d acceptances of %d optimizers, want some of one", accepted, optimizers)
	}
	champion := member(t, member(t, member(t, h.mustGet("/status"), "progress"), "quadratic"), "champion")
	if _, err := champion.Bool("verified"); err != nil {
		t.Errorf("the champion does not say whether it is verified: %v", err)
	}
	h.stop(syscall.SIGTERM)
}

// TestNewcomer starts a node beside two that have a champion already: it learns of it by its first exchange with them,
// trains it again and breeds from it.
func TestNewcomer(t *testing.T) {
	t.Parallel()
	s := settings(quadratic()).Set("quorum_min_evaluators", 1) // one judges what the other found
	hosts := newNetwork(t, 2, s)
	for _, h := range hosts {
		h.run()
	}
	eventually(t, "the two have a champion", higher(hosts[0], 1))
	cfg, err := canon.ParseObject(read(t, hosts[0].file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	genesis, err := cfg.String("genesis_file")
	if err != nil {
		t.Fatal(err)
	}
	newcomer := newHost(t, "newcomer", s, "genesis_file", genesis, "bootstrap_peers", []any{hosts[0].endpoint()})
	newcomer.run()
	var immigrants int64
	eventually(t, "an immigrant came to the newcomer", func() error {
		if r, err := newcomer.rounds("quadratic"); err != nil || r == 0 {
			return fmt.Errorf("%d rounds, %v", r, err)
		}
		db := openDatabase(t, newcomer.file("olap.db"))
		if err := db.QueryRowContext(t.Context(), `SELECT coalesce(sum(immigrants_count), 0) FROM fact_round`).Scan(&immigrants); err != nil || immigrants == 0 {
			return fmt.Errorf("%d immigrants, %v", immigrants, err)
		}
		return nil
	})
	for _, h := range append(hosts, newcomer) {
		h.stop(syscall.SIGTERM)
	}
}
