package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/protocol/ping"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
	"github.com/multiformats/go-multistream"
)

// Peer is a connected node of our network, as a copy.
type Peer struct {
	// ID is its peer id, proved by the handshake.
	ID string
	// Host is the id by which libp2p knows it.
	Host string
	// Address is where the link leads to. Of a relayed one, which has none, it is one of its own in 100::/64, which nothing is
	// routed to.
	Address netip.AddrPort
	// Relayed says that the link goes through another node, Inbound that the peer has opened it.
	Relayed, Inbound bool
	// Since is when it was connected.
	Since time.Time
	// Score is what gossip thinks of it.
	Score float64
}

// link is a peer that is connected, of our network or, without ID, not known to be.
type link struct {
	Peer
	faults float64
}

// watch files who comes and goes until ctx ends.
func (n *Node) watch(ctx context.Context) error {
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev, ok := <-n.events.Out():
			if !ok {
				return nil
			}
			switch ev := ev.(type) {
			case event.EvtPeerIdentificationCompleted:
				n.identified(ev)
			case event.EvtPeerConnectednessChanged:
				if ev.Connectedness != network.Connected && ev.Connectedness != network.Limited {
					n.gone(ev.Peer)
				}
			}
		}
	}
}

// identified files a peer whose handshake is done and that has told its protocols. One of another network is turned away.
func (n *Node) identified(ev event.EvtPeerIdentificationCompleted) {
	ours, others := false, false
	for _, p := range ev.Protocols {
		ours = ours || p == n.protocols.http
		others = others || strings.HasPrefix(string(p), prefix)
	}
	if !ours {
		if others {
			n.cfg.Log.Warn("peer is of another network", "host", ev.Peer, "address", ev.Conn.RemoteMultiaddr())
			n.shut(ev.Peer, n.cfg.Ban)
		}
		return
	}
	id, err := nodeID(ev.Conn.RemotePublicKey())
	if err != nil {
		n.cfg.Log.Warn("peer is none of ours", "host", ev.Peer, "err", err)
		n.shut(ev.Peer, n.cfg.Ban)
		return
	}
	if n.outcast(ev.Peer) {
		n.shut(ev.Peer, n.cfg.Ban)
		return
	}
	if addressOf(ev.Conn).Addr().IsLoopback() {
		n.gate.near(ev.Peer)
	}
	n.replace(ev.Conn)
	p, fresh := n.file(ev.Peer, id, ev.Conn)
	n.remember(ev.Peer)
	if !fresh {
		return
	}
	n.cfg.Log.Info("peer linked", "peer", id, "host", ev.Peer, "address", ev.Conn.RemoteMultiaddr(), "inbound", p.Inbound)
	if n.cfg.OnConnect != nil {
		n.cfg.OnConnect(p)
	}
}

// outcast reports whether gossip remembers a peer that it has shut out, and thinks no better of it since.
func (n *Node) outcast(host peer.ID) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.score[host] <= graylistThreshold
}

// file notes a peer, and reports whether it was not there before.
func (n *Node) file(host peer.ID, id string, c network.Conn) (Peer, bool) {
	p := peerOf(host, id, c)
	n.mu.Lock()
	defer n.mu.Unlock()
	l := n.peers[host]
	if l != nil && l.ID == id && !(l.Relayed && !p.Relayed) {
		return l.Peer, false
	}
	fresh := l == nil
	if fresh {
		l = &link{}
		n.peers[host] = l
	} else {
		p.Since = l.Since
	}
	l.Peer = p
	return p, fresh
}

// stale is how much older a link must be than a new one of the same peer to be given up for it at once.
const stale = 3 * time.Second

// aliveTime is how long the other end of a younger one may take to answer.
const aliveTime = time.Second

// replace closes links to the peer of a new link that are much older: the peer has been started again, and what is left of it
// before has not noticed. Two that are made at the same time, each by one of the two, are both left; which it is of a link in between is
// found by asking over it, because gossip would else go on over a link that nobody is at, for half a minute over QUIC.
func (n *Node) replace(fresh network.Conn) {
	if relayed(fresh.RemoteMultiaddr()) {
		return
	}
	for _, c := range n.host.Network().ConnsToPeer(fresh.RemotePeer()) {
		switch {
		case c == fresh:
		case fresh.Stat().Opened.Sub(c.Stat().Opened) > stale:
			_ = c.Close()
		default:
			go func() {
				if !alive(c) {
					_ = c.Close()
				}
			}()
		}
	}
}

// alive reports whether the other end of a link answers.
func alive(c network.Conn) bool {
	ctx, cancel := context.WithTimeout(context.Background(), aliveTime)
	defer cancel()
	s, err := c.NewStream(ctx)
	if err != nil {
		return false
	}
	defer func() { _ = s.Reset() }()
	if err := s.SetDeadline(time.Now().Add(aliveTime)); err != nil {
		return false
	}
	return multistream.SelectProtoOrFail(ping.ID, s) == nil
}

// gone forgets a peer.
func (n *Node) gone(host peer.ID) {
	n.mu.Lock()
	l := n.peers[host]
	delete(n.peers, host)
	n.due(host)
	n.mu.Unlock()
	if l != nil {
		n.cfg.Log.Info("peer is gone", "peer", l.ID, "host", host)
		n.poke()
	}
}

// shut closes the links of a peer, and neither dials nor accepts it for a while.
func (n *Node) shut(host peer.ID, d time.Duration) {
	n.gate.ban(host, time.Now().Add(d))
	_ = n.host.Network().ClosePeer(host)
}

// Penalize shuts out the peer with the given id for d.
func (n *Node) Penalize(id string, d time.Duration) {
	if host, ok := n.hostOf(id); ok {
		n.shut(host, d)
	}
}

// Peers returns the connected peers of our network by id.
func (n *Node) Peers() []Peer {
	n.mu.Lock()
	defer n.mu.Unlock()
	out := make([]Peer, 0, len(n.peers))
	for host, l := range n.peers {
		p := l.Peer
		p.Score = n.score[host]
		out = append(out, p)
	}
	slices.SortFunc(out, func(a, b Peer) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Lookup returns the connected peer with the given id.
func (n *Node) Lookup(id string) (Peer, bool) {
	host, ok := n.hostOf(id)
	if !ok {
		return Peer{}, false
	}
	return n.lookup(host)
}

func (n *Node) lookup(host peer.ID) (Peer, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if l := n.peers[host]; l != nil {
		return l.Peer, true
	}
	return Peer{}, false
}

// sender returns who has delivered a message. Its handshake is done, or it could not have, but may not be filed yet: then it is read
// from the link.
func (n *Node) sender(host peer.ID) (Peer, bool) {
	if p, ok := n.lookup(host); ok {
		return p, true
	}
	for _, c := range n.host.Network().ConnsToPeer(host) {
		if id, err := nodeID(c.RemotePublicKey()); err == nil {
			return peerOf(host, id, c), true
		}
	}
	return Peer{}, false
}

// peerOf is the peer at the other end of a link.
func peerOf(host peer.ID, id string, c network.Conn) Peer {
	return Peer{
		ID: id, Host: host.String(), Address: addressOf(c), Relayed: relayed(c.RemoteMultiaddr()),
		Inbound: c.Stat().Direction == network.DirInbound, Since: time.Now(),
	}
}

// hostOf returns libp2p's id of a connected peer.
func (n *Node) hostOf(id string) (peer.ID, bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for host, l := range n.peers {
		if l.ID == id {
			return host, true
		}
	}
	return "", false
}

// relayed reports whether an address goes through another node.
func relayed(a multiaddr.Multiaddr) bool {
	_, err := a.ValueForProtocol(multiaddr.P_CIRCUIT)
	return err == nil
}

// addressOf is where a link leads to.
func addressOf(c network.Conn) netip.AddrPort {
	a := c.RemoteMultiaddr()
	ip, err := manet.ToIP(a)
	at, ok := netip.AddrFromSlice(ip)
	if err != nil || !ok || relayed(a) {
		return placeholder(c.RemotePeer())
	}
	port := uint64(0)
	for _, code := range []int{multiaddr.P_TCP, multiaddr.P_UDP} {
		if text, err := a.ValueForProtocol(code); err == nil {
			port, _ = strconv.ParseUint(text, 10, 16)
		}
	}
	return netip.AddrPortFrom(at.Unmap(), uint16(port))
}

// placeholder is the address in 100::/64 that stands for a peer without one.
func placeholder(id peer.ID) netip.AddrPort {
	sum := sha256.Sum256([]byte(id))
	a := [16]byte{0: 1}
	binary.BigEndian.PutUint64(a[8:], binary.BigEndian.Uint64(sum[:8]))
	return netip.AddrPortFrom(netip.AddrFrom16(a), 1)
}
