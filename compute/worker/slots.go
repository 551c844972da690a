package worker

import (
	"container/list"
	"context"
	"sync"
	"time"
)

// class orders who waits for a slot; lower goes first.
type class int

const (
	classInference  class = iota // somebody waits for an answer
	classOwn                     // a confirming run of the node's own search
	classEvaluation              // for others: a bounded share of the time while a search has work
	classSearch
	classes
)

// slots is a counting semaphore whose free places go to the lowest waiting
// class, first come first served within it; evaluations for others give way to the search when they have had their share.
type slots struct {
	now func() time.Duration

	mu   sync.Mutex
	free int
	size int
	// reserve is how many places a search leaves free.
	reserve int
	waiting [classes]list.List // of chan struct{}, closed when the place is given
	account account
}

// newSlots makes n places and a reserve, share of their time for evaluations while a search has work.
func newSlots(n, reserve int, share float64, now func() time.Duration) *slots {
	return &slots{free: n + reserve, size: n + reserve, reserve: reserve, now: now, account: account{share: share, reserve: reserve}}
}

// newSemaphore makes n places for which nobody keeps an account.
func newSemaphore(n int) *slots { return newSlots(n, 0, 1, func() time.Duration { return 0 }) }

// least is how many places must be free for one of a class to be taken.
func (s *slots) least(c class) int {
	if c != classSearch {
		return 1
	}
	others := 0
	for d := range classSearch {
		others += s.account.running[d]
	}
	return max(0, s.reserve-others) + 1 // what is used of the reserve is not kept free once more
}

// acquire takes a place, waiting for one until ctx ends.
func (s *slots) acquire(ctx context.Context, c class) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	given, e := s.enqueue(c)
	select {
	case <-given:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	select {
	case <-given: // it came at the same moment: pass it on
		s.account.running[c]--
		s.free++
	default:
		s.waiting[c].Remove(e)
	}
	s.grant() // an evaluation may have waited for a search that is gone
	return ctx.Err()
}

// enqueue asks for a place; given is closed when it is there.
func (s *slots) enqueue(c class) (given chan struct{}, e *list.Element) {
	given = make(chan struct{})
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	e = s.waiting[c].PushBack(given)
	s.grant()
	return given, e
}

// release gives a place of a class back.
func (s *slots) release(c class) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	s.account.running[c]--
	s.free++
	s.grant()
}

// queued returns how many wait in a class.
func (s *slots) queued(c class) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting[c].Len()
}

// busy returns how many seconds places were held for the node itself and for others, up to now.
func (s *slots) busy() (own, others float64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	return s.account.busy()
}

// resize changes the number of places; those taken stay taken.
func (s *slots) resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.advance()
	s.free += n - s.size
	s.size = n
	s.grant()
}

// advance brings the account up to now. mu is held.
func (s *slots) advance() {
	searching := s.waiting[classSearch].Len()+s.account.running[classSearch] > 0
	s.account.advance(s.now(), searching, s.size-s.reserve)
}

// grant hands free places to waiters. mu is held.
func (s *slots) grant() {
	for c := range classes {
		for s.waiting[c].Len() > 0 && s.free >= s.least(c) {
			if c == classEvaluation && s.waiting[classSearch].Len() > 0 && !s.account.admits() {
				break
			}
			s.give(c)
		}
	}
	// The search has got what it can: what is left is anybody's.
	for s.waiting[classEvaluation].Len() > 0 && s.free > 0 && s.waiting[classSearch].Len() == 0 {
		s.give(classEvaluation)
	}
}

// give hands a place to the first waiter of a class. mu is held.
func (s *slots) give(c class) {
	s.free--
	s.account.running[c]++
	close(s.waiting[c].Remove(s.waiting[c].Front()).(chan struct{}))
}
