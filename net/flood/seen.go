package flood

import (
	"crypto/sha256"
	"time"
)

// seenEntryBytes is about what one entry costs: a map cell and a ring cell.
const seenEntryBytes = 160

// seen remembers ids for a time, within a bound of memory. It is a ring in the
// order of arrival over a map; entries expire from the old end. Not safe for
// concurrent use.
type seen struct {
	keep time.Duration
	max  int
	at   map[[sha256.Size]byte]uint64 // id → its sequence number
	ring []seenEntry                  // ring[seq % max]
	head uint64                       // sequence number of the oldest
	tail uint64                       // of the next
	lost uint64                       // evicted before their time
}

type seenEntry struct {
	id [sha256.Size]byte
	at time.Time
}

func newSeen(bytes int, keep time.Duration) *seen {
	return &seen{keep: keep, max: max(1, bytes/seenEntryBytes), at: make(map[[sha256.Size]byte]uint64)}
}

// has reports whether id was added within the time kept.
func (s *seen) has(id [sha256.Size]byte, now time.Time) bool {
	s.expire(now)
	_, ok := s.at[id]
	return ok
}

// add remembers id and reports whether it was new. When the memory is full the
// oldest id is forgotten and counted.
func (s *seen) add(id [sha256.Size]byte, now time.Time) bool {
	s.expire(now)
	if _, ok := s.at[id]; ok {
		return false
	}
	if s.tail-s.head == uint64(s.max) {
		if s.drop() {
			s.lost++
		}
	}
	if len(s.ring) < s.max && s.tail == uint64(len(s.ring)) {
		s.ring = append(s.ring, seenEntry{}) // grows once, then wraps
	}
	s.ring[s.tail%uint64(s.max)] = seenEntry{id: id, at: now}
	s.at[id] = s.tail
	s.tail++
	return true
}

// remove forgets id; its ring cell stays until it is the oldest.
func (s *seen) remove(id [sha256.Size]byte) { delete(s.at, id) }

func (s *seen) expire(now time.Time) {
	for s.head < s.tail && now.Sub(s.ring[s.head%uint64(s.max)].at) > s.keep {
		s.drop()
	}
}

// drop forgets the oldest and reports whether it was still there.
func (s *seen) drop() bool {
	e := &s.ring[s.head%uint64(s.max)]
	seq, ok := s.at[e.id]
	ok = ok && seq == s.head
	if ok {
		delete(s.at, e.id)
	}
	s.head++
	return ok
}

func (s *seen) len() int { return len(s.at) }
