package p2p

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/libp2p/go-libp2p/core/event"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
)

// testNode is a node that does not run.
func testNode(t *testing.T, seed string) *Node {
	t.Helper()
	c := DefaultConfig()
	c.Key, c.Network, c.Topics, c.Consumer, c.Listen = key(t, seed), "test", []string{"claims"}, newInbox(), []string{"/ip4/127.0.0.1/tcp/0"}
	n, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(n.Close)
	return n
}

// TestRendezvous: two nodes that know a third find each other in the network's table.
func TestRendezvous(t *testing.T) {
	t.Parallel()
	table := func(c *Config) { c.Rendezvous = true }
	a := start(t, "in the middle", table)
	with := func(c *Config) { table(c); to(a)(c) }
	b, c := start(t, "left", with), start(t, "right", with)
	linked(t, b, c)
	if b.Stats().Connected != 2 || c.Stats().Connected != 2 || a.Stats().Connected != 2 {
		t.Errorf("%d, %d and %d peers, want 2 each", a.Stats().Connected, b.Stats().Connected, c.Stats().Connected)
	}
}

// TestServiceName: the name on a LAN is one that DNS-SD allows, and each network's own.
func TestServiceName(t *testing.T) {
	a, b := serviceName("a"), serviceName("b")
	label, rest, _ := strings.Cut(a, ".")
	if a == b || rest != "_udp" || len(label) > 1+15 || !strings.HasPrefix(label, "_doin") {
		t.Errorf("services %q and %q", a, b)
	}
}

// TestReach: what others tell of a node, of the addresses that they have tried before what they think of it as a whole.
func TestReach(t *testing.T) {
	n := testNode(t, "reach")
	f := func(ev any, want Reachability, confirmed int) {
		t.Helper()
		if ev != nil {
			n.fileReach(ev)
		}
		if r := n.Reach(); r.Reachability != want || len(r.Confirmed) != confirmed {
			t.Errorf("after %+v: %+v, want %s with %d addresses", ev, r, want, confirmed)
		}
	}
	at := multiaddr.StringCast("/ip4/44.7.0.1/tcp/9470")
	f(nil, Unknown, 0)
	f(event.EvtLocalReachabilityChanged{Reachability: network.ReachabilityPrivate}, Private, 0)
	f(event.EvtHostReachableAddrsChanged{Reachable: []multiaddr.Multiaddr{at}}, Public, 1)
	f(event.EvtHostReachableAddrsChanged{Unreachable: []multiaddr.Multiaddr{at}}, Private, 0)
	f(event.EvtLocalReachabilityChanged{Reachability: network.ReachabilityPublic}, Public, 0)
	f(event.EvtLocalReachabilityChanged{Reachability: network.ReachabilityUnknown}, Unknown, 0)
}

// TestFound: who is named is remembered to be dialled while there is room, with few of its addresses; not this node, nobody without an
// address, nobody that is shut out.
func TestFound(t *testing.T) {
	n := testNode(t, "found")
	at := multiaddr.StringCast("/ip4/44.7.0.1/tcp/9470")
	known := func() int { n.mu.Lock(); defer n.mu.Unlock(); return len(n.known) }
	f := func(id peer.ID, addresses []multiaddr.Multiaddr, want int) {
		t.Helper()
		n.found(peer.AddrInfo{ID: id, Addrs: addresses})
		if got := known(); got != want {
			t.Errorf("%d peers are remembered, want %d", got, want)
		}
	}
	f(n.host.ID(), []multiaddr.Multiaddr{at}, 0)
	f("nowhere", nil, 0)
	n.gate.ban("banned", time.Now().Add(time.Minute))
	f("banned", []multiaddr.Multiaddr{at}, 0)
	var many []multiaddr.Multiaddr
	for i := range 100 {
		many = append(many, multiaddr.StringCast(fmt.Sprintf("/ip4/44.7.0.1/tcp/%d", i+1)))
	}
	f("many", many, 1)
	if got := len(n.host.Peerstore().Addrs("many")); got != maxAddresses {
		t.Errorf("%d addresses of one peer are kept, want %d", got, maxAddresses)
	}
	f("many", many, 1)
	for i := range 2 * maxKnown {
		n.found(peer.AddrInfo{ID: peer.ID(fmt.Sprint("peer ", i)), Addrs: []multiaddr.Multiaddr{at}})
	}
	if got := known(); got != maxKnown {
		t.Errorf("%d peers are remembered, want %d", got, maxKnown)
	}
}

// TestOfferRelay: a node relays while it is reached, once however often it is told, and no longer.
func TestOfferRelay(t *testing.T) {
	n := testNode(t, "relay")
	hop := func() bool {
		for _, p := range n.host.Mux().Protocols() {
			if strings.HasPrefix(string(p), "/libp2p/circuit/relay/") && strings.HasSuffix(string(p), "/hop") {
				return true
			}
		}
		return false
	}
	for _, on := range []bool{false, true, true, false, false, true} {
		if n.offerRelay(on); hop() != on {
			t.Errorf("told %v it relays: %v", on, hop())
		}
	}
	n.offerRelay(false)
}
