package engine

import (
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/mempool"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// Outcomes of an evaluation other than a result.
var (
	// ErrAbstain: this node cannot judge (its data differ, it has no such domain). It does not vote.
	ErrAbstain = errors.New("engine: abstain")
	// ErrInvalid: the recipe cannot be trained within the rules (bounds, time, memory). It votes against.
	ErrInvalid = errors.New("engine: recipe refused")
)

// Second is the unit of this package's times, which are microseconds.
const Second = 1_000_000

// Role says what this node does in a domain.
type Role struct{ Optimize, Evaluate bool }

// Config holds a node's choices; nothing in it can make two nodes disagree. Times are µs.
type Config struct {
	Domains        map[string]Role
	RevealDelay    int64 // between commit and reveal. Default 2 s
	CommitMaxAge   int64 // a commit older than this cannot be revealed. Default 600 s
	MaxDrift       int64 // a block from further in the future is refused. Default 10 s
	RankDelay      int64 // a generator of rank r waits r times this. Default 2 s
	AnchorInterval int64 // blocks between external anchors, 0 = none
	EvalConcurrent int   // verifications at once. Default 3
	EvalInterval   int64 // between two looks at the queue of verifications, 0 = at once. Default 0
	MaxCommits     int   // commits of one peer per minute. Default 20
	MaxClaims      int   // claims remembered. Default 1000
	Tasks          task.Config
	Pool           mempool.Config
}

// DefaultConfig returns the defaults, without domains.
func DefaultConfig() Config {
	pool := mempool.DefaultConfig()
	pool.MaxOptimaePerPeer = 20 // as many as commits
	return Config{Domains: map[string]Role{}, RevealDelay: 2 * Second, CommitMaxAge: 600 * Second, MaxDrift: 10 * Second,
		RankDelay: 2 * Second, AnchorInterval: 100, EvalConcurrent: 3, MaxCommits: 20, MaxClaims: 1000,
		Tasks: task.DefaultConfig(), Pool: pool}
}

// Validate reports every problem at once.
func (c *Config) Validate() error {
	var errs []error
	positive := func(name string, v int64) {
		if v <= 0 {
			errs = append(errs, fmt.Errorf("engine: %s %d: must be positive", name, v))
		}
	}
	positive("reveal delay", c.RevealDelay)
	positive("commit max age", c.CommitMaxAge-c.RevealDelay)
	positive("max drift", c.MaxDrift)
	positive("rank delay", c.RankDelay)
	positive("concurrent evaluations", int64(c.EvalConcurrent))
	positive("commits per minute", int64(c.MaxCommits))
	positive("claims remembered", int64(c.MaxClaims))
	if c.AnchorInterval < 0 {
		errs = append(errs, fmt.Errorf("engine: anchor interval %d: must not be negative", c.AnchorInterval))
	}
	return errors.Join(append(errs, c.Tasks.Validate(), c.Pool.Validate())...)
}

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

	pool     *mempool.Pool
	tasks    *task.Queue
	commits  map[commitKey]*commit
	claims   map[string]*claim // by optimae id
	early    map[string]early
	parked   []*chain.Message // reveals anchored at blocks that are not in our chain yet
	rates    map[string][]int64
	rounds   map[string]*round
	jobs     map[int64]*job
	queue    []*job
	running  int
	nextEval int64 // when verifications may be started again
	nextJob  int64

	readySince int64 // when the pool first sufficed on this tip; 0: it does not
	dirty      bool  // tip or pool changed since the last attempt to build
	nextExpire int64
	dryUntil   int64 // the next time an attempt can succeed without a change
	alone      bool

	out []Effect
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
		commits: map[commitKey]*commit{}, claims: map[string]*claim{}, early: map[string]early{},
		rates: map[string][]int64{}, rounds: map[string]*round{}, jobs: map[int64]*job{}, dirty: true,
	}
	for id := range cfg.Domains {
		if _, ok := e.rules.Domains[id]; !ok {
			return nil, fmt.Errorf("engine: domain %q is not in the genesis file", id)
		}
		e.rounds[id] = &round{domain: id}
	}
	return e, nil
}

// maxClockStep is how far back the clock may go before it is believed.
const maxClockStep = 5 * Second

// Step hands the engine one event at time now (µs since the epoch; a small step back is held, a large one is followed: the clock was set) and returns
// what is to be done, in order.
func (e *Engine) Step(now int64, ev Event) []Effect {
	if now > e.now || now < e.now-maxClockStep {
		e.now = now
	}
	switch ev := ev.(type) {
	case Tick:
	case Received:
		e.received(ev.Message)
	case Propose:
		e.propose(ev)
	case Evaluated:
		e.evaluated(ev)
	case Blocks:
		adopted, err := e.addBlocks(ev.From, ev.Blocks)
		e.emit(BlocksResult{From: ev.From, Adopted: adopted, Err: err})
	case Submit:
		e.emit(SubmitResult{Err: e.submit(ev.Tx, true)})
	case Vote:
		e.emit(SubmitResult{Err: e.offerVote(ev.Vote)})
	case Infer:
		e.infer(ev)
	case Inferred:
		e.inferred(ev)
	case ClaimTask:
		_, err := e.tasks.Claim(ev.TaskID, ev.EvaluatorID, e.now)
		e.emit(SubmitResult{Err: err})
	}
	e.advance()
	out := e.out
	e.out = nil
	return out
}

// advance does what time and the last event have made possible.
func (e *Engine) advance() {
	e.expire()
	e.startJobs()
	e.build()
	e.endRounds()
}

func (e *Engine) emit(f Effect) { e.out = append(e.out, f) }

func (e *Engine) notice(warn bool, text string, args ...any) {
	e.emit(Notice{Warn: warn, Text: text, Args: args})
}

// message builds, signs and broadcasts a message of this node.
func (e *Engine) message(kind string, payload *canon.Object) *chain.Message {
	m := &chain.Message{Type: kind, SenderID: e.key.PeerID(), Timestamp: timestamp.FromMicro(e.now), TTL: chain.DefaultTTL, Payload: payload}
	if err := chain.SignMessage(m, e.key, e.rules.Network); err != nil {
		e.notice(true, "message not signed", "type", kind, "err", err)
		return nil
	}
	e.emit(Broadcast{Message: m})
	return m
}

// received dispatches a verified message. Types that the strict profile has no use for are relayed by the
// network layer and ignored here.
func (e *Engine) received(m *chain.Message) {
	if m.SenderID == e.key.PeerID() {
		return
	}
	var err error
	switch m.Type {
	case chain.MsgOptimaeCommit:
		err = e.receiveCommit(m)
	case chain.MsgOptimaeReveal:
		err = e.receiveReveal(m)
	case chain.MsgTaskCompleted:
		err = e.receiveTask(m)
	case chain.MsgTransaction:
		err = e.receiveTransaction(m)
	case chain.MsgBlockAnnouncement:
		err = e.receiveAnnouncement(m)
	}
	if err != nil && !errors.Is(err, ErrLate) {
		e.emit(Penalize{Peer: m.SenderID, Reason: fmt.Sprintf("%s: %v", m.Type, err)})
	}
}

// registered reports whether a peer is an evaluator.
func (e *Engine) registered(peer string) bool {
	p := e.tip.Peers[peer]
	return p != nil && p.PublicKey != ""
}

// ErrLate marks what an honest but slow or differently informed peer can send: it is ignored, not punished.
var ErrLate = errors.New("engine: late or already known")

// ErrVote marks a vote that its evaluator has no right to.
var ErrVote = errors.New("engine: vote refused")

func late(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{ErrLate}, args...)...)
}

// improves reports whether a performance beats the champion, and every acceptance waiting in the pool, by the
// domain's minimum increment.
func (e *Engine) improves(domain string, performance float64) bool {
	if _, ok := e.tip.Improves(domain, performance); !ok {
		return false
	}
	rule := e.rules.Domains[domain]
	for _, c := range e.claims {
		if c.accepted && c.st.DomainID == domain {
			p := c.st.Claim.Performance
			if performance <= p || consensus.RawIncrement(p, performance, rule.PerformanceScale) < rule.MinIncrement {
				return false
			}
		}
	}
	return true
}

// expire forgets what is too old to matter.
func (e *Engine) expire() {
	if e.now < e.nextExpire {
		return
	}
	e.nextExpire = e.now + Second
	for k, c := range e.commits {
		if e.now-c.received > e.cfg.CommitMaxAge {
			delete(e.commits, k)
		}
	}
	var old []string
	for id, c := range e.claims {
		if e.now-c.received > 2*e.cfg.CommitMaxAge {
			old = append(old, id)
		}
	}
	slices.Sort(old) // dropping has effects, and they are in order
	for _, id := range old {
		e.drop(id)
	}
	for id, v := range e.early {
		if e.now-v.received > e.cfg.CommitMaxAge {
			delete(e.early, id)
		}
	}
	for peer, times := range e.rates {
		i := 0
		for i < len(times) && times[i] <= e.now-60*Second {
			i++
		}
		if times = times[i:]; len(times) == 0 {
			delete(e.rates, peer)
		} else {
			e.rates[peer] = times
		}
	}
	e.tasks.Expire(e.now)
}

// allow counts one commit of a peer against its rate. Identities cost nothing, so all whom the chain does not know,
// neither as evaluators nor by an acceptance of late, share one rate: each commit can become a training here.
func (e *Engine) allow(peer string) bool {
	if !e.registered(peer) && e.tip.Reputation(peer) < consensus.Micro && peer != e.key.PeerID() {
		peer = ""
	}
	if len(e.rates[peer]) >= e.cfg.MaxCommits {
		return false
	}
	e.rates[peer] = append(e.rates[peer], e.now)
	return true
}
