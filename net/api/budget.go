package api

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"golang.org/x/sync/semaphore"

	"doin.network/node/internal/canon"
	"doin.network/node/net/peerscore"
)

// Bounds of bodies.
const (
	// smallBody is the largest body of every route but those of messages and votes.
	smallBody = 64 << 10
	// valueBytes is about what a parsed value takes beside its text: a member or an element with its header, twice for growth.
	valueBytes = 128
	// budgetWait is how long a body waits for its part of the budget.
	budgetWait = 2 * time.Second
)

// errShare refuses a body of an address that holds its share of the budget.
var errShare = errors.New("this address has too many bodies under way")

// budget is the memory that all bodies together may take while they are parsed and answered: their bytes, and what becomes of
// them. It is taken before a body is parsed. No address holds more than half of it. It is safe for concurrent use.
type budget struct {
	all   *semaphore.Weighted
	total int64

	mu   sync.Mutex
	held map[string]int64 // by address as it is scored
}

func newBudget(total int64) *budget {
	return &budget{all: semaphore.NewWeighted(total), total: total, held: make(map[string]int64)}
}

// take waits for the part of one body and returns how to give it back. Errors match ErrBusy, or are the context's.
func (b *budget) take(ctx context.Context, host string, body []byte) (release func(), err error) {
	n := min(cost(body), b.total/2)
	name := peerscore.Address(host)
	b.mu.Lock()
	if b.held[name]+n > b.total/2 {
		b.mu.Unlock()
		return nil, fmt.Errorf("%w: %w", ErrBusy, errShare)
	}
	b.held[name] += n
	b.mu.Unlock()
	leave := func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		if b.held[name] -= n; b.held[name] <= 0 {
			delete(b.held, name)
		}
	}
	wait, cancel := context.WithTimeout(ctx, budgetWait)
	defer cancel()
	if err := b.all.Acquire(wait, n); err != nil {
		leave()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		return nil, fmt.Errorf("%w: other bodies are under way", ErrBusy)
	}
	return func() {
		b.all.Release(n)
		leave()
	}, nil
}

// cost is about the memory that a body takes with what it is parsed to.
func cost(body []byte) int64 { return int64(len(body)) + valueBytes*int64(canon.Values(body)) }
