package engine_test

import (
	"bytes"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
)

var update = flag.Bool("update", false, "rewrite the golden files in testdata")

// TestGoldenClaims tells what three nodes do from their first proposals to their second block, one line per effect.
func TestGoldenClaims(t *testing.T) {
	t.Parallel()
	golden(t, "claims.txt", newCluster(t, 3, 5))
}

// TestGoldenSolo tells the same of a node that is its own quorum.
func TestGoldenSolo(t *testing.T) {
	t.Parallel()
	golden(t, "solo.txt", newCluster(t, 1, 6, func(g *chain.Genesis) { g.Parameters.Solo = true }))
}

func golden(t *testing.T, name string, c *cluster) {
	t.Helper()
	var text bytes.Buffer
	names := map[string]string{}
	for i, n := range c.nodes {
		names[n.id] = string(rune('A' + i))
	}
	optimae := map[string]string{} // commitment → "optimae 1"
	named := func(id string) string {
		if optimae[id] == "" {
			optimae[id] = fmt.Sprint("optimae ", len(optimae)+1)
		}
		return optimae[id]
	}
	c.log = func(at time.Duration, n *node, f protocol.Effect) {
		if what := tell(f, names, named); what != "" {
			fmt.Fprintf(&text, "%7.3f %s %s\n", at.Seconds(), names[n.id], what)
		}
	}
	c.net.Until(time.Minute, func() bool {
		return !slices.ContainsFunc(c.nodes, func(n *node) bool { return n.height() != 2 })
	})
	n := c.nodes[0]
	fmt.Fprintf(&text, "\nall at height %d, tip %.12s, champion of %s\n", n.height(), n.tip(), names[n.state().Domains[domain].OptimizerID])

	file := filepath.Join("testdata", name)
	if *update {
		c.must(os.WriteFile(file, text.Bytes(), 0o644))
	}
	want, err := os.ReadFile(file)
	c.must(err)
	got, wanted := strings.Split(text.String(), "\n"), strings.Split(string(want), "\n")
	for i := range min(len(got), len(wanted)) {
		if got[i] != wanted[i] {
			t.Fatalf("%s:%d:\n got %s\nwant %s", file, i+1, got[i], wanted[i])
		}
	}
	if len(got) != len(wanted) {
		t.Fatalf("%s: %d lines, want %d", file, len(got), len(wanted))
	}
}

// tell describes an effect; empty for what is of no interest here.
func tell(f protocol.Effect, names map[string]string, named func(string) string) string {
	switch f := f.(type) {
	case protocol.Evaluate:
		v, _ := f.Parameters.Int("v")
		switch {
		case f.Own:
			return fmt.Sprintf("confirms v=%d with seeds %d", v, f.Seeds)
		case f.Synthetic == nil:
			return fmt.Sprintf("re-runs v=%d with seeds %d", v, f.Seeds)
		case f.Synthetic.Incumbent == nil:
			return fmt.Sprintf("re-runs v=%d with seeds %d, to vote, against the naive forecast on data %d", v, f.Seeds, f.Synthetic.Seed)
		}
		i, _ := f.Synthetic.Incumbent.Parameters.Int("v")
		return fmt.Sprintf("re-runs v=%d with seeds %d, to vote, against v=%d on data %d", v, f.Seeds, i, f.Synthetic.Seed)
	case protocol.Broadcast:
		p := f.Message.Payload
		switch f.Message.Type {
		case chain.MsgOptimaeCommit:
			id, _ := p.String("commitment_hash")
			return "commits to " + named(id)
		case chain.MsgOptimaeReveal:
			id, _ := p.String("optimae_id")
			x, _ := p.Float("reported_performance")
			return fmt.Sprintf("reveals %s, performance %v", named(id), x)
		case chain.MsgTaskCompleted:
			id, _ := p.String("optimae_id")
			x, _ := p.Float("verified_performance")
			return fmt.Sprintf("votes on %s: %v", named(id), x)
		case chain.MsgTransaction:
			o, _ := p.Object("transaction")
			kind, _ := o.String("tx_type")
			payload, _ := o.Object("payload")
			id, _ := payload.String("optimae_id")
			votes, _ := payload.List("votes")
			return fmt.Sprintf("publishes %s of %s with %d votes", kind, named(id), len(votes))
		case chain.MsgBlockAnnouncement:
			h, _ := p.Int("block_index")
			hash, _ := p.String("block_hash")
			return fmt.Sprintf("announces block %d, %.12s", h, hash)
		}
		return "sends " + f.Message.Type
	case protocol.Fetch:
		return fmt.Sprintf("asks %s for block %d", names[f.Peer], f.Height)
	case protocol.Commit:
		var s strings.Builder
		for _, e := range f.Entries {
			fmt.Fprintf(&s, "stores block %d of %s: %d transactions, sum %v of %v", e.Block.Header.Index, names[e.Block.Header.GeneratorID],
				len(e.Block.Transactions), e.Block.Header.WeightedPerformanceSum, e.Block.Header.Threshold)
		}
		if len(f.Dropped) > 0 {
			fmt.Fprintf(&s, ", dropping %d", len(f.Dropped))
		}
		return s.String()
	case protocol.Claim:
		what := fmt.Sprintf("proposal %d is %s", f.Proposal, f.Stage)
		if f.Stage == protocol.Revealed {
			what += " on " + base(f.Base, named)
		}
		if f.Reason != "" {
			what += ": " + f.Reason
		}
		return what
	case protocol.Decided:
		return fmt.Sprintf("hears that %s of %s is decided, accepted %v, solo %v", named(f.OptimaeID), names[f.OptimizerID], f.Accepted, f.Solo)
	case protocol.Migrant:
		return fmt.Sprintf("breeds from %s of %s", named(f.OptimaeID), names[f.OptimizerID])
	case protocol.Champion:
		return fmt.Sprintf("has %s of %s for champion, verified %v", named(f.OptimaeID), names[f.OptimizerID], f.Verified)
	case protocol.Penalize:
		return fmt.Sprintf("punishes %s: %s", names[f.Peer], f.Reason)
	case protocol.Notice:
		return "notes: " + f.Text
	}
	return ""
}

func base(id string, named func(string) string) string {
	if id == "" {
		return "no base"
	}
	return named(id)
}
