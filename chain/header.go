package chain

import (
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Header is what a block's hash covers.
type Header struct {
	Index                  int64 // height; block 0 has 0
	PreviousHash           string
	Timestamp              timestamp.Time
	MerkleRoot             string // over the transaction ids
	GeneratorID            string
	WeightedPerformanceSum float64
	Threshold              float64
}

// HeaderFromObject reads a header; all members are required. Errors match ErrInvalid.
func HeaderFromObject(o *canon.Object) (Header, error) {
	r := &reader{object: "header", o: o}
	h := Header{
		Index:                  r.integer("index"),
		PreviousHash:           r.str("previous_hash"),
		Timestamp:              r.time("timestamp"),
		MerkleRoot:             r.str("merkle_root"),
		GeneratorID:            r.str("generator_id"),
		WeightedPerformanceSum: r.float("weighted_performance_sum"),
		Threshold:              r.float("threshold"),
	}
	return h, r.err
}

// Object returns the JSON form.
func (h *Header) Object() *canon.Object { return h.object(h.Timestamp.Wire()) }

func (h *Header) object(timestamp string) *canon.Object {
	return canon.NewObject(
		"index", h.Index,
		"previous_hash", h.PreviousHash,
		"timestamp", timestamp,
		"merkle_root", h.MerkleRoot,
		"generator_id", h.GeneratorID,
		"weighted_performance_sum", h.WeightedPerformanceSum,
		"threshold", h.Threshold,
	)
}

// ComputeHash returns the block hash that the header has.
func (h *Header) ComputeHash() string { return canon.Hash(h.object(h.Timestamp.ISO())) }

// ValidateBasic checks the form of all members and that the numbers are finite.
// Errors match ErrInvalid.
func (h *Header) ValidateBasic() error {
	c := &checks{object: "header"}
	c.demand(h.Index >= 0, "index", "negative")
	c.hash(h.PreviousHash, "previous_hash")
	c.time(h.Timestamp, "timestamp")
	c.hash(h.MerkleRoot, "merkle_root")
	c.text(h.GeneratorID, "generator_id", 1, maxPeerIDBytes)
	c.finite(h.WeightedPerformanceSum, "weighted_performance_sum")
	c.finite(h.Threshold, "threshold")
	return c.err
}
