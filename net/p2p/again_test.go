package p2p

import (
	"bytes"
	"context"
	"testing"
	"time"
)

// TestBeforeFiled: a message that comes before its sender's handshake is filed is judged, as one of that sender.
func TestBeforeFiled(t *testing.T) {
	in := newInbox()
	c := DefaultConfig()
	c.Key, c.Network, c.Topics, c.Consumer = key(t, "a"), "test", []string{"claims", "blocks"}, in
	c.Listen = []string{"/ip4/127.0.0.1/tcp/0"}
	a, err := New(c) // it does not run: nothing is filed
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	b := start(t, "b", func(c *Config) { c.Bootstrap = a.Addresses()[:1] })
	until(t, "b knows that a is in the topic", func() bool { return len(b.topics["claims"].ListPeers()) > 0 })
	if err := b.Publish("claims", []byte("early")); err != nil {
		t.Fatal(err)
	}
	in.await(t, "claims", "early")
	if got := a.Peers(); len(got) != 0 {
		t.Errorf("peers = %+v, want none filed", got)
	}
}

// TestPutOff: a message that could not be judged when it came is judged when another copy comes, and then forwarded.
func TestPutOff(t *testing.T) {
	for name, test := range map[string]struct {
		body  []byte
		first func(t *testing.T, a, liar *started, body []byte) // makes a put the message off
	}{
		"body that nobody had": {bytes.Repeat([]byte("x"), 100_000), func(t *testing.T, a, liar *started, body []byte) {
			if err := liar.topics["claims"].Publish(t.Context(), announce(body).append(nil)); err != nil {
				t.Fatal(err)
			}
		}},
		"no time": {[]byte("busy"), func(t *testing.T, _, liar *started, body []byte) {
			if err := liar.Publish("claims", body); err != nil {
				t.Fatal(err)
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			liarID := key(t, "liar").PeerID()
			a := start(t, "a", func(c *Config) {
				c.FetchTimeout = 200 * time.Millisecond
				c.Consumer = byPeer{c.Consumer.(*inbox), func(p Peer) bool { return p.ID != liarID }}
			})
			liar, honest, behind := start(t, "liar", to(a)), start(t, "honest", to(a)), start(t, "behind", to(a))
			for _, n := range []*started{liar, honest, behind} {
				linked(t, a, n)
				until(t, "the mesh is there", func() bool { return n.Stats().Mesh["claims"] > 0 })
			}
			test.first(t, a, liar, test.body)
			until(t, "it was put off", func() bool { return a.Stats().PutOff == 1 })
			if err := honest.Publish("claims", test.body); err != nil {
				t.Fatal(err)
			}
			a.in.await(t, "claims", string(test.body))
			behind.in.await(t, "claims", string(test.body))
		})
	}
}

// byPeer is a Consumer that has no time for some peers.
type byPeer struct {
	*inbox
	time func(Peer) bool
}

func (b byPeer) Take(ctx context.Context, from Peer, topic string, body []byte) Verdict {
	if !b.time(from) {
		return Later
	}
	return b.inbox.Take(ctx, from, topic, body)
}

// TestPutOffBound: what is put off is bounded, and forgotten when pubsub has forgotten it.
func TestPutOffBound(t *testing.T) {
	p, now := newPutOff(), time.Unix(0, 0)
	id := func(i int) string { return string([]byte{byte(i), byte(i >> 8)}) }
	for i := range maxPutOff + 1 {
		p.add(id(i), now)
	}
	if p.take(id(maxPutOff)) || !p.take(id(0)) || p.take(id(0)) {
		t.Error("the bound was exceeded, or a message was taken twice")
	}
	p.add(id(0), now)
	p.add(id(maxPutOff), now.Add(seenFor))
	if !p.take(id(maxPutOff)) || p.take(id(1)) {
		t.Error("old ones did not give way")
	}
}
