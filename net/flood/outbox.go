package flood

import (
	"context"
	"errors"
	"sync"
)

// outbox is what waits for one peer. Flood's mutex guards it. It is in the map
// exactly while it has something waiting or a send running.
type outbox struct {
	peer    Peer
	waiting []*copies
	bytes   int
}

// copies is a body that outboxes share and never change, with how many of its copies wait or are being sent.
type copies struct {
	body []byte
	open int
}

// keep counts one more copy, if there is room for the body. The caller holds mu.
func (g *Flood) keep(c *copies) bool {
	if c.open == 0 {
		if g.held+len(c.body) > g.cfg.HeldBytes {
			return false
		}
		g.held += len(c.body)
	}
	c.open++
	return true
}

// release ends one copy. The caller holds mu.
func (g *Flood) release(c *copies) {
	if c.open--; c.open == 0 {
		g.held -= len(c.body)
	}
}

// enqueue puts a copy into p's outbox, or drops and counts it when that is full.
func (g *Flood) enqueue(p Peer, c *copies) {
	g.mu.Lock()
	defer g.mu.Unlock()
	o := g.outboxes[p.Endpoint]
	if o == nil {
		if len(g.outboxes) >= g.cfg.MaxQueues {
			g.stats.Dropped++
			return
		}
		o = &outbox{peer: p}
		g.outboxes[p.Endpoint] = o
		g.ready <- o // has room for every outbox there may be
	}
	if len(o.waiting) >= g.cfg.QueueMessages || o.bytes+len(c.body) > g.cfg.QueueBytes || !g.keep(c) {
		g.stats.Dropped++
		return
	}
	o.waiting = append(o.waiting, c)
	o.bytes += len(c.body)
}

// Run sends what is queued until ctx ends, one send per peer at a time, and
// returns nil after the last send has ended.
func (g *Flood) Run(ctx context.Context) error {
	var wg sync.WaitGroup
	defer wg.Wait()
	for {
		select {
		case <-ctx.Done():
			return nil
		case o := <-g.ready:
			wg.Go(func() { g.drain(ctx, o) })
		}
	}
}

// drain sends what waits in o until nothing is left.
func (g *Flood) drain(ctx context.Context, o *outbox) {
	for ctx.Err() == nil {
		c := g.next(o)
		if c == nil {
			return
		}
		send, cancel := context.WithTimeout(ctx, g.cfg.SendTimeout)
		err := g.sender.PostMessage(send, o.peer.Endpoint, c.body)
		cancel()
		g.mu.Lock()
		g.release(c)
		g.mu.Unlock()
		if ctx.Err() == nil {
			g.sent(o.peer, err)
		}
	}
}

// next takes the first copy of o, or removes o from the map.
func (g *Flood) next(o *outbox) *copies {
	g.mu.Lock()
	defer g.mu.Unlock()
	if len(o.waiting) == 0 {
		delete(g.outboxes, o.peer.Endpoint)
		return nil
	}
	c := o.waiting[0]
	o.waiting[0] = nil
	o.waiting = o.waiting[1:]
	o.bytes -= len(c.body)
	return c
}

// sent files the outcome of a send.
func (g *Flood) sent(p Peer, err error) {
	g.mu.Lock()
	if err == nil {
		g.stats.Sent++
	} else {
		g.stats.SendErrors++
	}
	g.mu.Unlock()
	if err != nil {
		g.cfg.Log.Debug("message not delivered", "peer", p.ID, "endpoint", p.Endpoint, "err", err)
	}
	var answered interface{ HTTPStatus() int }
	if errors.As(err, &answered) {
		err = nil // it refused the message, but it is there
	}
	if g.cfg.Report != nil {
		g.cfg.Report(p, err)
	}
}
