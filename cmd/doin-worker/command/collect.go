package command

import (
	"os"
	"runtime/debug"
	"sync"

	"doin.network/node/compute/data"
)

// collector has garbage collected sooner while tables are read, of which there are at most three times the file in memory then. What
// trains graphs allocates much beside a small heap: it would spend its time in collections. It is safe for concurrent use.
type collector struct {
	mu      sync.Mutex
	reading int
	before  int
}

// begin is called before a table is read, the function that it returns after. A GOGC of the environment stands.
func (c *collector) begin() (end func()) {
	if os.Getenv("GOGC") != "" {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading == 0 {
		c.before = debug.SetGCPercent(data.GCPercent)
	}
	c.reading++
	return c.end
}

func (c *collector) end() {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.reading--; c.reading == 0 {
		debug.SetGCPercent(c.before)
	}
}
