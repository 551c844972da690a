package node

import (
	"slices"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Most entries of each kind, as in the reference.
const (
	maxEvents = 500
	maxAlerts = 200
)

// journal is what the reference's dashboard shows of what has happened. Its methods are safe for concurrent use.
type journal struct {
	now func() time.Time

	mu             sync.Mutex
	events, alerts []any // the oldest first
	unseen         int64
}

func (j *journal) stamp() string { return timestamp.FromTime(j.now()).Wire() }

// observe notes the effects that the reference shows as events.
func (n *Node) observe(f protocol.Effect) {
	switch f := f.(type) {
	case protocol.Decided:
		kind := "auto_reject"
		if f.Accepted {
			kind = "auto_accept"
		}
		n.journal.event(kind, "domain_id", f.Domain, "optimae_id", clip(f.OptimaeID, shortID), "peer", clip(f.OptimizerID, shortID),
			"is_self", f.OptimizerID == n.PeerID(), "performance", n.asShown(f.Domain, f.Performance))
	case protocol.Champion:
		n.journal.event("champion", "domain_id", f.Domain, "peer", clip(f.OptimizerID, shortID), "performance", n.asShown(f.Domain, f.Performance))
	case protocol.Migrant:
		n.journal.event("champion", "domain_id", f.Domain, "peer", clip(f.OptimizerID, shortID), "performance", n.asShown(f.Domain, f.Performance))
	case protocol.Broadcast:
		if f.Message.Type == chain.MsgOptimaeReveal {
			n.journal.event("broadcast", "message", f.Message.Type)
		}
	}
}

// asShown turns a training's performance, which is higher when better, into the domain's.
func (n *Node) asShown(domain string, performance float64) float64 {
	if n.lowerIsBetter(domain) {
		return -performance
	}
	return performance
}

// event notes something; extras are key and value pairs.
func (j *journal) event(kind string, extras ...any) {
	o := canon.NewObject("type", kind, "timestamp", j.stamp())
	for i := 0; i+1 < len(extras); i += 2 {
		o.Set(extras[i].(string), extras[i+1])
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.events = last(append(j.events, o), maxEvents)
}

// alert notes something that the operator should know.
func (j *journal) alert(severity, category, message string) {
	o := canon.NewObject("severity", severity, "category", category, "message", message, "timestamp", j.stamp())
	j.mu.Lock()
	defer j.mu.Unlock()
	j.alerts, j.unseen = last(append(j.alerts, o), maxAlerts), j.unseen+1
}

// seen resets the count of alerts that nobody has seen.
func (j *journal) seen() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.unseen = 0
}

// newest returns at most limit events and alerts each, the newest first, and how many alerts there are and are unseen.
func (j *journal) newest(limit int) (events, alerts []any, all, unseen int64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return reversed(last(j.events, limit)), reversed(last(j.alerts, limit)), int64(len(j.alerts)), j.unseen
}

// last returns the last n entries.
func last(list []any, n int) []any { return list[max(0, len(list)-max(0, n)):] }

func reversed(list []any) []any {
	out := append([]any{}, list...)
	slices.Reverse(out)
	return out
}
