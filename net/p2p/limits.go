package p2p

import (
	"math"
	"net/netip"

	"github.com/libp2p/go-libp2p/core/network"
	"github.com/libp2p/go-libp2p/core/protocol"
	rcmgr "github.com/libp2p/go-libp2p/p2p/host/resource-manager"
)

// Limits of one peer, and of one stream.
const (
	peerConns   = 8
	peerStreams = 256
	peerBytes   = 32 << 20
	// peerRequests is the number of requests of one kind that are open with one peer, in either direction.
	peerRequests = 32
	streamBytes  = 16 << 20
	connBytes    = 32 << 20
)

// resources returns the resource manager: every limit that matters is written here, none comes from the machine's size.
func (c *Config) resources(p protocols) (network.ResourceManager, error) {
	streams := rcmgr.LimitVal(16 * c.MaxConns)
	limits := rcmgr.PartialLimitConfig{
		System: rcmgr.ResourceLimits{
			Streams: streams, StreamsInbound: streams / 2, StreamsOutbound: streams,
			Conns: rcmgr.LimitVal(c.MaxConns), ConnsInbound: rcmgr.LimitVal(c.MaxConns * 3 / 4), ConnsOutbound: rcmgr.LimitVal(c.MaxConns),
			FD: rcmgr.LimitVal(2 * c.MaxConns), Memory: rcmgr.LimitVal64(c.MemoryBytes),
		},
		// Links that have not proved their key yet, and streams that have not named their protocol.
		Transient: rcmgr.ResourceLimits{
			Streams: streams / 4, StreamsInbound: streams / 8, StreamsOutbound: streams / 4,
			Conns: rcmgr.LimitVal(c.MaxConns / 2), ConnsInbound: rcmgr.LimitVal(c.MaxConns / 4), ConnsOutbound: rcmgr.LimitVal(c.MaxConns / 2),
			FD: rcmgr.LimitVal(c.MaxConns), Memory: rcmgr.LimitVal64(c.MemoryBytes / 8),
		},
		PeerDefault: rcmgr.ResourceLimits{
			Streams: peerStreams, StreamsInbound: peerStreams / 2, StreamsOutbound: peerStreams,
			Conns: peerConns, ConnsInbound: peerConns, ConnsOutbound: peerConns, FD: peerConns, Memory: peerBytes,
		},
		// Requests, and bodies that are asked for.
		Protocol:     map[protocol.ID]rcmgr.ResourceLimits{p.http: c.requests(c.MaxStreams), p.body: c.requests(c.MaxStreams)},
		ProtocolPeer: map[protocol.ID]rcmgr.ResourceLimits{p.http: c.requests(peerRequests), p.body: c.requests(peerRequests)},
		Conn:         rcmgr.ResourceLimits{Conns: 1, ConnsInbound: 1, ConnsOutbound: 1, FD: 1, Memory: connBytes},
		Stream:       rcmgr.ResourceLimits{Streams: 1, StreamsInbound: 1, StreamsOutbound: 1, Memory: streamBytes},
	}
	options := []rcmgr.Option{
		rcmgr.WithLimitPerSubnet(
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 32, ConnCount: c.MaxConnsPerHost}},
			[]rcmgr.ConnLimitPerSubnet{{PrefixLength: 64, ConnCount: c.MaxConnsPerHost}}),
		rcmgr.WithNetworkPrefixLimit(unlimited(true), unlimited(false)),
	}
	if c.Metrics == nil {
		options = append(options, rcmgr.WithMetricsDisabled())
	}
	return rcmgr.NewResourceManager(rcmgr.NewFixedLimiter(limits.Build(rcmgr.InfiniteLimits)), options...)
}

// requests bounds the streams of one kind.
func (c *Config) requests(n int) rcmgr.ResourceLimits {
	return rcmgr.ResourceLimits{
		Streams: rcmgr.LimitVal(2 * n), StreamsInbound: rcmgr.LimitVal(n), StreamsOutbound: rcmgr.LimitVal(n), Memory: rcmgr.LimitVal64(c.MemoryBytes / 2),
	}
}

// unlimited are the nearby ranges of one family, in which an address may have as many links as there may be in all.
func unlimited(four bool) (out []rcmgr.NetworkPrefixLimit) {
	for _, n := range nearby {
		p := netip.MustParsePrefix(n.String())
		if p.Addr().Is4() == four {
			out = append(out, rcmgr.NetworkPrefixLimit{Network: p, ConnCount: math.MaxInt})
		}
	}
	return out
}
