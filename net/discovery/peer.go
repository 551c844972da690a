package discovery

import (
	"net/netip"
	"time"
)

// Source says where an endpoint came from.
type Source string

// The sources, named as in the reference's /status; SourceInbound is ours.
const (
	SourceBootstrap Source = "bootstrap"
	SourceExchange  Source = "pex"
	SourceInbound   Source = "inbound"
)

// Peer is one record of the table, as a copy.
type Peer struct {
	// ID is the peer id the node behind the endpoint showed, "" before it did. Of an Early one it is the first 12
	// characters until the node has sent something.
	ID string
	// Host is an ip address, or the configured name of a bootstrap entry that
	// was not reached yet. Port is in [1, 65535].
	Host string
	Port int
	// Source is the first source that named the endpoint.
	Source Source
	// LastSeen is the last time it answered, zero if it never did.
	LastSeen time.Time
	// Failures counts failures in a row, of dials and of sends.
	Failures int
	// Verified says that the node proved its key for our network.
	Verified bool
	// Connected says that messages are sent to it.
	Connected bool
	// Inbound says that it was learned because it called us.
	Inbound bool
	// Early says that it is a node of the reference's first revision, which knows fewer messages.
	Early bool
	// Foreign says that the node that answered there last is of another network.
	Foreign bool
}

// Endpoint returns "host:port", IPv6 in brackets.
func (p Peer) Endpoint() string { return join(p.Host, p.Port) }

// record is a peer in the table. The table's mutex guards it.
type record struct {
	Peer
	key       string // its key in the table, the endpoint as first named
	name      string // configured host of a bootstrap entry, else ""
	named     netip.Addr
	firstSeen time.Time
	since     time.Time // when it became connected first and has been good since
	next      time.Time // of the next handshake
	banned    time.Time // no handshake before, whatever happens
	dialing   bool
	alias     bool // of another connected record with the same id
	own       bool // leads to ourselves
}

// goodAfter is how long a peer must have been good to have a place kept for it.
const goodAfter = 30 * time.Minute

// kept reports whether a place is kept for the record.
func (r *record) kept() bool {
	return r.bootstrap() || r.Verified && !r.since.IsZero() && r.LastSeen.Sub(r.since) >= goodAfter
}

func (r *record) bootstrap() bool { return r.Source == SourceBootstrap }

// backoff is the pause after f ≥ 1 failures in a row.
func backoff(f int) time.Duration {
	const most = 300 * time.Second
	if f > 8 {
		return most
	}
	return min(time.Second<<f, most)
}

// sendFailures is the number of failures in a row after which a connected peer
// gets no more messages until it answers again.
const sendFailures = 3

// active reports whether messages are sent to the record.
func (r *record) active() bool {
	return r.Connected && !r.alias && r.Failures < sendFailures
}
