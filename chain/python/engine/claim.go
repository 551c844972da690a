package engine

import (
	"errors"
	"fmt"
	"math"
	"strconv"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// claim is a revealed optimae on its way.
type claim struct {
	optimae    string
	domain     *domain
	optimizer  string
	commitment string
	parameters *canon.Object
	reported   float64 // as on the wire
	metrics    *canon.Object
	experiment *canon.Object // of an own claim
	proposal   int64         // of an own claim
	received   int64
	decided    bool
	size       int64 // reserved in the engine's room
	// measured is what this node's own training gave, nil before; failed is why it gave nothing.
	measured *float64
	failed   error
	// improved is whether that beat what this node knew then.
	improved bool
	// reached is the task whose vote completed the quorum, voter who cast it; nil before.
	reached *task.Task
	voter   string
}

var errPayload = errors.New("malformed payload")

func (e *Engine) receiveCommit(m *chain.Message) error {
	hash, err1 := m.Payload.String("commitment_hash")
	name, err2 := m.Payload.String("domain_id")
	if err1 != nil || err2 != nil || !chain.IsHash(hash) {
		return errPayload
	}
	if !e.allow("commit " + m.SenderID) {
		return late("more than %d commits of one sender in a minute", e.cfg.MaxPerMinute)
	}
	if !e.commits.Add(python.Commitment{Hash: hash, DomainID: name, OptimizerID: m.SenderID, Time: seconds(e.now)}) {
		return late("commitment %.12s is known", hash)
	}
	return nil
}

// receiveReveal opens a commitment: the claim is trained here, or put to a quorum. own is the round of an own claim.
func (e *Engine) receiveReveal(sender string, p *canon.Object, own *round) error {
	c, nonce, err := readReveal(p)
	if err != nil {
		return err
	}
	name, _ := p.String("domain_id") // read before
	err = e.commits.Reveal(python.Reveal{Hash: c.commitment, DomainID: name, OptimizerID: sender, Parameters: c.parameters, Nonce: nonce}, seconds(e.now))
	switch {
	case errors.Is(err, python.ErrMismatch):
		return err
	case err != nil:
		return late("%v", err)
	}
	c.domain, c.optimizer, c.received = e.domains[name], sender, e.now
	if c.domain == nil {
		return nil // no role: the network layer relays it
	}
	if ok, reason := c.domain.Bounds.Check(c.parameters); !ok {
		e.notice(false, "reveal outside its bounds", "optimae", c.optimae, "reason", reason)
	}
	if old := e.claims[c.optimae]; old != nil && (old.optimizer != sender || !old.decided) {
		return late("optimae %s is known", c.optimae)
	}
	if len(e.claims) >= e.cfg.MaxClaims {
		return late("%d claims are remembered", len(e.claims))
	}
	if sender != e.key.PeerID() && !e.allow(sender) {
		return late("more than %d trainings for one sender in a minute", e.cfg.MaxPerMinute)
	}
	if own == nil { // strangers must not take the room of an own one
		if c.size = canon.Size(p); !e.room.take(c.size) {
			return late("claims of %d bytes are not decided yet, this one has %d more", e.room.used, c.size)
		}
	}
	e.claims[c.optimae] = c
	if own != nil {
		c.experiment, c.proposal = own.experiment, own.proposal
		e.told(c, protocol.Revealed, "")
	}
	e.open(c)
	return nil
}

// readReveal reads the payload of optimae_reveal.
func readReveal(p *canon.Object) (c *claim, nonce string, err error) {
	c = &claim{}
	var errs [7]error
	c.commitment, errs[0] = p.String("commitment_hash")
	_, errs[1] = p.String("domain_id")
	c.optimae, errs[2] = p.String("optimae_id")
	c.parameters, errs[3] = p.Object("parameters")
	c.reported, errs[4] = p.Float("reported_performance")
	nonce, errs[5] = p.String("nonce")
	c.metrics, errs[6] = p.ObjectOr("champion_metrics", nil)
	if err := errors.Join(errs[:]...); err != nil {
		return nil, "", fmt.Errorf("%w: %w", errPayload, err)
	}
	if c.optimae == "" || len(c.optimae) > maxIDBytes || !finite(c.reported) || !canon.Finite(c.parameters) || !canon.Finite(c.metrics) {
		return nil, "", errPayload
	}
	return c, nonce, nil
}

// release gives up what a claim holds beside its name. Trainings of it that still run have their own hold.
func (e *Engine) release(c *claim) {
	e.room.give(c.size)
	c.size, c.parameters, c.metrics, c.experiment = 0, nil, nil, nil
}

func finite(f float64) bool { return !math.IsNaN(f) && !math.IsInf(f, 0) }

// open takes a claim to its verification.
func (e *Engine) open(c *claim) {
	own := c.optimizer == e.key.PeerID()
	if c.domain.Validate {
		if own {
			c.measured, c.improved = &c.reported, e.better(c.domain, c.reported)
		} else {
			e.enqueue(&job{kind: jobCheck, domain: c.domain, parameters: c.parameters, claim: c, seed: e.seedOf(c)})
		}
		e.draw(c)
		return
	}
	switch {
	case !e.better(c.domain, c.reported):
		e.refuse(c, "reported perf "+fixed6(c.reported)+" <= current best "+fixed6(c.domain.best.performance), false)
	case own:
		c.measured = &c.reported // it was trained here a moment ago
		e.settle(c)
	default:
		e.enqueue(&job{kind: jobCheck, domain: c.domain, parameters: c.parameters, claim: c, seed: e.seedOf(c)})
	}
}

func fixed6(v float64) string { return strconv.FormatFloat(v, 'f', 6, 64) }

// finding is what this node has measured of a claim.
func (e *Engine) finding(c *claim, value float64) finding {
	return finding{optimae: c.optimae, optimizer: c.optimizer, parameters: c.parameters, performance: value, metrics: c.metrics, seed: e.seedOf(c)}
}

// told tells the search how far an own claim has come, and everybody when it is decided.
func (e *Engine) told(c *claim, stage protocol.Stage, reason string) {
	if stage == protocol.Accepted || stage == protocol.Rejected {
		v := c.reported
		if c.measured != nil {
			v = *c.measured
		}
		e.emit(protocol.Decided{Domain: c.domain.ID, OptimaeID: c.optimae, OptimizerID: c.optimizer, Accepted: stage == protocol.Accepted,
			Performance: c.domain.wire(v)})
	}
	if c.proposal > 0 {
		e.emit(protocol.Claim{Domain: c.domain.ID, Proposal: c.proposal, Stage: stage, OptimaeID: c.optimae, Reason: reason})
		if stage.Final() {
			c.proposal = 0
		}
	}
}

func (e *Engine) seedOf(c *claim) uint64 {
	return uint64(python.OptimizerSeed(c.commitment, c.domain.ID))
}

// checked files this node's own training of a claim.
func (e *Engine) checked(c *claim, value float64, metrics *canon.Object) {
	c.measured = &value
	if c.metrics == nil {
		c.metrics = metrics
	}
	if c.domain.Validate {
		if c.improved = e.adoptResult(c.domain, e.finding(c, value)); c.improved {
			e.notice(false, "champion adopted", "domain", c.domain.ID, "performance", value, "claimed", c.reported, "optimizer", c.optimizer)
		}
		e.conclude(c) // payment is the quorum's
		return
	}
	e.settle(c)
}

// settle is the verdict on a claim that needs no quorum.
func (e *Engine) settle(c *claim) {
	if c.decided {
		return
	}
	j := e.cfg.Quorum.Judge(c.reported, []python.QuorumVote{{Verified: *c.measured}})
	switch {
	case !j.Accepted:
		e.refuse(c, "reported perf "+fixed6(c.reported)+", re-evaluation gives "+fixed6(*c.measured), true)
	case !e.better(c.domain, *c.measured):
		e.refuse(c, "reported perf "+fixed6(c.reported)+" <= current best "+fixed6(c.domain.best.performance), false)
	default:
		e.accept(c, *c.measured, 1, "auto_accept_no_synthetic_validation")
		e.adoptResult(c.domain, e.finding(c, *c.measured))
		e.release(c)
	}
}

// accept books an accepted claim and has a block attempted. reason "" takes the incentive's text.
func (e *Engine) accept(c *claim, verified, agree float64, reason string) {
	c.decided = true
	d, sec := c.domain, seconds(e.now)
	d.accepted++
	e.told(c, protocol.Accepted, "")
	e.reputation.Accept(c.optimizer, sec)
	factor := python.ReputationFactor(e.reputation.Score(c.optimizer, sec))
	inc := d.Incentives.Evaluate(c.reported, verified, math.Abs(c.reported), e.weights.Weight(d.ID), factor)
	e.fees.Resolve(c.optimae, true)
	quorum := reason == ""
	if quorum {
		reason = inc.Explanation
	}
	e.notice(false, "optimae accepted", "domain", d.ID, "optimae", c.optimae, "optimizer", c.optimizer, "performance", verified,
		"increment", inc.Effective, "reason", reason)
	if e.links.recorded[c.optimae] > 0 {
		return // the chain has it already
	}
	at := timestamp.FromMicro(e.now)
	full := canon.NewObject("optimae_id", c.optimae, "parameters", c.parameters, "verified_performance", verified,
		"effective_increment", inc.Effective, "reward_fraction", inc.Reward, "quorum_agree_fraction", agree, "incentive_reason", reason)
	if !quorum {
		for _, name := range []string{"val_mae", "train_mae", "val_naive_mae", "train_naive_mae", "test_mae", "test_naive_mae"} {
			v, _ := c.metrics.Get(name)
			full.Set(name, v)
		}
	}
	full.Set("champion_metrics", orNull(c.metrics))
	for k, v := range c.experiment.All() {
		full.Set(k, v)
	}
	acceptance := &python.Acceptance{OptimaeID: c.optimae, DomainID: d.ID, OptimizerID: c.optimizer, Reported: c.reported,
		Verified: &verified, Increment: inc.Effective}
	record := item{acceptance: acceptance, at: at, tx: e.tx(chain.TxOptimaeAccepted, d.ID, c.optimizer, full)}
	short, err := e.pending.add(record)
	if errors.Is(err, python.ErrPendingFull) && e.pending.slim(d.ID, e.newTrigger) {
		short, err = e.pending.add(record)
	}
	if err != nil {
		e.notice(true, "acceptance not recorded", "optimae", c.optimae, "err", err)
		return
	}
	e.weights.Update(short)
	e.contribute(python.Contribution{PeerID: c.optimizer, Role: python.RoleOptimizer, DomainID: d.ID,
		EffectiveIncrement: inc.Effective, RewardFraction: inc.Reward})
	e.buildSoon(c.optimizer)
}

// maxContributions bounds what is paid by one block.
const maxContributions = 4096

func (e *Engine) contribute(c python.Contribution) {
	if len(e.contributions) < maxContributions {
		e.contributions = append(e.contributions, c)
	}
}

// refuse books a rejected claim and sends its author the champion. A false claim costs reputation, one that came too late
// does not.
func (e *Engine) refuse(c *claim, reason string, punish bool) {
	c.decided = true
	defer e.release(c)
	c.domain.rejected++
	e.told(c, protocol.Rejected, reason)
	e.fees.Resolve(c.optimae, !punish)
	if punish {
		e.reputation.Reject(c.optimizer, seconds(e.now))
	}
	e.notice(false, "optimae rejected", "domain", c.domain.ID, "optimae", c.optimae, "optimizer", c.optimizer, "reason", reason)
	e.record(e.tx(chain.TxOptimaeRejected, c.domain.ID, c.optimizer, canon.NewObject("optimae_id", c.optimae, "reason", reason)))
	if c.optimizer != e.key.PeerID() {
		prefix := "reject-push-"
		if c.domain.Validate {
			prefix = "quorum-reject-push-"
		}
		e.sendChampion(c.optimizer, c.domain, prefix+c.optimae[:min(12, len(c.optimae))])
	}
}

// tx makes a transaction of now.
func (e *Engine) tx(kind, domain, peer string, payload *canon.Object) *chain.Tx {
	tx := &chain.Tx{Type: kind, DomainID: domain, PeerID: peer, Payload: payload, Timestamp: timestamp.FromMicro(e.now)}
	tx.ID = tx.ComputeID()
	return tx
}

// record puts a transaction to the pending ones and counts it.
func (e *Engine) record(tx *chain.Tx) {
	if _, err := e.pending.add(item{tx: tx}); err != nil {
		e.notice(true, "transaction not recorded", "type", tx.Type, "err", err)
		return
	}
	e.weights.Update(tx)
}

func orNull(o *canon.Object) any {
	if o == nil {
		return nil
	}
	return o
}

// receiveAnnouncedOptimae takes the legacy message: work without a quorum, so nothing can ever be decided by it.
func (e *Engine) receiveAnnouncedOptimae(m *chain.Message) error {
	name, err1 := m.Payload.String("domain_id")
	id, err2 := m.Payload.String("optimae_id")
	parameters, err3 := m.Payload.Object("parameters")
	reported, err4 := m.Payload.Float("reported_performance")
	if err1 != nil || err2 != nil || err3 != nil || err4 != nil || !finite(reported) || len(id) > maxIDBytes {
		return errPayload
	}
	if e.domains[name] == nil {
		return nil
	}
	if !e.allow(m.SenderID) {
		return late("more than %d trainings for one sender in a minute", e.cfg.MaxPerMinute)
	}
	e.createTask(&task.Task{Type: task.Verification, DomainID: name, RequesterID: m.SenderID, Parameters: parameters, OptimaeID: id,
		ReportedPerformance: &reported, MetricEvidence: canon.NewObject(), Priority: task.PriorityVerification})
	return nil
}
