package islands

import (
	"context"
	"fmt"
	"math"
	"time"

	"doin.network/node/internal/canon"
)

// clockInterval is the time between two looks at a network whose time is taken: the searches need the processor more.
const clockInterval = time.Second

// timeTo waits until some node's own search has a performance and returns when that was, by the nodes' records.
func (w *watcher) timeTo(ctx context.Context, nodes []*watched, goal float64, timeout time.Duration) (t Timing, err error) {
	begun := time.Now()
	tick := time.NewTicker(clockInterval)
	defer tick.Stop()
	for {
		for _, n := range nodes {
			if best, ok := w.searchBest(ctx, n); ok && best >= goal {
				seen := time.Since(begun).Seconds() // counts if the records do not show it
				w.look(ctx, nodes)
				if h := first(nodes, goal); h.reached {
					seen = h.seconds
				}
				return Timing{Seconds: min(seen, timeout.Seconds()), Capped: seen >= timeout.Seconds()}, ctx.Err()
			}
		}
		if time.Since(begun) >= timeout {
			return Timing{Seconds: timeout.Seconds(), Capped: true}, nil
		}
		select {
		case <-ctx.Done():
			return t, ctx.Err()
		case <-tick.C:
		}
	}
}

// searchBest is the best of a node's own search, by its status.
func (w *watcher) searchBest(ctx context.Context, n *watched) (best float64, ok bool) {
	o, err := w.client.GetJSON(ctx, n.endpoint, "/status")
	if err != nil {
		return 0, false
	}
	progress, err := o.ObjectOr("progress", canon.NewObject())
	if err != nil {
		return 0, false
	}
	d, err := progress.ObjectOr(w.domain, canon.NewObject())
	if err != nil {
		return 0, false
	}
	best, err = d.Float("search_best")
	return best, err == nil
}

// scoreAfter waits until a node's experiment is as old as d and returns what its search had then.
func (w *watcher) scoreAfter(ctx context.Context, n *watched, d time.Duration) (float64, error) {
	const late = 30 * time.Second // a start takes some seconds
	wait := time.NewTimer(d)
	defer wait.Stop()
	select {
	case <-ctx.Done():
		return 0, ctx.Err()
	case <-wait.C:
	}
	tick := time.NewTicker(clockInterval)
	defer tick.Stop()
	for begun := time.Now(); time.Since(begun) < late; {
		w.look(ctx, []*watched{n})
		if k := len(n.rows); k > 0 && n.rows[k-1].elapsed >= d.Seconds() {
			best := math.Inf(-1)
			for _, r := range n.rows {
				if r.elapsed <= d.Seconds() {
					best = max(best, r.performance)
				}
			}
			if !math.IsInf(best, -1) {
				return best, nil
			}
		}
		select {
		case <-ctx.Done():
			return 0, ctx.Err()
		case <-tick.C:
		}
	}
	return 0, fmt.Errorf("islands: node %s has no records of %v", n.endpoint, d)
}
