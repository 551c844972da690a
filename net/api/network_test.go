package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
	"doin.network/node/net/chainsync"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
	"doin.network/node/net/transport"
)

// ledger is a chain on which the longer branch wins.
type ledger struct {
	mu     sync.Mutex
	blocks []*chain.Block
}

func (l *ledger) Height() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return int64(len(l.blocks)) - 1
}

func (l *ledger) Tip() string {
	h, _ := l.HashAt(l.Height())
	return h
}

func (l *ledger) HashAt(i int64) (string, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i < 0 || i >= int64(len(l.blocks)) {
		return "", false
	}
	return l.blocks[i].Hash, true
}

func (l *ledger) FinalizedHeight() int64 { return -1 }

func (l *ledger) Submit(_ context.Context, _ string, blocks []*chain.Block) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	first := int(blocks[0].Header.Index)
	if first+len(blocks) <= len(l.blocks) {
		return chainsync.ErrNotBetter
	}
	l.blocks = append(append([]*chain.Block(nil), l.blocks[:first]...), blocks...)
	return nil
}

func (l *ledger) Status(context.Context) (ChainStatus, error) {
	h := l.Height()
	return ChainStatus{Height: h + 1, TipHash: l.Tip(), TipIndex: h, FinalizedHeight: -1}, nil
}

func (l *ledger) Block(_ context.Context, i int64) (*chain.Block, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if i >= int64(len(l.blocks)) {
		return nil, ErrNotFound
	}
	return l.blocks[i], nil
}

func (l *ledger) Blocks(_ context.Context, from, to int64) ([]*chain.Block, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.blocks[from:min(to+1, int64(len(l.blocks)))], nil
}

// build appends n blocks by who and returns the last.
func (l *ledger) build(n int, who string) *chain.Block {
	l.mu.Lock()
	defer l.mu.Unlock()
	for range n {
		tip := l.blocks[len(l.blocks)-1]
		b := &chain.Block{Header: chain.Header{
			Index: tip.Header.Index + 1, PreviousHash: tip.Hash, GeneratorID: who,
			Timestamp: timestamp.FromMicro(tip.Header.Timestamp.Micro() + 1e6),
		}}
		b.Seal()
		l.blocks = append(l.blocks, b)
	}
	return l.blocks[len(l.blocks)-1]
}

// peer is a node's network side, joined as the composition root joins it.
type peer struct {
	key    *identity.Key
	addr   string
	chain  *ledger
	table  *discovery.Table
	flood  *flood.Flood
	syncer *chainsync.Syncer

	mu  sync.Mutex
	got map[string]int // messages by flood id
}

// launch runs a node on loopback until the test ends.
func launch(t *testing.T, name string, bootstrap ...string) *peer {
	t.Helper()
	key, err := identity.FromSeed(name)
	if err != nil {
		t.Fatal(err)
	}
	ln, err := transport.Listen("127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := ln.Addr().(*net.TCPAddr).Port
	client := transport.NewClient(transport.DefaultClientConfig())
	p := &peer{key: key, addr: ln.Addr().String(), chain: &ledger{blocks: []*chain.Block{chain.GenesisBlock()}}, got: map[string]int{}}

	dc := discovery.DefaultConfig()
	dc.Key, dc.Network, dc.Port, dc.Bootstrap, dc.QuickInterval = key, network, port, bootstrap, 100*time.Millisecond
	dc.Announce = func(ctx context.Context, q discovery.Peer) error {
		return p.flood.Announce(ctx, flood.Peer{ID: q.ID, Host: q.Host, Port: q.Port, Endpoint: q.Endpoint()})
	}
	dc.OnConnect = func(discovery.Peer) { p.syncer.Poll() }
	if p.table, err = discovery.New(dc, discovery.HTTPDialer{Client: client}); err != nil {
		t.Fatal(err)
	}
	fc := flood.DefaultConfig()
	fc.Signer, fc.Network, fc.Port = key, network, port
	fc.Learn = func(host string, port int, id string) { _ = p.table.Learn(host, port, id) }
	fc.Report = func(q flood.Peer, err error) { p.table.Report(q.Endpoint, err) }
	p.flood, err = flood.New(fc, flood.PeersFunc(func() (out []flood.Peer) {
		for _, q := range p.table.Connected() {
			out = append(out, flood.Peer{ID: q.ID, Host: q.Host, Port: q.Port, Endpoint: q.Endpoint()})
		}
		return out
	}), client, p.handle)
	if err != nil {
		t.Fatal(err)
	}
	sc := chainsync.DefaultConfig()
	sc.Network, sc.PollInterval = network, 500*time.Millisecond
	sc.Penalize = func(q chainsync.Peer, _ error) { p.table.Penalize(q.ID, time.Minute) }
	p.syncer, err = chainsync.New(sc, p.chain, chainsync.PeersFunc(func() (out []chainsync.Peer) {
		for _, q := range p.table.Connected() {
			out = append(out, chainsync.Peer{ID: q.ID, Endpoint: q.Endpoint()})
		}
		return out
	}), chainsync.HTTPFetcher{Client: client, TooLarge: func(err error) bool { return errors.Is(err, transport.ErrResponseTooLarge) }})
	if err != nil {
		t.Fatal(err)
	}

	f := newFake(t)
	ac := DefaultConfig()
	ac.Port, ac.Network = port, network
	a, err := New(ac, Parts{Node: f, Chain: p.chain, Tasks: f, Inference: f, Stats: statsPart{f}, Peers: p.table, Flood: p.flood})
	if err != nil {
		t.Fatal(err)
	}
	cfg := transport.DefaultServerConfig()
	cfg.TooLarge = a.TooLarge
	server := transport.NewServer(cfg, a.Serve)

	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	for _, run := range []func(context.Context) error{
		func(ctx context.Context) error { return server.Run(ctx, ln) }, p.table.Run, p.flood.Run, p.syncer.Run,
	} {
		wg.Go(func() {
			if err := run(ctx); err != nil {
				t.Errorf("%s: Run() = %v", name, err)
			}
		})
	}
	t.Cleanup(func() {
		begin := time.Now()
		cancel()
		client.Close()
		wg.Wait()
		if d := time.Since(begin); d > 5*time.Second {
			t.Errorf("%s took %v to stop", name, d)
		}
	})
	return p
}

func (p *peer) handle(_ context.Context, m *chain.Message, _ flood.Peer) error {
	p.mu.Lock()
	p.got[chain.FloodID(m)]++
	p.mu.Unlock()
	if m.Type == chain.MsgBlockAnnouncement {
		index, err1 := m.Payload.Int("block_index")
		hash, err2 := m.Payload.String("block_hash")
		if err := errors.Join(err1, err2); err != nil {
			return err
		}
		p.syncer.Announced(m.SenderID, index, hash)
	}
	return nil
}

func (p *peer) count(id string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.got[id]
}

func eventually(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); !ok(); {
		if time.Now().After(deadline) {
			t.Fatalf("not within 20 s: %s", what)
		}
		time.Sleep(5 * time.Millisecond)
	}
}

func TestThreeNodesFromOneBootstrapEntry(t *testing.T) {
	first := launch(t, "first")
	nodes := []*peer{first, launch(t, "second", first.addr), launch(t, "third", first.addr)}
	for i, n := range nodes {
		eventually(t, fmt.Sprintf("node %d is connected to the two others", i), func() bool { return len(n.table.Connected()) == 2 })
	}

	// A message by the third reaches the others once each.
	m := &chain.Message{Type: chain.MsgOptimaeCommit, Payload: canon.NewObject("commitment_hash", "x", "domain_id", "d")}
	if err := nodes[2].flood.Broadcast(m); err != nil {
		t.Fatal(err)
	}
	for i, n := range nodes[:2] {
		eventually(t, fmt.Sprintf("node %d has the message", i), func() bool { return n.count(m.ComputeID()) > 0 })
	}

	// Blocks of the second, more than a page, are fetched on announcement.
	tip := nodes[1].chain.build(120, "second")
	announce := &chain.Message{Type: chain.MsgBlockAnnouncement, Payload: canon.NewObject(
		"block_index", tip.Header.Index, "block_hash", tip.Hash, "previous_hash", tip.Header.PreviousHash, "generator_id", "second",
		"transaction_count", int64(0), "weighted_performance_sum", 0.0, "threshold", 0.0)}
	if err := nodes[1].flood.Broadcast(announce); err != nil {
		t.Fatal(err)
	}
	same := func() bool { return nodes[0].chain.Tip() == tip.Hash && nodes[2].chain.Tip() == tip.Hash }
	eventually(t, "the three tips agree", same)

	// Two branches: the longer one is found by polling, without announcement.
	nodes[0].chain.build(2, "first")
	tip = nodes[2].chain.build(5, "third")
	eventually(t, "the fork is resolved", func() bool { return nodes[0].chain.Tip() == tip.Hash && nodes[1].chain.Tip() == tip.Hash })

	// A fourth starts from nothing, knowing only the third.
	fourth := launch(t, "fourth", nodes[2].addr)
	eventually(t, "the fourth is level and connected to all", func() bool {
		return fourth.chain.Tip() == tip.Hash && len(fourth.table.Connected()) == 3
	})
	for i, n := range nodes {
		if c := n.count(m.ComputeID()); c > 1 {
			t.Errorf("node %d handled one message %d times", i, c)
		}
		if s := n.flood.Stats(); len(s.Refused) != 0 {
			t.Errorf("node %d refused %v", i, s.Refused)
		}
	}
}
