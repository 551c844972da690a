package engine_test

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// The tests of this file let an enemy loose on a network whose undisturbed twin, of the same seed, is measured beside it: while
// it is attacked it makes at least 80 % of the blocks and 90 % of the acceptances, and no honest node is fined.

// outcome is what a network has done in a while.
type outcome struct{ blocks, accepted int64 }

// enemyKey is a key that nobody knows.
func enemyKey(t testing.TB, name string, number ...any) *identity.Key {
	t.Helper()
	k, err := identity.FromSeed(fmt.Sprint(append([]any{name}, number...)...))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// tell makes the node take a signed message of now, and carry out what follows.
func (n *node) tell(from *identity.Key, kind string, payload *canon.Object) {
	n.c.t.Helper()
	m := &chain.Message{Type: kind, SenderID: from.PeerID(), TTL: 7, Timestamp: timestamp.FromMicro(n.now()), Payload: payload}
	n.c.must(chain.SignMessage(m, from, n.state().Rules().Network))
	n.seen[chain.FloodID(m)] = true
	n.step(protocol.Received{Message: m})
}

// submit hands the node a transaction of somebody and returns its answer.
func (n *node) submit(from *identity.Key, kind string, payload *canon.Object) (err error) {
	n.c.t.Helper()
	tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: from.PeerID(), Timestamp: timestamp.FromMicro(n.now()), Payload: payload}
	n.c.must(chain.SignTx(tx, from, n.state().Rules().Network))
	for _, f := range n.eng.Step(n.now(), protocol.Submit{Tx: tx}) {
		if r, ok := f.(protocol.SubmitResult); ok {
			err = r.Err
		}
		n.do(f)
	}
	return err
}

// noFines demands that nobody of the network was punished by any of them.
func (c *cluster) noFines() {
	c.t.Helper()
	for _, n := range c.nodes {
		for _, f := range n.fines {
			if c.byID[f.Peer] != nil {
				c.t.Errorf("%.6s punished honest %.6s: %s", n.id, f.Peer, f.Reason)
			}
		}
	}
}

// steady runs make's network for some minutes twice, undisturbed and under an attack that is called once a minute with the
// minute's number, and compares.
func steady(t *testing.T, minutes int, network func() *cluster, attack func(c *cluster, minute int)) {
	t.Helper()
	var of [2]outcome
	peers := 0
	for i := range of {
		c := network()
		h, a := c.nodes[0].height(), c.nodes[0].accepted()
		for minute := range minutes {
			end := c.net.Now() + time.Minute
			if i == 1 {
				attack(c, minute)
			}
			c.net.AdvanceTo(end)
		}
		if n := len(c.nodes[0].state().Peers); i == 1 && n != peers {
			t.Errorf("the state has records of %d peers, undisturbed of %d", n, peers)
		} else {
			peers = n
		}
		of[i] = outcome{c.nodes[0].height() - h, c.nodes[0].accepted() - a}
		c.noFines()
		c.settled(2*time.Minute, c.nodes...)
	}
	t.Logf("undisturbed %+v, attacked %+v", of[0], of[1])
	if of[0].blocks < 4 || of[0].accepted < 4 {
		t.Errorf("the undisturbed network made only %+v", of[0])
	}
	if 10*of[1].blocks < 8*of[0].blocks {
		t.Errorf("blocks under attack: %d, undisturbed %d", of[1].blocks, of[0].blocks)
	}
	if 10*of[1].accepted < 9*of[0].accepted {
		t.Errorf("acceptances under attack: %d, undisturbed %d", of[1].accepted, of[0].accepted)
	}
}

// TestForecastsForStrangers: who asks every node for twenty forecasts a minute, without a key, gets a few; they never crowd
// acceptances out. The node's own are without bound, and no transactions.
func TestForecastsForStrangers(t *testing.T) {
	t.Parallel()
	serial := int64(0)
	steady(t, 4, func() *cluster {
		c := newCluster(t, 4, 82, targetTime(20))
		c.pace = 10 * time.Second
		c.poll()
		c.net.Advance(60 * time.Second)
		return c
	}, func(c *cluster, _ int) {
		for _, n := range c.nodes {
			for range 20 {
				serial++
				n.step(protocol.Infer{Domain: domain, Input: canon.NewObject("x", serial), ClientID: "anonymous", Wanted: fmt.Sprint(serial)})
			}
		}
	})
	c := newCluster(t, 3, 83)
	c.net.Advance(60 * time.Second)
	n := c.nodes[0]
	ask := func(free bool) (served, reported int) {
		before, pending := len(n.served), n.eng.View().Pending
		for range 100 {
			serial++
			n.step(protocol.Infer{Domain: domain, Input: canon.NewObject("x", serial), Wanted: fmt.Sprint(serial), Free: free})
		}
		return len(n.served) - before, n.eng.View().Pending - pending
	}
	if served, reported := ask(true); served != 100 || reported != 0 {
		t.Errorf("of 100 forecasts for the node's own clients %d were served and %d reported, want 100 and 0", served, reported)
	}
	if served, reported := ask(false); served == 0 || served > 12 || reported == 0 || reported > consensus.MaxBlockTasks {
		t.Errorf("of 100 forecasts for strangers %d were served and %d reported, want at most 12 and %d", served, reported, consensus.MaxBlockTasks)
	}
}

// TestFloodOfReports: registered evaluators report two hundred and forty invented forecasts a minute.
func TestFloodOfReports(t *testing.T) {
	t.Parallel()
	var sybils []*identity.Key
	for i := range 12 {
		sybils = append(sybils, enemyKey(t, "sybil ", i))
	}
	serial := 0
	steady(t, 4, func() *cluster {
		c := newCluster(t, 4, 80)
		c.pace = 10 * time.Second
		c.poll()
		c.net.Advance(120 * time.Second)
		rich := c.nodes[0]
		fee := rich.state().BaseFee
		for i, k := range sybils {
			c.must(rich.submit(rich.key, consensus.TxTransfer, consensus.TransferPayload(ledger.Transfer{Sender: rich.id, Recipient: k.PeerID(), Amount: 8 * fee, Fee: 2 * fee, Nonce: int64(i + 1)})))
		}
		c.net.Advance(60 * time.Second)
		for _, k := range sybils {
			c.must(rich.submit(k, consensus.TxRegistered, canon.NewObject()))
		}
		c.net.Advance(60 * time.Second)
		for _, k := range sybils {
			if p := rich.state().Peers[k.PeerID()]; p == nil || p.PublicKey == "" {
				t.Fatal("a sybil is not registered")
			}
		}
		return c
	}, func(c *cluster, _ int) {
		for _, k := range sybils {
			for range 20 {
				serial++
				_ = c.nodes[0].submit(k, consensus.TxTask, consensus.TaskPayload(fmt.Sprintf("%064x", serial), c.nodes[0].tip()))
			}
		}
		if n := c.nodes[0].eng.View().Pending; n > 60 {
			t.Errorf("%d transactions are pending", n)
		}
	})
}

// TestCommitmentWithTwoFaces: an optimizer commits one hash with two anchors, or for two domains, and shows each half of the
// network one of them. What the halves say of it is not held against them.
func TestCommitmentWithTwoFaces(t *testing.T) {
	t.Parallel()
	const other = "e"
	c := newCluster(t, 8, 77, func(g *chain.Genesis) { g.Domains = append(g.Domains, chain.DefaultDomain(other)) })
	c.poll()
	c.net.Advance(60 * time.Second)
	h := c.nodes[0].height()
	for i := range 10 {
		k := enemyKey(t, "equivocator ", i)
		a := c.nodes[0].claim(k, int64(i+1), 1e6)
		a.Base = c.nodes[0].state().Champion(domain)
		b := *a
		if i%2 == 0 {
			b.Anchor = c.nodes[0].chain.blocks[h-1].Hash
		} else {
			b.DomainID, b.Base = other, ""
		}
		for j, n := range c.nodes {
			face := []*consensus.Statement{a, &b}[j%2]
			n.tell(k, chain.MsgOptimaeCommit, commitOf(face))
			n.tell(k, chain.MsgOptimaeReveal, revealOf(face))
		}
		c.net.Advance(20 * time.Second)
	}
	c.noFines()
}

// crowdOf tells every node the commits, and with reveal also the reveals, of twenty keys that nobody knows, one after the other.
func crowdOf(t *testing.T, c *cluster, minute int, pace time.Duration, reveal bool) {
	for i := range 20 {
		c.net.After(time.Duration(i)*pace, func() {
			k := enemyKey(t, "liar ", minute, " ", i)
			st := c.nodes[0].claim(k, int64(minute*100+i+1), 1e9+float64(minute*100+i))
			st.Base = c.nodes[0].state().Champion(domain)
			for _, n := range c.nodes {
				n.tell(k, chain.MsgOptimaeCommit, commitOf(st))
				if reveal {
					n.tell(k, chain.MsgOptimaeReveal, revealOf(st))
				}
			}
		})
	}
}

// TestCrowdOfCommits: commits of nobody keep no newcomer out. Where they are not revealed it does not notice them; where they are
// it has as good a lot as each of them.
func TestCrowdOfCommits(t *testing.T) {
	t.Parallel()
	f := func(reveal bool, most, least int) {
		t.Helper()
		c := newCluster(t, 4, 78)
		c.pace = 5 * time.Second
		c.poll()
		c.net.Advance(30 * time.Second)
		everywhere, anywhere := 0, 0
		for minute := range most {
			crowdOf(t, c, minute, 50*time.Millisecond, reveal)
			c.net.Advance(30 * time.Second)
			k := enemyKey(t, "newcomer ", minute)
			st := c.nodes[0].claim(k, int64(minute+1000), 1e9+float64(minute*100+50))
			st.Base = c.nodes[0].state().Champion(domain)
			members, _ := c.nodes[0].state().Members(st.Anchor, st.OptimaeID, st.OptimizerID)
			opened := map[string]bool{}
			c.log = func(_ time.Duration, n *node, f protocol.Effect) {
				if ev, ok := f.(protocol.Evaluate); ok && !ev.Own && ev.Synthetic != nil && canon.Equal(ev.Parameters, st.Parameters) {
					opened[n.id] = true
				}
			}
			for _, n := range c.nodes {
				n.tell(k, chain.MsgOptimaeCommit, commitOf(st))
				n.tell(k, chain.MsgOptimaeReveal, revealOf(st))
			}
			c.net.Advance(30 * time.Second)
			c.log = nil
			if len(opened) > 0 {
				anywhere++
			}
			if len(opened) >= consensus.Needed(len(members)) {
				everywhere++
			}
		}
		t.Logf("revealed %v: in %d of %d minutes a node opened the newcomer's claim, in %d enough of its quorum", reveal, anywhere, most, everywhere)
		if everywhere < least {
			t.Errorf("crowd that reveals %v: %d of %d newcomers' claims were opened by enough of their quorums, want %d", reveal, everywhere, most, least)
		}
		c.noFines()
	}
	f(false, 3, 3)
	f(true, 12, 2)
}

// TestLargeClaims: what is small on its way and large in memory is not kept for strangers, and of one author whom the chain knows no
// more than a bound.
func TestLargeClaims(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 85)
	c.poll()
	c.net.Advance(60 * time.Second)
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	c.net.Advance(60 * time.Second)
	n, serial := c.nodes[0], int64(5000)
	kept := func(k *identity.Key, size int) bool {
		t.Helper()
		serial++
		st := n.claim(k, serial, 1e9+float64(serial))
		st.Parameters.Set("x", lists(size))
		st.OptimaeID, st.Base = chain.Commitment(st.Parameters, st.Nonce), n.state().Champion(domain)
		was := n.eng.View().Quorums
		n.tell(k, chain.MsgOptimaeCommit, commitOf(st))
		n.tell(k, chain.MsgOptimaeReveal, revealOf(st))
		return n.eng.View().Quorums > was
	}
	f := func(who string, k *identity.Key, size int, want bool) {
		t.Helper()
		if got := kept(k, size); got != want {
			t.Errorf("a claim of %s with %d values is kept: %v, want %v", who, size, got, want)
		}
	}
	f("a stranger", enemyKey(t, "stranger"), 2000, true)
	f("a stranger", enemyKey(t, "another stranger"), 15_000, false)
	of := 0
	for range 39 {
		if kept(c.nodes[1].key, 15_000) {
			of++
		}
	}
	if of < 32 || of > 35 {
		t.Errorf("%d claims of a megabyte of one author are kept, want 33 or 34", of)
	}
	c.noFines()
}

// TestRevealsWithoutAnAnchor: reveals of strangers about blocks that are not there do not keep a newcomer's out, whose block is only
// late.
func TestRevealsWithoutAnAnchor(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 86)
	for _, n := range c.nodes {
		n.search = func(*node) *canon.Object { return nil }
	}
	n := c.nodes[0]
	reveal := func(name string, v int64, anchor, base string) {
		k := enemyKey(t, name)
		st := n.claim(k, v, 1e9+float64(v))
		st.Anchor, st.Base = anchor, base
		n.tell(k, chain.MsgOptimaeCommit, commitOf(st))
		n.tell(k, chain.MsgOptimaeReveal, revealOf(st))
	}
	for i := range 40 {
		reveal(fmt.Sprint("odd ", i), int64(100+i), fmt.Sprintf("%064x", i+1), "")
	}
	author := c.nodes[1].key
	next := n.claim(author, 900, -900)
	_, blocks := c.extend(n.state(), c.nodes[2:3], 3_000_000, c.accepted(n.state(), next, author))
	reveal("newcomer", 1000, blocks[0].Hash, next.OptimaeID)
	if q := n.eng.View().Quorums; q != 0 {
		t.Fatalf("%d claims are open before their blocks are there", q)
	}
	c.net.Advance(4 * time.Second)
	n.offer(blocks)
	if q := n.eng.View().Quorums; q != 1 {
		t.Errorf("%d claims are open when the newcomer's block has come, want its one", q)
	}
}

// TestInventedClaims: twenty invented claims a minute, each of a key of its own, while a training takes ten seconds.
func TestInventedClaims(t *testing.T) {
	t.Parallel()
	steady(t, 8, func() *cluster {
		c := newCluster(t, 4, 81)
		c.pace = 10 * time.Second
		c.poll()
		for _, n := range c.nodes {
			n.lag = 10 * time.Second
		}
		c.net.Advance(60 * time.Second)
		return c
	}, func(c *cluster, minute int) { crowdOf(t, c, minute, 3*time.Second, true) })
}

// TestSlowMachines: two of the honest nodes cannot run what the others claim: time, memory and bounds of their own stop them, while
// what they claim themselves is small enough for all. They abstain, and nobody loses by it: claims that enough others judge are
// accepted, none is rejected.
func TestSlowMachines(t *testing.T) {
	t.Parallel()
	for _, nodes := range []int{4, 7} {
		c := newCluster(t, nodes, 83)
		c.poll()
		slow := map[string]bool{c.nodes[0].id: true, c.nodes[1].id: true}
		for _, n := range c.nodes[:2] {
			n.worker = func(ev protocol.Evaluate) (protocol.Outcome, error) {
				if size, err := ev.Parameters.IntOr("size", 1); err != nil || size > 1 {
					return protocol.Outcome{}, fmt.Errorf("%w: time limit: %v", protocol.ErrAbstain, err)
				}
				return honest(ev)
			}
		}
		for _, n := range c.nodes[2:] {
			search := n.search
			n.search = func(n *node) *canon.Object {
				o := search(n)
				if o != nil {
					o.Set("size", 2)
				}
				return o
			}
		}
		c.net.Advance(90 * time.Second)
		s := c.settledState(time.Minute)
		of := map[bool]int{} // acceptances of claims of the slow ones, and of the others
		for _, b := range c.nodes[0].chain.blocks {
			for _, tx := range b.Transactions {
				if tx.Type == chain.TxOptimaeAccepted {
					of[slow[tx.PeerID]]++
				}
			}
		}
		if s.Domains[domain].Rejected != 0 || of[true] < 3 || nodes > 4 && of[false] < 3 {
			t.Errorf("of %d nodes: %d honest claims were rejected, accepted %v", nodes, s.Domains[domain].Rejected, of)
		}
		for _, n := range c.nodes {
			if p := s.Peers[n.id]; p.Divergent+p.Rejected != 0 {
				t.Errorf("honest %.6s: %d divergent, %d rejected", n.id, p.Divergent, p.Rejected)
			}
		}
		c.noFines()
	}
}

// TestSyncingNodeKeepsStill: a node whose tip is an old one makes no block and votes on nothing; the others go on, and so does it
// afterwards.
func TestSyncingNodeKeepsStill(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 84)
	c.poll()
	n := c.nodes[0]
	votes := 0
	c.log = func(_ time.Duration, by *node, f protocol.Effect) {
		if b, ok := f.(protocol.Broadcast); ok && by == n && b.Message.Type == chain.MsgTaskCompleted {
			votes++
		}
	}
	made := func() (blocks int) {
		for _, b := range c.nodes[1].chain.blocks {
			if b.Header.GeneratorID == n.id {
				blocks++
			}
		}
		return blocks
	}
	n.syncs = true
	c.net.Advance(60 * time.Second)
	if made() != 0 || votes != 0 || c.nodes[1].height() == 0 {
		t.Errorf("while it synced it made %d blocks and cast %d votes, at height %d", made(), votes, c.nodes[1].height())
	}
	n.syncs = false
	c.net.Advance(60 * time.Second)
	if made() == 0 || votes == 0 {
		t.Errorf("afterwards it made %d blocks and cast %d votes", made(), votes)
	}
	c.check()
}
