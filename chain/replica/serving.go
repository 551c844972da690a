package replica

// Bounds of what a node answers to who asks for blocks: each answer may read hundreds of them off the disk, and whoever has an identity
// can ask.
const (
	servingPause  = 200_000   // µs between two answers to one peer
	servingSecond = 1_000_000 // µs
	servingMost   = 16        // answers in a second
)

// serving remembers whom a node has answered of late.
type serving struct {
	since int64 // of the second at hand, µs
	given int
	last  map[string]int64 // by peer; forgotten with each second
}

// may reports whether a peer is answered now, and counts the answer.
func (s *serving) may(peer string, now int64) bool {
	if now-s.since >= servingSecond || now < s.since {
		recent := map[string]int64{}
		for p, at := range s.last {
			if at <= now && now-at < servingPause {
				recent[p] = at
			}
		}
		s.since, s.given, s.last = now, 0, recent
	}
	if at, ok := s.last[peer]; ok && now-at < servingPause || s.given >= servingMost {
		return false
	}
	s.given++
	s.last[peer] = now
	return true
}
