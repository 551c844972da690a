package engine

import (
	"crypto/sha256"
	"encoding/binary"
	"slices"

	"doin.network/node/chain"
)

// crowd is what is remembered of authors whom the chain does not know. Identities and commits cost them nothing, and each claim
// can become a training here, so only so many claims of theirs are opened in a minute. Who is among them is drawn, with odds that
// fall as more come: whoever comes first or often keeps nobody out. The draw is secret and each node's own, because what all
// nodes could compute an author could compute before it commits. A claim that another member of its quorum has opened and
// voted on is opened without a draw, so that quorums come together.
type crowd struct {
	commits []commitKey // not revealed, at most maxCrowd
	came    []int64     // when reveals came, in the last minute
	opened  []int64     // when claims were opened, in the last minute
	waiting []parked    // reveals that were not drawn, at most maxDrawn
	met     uint64      // how many commits and reveals found no room
}

const (
	maxCrowd = 1024
	maxCame  = 4096
	maxDrawn = 64
)

// arrive notes a commit. In a full table it takes a place that nobody can choose from outside.
func (e *Engine) arrive(k commitKey) {
	c := &e.crowd
	if len(c.commits) == maxCrowd {
		c.commits = slices.DeleteFunc(c.commits, func(o commitKey) bool { held := e.commits[o]; return held == nil || held.revealed })
	}
	if len(c.commits) < maxCrowd {
		c.commits = append(c.commits, k)
		return
	}
	place := &c.commits[e.place(k.hash, len(c.commits))]
	e.forgetCommit(*place, e.commits[*place])
	*place = k
}

// lot draws a number for what somebody has sent.
func (e *Engine) lot(kind, id string, count uint64) uint64 {
	b := binary.BigEndian.AppendUint64(append(append(e.cfg.Salt[:], e.key.PeerID()...), kind...), count)
	h := sha256.Sum256(append(b, id...))
	return binary.BigEndian.Uint64(h[:8])
}

// place draws one of n places for what finds no room.
func (e *Engine) place(id string, n int) int {
	e.crowd.met++
	return int(e.lot("place", id, e.crowd.met) % uint64(n))
}

// enters reports whether a revealed claim may be opened; one that may not is kept for a while. Of n in a minute each has the
// odds MaxStrangers/n, and twice MaxStrangers are the most. While more come than may be opened, claims that this node has no
// vote on are left to others.
func (e *Engine) enters(m *chain.Message, r *revealed, member bool) bool {
	c := &e.crowd
	c.came, c.opened = since(c.came, e.now-60*Second), since(c.opened, e.now-60*Second)
	if len(c.came) < maxCame {
		c.came = append(c.came, e.now)
	}
	n := uint64(len(c.came))
	wins := n <= uint64(e.cfg.MaxStrangers) || member && e.lot("claim", r.st.OptimaeID, 0)%n < uint64(e.cfg.MaxStrangers)
	if wins && len(c.opened) < 2*e.cfg.MaxStrangers {
		c.opened = append(c.opened, e.now)
		return true
	}
	if !member {
		return false
	}
	p := parked{m, r, e.now}
	if len(c.waiting) < maxDrawn {
		c.waiting = append(c.waiting, p)
	} else {
		c.waiting[e.place(r.st.OptimaeID, maxDrawn)] = p
	}
	return false
}

// follow opens a claim that was not drawn here, because one whom the chain knows has voted on it.
func (e *Engine) follow(v *chain.Vote) {
	c := &e.crowd
	i := slices.IndexFunc(c.waiting, func(p parked) bool { return p.r.st.OptimaeID == v.OptimaeID })
	if i < 0 || e.known(v.EvaluatorID) == "" {
		return
	}
	p := c.waiting[i]
	st := p.r.st
	members, ok := e.tip.Members(st.Anchor, st.OptimaeID, st.OptimizerID)
	basis := e.basis(st.DomainID, st.Base)
	c.opened = since(c.opened, e.now-60*Second)
	if !ok || basis == unknownBase || !slices.Contains(members, v.EvaluatorID) || v.Anchor != st.Anchor || len(c.opened) >= 2*e.cfg.MaxStrangers {
		return
	}
	c.waiting = slices.Delete(c.waiting, i, i+1)
	if e.admit(p.m, p.r, members, basis) == nil {
		c.opened = append(c.opened, e.now)
	}
}

// expireCrowd forgets the reveals that were not drawn.
func (e *Engine) expireCrowd() {
	e.crowd.waiting = slices.DeleteFunc(e.crowd.waiting, func(p parked) bool { return e.now-p.received > e.cfg.CommitMaxAge })
}

func (c *crowd) turnBack(by int64) {
	for _, times := range [][]int64{c.came, c.opened} {
		for i := range times {
			times[i] -= by
		}
	}
	for i := range c.waiting {
		c.waiting[i].received -= by
	}
}
