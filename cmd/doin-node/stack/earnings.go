package stack

import (
	"sync"

	"doin.network/node/chain/protocol"
)

// earnings is the account of what the chain's blocks have paid this node since somebody asked last. What a reorganisation
// undoes is taken back, as far as it is remembered.
type earnings struct {
	mu   sync.Mutex
	at   map[int64]int64 // base units by height, of the last blocks
	open int64           // since the last take
}

func newEarnings() *earnings { return &earnings{at: map[int64]int64{}} }

// add files blocks; what lies kept blocks below their ancestor is final.
func (e *earnings) add(c protocol.Commit, kept int64) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for h := range e.at {
		if h > c.Ancestor {
			e.open -= e.at[h]
			delete(e.at, h)
		} else if h <= c.Ancestor-kept {
			delete(e.at, h)
		}
	}
	for _, f := range c.Entries {
		if f.Earned != 0 {
			e.open += f.Earned
			e.at[f.Block.Header.Index] += f.Earned
		}
	}
}

// take returns the account and begins a new one.
func (e *earnings) take() int64 {
	e.mu.Lock()
	defer e.mu.Unlock()
	v := e.open
	e.open = 0
	return v
}

// Earned returns what the chain's blocks have paid this node since it was asked last, in base units.
func (s *Stack) Earned() int64 { return s.earnings.take() }
