package flood

import (
	"context"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// flood queues body for every peer but the author and the last hop. The last
// hop is excluded where both its claimed id and its address fit a peer, so that
// a false claim cannot keep a message from a third one elsewhere.
func (g *Flood) flood(kind string, body []byte, author string, from Peer) {
	for _, p := range g.peers.Peers() {
		if p.ID != "" && (p.ID == author || (p.ID == from.ID && p.Host == from.Host)) {
			continue
		}
		if p.knows(kind, len(body)) {
			g.enqueue(p, body)
		}
	}
}

// Broadcast signs m if it is not signed, marks it as seen and queues it for all
// peers with the transport metadata after the payload's own members. A zero ttl
// becomes chain.DefaultTTL, a zero timestamp now. m's payload is not changed.
func (g *Flood) Broadcast(m *chain.Message) error {
	body, err := g.own(m)
	if err != nil {
		return err
	}
	if g.cfg.Mesh != nil {
		return g.publish(m.Type, bare(m))
	}
	g.flood(m.Type, body, g.cfg.Signer.PeerID(), Peer{})
	return nil
}

// publish hands a body to the mesh.
func (g *Flood) publish(kind string, body []byte) error {
	err := g.cfg.Mesh.Publish(kind, body)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.stats.SendErrors++
		return fmt.Errorf("publish %s: %w", kind, err)
	}
	g.stats.Sent++
	return nil
}

// bare is the one form that m has in a mesh: canonical, without metadata, and with one hop left, since hops are not counted
// there. What a signature does not cover has no say in it.
func bare(m *chain.Message) []byte {
	c := *m
	c.TTL, c.Payload = 1, chain.WithoutMetadata(m.Payload)
	return canon.Default(c.Object())
}

// Send is Broadcast to one peer, waiting for its answer. What an Early peer does not know is not sent, and no error.
func (g *Flood) Send(ctx context.Context, p Peer, m *chain.Message) error {
	body, err := g.own(m)
	if err != nil {
		return err
	}
	if !p.knows(m.Type, len(body)) {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, g.cfg.SendTimeout)
	defer cancel()
	err = g.sender.PostMessage(ctx, p.Endpoint, body)
	g.sent(p, err)
	return err
}

// Announce tells one peer who and where we are, by a signed peer_discovery
// message that it does not relay; it will dial back. discovery's Announce.
func (g *Flood) Announce(ctx context.Context, p Peer) error {
	m := &chain.Message{Type: chain.MsgPeerDiscovery, TTL: 1, Payload: discoveryPayload(g.cfg.Signer.PeerID())}
	return g.Send(ctx, p, m)
}

func (g *Flood) own(m *chain.Message) ([]byte, error) {
	now := g.cfg.Now()
	if m.Payload == nil {
		m.Payload = canon.NewObject()
	}
	if m.TTL == 0 {
		m.TTL = chain.DefaultTTL
	}
	if m.Timestamp.IsZero() {
		m.Timestamp = timestamp.FromMicro(now.UnixMicro())
	}
	if m.Signature == "" {
		if err := chain.SignMessage(m, g.cfg.Signer, g.cfg.Network); err != nil {
			return nil, fmt.Errorf("sign %s: %w", m.Type, err)
		}
	}
	body, err := g.encode(m, m.TTL, "")
	if err != nil {
		return nil, err
	}
	g.mu.Lock()
	g.seen.add(floodID(m), now)
	g.mu.Unlock()
	return body, nil
}

// discoveryPayload is the payload of peer_discovery.
func discoveryPayload(id string) *canon.Object {
	return canon.NewObject("peer_id", id, "addresses", []any{}, "domains", []any{}, "roles", []any{})
}
