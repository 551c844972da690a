package worker

import (
	"container/list"
	"context"
	"sync"
)

// class orders who waits for a slot; lower goes first.
type class int

const (
	classEvaluation class = iota
	classSearch
	classes
)

// slots is a counting semaphore whose free places go to the lowest waiting
// class, first come first served within it.
type slots struct {
	mu   sync.Mutex
	free int
	size int
	// reserve is how many places a search leaves free.
	reserve int
	waiting [classes]list.List // of chan struct{}, closed when the place is given
}

func newSlots(n, reserve int) *slots {
	return &slots{free: n + reserve, size: n + reserve, reserve: reserve}
}

// least is how many places must be free for one of a class to be taken.
func (s *slots) least(c class) int {
	if c == classSearch {
		return s.reserve + 1
	}
	return 1
}

// acquire takes a place, waiting for one until ctx ends.
func (s *slots) acquire(ctx context.Context, c class) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	s.mu.Lock()
	if s.free >= s.least(c) {
		s.free--
		s.mu.Unlock()
		return nil
	}
	given := make(chan struct{})
	e := s.waiting[c].PushBack(given)
	s.mu.Unlock()
	select {
	case <-given:
		return nil
	case <-ctx.Done():
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-given: // it came at the same moment: pass it on
		s.free++
		s.grant()
	default:
		s.waiting[c].Remove(e)
	}
	return ctx.Err()
}

// release gives a place back.
func (s *slots) release() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free++
	s.grant()
}

// queued returns how many wait in a class.
func (s *slots) queued(c class) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.waiting[c].Len()
}

// resize changes the number of places; those taken stay taken.
func (s *slots) resize(n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.free += n - s.size
	s.size = n
	s.grant()
}

// grant hands free places to waiters. mu is held.
func (s *slots) grant() {
	for c := range s.waiting {
		for s.free >= s.least(class(c)) && s.waiting[c].Len() > 0 {
			s.free--
			close(s.waiting[c].Remove(s.waiting[c].Front()).(chan struct{}))
		}
	}
}
