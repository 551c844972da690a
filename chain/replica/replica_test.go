package replica

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

// A claim goes its whole way among four nodes, and every one of them ends with the same chain and the same champion.
func TestClaim(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.start()
	w.run(3 * slotTime)
	author := w.peers[1]
	n := author.propose(0.5)
	w.until(60*slotTime, "accepted", func() bool { return author.last(n) == protocol.Accepted })
	want := []protocol.Stage{protocol.Confirmed, protocol.Committed, protocol.Revealed, protocol.Accepted}
	if got := author.stages(n); !slices.Equal(got, want) {
		t.Errorf("stages %v, want %v", got, want)
	}
	w.run(10 * slotTime)
	w.agree()
	for _, p := range w.peers {
		v := p.m.View()
		if d := v.Domains[domain]; !d.HasBest || d.Best != 0.5 || d.Accepted != 1 {
			t.Errorf("%.6s sees %+v", p.id, d)
		}
		c := v.Champions[domain]
		if c == nil || !c.Verified || c.Performance != 0.5 || c.OptimizerID != author.id || len(c.Seeds) != 2 {
			t.Errorf("%.6s answers by %+v", p.id, c)
		}
		if list := p.find(chain.TxOptimaeAccepted); len(list) != 1 {
			t.Errorf("%.6s has %d acceptances", p.id, len(list))
		} else if votes, err := list[0].Payload.List("votes"); err != nil || len(votes) < 2 {
			t.Errorf("%d votes, %v", len(votes), err)
		}
		migrants := 0
		for _, f := range p.effects {
			if m, ok := f.(protocol.Migrant); ok && m.OptimizerID == author.id {
				migrants++
			}
		}
		if want := 1; p != author && migrants != want {
			t.Errorf("%.6s: %d migrants, want %d", p.id, migrants, want)
		}
	}
}

// accept claims x by a node and waits until everybody has the outcome.
func (w *world) accept(p *peer, x float64) {
	w.t.Helper()
	n := p.propose(x)
	w.until(100*slotTime, "accepted", func() bool { return p.last(n).Final() })
	if got := p.last(n); got != protocol.Accepted {
		w.t.Fatalf("a claim of %v is %s", x, got)
	}
}

// What does not beat the champion is not claimed; of two claims made at once on one base the better one wins and the other is overtaken
// or not better; a recipe that nobody can train is refused.
func TestOutcomes(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.5)
	worse := w.peers[1].propose(0.4)
	w.run(5 * slotTime)
	if got := w.peers[1].last(worse); got != protocol.Withdrawn {
		t.Errorf("a worse one is %s", got)
	}
	a, b := w.peers[1].propose(0.8), w.peers[2].propose(0.7)
	w.until(100*slotTime, "both decided", func() bool { return w.peers[1].last(a).Final() && w.peers[2].last(b).Final() })
	if got := w.peers[1].last(a); got != protocol.Accepted {
		t.Errorf("the better one is %s", got)
	}
	if got := w.peers[2].last(b); got != protocol.Accepted && got != protocol.Superseded && got != protocol.Rejected {
		t.Errorf("the other one is %s", got)
	}
	for _, p := range w.peers {
		if d := p.m.View().Domains[domain]; d.Best != 0.8 {
			t.Errorf("%.6s has %v", p.id, d.Best)
		}
	}
	w.run(20 * slotTime)
	w.agree()
	supply, paid := w.peers[0].m.View().Supply, int64(0)
	for _, meta := range w.peers[0].disk.meta[1:] {
		o, err := canon.ParseObject([]byte(meta))
		if err != nil {
			t.Fatal(err)
		}
		n, err := o.Int("block_reward")
		if err != nil {
			t.Fatal(err)
		}
		paid += n
	}
	if paid == 0 || paid > supply {
		t.Errorf("the chain that readers know has paid %d of %d", paid, supply)
	}
}

// A claim whose recipe no member can train is refused, and its author's deposit is gone; nobody else is.
func TestRefusedRecipe(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.start()
	w.run(3 * slotTime)
	w.peers[3].tries = true // trains what nobody else does
	n := w.peers[3].propose(2000)
	w.until(100*slotTime, "decided", func() bool { return w.peers[3].last(n).Final() })
	if got := w.peers[3].last(n); got != protocol.Rejected {
		t.Errorf("it is %s, want rejected", got)
	}
	for _, p := range w.peers {
		if p.m.View().Domains[domain].HasBest {
			t.Error("it is champion")
		}
	}
}

// A member that finds what is false alone decides nothing, and the network goes on.
func TestLiar(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.peers[2].lies = 5
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.5)
	if d := w.peers[1].m.View().Domains[domain]; d.Best != 0.5 {
		t.Errorf("the champion has %v", d.Best)
	}
}

// Who was never there, or was away for a while, comes to the same chain, over many messages.
func TestLateJoiner(t *testing.T) {
	w := newWorld(t, 4, nil)
	for _, p := range w.peers[:3] {
		p.start()
	}
	w.run(3 * slotTime)
	for i := range 6 {
		w.accept(w.peers[i%3], 0.3+0.1*float64(i))
	}
	late := w.peers[3]
	late.start()
	w.until(20*slotTime, "the newcomer is level", func() bool { return late.m.View().Height >= w.peers[0].m.View().Height-1 })
	w.agree()
	w.accept(late, 1.5)

	late.cut = true
	w.accept(w.peers[0], 2)
	late.cut = false
	w.until(40*slotTime, "level again", func() bool { return late.m.View().Domains[domain].Best == 2 })
	w.agree()
}

// Nothing happens while there is nothing to record, and then it goes on.
func TestIdle(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.5)
	w.run(200 * slotTime) // until it is settled and paid
	before := w.peers[0].m.View().Certified
	w.run(500 * slotTime)
	if now := w.peers[0].m.View().Certified; now != before {
		t.Errorf("%d blocks were built for nothing", now-before)
	}
	w.accept(w.peers[1], 0.9)
}

// The power fails before each effect in turn, of the author and of a member, and comes back, at once or after a while: the claim is
// accepted all the same, nobody has signed two blocks of a slot or voted twice, and all have one chain.
func TestPower(t *testing.T) {
	for who, away := range []int64{100_000, 7 * second} {
		fails := 0
		for at := 0; ; at++ {
			w := newWorld(t, 4, nil)
			w.peers[1].unsteady, w.every = true, 4
			w.start()
			w.run(3 * slotTime)
			p := w.peers[who]
			n, failed := 0, false
			p.beats = func(f protocol.Effect) bool {
				if failed {
					return false
				}
				if n == at*4+who {
					failed = true
					w.after(away, p.start)
				}
				n++
				return failed
			}
			number := w.peers[0].propose(0.5)
			if !w.peers[0].up { // before it was asked
				w.run(8 * second)
				number = w.peers[0].propose(0.6)
			}
			w.until(150*slotTime, "decided", func() bool {
				v := w.peers[2].m.View()
				return v.Domains[domain].HasBest || w.peers[0].up && w.peers[0].last(number).Final()
			})
			if !w.peers[2].m.View().Domains[domain].HasBest {
				w.accept(w.peers[0], 0.7) // the crash came before its commit was out
			}
			w.run(12 * slotTime)
			w.agree()
			for _, q := range w.peers {
				if !q.up {
					t.Fatalf("%.6s is still off", q.id)
				}
				if s := q.m.View().Standing; !s.Eligible {
					t.Errorf("failing before effect %d: %.6s is no evaluator any more: %s", at, q.id, s.Reason)
				}
			}
			if !failed {
				break
			}
			fails++
		}
		if fails < 5 {
			t.Errorf("the power failed %d times", fails)
		}
		t.Logf("node %d: %d failures", who, fails)
	}
}

// joins adds a machine that is no evaluator.
func (w *world) joins(change func(*Config)) *peer {
	w.t.Helper()
	k, err := identity.FromSeed(fmt.Sprintf("replica guest %d", len(w.peers)))
	if err != nil {
		w.t.Fatal(err)
	}
	cfg := DefaultConfig()
	cfg.Domains[domain] = Role{Optimize: true, Evaluate: true}
	if change != nil {
		change(&cfg)
	}
	p := &peer{w: w, key: k, id: k.PeerID(), cfg: cfg, disk: newDisk()}
	w.peers = append(w.peers, p)
	return p
}

// A newcomer without a coin claims by a stamp; what it earns makes it an evaluator, if it wants to be one.
func TestNewcomer(t *testing.T) {
	w := newWorld(t, 3, func(g *chain.Genesis) { g.Parameters.StampBits = 4 })
	w.start()
	w.run(3 * slotTime)
	late := w.joins(func(c *Config) { c.Register = true })
	late.start()
	w.until(20*slotTime, "it knows the chain", func() bool { return late.m.View().Slot > 0 })
	w.accept(w.peers[0], 0.3)
	if d := late.m.View().Standing; d.Registered || d.Reason == "" || d.Remedy == "" {
		t.Errorf("its standing is %+v", d)
	}
	for i := 0; !late.m.View().Standing.Registered; i++ {
		if i == 60 {
			t.Fatalf("after %d claims it has %d, the stake is %d", i, late.m.View().Balance, late.m.View().Stake)
		}
		w.accept(late, 1+float64(i))
		w.run(10 * slotTime)
	}
	w.agree()
	if list := late.find(chain.TxEvaluatorRegistered); len(list) != 1 {
		t.Errorf("%d registrations in the chain that readers know", len(list))
	}
	stamped := 0
	for _, tx := range late.find(chain.TxOptimaeAnnounced) {
		if s, _ := tx.Payload.Bool("stamped"); s {
			stamped++
		}
	}
	if stamped == 0 {
		t.Error("none of its commits was stamped")
	}
}

// Another history than the trusted one is not taken, not even off the disk.
func TestTrusted(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.3)
	p := w.peers[2]
	data, err := p.disk.Final(3)
	if err != nil {
		t.Fatal(err)
	}
	wire, err := application.ParseBlock(data)
	if err != nil {
		t.Fatal(err)
	}
	p.up = false
	p.cfg.Trusted = &application.Checkpoint{Height: 3, ID: wire.Header().ID()}
	p.start()
	p.up = false
	p.cfg.Trusted.ID[0] ^= 1
	if _, err := New(p.cfg, w.file, w.net, p.key, p.disk); !errors.Is(err, application.ErrCheckpoint) {
		t.Errorf("started on another history: %v", err)
	}
}

// A start goes on from the stored state: it reads few blocks, and knows the same champion, base, claims and counts as who never stopped.
func TestSnapshot(t *testing.T) {
	w := newWorld(t, 4, nil)
	w.every = 10
	w.start()
	w.run(3 * slotTime)
	for i := range 8 {
		w.accept(w.peers[i%4], 1+float64(i))
	}
	p := w.peers[1]
	open := w.peers[2].propose(20)
	w.until(30*slotTime, "its recipe is public", func() bool { return w.peers[2].last(open) == protocol.Revealed })
	before := p.m.View()
	p.up = false
	p.disk.read = 0
	p.start()
	if have := len(p.disk.blocks); p.disk.read > have/2 || p.m.saved.at == 0 {
		t.Errorf("a start has read %d of %d heights", p.disk.read, have)
	}
	after := p.m.View()
	if after.Certified < before.Height-2 || after.Domains[domain] != before.Domains[domain] || after.Height < before.Height-2 {
		t.Errorf("after the start %+v, before %+v", after, before)
	}
	was, is := before.Champions[domain], after.Champions[domain]
	if was.OptimaeID != is.OptimaeID || !slices.Equal(was.Seeds, is.Seeds) || was.Digest != is.Digest || !canon.Equal(was.Parameters, is.Parameters) ||
		!canon.Equal(was.Metrics, is.Metrics) {
		t.Errorf("the champion is %+v, was %+v", is, was)
	}
	w.until(60*slotTime, "the open claim is decided", func() bool { return w.peers[2].last(open).Final() })
	if got := w.peers[2].last(open); got != protocol.Accepted {
		t.Errorf("it is %s", got)
	}
	w.accept(p, 30)
	w.agree()
	if s := p.m.View().Standing; !s.Eligible {
		t.Errorf("it is no evaluator: %s", s.Reason)
	}
}
