package python

import (
	"errors"

	"doin.network/node/chain"
	"doin.network/node/internal/canon"
)

// MaxCommitAge is the default time between commit and reveal, in seconds.
const MaxCommitAge = 600.0

// maxCommitments bounds what hostile commits can make a node remember; the reference has none.
const maxCommitments = 1 << 17

// Errors of CommitReveal.Reveal, in the order in which it checks.
var (
	ErrNotCommitted = errors.New("reference: unknown commitment")
	ErrRevealed     = errors.New("reference: already revealed")
	ErrExpired      = errors.New("reference: commitment expired")
	ErrMismatch     = errors.New("reference: reveal does not match its commitment")
	ErrOptimizer    = errors.New("reference: reveal by another optimizer")
	ErrDomain       = errors.New("reference: reveal for another domain")
)

// Commitment announces an optimae by its hash only.
type Commitment struct {
	Hash, DomainID, OptimizerID string
	Time                        float64 // Unix seconds
}

// Reveal shows what a commitment stands for.
type Reveal struct {
	Hash, DomainID, OptimizerID string
	Parameters                  *canon.Object
	Nonce                       string
}

type commitment struct {
	Commitment
	revealed, expired bool
}

func (c *commitment) open() bool { return !c.revealed && !c.expired }

// CommitReveal is the set of commitments of one node.
type CommitReveal struct {
	maxAge float64
	byHash map[string]*commitment
}

// NewCommitReveal returns an empty set; maxAge is in seconds.
func NewCommitReveal(maxAge float64) *CommitReveal {
	return &CommitReveal{maxAge: maxAge, byHash: map[string]*commitment{}}
}

// Add registers a commitment; false if its hash is known, whoever owns it, or the set is full.
func (m *CommitReveal) Add(c Commitment) bool {
	if _, known := m.byHash[c.Hash]; known || len(m.byHash) >= maxCommitments {
		return false
	}
	m.byHash[c.Hash] = &commitment{Commitment: c}
	return true
}

// Reveal checks a reveal at now against its commitment and marks that as revealed; see the
// errors for the conditions. One that comes too late makes the commitment expire.
func (m *CommitReveal) Reveal(r Reveal, now float64) error {
	c := m.byHash[r.Hash]
	switch {
	case c == nil:
		return ErrNotCommitted
	case c.revealed:
		return ErrRevealed
	case !m.fresh(c, now):
		return ErrExpired
	case chain.Commitment(r.Parameters, r.Nonce) != r.Hash:
		return ErrMismatch
	case r.OptimizerID != c.OptimizerID:
		return ErrOptimizer
	case r.DomainID != c.DomainID:
		return ErrDomain
	}
	c.revealed = true
	return nil
}

// fresh reports whether c has not expired, and makes it expire when it is too old.
func (m *CommitReveal) fresh(c *commitment, now float64) bool {
	if now-c.Time > m.maxAge {
		c.expired = true
	}
	return !c.expired
}

// Open reports whether a commitment can still be revealed at now.
func (m *CommitReveal) Open(hash string, now float64) bool {
	c := m.byHash[hash]
	return c != nil && c.open() && m.fresh(c, now)
}

// Forget drops commitments that are revealed, expired or too old and returns their number.
func (m *CommitReveal) Forget(now float64) int {
	n := 0
	for hash, c := range m.byHash {
		if !c.open() || now-c.Time > m.maxAge {
			delete(m.byHash, hash)
			n++
		}
	}
	return n
}

// Pending returns the number of commitments that are neither revealed nor marked expired.
func (m *CommitReveal) Pending() int {
	n := 0
	for _, c := range m.byHash {
		if c.open() {
			n++
		}
	}
	return n
}
