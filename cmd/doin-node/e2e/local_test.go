//go:build unix

package e2e

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/internal/canon"
)

var peerID = regexp.MustCompile(`^[0-9a-f]{40}$`)

// TestLocal runs the command that the project is judged by, on a domain that costs nothing.
func TestLocal(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "quadratic.json")
	write(t, file, canon.AppendIndent(nil, settings(quadratic())))
	net := filepath.Join(dir, "network")

	const length = 14 * time.Second
	ctx, cancel := context.WithTimeout(t.Context(), length+patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, nodeExe, "local", "--nodes", "3", "--config", file, "--for", length.String(), "--json", "--data-dir", net, "--port", "0")
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	t.Cleanup(func() {
		if t.Failed() {
			for i := range 3 {
				data, err := os.ReadFile(filepath.Join(net, fmt.Sprintf("node-%d", i), "log.txt"))
				t.Logf("the last lines of node %d (%v):\n%s", i, err, tail(string(data), 15))
			}
		}
	})
	begin := time.Now()
	if err := cmd.Run(); err != nil {
		t.Fatalf("doin-node local: %v\n%s\n%s", err, stdout.Bytes(), stderr.Bytes())
	}
	if d := time.Since(begin); d > length+stopTime+5*time.Second {
		t.Errorf("a run of %v took %v", length, d)
	}
	summary, err := canon.ParseObject(stdout.Bytes())
	if err != nil {
		t.Fatalf("standard output is not one JSON object: %v\n%s", err, stdout.Bytes())
	}
	height := checkSummary(t, summary, "quadratic", 3)

	if left := processesIn(net); len(left) > 0 {
		t.Errorf("processes left behind: %v", left)
	}
	// The nodes' files outlive the run: start the first again, alone, and read its chain.
	first := &host{t: t, name: "node-0", dir: filepath.Join(net, "node-0")}
	cfg, err := canon.ParseObject(read(t, first.file("node.json")))
	if err != nil {
		t.Fatal(err)
	}
	for i, o := range objects(t, summary, "nodes") {
		d := filepath.Join(net, fmt.Sprintf("node-%d", i))
		recorded := checkRecords(t, filepath.Join(d, "experiment_stats.csv"), filepath.Join(d, "olap.db"))
		if n, err := o.Int("rounds"); err != nil || int64(recorded) < n {
			t.Errorf("node %d: %d rounds recorded, %d in the summary (%v)", i, recorded, n, err)
		}
	}
	first.port = freePort(t)
	write(t, first.file("node.json"), canon.AppendIndent(nil, cfg.Set("port", first.port).Set("bootstrap_peers", []any{})))
	first.run()
	blocks, err := first.blocks()
	if err != nil {
		t.Fatal(err)
	}
	blocks = blocks[:min(height+1, int64(len(blocks)))] // a block may come after the summary and before the end
	accepted, optimizers := acceptances(blocks)
	if accepted < 3 || optimizers < 2 {
		t.Errorf("%d accepted optimae of %d optimizers, want at least 3 of 2", accepted, optimizers)
	}
	domain, _ := summary.Object("domains")
	domain, _ = domain.Object("quadratic")
	if n, _ := domain.Int("accepted"); n < int64(accepted) {
		t.Errorf("the summary counts %d accepted, the chain has %d", n, accepted)
	}
	first.stop(os.Interrupt)
}

// checkSummary demands the shape of the issue and a network that agrees, and returns its greatest height.
func checkSummary(t *testing.T, o *canon.Object, domain string, n int) int64 {
	t.Helper()
	nodes, err := o.List("nodes")
	if err != nil || len(nodes) != n {
		t.Fatalf("nodes: %d, %v, want %d", len(nodes), err, n)
	}
	heights := make([]int64, n)
	tips := map[int64]string{}
	for i, v := range nodes {
		o, ok := v.(*canon.Object)
		if !ok {
			t.Fatalf("nodes[%d] is %T", i, v)
		}
		for _, key := range []string{"peer_id", "height", "tip_hash", "finalized_height", "rounds"} {
			if !o.Has(key) {
				t.Errorf("nodes[%d] has no %s", i, key)
			}
		}
		id, _ := o.String("peer_id")
		if !peerID.MatchString(id) {
			t.Errorf("nodes[%d].peer_id = %q", i, id)
		}
		heights[i], err = o.Int("height")
		if err != nil || heights[i] < 1 {
			t.Errorf("nodes[%d].height = %d, %v, want at least 1", i, heights[i], err)
		}
		tip, err := o.String("tip_hash")
		if err != nil || len(tip) != 64 {
			t.Errorf("nodes[%d].tip_hash = %q, %v", i, tip, err)
		}
		if known := tips[heights[i]]; known != "" && known != tip {
			t.Errorf("two tips at height %d: %s and %s", heights[i], known, tip)
		}
		tips[heights[i]] = tip
		if f, err := o.Int("finalized_height"); err != nil || f < -1 || f > heights[i] {
			t.Errorf("nodes[%d].finalized_height = %d, %v", i, f, err)
		}
		if r, err := o.Int("rounds"); err != nil || r < 1 {
			t.Errorf("nodes[%d].rounds = %d, %v", i, r, err)
		}
	}
	if d := slices.Max(heights) - slices.Min(heights); d > 1 {
		t.Errorf("heights %v: %d blocks apart", heights, d)
	}
	domains, err := o.Object("domains")
	if err != nil || !slices.Equal(domains.Keys(), []string{domain}) {
		t.Fatalf("domains = %v, %v", domains.Keys(), err)
	}
	d, err := domains.Object(domain)
	if err != nil || !slices.Equal(d.Keys(), []string{"best_performance", "accepted", "rejected", "champion"}) {
		t.Fatalf("domains.%s = %v, %v", domain, d.Keys(), err)
	}
	if best, err := d.Float("best_performance"); err != nil || best > 0 {
		t.Errorf("best_performance = %v, %v", best, err)
	}
	for _, key := range []string{"accepted", "rejected"} {
		if v, err := d.Int(key); err != nil || v < 0 {
			t.Errorf("%s = %d, %v", key, v, err)
		}
	}
	if got := o.Keys(); !slices.Equal(got, []string{"nodes", "domains"}) {
		t.Errorf("keys %v, want nodes and domains", got)
	}
	return slices.Max(heights)
}

// acceptances counts the accepted optimae of a chain and who found them.
func acceptances(blocks []*chain.Block) (accepted, optimizers int) {
	who := map[string]bool{}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if tx.Type != consensus.TxAccepted {
				continue
			}
			accepted++
			who[tx.PeerID] = true // the optimizer is the author of its acceptance
		}
	}
	return accepted, len(who)
}

// processesIn lists the processes whose command line names dir.
func processesIn(dir string) (out []int) {
	for pid := range processes() {
		if line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid)); err == nil && strings.Contains(string(line), dir) {
			out = append(out, pid)
		}
	}
	return out
}

// checkRecords demands that rounds are in the CSV file and in the database, the same ones, without a gap, and returns
// how many.
func checkRecords(t *testing.T, sheet, database string) int {
	t.Helper()
	rows := sheetRows(t, sheet)
	if len(rows) == 0 {
		t.Fatalf("%s: no rounds", sheet)
	}
	ids := map[string]bool{}
	last := map[string]int{}
	for i, r := range rows {
		ids[r["round_id"]] = true
		n, err := strconv.Atoi(r["round_number"])
		if err != nil || n != last[r["experiment_id"]]+1 {
			t.Errorf("%s: row %d is round %s of %s after %d", sheet, i+1, r["round_number"], r["experiment_id"], last[r["experiment_id"]])
		}
		last[r["experiment_id"]] = n
	}
	stored := databaseRounds(t, database)
	for _, r := range stored {
		if !ids[r.id] {
			t.Errorf("round %d is in %s and not in %s", r.number, database, sheet)
		}
	}
	if len(stored) != len(rows) || len(ids) != len(rows) {
		t.Errorf("%d rows in %s, %d different, %d in %s", len(rows), sheet, len(ids), len(stored), database)
	}
	return len(rows)
}

// sheetRows reads a CSV file of rounds, column → cell. A last line without its end is not there yet.
func sheetRows(t *testing.T, path string) (out []map[string]string) {
	t.Helper()
	data := read(t, path)
	data = data[:bytes.LastIndexByte(data, '\n')+1]
	records, err := csv.NewReader(bytes.NewReader(data)).ReadAll()
	if err != nil || len(records) == 0 {
		t.Fatalf("%s: %d records, %v", path, len(records), err)
	}
	for _, r := range records[1:] {
		row := map[string]string{}
		for i, cell := range r {
			row[records[0][i]] = cell
		}
		out = append(out, row)
	}
	return out
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
