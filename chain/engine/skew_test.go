package engine_test

import (
	"fmt"
	"testing"
	"time"

	"doin.network/node/chain/engine"
	"doin.network/node/chain/protocol"
)

// TestClockSkew: nodes whose clocks differ by less than engine.Config.MaxDrift make one chain, also after a split.
func TestClockSkew(t *testing.T) {
	t.Parallel()
	for seed := range uint64(2) {
		t.Run(fmt.Sprint("seed=", seed), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, 4, 40+seed)
			for i, seconds := range []int64{0, 4, -4, 2} {
				c.nodes[i].skew = seconds * engine.Second
			}
			c.pace = 6 * time.Second
			c.poll()
			f := finalBlocks{}
			f.follow(c, time.Minute)
			c.net.Partition([]string{c.nodes[0].id, c.nodes[1].id}, []string{c.nodes[2].id, c.nodes[3].id})
			f.follow(c, 3*time.Minute)
			c.net.Heal()
			f.follow(c, 4*time.Minute)
			c.settled(2*time.Minute, c.nodes...)
			if n := c.nodes[0]; n.height() < 10 || n.final() < 3 {
				t.Errorf("height %d, final %d after eight minutes: the skew has stopped the chain", n.height(), n.final())
			}
			c.check()
		})
	}
}

// TestWrongClock: a clock that is minutes fast, or slow, takes its node out of the network and harms nobody else; it is
// back when its clock is right.
func TestWrongClock(t *testing.T) {
	t.Parallel()
	for _, minutes := range []int64{-3, 15} {
		t.Run(fmt.Sprint("minutes=", minutes), func(t *testing.T) {
			t.Parallel()
			c := newCluster(t, 4, 50)
			c.pace = 6 * time.Second
			c.poll()
			f := finalBlocks{}
			f.follow(c, time.Minute)
			c.settled(time.Minute, c.nodes...)
			bad, good := c.nodes[3], c.nodes[:3]
			bad.skew = minutes * 60 * engine.Second
			before := good[0].final()
			f.follow(c, 4*time.Minute)
			c.settled(time.Minute, good...)
			if now := good[0].final(); now < before+3 {
				t.Errorf("three right clocks of four finalized %d after %d", now, before)
			}
			bad.skew = 0
			f.follow(c, 4*time.Minute)
			c.settled(2*time.Minute, c.nodes...)
			c.check()
		})
	}
}

// finalBlocks is every block that a node ever held for final, by height.
type finalBlocks map[int64]string

// follow advances the clock and demands that no final block is ever left, at any node.
func (f finalBlocks) follow(c *cluster, d time.Duration) {
	c.t.Helper()
	for end := c.net.Now() + d; c.net.Now() < end; {
		c.net.Advance(5 * time.Second)
		for _, n := range c.nodes {
			for h := range n.final() + 1 {
				hash, _ := n.chain.Hash(h)
				if known := f[h]; known != "" && known != hash {
					c.t.Fatalf("block %d was final as %.8s and is %.8s at %.6s", h, known, hash, n.id)
				}
				f[h] = hash
			}
		}
	}
}

// TestClockSetBack: a node whose clock was an hour fast works on as soon as it is right: it verifies, reveals and commits.
func TestClockSetBack(t *testing.T) {
	t.Parallel()
	c := newCluster(t, 4, 91)
	c.poll()
	n := c.nodes[3]
	n.skew = 3600 * engine.Second
	c.net.AdvanceTo(5 * time.Second)
	n.skew = 0
	verified, revealed := 0, n.count(protocol.Revealed)
	c.log = func(_ time.Duration, of *node, f protocol.Effect) {
		if ev, ok := f.(protocol.Evaluate); ok && of == n && !ev.Own {
			verified++
		}
	}
	c.net.Advance(30 * time.Second)
	if got := n.count(protocol.Revealed) - revealed; verified == 0 || got == 0 {
		t.Errorf("%d verifications, %d reveals in half a minute after the clock was set back", verified, got)
	}
	for _, f := range n.fines {
		t.Errorf("punished honest %.6s: %s", f.Peer, f.Reason)
	}
	c.settled(time.Minute, c.nodes...)
	c.check()
}
