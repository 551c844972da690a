package chainsync

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"time"
)

// Stats are counters since New and sizes now.
type Stats struct {
	// Syncs counts synchronisations, Failures those that ended in an error,
	// Penalties those in which the peer misbehaved.
	Syncs, Failures, Penalties uint64
	// Blocks counts blocks that the chain took.
	Blocks uint64
	// Active is the number of downloads now.
	Active int
}

// Syncer keeps the chain level. Create it with New, run it with Run. It is safe
// for concurrent use.
type Syncer struct {
	cfg     Config
	chain   Chain
	peers   Peers
	fetcher Fetcher
	wake    chan struct{}

	mu    sync.Mutex
	state map[string]*peerState // by peer id
	turn  int                   // of polling
	level bool                  // Synced was called, or would have been
	moved time.Time             // when blocks came last while many were missing
	stats Stats
}

// peerState is what is remembered of one peer.
type peerState struct {
	wanted   bool // a sync is due
	running  bool
	failures int
	delivers bool      // its blocks were taken
	until    time.Time // no sync before
	// theirs is a tip of the peer that was refused while ours was our tip.
	theirs, ours string
	lastUsed     time.Time
}

const maxStates = 1024

// maxPause is the longest pause after failures of a peer that has never
// delivered; the others get a minute.
const maxPause = 5 * time.Minute

// New returns a syncer; it asks nobody before Run. It reports every problem of
// cfg at once.
func New(cfg Config, c Chain, peers Peers, fetcher Fetcher) (*Syncer, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	return &Syncer{
		cfg: cfg, chain: c, peers: peers, fetcher: fetcher,
		wake:  make(chan struct{}, 1),
		state: make(map[string]*peerState),
	}, nil
}

// Announced notes that the peer with the given id announced a block at height
// with the given hash; if we do not have it, a sync with the peer is started as
// soon as possible, or, where the peer is none of ours, with those that are
// asked next.
func (s *Syncer) Announced(id string, height int64, hash string) {
	if s.has(height, hash) {
		return
	}
	peers := s.peers.Peers()
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, p := range peers {
		if p.ID == id {
			s.want(id)
			s.poke()
			return
		}
	}
	s.pollSome(peers, 2)
	s.poke()
}

// Poll asks peers for their status now instead of at the next interval; for a
// peer that has just connected.
func (s *Syncer) Poll() {
	peers := s.peers.Peers()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pollSome(peers, s.cfg.PollPeers)
	s.poke()
}

// behind is how many blocks a peer has beyond ours when it is worth saying so.
const behind = 8

// Active reports whether our tip is an old one: before the first exchange, and
// while a download that has many blocks to go delivers blocks that the chain
// takes. It is for whoever would make a block meanwhile. A peer that stalls, or
// lies about its height, cannot keep it true.
func (s *Syncer) Active() bool {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return !s.level || s.moving(now)
}

// moving reports whether blocks have come of late. The caller holds mu.
func (s *Syncer) moving(now time.Time) bool {
	return s.stats.Active > 0 && !s.moved.IsZero() && now.Sub(s.moved) < s.cfg.Patience
}

// took notes blocks that the chain has taken, and how many are still to come.
func (s *Syncer) took(id string, missing int64) {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.of(id).delivers = true
	if s.moved = (time.Time{}); missing > behind {
		s.moved = now
	}
}

// Stats returns counters and sizes.
func (s *Syncer) Stats() Stats {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats
}

type outcome struct {
	peer   Peer
	blocks int
	err    error
}

// Run polls and synchronises until ctx ends, and returns nil after the last
// synchronisation has ended.
func (s *Syncer) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	done := make(chan outcome, s.cfg.MaxSyncs)
	poll := time.NewTicker(s.cfg.PollInterval)
	defer poll.Stop()
	pause := time.NewTimer(0) // until a wanted peer may be asked again
	defer pause.Stop()
	patience := time.NewTimer(s.cfg.Patience)
	defer patience.Stop()
	running, late, overdue := 0, false, false
	first := sync.OnceFunc(func() {
		s.mu.Lock()
		s.level = true
		s.mu.Unlock()
		if s.cfg.Synced != nil {
			s.cfg.Synced(ctx)
		}
	})
	s.Poll()
	for {
		due, wait := s.due(s.cfg.MaxSyncs - running)
		pause.Reset(wait)
		for _, p := range due {
			running++
			wg.Go(func() {
				n, err := s.sync(ctx, p)
				done <- outcome{peer: p, blocks: n, err: err}
			})
		}
		select {
		case <-ctx.Done():
			return nil
		case <-s.wake:
		case <-pause.C:
		case <-poll.C:
			s.Poll()
		case o := <-done:
			running--
			if ctx.Err() != nil {
				continue
			}
			s.finish(o)
			if level(o.err) {
				first()
			}
		case <-patience.C:
			if late {
				overdue = true
			}
			late = true
			patience.Reset(s.cfg.RequestTimeout)
		}
		// Whoever stalls delays it by one request.
		if (late && running == 0 || overdue) && !s.fetching() {
			first()
		}
	}
}

// fetching reports whether a download gets on.
func (s *Syncer) fetching() bool {
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.moving(now)
}

// due takes at most n wanted peers that may be synchronised with now, and
// returns how long to wait for the next of the others. They come in random order, who has not failed first,
// and one place is kept for those who have delivered before, if there are any:
// who answers slowly must not be all that is asked.
func (s *Syncer) due(n int) (out []Peer, wait time.Duration) {
	peers := slices.Clone(s.peers.Peers())
	rand.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	now := s.cfg.Now()
	s.mu.Lock()
	defer s.mu.Unlock()
	wait = s.cfg.PollInterval
	slices.SortStableFunc(peers, func(a, b Peer) int { return cmp.Compare(s.failures(a), s.failures(b)) })
	others, known := s.cfg.MaxSyncs, false
	for _, p := range peers {
		st := s.state[p.ID]
		known = known || st != nil && st.delivers
		if st != nil && st.running && !st.delivers {
			others--
		}
	}
	if known && s.cfg.MaxSyncs > 1 {
		others--
	}
	for _, p := range peers {
		st := s.state[p.ID]
		if st != nil && !st.delivers && others <= 0 {
			continue
		}
		if len(out) >= n || st == nil || !st.wanted || st.running {
			continue
		}
		if now.Before(st.until) {
			wait = min(wait, st.until.Sub(now))
			continue
		}
		if !st.delivers {
			others--
		}
		st.wanted, st.running, st.lastUsed = false, true, now
		out = append(out, p)
		s.stats.Syncs++
	}
	return out, wait
}

// failures is how often in a row a peer has failed. The caller holds mu.
func (s *Syncer) failures(p Peer) int {
	if st := s.state[p.ID]; st != nil {
		return st.failures
	}
	return 0
}

// level reports whether a synchronisation that ended so has shown what the peer has.
func level(err error) bool {
	return err == nil || errors.Is(err, ErrNotBetter) || errors.Is(err, ErrFinal)
}

// finish files the outcome of a sync.
func (s *Syncer) finish(o outcome) {
	now := s.cfg.Now()
	bad := errors.Is(o.err, ErrInvalid) || errors.Is(o.err, ErrNetwork)
	s.mu.Lock()
	st := s.of(o.peer.ID)
	st.running = false
	s.stats.Blocks += uint64(o.blocks)
	switch {
	case level(o.err):
		st.failures = 0
		st.until = now.Add(s.cfg.MinPause)
	case bad:
		s.stats.Failures++
		s.stats.Penalties++
		st.until, st.wanted = now.Add(s.cfg.Ban), false
	default:
		s.stats.Failures++
		st.failures++
		most := maxPause
		if st.delivers {
			most = time.Minute
		}
		st.until = now.Add(min(time.Second<<min(st.failures, 9), most))
	}
	s.mu.Unlock()
	switch {
	case bad:
		s.cfg.Log.Warn("peer serves a bad chain", "peer", o.peer.ID, "endpoint", o.peer.Endpoint, "err", o.err)
		if s.cfg.Penalize != nil {
			s.cfg.Penalize(o.peer, o.err)
		}
	case o.err != nil:
		s.cfg.Log.Debug("sync ended", "peer", o.peer.ID, "endpoint", o.peer.Endpoint, "blocks", o.blocks, "err", o.err)
	case o.blocks > 0:
		s.cfg.Log.Info("synchronised", "peer", o.peer.ID, "blocks", o.blocks, "height", s.chain.Height())
	}
}

// pollSome marks the next n peers in turn. The caller holds mu.
func (s *Syncer) pollSome(peers []Peer, n int) {
	for range min(n, len(peers)) {
		s.want(peers[s.turn%len(peers)].ID)
		s.turn = (s.turn + 1) % (1 << 30)
	}
}

func (s *Syncer) want(id string) { s.of(id).wanted = true }

// of returns the state of a peer, making room for it. The caller holds mu.
func (s *Syncer) of(id string) *peerState {
	st := s.state[id]
	if st != nil {
		return st
	}
	if len(s.state) >= maxStates {
		oldest := ""
		for k, v := range s.state {
			if !v.running && (oldest == "" || v.lastUsed.Before(s.state[oldest].lastUsed)) {
				oldest = k
			}
		}
		delete(s.state, oldest)
	}
	st = &peerState{lastUsed: s.cfg.Now()}
	s.state[id] = st
	return st
}

func (s *Syncer) rejected(id, theirs, ours string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.state[id]
	return st != nil && st.theirs == theirs && st.ours == ours
}

func (s *Syncer) reject(id, theirs, ours string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	st := s.of(id)
	st.theirs, st.ours = theirs, ours
}

func (s *Syncer) setActive(d int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.Active += d
}

func (s *Syncer) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}
