// Package thin leaves rounds out of the records that say nothing new. A search that never waits ends many rounds a second, and
// after its first minutes nearly all of them are like the one before.
//
// Up to a number of rounds each is kept. Of later ones those are kept that improve the experiment, that a confirming run ended
// in, to which immigrants came, that earned something or changed what the chain says of the domain; and one in a while of the
// others. Rows of other kinds are always kept. What is left out is counted; the summary of an experiment counts every round.
package thin

import (
	"sync"
	"time"

	"doin.network/node/olap"
)

// every is the time between two rounds of a domain that say nothing new.
const every = time.Second

// Thinner applies the rule to the rows of a node. It is safe for concurrent use.
type Thinner struct {
	full int64
	now  func() time.Time

	mu   sync.Mutex
	last map[string]kept // by experiment
	left uint64
}

// kept is what was recorded of an experiment last.
type kept struct {
	at                 time.Time
	accepted, rejected int64
	converged          bool
	verified           *bool
}

// maxExperiments bounds what is remembered; a node runs far fewer at a time.
const maxExperiments = 1024

// New returns a thinner that keeps each of the first full rounds of an experiment.
func New(full int, now func() time.Time) *Thinner {
	return &Thinner{full: int64(full), now: now, last: map[string]kept{}}
}

// Keep returns the rows that are to be recorded, in their order; it does not change rows.
func (t *Thinner) Keep(rows []olap.Row) []olap.Row {
	t.mu.Lock()
	defer t.mu.Unlock()
	out := rows[:0:0]
	for i := range rows {
		if r := rows[i].Round; r != nil && !t.keep(r) {
			t.left++
			continue
		}
		out = append(out, rows[i])
	}
	return out
}

// keep decides on a round. mu is held.
func (t *Thinner) keep(r *olap.Round) bool {
	now, last := t.now(), t.last[r.ExperimentID]
	news := r.Improvement || r.Digest != "" || r.ImmigrantsCount > 0 || r.BlockRewardEarned != 0 || r.AcceptedCount != last.accepted ||
		r.RejectedCount != last.rejected || r.Converged != last.converged || !same(r.ChampionVerified, last.verified)
	if r.Number > t.full && !news && now.Sub(last.at) < every {
		return false
	}
	if len(t.last) >= maxExperiments {
		clear(t.last) // the next round of each is recorded
	}
	t.last[r.ExperimentID] = kept{now, r.AcceptedCount, r.RejectedCount, r.Converged, r.ChampionVerified}
	return true
}

func same(a, b *bool) bool { return a == b || a != nil && b != nil && *a == *b }

// Left returns how many rounds were left out.
func (t *Thinner) Left() uint64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.left
}
