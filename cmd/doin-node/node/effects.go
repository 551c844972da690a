package node

import (
	"context"
	"errors"
	"fmt"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/engine"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/net/flood"
)

// receive is flood's handler: a verified message becomes an event.
func (n *Node) receive(_ context.Context, m *chain.Message, _ flood.Peer) error {
	if err := engine.ValidatePayload(m, n.rules.Network); err != nil {
		n.metrics.penalties.Inc()
		return err
	}
	if err := n.loop.post(engine.Received{Message: m}); err != nil {
		return fmt.Errorf("%w: %v", flood.ErrBusy, err)
	}
	return nil
}

// effectHandlers joins the engine's effects to the parts that carry them out.
func (n *Node) effectHandlers() effects {
	return effects{
		broadcast: n.flood.Broadcast,
		evaluate:  n.evaluate,
		infer:     n.infer,
		fetch:     func(f engine.Fetch) { n.syncer.Announced(f.Peer, f.Height, f.Hash) },
		committed: n.committed,
		roundDone: func(r engine.RoundDone) {
			n.mu.Lock()
			s := n.searches[r.Domain]
			n.mu.Unlock()
			if s != nil {
				s.done <- r // there is at most one per proposal, and room for it
			}
		},
		anchor: func(a engine.AnchorDue) {
			select {
			case n.anchorsDue <- a:
			default:
				n.log.Warn("anchor skipped: too many are waiting", "height", a.Height)
			}
		},
		penalize: func(p engine.Penalize) {
			n.metrics.penalties.Inc()
			n.log.Warn("peer broke the protocol", "peer", p.Peer, "reason", p.Reason)
			n.peers.Penalize(p.Peer, 10*time.Second)
			n.flood.Penalize(p.Peer)
		},
	}
}

// evaluate runs a training in the worker and tells the engine how it ended.
func (n *Node) evaluate(ctx context.Context, ev engine.Evaluate) {
	n.jobs.Go(func() {
		job := worker.Job{Domain: ev.Domain, Parameters: ev.Parameters, Seed: ev.Seed}
		if s := ev.Synthetic; s != nil && n.rules.Domains[ev.Domain].Synthetic {
			job.Synthetic = &worker.SyntheticJob{Seed: s.Seed, Incumbent: s.Incumbent, IncumbentSeed: s.IncumbentSeed}
		}
		err := n.checkLimits(ev)
		var o worker.Outcome
		if err == nil {
			o, err = n.worker.evaluate(ctx, job)
		}
		if ctx.Err() != nil {
			return
		}
		n.loop.deliver(ctx, engine.Evaluated{Job: ev.Job, Err: verdict(err), Outcome: engine.Outcome{
			Performance: o.Performance, Digest: o.Digest, Metrics: o.Metrics, SyntheticScore: o.SyntheticScore,
			IncumbentScore: o.IncumbentScore, SyntheticDataHash: o.SyntheticDataHash}})
	})
}

func (n *Node) checkLimits(ev engine.Evaluate) error {
	for i := range n.cfg.Domains {
		if d := &n.cfg.Domains[i]; d.ID == ev.Domain {
			return checkLimits(d, ev.Parameters)
		}
	}
	return nil
}

// verdict translates the worker's errors into what they mean for a vote.
func verdict(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, worker.ErrDataHash), errors.Is(err, worker.ErrUnknownDomain), errors.Is(err, worker.ErrUnsupported):
		return fmt.Errorf("%w: %v", engine.ErrAbstain, err)
	case errors.Is(err, worker.ErrRefused), errors.Is(err, worker.ErrTimeout), errors.Is(err, worker.ErrMemory):
		return fmt.Errorf("%w: %v", engine.ErrInvalid, err)
	}
	return err
}

// inferenceAnswer is what a waiting client gets.
type inferenceAnswer struct {
	result *canon.Object
	err    error
}

// infer runs a forecast in the worker, tells the engine and wakes the client.
func (n *Node) infer(ctx context.Context, f engine.Inference) {
	n.jobs.Go(func() {
		result, err := n.worker.infer(ctx, f.Domain, f.Parameters, f.Seed, f.Input)
		n.mu.Lock()
		answer := n.waiting[f.Wanted]
		delete(n.waiting, f.Wanted)
		n.mu.Unlock()
		if answer != nil {
			answer <- inferenceAnswer{result, err}
		}
		n.loop.deliver(ctx, engine.Inferred{TaskID: f.TaskID, Result: result, Err: err})
	})
}
