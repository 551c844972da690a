package stack

import (
	"context"
	"fmt"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/net/flood"
)

// largeBytes is from where on whoever sends a message waits until the machine has looked at it: the bound on bodies under way holds
// until then, and no other bounds the bytes of what waits for the machine.
const largeBytes = 1 << 20

// receive is flood's handler: a verified message becomes an event.
func (s *Stack) receive(ctx context.Context, m *chain.Message, _ flood.Peer) error {
	s.watch.heard(m.SenderID, time.UnixMicro(m.Timestamp.Micro()))
	ev := protocol.Received{Message: m}
	if s.profile.Decode != nil {
		var err error
		if ev.Payload, err = s.profile.Decode(m); err != nil {
			s.metrics.penalties.Inc()
			return err
		}
	}
	post := s.profile.Loop.Post
	if canon.Size(m.Payload) > largeBytes {
		post = func(ev protocol.Event) error {
			_, err := s.profile.Loop.Call(ctx, ev)
			return err
		}
	}
	if err := post(ev); err != nil {
		return fmt.Errorf("%w: %v", flood.ErrBusy, err)
	}
	return nil
}

// synced is told by chainsync, once.
func (s *Stack) synced(ctx context.Context) { s.profile.Loop.Deliver(ctx, protocol.Synced{}) }

// handle carries out an effect in the event loop. It never blocks.
func (s *Stack) handle(ctx context.Context, f protocol.Effect) {
	if s.profile.Observe != nil {
		s.profile.Observe(f)
	}
	switch f := f.(type) {
	case protocol.Commit:
		s.committed(f)
	case protocol.Persist: // it is on the disk
	case protocol.Broadcast:
		if err := s.net.flood.Broadcast(f.Message); err != nil {
			s.Log.Warn("message not sent", "type", f.Message.Type, "err", err)
		}
	case protocol.Send:
		s.send(ctx, f)
	case protocol.Evaluate:
		s.evaluate(ctx, f)
	case protocol.Stamp:
		s.stamp(ctx, f)
	case protocol.Inference:
		s.infer(ctx, f)
	case protocol.Fetch:
		s.net.syncer.Announced(f.Peer, f.Height, f.Hash)
	case protocol.AnchorDue:
		select {
		case s.anchorsDue <- f:
		default:
			s.Log.Warn("anchor skipped: too many are waiting", "height", f.Height)
		}
	case protocol.Penalize:
		s.penalize(f)
	case protocol.Claim:
		s.metrics.claimed(f, s.Now())
		s.searches.tell(f)
	default:
		s.searches.tell(f)
	}
}

// committed is called after blocks were stored: their rows are written by the service for them.
func (s *Stack) committed(c protocol.Commit) {
	tip := c.Entries[len(c.Entries)-1].Block
	s.Log.Info("block", "height", tip.Header.Index, "hash", tip.Hash, "generator", tip.Header.GeneratorID,
		"transactions", len(tip.Transactions), "sum", tip.Header.WeightedPerformanceSum, "dropped", len(c.Dropped), "finalized", s.Head().Finalized)
	s.metrics.blocks.Add(float64(len(c.Entries)))
	s.earnings.add(c, s.profile.StatesKept)
	s.stored.Add(c.Ancestor)
}

// send sends a message to one peer, if it is connected.
func (s *Stack) send(ctx context.Context, f protocol.Send) {
	p, ok := s.net.peers.Lookup(f.Peer)
	if !ok {
		return
	}
	s.jobs.Go(func() {
		if err := s.net.flood.Send(ctx, s.net.floodPeer(p), f.Message); err != nil && ctx.Err() == nil {
			s.Log.Debug("message not sent", "type", f.Message.Type, "peer", f.Peer, "err", err)
		}
	})
}

// penalize charges a peer for what it has signed. Without a signature it may be anybody in the peer's name.
func (s *Stack) penalize(p protocol.Penalize) {
	s.metrics.penalties.Inc()
	s.Log.Warn("somebody broke the protocol", "peer", p.Peer, "signed", p.Signed, "reason", p.Reason)
	if p.Signed {
		s.net.peers.Penalize(p.Peer, 10*time.Second)
		s.net.flood.Penalize(p.Peer)
	}
}
