package consensus

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/canon"
)

// open checks what an acceptance and a rejection have in common.
func (b *block) open(st *Statement) error {
	rule, ok := b.parent.Rule(st.DomainID)
	if !ok {
		return refuse("unknown domain %q", st.DomainID)
	}
	if !b.parent.Running(st.DomainID) {
		return refuse("domain %q is closed", st.DomainID)
	}
	if v, named := st.Parameters.Get("data_hash"); named && rule.DataHash != "" && v != rule.DataHash {
		return refuse("recipe is for other data than domain %q", st.DomainID)
	}
	if b.parent.RecentAt(st.Anchor) == nil {
		return refuse("anchor %.12s is not among the last %d blocks", st.Anchor, Window)
	}
	if b.settled[st.OptimaeID] || b.parent.Settled(st.OptimaeID) {
		return refuse("optimae %.12s is settled already", st.OptimaeID)
	}
	return nil
}

// base checks that a claim improves on the champion as the block has it by now.
func (b *block) base(st *Statement) error {
	champion := b.s.doms.get(st.DomainID).champion()
	switch {
	case st.Base == champion:
		return nil
	case st.Base == "" || b.replaced[st.Base] || b.parent.Replaced(st.Base) || b.settled[st.Base] || b.parent.Settled(st.Base):
		return fmt.Errorf("%w: %w: base %.12s, the champion is %.12s", ErrTx, ErrSuperseded, st.Base, champion)
	}
	return &earlyError{after: OptimaeKey(st.Base), err: fmt.Errorf("base %.12s is not known", st.Base)}
}

func (b *block) accept(tx *chain.Tx, st *Statement, r *Receipt) error {
	if err := b.open(st); err != nil {
		return err
	}
	early := b.base(st)
	if errors.Is(early, ErrSuperseded) {
		return early
	}
	agreed, divergent, k, err := st.tally(b.parent, !b.trusted)
	if err != nil {
		return err
	}
	r.Solo = k == 1 && has(agreed, st.OptimizerID) // nobody is a member of its own quorum otherwise
	if len(agreed) < Needed(k) {
		return refuse("%d of %d agree, %d are needed", len(agreed), k, Needed(k))
	}
	rule, _ := b.parent.Rule(st.DomainID)
	champion := b.s.doms.get(st.DomainID)
	// Against a base that is still to come only the comparison can be judged.
	raw, err := rule.Wins(champion.Best, st.Claim.Performance, champion.HasBest && early == nil, st.Claim.Sums)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrTx, err)
	}
	if early != nil { // only what is right but for its base may wait
		return early
	}

	s, d := b.s, b.s.doms.edit(st.DomainID)
	r.OptimaeID, r.OptimizerID, r.Base, r.Agreed, r.Divergent = st.OptimaeID, st.OptimizerID, st.Base, agreed, divergent
	r.Weight = s.weight(d, rule)
	r.Factor = ReputationFactor(s.reputation(st.OptimizerID))
	r.Raw, r.Improved = raw, true
	r.Effective = mulMicro(mulMicro(r.Raw, r.Weight), r.Factor)
	if d.HasBest {
		b.replaced[d.OptimaeID] = true
	}
	d.HasBest, d.Best, d.BestHeight = true, st.Claim.Performance, s.Height
	d.Parameters = canon.Canonical(st.Parameters)
	d.OptimaeID, d.OptimizerID, d.Digest, d.Sums, d.Solo = st.OptimaeID, st.OptimizerID, st.Claim.Digest, st.Claim.Sums, r.Solo
	d.Accepted++
	d.Improved++
	d.TotalIncrement += r.Raw
	p := s.peer(st.OptimizerID)
	p.Accepted++
	p.Reputation = p.Reputation.add(reputationAccepted, b.time)
	b.optimizers = append(b.optimizers, ledger.Share{PeerID: st.OptimizerID, Weight: r.Effective})
	b.receipts.Sum += r.Effective
	b.votes(st, agreed, func(v *chain.Vote) bool { return rule.Agreement.Exact() && !rule.Reproduces(v, st.Claim) })
	s.certify(st.OptimizerID, s.RecentAt(st.Anchor).Height)
	b.settled[st.OptimaeID] = true
	return nil
}

func (b *block) reject(tx *chain.Tx, st *Statement, r *Receipt) error {
	if err := b.open(st); err != nil {
		return err
	}
	agreed, divergent, k, err := st.tally(b.parent, !b.trusted)
	if err != nil {
		return err
	}
	if len(divergent) <= k-Needed(k) {
		return refuse("%d of %d disagree, which does not rule acceptance out", len(divergent), k)
	}
	s := b.s
	rule, _ := b.parent.Rule(st.DomainID)
	r.OptimaeID, r.OptimizerID, r.Base, r.Agreed, r.Divergent = st.OptimaeID, st.OptimizerID, st.Base, agreed, divergent
	s.doms.edit(st.DomainID).Rejected++
	p := s.peer(st.OptimizerID)
	p.Rejected++
	p.Reputation = p.Reputation.add(-reputationRejected, b.time)
	s.money.Burn(st.OptimizerID, ledger.StakeBurn(s.BaseFee))
	unreproducible := 0
	for _, v := range st.Votes {
		if !rule.Reproduces(v, st.Claim) {
			unreproducible++
		}
	}
	lie := rule.Agreement.Exact() && unreproducible > k-Needed(k)
	b.votes(st, divergent, func(*chain.Vote) bool { return lie })
	b.settled[st.OptimaeID] = true
	return nil
}

// votes credits the members who voted with the outcome and charges those of the others who are at fault. Bits are facts,
// so a member is at fault when the quorum's re-runs decide against its own; synthetic scores are samples, on
// which honest members can differ, and so can they where the domain's agreement is not exact.
func (b *block) votes(st *Statement, with []string, atFault func(*chain.Vote) bool) {
	h := b.s.RecentAt(st.Anchor).Height
	for _, v := range st.Votes {
		p := b.s.peer(v.EvaluatorID)
		switch {
		case v.EvaluatorID == st.OptimizerID: // solo: one's own word is worth neither reputation nor a share
		case slices.Contains(with, v.EvaluatorID):
			p.Agreed++
			p.Reputation = p.Reputation.add(reputationAgreed, b.time)
			b.evaluators = append(b.evaluators, ledger.Share{PeerID: v.EvaluatorID, Weight: 1})
		case atFault(v):
			p.Divergent++
			p.Reputation = p.Reputation.add(-reputationDivergent, b.time)
		}
		b.s.certify(v.EvaluatorID, h)
	}
}

func (b *block) transfer(tx *chain.Tx, t ledger.Transfer, _ *Receipt) error {
	fee, err := b.s.money.Transfer(t, b.parent.BaseFee)
	if err != nil {
		if next := b.s.money.Nonce(t.Sender) + 1; t.Nonce > next && t.Nonce < next+MaxPeerTx {
			alone := t
			alone.Nonce = next
			if b.s.money.CheckTransfer(alone, b.parent.BaseFee) == nil {
				return &earlyError{after: transferKey(t.Sender, t.Nonce-1), err: err}
			}
		}
		return refuse("%v", err)
	}
	b.receipts.Fees += fee
	return nil
}

// task counts one served inference; only a registered evaluator can report it.
func (b *block) task(tx *chain.Tx, anchor string, _ *Receipt) error {
	if !b.parent.Running(tx.DomainID) || !b.s.isRegistered(tx.PeerID) {
		return refuse("task_completed: unknown domain or unregistered evaluator")
	}
	if b.parent.RecentAt(anchor) == nil {
		return refuse("task_completed: anchor is not among the last %d blocks", Window)
	}
	b.s.doms.edit(tx.DomainID).Inferences++
	b.s.inferences++
	return nil
}

// register admits an evaluator. It costs a burned stake, so that identities are not free: the money is earned
// by optimizing, which needs no registration, or given by a transfer.
func (b *block) register(tx *chain.Tx, after int64, _ *Receipt) error {
	if b.s.isRegistered(tx.PeerID) {
		return refuse("%.12s is registered already", tx.PeerID)
	}
	if left := b.s.left(tx.PeerID); left != 0 && after != left {
		return refuse("%.12s left at height %d: its next registration must name it", tx.PeerID, left)
	}
	if fee := ledger.Stake(b.parent.BaseFee); b.s.money.Balance(tx.PeerID) < fee {
		return refuse("registration burns %d base units, %.12s has %d", fee, tx.PeerID, b.s.money.Balance(tx.PeerID))
	}
	b.s.money.Burn(tx.PeerID, ledger.Stake(b.parent.BaseFee))
	b.s.register(tx.PeerID, tx.PublicKey)
	return nil
}

// minStay is how many evaluators must stay: with fewer there are neither quorums nor blocks.
const minStay = 2

// leave ends a registration. Reputation and money stay, the stake is gone; quorums that were drawn before still count the votes.
func (b *block) leave(tx *chain.Tx, registered int64, _ *Receipt) error {
	switch p := b.s.peers.get(tx.PeerID); {
	case !b.s.rules.MayLeave:
		return refuse("the genesis file does not let evaluators leave")
	case !b.s.isRegistered(tx.PeerID):
		return refuse("%.12s is not registered", tx.PeerID)
	case p.Registered != registered:
		return refuse("%.12s is registered since height %d, not %d", tx.PeerID, p.Registered, registered)
	case registered == b.s.Height:
		return refuse("%.12s registers in this block", tx.PeerID)
	case len(b.s.registered) <= minStay:
		return refuse("of %d evaluators none can leave: %d must stay", len(b.s.registered), minStay)
	}
	b.s.unregister(tx.PeerID)
	return nil
}
