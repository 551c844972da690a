package node

import (
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// TestGossip counts own messages by topic, and forgets them after five heartbeats.
func TestGossip(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	p := &publications{now: func() time.Time { return now }}
	f := func(want string) {
		t.Helper()
		got := canon.NewObject()
		for topic, v := range p.gossip(3).All() {
			o := v.(*canon.Object)
			n, _ := o.Int("recent_messages")
			mesh, _ := o.Int("mesh_size")
			if got.Set(topic, n); mesh != 3 {
				t.Errorf("%s: mesh %d, want 3", topic, mesh)
			}
		}
		if text := string(canon.Default(got)); text != want {
			t.Errorf("recent messages %s, want %s", text, want)
		}
	}
	f(`{"optimae": 0, "blocks": 0, "tasks": 0, "discovery": 0}`)
	p.add(chain.MsgOptimaeCommit)
	p.add(chain.MsgPeerDiscovery)
	now = now.Add(3 * time.Second)
	p.add(chain.MsgOptimaeReveal)
	p.add(chain.MsgBlockAnnouncement)
	p.add(chain.MsgTaskCreated)
	f(`{"optimae": 2, "blocks": 1, "tasks": 1, "discovery": 1}`)
	now = now.Add(3 * time.Second)
	f(`{"optimae": 1, "blocks": 1, "tasks": 1, "discovery": 0}`)
	for range 2 * maxPublications {
		p.add(chain.MsgTaskClaimed)
	}
	if n := len(p.list); n != maxPublications {
		t.Errorf("%d are remembered, want %d", n, maxPublications)
	}
}

// TestRate counts the candidates of an hour from the first look.
func TestRate(t *testing.T) {
	now := time.Unix(1_700_000_000, 0)
	n := &Node{now: func() time.Time { return now }}
	p := &pages{n: n}
	f := func(total int64, want float64) {
		t.Helper()
		if got := p.rate(total); got != want {
			t.Errorf("rate(%d) = %v, want %v", total, got, want)
		}
	}
	f(100, 0)
	now = now.Add(30 * time.Minute)
	f(150, 100)
}
