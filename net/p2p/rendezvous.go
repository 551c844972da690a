package p2p

import (
	"context"
	"fmt"
	"time"

	dht "github.com/libp2p/go-libp2p-kad-dht"
	"github.com/libp2p/go-libp2p/core/discovery"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/core/protocol"
	drouting "github.com/libp2p/go-libp2p/p2p/discovery/routing"
)

// Times of the rendezvous.
const (
	advertiseAgain = time.Hour // after it was said that this node is here
	lookAgain      = 10 * time.Second
	lookSeldom     = 10 * time.Minute // with enough peers
	lookTime       = 20 * time.Second
	lookMost       = 64 // peers of one answer
)

// rendezvous is the network's Kademlia table, of its own nodes alone: who is part of the network says so under its name, and who has few
// peers looks there. Values are not stored.
type rendezvous struct {
	table *dht.IpfsDHT
	disco *drouting.RoutingDiscovery
}

// meet makes the table.
func (n *Node) meet() (*rendezvous, error) {
	table, err := dht.New(n.host, dht.ProtocolPrefix(protocol.ID(namespace(n.cfg.Network))), dht.Mode(dht.ModeAutoServer),
		dht.DisableValues(), dht.BootstrapPeersFunc(n.linked))
	if err != nil {
		return nil, fmt.Errorf("p2p: Kademlia table: %w", err)
	}
	return &rendezvous{table, drouting.NewRoutingDiscovery(table)}, nil
}

// linked are the connected peers of our network.
func (n *Node) linked() (out []peer.AddrInfo) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for id, l := range n.peers {
		if l.ID != "" && !l.Relayed {
			out = append(out, n.host.Peerstore().PeerInfo(id))
		}
	}
	return out
}

// run says that this node is here, and looks for others, until ctx ends.
func (r *rendezvous) run(ctx context.Context, n *Node) error {
	if err := r.table.Bootstrap(ctx); err != nil && ctx.Err() == nil {
		return fmt.Errorf("p2p: Kademlia table: %w", err)
	}
	name := namespace(n.cfg.Network)
	said, looked := time.Time{}, time.Time{}
	tick := time.NewTicker(lookAgain / 5)
	defer tick.Stop()
	for {
		if links := len(n.linked()); links > 0 && r.table.RoutingTable().Size() > 0 {
			if now := time.Now(); now.Sub(said) >= advertiseAgain && r.say(ctx, name) {
				said = now
			}
			pause := lookSeldom
			if links < n.cfg.MinPeers {
				pause = lookAgain
			}
			if now := time.Now(); now.Sub(looked) >= pause {
				looked = now
				r.look(ctx, n, name)
			}
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// say tells the table that this node is here, and reports whether it was told.
func (r *rendezvous) say(ctx context.Context, name string) bool {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	_, err := r.disco.Advertise(ctx, name)
	return err == nil
}

// look asks the table who is here.
func (r *rendezvous) look(ctx context.Context, n *Node, name string) {
	ctx, cancel := context.WithTimeout(ctx, lookTime)
	defer cancel()
	list, err := r.disco.FindPeers(ctx, name, discovery.Limit(lookMost))
	if err != nil {
		n.cfg.Log.Debug("nobody asked for peers", "err", err)
		return
	}
	for info := range list {
		n.found(info)
	}
}
