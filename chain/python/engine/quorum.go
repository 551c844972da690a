package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// tipText is the tip in the draw of a quorum. The reference reads it from its JSON chain, which is empty where the SQLite
// store is used, so it is this text in every network of its nodes; with another the quorums would not even overlap.
const tipText = "genesis"

// draw selects the quorum of a claim, makes its task and announces it. The node's own vote is not left to whoever
// claims the task first.
func (e *Engine) draw(c *claim) {
	var eligible []string
	if c.domain.Evaluate {
		eligible = append(eligible, e.key.PeerID())
	}
	eligible = append(eligible, e.peers...)
	members := e.quorums.Select(c.optimae, c.domain.ID, c.optimizer, c.reported, eligible, tipText)
	if members == nil {
		e.notice(true, "no evaluator is eligible, the optimae cannot be verified", "domain", c.domain.ID, "optimae", c.optimae)
		e.told(c, protocol.Expired, "no evaluator is eligible")
		return
	}
	t := &task.Task{Type: task.Verification, DomainID: c.domain.ID, RequesterID: c.optimizer, Parameters: c.parameters, OptimaeID: c.optimae,
		ReportedPerformance: &c.reported, MetricEvidence: canon.NewObject(), Priority: task.PriorityVerification}
	if !e.createTask(t) || !slices.Contains(members, e.key.PeerID()) {
		return
	}
	if e.claimOwn(t.ID) {
		e.verify(c.domain, *t)
	}
}

// createTask queues a task of now and announces it.
func (e *Engine) createTask(t *task.Task) bool {
	t.Status = task.Pending
	err := task.ErrDuplicate
	for at := e.now; errors.Is(err, task.ErrDuplicate); at++ { // another node's of the same moment has the same id
		t.CreatedAt = timestamp.FromMicro(at)
		t.ID = t.ComputeID()
		err = e.tasks.Add(t)
	}
	if err != nil {
		e.notice(true, "task not queued", "type", t.Type, "err", err)
		return false
	}
	e.broadcast(chain.MsgTaskCreated, t.Created())
	return true
}

// claimOwn claims a task for this node and says so.
func (e *Engine) claimOwn(id string) bool {
	t, err := e.tasks.Claim(id, e.key.PeerID(), e.now)
	if err != nil {
		return false
	}
	e.broadcastClaim(t)
	return true
}

func (e *Engine) broadcastClaim(t task.Task) {
	e.broadcast(chain.MsgTaskClaimed, canon.NewObject("task_id", t.ID, "evaluator_id", t.EvaluatorID, "domain_id", t.DomainID))
}

// verify has a claimed task's parameters trained.
func (e *Engine) verify(d *domain, t task.Task) {
	j := &job{kind: jobVerify, domain: d, parameters: t.Parameters, task: t.ID, seed: uint64(python.OptimizerSeed(t.OptimaeID, d.ID))}
	if c := e.claims[t.OptimaeID]; c != nil && c.domain == d {
		j.seed = e.seedOf(c)
	}
	if d.Synthetic {
		commitment, err := t.Parameters.StringOr("_don_commitment_hash", t.OptimaeID)
		if err != nil || commitment == "" {
			commitment = t.OptimaeID
		}
		j.synthetic = &protocol.Synthetic{Seed: python.SyntheticSeed(commitment, d.ID, e.key.PeerID(), e.links.tip.Hash)}
	}
	e.enqueue(j)
}

// verified ends this node's own work on a task and casts its vote.
func (e *Engine) verified(j *job, value float64, hash string) {
	t, err := e.tasks.Complete(j.task, &value, nil, e.now)
	if err != nil {
		return // decided meanwhile, or its lease lapsed
	}
	e.broadcastCompleted(t)
	e.completed(t, e.key.PeerID(), hash)
}

func (e *Engine) broadcastCompleted(t task.Task) {
	verified := 0.0
	if t.VerifiedPerformance != nil {
		verified = *t.VerifiedPerformance
	}
	var optimae any
	if t.OptimaeID != "" {
		optimae = t.OptimaeID
	}
	e.broadcast(chain.MsgTaskCompleted, canon.NewObject("task_id", t.ID, "evaluator_id", t.EvaluatorID, "domain_id", t.DomainID,
		"verified_performance", verified, "result", orNull(t.Result), "optimae_id", optimae))
}

// completed counts what a completed task means: an inference served, or a vote.
func (e *Engine) completed(t task.Task, evaluator, hash string) {
	if t.Type == task.Inference {
		e.record(e.tx(chain.TxTaskCompleted, t.DomainID, evaluator, canon.NewObject("task_id", t.ID, "task_type", t.Type)))
		return
	}
	if t.VerifiedPerformance == nil || t.OptimaeID == "" || evaluator == "" {
		return
	}
	if !e.quorums.Vote(t.OptimaeID, python.QuorumVote{Evaluator: evaluator, Verified: *t.VerifiedPerformance, SyntheticHash: hash}) {
		return
	}
	if c := e.claims[t.OptimaeID]; c != nil {
		c.reached, c.voter = &t, evaluator
		e.conclude(c)
	}
}

// conclude decides a claim whose quorum is complete and which was trained here too, whichever came last: votes carry no
// signatures, so they alone pay nobody.
func (e *Engine) conclude(c *claim) {
	if c.decided || c.reached == nil || c.measured == nil && c.failed == nil {
		return
	}
	e.decide(c)
	t := c.reached
	e.record(e.tx(chain.TxTaskCompleted, t.DomainID, c.voter, canon.NewObject("task_id", t.ID, "task_type", t.Type)))
	e.dropTasks(c.optimae)
}

// decide is the quorum's verdict on a claim, unless this node knows better.
func (e *Engine) decide(c *claim) {
	v := e.quorums.Decide(c.optimae)
	for _, a := range v.Agreements {
		e.reputation.Evaluated(a.Evaluator, a.Agrees, seconds(e.now))
		e.contribute(python.Contribution{PeerID: a.Evaluator, Role: python.RoleEvaluator, DomainID: c.domain.ID, Agreed: a.Agrees, Evaluations: 1})
	}
	switch {
	case !v.Accepted:
		e.refuse(c, v.Reason, true)
	case c.failed != nil:
		e.refuse(c, "parameters cannot be evaluated", errors.Is(c.failed, protocol.ErrRefused))
	case !e.cfg.Quorum.Judge(c.reported, []python.QuorumVote{{Verified: *c.measured}}).Accepted:
		e.refuse(c, "reported perf "+fixed6(c.reported)+", re-evaluation gives "+fixed6(*c.measured), true)
	case !c.improved:
		e.refuse(c, "reported perf "+fixed6(c.reported)+" is no improvement", false)
	default:
		e.accept(c, v.Median, v.AgreeFraction, "")
		e.adoptResult(c.domain, e.finding(c, *c.measured))
		e.release(c)
	}
}

// dropTasks ends the tasks that other nodes made for an optimae that is decided.
func (e *Engine) dropTasks(optimae string) {
	for _, t := range e.tasks.Pending(nil, e.cfg.Tasks.MaxTasks) {
		if t.OptimaeID == optimae {
			_, _ = e.tasks.Fail(t.ID, "decided", e.now) // it is pending
		}
	}
}

// pollTasks takes up work that others queued: verifications of optimae whose reveal this node has missed.
func (e *Engine) pollTasks() {
	if e.now < e.nextPoll {
		return
	}
	e.nextPoll = e.now + max(e.cfg.EvalInterval, Second/10)
	var domains []string
	for _, d := range e.cfg.Domains {
		if d.Evaluate {
			domains = append(domains, d.ID)
		}
	}
	if len(domains) == 0 {
		return
	}
	taken := 0
	for _, t := range e.tasks.Pending(domains, 100) {
		if taken == e.cfg.EvalConcurrent || len(e.queue) >= e.cfg.MaxJobs {
			return
		}
		if t.Type != task.Verification || e.now-t.CreatedAt.Micro() < Second || e.claims[t.OptimaeID] != nil {
			continue // a reveal may be on its way; with one the node votes by its own task
		}
		if s, ok := e.quorums.State(t.OptimaeID); ok && !slices.Contains(s.Required, e.key.PeerID()) {
			continue
		}
		if e.claimOwn(t.ID) {
			taken++
			e.verify(e.domains[t.DomainID], t)
		}
	}
}

func (e *Engine) receiveTask(m *chain.Message) error {
	t, err := task.FromCreated(m.Payload, timestamp.FromMicro(e.now))
	if err != nil {
		return err
	}
	if !e.allow("task " + m.SenderID) {
		return late("more than %d tasks of one sender in a minute", e.cfg.MaxPerMinute)
	}
	switch err := e.tasks.Add(t); {
	case errors.Is(err, task.ErrDuplicate), errors.Is(err, task.ErrFull):
		return late("%v", err)
	default:
		return err
	}
}

// taskMember reads id and evaluator of task_claimed and task_completed.
func taskMember(p *canon.Object) (id, evaluator string, err error) {
	id, err1 := p.String("task_id")
	evaluator, err2 := p.String("evaluator_id")
	if err1 != nil || err2 != nil || len(id) > maxIDBytes || len(evaluator) > maxIDBytes {
		return "", "", errPayload
	}
	return id, evaluator, nil
}

func (e *Engine) receiveClaimed(m *chain.Message) error {
	id, evaluator, err := taskMember(m.Payload)
	if err != nil {
		return err
	}
	if _, err := e.tasks.Claim(id, evaluator, e.now); err != nil && !errors.Is(err, task.ErrUnknown) && !errors.Is(err, task.ErrState) {
		return err
	}
	return nil
}

func (e *Engine) receiveCompleted(m *chain.Message) error {
	id, evaluator, err := taskMember(m.Payload)
	if err != nil {
		return err
	}
	var verified *float64
	if v, ok := m.Payload.Get("verified_performance"); ok && v != nil {
		f, err := canon.AsFloat(v)
		if err != nil || !finite(f) {
			return errPayload
		}
		verified = &f
	}
	result, err := m.Payload.ObjectOr("result", nil)
	if err != nil {
		return errPayload
	}
	if evaluator == e.key.PeerID() {
		return fmt.Errorf("%w: our own id", errPayload) // our votes are not made by others
	}
	t, err := e.tasks.CompleteRemote(id, evaluator, verified, result, e.now)
	switch {
	case errors.Is(err, task.ErrUnknown), errors.Is(err, task.ErrState):
		return nil
	case err != nil:
		return err
	}
	e.completed(t, evaluator, "")
	return nil
}

func (e *Engine) claimTask(c protocol.ClaimTask) protocol.TaskResult {
	t, err := e.tasks.Claim(c.TaskID, c.EvaluatorID, e.now)
	if err == nil {
		e.broadcastClaim(t)
	}
	return protocol.TaskResult{Task: t, Err: err}
}

// completeTask is POST /tasks/complete: the vote is the body's evaluator's, the message names the claim's.
func (e *Engine) completeTask(c protocol.CompleteTask) protocol.TaskResult {
	t, err := e.tasks.Complete(c.TaskID, c.Verified, c.Result, e.now)
	if err != nil {
		return protocol.TaskResult{Err: err}
	}
	evaluator := c.EvaluatorID
	if evaluator == "" {
		evaluator = t.EvaluatorID
	}
	e.completed(t, evaluator, "")
	e.broadcastCompleted(t)
	e.buildAt, e.holdUntil = min(e.buildAt, e.now), min(e.holdUntil, e.now)
	return protocol.TaskResult{Task: t, Block: e.build()}
}

// infer queues an inference for an evaluator from outside.
func (e *Engine) infer(i protocol.Infer) protocol.TaskResult {
	if e.domains[i.Domain] == nil {
		return protocol.TaskResult{Err: protocol.ErrUnknownDomain}
	}
	t := &task.Task{Type: task.Inference, DomainID: i.Domain, RequesterID: i.ClientID, Parameters: i.Input,
		MetricEvidence: canon.NewObject(), Priority: task.PriorityInference}
	if !e.createTask(t) {
		return protocol.TaskResult{Err: task.ErrFull}
	}
	return protocol.TaskResult{Task: *t}
}
