package chain

import (
	"slices"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Transaction types. The last four are ours, as are signatures on all of them.
const (
	TxOptimaeAnnounced    = "optimae_announced"
	TxOptimaeAccepted     = "optimae_accepted"
	TxOptimaeRejected     = "optimae_rejected"
	TxTaskCreated         = "task_created"
	TxTaskClaimed         = "task_claimed"
	TxTaskCompleted       = "task_completed"
	TxTaskFailed          = "task_failed"
	TxEvaluationServed    = "evaluation_served"
	TxDomainRegistered    = "domain_registered"
	TxDomainUpdated       = "domain_updated"
	TxCandidateEvaluated  = "candidate_evaluated"
	TxTransfer            = "transfer"
	TxEvaluatorRegistered = "evaluator_registered"
	TxEvaluatorLeft       = "evaluator_left"
	TxDomainClosed        = "domain_closed"
)

var txTypes = []string{
	TxOptimaeAnnounced, TxOptimaeAccepted, TxOptimaeRejected,
	TxTaskCreated, TxTaskClaimed, TxTaskCompleted, TxTaskFailed,
	TxEvaluationServed, TxDomainRegistered, TxDomainUpdated, TxCandidateEvaluated,
	TxTransfer, TxEvaluatorRegistered, TxEvaluatorLeft, TxDomainClosed,
}

// MaxTxBytes is the largest size of a transaction's JSON under the strict rules, and in a pool that is not told otherwise.
const MaxTxBytes = 256 << 10

// KnownTxType reports whether t is a transaction type.
func KnownTxType(t string) bool { return slices.Contains(txTypes, t) }

// Tx is a transaction. Its JSON form is described in the package comment.
type Tx struct {
	ID        string // as received; ComputeID gives the true one
	Type      string // one of the Tx constants
	DomainID  string // empty for types that concern no domain
	PeerID    string // author
	Payload   *canon.Object
	Timestamp timestamp.Time
	PublicKey string // hex of the author's key, or empty
	Signature string // hex, or empty
}

// TxFromObject reads a transaction. An absent payload is empty, an absent or empty id is computed, a
// given id is kept; unknown members are dropped. The payload is shared with o. Errors match
// ErrInvalid.
func TxFromObject(o *canon.Object) (*Tx, error) {
	r := &reader{object: "transaction", o: o}
	tx := &Tx{
		ID:        r.optional("id"),
		Type:      r.str("tx_type"),
		DomainID:  r.str("domain_id"),
		PeerID:    r.str("peer_id"),
		Payload:   r.objOrEmpty("payload"),
		Timestamp: r.time("timestamp"),
		PublicKey: r.optional("public_key"),
		Signature: r.optional("signature"),
	}
	if r.err != nil {
		return nil, r.err
	}
	if !KnownTxType(tx.Type) {
		return nil, wrong("transaction", "tx_type", "unknown type")
	}
	if tx.ID == "" {
		tx.ID = tx.ComputeID()
	}
	return tx, nil
}

// Object returns the JSON form; the payload is shared.
func (tx *Tx) Object() *canon.Object {
	o := canon.NewObject(
		"id", tx.ID,
		"tx_type", tx.Type,
		"domain_id", tx.DomainID,
		"peer_id", tx.PeerID,
		"payload", tx.Payload,
		"timestamp", tx.Timestamp.Wire(),
	)
	setSeal(o, tx.PublicKey, tx.Signature)
	return o
}

// preimage is what the id is the hash of.
func (tx *Tx) preimage() *canon.Object {
	return canon.NewObject(
		"domain_id", tx.DomainID,
		"payload", tx.Payload,
		"peer_id", tx.PeerID,
		"timestamp", tx.Timestamp.ISO(),
		"tx_type", tx.Type,
	)
}

// ComputeID returns the id that the content has, whatever ID says.
func (tx *Tx) ComputeID() string { return canon.Hash(tx.preimage()) }

// SigningBody returns the recomputed id as text.
func (tx *Tx) SigningBody() []byte { return []byte(tx.ComputeID()) }

// ValidateBasic checks everything that needs no state, the signature aside (see VerifyTx): known
// type, author and, where the type needs one, domain; finite numbers; ID equal to ComputeID.
// Errors match ErrInvalid; a wrong id is a *HashError.
func (tx *Tx) ValidateBasic() error {
	_, err := tx.validate()
	return err
}

// validate is ValidateBasic that also returns the recomputed id.
func (tx *Tx) validate() (string, error) {
	c := &checks{object: "transaction"}
	c.demand(KnownTxType(tx.Type), "tx_type", "unknown type")
	minDomain := 1
	if tx.Type == TxTransfer || tx.Type == TxEvaluatorRegistered || tx.Type == TxEvaluatorLeft {
		minDomain = 0
	}
	c.text(tx.DomainID, "domain_id", minDomain, maxNameBytes)
	c.text(tx.PeerID, "peer_id", 1, maxPeerIDBytes)
	c.payload(tx.Payload, "payload")
	c.time(tx.Timestamp, "timestamp")
	c.seal(tx.PublicKey, tx.Signature)
	if c.err != nil {
		return "", c.err
	}
	id := tx.ComputeID()
	if tx.ID != id {
		return id, &HashError{What: "transaction id", Got: tx.ID, Want: id}
	}
	return id, nil
}
