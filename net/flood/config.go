package flood

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
	"doin.network/node/net/peerscore"
)

// Peer is where a message goes to or came from.
type Peer struct {
	// ID is a peer id; for a message that came in, the one claimed by the last
	// hop: proof of it is discovery's business. May be empty.
	ID string
	// Host is an ip address, Port in [1, 65535], or 0 where it was not named.
	Host string
	Port int
	// Endpoint is "host:port", "" without a port.
	Endpoint string
	// Early says that it is a node of the Python reference's first revision: it answers messages of later kinds, and such
	// as are larger than EarlyMaxBytes, with an error, and gets none.
	Early bool
}

// Peers lists where to forward to. It is called for every message and must be
// fast.
type Peers interface {
	Peers() []Peer
}

// PeersFunc is a function as Peers.
type PeersFunc func() []Peer

// Peers implements Peers.
func (f PeersFunc) Peers() []Peer { return f() }

// Sender posts a body to a peer's /message; transport.Client is one. An error
// with a method HTTPStatus() int says that the peer answered, but not with 200.
type Sender interface {
	PostMessage(ctx context.Context, endpoint string, body []byte) error
}

// Handler takes a message that passed the pipeline, metadata removed from its
// payload; it owns m. It must return soon, normally after putting the message
// into its own queue. A nil error forwards the message. An error that matches
// ErrBusy refuses it for now (503, not marked as seen); any other refuses it for
// good: 400, not forwarded.
type Handler func(ctx context.Context, m *chain.Message, from Peer) error

// Mesh spreads bodies by itself. What arrives by it goes to Deliver, and it forwards what that accepts.
type Mesh interface {
	// Publish spreads a body of a message of a kind. It does not wait for anybody, and retains body.
	Publish(kind string, body []byte) error
}

// Config describes one node's flood. The zero value is not usable; start from
// DefaultConfig.
type Config struct {
	// Signer is the node's identity: its id marks forwarded messages, and it
	// signs broadcast messages that are not signed yet.
	Signer chain.Signer
	// Network is the network id that signatures are bound to.
	Network string
	// Port is the own listening port, announced as _sender_port.
	Port int
	// ComponentVersions and PluginConfigs are announced with every message when
	// not nil; see spec: Python nodes compare them.
	ComponentVersions, PluginConfigs *canon.Object
	// Versions, when set, is told the component versions of a message's metadata, and whose they are: the author's where
	// messages are relayed as they are, else the last hop's. It must not block, and retains v at most.
	Versions func(id string, v *canon.Object)
	// Mesh, when set, takes the place of Peers: what is broadcast, and what came by Receive and may go further, is published
	// there.
	Mesh Mesh
	// RelayAsIs forwards messages with the metadata they came with, as Python
	// nodes in gossip mode do, whose message ids cover it: with our own in its
	// place they would take the copy for another message.
	RelayAsIs bool
	// AllowUnsigned accepts messages without a signature, as Python nodes send
	// them. A signature that is there must be right all the same.
	AllowUnsigned bool

	// Window is how far a timestamp may be from now. Default 600 s.
	Window time.Duration
	// MaxBytes is the largest body. Default 512 KiB: parsing may take some 30
	// times as much memory.
	MaxBytes int
	// SeenBytes bounds the memory of seen ids. Default 16 MiB, about 100,000 ids.
	SeenBytes int
	// QueueMessages and QueueBytes bound what waits for one peer.
	// Defaults 256 and 8 MiB.
	QueueMessages, QueueBytes int
	// MaxQueues is the number of peers with something waiting. Default 128.
	MaxQueues int
	// SendTimeout bounds one send. Default 5 s.
	SendTimeout time.Duration
	// AddressRate and AddressBurst bound the messages from one calling address,
	// per second. Defaults 500 and 2000: several nodes may share an address.
	AddressRate, AddressBurst float64
	// AuthorRate and AuthorBurst bound the new messages of one author. Defaults
	// 50 and 500.
	AuthorRate, AuthorBurst float64

	// Addresses and Authors, where they are set, score who sends what no honest
	// node sends, and those that they cut off are refused first of all. An address
	// pays for what a look at the body shows, an author for what it has signed.
	Addresses, Authors *peerscore.Board
	// CutOff, when set, is told of an author that was cut off now. It must not
	// block.
	CutOff func(author string)

	// Twin, when set, is told that the address host sent a message which this
	// node's key has signed since New, and which this node has not: another
	// machine holds the key. It must not block.
	Twin func(host string)
	// Learn, when set, is told the address and the port named by the last hop of
	// every message that passed the signature check, for dialling back. With
	// AllowUnsigned port is 0 where none was named. It must not block.
	Learn func(host string, port int, id string)
	// Report, when set, is told whether each send reached its peer; an answer
	// that refuses the message reached it. It must not block.
	Report func(p Peer, err error)
	// Now is the clock. Default time.Now.
	Now func() time.Time
	// Log receives events. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// DefaultConfig returns the defaults named at each field. Signer, Network and Port have none.
func DefaultConfig() Config {
	return Config{
		Window: 600 * time.Second, MaxBytes: 512 << 10, SeenBytes: 16 << 20,
		QueueMessages: 256, QueueBytes: 8 << 20, MaxQueues: 128, SendTimeout: 5 * time.Second,
		AddressRate: 500, AddressBurst: 2000, AuthorRate: 50, AuthorBurst: 500,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Signer == nil {
		errs = append(errs, errors.New("flood: no signer"))
	}
	if c.Port < 1 || c.Port > 65535 {
		errs = append(errs, fmt.Errorf("flood: port %d: must be in [1, 65535]", c.Port))
	}
	if c.Now == nil {
		errs = append(errs, errors.New("flood: no clock"))
	}
	for _, n := range []struct {
		name string
		v    float64
	}{
		{"window", float64(c.Window)}, {"send timeout", float64(c.SendTimeout)}, {"max bytes", float64(c.MaxBytes)},
		{"seen bytes", float64(c.SeenBytes)}, {"queue messages", float64(c.QueueMessages)},
		{"queue bytes", float64(c.QueueBytes)}, {"max queues", float64(c.MaxQueues)},
		{"address rate", c.AddressRate}, {"address burst", c.AddressBurst},
		{"author rate", c.AuthorRate}, {"author burst", c.AuthorBurst},
	} {
		if !(n.v > 0) {
			errs = append(errs, fmt.Errorf("flood: %s %v: must be positive", n.name, n.v))
		}
	}
	return errors.Join(errs...)
}
