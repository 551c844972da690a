package stack

import (
	"slices"
	"sync"
	"time"
)

const (
	// clockAuthors bounds the authors whose clocks are compared with ours; clockAge is for how long a message counts.
	clockAuthors = 64
	clockAge     = 30 * time.Minute
	// fewAuthors is how many must speak before their clocks say something about ours.
	fewAuthors = 2
	// maxOffset is how far the clocks may be apart; a message takes some seconds at most.
	maxOffset = 30 * time.Second
)

// clocks compares this machine's clock with the times in others' signed messages. It is safe for concurrent use.
type clocks struct {
	mu     sync.Mutex
	newest map[string]heard // by author
}

// heard is the newest message of an author: when it came, and how far its time was ahead of our clock.
type heard struct {
	at    time.Time
	ahead time.Duration
}

// add notes a message of an author.
func (c *clocks) add(author string, written, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.newest == nil {
		c.newest = map[string]heard{}
	}
	if _, known := c.newest[author]; known || len(c.newest) < clockAuthors {
		c.newest[author] = heard{now, written.Sub(now)}
	}
}

// offset returns the median of how far the authors' clocks are ahead of ours, and how many there are.
func (c *clocks) offset(now time.Time) (ahead time.Duration, authors int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	var all []time.Duration
	for author, h := range c.newest {
		if now.Sub(h.at) > clockAge {
			delete(c.newest, author)
			continue
		}
		all = append(all, h.ahead)
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], len(all)
}

// heard notes when a message was written by its author's clock.
func (w *watch) heard(author string, written time.Time) { w.clocks.add(author, written, w.s.Now()) }

// deaths remembers when workers died. One goroutine uses it.
type deaths struct {
	seen int // restarts so far
	at   []time.Time
}

// maxNoted bounds the deaths that are remembered.
const maxNoted = 100

// add notes how many restarts there have been in all.
func (d *deaths) add(now time.Time, restarts int) {
	for ; d.seen < restarts; d.seen++ {
		if d.at = append(d.at, now); len(d.at) > maxNoted {
			d.at = d.at[1:]
		}
	}
}

// count returns how many of them were lately.
func (d *deaths) count(now time.Time) int {
	d.at = slices.DeleteFunc(d.at, func(t time.Time) bool { return now.Sub(t) > deathSpan })
	return len(d.at)
}
