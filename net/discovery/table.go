package discovery

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"doin.network/node/internal/canon"
)

// Stats are counters since New and sizes now.
type Stats struct {
	// Known and Connected are sizes now; BySource counts known peers.
	Known, Connected int
	BySource         map[Source]int
	// Dials and Failures count handshakes and those of them that failed.
	Dials, Failures uint64
	// WrongNetwork, BadProof and Self count refused answers by reason.
	WrongNetwork, BadProof, Self uint64
	// Refused counts endpoints that were not taken into the table.
	Refused uint64
	// Dropped counts records removed for failures or age.
	Dropped uint64
}

// Table is the peer table. Create it with New, run it with Run. It is safe for
// concurrent use.
type Table struct {
	cfg     Config
	dialer  Dialer
	started time.Time
	wake    chan struct{}

	mu         sync.Mutex
	records    map[string]*record // by key
	quickUntil time.Time
	hosts      map[string]*allowance // of callers
	targets    map[string]*allowance // of hosts that others have named
	challenges map[string]bool       // of handshakes under way: whether we were asked
	stats      Stats
}

// New returns a table that holds the bootstrap entries and dials nobody before
// Run. It reports every problem of cfg at once.
func New(cfg Config, dialer Dialer) (*Table, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	now := cfg.Now()
	t := &Table{
		cfg: cfg, dialer: dialer, started: now,
		wake:       make(chan struct{}, 1),
		records:    make(map[string]*record),
		quickUntil: now.Add(cfg.QuickPhase),
		hosts:      make(map[string]*allowance),
		targets:    make(map[string]*allowance),
		challenges: make(map[string]bool),
	}
	for _, b := range cfg.Bootstrap {
		host, port, err := SplitEndpoint(b)
		if err != nil {
			return nil, fmt.Errorf("bootstrap peer: %w", err)
		}
		key := join(host, port)
		if t.records[key] != nil {
			continue
		}
		t.records[key] = &record{
			Peer: Peer{Host: host, Port: port, Source: SourceBootstrap},
			key:  key, name: host, firstSeen: now, next: now,
		}
	}
	return t, nil
}

// Report tells the table how a message to endpoint fared. Three failures in a
// row end sending until the peer answers a handshake again.
func (t *Table) Report(endpoint string, err error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r := t.find(endpoint)
	if r == nil {
		return
	}
	now := t.cfg.Now()
	if err == nil {
		r.Failures, r.LastSeen = 0, now
		return
	}
	if r.Failures++; r.Failures == sendFailures {
		r.next = now // ask it
		t.poke()
	}
}

// Penalize cuts off the peer with the given id for d: no messages, no dials.
func (t *Table) Penalize(id string, d time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	until := t.cfg.Now().Add(d)
	for _, r := range t.records {
		if r.ID == id && until.After(r.banned) {
			r.banned, r.next = until, until
			r.Connected, r.alias, r.since = false, false, time.Time{}
		}
	}
}

// find returns the record that is reached at endpoint. The caller holds mu.
func (t *Table) find(endpoint string) *record {
	if r := t.records[endpoint]; r != nil {
		return r
	}
	for _, r := range t.records {
		if r.Endpoint() == endpoint {
			return r
		}
	}
	return nil
}

// Connected returns the peers that get messages, at most one per id, by id.
func (t *Table) Connected() []Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Peer
	for _, r := range t.records {
		if r.active() {
			out = append(out, r.Peer)
		}
	}
	slices.SortFunc(out, func(a, b Peer) int { return strings.Compare(a.ID, b.ID) })
	return out
}

// Lookup returns the connected peer with the given id.
func (t *Table) Lookup(id string) (Peer, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, r := range t.records {
		if r.active() && (r.ID == id || r.Short() && strings.HasPrefix(id, r.ID)) {
			return r.Peer, true
		}
	}
	return Peer{}, false
}

// Known returns every record that does not lead to ourselves, by endpoint.
func (t *Table) Known() []Peer {
	t.mu.Lock()
	defer t.mu.Unlock()
	var out []Peer
	for _, r := range t.records {
		if !r.own {
			out = append(out, r.Peer)
		}
	}
	slices.SortFunc(out, func(a, b Peer) int { return strings.Compare(a.Endpoint(), b.Endpoint()) })
	return out
}

// PeersObject returns the body of GET /peers: "self", with the proof for a
// challenge if there is one, and the peers whose word we can give for, which are
// the connected ones. A malformed challenge is ErrChallenge.
func (t *Table) PeersObject(challenge string) (*canon.Object, error) {
	t.mu.Lock()
	if _, ours := t.challenges[challenge]; ours {
		t.challenges[challenge] = true
	}
	t.mu.Unlock()
	self, err := t.self(challenge)
	if err != nil {
		return nil, err
	}
	peers := []any{}
	for _, p := range t.Connected() {
		id := p.ID
		if p.Short() {
			id = p.Endpoint() // what the reference says of whom it cannot name
		}
		peers = append(peers, canon.NewObject("peer_id", id, "address", p.Host, "port", int64(p.Port)))
	}
	return canon.NewObject("self", self, "peers", peers), nil
}

// Stats returns counters and sizes.
func (t *Table) Stats() Stats {
	t.mu.Lock()
	defer t.mu.Unlock()
	s := t.stats
	s.BySource = make(map[Source]int)
	for _, r := range t.records {
		if r.own {
			continue
		}
		s.Known++
		s.BySource[r.Source]++
		if r.active() {
			s.Connected++
		}
	}
	return s
}

func (t *Table) count(f func(*Stats)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	f(&t.stats)
}

// poke makes Run look at the table again.
func (t *Table) poke() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}
