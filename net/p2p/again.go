package p2p

import (
	"context"
	"sync"
	"time"

	"github.com/libp2p/go-libp2p/core/peer"
)

// pubsub notes a message as seen before it is judged. One that could not be judged for a reason that passes by itself, such as
// too many others at one time or a body that nobody had yet, would be lost for as long as that is remembered, with all its copies.
// So such a message is put off here, and its next copy is judged in the place of the first.

// Bounds of what is put off.
const (
	maxPutOff = 4096
	maxAgain  = 16 // copies that are being judged at one time
)

// putOff are the ids of messages that were not judged yet, each with the time when it was put off. It is safe for concurrent use.
type putOff struct {
	mu   sync.Mutex
	byID map[string]time.Time
}

func newPutOff() *putOff { return &putOff{byID: make(map[string]time.Time)} }

// add puts a message off. Where there is no room, those that pubsub has forgotten meanwhile give way, and then nobody.
func (p *putOff) add(id string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.byID) >= maxPutOff {
		for other, at := range p.byID {
			if now.Sub(at) >= seenFor {
				delete(p.byID, other)
			}
		}
	}
	if len(p.byID) < maxPutOff {
		p.byID[id] = now
	}
}

// take reports whether a message was put off, and forgets it: whoever takes it judges it.
func (p *putOff) take(id string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.byID[id]
	delete(p.byID, id)
	return ok
}

// again judges another copy of a message that was put off, and forwards it where it is accepted. It does not wait for the judgement.
func (n *Node) again(topic string, from peer.ID, frame []byte) {
	id := frameID(frame)
	if !n.late.take(id) {
		return
	}
	select {
	case n.judges <- struct{}{}:
	default:
		n.late.add(id, time.Now())
		return
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.ctx.Err() != nil {
		<-n.judges
		return
	}
	n.judging.Go(func() {
		defer func() { <-n.judges }()
		ctx, cancel := context.WithTimeout(n.ctx, 2*n.cfg.FetchTimeout)
		defer cancel()
		switch n.verdict(ctx, topic, from, frame) {
		case Accept:
			// A message that was seen and never accepted is taken by pubsub as one of our own, and goes to the mesh.
			if err := n.topics[topic].Publish(ctx, frame); err != nil {
				n.cfg.Log.Debug("late message not forwarded", "topic", topic, "err", err)
			}
		case Reject:
			n.fault(from)
		}
	})
}
