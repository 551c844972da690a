package replica

import (
	"fmt"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/streamlet"
	"doin.network/node/internal/timestamp"
)

func TestServing(t *testing.T) {
	var s serving
	now := int64(5_000_000)
	for i := range 100 {
		if got, want := s.may(fmt.Sprint(i), now), i < servingMost; got != want {
			t.Fatalf("peer %d: %v, want %v", i, got, want)
		}
	}
	now += servingSecond
	answers := 0
	for range 100 { // in a second
		if s.may("one", now) {
			answers++
		}
		now += servingSecond / 100
	}
	if answers != 5 {
		t.Errorf("one peer has %d answers in a second, want 5", answers)
	}
	if len(s.last) > servingMost {
		t.Errorf("%d peers are remembered", len(s.last))
	}
	if !s.may("two", 1) {
		t.Error("after the clock was set back nobody is answered")
	}
}

// Whoever asks for blocks without end costs a node a bounded number of answers, whatever identities it has.
func TestRequestsWithoutEnd(t *testing.T) {
	w := newWorld(t, 3, nil)
	w.start()
	w.run(3 * slotTime)
	w.accept(w.peers[0], 0.5)
	p := w.peers[1]
	tip := p.m.chain.Tree().Best().ID
	ask := &application.Message{Chain: streamlet.Message{Request: &streamlet.Request{Above: 0, Want: tip}}}
	answers := 0
	for i := range 2000 { // within a second
		from := fmt.Sprintf("%040x", i%50)
		m := &chain.Message{Type: chain.MsgBlockRequest, SenderID: from, Timestamp: timestamp.FromMicro(w.now), Payload: payload(ask)}
		for _, f := range p.m.Step(w.now+int64(i)*500, protocol.Received{Message: m}) {
			if s, ok := f.(protocol.Send); ok && s.Peer == from {
				answers++
			}
		}
	}
	if answers == 0 || answers > 2*servingMost {
		t.Errorf("%d answers to 2000 requests in a second, want 1 to %d", answers, 2*servingMost)
	}
}
