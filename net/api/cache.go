package api

import (
	"sync"
	"sync/atomic"
)

// tipBody is an answer that stays right until the tip or the final height changes.
type tipBody struct {
	status ChainStatus
	body   []byte
}

// tipCache holds the last such answer.
type tipCache struct{ last atomic.Pointer[tipBody] }

// get returns the body for s, made anew where it is not the one it was made for. It is shared: only to be read.
func (c *tipCache) get(s ChainStatus, make func() []byte) []byte {
	if b := c.last.Load(); b != nil && b.status == s {
		return b.body
	}
	b := &tipBody{status: s, body: make()}
	c.last.Store(b)
	return b.body
}

// pageKey names a page of blocks of one chain: another tip is another chain.
type pageKey struct {
	tip      string
	from, to int64
}

// pageCache holds the pages of the newest tip that were asked for, up to a number of bytes: who starts asks for every
// page once, and those who follow ask for the last. It is safe for concurrent use.
type pageCache struct {
	max int

	mu    sync.Mutex
	tip   string
	pages map[pageKey][]byte
	bytes int
}

// get returns the page, if it is of the newest tip and was kept. It is shared: only to be read.
func (c *pageCache) get(k pageKey) ([]byte, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p, ok := c.pages[k]
	return p, ok
}

// put keeps a page as long as there is room. The first page of another tip replaces all.
func (c *pageCache) put(k pageKey, p []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.pages == nil || c.tip != k.tip {
		c.tip, c.pages, c.bytes = k.tip, make(map[pageKey][]byte), 0
	}
	if _, ok := c.pages[k]; ok || c.bytes+len(p) > c.max || len(c.pages) >= maxPages {
		return
	}
	c.pages[k] = p
	c.bytes += len(p)
}

// maxPages bounds the number of pages, whose keys have a size too.
const maxPages = 1024
