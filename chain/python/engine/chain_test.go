package engine

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// pythonBlock makes an unsigned block of n acceptances as a Python node writes it.
func pythonBlock(parent *chain.Block, generator string, increment float64, names ...string) *chain.Block {
	at := timestamp.FromMicro(start + parent.Header.Index*Second)
	b := &chain.Block{Header: chain.Header{Index: parent.Header.Index + 1, PreviousHash: parent.Hash, Timestamp: at, GeneratorID: generator,
		WeightedPerformanceSum: 2, Threshold: 1}}
	for _, name := range names {
		for _, p := range []*canon.Object{
			canon.NewObject("optimae_id", name, "performance", -1.0, "increment", increment),
			canon.NewObject("optimae_id", name, "parameters", params(1.5, -2), "verified_performance", -0.25, "effective_increment", increment,
				"reward_fraction", 1.0, "quorum_agree_fraction", 1.0, "incentive_reason", "auto_accept_no_synthetic_validation"),
		} {
			b.Transactions = append(b.Transactions, &chain.Tx{Type: chain.TxOptimaeAccepted, DomainID: "q", PeerID: generator, Payload: p, Timestamp: at})
		}
	}
	b.Seal()
	return b
}

func branchFrom(parent *chain.Block, generator string, n int, increment float64) (out []*chain.Block) {
	for i := range n {
		parent = pythonBlock(parent, generator, increment, fmt.Sprintf("opt-%s-%d-%d", generator, parent.Header.Index, i))
		out = append(out, parent)
	}
	return out
}

func (m *member) offer(blocks ...*chain.Block) error {
	m.net.t.Helper()
	r := find[protocol.BlocksResult](m.step(protocol.Blocks{From: "peer", Blocks: blocks}))
	if len(r) != 1 {
		m.net.t.Fatalf("%d results", len(r))
	}
	return r[0].Err
}

// TestForks offers branches in every relation to ours.
func TestForks(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	genesis := m.chain.blocks[0]
	ours := branchFrom(genesis, "a", 3, 1)
	l.must(m.offer(ours[:2]...))
	l.must(m.offer(ours[2]))
	f := func(what string, want error, height int64, blocks ...*chain.Block) {
		t.Helper()
		if err := m.offer(blocks...); !isErr(err, want) {
			t.Errorf("%s: %v, want %v", what, err, want)
		}
		if got := m.View().Height; got != height {
			t.Errorf("%s: height %d, want %d", what, got, height)
		}
	}
	f("shorter", protocol.ErrNotBetter, 3, branchFrom(genesis, "b", 2, 9)...)
	f("as tall, less work", protocol.ErrNotBetter, 3, branchFrom(genesis, "b", 3, 0.5)...)
	f("as tall, more work", nil, 3, branchFrom(genesis, "b", 3, 2)...)
	f("taller, less work", nil, 4, branchFrom(genesis, "c", 4, 0.1)...)
	f("no parent of ours", protocol.ErrNotBetter, 4, branchFrom(ours[2], "d", 3, 1)...)
	f("our own blocks again", protocol.ErrNotBetter, 4, m.chain.blocks[3:]...)

	parent := m.chain.blocks[4]
	bad := func(change func(*chain.Block)) *chain.Block {
		b := pythonBlock(parent, "e", 1, "opt-e")
		change(b)
		return b
	}
	f("content changed under a kept id", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Transactions[0].Payload.Set("increment", 9.0) }))
	f("not finite", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Transactions[0].Payload.Set("increment", math.Inf(1)); b.Seal() }))
	f("sum below its threshold", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Header.WeightedPerformanceSum = 0.5; b.Seal() }))
	f("from the future", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Header.Timestamp = timestamp.FromMicro(l.now + 7201*Second); b.Seal() }))
	f("a transaction of the chain again", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Transactions = parent.Transactions; b.Seal() }))
	f("hash", protocol.ErrBlock, 4, bad(func(b *chain.Block) { b.Hash = chain.GenesisHash }))
	for i, r := range []int{6, 9} { // one chain of 10 blocks; block 4 is final then
		f(fmt.Sprint("growth ", i), nil, int64(r), branchFrom(m.chain.blocks[len(m.chain.blocks)-1], "f", r-len(m.chain.blocks)+1, 1)...)
	}
	if got := m.View().FinalizedHeight; got != 3 {
		t.Errorf("finalized %d, want 3", got)
	}
	f("leaves a finalized block", protocol.ErrNotBetter, 9, branchFrom(m.chain.blocks[2], "g", 20, 9)...)
	f("from the finalized block", nil, 10, branchFrom(m.chain.blocks[3], "h", 7, 1)...)
	if dropped := find[protocol.Commit](m.log); len(dropped[len(dropped)-1].Dropped) != 6 {
		t.Errorf("%d blocks dropped, want 6", len(dropped[len(dropped)-1].Dropped))
	}
}

// TestLostBlock has an own block replaced: what the winner does not record waits again.
func TestLostBlock(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	m.propose(4, -2)
	l.run(3 * Second)
	if m.View().Height != 1 {
		t.Fatalf("height %d", m.View().Height)
	}
	id := acceptedID(m.chain.blocks[1].Transactions[0])
	genesis := m.chain.blocks[0]
	first := pythonBlock(genesis, "b", 1, "opt-b")
	l.must(m.offer(first, pythonBlock(first, "b", 1, "opt-b2")))
	l.run(Second)
	v := m.View()
	if v.Height != 3 || acceptedID(m.chain.blocks[3].Transactions[0]) != id {
		t.Errorf("height %d, pending %d: the lost acceptance was not recorded again", v.Height, v.Pending)
	}
	// A winner that has it makes it superfluous.
	other := newNetwork(t, 1, testConfig(domainConfig()))
	o := other.members[0]
	o.propose(3, -2) // below the threshold
	other.run(3 * Second)
	id = "opt-" + o.key.PeerID()[:8] + "-" + fmt.Sprint(start/Second+2)
	if o.View().Pending != 2 {
		t.Fatalf("%d pending", o.View().Pending)
	}
	other.must(o.offer(pythonBlock(genesis, "b", 1, id)))
	if v := o.View(); v.Pending != 0 || v.PendingSum != 0 {
		t.Errorf("%d pending with sum %v, although the chain has the optimae", v.Pending, v.PendingSum)
	}
}

// TestRestart opens an engine on a stored chain: finality is there, and the chain's champion is trained before it is
// adopted.
func TestRestart(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	l.must(m.offer(branchFrom(m.chain.blocks[0], "a", 8, 1)...))
	again, err := New(testConfig(domainConfig()), m.key, m.chain, l.now)
	l.must(err)
	m.Engine, m.log, m.inbox = again, nil, nil
	if v := m.View(); v.Height != 8 || v.FinalizedHeight != 2 || v.Domains["q"].Best != nil {
		t.Errorf("view %+v", v)
	}
	l.run(Second)
	jobs := find[protocol.Evaluate](m.log)
	if len(jobs) != 1 || *m.View().Domains["q"].Best != -0.25 {
		t.Errorf("%d trainings, best %v; want one, −0.25", len(jobs), m.View().Domains["q"].Best)
	}
	if err := m.offer(m.chain.blocks[8]); !isErr(err, protocol.ErrNotBetter) {
		t.Errorf("a stored block again: %v", err)
	}
	if _, err := New(testConfig(domainConfig()), m.key, &memory{}, l.now); !isErr(err, ErrGenesis) {
		t.Errorf("empty chain: %v", err)
	}
	own := pythonBlock(&chain.Block{Header: chain.Header{Index: -1}, Hash: chain.ZeroHash}, "a", 1)
	if _, err := New(testConfig(domainConfig()), m.key, &memory{[]*chain.Block{own}}, l.now); !isErr(err, ErrGenesis) {
		t.Errorf("other block 0: %v", err)
	}
}

// TestAnnouncement asks for what is taller, or as tall and different.
func TestAnnouncement(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	l.must(m.offer(branchFrom(m.chain.blocks[0], "a", 2, 1)...))
	hash := chain.ZeroHash[:63] + "1"
	for index, want := range map[int64]int{0: 0, 1: 0, 2: 1, 3: 1, 9: 1} {
		got := find[protocol.Fetch](m.step(l.from("p", chain.MsgBlockAnnouncement, canon.NewObject("block_index", index, "block_hash", hash))))
		if len(got) != want {
			t.Errorf("announcement of block %d: %d fetches, want %d", index, len(got), want)
		}
	}
	if got := find[protocol.Fetch](m.step(l.from("p", chain.MsgBlockAnnouncement, canon.NewObject("block_index", 2, "block_hash", m.View().Tip)))); len(got) != 0 {
		t.Error("our own tip is fetched")
	}
}

// TestFlood holds the bounds: commits, reveals, tasks and champions of one sender.
func TestFlood(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.MaxPerMinute, cfg.MaxJobs = 5, 8
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	for i := range 50 {
		l.claimFrom(m, "flooder", fmt.Sprint("opt-", i), -1+float64(i)/100, float64(i), 0)
		m.step(l.from("flooder", chain.MsgTaskCreated, canon.NewObject("task_id", fmt.Sprint("t", i), "task_type", "optimae_verification",
			"domain_id", "q", "requester_id", "flooder", "parameters", params(1, 2), "optimae_id", fmt.Sprint("x", i))))
		m.step(l.from("flooder", chain.MsgChampionResponse, canon.NewObject("domain_id", "q", "parameters", params(1, 2), "performance", -1.0)))
	}
	v := m.View()
	if v.Commits > 5 || v.Tasks.Pending > 5 || len(m.queue)+m.running > 5 {
		t.Errorf("%d commits, %d tasks, %d trainings after a flood, want at most 5 each", v.Commits, v.Tasks.Pending, len(m.queue)+m.running)
	}
	l.run(2 * Second)
	if p := find[protocol.Penalize](m.log); len(p) != 0 {
		t.Errorf("penalized %v", p)
	}
	// Announcements without end do not keep an own block back for ever.
	m.propose(4, -2)
	for range 100 {
		l.run(Second / 10)
		m.step(l.from("flooder", chain.MsgBlockAnnouncement, canon.NewObject("block_index", 99, "block_hash", chain.ZeroHash[:63]+"2")))
	}
	if m.View().Height != 1 {
		t.Error("no block was made under a flood of announcements")
	}
}

// TestTasksOfTheAPI claims and completes a task as an evaluator outside does.
func TestTasksOfTheAPI(t *testing.T) {
	d := domainConfig()
	d.Validate, d.Evaluate = true, false
	cfg := testConfig(d)
	cfg.Quorum.MinEvaluators = 1
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	evaluator := "evaluator"
	m.peers = []string{evaluator}
	l.claimFrom(m, "optimizer", "opt-x", -25, 6, -2)
	l.run(Second / 5) // it is trained here too
	tasks, total := m.Tasks([]string{"q"}, 10), m.View().Tasks.Pending
	if len(tasks) != 1 || total != 1 {
		t.Fatalf("%d tasks", total)
	}
	id := tasks[0].ID
	if r := find[protocol.TaskResult](m.step(protocol.ClaimTask{TaskID: id, EvaluatorID: evaluator})); r[0].Err != nil {
		t.Fatal(r[0].Err)
	}
	value := -25.0
	r := find[protocol.TaskResult](m.step(protocol.CompleteTask{TaskID: id, EvaluatorID: evaluator, Verified: &value}))
	if r[0].Err != nil || !r[0].Block {
		t.Errorf("complete: %+v, want a block", r[0])
	}
	if r := find[protocol.TaskResult](m.step(protocol.CompleteTask{TaskID: id, EvaluatorID: evaluator, Verified: &value})); r[0].Err == nil {
		t.Error("completed twice")
	}
	b := m.chain.blocks[1]
	kinds := []string{}
	for _, tx := range b.Transactions {
		kinds = append(kinds, tx.Type)
	}
	if !slices.Equal(kinds, []string{chain.TxOptimaeAccepted, chain.TxOptimaeAccepted, chain.TxTaskCompleted}) {
		t.Errorf("transactions %v", kinds)
	}
	// 61.75 % to the optimizer, 28.5 % to evaluators, the rest to the generator.
	for peer, want := range map[string]float64{"optimizer": 30.875, evaluator: 14.25, m.key.PeerID(): 4.875} {
		if got := m.accounts.Balance(peer); math.Abs(got-want) > 1e-9 {
			t.Errorf("balance of %.12s is %v, want %v", peer, got, want)
		}
	}
	i := find[protocol.TaskResult](m.step(protocol.Infer{Domain: "q", ClientID: "c", Input: canon.NewObject("a", 1)}))
	if i[0].Err != nil || i[0].Task.ID == "" {
		t.Errorf("infer: %+v", i[0])
	}
	if i := find[protocol.TaskResult](m.step(protocol.Infer{Domain: "none"})); !isErr(i[0].Err, protocol.ErrUnknownDomain) {
		t.Errorf("infer in an unknown domain: %v", i[0].Err)
	}
}

// TestForgedVotes lets a forger vote in everybody's name: it pays for nothing that this node measures otherwise.
func TestForgedVotes(t *testing.T) {
	d := domainConfig()
	d.Validate, d.Evaluate = true, false
	cfg := testConfig(d)
	cfg.Quorum.MinEvaluators = 1
	for _, c := range []struct {
		what    string
		claimed float64
		x       []float64
		want    int64 // accepted
	}{
		{"a false claim", -0.5, []float64{9, 9}, 0},
		{"parameters of another problem", -0.5, []float64{9, 9, 9}, 0},
		{"nothing new", -100, []float64{11, -2}, 0},
		{"a true claim", -4, []float64{3, -2}, 1},
	} {
		l := newNetwork(t, 1, cfg)
		m := l.members[0]
		m.peers = []string{"member"}
		m.domains["q"].best = &best{parameters: params(6, -2), performance: -25}
		l.claimFrom(m, "optimizer", "opt-x", c.claimed, c.x...)
		tasks := m.Tasks(nil, 1)
		m.step(l.from("forger", chain.MsgTaskCompleted, canon.NewObject("task_id", tasks[0].ID, "evaluator_id", "member", "domain_id", "q",
			"verified_performance", c.claimed, "result", nil, "optimae_id", "opt-x")))
		if v := m.View().Domains["q"]; v.Accepted+v.Rejected != 0 {
			t.Errorf("%s: decided before it was trained here", c.what)
		}
		l.run(Second)
		if v := m.View().Domains["q"]; v.Accepted != c.want || v.Accepted+v.Rejected != 1 {
			t.Errorf("%s: accepted %d, rejected %d", c.what, v.Accepted, v.Rejected)
		}
	}
}

// TestConnectedPeerIsTold has peers come before and after there is a block to tell of.
func TestConnectedPeerIsTold(t *testing.T) {
	l := newNetwork(t, 1, testConfig(domainConfig()))
	m := l.members[0]
	if out := find[protocol.Send](m.step(protocol.Connected{Peer: "b"})); len(out) != 0 {
		t.Errorf("sent %v of a chain without blocks", out)
	}
	l.must(m.offer(branchFrom(m.chain.blocks[0], "a", 3, 1)...))
	for _, peer := range []string{"c", "0123456789ab"} { // a moment apart, both of them
		out := find[protocol.Send](m.step(protocol.Connected{Peer: peer}))
		if len(out) != 1 || out[0].Peer != peer || out[0].Message.Type != chain.MsgBlockAnnouncement {
			t.Fatalf("Connected(%s): sent %v, want the announcement", peer, out)
		}
		p := out[0].Message.Payload
		if index, err := p.Int("block_index"); err != nil || index != 3 {
			t.Errorf("block_index %v, %v, want 3", index, err)
		}
		if hash, err := p.String("block_hash"); err != nil || hash != m.chain.blocks[3].Hash {
			t.Errorf("block_hash %s, %v, want the tip's", hash, err)
		}
	}
}

// TestAnchorsAreFinal forks at a height that is anchored: each height is anchored once, with the hash that stays.
func TestAnchorsAreFinal(t *testing.T) {
	cfg := testConfig(domainConfig())
	cfg.AnchorInterval, cfg.FinalityDepth = 2, 3
	l := newNetwork(t, 1, cfg)
	m := l.members[0]
	l.must(m.offer(branchFrom(m.chain.blocks[0], "a", 2, 1)...))
	l.must(m.offer(branchFrom(m.chain.blocks[1], "b", 7, 2)...))
	due := find[protocol.AnchorDue](m.log)
	if len(due) != 2 {
		t.Fatalf("%d anchors, want those of blocks 2 and 4", len(due))
	}
	for i, d := range due {
		if h := int64(2 * (i + 1)); d.Height != h || d.Hash != m.chain.blocks[h].Hash {
			t.Errorf("anchor of %d with %.12s, want %d with the hash that the chain kept", d.Height, d.Hash, h)
		}
	}
}
