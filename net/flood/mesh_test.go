package flood

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// published is a Mesh that keeps what it gets.
type published struct {
	kinds  []string
	bodies [][]byte
}

func (p *published) Publish(kind string, body []byte) error {
	p.kinds, p.bodies = append(p.kinds, kind), append(p.bodies, body)
	return nil
}

// TestMesh: what is broadcast goes to the mesh in its one form, and what the mesh brings is judged, taken once, and forwarded by it alone.
func TestMesh(t *testing.T) {
	var mesh published
	f := newFixture(t, func(c *Config) { c.Mesh = &mesh }, Peer{ID: "p", Endpoint: "10.0.0.1:8470"})
	f.run(t)
	if err := f.Broadcast(message(t, key(t, "self"), nil)); err != nil {
		t.Fatal(err)
	}
	if len(mesh.bodies) != 1 || mesh.kinds[0] != chain.MsgOptimaeCommit {
		t.Fatalf("published %v, want the commit", mesh.kinds)
	}
	all := func(string) bool { return true }
	deliver := func(body []byte) error { return f.Deliver(t.Context(), "10.0.0.2", body, all) }
	reason := func(body []byte, want Reason) {
		t.Helper()
		var r *Refusal
		if err := deliver(body); !errors.As(err, &r) || r.Why != want || !r.Fault() {
			t.Errorf("Deliver(%.60s) = %v, want %s, a fault", body, err, want)
		}
	}
	if err := deliver(mesh.bodies[0]); !errors.Is(err, ErrDuplicate) {
		t.Errorf("our own message = %v, want ErrDuplicate", err)
	}

	m := message(t, key(t, "author"), nil)
	body := bare(m)
	for what, edit := range map[string]func(m *chain.Message){
		"another ttl": func(m *chain.Message) { m.TTL = 2 },
		"metadata":    func(m *chain.Message) { m.Payload = m.Payload.Clone().Set(chain.MetaSenderPort, 1) },
	} {
		c := *m
		c.TTL = 1
		edit(&c)
		t.Log(what)
		reason(encode(&c), ReasonForm)
	}
	reason(append(bytes.Clone(body), ' '), ReasonForm)
	reason([]byte(`{"type": "control"}`), ReasonForm)
	forged := *m
	forged.Signature = m.Signature[:len(m.Signature)-2] + "00"
	reason(bare(&forged), ReasonSignature)
	if err := f.Deliver(context.Background(), "10.0.0.2", body, func(string) bool { return false }); !errors.Is(err, ErrRefused) {
		t.Errorf("a message on a topic of others = %v, want a refusal", err)
	}
	if err := deliver(body); err != nil || f.len() != 1 {
		t.Fatalf("Deliver = %v with %d taken, want one", err, f.len())
	}
	if err := deliver(body); !errors.Is(err, ErrDuplicate) {
		t.Errorf("a second copy = %v, want ErrDuplicate", err)
	}

	// A message that was sent to us alone goes into the mesh where it may go further.
	direct := message(t, key(t, "another"), func(m *chain.Message) { m.TTL = 2 })
	if err := f.Receive(t.Context(), "10.0.0.2", encode(direct)); err != nil {
		t.Fatal(err)
	}
	last := message(t, key(t, "third"), func(m *chain.Message) { m.TTL, m.Payload = 1, canon.NewObject("domain_id", "e") })
	if err := f.Receive(t.Context(), "10.0.0.2", encode(last)); err != nil {
		t.Fatal(err)
	}
	if len(mesh.bodies) != 2 || !bytes.Equal(mesh.bodies[1], bare(direct)) {
		t.Errorf("%d bodies were published, want ours and the one with hops left", len(mesh.bodies))
	}
	if len(f.sent) != 0 {
		t.Errorf("%d copies went past the mesh", len(f.sent))
	}
}
