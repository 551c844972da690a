package p2p

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/libp2p/go-libp2p/p2p/discovery/mdns"
)

// serviceName is the name by which the nodes of a network find each other on a LAN: of at most 15 characters (RFC 6335, section 5.1),
// which a network's whole id has no place in. Who has the same by chance is turned away at the handshake.
func serviceName(network string) string {
	sum := sha256.Sum256([]byte("doin/mdns\n" + network))
	return "_doin" + hex.EncodeToString(sum[:4]) + "._udp"
}

// HandlePeerFound implements mdns.Notifee.
func (n *neighbours) HandlePeerFound(info peer.AddrInfo) { n.node.found(info) }

// neighbours takes what multicast DNS has found.
type neighbours struct{ node *Node }

// nearby looks for peers on the LAN by multicast DNS (RFC 6762), and answers those that look, until ctx ends. A machine without a
// network that carries it has no such neighbours, which is no error.
func (n *Node) nearby(ctx context.Context) error {
	s := mdns.NewMdnsService(n.host, serviceName(n.cfg.Network), &neighbours{n})
	if err := s.Start(); err != nil {
		n.cfg.Log.Warn("no peers are looked for on the LAN", "err", err)
		<-ctx.Done()
		return nil
	}
	<-ctx.Done()
	if err := s.Close(); err != nil {
		return fmt.Errorf("p2p: multicast DNS: %w", err)
	}
	return nil
}
