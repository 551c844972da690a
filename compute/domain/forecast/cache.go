package forecast

import (
	"container/list"
	"sync"
)

// cacheKey names a training: the hash of the recipe, the seed, and whether there is a digest.
type cacheKey struct {
	recipe string
	seed   uint64
	digest bool
}

// cache keeps the models used last. It is safe for concurrent use.
type cache struct {
	size int

	mu    sync.Mutex // guards what follows
	order *list.List // of *cacheEntry, the one used last in front
	byKey map[cacheKey]*list.Element
}

type cacheEntry struct {
	key   cacheKey
	model *model
}

func newCache(size int) *cache {
	return &cache{size: size, order: list.New(), byKey: make(map[cacheKey]*list.Element, size)}
}

// get returns the model of a training, or nil.
func (c *cache) get(key cacheKey) *model {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return nil
	}
	c.order.MoveToFront(e)
	return e.Value.(*cacheEntry).model
}

// put keeps a model and drops the one not used for longest, if there are too many.
func (c *cache) put(key cacheKey, m *model) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		e.Value.(*cacheEntry).model = m
		c.order.MoveToFront(e)
		return
	}
	c.byKey[key] = c.order.PushFront(&cacheEntry{key, m})
	if c.order.Len() > c.size {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byKey, oldest.Value.(*cacheEntry).key)
	}
}
