package olap

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"doin.network/node/internal/canon"
)

// Claim is a row of fact_claim: one step in the life of one claim of this node. A claim has a row for each stage that it
// reaches; the row of its commit, its reveal and its decision are those stages'.
type Claim struct {
	ID             string   `json:"claim_event_id"` // see claimID
	ExperimentID   string   `json:"experiment_id"`
	DomainID       string   `json:"domain_id"`
	Proposal       int64    `json:"proposal"`
	RoundNumber    int64    `json:"round_number"`
	OptimaeID      string   `json:"optimae_id,omitempty"`
	Base           string   `json:"base,omitempty"`
	Stage          string   `json:"stage"`
	Timestamp      string   `json:"timestamp_utc"` // iso
	ElapsedSeconds float64  `json:"elapsed_seconds"`
	Performance    *float64 `json:"performance,omitempty"`
	Verified       bool     `json:"verified"`
	Reason         string   `json:"reason,omitempty"`
}

// Values returns the row in the order of ClaimTable.
func (c *Claim) Values() []any {
	return []any{c.ID, c.ExperimentID, c.DomainID, c.Proposal, c.RoundNumber, optText(c.OptimaeID), optText(c.Base), c.Stage,
		c.Timestamp, c.ElapsedSeconds, optFloat(c.Performance), c.Verified, optText(c.Reason)}
}

// ClaimEvent says that a claim of this node has reached a stage.
type ClaimEvent struct {
	// Proposal is the search's number of the claim, above 0.
	Proposal int64
	// Round is the number of the round whose generation named it; 0 means the last one that was recorded.
	Round int64
	// Stage is the stage's name, as the chain machine calls it: "committed", "accepted" and so on.
	Stage string
	// OptimaeID is the claim's commitment, "" before it has one. Base is the optimae it improves on, "" for none.
	OptimaeID, Base string
	// Reason says in words why a claim came to nothing. What is longer than maxReasonBytes is cut.
	Reason string
	// Performance is the confirming run's; nil before there was one.
	Performance *float64
	// Verified is whether a quorum has agreed.
	Verified bool
}

// maxReasonBytes bounds a reason: it may quote a message that came from elsewhere.
const maxReasonBytes = 1 << 10

// Claim returns the row of a step of a claim. The same step twice gives a row of the same key, which the sinks keep once.
// The errors wrap ErrNoExperiment or ErrInvalidRow.
func (t *Tracker) Claim(domain string, c ClaimEvent, now time.Time) ([]Row, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	r, ok := t.runs[domain]
	if !ok {
		return nil, fmt.Errorf("%w: %s", ErrNoExperiment, domain)
	}
	if c.Round == 0 {
		c.Round = r.sum.TotalRounds
	}
	if len(c.Reason) > maxReasonBytes {
		c.Reason = c.Reason[:maxReasonBytes]
	}
	row := Row{Claim: &Claim{
		ID: claimID(r.exp.ID, &c), ExperimentID: r.exp.ID, DomainID: domain, Proposal: c.Proposal, RoundNumber: c.Round,
		OptimaeID: c.OptimaeID, Base: c.Base, Stage: c.Stage, Timestamp: iso(now), ElapsedSeconds: seconds(r.start, now),
		Performance: clone(c.Performance), Verified: c.Verified, Reason: c.Reason,
	}, Experiment: r.experiment()}
	if err := row.Validate(); err != nil {
		return nil, err
	}
	return []Row{row}, nil
}

// claimID names the step: a search that was killed and repeats its last seconds does not write them twice, and a claim
// that it then makes anew under the same number is another one.
func claimID(experiment string, c *ClaimEvent) string {
	return shortHash("claim", experiment, c.Proposal, c.Stage, c.OptimaeID)
}

// RoundID returns the id of a round: 32 hexadecimal digits that depend on nothing but the arguments, so that a round
// which is run again after a crash is the same row.
func RoundID(experiment string, number int64) string { return shortHash("round", experiment, number) }

// shortHash returns the first 32 hexadecimal digits of the SHA-256 of the canonical list.
func shortHash(list ...any) string {
	h := sha256.Sum256(canon.Canonical(list))
	return hex.EncodeToString(h[:16])
}
