package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// vote signs what this node found and tells everybody.
func (e *Engine) vote(c *claim, o protocol.Outcome, err error) {
	v := &chain.Vote{OptimaeID: c.st.OptimaeID, DomainID: c.st.DomainID, EvaluatorID: e.key.PeerID(), Anchor: c.st.Anchor,
		Base: c.st.Base, Digest: o.Digest, VerifiedPerformance: o.Performance, Sums: o.Sums, SyntheticScore: o.SyntheticScore,
		IncumbentScore: o.IncumbentScore, SyntheticDataHash: o.SyntheticDataHash}
	if err != nil { // the recipe was refused: a digest nobody can have claimed
		v.Digest, v.VerifiedPerformance, v.SyntheticScore, v.IncumbentScore = consensus.RefusedDigest, 0, 0, 0
		v.Sums = chain.Sums{}
		v.SyntheticDataHash = consensus.RefusedDigest
	}
	if err := chain.SignVote(v, e.key, e.rules.Network); err != nil {
		e.notice(true, "vote not signed", "err", err)
		return
	}
	e.message(chain.MsgTaskCompleted, canon.NewObject("task_id", c.taskID, "evaluator_id", v.EvaluatorID, "domain_id", v.DomainID,
		"verified_performance", v.VerifiedPerformance, "result", nil, "optimae_id", v.OptimaeID, "vote", v.Object()))
	if err := e.addVote(c, v); err != nil {
		e.notice(true, "own vote not counted", "err", err)
	}
}

// takeVote takes a vote that nobody has verified.
func (e *Engine) takeVote(v *chain.Vote) error {
	if err := verifyVote(v, e.rules.Network); err != nil {
		return err
	}
	return e.offerVote(v)
}

// maxEarly bounds the votes ahead of a reveal that are kept, about one optimae and of one voter: nobody's keep out the others'.
const maxEarly = 64

// offerVote takes a verified vote.
func (e *Engine) offerVote(v *chain.Vote) error {
	if c := e.claims[v.OptimaeID]; c != nil {
		return e.addVote(c, v)
	}
	held := e.early[v.OptimaeID]
	switch {
	case e.tip.Settled(v.OptimaeID):
		return late("optimae is settled")
	case e.isPassed(v.OptimaeID):
		return late("optimae is superseded")
	case !e.registered(v.EvaluatorID) || e.known(v.EvaluatorID) == "": // no quorum holds it
		return late("vote of a peer without a say")
	case slices.ContainsFunc(held.votes, func(o *chain.Vote) bool { return o.EvaluatorID == v.EvaluatorID }):
		return late("voted already")
	case held.votes == nil && len(e.early) >= e.cfg.MaxClaims, len(held.votes) >= maxEarly, e.earlyOf[v.EvaluatorID] >= maxEarly:
		return late("too many votes ahead of their reveals")
	}
	e.early[v.OptimaeID] = early{votes: append(held.votes, v), received: e.now}
	e.earlyOf[v.EvaluatorID]++
	e.follow(v)
	return nil
}

// addVote counts a verified vote and settles the claim if it decides it. Its author may have seen the claim anchored
// elsewhere: that is nobody's fault.
func (e *Engine) addVote(c *claim, v *chain.Vote) error {
	switch {
	case v.DomainID != c.st.DomainID: // who commits one hash in two ways must not set honest voters against each other
		return late("vote about another domain")
	case v.Anchor != c.st.Anchor:
		return late("vote about another anchor")
	case v.Base != c.st.Base:
		return late("vote about another base")
	case len(c.members) == 0: // its author's chain may know more evaluators than ours, or fewer: alone it is its own quorum
		return late("the claim has no quorum here")
	case !c.isMember(v.EvaluatorID):
		return fmt.Errorf("%w: voter is not in the quorum", protocol.ErrVote)
	case c.votes[v.EvaluatorID] != nil:
		return late("voted already")
	}
	c.votes[v.EvaluatorID] = v
	if c.taskID != "" && v.EvaluatorID == e.key.PeerID() {
		e.completeTask(c.taskID, canon.NewObject("digest", v.Digest), &v.VerifiedPerformance)
	}
	e.settle(c)
	return nil
}

// settle assembles the transaction when the quorum has decided: the optimizer its acceptance, the first
// divergent member of the quorum the rejection. That is another one each time: rejections count against their author's
// rate, and a liar must not be able to use up that of one node.
func (e *Engine) settle(c *claim) {
	if c.recorded {
		return
	}
	var agreed, divergent []*chain.Vote
	rule := e.rule(c.st.DomainID)
	for _, id := range c.members {
		v := c.votes[id]
		switch {
		case v == nil:
		case rule.Agrees(v, c.st.Claim, e.rules.QuorumTolerance):
			agreed = append(agreed, v)
		default:
			divergent = append(divergent, v)
		}
	}
	k := len(c.members)
	switch {
	case c.own != nil && len(agreed) >= consensus.Needed(k):
		st := *c.st
		st.Votes = slices.Concat(agreed, divergent)
		e.issued(c, e.issue(consensus.TxAccepted, st.DomainID,
			consensus.Approximate(consensus.AcceptancePayload(&st, len(agreed), c.metrics, c.own.experiment), rule.Agreement)))
	case len(divergent) > k-consensus.Needed(k) && e.known(c.st.OptimizerID) == "" && e.tip.Ledger.Balance(c.st.OptimizerID) == 0:
		// Its author has nothing to lose: a record would cost everybody but it, for ever.
		if len(e.passed) < 10*e.cfg.MaxClaims {
			e.passed[c.st.OptimaeID] = e.now
		}
		e.drop(c.st.OptimaeID, protocol.Expired, fmt.Sprintf("%d of %d evaluators disagree", len(divergent), k))
	case len(divergent) > k-consensus.Needed(k):
		if divergent[0].EvaluatorID != e.key.PeerID() {
			return
		}
		st := *c.st
		st.Votes = slices.Concat(divergent, agreed)
		e.issued(c, e.issue(consensus.TxRejected, st.DomainID, consensus.RejectionPayload(&st,
			fmt.Sprintf("%d of %d evaluators disagree", len(divergent), k), c.reveal.Object())))
	}
}

// issued forgets a claim whose record the chain will not take any more. Anything else may pass: it is tried again.
func (e *Engine) issued(c *claim, err error) {
	switch {
	case errors.Is(err, consensus.ErrSuperseded):
		e.supersede(c.st.OptimaeID)
	case errors.Is(err, consensus.ErrTx):
		e.drop(c.st.OptimaeID, protocol.Expired, err.Error())
	}
}

// retry settles a claim whose record the pool refused or has lost since.
func (e *Engine) retry(c *claim) {
	e.setRecorded(c, e.pool.HasKey(consensus.OptimaeKey(c.st.OptimaeID)))
	if !c.recorded && 2*len(c.votes) >= len(c.members) {
		e.settle(c)
	}
}

// issue makes, signs, pools and broadcasts a transaction of this node. An error that matches protocol.ErrLate may pass.
func (e *Engine) issue(kind, domain string, payload *canon.Object) error {
	tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: e.key.PeerID(), Payload: payload, Timestamp: timestamp.FromMicro(e.now)}
	tx.ID = tx.ComputeID()
	err := chain.SignTx(tx, e.key, e.rules.Network)
	stx := &signedTx{tx: tx}
	if err == nil && kind == consensus.TxAccepted {
		stx.st, err = consensus.ParseAcceptance(tx)
	}
	if err == nil {
		err = e.submit(stx, true)
	}
	if err != nil {
		e.emit(protocol.Notice{Warn: !errors.Is(err, protocol.ErrLate), Debug: errors.Is(err, protocol.ErrLate),
			Text: "own transaction refused", Args: []any{"type", kind, "err", err}})
	}
	return err
}
