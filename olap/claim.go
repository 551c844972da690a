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
	ID             string   `json:"claim_event_id" olap:"6,key" doc:"32 hexadecimal digits, a function of experiment, proposal, stage and optimae"`
	ExperimentID   string   `json:"experiment_id" olap:"6,notnull,ref=dim_experiment" doc:"the experiment that made the claim"`
	DomainID       string   `json:"domain_id" olap:"6,notnull" doc:"the domain of the experiment"`
	Proposal       int64    `json:"proposal" olap:"6,notnull" doc:"the search's number of the claim"`
	RoundNumber    int64    `json:"round_number" olap:"6,notnull" doc:"the round whose generation named it"`
	OptimaeID      string   `json:"optimae_id,omitempty" olap:"6" doc:"its commitment; NULL before it has one"`
	Base           string   `json:"base,omitempty" olap:"6" doc:"the optimae it improves on; NULL for none"`
	Stage          string   `json:"stage" olap:"6,notnull" doc:"what it has reached: confirmed, committed, revealed; or how it ended"`
	Timestamp      string   `json:"timestamp_utc" olap:"6,notnull,time" doc:"when it reached the stage"`
	ElapsedSeconds float64  `json:"elapsed_seconds" olap:"6" doc:"since the start of the experiment, while it ran"`
	Performance    *float64 `json:"performance,omitempty" olap:"6" doc:"of the confirming run; NULL before there was one"`
	Verified       bool     `json:"verified" olap:"6" doc:"whether a quorum has agreed"`
	Reason         string   `json:"reason,omitempty" olap:"6" doc:"why it came to nothing, in words"`
	S1             *int64   `json:"s1,omitempty" olap:"7" doc:"sum over the validation cases of the base's error minus the claim's, in 2^-20; NULL without cases"`
	S2             string   `json:"s2,omitempty" olap:"7" doc:"sum of the squares of these differences, decimal"`
	Cases          *int64   `json:"cases,omitempty" olap:"7" doc:"number of validation cases"`
	Z              *float64 `json:"z,omitempty" olap:"7" doc:"by how many of its standard errors the mean difference is above 0; NULL where that is nothing"`

	ConfirmedAt     *string  `json:"confirmed_at,omitempty" olap:"8,time" doc:"when its confirming run ended; NULL before, and where the node was started again since"`
	CommittedAt     *string  `json:"committed_at,omitempty" olap:"8,time" doc:"when its commitment was sent; NULL likewise"`
	RevealedAt      *string  `json:"revealed_at,omitempty" olap:"8,time" doc:"when it was revealed; NULL likewise"`
	RevealSeconds   *float64 `json:"reveal_seconds,omitempty" olap:"8" doc:"from the commitment to the reveal"`
	DecisionSeconds *float64 `json:"decision_seconds,omitempty" olap:"8" doc:"from the commitment to how it ended"`
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
	// S1, S2 and Cases are what the comparison with the base adds up to, Cases 0 without one; Z is nil where it is nothing.
	S1    int64
	S2    string
	Cases int64
	Z     *float64
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
	if c.Cases > 0 {
		row.Claim.S1, row.Claim.S2, row.Claim.Cases, row.Claim.Z = Int(c.S1), c.S2, Int(c.Cases), clone(c.Z)
	}
	r.stamp(row.Claim, now)
	if err := row.Validate(); err != nil {
		return nil, err
	}
	return []Row{row}, nil
}

// claimSteps are when a claim reached its stages, as far as this process saw it.
type claimSteps struct{ confirmed, committed, revealed time.Time }

// maxSteps bounds the claims whose steps are remembered. A search has fewer open.
const maxSteps = 1024

// stamp fills in when the claim's earlier steps were, and remembers this one's until the claim has ended.
func (r *run) stamp(c *Claim, now time.Time) {
	s := r.steps[c.Proposal]
	ended := false
	switch c.Stage {
	case "confirmed":
		s.confirmed = now
	case "committed":
		s.committed = now
	case "revealed":
		s.revealed = now
	default:
		ended = true
	}
	when := func(t time.Time) *string {
		if t.IsZero() {
			return nil
		}
		text := iso(t)
		return &text
	}
	c.ConfirmedAt, c.CommittedAt, c.RevealedAt = when(s.confirmed), when(s.committed), when(s.revealed)
	if !s.committed.IsZero() && !s.revealed.IsZero() {
		c.RevealSeconds = Float(seconds(s.committed, s.revealed))
	}
	if ended && !s.committed.IsZero() {
		c.DecisionSeconds = Float(seconds(s.committed, now))
	}
	if delete(r.steps, c.Proposal); !ended && len(r.steps) < maxSteps {
		r.steps[c.Proposal] = s
	}
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
