//go:build unix

package e2e

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/internal/canon"
)

// certified are settings of protocol 2 with short slots.
func certified() *canon.Object {
	return settings(quadratic()).Set("chain_protocol", 2).Set("slot_time", 0.25)
}

// TestCertifiedNetwork: three nodes of a network of protocol 2 search, claim and verify; one is killed, the others go on without it, and
// it comes back as an evaluator. The chain of a running node is exported, verified, and begins a fourth node, which follows the network.
func TestCertifiedNetwork(t *testing.T) {
	t.Parallel()
	s := certified()
	hosts := newNetwork(t, 3, s)
	for _, h := range hosts {
		h.run()
	}
	for _, h := range hosts {
		eventually(t, h.name+" has a block with an accepted claim", accepted(h))
	}

	victim := hosts[0]
	victim.kill()
	before, _, err := hosts[1].tip()
	if err != nil {
		t.Fatal(err)
	}
	eventually(t, "two of three go on", higher(hosts[1], before+10))
	victim.run()
	eventually(t, "the killed node is level again", higher(victim, before+10))
	eventually(t, "the killed node signs", signs(victim))
	prefix(t, hosts)

	eventually(t, "what the chain has decided and paid is in the records", func() error {
		for _, table := range []string{"fact_block", "fact_decision", "fact_vote", "fact_money", "fact_chain_optimae"} {
			if n := rowsOf(t, hosts[1], table); n == 0 {
				return fmt.Errorf("%s has no row", table)
			}
		}
		return nil
	})

	file := filepath.Join(t.TempDir(), "chain.doin2")
	hosts[1].do("chain", "export", "--data-dir", hosts[1].dir, "--out", file)
	in, err := os.Open(file)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	report, err := (&application.Reader{Scheme: application.P256{}}).Import(in)
	if err != nil {
		t.Fatal(err)
	}
	if report.Height < before || report.Paying == 0 || len(report.Electorate) != 3 {
		t.Errorf("the archive holds %+v", report)
	}

	late := newHost(t, "late", s)
	late.do("chain", "import", file, "--data-dir", late.dir)
	late.configure(s, "genesis_file", "genesis.json", "bootstrap_peers", []any{hosts[1].endpoint()})
	late.run()
	eventually(t, "a node that began with the archive is beyond it", higher(late, report.Height+5))
	prefix(t, append(hosts, late))
}

// TestCertifiedMoney: an evaluator sends coins that the network earned to a machine which is none, and that registers, and is one.
func TestCertifiedMoney(t *testing.T) {
	t.Parallel()
	rich := newHost(t, "rich", settings(quadratic()))
	s := certified().Set("grants", canon.NewObject(rich.key.PeerID(), "5000"))
	hosts := newNetwork(t, 3, s)
	for _, h := range hosts {
		h.run()
	}
	rich.configure(s, "genesis_file", hosts[0].genesis(), "bootstrap_peers", []any{hosts[0].endpoint()})
	rich.run()
	eventually(t, "the network is at work", accepted(rich))
	if code := rich.wallet("send", hosts[1].key.PeerID(), "12.5", "--wait").exit(); code != 0 {
		t.Fatalf("wallet send ended with %d", code)
	}
	found := false
	blocks, err := rich.blocks()
	if err != nil {
		t.Fatal(err)
	}
	for _, b := range blocks {
		for _, tx := range b.Transactions {
			if n, _ := tx.Payload.Int("amount"); tx.Type == chain.TxTransfer && n == 1_250_000_000 {
				found = true
			}
		}
	}
	if !found {
		t.Error("the chain that readers know has no such transfer")
	}
	if code := rich.wallet("register", "--wait").exit(); code != 0 {
		t.Fatalf("wallet register ended with %d", code)
	}
	eventually(t, "the newcomer is registered", func() error {
		o, err := rich.balance(rich.key.PeerID(), "evaluator")
		if err != nil {
			return err
		}
		if r, err := o.(*canon.Object).Bool("registered"); err != nil || !r {
			return fmt.Errorf("%v, %v", o, err)
		}
		return nil
	})
}

// genesis is the genesis file that a host's configuration names.
func (h *host) genesis() string {
	h.t.Helper()
	data, err := os.ReadFile(h.file("node.json"))
	if err != nil {
		h.t.Fatal(err)
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		h.t.Fatal(err)
	}
	path, err := o.String("genesis_file")
	if err != nil {
		h.t.Fatal(err)
	}
	return path
}

// rowsOf counts the rows of one of a host's tables.
func rowsOf(t *testing.T, h *host, table string) (n int) {
	t.Helper()
	db, err := sql.Open("sqlite", h.file("olap.db")+"?_pragma=busy_timeout(10000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if err := db.QueryRow("SELECT count(*) FROM " + table).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}

// signs is satisfied when a node is an evaluator that is not away.
func signs(h *host) func() error {
	return func() error {
		st, err := h.get("/status")
		if err != nil {
			return err
		}
		o, err := st.Object("evaluator")
		if err != nil {
			return err
		}
		if eligible, err := o.Bool("eligible"); err != nil || !eligible {
			return fmt.Errorf("%v: %w", o, errors.Join(err, errors.New("not eligible")))
		}
		return nil
	}
}

// prefix checks that hosts have one chain, as far as each has come: what is final never differs.
func prefix(t *testing.T, hosts []*host) {
	t.Helper()
	first, err := hosts[0].blocks()
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range hosts[1:] {
		blocks, err := h.blocks()
		if err != nil {
			t.Fatal(err)
		}
		for i := range min(len(first), len(blocks)) {
			if first[i].Hash != blocks[i].Hash {
				t.Fatalf("%s and %s have different blocks at height %d", hosts[0].name, h.name, i)
			}
		}
	}
}

// do runs a command of doin-node, which must succeed.
func (h *host) do(args ...string) {
	h.t.Helper()
	p := start(h.t, h.name+" "+args[0], h.dir, args...)
	if code := p.exit(); code != 0 {
		h.t.Fatalf("doin-node %v ended with %d", args, code)
	}
}

// refuses runs a command of doin-node, which must end with a code.
func (h *host) refuses(code int, args ...string) {
	h.t.Helper()
	p := start(h.t, h.name+" "+args[0], h.dir, args...)
	if got := p.exit(); got != code {
		h.t.Errorf("doin-node %v ended with %d, want %d", args, got, code)
	}
}

// slots lets so many slots of a node of protocol 2 pass.
func slots(t *testing.T, h *host, n int64) {
	t.Helper()
	until := slotOf(t, h) + n
	eventually(t, "slots pass", func() error {
		if now := slotOf(t, h); now < until {
			return fmt.Errorf("slot %d of %d", now, until)
		}
		return nil
	})
}

// slotOf is the slot that a node of protocol 2 says it is.
func slotOf(t *testing.T, h *host) int64 {
	t.Helper()
	o, err := h.get("/status")
	if err != nil {
		t.Fatal(err)
	}
	c, err := o.Object("certified")
	if err != nil {
		t.Fatal(err)
	}
	slot, err := c.Int("slot")
	if err != nil {
		t.Fatal(err)
	}
	return slot
}
