package engine

import (
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// warnings counts what the member has said of blocks that nobody has.
func (m *member) warnings() (n int) {
	for _, f := range find[protocol.Notice](m.log) {
		for _, a := range f.Args {
			if f.Warn && a == AloneRemedy {
				n++
			}
		}
	}
	return n
}

// build has a member make n blocks, each of a better result than the one before.
func (m *member) build(n int) {
	m.net.t.Helper()
	want := m.View().Height + int64(n)
	for m.View().Height < want {
		if m.given > 60 {
			m.net.t.Fatalf("height %d after %d proposals, want %d", m.View().Height, m.given, want)
		}
		m.propose(1+40/float64(1+m.given), -2)
		m.net.run(3 * Second)
	}
}

// TestLoneStart makes more blocks alone than finality is deep, and then meets a network with another chain.
func TestLoneStart(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.FinalityDepth, cfg.InitialThreshold = 2, 1e-9
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	m.build(2)
	if v := m.View(); v.Alone || m.warnings() != 0 {
		t.Errorf("alone after %d blocks of a finality of %d", v.Height, cfg.FinalityDepth)
	}
	m.build(3)
	if v := m.View(); !v.Alone || v.FinalizedHeight != 0 || v.Shared != 0 || m.warnings() != 1 {
		t.Errorf("alone %v, finalized %d, shared %d, %d warnings; want true, 0, 0 and one", v.Alone, v.FinalizedHeight, v.Shared, m.warnings())
	}
	again, err := New(cfg, m.key, m.chain, l.now)
	l.must(err)
	out := again.Step(l.now, protocol.Tick{})
	if v := again.View(); !v.Alone || v.FinalizedHeight != 0 || len(find[protocol.Notice](out)) != 1 {
		t.Errorf("after a restart: alone %v, finalized %d, %v; want true, 0 and the warning", v.Alone, v.FinalizedHeight, out)
	}
	l.must(m.offer(branchFrom(m.chain.blocks[0], "b", 9, 1)...))
	if v := m.View(); v.Alone || v.Height != 10 || v.FinalizedHeight != 8 {
		t.Errorf("alone %v, height %d, finalized %d after the network's chain and a block of what was lost; want false, 10, 8", v.Alone, v.Height, v.FinalizedHeight)
	}
	again, err = New(cfg, m.key, m.chain, l.now)
	l.must(err)
	if v := again.View(); v.FinalizedHeight != 8 {
		t.Errorf("finalized %d after a restart on others' blocks, want 8", v.FinalizedHeight)
	}
}

// TestSharedBlocks is what counts as a block that another node has.
func TestSharedBlocks(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.FinalityDepth, cfg.InitialThreshold = 2, 1e-9
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	m.build(4)
	f := func(what string, shared, finalized int64) {
		t.Helper()
		if v := m.View(); v.Shared != shared || v.FinalizedHeight != finalized {
			t.Errorf("%s: shared %d, finalized %d, want %d, %d", what, v.Shared, v.FinalizedHeight, shared, finalized)
		}
	}
	announce := func(index int64, hash string) {
		m.step(protocol.Received{Message: &chain.Message{Type: chain.MsgBlockAnnouncement, SenderID: "b",
			Payload: canon.NewObject("block_index", index, "block_hash", hash)}})
	}
	f("made alone", 0, 0)
	announce(4, chain.GenesisHash)
	f("another block announced", 0, 0)
	announce(3, m.chain.blocks[3].Hash)
	f("ours announced by a peer", 3, 2)
	l.must(m.offer(pythonBlock(m.chain.blocks[4], "b", 1, "opt-b")))
	f("a peer's block upon ours", 5, 3)
}

// TestShared is the count of own blocks made in company.
func TestShared(t *testing.T) {
	var s shared
	f := func(height int64, peers bool, want int64) {
		t.Helper()
		if s.made(height, 2, peers); s.height != want {
			t.Errorf("made(%d, 2, %v): shared %d, want %d", height, peers, s.height, want)
		}
	}
	f(1, true, 1)
	f(2, true, 2)
	f(3, false, 2)
	f(4, true, 2)
	f(5, false, 2) // alone again: what was before counts no more
	f(6, true, 2)
	f(7, true, 7)
	s.undone(4)
	f(5, true, 5)
}

// TestThresholdBelowZero is the reference's initial_threshold of −1e9: every acceptance makes a block at once.
func TestThresholdBelowZero(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.InitialThreshold = -1e9
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	for i, x := range []float64{5, 4, 3, 2.5, 2, 1.5, 1.25} {
		m.propose(x, -2)
		l.run(3 * Second)
		v := m.View()
		if v.Domains["q"].Accepted != int64(i+1) || v.Height != int64(i+1) || v.Pending != 0 {
			t.Fatalf("%d accepted, height %d, pending %d, want %d, %d, 0", v.Domains["q"].Accepted, v.Height, v.Pending, i+1, i+1)
		}
		if b := m.chain.blocks[i+1]; b.Header.WeightedPerformanceSum < b.Header.Threshold {
			t.Errorf("block %d: sum %v below its threshold %v", i+1, b.Header.WeightedPerformanceSum, b.Header.Threshold)
		}
	}
}
