package engine

import (
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// Standing is what a peer is to a network's quorums.
type Standing struct {
	// Registered peers are evaluators; Eligible ones are drawn into quorums and make blocks.
	Registered, Eligible bool
	// Reason says why a peer is not eligible, Remedy what its owner can do; "" for one that is.
	Reason, Remedy string
}

// StandingOf returns a peer's standing in a state. register says that its node asks for a registration by itself.
func StandingOf(s *consensus.State, peer string, register bool) Standing {
	_, registered := slices.BinarySearch(s.Registered(), peer)
	_, eligible := slices.BinarySearch(s.Generators(), peer)
	out := Standing{Registered: registered, Eligible: eligible}
	stake, balance := ledger.Stake(s.BaseFee), s.Ledger.Balance(peer)
	switch {
	case eligible:
	case registered:
		out.Reason = fmt.Sprintf("its reputation %v is below the %v that a quorum asks for",
			chain.MicroToFloat(s.Reputation(peer)), chain.MicroToFloat(consensus.MinReputation))
		out.Remedy = "claims of it that are accepted raise its reputation, by 1 each"
	case balance < stake:
		out.Reason = "it is not registered: nobody asks for its vote, and it makes no blocks"
		out.Remedy = fmt.Sprintf("a registration burns %s DOIN and it has %s: claims of it that are accepted earn them, or let somebody send them (doin-node wallet send %s AMOUNT)",
			ledger.FormatAmount(stake), ledger.FormatAmount(balance), peer)
		if !register {
			out.Remedy += `; then doin-node wallet register, which "register": true in the configuration does by itself`
		}
	default:
		out.Reason = "it is not registered: nobody asks for its vote, and it makes no blocks"
		out.Remedy = fmt.Sprintf(`doin-node wallet register, or "register": true in the configuration; it burns %s DOIN`, ledger.FormatAmount(stake))
		if register {
			out.Remedy = "none needed: it is registering by itself"
		}
	}
	return out
}

const (
	// standEvery is how often a node looks at its own standing.
	standEvery = Second
	// remindEvery is how often its waiting transactions are told again: who was not there, or was killed, has lost them.
	remindEvery = 30 * Second
)

// stand registers this node where its configuration wants it and its balance allows, and says once what it lacks. Nothing is
// said or sent before the chain is the network's.
func (e *Engine) stand() {
	if !e.synced || e.syncing || e.now < e.nextStand {
		return
	}
	e.nextStand = e.now + standEvery
	e.remind()
	self := e.key.PeerID()
	s := StandingOf(e.tip, self, e.cfg.Register)
	switch {
	case s.Registered && !e.stood && e.stoodTold:
		e.notice(false, "this node is an evaluator", "eligible", s.Eligible)
	case !s.Eligible && e.evaluates() && !e.stoodTold:
		e.stoodTold = true
		e.notice(true, "this node is no evaluator", "reason", s.Reason, "remedy", s.Remedy)
	}
	e.stood = s.Registered
	if !e.cfg.Register || s.Registered || e.tip.Ledger.Balance(self) < ledger.Stake(e.tip.BaseFee) || e.pool.HasKey(registrationKey(self)) {
		return
	}
	if e.issue(consensus.TxRegistered, "", canon.NewObject()) == nil {
		e.notice(false, "registration sent", "burns", ledger.FormatAmount(ledger.Stake(e.tip.BaseFee)))
	}
}

// evaluates reports whether this node has a domain that it would vote in.
func (e *Engine) evaluates() bool {
	for _, role := range e.cfg.Domains {
		if role.Evaluate {
			return true
		}
	}
	return false
}

// registrationKey is the key of a peer's registration in the pool.
func registrationKey(peer string) string {
	return consensus.Key(&chain.Tx{Type: consensus.TxRegistered, PeerID: peer})
}

// remind tells the network of this node's waiting transfers and registration again.
func (e *Engine) remind() {
	if e.now < e.nextRemind {
		return
	}
	e.nextRemind = e.now + remindEvery
	for _, tx := range e.pool.Of(e.key.PeerID()) {
		if tx.Type == consensus.TxTransfer || tx.Type == consensus.TxRegistered {
			e.message(chain.MsgTransaction, transactionPayload(tx))
		}
	}
}

// Waiting returns the transactions of a peer that wait for a block, in the order in which they came. It is for the owner of the
// engine, as Step is.
func (e *Engine) Waiting(peer string) []*chain.Tx { return e.pool.Of(peer) }

// Pending reports whether a transaction waits for a block. It is for the owner of the engine, as Step is.
func (e *Engine) Pending(id string) bool { return e.pool.Has(id) }
