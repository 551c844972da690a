package engine

import (
	"slices"
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// TestProposals offers more at once than Python nodes know claims of a node: they take turns, and each ends once.
func TestProposals(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	for i := range 6 {
		m.propose(9-float64(i), -2)
	}
	l.run(30 * Second)
	for i := int64(1); i <= 6; i++ {
		got, want := m.stages(i), []protocol.Stage{protocol.Confirmed, protocol.Committed, protocol.Revealed, protocol.Accepted}
		if i > maxOpen {
			want = []protocol.Stage{protocol.Withdrawn}
		}
		if !slices.Equal(got, want) {
			t.Errorf("stages of proposal %d: %v, want %v", i, got, want)
		}
	}
	m.step(protocol.Propose{Domain: "elsewhere", Proposal: 7, Parameters: params(1, 2)})
	m.propose(1, 2, 3) // cannot be trained
	l.run(Second)
	if got, want := m.stages(7), []protocol.Stage{protocol.Withdrawn, protocol.Failed}; !slices.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
}

// TestNobodyToVerify ends a proposal that no quorum can be drawn for.
func TestNobodyToVerify(t *testing.T) {
	d := domainConfig()
	d.Validate, d.Evaluate = true, false
	l := newNetwork(t, 1, testConfig(d))
	m := l.members[0]
	m.propose(3, -2)
	l.run(5 * Second)
	if got := m.stages(1); len(got) == 0 || got[len(got)-1] != protocol.Expired {
		t.Errorf("stages %v, want Expired at the end", got)
	}
}

// TestMeasured is what a target is held against: the reference ends at its own result, whether anybody has verified it or not, and
// at a better one of somebody else.
func TestMeasured(t *testing.T) {
	d := domainConfig()
	d.Validate = true
	l := newNetwork(t, 1, testConfig(d))
	m := l.members[0]
	f := func(what string, want float64) {
		t.Helper()
		l.run(5 * Second)
		if v := m.View().Domains["q"]; v.Measured == nil || *v.Measured != want {
			t.Errorf("%s: measured %v, want %v", what, v.Measured, want)
		}
	}
	if v := m.View().Domains["q"]; v.Measured != nil {
		t.Errorf("measured %v before the first result", *v.Measured)
	}
	m.propose(3, -2)
	f("an own result that no quorum can be drawn for", -4)
	if v := m.View().Domains["q"]; v.Best != nil {
		t.Errorf("best %v, which nobody has verified", *v.Best)
	}
	m.propose(4, -2)
	f("a worse one", -4)
	l.claimFrom(m, strings.Repeat("ab", 20), "opt-peer-1", -1, 2, -2)
	f("a better one of a peer", -1)
	l.claimFrom(m, strings.Repeat("cd", 20), "opt-peer-2", -0.01, 9, 9)
	f("a false one", -1)
	m.propose(1.5, -2)
	f("an own one again", -0.25)
}

// TestChampionRequest: a newcomer asks once, when it has the network's chain and a peer, and not before.
func TestChampionRequest(t *testing.T) {
	for _, late := range []bool{false, true} {
		l := newNetwork(t, 1, testConfig(domainConfig()))
		m := l.members[0]
		asked := func() (n int) {
			for _, f := range find[protocol.Broadcast](m.log) {
				if f.Message.Type == chain.MsgChampionRequest {
					n++
				}
			}
			return n
		}
		peers := protocol.Tick{Peers: []string{"a", "b"}}
		if late {
			m.step(peers)
			m.step(peers)
		} else {
			m.step(protocol.Synced{})
		}
		if n := asked(); n != 0 {
			t.Errorf("peers first %v: %d requests too early", late, n)
		}
		m.step(protocol.Synced{})
		m.step(peers)
		m.step(peers)
		if n := asked(); n != 1 {
			t.Errorf("peers first %v: %d requests, want 1", late, n)
		}
	}
}

// TestRestore takes up the own best of an earlier life: what is worse is not announced again.
func TestRestore(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	m.step(protocol.Restore{Champion: protocol.Champion{Domain: "q", OptimizerID: "somebody", Recipe: protocol.Recipe{Parameters: params(1, -2)}, Performance: 0}})
	m.step(protocol.Restore{Champion: protocol.Champion{Domain: "q", OptimizerID: m.key.PeerID(), Recipe: protocol.Recipe{Parameters: params(2, -2)}, Performance: -1,
		Metrics: canon.NewObject()}})
	if best := m.View().Domains["q"].Best; best == nil || *best != -1 {
		t.Fatalf("best %v, want -1", best)
	}
	m.propose(3, -2)
	l.run(Second)
	if got, want := m.stages(1), []protocol.Stage{protocol.Confirmed, protocol.Withdrawn}; !slices.Equal(got, want) {
		t.Errorf("stages of what is worse: %v, want %v", got, want)
	}
}

// TestClockSetBack: a node whose clock was an hour fast goes on with its proposal as soon as it is right.
func TestClockSetBack(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	l.now += 3600 * Second
	m.propose(3, -2)
	l.run(Second)
	l.now -= 3600 * Second
	l.run(5 * Second)
	want := []protocol.Stage{protocol.Confirmed, protocol.Committed, protocol.Revealed, protocol.Accepted}
	if got := m.stages(1); !slices.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
}
