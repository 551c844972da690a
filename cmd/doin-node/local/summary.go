package local

import "doin.network/node/internal/canon"

// summary is the JSON that ends a run. What is true of the chain is taken from the
// node that has the most blocks.
func summary(members []*member, last []sample) *canon.Object {
	nodes := make([]any, len(members))
	for i, m := range members {
		s := last[i]
		if !s.answered {
			s.height, s.finalized = -1, -1
		}
		nodes[i] = canon.NewObject(
			"peer_id", m.peerID,
			"height", s.height,
			"tip_hash", s.tipHash,
			"finalized_height", s.finalized,
			"rounds", s.rounds(),
			"busy", s.busy,
			"busy_others", s.busyOthers,
			"announce_ratio", s.announceRatio(),
			"open_claims", s.open(),
			"data_dir", m.dir,
		)
	}
	domains := canon.NewObject()
	for _, d := range longest(last).domains {
		domains.Set(d.id, canon.NewObject(
			"best_performance", d.verified,
			"accepted", d.accepted,
			"rejected", d.rejected,
			"champion", d.champion.object(),
		))
	}
	return canon.NewObject("nodes", nodes, "domains", domains)
}

// object is the champion as JSON, nil for none.
func (c *championSample) object() any {
	if c == nil {
		return nil
	}
	return canon.NewObject("performance", c.performance, "verified", c.verified, "solo", c.solo)
}

// longest returns the sample with the most blocks, the first of several; among
// those without an answer an empty one.
func longest(last []sample) *sample {
	best := &sample{height: -1}
	for i := range last {
		if s := &last[i]; s.answered && s.height > best.height {
			best = s
		}
	}
	return best
}
