package p2p

import (
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/control"
	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/peer"
	"github.com/multiformats/go-multiaddr"
	manet "github.com/multiformats/go-multiaddr/net"
)

// Bounds of the gate.
const (
	maxBans = 4096
	// dialsPerHost is how many dials one address gets in dialPeriod that nobody answers there, so that peers that name
	// it under many ids cannot make us knock at it.
	dialsPerHost = 16
	dialPeriod   = time.Minute
	maxDialed    = 4096
)

// undialled are ranges that no peer is reached at.
var undialled = []netip.Prefix{
	netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("224.0.0.0/4"), netip.MustParsePrefix("240.0.0.0/4"),
	netip.MustParsePrefix("::/128"), netip.MustParsePrefix("fe80::/10"), netip.MustParsePrefix("ff00::/8"), netip.MustParsePrefix("100::/64"),
	netip.MustParsePrefix("64:ff9b::/96"), netip.MustParsePrefix("64:ff9b:1::/48"), netip.MustParsePrefix("2001::/32"), netip.MustParsePrefix("2002::/16"),
}

// gate decides whom the host dials and accepts. It is safe for concurrent use.
type gate struct {
	loopback bool // may be dialled, whoever has named it
	now      func() time.Time

	mu     sync.Mutex
	bans   map[peer.ID]time.Time
	here   map[peer.ID]bool // peers that were linked with over loopback
	dialed map[netip.Addr]*knocks
}

// knocks are the dials of one address in a period.
type knocks struct {
	since time.Time
	n     int
}

func newGate(loopback bool, bootstrap []string) *gate {
	return &gate{
		loopback: loopback || slices.ContainsFunc(bootstrap, isLoopback), now: time.Now,
		bans: make(map[peer.ID]time.Time), here: make(map[peer.ID]bool), dialed: make(map[netip.Addr]*knocks),
	}
}

// ban shuts a peer out; when there is no room, those whose time is over give way, and then nobody.
func (g *gate) ban(id peer.ID, until time.Time) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.bans) >= maxBans {
		g.expire(g.now())
	}
	if len(g.bans) < maxBans && until.After(g.bans[id]) {
		g.bans[id] = until
	}
}

// expire forgets bans that are over. The caller holds mu.
func (g *gate) expire(now time.Time) {
	for id, until := range g.bans {
		if !now.Before(until) {
			delete(g.bans, id)
		}
	}
}

// pardon ends the ban of a peer that is dialled on purpose.
func (g *gate) pardon(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.bans, id)
}

func (g *gate) banned(id peer.ID, now time.Time) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return now.Before(g.bans[id])
}

// size is the number of peers that are shut out.
func (g *gate) size() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.expire(g.now())
	return len(g.bans)
}

// InterceptPeerDial implements connmgr.ConnectionGater.
func (g *gate) InterceptPeerDial(id peer.ID) bool { return !g.banned(id, g.now()) }

// InterceptAddrDial implements connmgr.ConnectionGater.
func (g *gate) InterceptAddrDial(id peer.ID, a multiaddr.Multiaddr) bool {
	ip, err := manet.ToIP(a)
	if err != nil {
		return relayed(a)
	}
	at, ok := netip.AddrFromSlice(ip)
	if !ok {
		return false
	}
	at = at.Unmap()
	if at.IsLoopback() {
		return g.loopback || g.isHere(id)
	}
	if slices.ContainsFunc(undialled, func(p netip.Prefix) bool { return p.Contains(at) }) {
		return false
	}
	return g.knock(at)
}

// near notes a peer that was linked with over loopback: it may be dialled there.
func (g *gate) near(id peer.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(g.here) < maxKnown {
		g.here[id] = true
	}
}

func (g *gate) isHere(id peer.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.here[id]
}

// knock counts a dial of an address and reports whether it may be made.
func (g *gate) knock(at netip.Addr) bool {
	now := g.now()
	g.mu.Lock()
	defer g.mu.Unlock()
	k := g.dialed[at]
	if k == nil {
		if len(g.dialed) >= maxDialed {
			for a, k := range g.dialed {
				if now.Sub(k.since) >= dialPeriod {
					delete(g.dialed, a)
				}
			}
		}
		if len(g.dialed) >= maxDialed {
			return false
		}
		k = &knocks{since: now}
		g.dialed[at] = k
	}
	if now.Sub(k.since) >= dialPeriod {
		*k = knocks{since: now}
	}
	k.n++
	return k.n <= dialsPerHost
}

// InterceptAccept implements connmgr.ConnectionGater.
func (g *gate) InterceptAccept(network.ConnMultiaddrs) bool { return true }

// InterceptSecured implements connmgr.ConnectionGater.
func (g *gate) InterceptSecured(_ network.Direction, id peer.ID, c network.ConnMultiaddrs) bool {
	if ip, err := manet.ToIP(c.RemoteMultiaddr()); err == nil {
		if at, ok := netip.AddrFromSlice(ip); ok {
			g.mu.Lock()
			delete(g.dialed, at.Unmap()) // somebody is there
			g.mu.Unlock()
		}
	}
	return !g.banned(id, g.now())
}

// InterceptUpgraded implements connmgr.ConnectionGater.
func (g *gate) InterceptUpgraded(network.Conn) (bool, control.DisconnectReason) { return true, 0 }
