package p2p

import (
	"fmt"

	"github.com/libp2p/go-libp2p/config"
	"github.com/libp2p/go-libp2p/core/host"
	"github.com/libp2p/go-libp2p/core/transport"
	"github.com/libp2p/go-libp2p/p2p/host/observedaddrs"
	"github.com/libp2p/go-libp2p/p2p/host/peerstore/pstoremem"
	"github.com/libp2p/go-libp2p/p2p/muxer/yamux"
	"github.com/libp2p/go-libp2p/p2p/net/connmgr"
	"github.com/libp2p/go-libp2p/p2p/net/swarm"
	"github.com/libp2p/go-libp2p/p2p/net/upgrader"
	libp2ptls "github.com/libp2p/go-libp2p/p2p/security/tls"
	quic "github.com/libp2p/go-libp2p/p2p/transport/quic"
	"github.com/libp2p/go-libp2p/p2p/transport/tcp"
	"go.uber.org/fx"
)

// observers are how many peers, each at an address of its own, must see a node at an address before it believes to be there. libp2p's own
// four are more than a small network has in public; what they say is tried before others are told (AutoNAT).
const observers = 2

func init() { observedaddrs.ActivationThresh = observers } // libp2p has no option for it

// open makes the host: TCP with TLS 1.3 and yamux, and QUIC. It is put together here and not by libp2p.New, whose package has every
// transport there is among its defaults, WebRTC for one, and four megabytes of them in the program.
func (n *Node) open(options []config.Option) (host.Host, error) {
	key, err := hostKey(n.cfg.Key)
	if err != nil {
		return nil, err
	}
	manager, err := connmgr.NewConnManager(n.cfg.LowConns, n.cfg.HighConns)
	if err != nil {
		return nil, fmt.Errorf("connection manager: %w", err)
	}
	resources, err := n.cfg.resources(n.protocols)
	if err != nil {
		return nil, fmt.Errorf("resource manager: %w", err)
	}
	store, err := pstoremem.NewPeerstore()
	if err != nil {
		return nil, fmt.Errorf("peer store: %w", err)
	}
	c := config.Config{
		PeerKey: key, UserAgent: "doin-node", Peerstore: store,
		Transports:         []fx.Option{provide(tcp.NewTCPTransport), provide(quic.NewTransport)},
		SecurityTransports: []config.Security{{ID: libp2ptls.ID, Constructor: libp2ptls.New}},
		Muxers:             []upgrader.StreamMuxer{{ID: yamux.ID, Muxer: yamux.DefaultTransport}},
		ConnManager:        manager, ResourceManager: resources, ConnectionGater: n.gate,
		DialTimeout: n.cfg.DialTimeout, RelayCustom: true,
		// As libp2p.New has them: a family that hardly ever answers is seldom tried.
		UDPBlackHoleSuccessCounter:  &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "UDP"},
		IPv6BlackHoleSuccessCounter: &swarm.BlackHoleSuccessCounter{N: 100, MinSuccesses: 5, Name: "IPv6"},
		DisableMetrics:              n.cfg.Metrics == nil, PrometheusRegisterer: n.cfg.Metrics,
	}
	if n.cfg.Traverse {
		n.traverse(&c)
	}
	if err := c.Apply(options...); err != nil {
		return nil, err
	}
	return c.NewNode()
}

// provide makes a transport known to the host by its constructor.
func provide(constructor any) fx.Option {
	return fx.Provide(fx.Annotate(constructor, fx.As(new(transport.Transport)), fx.ResultTags(`group:"transport"`)))
}
