package p2p

import (
	"container/list"
	"sync"
)

// bodies are announced bodies that peers may ask for, the latest within a bound of memory. It is safe for concurrent use.
type bodies struct {
	max int

	mu    sync.Mutex
	bytes int
	byID  map[hash]*list.Element
	order list.List // of kept, the oldest first
}

type kept struct {
	id   hash
	body []byte
}

func newBodies(max int) *bodies { return &bodies{max: max, byID: make(map[hash]*list.Element)} }

// put keeps a body, which nobody changes from here on.
func (b *bodies) put(id hash, body []byte) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.byID[id] != nil || len(body) > b.max {
		return
	}
	b.byID[id] = b.order.PushBack(kept{id, body})
	b.bytes += len(body)
	for b.bytes > b.max {
		oldest := b.order.Remove(b.order.Front()).(kept)
		delete(b.byID, oldest.id)
		b.bytes -= len(oldest.body)
	}
}

// get returns a body, nil where it is not kept.
func (b *bodies) get(id hash) []byte {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e := b.byID[id]; e != nil {
		return e.Value.(kept).body
	}
	return nil
}
