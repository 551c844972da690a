package discovery

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"time"

	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// Config describes one table. The zero value is not usable; start from
// DefaultConfig.
type Config struct {
	// Key is the node's own identity; it signs other nodes' challenges.
	Key *identity.Key
	// Network is the network id; peers of another are refused.
	Network string
	// Port is the node's own listening port.
	Port int
	// Bootstrap holds "host:port" entries, split at the last colon. They are
	// never dropped.
	Bootstrap []string
	// NoExchange leaves alone the addresses that peers name: only bootstrap
	// entries and nodes that call are dialled. Default false.
	NoExchange bool
	// AllowUnproven accepts peers that answer /peers without a proof, as the
	// Python reference does. They are Connected but not Verified. Where the Dialer
	// is a Namer too, peers whose answer has no "self" are taken as well, by the
	// name that their /status gives: those of its first revision. They are Early.
	AllowUnproven bool

	// Interval is the pause between exchanges with one peer. Default 60 s.
	Interval time.Duration
	// QuickInterval is the pause while fewer than MinPeers are connected,
	// for QuickPhase after the start and after each new peer. Default 1 s.
	QuickInterval time.Duration
	// QuickPhase is the length of the hurried beginning. Default 30 s.
	QuickPhase time.Duration
	// DialTimeout bounds one handshake. Default 5 s.
	DialTimeout time.Duration
	// Lifetime is how long a peer that does not answer is remembered. Default 3600 s.
	Lifetime time.Duration

	// MinPeers is the number of connected peers below which the table hurries. Default 4.
	MinPeers int
	// MaxConnected is the number of connected peers. Default 50.
	MaxConnected int
	// MaxInbound is how many of them may have been learned because they called
	// us, so that callers alone cannot fill the table. Default 32.
	MaxInbound int
	// MaxKnown is the number of records. Default 1000.
	MaxKnown int
	// MaxPerHost is the number of records of one public address, or of one /64 of
	// IPv6. Default 4.
	MaxPerHost int
	// MaxPerLocalHost is that of a loopback or private address. Default 64.
	MaxPerLocalHost int
	// MaxPerNet is how many connected peers a public /16, of IPv6 a /32, may
	// have, and a quarter of its records. Default 16.
	MaxPerNet int
	// Reserved is how many of the connected peers are bootstrap entries or have
	// been good for half an hour; at most a quarter of MaxConnected. Default 8.
	Reserved int
	// MaxPending is the number of callers waiting to be dialled back. Default 64.
	MaxPending int
	// MaxDials is the number of handshakes at one time. Default 8.
	MaxDials int
	// MaxFailures is the number of failures in a row after which a record is
	// dropped. Default 10; callers that never proved themselves get 3.
	MaxFailures int

	// Announce, when set, tells a peer we found about us, so that it can dial
	// back; it is called once when the peer becomes connected, not for peers
	// that called us. An error counts as a failure of the peer.
	Announce func(ctx context.Context, p Peer) error
	// OnConnect, when set, is called after a peer became connected. It must
	// not block.
	OnConnect func(p Peer)
	// Twin, when set, is told of an endpoint at which another machine proves our
	// own key. It must not block.
	Twin func(endpoint string)
	// Resolve turns a bootstrap host name into addresses. Default: the
	// system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Now is the clock. Default time.Now. Timers are the runtime's.
	Now func() time.Time
	// Log receives events. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// Dialer asks a peer for its list. transport.Client implements it with GetJSON
// through [HTTPDialer].
type Dialer interface {
	// Peers performs GET /peers?challenge=<challenge> at endpoint "ip:port".
	Peers(ctx context.Context, endpoint, challenge string) (*canon.Object, error)
}

// Namer asks a node of the reference's first revision, whose /peers does not say who it is.
type Namer interface {
	// Status performs GET /status at endpoint "ip:port".
	Status(ctx context.Context, endpoint string) (*canon.Object, error)
}

// Getter is the part of an HTTP client that HTTPDialer needs.
type Getter interface {
	GetJSON(ctx context.Context, endpoint, path string) (*canon.Object, error)
}

// HTTPDialer is the Dialer over HTTP.
type HTTPDialer struct{ Client Getter }

// Peers implements Dialer.
func (d HTTPDialer) Peers(ctx context.Context, endpoint, challenge string) (*canon.Object, error) {
	return d.Client.GetJSON(ctx, endpoint, "/peers?challenge="+challenge)
}

// Status implements Namer.
func (d HTTPDialer) Status(ctx context.Context, endpoint string) (*canon.Object, error) {
	return d.Client.GetJSON(ctx, endpoint, "/status")
}

// DefaultConfig returns the defaults named at each field. Key, Network and Port have none.
func DefaultConfig() Config {
	return Config{
		Interval: 60 * time.Second, QuickInterval: time.Second, QuickPhase: 30 * time.Second,
		DialTimeout: 5 * time.Second, Lifetime: 3600 * time.Second,
		MinPeers: 4, MaxConnected: 50, MaxInbound: 32, MaxKnown: 1000, MaxPerHost: 4, MaxPerLocalHost: 64, MaxPerNet: 16, Reserved: 8,
		MaxPending: 64, MaxDials: 8, MaxFailures: 10,
		Resolve: resolve, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Key == nil {
		errs = append(errs, errors.New("discovery: no key"))
	}
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("discovery: port %d: must be in [1, 65535]", c.Port))
	}
	if c.Resolve == nil {
		errs = append(errs, errors.New("discovery: no resolver"))
	}
	if c.Now == nil {
		errs = append(errs, errors.New("discovery: no clock"))
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{
		{"interval", c.Interval}, {"quick interval", c.QuickInterval}, {"quick phase", c.QuickPhase},
		{"dial timeout", c.DialTimeout}, {"lifetime", c.Lifetime},
	} {
		if d.v <= 0 {
			errs = append(errs, fmt.Errorf("discovery: %s %v: must be positive", d.name, d.v))
		}
	}
	for _, n := range []struct {
		name string
		v    int
	}{
		{"min peers", c.MinPeers}, {"max connected", c.MaxConnected}, {"max inbound", c.MaxInbound},
		{"max known", c.MaxKnown}, {"max per host", c.MaxPerHost}, {"max per local host", c.MaxPerLocalHost}, {"max per net", c.MaxPerNet}, {"reserved", c.Reserved}, {"max pending", c.MaxPending},
		{"max dials", c.MaxDials}, {"max failures", c.MaxFailures},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("discovery: %s %d: must be positive", n.name, n.v))
		}
	}
	return errors.Join(errs...)
}
