package chain

import (
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
)

// Vote is a quorum member's signed finding about one optimae. What it means, and whether it agrees,
// is decided by the rules of consensus.
type Vote struct {
	OptimaeID           string  // commitment of the optimae
	DomainID            string  //
	EvaluatorID         string  // peer id of the member
	Anchor              string  // hash of the block that fixed the quorum
	Base                string  // the optimae that the re-run was compared with; "" for the domain's baseline
	Digest              string  // result digest of the member's own re-run
	VerifiedPerformance float64 // score of that re-run, higher is better
	Sums                Sums    // of its comparison with Base, case by case
	SyntheticScore      float64 // challenger's error on the member's synthetic data, ≥ 0, lower is better
	IncumbentScore      float64 // incumbent's error on the same data
	SyntheticDataHash   string  // of that data; empty for a domain without synthetic data
	PublicKey           string  // hex of the member's key, or empty
	Signature           string  // hex, or empty
}

// VoteFromObject reads a vote; all members but the hash of the synthetic data, key and signature
// are required. Errors match ErrInvalid.
func VoteFromObject(o *canon.Object) (*Vote, error) {
	r := &reader{object: "vote", o: o}
	v := &Vote{
		OptimaeID:           r.str("optimae_id"),
		DomainID:            r.str("domain_id"),
		EvaluatorID:         r.str("evaluator_id"),
		Anchor:              r.str("anchor"),
		Base:                r.str("base"),
		Digest:              r.str("digest"),
		VerifiedPerformance: r.float("verified_performance"),
		SyntheticScore:      r.float("synthetic_score"),
		IncumbentScore:      r.float("incumbent_score"),
		SyntheticDataHash:   r.optional("synthetic_data_hash"),
		PublicKey:           r.optional("public_key"),
		Signature:           r.optional("signature"),
	}
	if r.err != nil {
		return nil, r.err
	}
	var err error
	if v.Sums, err = SumsFromObject(o); err != nil {
		return nil, malformed("vote", err)
	}
	return v, nil
}

// unsigned is the JSON form without key and signature: what the signature covers.
func (v *Vote) unsigned() *canon.Object {
	return v.Sums.AppendTo(canon.NewObject(
		"optimae_id", v.OptimaeID,
		"domain_id", v.DomainID,
		"evaluator_id", v.EvaluatorID,
		"anchor", v.Anchor,
		"base", v.Base,
		"digest", v.Digest,
		"verified_performance", v.VerifiedPerformance,
		"synthetic_score", v.SyntheticScore,
		"incumbent_score", v.IncumbentScore,
		"synthetic_data_hash", v.SyntheticDataHash,
	))
}

// Object returns the JSON form.
func (v *Vote) Object() *canon.Object {
	o := v.unsigned()
	setSeal(o, v.PublicKey, v.Signature)
	return o
}

// SigningBody returns canonical JSON of the vote without key and signature.
func (v *Vote) SigningBody() []byte { return canon.Canonical(v.unsigned()) }

// ComputeID returns the SHA-256 of SigningBody: equal for two copies of one finding, however signed.
func (v *Vote) ComputeID() string { return hexSHA256(v.SigningBody()) }

// ValidateBasic checks form and numbers: names and hashes, finite performance, finite errors that are
// not negative, sums within their bounds. The signature is VerifyVote's. Errors match ErrInvalid.
func (v *Vote) ValidateBasic() error {
	c := &checks{object: "vote"}
	c.text(v.OptimaeID, "optimae_id", 1, maxNameBytes)
	c.text(v.DomainID, "domain_id", 1, maxNameBytes)
	c.demand(identity.IsPeerID(v.EvaluatorID), "evaluator_id", "want a peer id")
	c.hash(v.Anchor, "anchor")
	c.demand(v.Base == "" || IsHash(v.Base), "base", "want 64 lower-case hex digits or nothing")
	c.hash(v.Digest, "digest")
	c.finite(v.VerifiedPerformance, "verified_performance")
	c.finite(v.SyntheticScore, "synthetic_score")
	c.demand(v.SyntheticScore >= 0, "synthetic_score", "negative")
	c.finite(v.IncumbentScore, "incumbent_score")
	c.demand(v.IncumbentScore >= 0, "incumbent_score", "negative")
	c.demand(v.SyntheticDataHash == "" || IsHash(v.SyntheticDataHash), "synthetic_data_hash", "want 64 lower-case hex digits or nothing")
	c.seal(v.PublicKey, v.Signature)
	if c.err == nil {
		c.err = v.Sums.validate("vote")
	}
	return c.err
}
