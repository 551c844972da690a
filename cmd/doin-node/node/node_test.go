package node

import (
	"context"
	"fmt"
	"log/slog"
	"math"
	"testing"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/store"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

const domain = "d"

var discard = slog.New(slog.DiscardHandler)

// network is a network of three evaluators and the chain they make.
type network struct {
	t       *testing.T
	keys    map[string]*identity.Key
	first   *identity.Key // of the optimizer and generator
	genesis *chain.Genesis
	state   *consensus.State
	blocks  []protocol.Entry
	serial  int
}

func newNetwork(t *testing.T, name string) *network {
	t.Helper()
	l := &network{t: t, keys: map[string]*identity.Key{}}
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain(domain)}}
	g.Parameters.Name = name
	g.Parameters.StartTime = timestamp.FromMicro(1_700_000_000 * engine.Second)
	g.Parameters.InitialThreshold = 0.05
	for i := range 3 {
		k, err := identity.FromSeed(fmt.Sprint("node test ", i))
		l.must(err)
		if i == 0 {
			l.first = k
		}
		l.keys[k.PeerID()] = k
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	state, err := consensus.NewState(g)
	l.must(err)
	l.genesis, l.state = g, state
	return l
}

func (l *network) must(err error) {
	l.t.Helper()
	if err != nil {
		l.t.Fatal(err)
	}
}

// extend makes n blocks, each of one accepted optimae. Numbers tell branches apart.
func (l *network) extend(n int) {
	l.t.Helper()
	for range n {
		l.serial++
		network, id := l.state.Rules().Network, l.first.PeerID()
		p := canon.NewObject("contract", "test", "genome", canon.NewObject("n", int64(l.serial)))
		performance := -math.Ldexp(1e6, -int(l.state.Height))
		st := &consensus.Statement{DomainID: domain, OptimizerID: id, Parameters: p, Nonce: consensus.Nonce(id, [16]byte{byte(l.serial), byte(l.serial >> 8)}),
			Anchor: l.state.Tip, Base: l.state.Champion(domain), Claim: consensus.Claim{Performance: performance, Digest: fmt.Sprintf("%064x", l.serial)}}
		st.OptimaeID = chain.Commitment(p, st.Nonce)
		members, _ := l.state.Members(st.Anchor, st.OptimaeID, id)
		for _, m := range members {
			v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: domain, EvaluatorID: m, Anchor: st.Anchor, Base: st.Base, Digest: st.Claim.Digest,
				VerifiedPerformance: performance, SyntheticScore: 1, IncumbentScore: 1, SyntheticDataHash: st.Claim.Digest}
			l.must(chain.SignVote(v, l.keys[m], network))
			st.Votes = append(st.Votes, v)
		}
		tx := &chain.Tx{Type: consensus.TxAccepted, DomainID: domain, PeerID: id, Timestamp: timestamp.FromMicro(l.state.TipTime),
			Payload: consensus.AcceptancePayload(st, len(st.Votes), canon.NewObject(), nil)}
		l.must(chain.SignTx(tx, l.first, network))
		built, err := consensus.Build(l.state, []*chain.Tx{tx}, l.state.TipTime+600*engine.Second, l.first)
		if err != nil {
			l.t.Fatalf("Build: %v (refused %v)", err, built.Refused)
		}
		l.state = built.State
		l.blocks = append(l.blocks, protocol.Entry{Block: built.Block, State: built.State.AppendCanonical(nil), Receipts: built.Receipts.AppendCanonical(nil)})
	}
}

// entries are the stored form of blocks.
func entries(blocks []protocol.Entry) (out []store.Entry) {
	for _, e := range blocks {
		out = append(out, store.Entry{Block: e.Block, State: e.State, Receipts: e.Receipts})
	}
	return out
}

// openStore returns a store with the network's chain in it.
func (l *network) openStore(dir string) *store.Store {
	l.t.Helper()
	st, err := store.Open(dir, store.Options{ReserveBytes: -1})
	l.must(err)
	l.t.Cleanup(func() { st.Close() })
	_, err = loadTip(l.t.Context(), st, l.genesis, discard)
	l.must(err)
	for _, e := range entries(l.blocks) {
		l.must(st.Append(context.Background(), e))
	}
	return st
}
