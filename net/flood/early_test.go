package flood

import (
	"strings"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

func TestEarlyPeerGetsWhatItKnows(t *testing.T) {
	f := func(kind string, payload int, want bool) {
		t.Helper()
		g := newFixture(t, func(c *Config) { c.MaxBytes, c.QueueBytes = 4<<20, 8<<20 },
			Peer{ID: "early", Endpoint: "early:1", Early: true}, Peer{ID: "late", Endpoint: "late:1"})
		m := &chain.Message{Type: kind, Payload: canon.NewObject("x", strings.Repeat("y", payload))}
		if err := g.Broadcast(m); err != nil {
			t.Fatal(err)
		}
		g.Flood.mu.Lock()
		_, early := g.outboxes["early:1"]
		_, late := g.outboxes["late:1"]
		g.Flood.mu.Unlock()
		if early != want || !late {
			t.Errorf("%s of %d bytes: to the early peer %v, to the other %v, want %v and true", kind, payload, early, late, want)
		}
		err := g.Send(t.Context(), Peer{Endpoint: "early:1", Early: true}, m)
		if sent := len(g.sent) == 1; err != nil || sent != want {
			t.Errorf("Send(%s of %d bytes): sent %v, %v, want %v", kind, payload, sent, err, want)
		}
	}
	f(chain.MsgOptimaeReveal, 10, true)
	f(chain.MsgPeerDiscovery, 10, true)
	f(chain.MsgOptimaeReveal, EarlyMaxBytes, false)
	f(chain.MsgChampionRequest, 10, false)
	f(chain.MsgChampionResponse, 10, false)
	f(chain.MsgStageComplete, 10, false)
	f(chain.MsgCandidateEvaluation, 10, false)
	f(chain.MsgVote, 10, false)
}
