package domain

import (
	"container/list"
	"sync"
)

// CacheKey names a training: the hash of the recipe, the seed, and whether there is a digest.
type CacheKey struct {
	Recipe string
	Seed   uint64
	Digest bool
}

// Cache keeps the models of the trainings used last, so that training a recipe again with the same seed costs nothing.
// M is the type of a domain's models, a pointer or an interface. A Cache is safe for concurrent use.
type Cache[M any] struct {
	size int

	mu    sync.Mutex // guards what follows
	order *list.List // of *cacheEntry[M], the one used last in front
	byKey map[CacheKey]*list.Element
}

type cacheEntry[M any] struct {
	key   CacheKey
	model M
}

// NewCache returns an empty cache of at most size models, size ≥ 1.
func NewCache[M any](size int) *Cache[M] {
	return &Cache[M]{size: size, order: list.New(), byKey: make(map[CacheKey]*list.Element, size)}
}

// Get returns the model of a training; ok is false where it is not kept.
func (c *Cache[M]) Get(key CacheKey) (model M, ok bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byKey[key]
	if e == nil {
		return model, false
	}
	c.order.MoveToFront(e)
	return e.Value.(*cacheEntry[M]).model, true
}

// Put keeps a model and drops the one not used for longest, if there are too many.
func (c *Cache[M]) Put(key CacheKey, model M) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byKey[key]; e != nil {
		e.Value.(*cacheEntry[M]).model = model
		c.order.MoveToFront(e)
		return
	}
	c.byKey[key] = c.order.PushFront(&cacheEntry[M]{key, model})
	if c.order.Len() > c.size {
		oldest := c.order.Back()
		c.order.Remove(oldest)
		delete(c.byKey, oldest.Value.(*cacheEntry[M]).key)
	}
}
