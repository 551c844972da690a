package flood

import (
	"crypto/sha256"
	"encoding/hex"
	"log/slog"
	"sync"
	"time"

	"doin.network/node/chain"
)

// Stats are counters since New and sizes now.
type Stats struct {
	// Received counts bodies, Accepted those handed to the handler with
	// success, Duplicates those seen before, Controls control bodies.
	Received, Accepted, Duplicates, Controls uint64
	// Refused counts refused bodies by reason.
	Refused map[Reason]uint64
	// Sent, SendErrors and Dropped count copies to peers: answered with 200,
	// failed, and thrown away because a queue was full.
	Sent, SendErrors, Dropped uint64
	// Queued is the number of copies waiting now; Seen the ids remembered now;
	// SeenEvicted those forgotten before their time.
	Queued, Seen int
	SeenEvicted  uint64
}

// Flood is one node's end of the flood. It is safe for concurrent use. Messages
// leave only while Run runs.
type Flood struct {
	cfg     Config
	peers   Peers
	sender  Sender
	handler Handler
	ready   chan *outbox
	started time.Time

	encoding  sync.Mutex // of messages for one peer
	mu        sync.Mutex
	seen      *seen
	addresses *buckets
	floods    *buckets // for what is above the rate of an address
	authors   *buckets
	outboxes  map[string]*outbox // by endpoint, those with something waiting
	held      int                // bytes of what waits or is being sent
	stats     Stats
}

// New returns a flood that forwards to peers through sender and hands what
// arrives to handler. It reports every problem of cfg at once.
func New(cfg Config, peers Peers, sender Sender, handler Handler) (*Flood, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	now := cfg.Now()
	return &Flood{
		cfg: cfg, peers: peers, sender: sender, handler: handler, started: now,
		ready:     make(chan *outbox, cfg.MaxQueues),
		seen:      newSeen(cfg.SeenBytes, 2*cfg.Window+time.Minute),
		addresses: newBuckets(cfg.AddressRate, cfg.AddressBurst, now),
		floods:    newBuckets(floodFactor*cfg.AddressRate, floodFactor*cfg.AddressBurst, now),
		authors:   newBuckets(cfg.AuthorRate, cfg.AuthorBurst, now),
		outboxes:  make(map[string]*outbox),
		stats:     Stats{Refused: make(map[Reason]uint64)},
	}, nil
}

// Stats returns counters and sizes.
func (g *Flood) Stats() Stats {
	g.mu.Lock()
	defer g.mu.Unlock()
	s := g.stats
	s.Refused = make(map[Reason]uint64, len(g.stats.Refused))
	for k, v := range g.stats.Refused {
		s.Refused[k] = v
	}
	for _, o := range g.outboxes {
		s.Queued += len(o.waiting)
	}
	g.seen.expire(g.cfg.Now())
	s.Seen, s.SeenEvicted = g.seen.len(), g.seen.lost
	return s
}

func floodID(m *chain.Message) (id [sha256.Size]byte) {
	_, _ = hex.Decode(id[:], []byte(chain.FloodID(m))) // 64 hex digits by contract
	return id
}
