package engine

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/internal/canon"
)

const start = 1_700_000_000 * Second

// memory is a stored chain.
type memory struct{ blocks []*chain.Block }

func (m *memory) Tip() (int64, string) {
	if len(m.blocks) == 0 {
		return -1, ""
	}
	return int64(len(m.blocks)) - 1, m.blocks[len(m.blocks)-1].Hash
}

func (m *memory) Block(h int64) (*chain.Block, error) {
	if h < 0 || h >= int64(len(m.blocks)) {
		return nil, fmt.Errorf("no block %d", h)
	}
	return m.blocks[h], nil
}

// member is one engine of a simulated network.
type member struct {
	*Engine
	net   *network
	key   *identity.Key
	chain *memory
	inbox []protocol.Event
	given int64 // proposals so far
	log   []protocol.Effect
	lies  bool  // its trainings are flattering
	skew  int64 // of its clock: no two nodes do something in the same microsecond
}

// network is a set of engines under one virtual clock. Messages arrive in the next round of the clock.
type network struct {
	t       *testing.T
	now     int64
	members []*member
	target  []float64
}

func domainConfig() Domain {
	return Domain{ID: "q", Optimize: true, Evaluate: true, HigherIsBetter: true, Incentives: referenceIncentives()}
}

func testConfig(d Domain) Config {
	c := DefaultConfig()
	c.Domains = []Domain{d}
	c.EvalInterval = Second
	c.Quorum.MinEvaluators = 2
	return c
}

func newNetwork(t *testing.T, n int, cfg Config) *network {
	t.Helper()
	l := &network{t: t, now: start, target: []float64{1, -2}}
	for i := range n {
		k, err := identity.FromSeed(fmt.Sprint("neighbour test ", i))
		l.must(err)
		m := &member{net: l, key: k, skew: int64(i), chain: &memory{blocks: []*chain.Block{chain.GenesisBlock()}}}
		m.Engine, err = New(cfg, k, m.chain, l.now)
		l.must(err)
		l.members = append(l.members, m)
	}
	return l
}

func (l *network) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

func (l *network) loss(p *canon.Object) (float64, error) {
	x, err := p.List("x")
	if err != nil || len(x) != len(l.target) {
		return 0, protocol.ErrRefused
	}
	sum := 0.0
	for i, v := range x {
		f, err := canon.AsFloat(v)
		if err != nil {
			return 0, protocol.ErrRefused
		}
		sum += (f - l.target[i]) * (f - l.target[i])
	}
	return sum, nil
}

// step gives a member one event and carries its effects out.
func (m *member) step(ev protocol.Event) []protocol.Effect {
	l := m.net
	l.t.Helper()
	out := m.Step(l.now+m.skew, ev)
	for _, f := range out { // blocks first, as a node does
		if c, ok := f.(protocol.Commit); ok {
			m.chain.blocks = append(m.chain.blocks[:c.Ancestor+1:c.Ancestor+1], blocksOf(c)...)
		}
	}
	m.log = append(m.log, out...)
	for _, f := range out {
		switch f := f.(type) {
		case protocol.Broadcast:
			for _, o := range l.members {
				if o != m {
					o.inbox = append(o.inbox, protocol.Received{Message: copyMessage(f.Message)})
				}
			}
		case protocol.Send:
			for _, o := range l.members {
				if o.key.PeerID() == f.Peer {
					o.inbox = append(o.inbox, protocol.Received{Message: copyMessage(f.Message)})
				}
			}
		case protocol.Evaluate:
			v, err := l.loss(f.Parameters)
			o := protocol.Outcome{Performance: -v, Metrics: canon.NewObject("loss", v)}
			if m.lies && f.Own {
				o.Performance /= 2
			}
			if f.Synthetic != nil {
				o.SyntheticScore, o.SyntheticDataHash = v, "hash"
			}
			m.inbox = append(m.inbox, protocol.Evaluated{Job: f.Job, Outcome: o, Err: err})
		case protocol.Fetch:
			for _, o := range l.members {
				if o.key.PeerID() == f.Peer {
					m.inbox = append(m.inbox, m.branchOf(o))
				}
			}
		}
	}
	return out
}

func blocksOf(c protocol.Commit) (out []*chain.Block) {
	for _, e := range c.Entries {
		out = append(out, e.Block)
	}
	return out
}

// stages are the stages that a proposal has gone through.
func (m *member) stages(proposal int64) (out []protocol.Stage) {
	for _, c := range find[protocol.Claim](m.log) {
		if c.Proposal == proposal {
			out = append(out, c.Stage)
		}
	}
	return out
}

// branchOf is what chain sync would submit of another member's chain.
func (m *member) branchOf(o *member) protocol.Event {
	h := 0
	for h+1 < len(m.chain.blocks) && h+1 < len(o.chain.blocks) && m.chain.blocks[h+1].Hash == o.chain.blocks[h+1].Hash {
		h++
	}
	return protocol.Blocks{From: o.key.PeerID(), Blocks: slices.Clone(o.chain.blocks[h+1:])}
}

func copyMessage(m *chain.Message) *chain.Message {
	o, err := canon.ParseObject(canon.Default(m.Object()))
	if err != nil {
		panic(err)
	}
	c, err := chain.MessageFromObject(o)
	if err != nil {
		panic(err)
	}
	return c
}

// run lets time pass in tenths of a second.
func (l *network) run(d int64) {
	l.t.Helper()
	for end := l.now + d; l.now < end; l.now += Second / 10 {
		for _, m := range l.members {
			var peers []string
			for _, o := range l.members {
				if o != m {
					peers = append(peers, o.key.PeerID())
				}
			}
			events := append(m.inbox, protocol.Tick{Peers: peers})
			m.inbox = nil
			for _, ev := range events {
				m.step(ev)
			}
		}
	}
}

func params(x ...float64) *canon.Object { return canon.NewObject("x", x) }

func (m *member) propose(x ...float64) {
	m.given++
	m.step(protocol.Propose{Domain: "q", Proposal: m.given, Parameters: params(x...), Nonce: [16]byte{byte(m.net.now), byte(m.net.now >> 20), byte(m.given)},
		Experiment: canon.NewObject("experiment_id", "exp", "round_number", int64(1))})
}

// find returns the effects of a type.
func find[T protocol.Effect](log []protocol.Effect) (out []T) {
	for _, f := range log {
		if v, ok := f.(T); ok {
			out = append(out, v)
		}
	}
	return out
}

// from returns a message of a stranger, unsigned.
func (l *network) from(sender, kind string, payload *canon.Object) protocol.Event {
	return protocol.Received{Message: &chain.Message{Type: kind, SenderID: sender, TTL: 7, Payload: payload}}
}

// claimFrom sends commit and reveal of a stranger.
func (l *network) claimFrom(m *member, sender, id string, claimed float64, x ...float64) {
	p := params(x...)
	hash := chain.Commitment(p, "nonce")
	m.step(l.from(sender, chain.MsgOptimaeCommit, canon.NewObject("commitment_hash", hash, "domain_id", "q")))
	m.step(l.from(sender, chain.MsgOptimaeReveal, canon.NewObject("commitment_hash", hash, "domain_id", "q", "optimae_id", id,
		"parameters", p, "reported_performance", claimed, "nonce", "nonce", "champion_metrics", nil)))
}

// agree fails unless all members have one chain, which it returns.
func (l *network) agree() []*chain.Block {
	l.t.Helper()
	first := l.members[0].chain
	_, tip := first.Tip()
	for i, m := range l.members {
		if _, t := m.chain.Tip(); t != tip {
			l.t.Fatalf("member %d has tip %.12s at %d, member 0 %.12s at %d", i, t, len(m.chain.blocks)-1, tip, len(first.blocks)-1)
		}
		if _, ok := m.HashAt(int64(len(m.chain.blocks))); ok {
			l.t.Errorf("member %d knows a block above its tip", i)
		}
	}
	return first.blocks
}

func isErr(err, want error) bool { return errors.Is(err, want) }
