package p2p

import (
	"context"
	"slices"
	"time"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/host/autorelay"
	basichost "github.com/libp2p/go-libp2p/p2p/host/basic"
	"github.com/libp2p/go-libp2p/p2p/protocol/circuitv2/relay"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Reachability is whether others can open a link to a node.
type Reachability string

// The reachabilities.
const (
	// Unknown: nobody has tried yet, or no address of the node is a public one.
	Unknown Reachability = "unknown"
	// Public: others have reached it from outside.
	Public Reachability = "public"
	// Private: they could not, and no relay is held. It opens links, and is opened none from outside.
	Private Reachability = "private"
	// Relayed: they could not, but a relay passes them on, after which both punch holes in their routers.
	Relayed Reachability = "relayed"
)

// What a node that is public gives others as a relay. A link through it is for meeting: it ends after a while, or when it has carried
// enough for two peers to punch holes by, and no gossip goes over it.
const (
	relayTime         = 2 * time.Minute
	relayBytes        = 1 << 20
	relayReservations = 64 // peers that may be passed on to
	relayCircuits     = 8  // links of one peer
	relayPerAddress   = 8  // peers of one address
	relayBuffer       = 4 << 10
)

// How a node that is not reached looks for relays.
const (
	relaysWanted = 2
	relayBoot    = 5 * time.Second // with fewer candidates than wanted
	relayPause   = time.Minute     // after one has refused
)

// traverse has a node find out whether it is reached, and be reached through relays if not.
func (n *Node) traverse(c *config.Config) {
	c.Relay, c.EnableHolePunching, c.EnableAutoNATv2, c.AutoNATConfig.EnableService = true, true, true, true
	c.EnableAutoRelay = true
	c.AutoRelayOpts = []autorelay.Option{autorelay.WithPeerSource(n.relays), autorelay.WithNumRelays(relaysWanted), autorelay.WithMinCandidates(1),
		autorelay.WithBootDelay(relayBoot), autorelay.WithBackoff(relayPause), autorelay.WithMinInterval(relayBoot)}
	if n.cfg.PortMap {
		c.NATManager = basichost.NewNATManager
	}
}

// offerRelay has a node relay for others, or no more. libp2p's own switch looks at the first version of AutoNAT alone, which takes
// longer.
func (n *Node) offerRelay(on bool) {
	switch {
	case on && n.relay == nil:
		r, err := relay.New(n.host, relay.WithResources(relay.Resources{
			Limit:          &relay.RelayLimit{Duration: relayTime, Data: relayBytes},
			ReservationTTL: time.Hour, MaxReservations: relayReservations, MaxCircuits: relayCircuits, BufferSize: relayBuffer,
			MaxReservationsPerPeer: 1, MaxReservationsPerIP: relayPerAddress, MaxReservationsPerASN: relayReservations,
		}))
		if err != nil {
			n.cfg.Log.Warn("no relay for others", "err", err)
			return
		}
		n.relay = r
	case !on && n.relay != nil:
		_ = n.relay.Close()
		n.relay = nil
	}
}

// relays gives libp2p the connected peers of our network that could be relays; which of them are it asks itself.
func (n *Node) relays(ctx context.Context, most int) <-chan peer.AddrInfo {
	out := make(chan peer.AddrInfo, most)
	defer close(out)
	if n.host == nil { // it is being made
		return out
	}
	n.mu.Lock()
	var hosts []peer.ID
	for id, l := range n.peers {
		if l.ID != "" && !l.Relayed {
			hosts = append(hosts, id)
		}
	}
	n.mu.Unlock()
	slices.Sort(hosts)
	for _, id := range hosts {
		if info := n.host.Peerstore().PeerInfo(id); len(out) < most && slices.ContainsFunc(info.Addrs, manet.IsPublicAddr) {
			out <- info
		}
	}
	return out
}

// Reach is how others reach a node.
type Reach struct {
	Reachability Reachability
	// Confirmed are the addresses at which others have reached it, Relays those through others.
	Confirmed, Relays []string
}

// Reach returns how others reach this node, as far as they have told.
func (n *Node) Reach() Reach {
	n.mu.Lock()
	r := Reach{Reachability: n.reach.state, Confirmed: slices.Clone(n.reach.confirmed)}
	n.mu.Unlock()
	for _, a := range n.host.Addrs() {
		if relayed(a) {
			r.Relays = append(r.Relays, a.String())
		}
	}
	switch {
	case len(r.Confirmed) > 0:
		r.Reachability = Public
	case r.Reachability == "":
		r.Reachability = Unknown
	case r.Reachability == Private && len(r.Relays) > 0:
		r.Reachability = Relayed
	}
	return r
}

// reached is what others have told of this node.
type reached struct {
	state     Reachability
	confirmed []string
}

// watchReach files what others tell of this node until ctx ends.
func (n *Node) watchReach(ctx context.Context) error {
	sub, err := n.host.EventBus().Subscribe([]any{new(event.EvtLocalReachabilityChanged), new(event.EvtHostReachableAddrsChanged)})
	if err != nil {
		return err
	}
	defer sub.Close()
	before := Unknown
	defer n.offerRelay(false)
	for {
		select {
		case <-ctx.Done():
			return nil
		case ev, ok := <-sub.Out():
			if !ok {
				return nil
			}
			n.fileReach(ev)
		}
		if now := n.Reach().Reachability; now != before {
			before = now
			n.cfg.Log.Info("reachability", "is", now)
			n.offerRelay(now == Public && n.cfg.Traverse)
		}
	}
}

func (n *Node) fileReach(ev any) {
	n.mu.Lock()
	defer n.mu.Unlock()
	switch ev := ev.(type) {
	case event.EvtLocalReachabilityChanged:
		n.reach.state = map[network.Reachability]Reachability{network.ReachabilityPublic: Public, network.ReachabilityPrivate: Private}[ev.Reachability]
	case event.EvtHostReachableAddrsChanged:
		n.reach.confirmed = nil
		for _, a := range ev.Reachable {
			n.reach.confirmed = append(n.reach.confirmed, a.String())
		}
	}
}

// found considers a peer that something has named: it is dialled as those of before are, while there are few.
func (n *Node) found(info peer.AddrInfo) {
	if info.ID == n.host.ID() || len(info.Addrs) == 0 || n.gate.banned(info.ID, time.Now()) {
		return
	}
	n.mu.Lock()
	_, linked := n.peers[info.ID]
	t := n.known[info.ID]
	room := t != nil || len(n.known) < maxKnown
	if room && t == nil {
		n.known[info.ID] = &target{host: info.ID}
	}
	n.mu.Unlock()
	if linked || !room {
		return
	}
	n.host.Peerstore().AddAddrs(info.ID, dialable(info.Addrs), foundTime)
	n.poke()
}

// foundTime is how long the addresses of a peer that something has named are kept.
const foundTime = 10 * time.Minute

// dialable are the first addresses of a list.
func dialable(list []multiaddr.Multiaddr) []multiaddr.Multiaddr {
	return list[:min(len(list), maxAddresses)]
}
