package engine

import (
	"errors"
	"fmt"
	"maps"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/chain/task"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// ErrGenesis is returned by New for a chain that does not begin with the reference's block 0.
var ErrGenesis = errors.New("python: the chain begins with another block 0")

func late(format string, args ...any) error {
	return fmt.Errorf("%w: "+format, append([]any{protocol.ErrLate}, args...)...)
}

// History reads the stored chain.
type History interface {
	// Tip returns height and hash of the last block, −1 without one.
	Tip() (height int64, hash string)
	// Block returns the block at height.
	Block(height int64) (*chain.Block, error)
}

// Engine is one node's protocol state.
type Engine struct {
	cfg     Config
	key     chain.Signer
	history History
	now     int64
	peers   []string
	synced  bool // the first exchange of chains is over
	asked   bool // for champions, once after that there was a peer

	links   links
	shared  shared
	domains map[string]*domain

	commits    *python.CommitReveal
	quorums    *python.Quorums
	reputation *python.Reputation
	weights    *python.Weights
	fees       *python.FeeMarket
	difficulty *python.Difficulty
	accounts   *python.Accounts
	finality   *python.Finality
	tasks      *task.Queue

	pending       pending
	contributions []python.Contribution
	buildAt       int64 // no block before: of others' work
	holdUntil     int64 // nor before: a block is awaited

	claims     map[string]*claim // by optimae id
	room       room              // of open claims and of champions that wait
	rates      map[string][]int64
	jobs       map[int64]*job
	queue      []*job
	running    int
	nextJob    int64
	nextPoll   int64
	nextExpire int64
	announced  int64 // when the tip was announced last

	out []protocol.Effect
}

// New returns an engine at the stored tip, which history must hold with every block before it: the chain's transaction
// ids, bests and finality are read from them. now is in µs.
func New(cfg Config, key chain.Signer, history History, now int64) (*Engine, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	tasks, err := task.New(cfg.Tasks)
	if err != nil {
		return nil, err
	}
	sec := seconds(now)
	e := &Engine{cfg: cfg, key: key, history: history, now: now, domains: map[string]*domain{},
		commits: python.NewCommitReveal(seconds(cfg.CommitMaxAge)), quorums: python.NewQuorums(cfg.Quorum),
		reputation: python.NewReputation(python.HalfLife), weights: python.NewWeights(), fees: python.NewFeeMarket(cfg.Fees),
		difficulty: python.NewDifficulty(cfg.TargetBlockTime, cfg.InitialThreshold, python.EpochLength, sec),
		accounts:   python.NewAccounts(), finality: python.NewFinality(cfg.FinalityDepth), tasks: tasks,
		claims: map[string]*claim{}, room: room{max: cfg.MaxHeldBytes}, rates: map[string][]int64{}, jobs: map[int64]*job{}}
	for _, d := range cfg.Domains {
		e.domains[d.ID] = &domain{Domain: d}
		e.weights.Register(d.ID, 1, d.HasSynthetic)
	}
	e.pending.maxBytes = cfg.MaxBlockBytes
	e.pending.reset(e.newProof(sec))
	return e, e.load()
}

func (e *Engine) newProof(lastBlock float64) *python.Proof {
	p := python.NewProof(e.cfg.TargetBlockTime, e.difficulty.Threshold, lastBlock)
	for _, d := range e.cfg.Domains {
		p.RegisterDomain(d.ID, 1)
	}
	return p
}

// maxClockStep is how far back the clock may go before it is believed.
const maxClockStep = 5 * Second

// Step hands the engine one event at time now (µs since the epoch) and returns what is to be done, in order.
func (e *Engine) Step(now int64, ev protocol.Event) []protocol.Effect {
	switch {
	case now > e.now:
		e.now = now
	case now < e.now-maxClockStep:
		e.turnBack(e.now - now)
	}
	switch ev := ev.(type) {
	case protocol.Tick:
		e.peers = ev.Peers
		e.requestChampions()
	case protocol.Received:
		e.received(ev.Message)
	case protocol.Propose:
		e.propose(ev)
	case protocol.Restore:
		e.restore(ev.Champion)
	case protocol.Synced:
		e.synced = true
		e.requestChampions()
	case protocol.Connected:
		e.tell(ev.Peer)
	case protocol.Evaluated:
		e.evaluated(ev)
	case protocol.Blocks:
		err := e.addBlocks(ev.Blocks)
		e.emit(protocol.BlocksResult{From: ev.From, Adopted: err == nil, Err: err})
	case protocol.ClaimTask:
		e.emit(e.claimTask(ev))
	case protocol.CompleteTask:
		e.emit(e.completeTask(ev))
	case protocol.Infer:
		e.emit(e.infer(ev))
	}
	e.expire()
	e.pollTasks()
	e.startJobs()
	e.build()
	e.revealDue()
	out := e.out
	e.out = nil
	return out
}

// turnBack follows a clock that was set back: what was to come comes no later, and claims and rates keep their age. Else the
// node would stand still until the time that it has seen.
func (e *Engine) turnBack(by int64) {
	e.now -= by
	e.buildAt, e.holdUntil, e.nextPoll, e.nextExpire, e.announced = e.buildAt-by, e.holdUntil-by, 0, 0, e.announced-by
	for _, d := range e.domains {
		d.round.revealAt -= by
	}
	for _, c := range e.claims {
		c.received -= by
	}
	for _, times := range e.rates {
		for i := range times {
			times[i] -= by
		}
	}
}

func (e *Engine) emit(f protocol.Effect) { e.out = append(e.out, f) }

func (e *Engine) notice(warn bool, text string, args ...any) {
	e.emit(protocol.Notice{Warn: warn, Text: text, Args: args})
}

// message builds and signs a message of this node; nil if it cannot be signed.
func (e *Engine) message(kind string, payload *canon.Object) *chain.Message {
	m := &chain.Message{Type: kind, SenderID: e.key.PeerID(), Timestamp: timestamp.FromMicro(e.now), TTL: chain.DefaultTTL, Payload: payload}
	if err := chain.SignMessage(m, e.key, Network); err != nil {
		e.notice(true, "message not signed", "type", kind, "err", err)
		return nil
	}
	return m
}

func (e *Engine) broadcast(kind string, payload *canon.Object) {
	if m := e.message(kind, payload); m != nil {
		e.emit(protocol.Broadcast{Message: m})
	}
}

// received dispatches a message. Types without a handler are relayed by the network layer and ignored here.
func (e *Engine) received(m *chain.Message) {
	if m.SenderID == e.key.PeerID() {
		return
	}
	var err error
	switch m.Type {
	case chain.MsgOptimaeCommit:
		err = e.receiveCommit(m)
	case chain.MsgOptimaeReveal:
		err = e.receiveReveal(m.SenderID, m.Payload, nil)
	case chain.MsgOptimaeAnnouncement:
		err = e.receiveAnnouncedOptimae(m)
	case chain.MsgTaskCreated:
		err = e.receiveTask(m)
	case chain.MsgTaskClaimed:
		err = e.receiveClaimed(m)
	case chain.MsgTaskCompleted:
		err = e.receiveCompleted(m)
	case chain.MsgBlockAnnouncement:
		err = e.receiveAnnouncement(m)
	case chain.MsgChampionRequest:
		err = e.receiveChampionRequest(m)
	case chain.MsgChampionResponse:
		err = e.receiveChampion(m, "parameters")
	case chain.MsgStageComplete:
		err = e.receiveChampion(m, "champion_params")
	case chain.MsgCandidateEvaluation:
		err = e.receiveCandidate(m)
	}
	switch {
	case err == nil:
	case errors.Is(err, protocol.ErrLate):
		e.emit(protocol.Notice{Debug: true, Text: "message ignored", Args: []any{"type", m.Type, "peer", m.SenderID, "reason", err}})
	default:
		e.emit(protocol.Penalize{Peer: m.SenderID, Reason: fmt.Sprintf("%s: %v", m.Type, err), Signed: m.Signature != ""})
	}
}

// expire forgets what is too old to matter.
func (e *Engine) expire() {
	if e.now < e.nextExpire {
		return
	}
	e.nextExpire = e.now + 60*Second
	e.commits.Forget(seconds(e.now))
	e.quorums.Forget()
	e.tasks.Expire(e.now)
	for _, id := range slices.Sorted(maps.Keys(e.claims)) { // it has effects, and they are in order
		c := e.claims[id]
		if e.now-c.received > 2*e.cfg.CommitMaxAge {
			delete(e.claims, id)
			e.release(c)
			if !c.decided {
				e.told(c, protocol.Expired, "no quorum was complete in time")
			}
		}
	}
	for peer, times := range e.rates {
		if times[len(times)-1] <= e.now-60*Second {
			delete(e.rates, peer)
		}
	}
}

// maxRates bounds the senders whose rates are remembered; beyond it they share one.
const maxRates = 4096

// allow counts one thing of a sender that costs this node a training.
func (e *Engine) allow(sender string) bool {
	if _, known := e.rates[sender]; !known && len(e.rates) >= maxRates {
		sender = ""
	}
	times := e.rates[sender]
	i := 0
	for i < len(times) && times[i] <= e.now-60*Second {
		i++
	}
	times = times[i:]
	if len(times) >= e.cfg.MaxPerMinute {
		e.rates[sender] = times
		return false
	}
	e.rates[sender] = append(times, e.now)
	return true
}

// seconds turns µs into the reference's time.
func seconds(us int64) float64 { return float64(us) / Second }
