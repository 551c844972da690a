package worker

import (
	"container/list"
	"sync"

	"doin.network/node/compute/domain"
	"doin.network/node/internal/canon"
)

// cachedModels is how many trained models a worker keeps: the champion that
// answers inferences and the incumbent that challengers are compared with are
// asked for again and again.
const cachedModels = 16

// modelCache remembers the models trained last. A model is a function of its
// key, so a hit cannot change a result.
type modelCache struct {
	mu     sync.Mutex
	models map[modelKey]*list.Element // of *cachedModel
	recent list.List                  // most recently used first
}

type modelKey struct {
	domain *served // a domain configured again is another one
	recipe string  // canonical hash
	seed   uint64
}

type cachedModel struct {
	key   modelKey
	model domain.Model
}

func newModelCache() *modelCache { return &modelCache{models: map[modelKey]*list.Element{}} }

// get returns the model or nil; with digest, only one that has a digest.
func (c *modelCache) get(d *served, parameters *canon.Object, seed uint64, digest bool) domain.Model {
	key := modelKey{d, canon.Hash(parameters), seed}
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.models[key]
	if e == nil {
		return nil
	}
	m := e.Value.(*cachedModel).model
	if digest && m.Digest() == "" {
		return nil
	}
	c.recent.MoveToFront(e)
	return m
}

func (c *modelCache) put(d *served, parameters *canon.Object, seed uint64, m domain.Model) {
	key := modelKey{d, canon.Hash(parameters), seed}
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.models[key]; e != nil {
		e.Value.(*cachedModel).model = m
		c.recent.MoveToFront(e)
		return
	}
	c.models[key] = c.recent.PushFront(&cachedModel{key, m})
	if c.recent.Len() > cachedModels {
		last := c.recent.Remove(c.recent.Back()).(*cachedModel)
		delete(c.models, last.key)
	}
}
