//go:build unix

package e2e

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// TestKilledNode kills a node of a running network again and again, without warning: it comes back with every block
// and row it had shown, and catches up.
func TestKilledNode(t *testing.T) {
	t.Parallel()
	hosts := newNetwork(t, 3, settings(quadratic()))
	for _, h := range hosts {
		h.run()
	}
	// The first is everybody's bootstrap peer, so it is killed too.
	for i, victim := range []*host{hosts[2], hosts[0], hosts[2], hosts[1], hosts[0]} {
		before, _, err := victim.tip()
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, fmt.Sprintf("%s grows before kill %d", victim.name, i), higher(victim, before))
		seen := acknowledged(t, victim)
		t.Logf("kill %d of %s at %d blocks, %d rows", i, victim.name, len(seen.blocks), len(seen.rows))
		_, err = os.Stat(victim.file("search/quadratic.state"))
		kept := err == nil
		// While it is being killed it is in the middle of something: no pause here.
		victim.kill()
		victim.run()
		seen.check(t, victim, hosts)
		eventually(t, fmt.Sprintf("the tips agree after kill %d", i), agree(hosts))
		// The search goes on from what it has written, in the experiment that it was in.
		eventually(t, "the restarted node records rounds", func() error {
			for _, r := range sheetRows(t, victim.file("experiment_stats.csv")) {
				if !seen.rows[r["round_id"]] && (!kept || seen.experiments[r["experiment_id"]]) {
					return nil
				}
			}
			return errors.New("no new row")
		})
	}
	// Both files say the same when nothing is on its way any more.
	for _, h := range hosts {
		h.stop(syscall.SIGTERM)
		checkRecords(t, h.file("experiment_stats.csv"), h.file("olap.db"))
	}
}

// higher is satisfied when the chain of h is above height.
func higher(h *host, height int64) func() error {
	return func() error {
		if now, _, err := h.tip(); err != nil || now <= height {
			return fmt.Errorf("height %d, %v", now, err)
		}
		return nil
	}
}

// agree is satisfied when all have the same tip.
func agree(hosts []*host) func() error {
	return func() error {
		tips := map[string][]string{}
		for _, h := range hosts {
			height, hash, err := h.tip()
			if err != nil {
				return err
			}
			key := fmt.Sprintf("%d:%.12s", height, hash)
			tips[key] = append(tips[key], h.name)
		}
		if len(tips) > 1 {
			return fmt.Errorf("tips %v", tips)
		}
		return nil
	}
}

// shown is what a node had shown to the world at one moment.
type shown struct {
	blocks      []*chain.Block
	finalized   int64
	rows        map[string]bool // ids of rounds in the CSV file
	experiments map[string]bool
	stored      map[string]bool // ids of rounds that /stats/rounds served
}

// acknowledged asks a node for everything that it must not lose.
func acknowledged(t *testing.T, h *host) *shown {
	t.Helper()
	s := &shown{rows: map[string]bool{}, experiments: map[string]bool{}, stored: map[string]bool{}}
	status, err := h.get("/chain/status")
	if err == nil {
		s.finalized, err = status.Int("finalized_height")
	}
	if err == nil {
		s.blocks, err = h.blocks()
	}
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range sheetRows(t, h.file("experiment_stats.csv")) {
		s.rows[r["round_id"]], s.experiments[r["experiment_id"]] = true, true
	}
	for _, id := range servedRounds(t, h) {
		s.stored[id] = true
	}
	return s
}

// check demands that nothing of it is gone. A block that was not final may have been replaced, but only by one that
// the others have as well.
func (s *shown) check(t *testing.T, h *host, hosts []*host) {
	t.Helper()
	now, err := h.blocks()
	if err != nil {
		t.Fatal(err)
	}
	if len(now) < len(s.blocks) {
		t.Errorf("%s had served %d blocks and has %d after kill -9", h.name, len(s.blocks), len(now))
	}
	for i := range min(len(now), len(s.blocks)) {
		if now[i].Hash == s.blocks[i].Hash {
			continue
		}
		if int64(i) <= s.finalized {
			t.Errorf("final block %d of %s was %s and is %s", i, h.name, s.blocks[i].Hash, now[i].Hash)
			continue
		}
		for _, other := range hosts {
			if other == h {
				continue
			}
			if b, err := other.get(fmt.Sprintf("/chain/block/%d", i)); err != nil {
				t.Errorf("block %d of %s was %s and is %s, which %s has not: %v", i, h.name, s.blocks[i].Hash, now[i].Hash, other.name, err)
			} else if hash, _ := b.String("hash"); hash != now[i].Hash {
				t.Errorf("block %d of %s was %s and is %s, %s has %s", i, h.name, s.blocks[i].Hash, now[i].Hash, other.name, hash)
			}
		}
	}
	var ids []string
	for _, r := range sheetRows(t, h.file("experiment_stats.csv")) {
		ids = append(ids, r["round_id"])
	}
	if lost := missing(s.rows, ids); len(lost) > 0 {
		t.Errorf("%d rows of %s were lost: %v", len(lost), h.file("experiment_stats.csv"), lost)
	}
	if lost := missing(s.stored, servedRounds(t, h)); len(lost) > 0 {
		t.Errorf("%d rows of the database of %s were lost: %v", len(lost), h.name, lost)
	}
}

func missing(want map[string]bool, have []string) (out []string) {
	for id := range want {
		if !slices.Contains(have, id) {
			out = append(out, id)
		}
	}
	return out
}

// experiments returns the ids of the experiments in a node's database.
func experiments(t *testing.T, h *host) (ids []string) {
	t.Helper()
	list, err := h.mustGet("/stats/experiments").List("experiments")
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range list {
		id, err := v.(*canon.Object).String("experiment_id")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, id)
	}
	return ids
}

// servedRounds returns the ids of all rounds that a node serves.
func servedRounds(t *testing.T, h *host) (ids []string) {
	t.Helper()
	for _, e := range experiments(t, h) {
		list, err := h.mustGet("/stats/rounds?limit=10000&experiment_id=" + e).List("rounds")
		if err != nil {
			t.Fatal(err)
		}
		for _, v := range list {
			id, err := v.(*canon.Object).String("round_id")
			if err != nil {
				t.Fatal(err)
			}
			ids = append(ids, id)
		}
	}
	return ids
}

// TestKilledWorker kills the process that trains: the node starts another and its rounds go on. A node that is killed
// itself leaves no worker behind.
func TestKilledWorker(t *testing.T) {
	t.Parallel()
	h := newHost(t, "node", settings(forecast()), "optimizer_loop_interval", 0)
	h.run()
	grows := func(from int64) func() error {
		return func() error {
			if r, err := h.rounds("co2"); err != nil || r <= from {
				return fmt.Errorf("%d rounds, %v", r, err)
			}
			return nil
		}
	}
	eventually(t, "a first round", grows(0))
	killed := map[int]bool{}
	for range 2 {
		pid, err := worker(h, killed)
		if err != nil {
			t.Fatal(err)
		}
		if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
			t.Fatal(err)
		}
		killed[pid] = true
		t.Logf("worker %d killed", pid)
		n, err := h.rounds("co2")
		if err != nil {
			t.Fatal(err)
		}
		eventually(t, "another worker", func() error { _, err := worker(h, killed); return err })
		eventually(t, "rounds after the worker was killed", grows(n+1))
	}
	mentions(t, h.out.String(), "worker")
	left, err := worker(h, killed)
	if err != nil {
		t.Fatal(err)
	}
	h.kill()
	eventually(t, "the worker ends with its node", func() error {
		if running(left) {
			return fmt.Errorf("process %d still runs", left)
		}
		return nil
	})
}

// worker returns the pid of a node's worker that is none of others.
func worker(h *host, others map[int]bool) (int, error) {
	for _, pid := range descendants(h.cmd.Process.Pid) {
		line, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
		if err == nil && !others[pid] && strings.HasPrefix(string(line), workerExe) {
			return pid, nil
		}
	}
	return 0, errors.New("no worker runs")
}
