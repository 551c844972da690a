package node

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/chainsync"
)

// history is a chain of n small blocks, each with one acceptance, as pages of GET /chain/blocks.
type pages struct {
	genesis *chain.Genesis
	tip     *chain.Block
	blocks  [][]byte
}

func makePages(t testing.TB, n int) *pages {
	t.Helper()
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Parameters: chain.DefaultParameters(), Domains: []chain.Domain{chain.DefaultDomain("quadratic")}}
	g.Parameters.StartTime = timestamp.FromMicro(time.Now().Add(-60 * 24 * time.Hour).UnixMicro())
	g.Parameters.TargetBlockTime, g.Parameters.InitialThreshold = 20, 0.000001
	keys, ids := map[string]*identity.Key{}, []string{}
	for i := range 3 {
		k, err := identity.FromSeed(fmt.Sprint("ten thousand ", i))
		if err != nil {
			t.Fatal(err)
		}
		keys[k.PeerID()], ids = k, append(ids, k.PeerID())
		g.Evaluators = append(g.Evaluators, chain.Evaluator{PeerID: k.PeerID(), PublicKey: k.PublicKey()})
	}
	s, err := consensus.NewState(g)
	if err != nil {
		t.Fatal(err)
	}
	p := &pages{genesis: g, blocks: [][]byte{canon.Default(chain.GenesisBlock().Object())}}
	base := ""
	for i := range n {
		optimizer, performance := ids[i%3], -1/(1+float64(i)*float64(i))
		st := &consensus.Statement{DomainID: "quadratic", OptimizerID: optimizer, Parameters: canon.NewObject("x", []any{float64(i), 1.0, 2.0}),
			Nonce: consensus.Nonce(optimizer, [16]byte{byte(i), byte(i >> 8)}), Anchor: s.Tip, Base: base,
			Claim: consensus.Claim{Performance: performance, Digest: fmt.Sprintf("%064x", i+1)}}
		st.OptimaeID = chain.Commitment(st.Parameters, st.Nonce)
		members, _ := s.Members(st.Anchor, st.OptimaeID, optimizer)
		for _, m := range members {
			v := &chain.Vote{OptimaeID: st.OptimaeID, DomainID: st.DomainID, EvaluatorID: m, Anchor: st.Anchor, Base: base, Digest: st.Claim.Digest,
				VerifiedPerformance: performance, SyntheticDataHash: st.Claim.Digest}
			if err := chain.SignVote(v, keys[m], s.Rules().Network); err != nil {
				t.Fatal(err)
			}
			st.Votes = append(st.Votes, v)
		}
		tx := &chain.Tx{Type: consensus.TxAccepted, DomainID: st.DomainID, PeerID: optimizer, Timestamp: timestamp.FromMicro(s.TipTime + 1),
			Payload: consensus.AcceptancePayload(st, len(st.Votes), nil, nil)}
		if err := chain.SignTx(tx, keys[optimizer], s.Rules().Network); err != nil {
			t.Fatal(err)
		}
		built, err := consensus.Build(s, []*chain.Tx{tx}, s.TipTime+20_000_000, keys[ids[(i+1)%3]])
		if errors.Is(err, consensus.ErrBelowThreshold) { // no improvement any more: an empty block
			built, err = consensus.Build(s, nil, s.TipTime+consensus.EmptyAfter*20_000_000, keys[ids[(i+1)%3]])
		} else {
			base = st.OptimaeID
		}
		if err != nil {
			t.Fatal(i, err)
		}
		s, p.tip = built.State, built.Block
		p.blocks = append(p.blocks, canon.Default(built.Block.Object()))
	}
	return p
}

// Get implements chainsync.Getter.
func (p *pages) Get(_ context.Context, _, path string) (int, []byte, error) {
	if path == "/chain/status" {
		return 200, canon.Default(canon.NewObject("tip_index", p.tip.Header.Index, "tip_hash", p.tip.Hash)), nil
	}
	var from, to int
	if _, err := fmt.Sscanf(path, "/chain/blocks?from=%d&to=%d", &from, &to); err != nil {
		return 400, nil, nil
	}
	body := []byte(`{"blocks": [`)
	for i, b := range p.blocks[from:min(to+1, len(p.blocks))] {
		if i > 0 {
			body = append(body, ',')
		}
		body = append(body, b...)
	}
	return 200, append(body, "]}"...), nil
}

// chainOf is a node's chain as chainsync sees it.
type chainOf struct {
	st *store.Store
	lp *loop.Loop[*engine.View]
}

func (c chainOf) Height() int64          { return c.lp.View().State.Height }
func (c chainOf) Tip() string            { return c.lp.View().State.Tip }
func (c chainOf) FinalizedHeight() int64 { return c.lp.View().State.FinalizedHeight }
func (c chainOf) HashAt(h int64) (string, bool) {
	hash, err := c.st.Hash(h)
	return hash, err == nil
}

func (c chainOf) Submit(ctx context.Context, from string, blocks []*chain.Block) error {
	out, err := c.lp.Call(ctx, protocol.Blocks{From: from, Blocks: blocks})
	for _, f := range out {
		if r, ok := f.(protocol.BlocksResult); ok && r.Err != nil {
			return r.Err
		}
	}
	return err
}

// synchronise brings an empty node to the end of the pages and returns how long it took and the most memory meanwhile.
func synchronise(t testing.TB, p *pages) (took time.Duration, peak int64) {
	t.Helper()
	st, err := store.Open(filepath.Join(t.TempDir(), "chain"), store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer st.Close()
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	tip, err := loadTip(t.Context(), st, p.genesis, log)
	if err != nil {
		t.Fatal(err)
	}
	k, err := identity.FromSeed("who comes late")
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.New(engine.DefaultConfig(), k, tip, history{st})
	if err != nil {
		t.Fatal(err)
	}
	lp := loop.New(e, loop.Config{Store: st, Log: log, Now: time.Now})
	lp.Join(func(context.Context, protocol.Effect) {}, nil, nil)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	ended := make(chan error, 3)
	go func() { ended <- lp.Run(ctx) }()
	cfg := chainsync.DefaultConfig()
	done := make(chan struct{})
	cfg.Synced = func(context.Context) { close(done) }
	s, err := chainsync.New(cfg, chainOf{st, lp}, chainsync.PeersFunc(func() []chainsync.Peer { return []chainsync.Peer{{ID: "p", Endpoint: "p:1"}} }),
		chainsync.HTTPFetcher{Client: p, Room: chainsync.NewRoom(128 << 20)})
	if err != nil {
		t.Fatal(err)
	}
	var most atomic.Int64
	stop := make(chan struct{})
	go func() {
		for {
			select {
			case <-stop:
				ended <- nil
				return
			case <-time.After(20 * time.Millisecond):
				most.Store(max(most.Load(), resident(t)))
			}
		}
	}()
	begun := time.Now()
	go func() { ended <- s.Run(ctx) }()
	<-done
	took = time.Since(begun)
	if h, hash := st.Tip(); h != p.tip.Header.Index || hash != p.tip.Hash {
		t.Errorf("synchronised to %d, want %d", h, p.tip.Header.Index)
	}
	close(stop)
	cancel()
	for range 3 {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	return took, most.Load()
}

var residentLine = regexp.MustCompile(`(?m)^VmRSS:\s+(\d+) kB`)

// resident returns this process's resident bytes, 0 where the system does not say.
func resident(t testing.TB) int64 {
	data, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	m := residentLine.FindSubmatch(data)
	if m == nil {
		return 0
	}
	n, err := strconv.ParseInt(string(m[1]), 10, 64)
	if err != nil {
		t.Error(err)
	}
	return n << 10
}

// TestSyncsManyBlocks: a node that comes late gets every block, in few writes.
func TestSyncsManyBlocks(t *testing.T) {
	t.Parallel()
	took, _ := synchronise(t, makePages(t, 700))
	t.Logf("700 blocks in %v", took)
}
