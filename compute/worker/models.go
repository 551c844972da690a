package worker

import (
	"container/list"
	"context"
	"sync"

	"doin.network/node/compute/domain"
)

// cachedModels is how many models of claims a worker keeps: the champion that
// answers inferences and the incumbent that challengers are compared with are
// asked for again and again.
const cachedModels = 16

// modelCache remembers the models made last. A model is a function of its
// key, so a hit cannot change a result.
type modelCache struct {
	mu     sync.Mutex
	models map[modelKey]*list.Element // of *cachedModel
	recent list.List                  // most recently used first
	// making are the models under way; a channel is closed when its model is there or will not be.
	making map[modelKey]chan struct{}
}

type modelKey struct {
	domain *served // a domain configured again is another one
	claim  string  // canonical hash
}

func keyOf(d *served, r *Recipe) modelKey { return modelKey{d, d.key(r)} }

type cachedModel struct {
	key   modelKey
	model domain.Model
}

func newModelCache() *modelCache {
	return &modelCache{models: map[modelKey]*list.Element{}, making: map[modelKey]chan struct{}{}}
}

// get returns the model, waiting for one that is being made. Where there is none the caller makes it and calls made with
// it, or with nil.
func (c *modelCache) get(ctx context.Context, key modelKey) (m domain.Model, made func(domain.Model), err error) {
	for {
		c.mu.Lock()
		if e := c.models[key]; e != nil {
			c.recent.MoveToFront(e)
			c.mu.Unlock()
			return e.Value.(*cachedModel).model, nil, nil
		}
		other := c.making[key]
		if other == nil {
			c.making[key] = make(chan struct{})
			c.mu.Unlock()
			return nil, func(m domain.Model) { c.put(key, m) }, nil
		}
		c.mu.Unlock()
		select {
		case <-other:
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		}
	}
}

// put ends the making of a model; nil: there is none.
func (c *modelCache) put(key modelKey, m domain.Model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	close(c.making[key])
	delete(c.making, key)
	if m == nil {
		return
	}
	c.models[key] = c.recent.PushFront(&cachedModel{key, m})
	if c.recent.Len() > cachedModels {
		last := c.recent.Remove(c.recent.Back()).(*cachedModel)
		delete(c.models, last.key)
	}
}
