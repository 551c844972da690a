package p2p

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"doin.network/node/chain/identity"
)

// Verdict is what a Consumer thinks of a message.
type Verdict int

// The verdicts.
const (
	// Accept: it is taken, and forwarded.
	Accept Verdict = iota
	// Ignore: it is dropped, and nobody is to blame: old, or known.
	Ignore
	// Reject: no honest peer forwards it; the score of the peer that did is lowered.
	Reject
	// Later: it is dropped for a reason that passes by itself, or that lies with who brought it: over a rate, or no time for it.
	// Another copy of it is judged again.
	Later
)

// Consumer judges and takes what arrives.
type Consumer interface {
	// Take judges a body that came from a peer on a topic, and takes it where the verdict is Accept. It must return soon, and
	// owns body. It is called from several goroutines.
	Take(ctx context.Context, from Peer, topic string, body []byte) Verdict
}

// Config describes one node. The zero value is not usable; start from DefaultConfig.
type Config struct {
	// Key is the node's own identity.
	Key *identity.Key
	// Network is the network id; it is part of the names of protocols and topics.
	Network string
	// Listen are the multiaddresses to listen on, such as /ip4/0.0.0.0/tcp/9470 and /ip4/0.0.0.0/udp/9470/quic-v1.
	Listen []string
	// Bootstrap are the peers to stay connected with: multiaddresses that end in /p2p/ and an id, or "host:port" of a node's
	// HTTP port, which is asked for them by Ask.
	Bootstrap []string
	// Ask asks a node over HTTP for its multiaddresses. Required where Bootstrap has an entry that is none.
	Ask func(ctx context.Context, endpoint string) ([]string, error)
	// Topics are the topics to join, without the network.
	Topics []string
	// Consumer takes what arrives.
	Consumer Consumer
	// Reputation is what the chain thinks of a peer, added to its score (P5); −200 and below shuts it out. nil: nothing.
	Reputation func(id string) float64

	// MaxInline is the largest body that is gossiped as it is. Default 8 KiB.
	MaxInline int
	// MaxBody is the largest body. Default 512 KiB.
	MaxBody int
	// FetchTimeout bounds the time in which an announced body is got, from all who announced it. Default 5 s.
	FetchTimeout time.Duration
	// MaxFetches is the number of bodies that are being got at one time. Default 16.
	MaxFetches int
	// KeepBytes bounds the announced bodies that are kept for peers. Default 16 MiB.
	KeepBytes int

	// LowConns and HighConns: with more links than HighConns the worst are closed until LowConns are left. Defaults 48, 96.
	LowConns, HighConns int
	// MaxConns is the number of links that are never exceeded. Default 160.
	MaxConns int
	// MaxConnsPerHost is the number of links with one public address, of IPv6 one /64. Default 8. Loopback and private
	// addresses count together with MaxConns only.
	MaxConnsPerHost int
	// MemoryBytes bounds what libp2p reserves for links and streams. Default 256 MiB.
	MemoryBytes int64
	// MaxStreams is the number of requests from peers that are open at one time. Default 128.
	MaxStreams int
	// AllowLoopback allows to dial loopback addresses that other peers have named, for several nodes on one machine.
	AllowLoopback bool

	// Traverse has the node find out whether others reach it from outside (AutoNAT), be reached through relays and punch holes if they do
	// not (circuit relay v2, DCUtR), and relay for others if they do.
	Traverse bool
	// PortMap, with Traverse, asks the router to forward the port, by UPnP or NAT-PMP.
	PortMap bool
	// Nearby looks for peers on the LAN by multicast DNS.
	Nearby bool
	// Rendezvous looks for peers in a Kademlia table of the network's nodes.
	Rendezvous bool

	// DialTimeout bounds one attempt to connect. Default 5 s.
	DialTimeout time.Duration
	// Ban is how long a peer that was shut out is neither dialled nor accepted. Default 60 s.
	Ban time.Duration
	// MinPeers is the number of connected peers below which those of before are dialled again. Default 8.
	MinPeers int

	// OnConnect, when set, is called when a peer of our network was connected. It must not block.
	OnConnect func(Peer)
	// Metrics, when set, receives libp2p's own metrics, those of the resource manager among them.
	Metrics prometheus.Registerer
	// Log receives events. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at each field. Key, Network, Listen, Topics and Consumer have none.
func DefaultConfig() Config {
	return Config{
		MaxInline: 8 << 10, MaxBody: 512 << 10, FetchTimeout: 5 * time.Second, MaxFetches: 16, KeepBytes: 16 << 20,
		LowConns: 48, HighConns: 96, MaxConns: 160, MaxConnsPerHost: 8, MemoryBytes: 256 << 20, MaxStreams: 128,
		DialTimeout: 5 * time.Second, Ban: time.Minute, MinPeers: 8,
		Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	for _, n := range []struct {
		name    string
		missing bool
	}{{"key", c.Key == nil}, {"network", c.Network == ""}, {"topics", len(c.Topics) == 0}, {"consumer", c.Consumer == nil}} {
		if n.missing {
			errs = append(errs, fmt.Errorf("p2p: no %s", n.name))
		}
	}
	for _, n := range []struct {
		name string
		v    int64
	}{
		{"max inline", int64(c.MaxInline)}, {"max body", int64(c.MaxBody)}, {"fetch timeout", int64(c.FetchTimeout)}, {"max fetches", int64(c.MaxFetches)},
		{"keep bytes", int64(c.KeepBytes)}, {"low conns", int64(c.LowConns)}, {"high conns", int64(c.HighConns)}, {"max conns", int64(c.MaxConns)},
		{"max conns per host", int64(c.MaxConnsPerHost)}, {"memory bytes", c.MemoryBytes}, {"max streams", int64(c.MaxStreams)},
		{"dial timeout", int64(c.DialTimeout)}, {"ban", int64(c.Ban)}, {"min peers", int64(c.MinPeers)},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("p2p: %s %d: must be positive", n.name, n.v))
		}
	}
	if c.MaxInline > c.MaxBody {
		errs = append(errs, fmt.Errorf("p2p: max inline %d: must be at most max body, %d", c.MaxInline, c.MaxBody))
	}
	for _, b := range c.Bootstrap {
		if _, err := parseBootstrap(b); err != nil {
			errs = append(errs, err)
		} else if !IsMultiaddr(b) && c.Ask == nil {
			errs = append(errs, errors.New("p2p: no way to ask bootstrap peers for their multiaddresses"))
		}
	}
	return errors.Join(errs...)
}
