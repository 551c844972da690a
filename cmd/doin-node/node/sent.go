package node

import (
	"sync"

	"doin.network/node/chain/application"
)

// mostSent bounds the transactions whose ids are remembered.
const mostSent = 4096

// sent remembers under which id the chain knows a transaction that came through the API, the newest of them.
type sent struct {
	mu    sync.Mutex
	ids   map[string]application.ID
	order []string
}

func (s *sent) put(id string, inside application.ID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[string]application.ID{}
	}
	if _, ok := s.ids[id]; !ok {
		s.order = append(s.order, id)
	}
	s.ids[id] = inside
	if len(s.order) > mostSent {
		delete(s.ids, s.order[0])
		s.order = s.order[1:]
	}
}

func (s *sent) get(id string) (application.ID, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	inside, ok := s.ids[id]
	return inside, ok
}
