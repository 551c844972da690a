package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/mempool"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// History reads stored blocks of the current chain; the engine asks for what it no longer holds in memory.
type History interface {
	// Block returns the block at height, Hash its hash.
	Block(height int64) (*chain.Block, error)
	Hash(height int64) (string, bool)
	// State returns the stored state after the block at height.
	State(height int64) ([]byte, error)
}

// Engine is one node's protocol state.
type Engine struct {
	cfg     Config
	key     chain.Signer
	rules   *consensus.Rules
	history History
	now     int64

	tip    *consensus.State
	states map[int64]*consensus.State // of the current chain, the newest keepStates
	blocks map[int64]*chain.Block     // likewise
	alone  bool                       // nobody else is eligible at the tip

	pool    *mempool.Pool
	tasks   *task.Queue
	commits map[commitKey]*commit
	hidden  int               // commits that are not revealed
	claims  map[string]*claim // by optimae id
	open    int               // claims whose votes are awaited
	early   map[string]early
	earlyOf map[string]int // early votes by voter
	crowd   crowd          // of authors whom the chain does not know
	parked  []parked       // reveals that wait for blocks
	rates   map[string][]int64
	waiting map[string]*waiting // acceptances in the pool, by optimae id
	bases   map[string]best     // what base found, by domain, until move
	decided map[string]int64    // when a Decided was said of an optimae
	passed  map[string]int64    // when an optimae was superseded

	proposals map[string][]*proposal // own claims by domain, in the order in which they came
	own       map[string]*protocol.Champion
	stored    map[string]*protocol.Champion // the chain's champions, read once
	told      map[string]told               // what the last Champion of a domain said
	synced    bool
	syncing   bool // the tip is an old one: nothing is built and nobody's claim judged
	warned    bool // of what it means to be alone

	jobs     map[int64]*job
	votes    queue // verifications that end with a vote
	others   queue // those for the search alone
	strange  queue // those of authors whom the chain does not know
	turn     int   // starts since one of theirs
	running  int
	guests   int   // of theirs running
	nextEval int64 // when verifications may be started again
	nextJob  int64

	gaps    map[string]int // waiting transfers that lack an earlier one, by sender
	gapsAll int
	asked   []int64         // when strangers asked for forecasts, in the last minute
	asking  map[string]bool // tasks of theirs under way

	readySince int64 // when the pool first sufficed on this tip; 0: it does not
	dirty      bool  // tip or pool changed since the last attempt to build
	moved      bool  // bases may have changed since advance looked last
	nextExpire int64
	nextStand  int64 // when this node looks at its standing again, and nextRemind when it repeats its transactions
	nextRemind int64
	stood      bool // it was an evaluator when it looked last; stoodTold: it has said that it is none
	stoodTold  bool
	dryUntil   int64 // the next time an attempt can succeed without a change

	view *View
	out  []protocol.Effect
}

// keepStates is how many states and blocks stay in memory.
const keepStates = consensus.Window

// New returns an engine at the stored tip. tip is the state after the newest stored block.
func New(cfg Config, key chain.Signer, tip *consensus.State, history History) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tasks, err := task.New(cfg.Tasks)
	if err != nil {
		return nil, err
	}
	pool, err := mempool.New(cfg.Pool)
	if err != nil {
		return nil, err
	}
	e := &Engine{
		cfg: cfg, key: key, rules: tip.Rules(), history: history, tip: tip,
		states: map[int64]*consensus.State{tip.Height: tip}, blocks: map[int64]*chain.Block{},
		pool: pool, tasks: tasks,
		commits: map[commitKey]*commit{}, claims: map[string]*claim{}, early: map[string]early{}, earlyOf: map[string]int{},
		rates: map[string][]int64{}, waiting: map[string]*waiting{}, bases: map[string]best{}, decided: map[string]int64{}, passed: map[string]int64{},
		proposals: map[string][]*proposal{}, own: map[string]*protocol.Champion{}, stored: map[string]*protocol.Champion{},
		gaps: map[string]int{}, asking: map[string]bool{}, told: map[string]told{}, jobs: map[int64]*job{}, dirty: true,
	}
	for id := range cfg.Domains {
		if !tip.Running(id) {
			return nil, fmt.Errorf("engine: domain %q is not in the genesis file, nor added and open", id)
		}
	}
	e.alone = e.nobodyElse()
	return e, nil
}

// rule returns the constants of a domain of the tip's network.
func (e *Engine) rule(domain string) consensus.DomainRules {
	r, _ := e.tip.Rule(domain)
	return r
}

// maxClockStep is how far back the clock may go before it is believed.
const maxClockStep = 5 * Second

// Step hands the engine one event at time now (µs since the epoch; a small step back is held, a large one is followed: the
// clock was set) and returns what is to be done, in order.
func (e *Engine) Step(now int64, ev protocol.Event) []protocol.Effect {
	switch {
	case now > e.now:
		e.now = now
	case now < e.now-maxClockStep:
		e.turnBack(e.now - now)
	}
	switch ev := ev.(type) {
	case protocol.Tick:
		e.syncing = ev.Syncing
	case protocol.Received:
		e.received(ev)
	case protocol.Propose:
		e.propose(ev)
	case protocol.Restore:
		e.restore(ev.Champion)
	case protocol.Synced:
		e.sync()
	case protocol.Evaluated:
		e.evaluated(ev)
	case protocol.Blocks:
		adopted, err := e.addBlocks(ev.From, ev.Blocks)
		e.emit(protocol.BlocksResult{From: ev.From, Adopted: adopted, Err: err})
	case protocol.Submit:
		e.emit(protocol.SubmitResult{Err: e.offerTx(ev)})
	case protocol.Vote:
		e.emit(protocol.SubmitResult{Err: e.takeVote(ev.Vote)})
	case protocol.Infer:
		e.infer(ev)
	case protocol.Inferred:
		e.inferred(ev)
	case protocol.ClaimTask:
		t, err := e.tasks.Claim(ev.TaskID, ev.EvaluatorID, e.now)
		e.emit(protocol.TaskResult{Task: t, Err: err})
	case protocol.CompleteTask:
		e.emit(protocol.TaskResult{Err: errVotesOnly})
	}
	e.advance()
	out := e.out
	e.out = nil
	return out
}

// turnBack follows a clock that was set back: what was remembered keeps its age, and what was to come comes no later. Else a
// node whose clock had been wrong would stand still until the time that it has seen.
func (e *Engine) turnBack(by int64) {
	e.now -= by
	for _, c := range e.commits {
		c.received -= by
	}
	for _, c := range e.claims {
		c.received -= by
	}
	for id, v := range e.early {
		v.received -= by
		e.early[id] = v
	}
	for i := range e.parked {
		e.parked[i].received -= by
	}
	for _, times := range e.rates {
		for i := range times {
			times[i] -= by
		}
	}
	for i := range e.asked {
		e.asked[i] -= by
	}
	e.crowd.turnBack(by)
	for _, at := range []map[string]int64{e.decided, e.passed} {
		for id := range at {
			at[id] -= by
		}
	}
	for _, list := range e.proposals {
		for _, p := range list {
			p.asked, p.revealAt, p.giveUpAt, p.repeatAt = p.asked-by, p.revealAt-by, p.giveUpAt-by, p.repeatAt-by
		}
	}
	e.nextEval, e.nextExpire, e.dirty, e.readySince, e.dryUntil = 0, 0, true, 0, 0
	e.nextStand, e.nextRemind = 0, 0
}

// errVotesOnly refuses an evaluator's unsigned answer.
var errVotesOnly = errors.New("engine: a verification is completed by a signed vote")

// advance does what time and the last event have made possible.
func (e *Engine) advance() {
	e.expire()
	e.startJobs()
	e.stand()
	e.build()
	e.endProposals()
	e.tellChampions()
}

func (e *Engine) emit(f protocol.Effect) { e.out = append(e.out, f) }

func (e *Engine) notice(warn bool, text string, args ...any) {
	e.emit(protocol.Notice{Warn: warn, Text: text, Args: args})
}

// penalize tells of what somebody has signed that no honest node sends.
func (e *Engine) penalize(peer string, err error) {
	if err != nil && !errors.Is(err, protocol.ErrLate) {
		e.emit(protocol.Penalize{Peer: peer, Reason: err.Error(), Signed: true})
	}
}

// message builds, signs and broadcasts a message of this node.
func (e *Engine) message(kind string, payload *canon.Object) *chain.Message {
	m := &chain.Message{Type: kind, SenderID: e.key.PeerID(), Timestamp: timestamp.FromMicro(e.now), TTL: chain.DefaultTTL, Payload: payload}
	if err := chain.SignMessage(m, e.key, e.rules.Network); err != nil {
		e.notice(true, "message not signed", "type", kind, "err", err)
		return nil
	}
	e.emit(protocol.Broadcast{Message: m})
	return m
}

// received dispatches a verified message by what Decode made of it. Types that the strict profile has no use for are relayed
// by the network layer and ignored here.
func (e *Engine) received(ev protocol.Received) {
	m, payload := ev.Message, ev.Payload
	if m.SenderID == e.key.PeerID() {
		return
	}
	var err error
	if payload == nil {
		payload, err = Decode(m, e.rules.Network)
	}
	if err == nil {
		switch p := payload.(type) {
		case *announcedCommit:
			err = e.receiveCommit(m.SenderID, p)
		case *revealed:
			err = e.receiveReveal(m, p)
		case *chain.Vote:
			err = e.offerVote(p)
		case *signedTx:
			err = e.receiveTransaction(p)
		case *announcedBlock:
			err = e.receiveAnnouncement(m.SenderID, p)
		}
	}
	if err != nil {
		e.penalize(m.SenderID, fmt.Errorf("%s: %w", m.Type, err))
	}
}

// registered reports whether a peer is an evaluator.
func (e *Engine) registered(peer string) bool {
	p := e.tip.Peers[peer]
	return p != nil && p.PublicKey != ""
}

func late(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{protocol.ErrLate}, args...)...)
}

// expire forgets what is too old to matter, once a second.
func (e *Engine) expire() {
	if e.now < e.nextExpire {
		return
	}
	e.nextExpire = e.now + Second
	for k, c := range e.commits {
		if e.now-c.received > e.cfg.CommitMaxAge {
			e.forgetCommit(k, c)
		}
	}
	for _, id := range sortedKeys(e.claims) { // dropping has effects, and they are in order
		c := e.claims[id]
		if e.now-c.received > 2*e.cfg.CommitMaxAge {
			e.drop(id, protocol.Expired, "not decided in time")
		} else {
			e.retry(c)
		}
	}
	for id, v := range e.early {
		if e.now-v.received > e.cfg.CommitMaxAge {
			e.forgetEarly(id)
		}
	}
	e.expireCrowd()
	e.parked = slices.DeleteFunc(e.parked, func(p parked) bool { return e.now-p.received > e.cfg.CommitMaxAge })
	e.expireRecords()
	for peer, times := range e.rates {
		if times = since(times, e.now-60*Second); len(times) == 0 {
			delete(e.rates, peer)
		} else {
			e.rates[peer] = times
		}
	}
	e.tasks.Expire(e.now)
}

// allow counts one commit of a peer that the chain knows, or of this node, against its rate. This node itself keeps to three
// quarters, because what it sends more than a minute apart may arrive within one.
func (e *Engine) allow(peer string) bool {
	limit := e.cfg.MaxCommits
	if peer == e.key.PeerID() {
		limit = max(1, limit*3/4)
	}
	if len(e.rates[peer]) >= limit {
		return false
	}
	e.rates[peer] = append(e.rates[peer], e.now)
	return true
}

// knownReputation is what is left of an acceptance after a week.
const knownReputation = consensus.Micro / 2

// known returns a peer who has a reputation, as one acceptance of late gives it, and "" for all others together: identities cost
// nothing, and a registration little.
func (e *Engine) known(peer string) string {
	if e.tip.Reputation(peer) < knownReputation {
		return ""
	}
	return peer
}
