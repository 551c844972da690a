package chainsync

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"

	"doin.network/node/chain"
)

var (
	// ErrInvalid is what Chain.Submit returns (wrapped) for a branch that
	// breaks a rule: the peer that served it is penalized. The checks of this
	// package return it too.
	ErrInvalid = errors.New("invalid branch")
	// ErrNotBetter is what Chain.Submit returns (wrapped) for a valid branch
	// that does not beat the current one: nobody's fault; the same branch is
	// not fetched again while both tips stay.
	ErrNotBetter = errors.New("branch is not better")
	// ErrFinal is the error of a sync with a peer whose chain forks below our
	// finalized height.
	ErrFinal = errors.New("fork below the finalized height")
	// ErrNetwork is the reason given to Penalize for a peer of another network.
	ErrNetwork = errors.New("peer is of another network")
	// ErrTooLarge is returned by a Fetcher for a page above its size limit; the
	// page is asked for again with half as many blocks.
	ErrTooLarge = errors.New("page too large")
)

// Chain is our own chain. Its methods are called from several goroutines.
type Chain interface {
	// Height is the index of the tip; block 0 alone is height 0.
	Height() int64
	// Tip is the hash of the tip.
	Tip() string
	// HashAt returns the hash of the block at height and whether there is one.
	HashAt(height int64) (string, bool)
	// FinalizedHeight is the height below and at which no block is replaced,
	// −1 if there is none.
	FinalizedHeight() int64
	// Submit offers blocks in ascending order, each linked to the one before
	// and the first to a block of ours, every one past ValidateBasic. It
	// validates them in full and appends or switches in one step; nil means
	// that their last block is now ours. Errors: ErrInvalid, ErrNotBetter,
	// anything else for a fault of our own. It owns blocks.
	Submit(ctx context.Context, from string, blocks []*chain.Block) error
}

// Peer is where blocks come from.
type Peer struct {
	// ID is the peer id.
	ID string
	// Endpoint is "host:port".
	Endpoint string
}

// Peers lists the peers that proved themselves.
type Peers interface {
	Peers() []Peer
}

// PeersFunc is a function as Peers.
type PeersFunc func() []Peer

// Peers implements Peers.
func (f PeersFunc) Peers() []Peer { return f() }

// Status is a peer's answer about its chain.
type Status struct {
	// Height is the index of its tip, −1 if it has none.
	Height int64
	// Tip is the hash of its tip.
	Tip string
	// Finalized is its finalized height.
	Finalized int64
	// Network is its network id, "" if it does not say.
	Network string
}

// Fetcher asks a peer. HTTPFetcher is the one used.
type Fetcher interface {
	// Status asks for the peer's tip.
	Status(ctx context.Context, endpoint string) (Status, error)
	// Blocks asks for the blocks from..to, both included, in ascending order;
	// fewer come where the peer has fewer. size is the answer's length in bytes.
	// Errors match ErrInvalid where the answer is malformed, ErrTooLarge where
	// it is above the limit.
	Blocks(ctx context.Context, endpoint string, from, to int64) (blocks []*chain.Block, size int, err error)
}

// Config describes one syncer. The zero value is not usable; start from DefaultConfig.
type Config struct {
	// Network is our network id; peers that name another are penalized.
	Network string
	// PollInterval is the pause between polls of peers' status. Default 5 s.
	PollInterval time.Duration
	// PollPeers is the number of peers asked at each poll, in turn. Default 8.
	PollPeers int
	// RequestTimeout bounds one request for a page of blocks. Default 15 s.
	RequestTimeout time.Duration
	// FirstTimeout bounds the requests before it, whose answers are small: for
	// the status, and for single blocks. Default 5 s.
	FirstTimeout time.Duration
	// SyncTimeout bounds one synchronisation; what was submitted stays.
	// Default 10 min.
	SyncTimeout time.Duration
	// MinPause is the pause between two synchronisations with one peer, so that
	// a stream of announcements costs it little. Default 100 ms.
	MinPause time.Duration
	// MaxSyncs is the number of synchronisations at one time. Default 4; one is
	// kept for peers that have delivered before.
	MaxSyncs int
	// PageBlocks is the number of blocks per request. Default 50, max 50.
	PageBlocks int64
	// MaxBranchBlocks and MaxBranchBytes bound what is held of a forked branch
	// before it is submitted. Defaults 2000 and 64 MiB.
	MaxBranchBlocks int
	MaxBranchBytes  int
	// Ban is how long a peer is left alone after it misbehaved. Default 60 s.
	Ban time.Duration

	// Patience is how long the first exchange with a peer is waited for while there is none. Default 5 s.
	Patience time.Duration
	// Synced, when set, is called once by Run: when the first synchronisation with a peer has ended well, or when
	// Patience is over and none is running.
	Synced func(ctx context.Context)
	// Penalize, when set, is told of a peer that misbehaved. It must not block.
	Penalize func(p Peer, reason error)
	// Now is the clock. Default time.Now. Timers are the runtime's.
	Now func() time.Time
	// Log receives events. Default, and where it is nil: discarded.
	Log *slog.Logger
}

// maxPageBlocks is what one request may ask for: no node serves more in a page.
const maxPageBlocks = 50

// DefaultConfig returns the defaults named at each field. Network has none.
func DefaultConfig() Config {
	return Config{
		PollInterval: 5 * time.Second, PollPeers: 8, RequestTimeout: 15 * time.Second, FirstTimeout: 5 * time.Second, SyncTimeout: 10 * time.Minute,
		MinPause: 100 * time.Millisecond, MaxSyncs: 4, PageBlocks: maxPageBlocks,
		MaxBranchBlocks: 2000, MaxBranchBytes: 64 << 20,
		Ban: 60 * time.Second, Patience: 5 * time.Second,
		Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

// Validate reports every problem at once, joined; nil means c is usable.
func (c *Config) Validate() error {
	var errs []error
	if c.Now == nil {
		errs = append(errs, errors.New("chainsync: no clock"))
	}
	for _, d := range []struct {
		name string
		v    time.Duration
	}{
		{"poll interval", c.PollInterval}, {"request timeout", c.RequestTimeout}, {"first timeout", c.FirstTimeout}, {"sync timeout", c.SyncTimeout},
		{"min pause", c.MinPause}, {"ban", c.Ban}, {"patience", c.Patience},
	} {
		if d.v <= 0 {
			errs = append(errs, fmt.Errorf("chainsync: %s %v: must be positive", d.name, d.v))
		}
	}
	for _, n := range []struct {
		name string
		v    int
	}{
		{"poll peers", c.PollPeers}, {"max syncs", c.MaxSyncs},
		{"max branch blocks", c.MaxBranchBlocks}, {"max branch bytes", c.MaxBranchBytes},
	} {
		if n.v <= 0 {
			errs = append(errs, fmt.Errorf("chainsync: %s %d: must be positive", n.name, n.v))
		}
	}
	if c.PageBlocks < 1 || c.PageBlocks > maxPageBlocks {
		errs = append(errs, fmt.Errorf("chainsync: page blocks %d: must be in [1, %d]", c.PageBlocks, maxPageBlocks))
	}
	return errors.Join(errs...)
}
