package consensus

import (
	"fmt"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// network is n peers with one domain, and helpers that do what honest nodes do.
type network struct {
	t       testing.TB
	keys    map[string]*identity.Key
	ids     []string
	genesis *chain.Genesis
	state   *State
	blocks  []*chain.Block
	target  int64
	serial  int
	on      string // the domain that statements and transactions are of
}

const domain = "d"

func newNetwork(t testing.TB, n int) *network {
	t.Helper()
	w := &network{t: t, keys: map[string]*identity.Key{}, target: 20 * Micro, on: domain}
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain(domain)}}
	g.Domains[0].PerformanceScale = 0.25
	g.Parameters.StartTime = timestamp.FromMicro(1_700_000_000 * Micro)
	g.Parameters.TargetBlockTime = 20
	g.Parameters.InitialThreshold = 0.05
	for i := range n {
		k, err := identity.FromSeed(fmt.Sprint("peer ", i))
		if err != nil {
			t.Fatal(err)
		}
		w.keys[k.PeerID()] = k
		w.ids = append(w.ids, k.PeerID())
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	s, err := NewState(g)
	if err != nil {
		t.Fatal(err)
	}
	w.genesis, w.state = g, s
	return w
}

// statement is an honest claim by optimizer, anchored at the tip, with the votes of the whole quorum.
func (w *network) statement(optimizer string, performance float64) *Statement {
	return w.statementOn(w.state.Champion(w.on), optimizer, performance)
}

// statementOn is a statement with a base that need not be the champion.
func (w *network) statementOn(base, optimizer string, performance float64) *Statement {
	return w.statementWith(base, optimizer, performance, chain.Sums{})
}

// statementWith is one of a domain with cases.
func (w *network) statementWith(base, optimizer string, performance float64, sums chain.Sums) *Statement {
	w.serial++
	p := canon.NewObject("contract", "test", "genome", canon.NewObject("n", int64(w.serial)))
	var r [16]byte
	r[0], r[1] = byte(w.serial), byte(w.serial>>8)
	st := &Statement{DomainID: w.on, OptimizerID: optimizer, Parameters: p, Nonce: Nonce(optimizer, r), Anchor: w.state.Tip, Base: base,
		Claim: Claim{Performance: performance, Digest: fmt.Sprintf("%064x", w.serial), Sums: sums}}
	st.OptimaeID = chain.Commitment(p, st.Nonce)
	members, _ := w.state.Members(st.Anchor, st.OptimaeID, optimizer)
	for _, m := range members {
		st.Votes = append(st.Votes, w.vote(st, m, performance))
	}
	return st
}

func (w *network) vote(st *Statement, member string, performance float64) *chain.Vote {
	v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: st.DomainID, EvaluatorID: member, Anchor: st.Anchor, Base: st.Base, Digest: st.Claim.Digest, Sums: st.Claim.Sums,
		VerifiedPerformance: performance, SyntheticScore: 1, IncumbentScore: 1, SyntheticDataHash: st.Claim.Digest}
	w.must(chain.SignVote(v, w.keys[member], w.state.Rules().Network))
	return v
}

func (w *network) acceptance(st *Statement) *chain.Tx {
	return w.tx(TxAccepted, st.OptimizerID, AcceptancePayload(st, len(st.Votes), canon.NewObject(), nil))
}

func (w *network) rejection(st *Statement, by string) *chain.Tx {
	m := &chain.Message{Type: chain.MsgOptimaeReveal, SenderID: st.OptimizerID, Timestamp: w.time(0), TTL: chain.DefaultTTL,
		Payload: st.Claim.Sums.AppendTo(canon.NewObject("commitment_hash", st.OptimaeID, "domain_id", st.DomainID, "optimae_id", st.OptimaeID,
			"parameters", st.Parameters, "reported_performance", st.Claim.Performance, "nonce", st.Nonce,
			"champion_metrics", nil, "digest", st.Claim.Digest, "anchor", st.Anchor, "base", st.Base))}
	w.must(chain.SignMessage(m, w.keys[st.OptimizerID], w.state.Rules().Network))
	return w.tx(TxRejected, by, RejectionPayload(st, "test", m.Object()))
}

func (w *network) tx(kind, peer string, payload *canon.Object) *chain.Tx {
	tx := &chain.Tx{Type: kind, DomainID: w.on, PeerID: peer, Payload: payload, Timestamp: w.time(0)}
	w.must(chain.SignTx(tx, w.keys[peer], w.state.Rules().Network))
	return tx
}

func (w *network) time(after int64) timestamp.Time {
	return timestamp.FromMicro(w.state.TipTime + after)
}

// extend builds a block by generator with txs, after µs behind the tip, and applies it.
func (w *network) extend(generator string, after int64, txs ...*chain.Tx) *Built {
	w.t.Helper()
	built, err := Build(w.state, txs, w.state.TipTime+after, w.keys[generator])
	if err != nil {
		w.t.Fatalf("Build: %v (refused %v)", err, built.Refused)
	}
	next, _, err := Apply(w.state, built.Block)
	if err != nil {
		w.t.Fatalf("Apply: %v", err)
	}
	if next.Root() != built.State.Root() {
		w.t.Fatal("Apply and Build disagree on the state")
	}
	w.state, w.blocks = next, append(w.blocks, built.Block)
	return built
}

func (w *network) must(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}
