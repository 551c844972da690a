package mempool

import (
	"math"
	"slices"

	"doin.network/node/chain"
)

// aboutOptimae reports whether a transaction counts against the smaller limit.
func aboutOptimae(txType string) bool {
	return txType == chain.TxOptimaeAnnounced || txType == chain.TxOptimaeAccepted || txType == chain.TxOptimaeRejected
}

// submissions are the times, in Unix µs, of what one author submitted within the window: no
// more than its limits, so they are few.
type submissions struct{ plain, optimae []int64 }

// rateLimit counts what authors submit.
type rateLimit struct {
	cfg   Config
	peers map[string]*submissions
	busy  int64 // the earliest last submission of an author, as forget found it
}

// allow counts a submission of peer at now, unless it is one too many.
func (r *rateLimit) allow(peer string, optimae bool, now int64) bool {
	cutoff := r.cutoff(now)
	s := r.peers[peer]
	if s == nil {
		if len(r.peers) >= r.cfg.MaxPeers && cutoff >= r.busy {
			r.forget(cutoff)
		}
		if len(r.peers) >= r.cfg.MaxPeers {
			return false
		}
		s = &submissions{}
		r.peers[peer] = s
	}
	times, limit := &s.plain, r.cfg.MaxPerPeer
	if optimae {
		times, limit = &s.optimae, r.cfg.MaxOptimaePerPeer
	}
	*times = after(*times, cutoff)
	if len(*times) >= limit {
		return false
	}
	*times = append(*times, now)
	return true
}

// cutoff returns the latest time that no longer counts at now.
func (r *rateLimit) cutoff(now int64) int64 {
	window := r.cfg.Window.Microseconds()
	if now < math.MinInt64+window {
		return math.MinInt64
	}
	return now - window
}

// forget drops the authors who submitted nothing after cutoff, and notes until which cutoff it
// would be of no use to look again, so that strangers cannot make every call a walk.
func (r *rateLimit) forget(cutoff int64) {
	r.busy = math.MaxInt64
	for peer, s := range r.peers {
		last := s.last()
		if last <= cutoff {
			delete(r.peers, peer)
			continue
		}
		r.busy = min(r.busy, last)
	}
}

// last returns the time of the latest submission.
func (s *submissions) last() int64 {
	last := int64(math.MinInt64)
	for _, t := range s.plain {
		last = max(last, t)
	}
	for _, t := range s.optimae {
		last = max(last, t)
	}
	return last
}

func after(times []int64, cutoff int64) []int64 {
	return slices.DeleteFunc(times, func(t int64) bool { return t <= cutoff })
}
