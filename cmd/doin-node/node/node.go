// Package node is the composition root: it builds every part of a node, joins them and owns their lifetimes.
//
//	        net/api ─────────────┐ questions                    compute/worker (child process)
//	net/transport ─► net/flood ─┤ messages   ┌──────────────┐  trainings   ▲
//	net/discovery                ├──────────► │ event loop    │ ────────────┘
//	net/chainsync ───────────────┤ branches   │ chain/engine  │ ─► net/flood: broadcasts
//	search (one per domain) ─────┘ proposals  └──────┬───────┘ ─► search: verified immigrants
//	                                                 ▼
//	                             chain/store first, then olap: rows
//
// There is one event loop ([loop]); everything that changes protocol state is an event in it. Effects that take time
// (trainings, forecasts) run in goroutines that end with the node and come back as events.
package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/chain"
	"doin.network/node/chain/anchor"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/ga/island"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
	"doin.network/node/net/peerscore"
	"doin.network/node/net/transport"
	"doin.network/node/olap"
	"doin.network/node/olap/csv"
	"doin.network/node/olap/sqlite"
)

// Version is the program's version.
const Version = "0.1.0"

// ErrReferenceProfile is returned by New for a configuration that is NewReference's.
var ErrReferenceProfile = errors.New(`security "reference": this node is made by NewReference`)

// Node is one node. Create it with New, run it once with Run.
type Node struct {
	cfg     *config.Config
	log     *slog.Logger
	now     func() time.Time
	key     *identity.Key
	genesis *chain.Genesis
	rules   *consensus.Rules
	port    int

	listener net.Listener
	store    *store.Store
	anchors  *anchor.FileLog
	loop     *loop
	worker   *workers
	client   *transport.Client // to peers: messages and handshakes
	blocks   *transport.Client // to peers: the chain
	flood    *flood.Flood
	peers    *discovery.Table
	syncer   *chainsync.Syncer
	api      *api.API
	server   *transport.Server
	callers  *peerscore.Board // by address
	authors  *peerscore.Board // by peer id
	db       *sqlite.DB
	recorder *olap.Recorder
	tracker  *olap.Tracker
	metrics  *metrics
	jobs     sync.WaitGroup // evaluations and forecasts under way

	anchorsDue chan engine.AnchorDue
	stored     *branchPoint // blocks whose rows are still to be written

	mu       sync.Mutex
	searches map[string]*search
	waiting  map[string]chan inferenceAnswer // by the client's handle
	handles  int64                           // given out so far
	earned   int64                           // base units since the last recorded round
	earnedAt map[int64]int64                 // the same by height, for the last blocks
}

// New opens everything a node needs, in the order in which a failure is cheapest: key, port, genesis file, store,
// analytics, worker. On error everything opened is closed again.
func New(ctx context.Context, cfg *config.Config, log *slog.Logger) (_ *Node, err error) {
	if cfg.Security != config.Strict {
		return nil, ErrReferenceProfile
	}
	n := &Node{cfg: cfg, log: log, now: time.Now, searches: map[string]*search{}, waiting: map[string]chan inferenceAnswer{}, earnedAt: map[int64]int64{},
		anchorsDue: make(chan engine.AnchorDue, 64), stored: newBranchPoint()}
	defer func() {
		if err != nil {
			n.close()
		}
	}()
	if err := os.MkdirAll(cfg.DataDir, 0o755); err != nil {
		return nil, fmt.Errorf("data directory: %w", err)
	}
	if n.key, err = n.loadKey(); err != nil {
		return nil, err
	}
	if n.listener, err = transport.Listen(net.JoinHostPort(cfg.Network.Host, strconv.Itoa(cfg.Network.Port))); err != nil {
		return nil, err
	}
	n.port = n.listener.Addr().(*net.TCPAddr).Port
	if cfg.ResetChain { // not before the port is ours: a node that still runs keeps its files
		if err := n.reset(); err != nil {
			return nil, err
		}
	}
	if n.genesis, err = genesis(cfg, n.key, n.path("genesis.json"), n.now()); err != nil {
		return nil, err
	}
	if err := n.openChain(ctx); err != nil {
		return nil, err
	}
	if err := n.openRecords(ctx); err != nil {
		return nil, err
	}
	if n.worker, err = findWorkers(ctx, cfg, log); err != nil {
		return nil, err
	}
	return n, n.openNetwork()
}

func (n *Node) path(name string) string { return filepath.Join(n.cfg.DataDir, name) }

// loadKey reads or makes the node's key. With a seed and without a file it is a function of the seed: simulation
// only.
func (n *Node) loadKey() (*identity.Key, error) {
	path := n.cfg.IdentityPath()
	if _, err := os.Stat(path); errors.Is(err, os.ErrNotExist) && n.cfg.Seed != nil {
		n.log.Warn("the key comes from the configured seed: anybody can make it, for simulation only")
		return identity.FromSeed(fmt.Sprintf("doin seed %d", *n.cfg.Seed))
	}
	key, err := identity.LoadOrCreate(path)
	if err != nil {
		return nil, fmt.Errorf("identity: %w", err)
	}
	return key, nil
}

// reset deletes chain and analytics; the key stays.
func (n *Node) reset() error {
	for _, p := range []string{n.cfg.StorePath(), n.path("spool"), n.path("anchors.log"), n.cfg.OLAPPath(), n.cfg.OLAPPath() + "-wal", n.cfg.OLAPPath() + "-shm"} {
		if err := os.RemoveAll(p); err != nil {
			return fmt.Errorf("reset chain: %w", err)
		}
	}
	if n.cfg.GenesisFile == "" {
		if err := os.Remove(n.path("genesis.json")); err != nil && !errors.Is(err, os.ErrNotExist) {
			return fmt.Errorf("reset chain: %w", err)
		}
	}
	return nil
}

func (n *Node) openChain(ctx context.Context) (err error) {
	defer func() {
		if errors.Is(err, store.ErrCorrupt) {
			err = fmt.Errorf("%w (start with --reset-chain to fetch the chain from peers again; the key is kept)", err)
		}
	}()
	if n.store, err = store.Open(n.cfg.StorePath(), store.Options{Logger: n.log.With("component", "store")}); err != nil {
		return fmt.Errorf("chain store %s: %w", n.cfg.StorePath(), err)
	}
	tip, err := loadTip(ctx, n.store, n.genesis, n.log)
	if err != nil {
		return fmt.Errorf("chain store %s: %w", n.cfg.StorePath(), err)
	}
	n.rules = tip.Rules()
	if n.anchors, err = anchor.OpenFileLog(n.path("anchors.log"), n.key, n.rules.Network); err != nil {
		return err
	}
	cfg := engine.DefaultConfig()
	for _, d := range n.cfg.Domains {
		if reason := d.Unavailable(); reason != "" {
			n.log.Warn("domain has no role here", "domain", d.ID, "reason", reason)
			continue
		}
		cfg.Domains[d.ID] = engine.Role{Optimize: d.Optimize, Evaluate: d.Evaluate}
	}
	p := n.genesis.Parameters
	cfg.RevealDelay = max(1, int64(p.RevealDelay*engine.Second))
	cfg.CommitMaxAge = int64(p.CommitRevealMaxAge * engine.Second)
	cfg.AnchorInterval = int64(p.ExternalAnchorInterval)
	cfg.EvalConcurrent = n.cfg.Rounds.EvalBatch
	cfg.EvalInterval = n.cfg.Rounds.EvalInterval.Microseconds()
	cfg.Pool.MaxTx = n.cfg.Limits.MaxPending
	e, err := engine.New(cfg, n.key, tip, history{n.store})
	if err != nil {
		return err
	}
	n.loop = newLoop(e, n.store, n.log.With("component", "chain"), n.now)
	return nil
}

func (n *Node) openRecords(ctx context.Context) (err error) {
	log := n.log.With("component", "olap")
	sheet, err := csv.Open(n.cfg.StatsPath(), csv.Options{Log: log})
	if err != nil {
		return err
	}
	if n.db, err = sqlite.Open(ctx, n.cfg.OLAPPath()); err != nil {
		return errors.Join(err, sheet.Close())
	}
	rc := olap.DefaultConfig(n.path("spool"))
	rc.Log = log
	if n.recorder, err = olap.Open(rc, sheet, n.db); err != nil {
		return err
	}
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	n.tracker = olap.NewTracker(olap.Node{ID: n.key.PeerID(), Hostname: host, Version: Version, NetworkID: n.rules.Network}, nil)
	return nil
}

func (n *Node) openNetwork() (err error) {
	log := n.log.With("component", "net")
	n.client = transport.NewClient(transport.DefaultClientConfig())
	blocks := transport.DefaultClientConfig() // pages of blocks are larger, and fewer at a time
	blocks.MaxResponseBytes, blocks.MaxInFlight = 4*consensus.MaxBlockBytes, 8
	n.blocks = transport.NewClient(blocks)

	limits := &n.cfg.Limits
	score := peerscore.Config{Points: limits.PenaltyPoints, Penalty: limits.PenaltyTime}
	if n.callers, err = peerscore.New(score); err != nil {
		return err
	}
	if n.authors, err = peerscore.New(score); err != nil {
		return err
	}
	gc := flood.Config{Signer: n.key, Network: n.rules.Network, Port: n.port, Log: log,
		MaxBytes: limits.MaxMessageBytes, AddressRate: limits.AddressRate, AddressBurst: 4 * limits.AddressRate,
		AuthorRate: limits.AuthorRate, AuthorBurst: 10 * limits.AuthorRate, Addresses: n.callers, Authors: n.authors,
		CutOff: func(author string) { n.peers.Penalize(author, limits.PenaltyTime) },
		Learn: func(host string, port int, id string) {
			if err := n.peers.Learn(host, port, id); err != nil {
				log.Debug("caller not learned", "host", host, "port", port, "err", err)
			}
		},
		Report: func(p flood.Peer, err error) { n.peers.Report(p.Endpoint, err) },
	}
	connected := flood.PeersFunc(func() []flood.Peer {
		list := n.peers.Connected()
		out := make([]flood.Peer, len(list))
		for i, p := range list {
			out[i] = flood.Peer{ID: p.ID, Host: p.Host, Port: p.Port, Endpoint: p.Endpoint()}
		}
		return out
	})
	if n.flood, err = flood.New(gc, connected, n.client, n.receive); err != nil {
		return err
	}
	dc := discovery.Config{Key: n.key, Network: n.rules.Network, Port: n.port, Bootstrap: n.cfg.Network.Bootstrap,
		Interval: n.cfg.Network.DiscoveryInterval, NoExchange: !n.cfg.Network.Discovery, MaxKnown: n.cfg.Limits.MaxPeers, Log: log,
		Announce: func(ctx context.Context, p discovery.Peer) error {
			return n.flood.Announce(ctx, flood.Peer{ID: p.ID, Host: p.Host, Port: p.Port, Endpoint: p.Endpoint()})
		},
		OnConnect: func(p discovery.Peer) {
			log.Info("peer connected", "peer", p.ID, "endpoint", p.Endpoint())
			n.syncer.Poll()
		},
	}
	if n.peers, err = discovery.New(dc, discovery.HTTPDialer{Client: n.client}); err != nil {
		return err
	}
	sc := chainsync.Config{Network: n.rules.Network, Log: log, Penalize: func(p chainsync.Peer, reason error) {
		log.Warn("peer served a bad chain", "peer", p.ID, "endpoint", p.Endpoint, "err", reason)
		n.peers.Penalize(p.ID, time.Minute)
	}}
	sources := chainsync.PeersFunc(func() []chainsync.Peer {
		var out []chainsync.Peer
		for _, p := range n.peers.Connected() {
			out = append(out, chainsync.Peer{ID: p.ID, Endpoint: p.Endpoint()})
		}
		return out
	})
	fetcher := chainsync.HTTPFetcher{Client: n.blocks, TooLarge: func(err error) bool { return errors.Is(err, transport.ErrResponseTooLarge) }}
	n.syncer = chainsync.New(sc, chainView{n}, sources, fetcher)

	n.metrics = newMetrics(n)
	ac := api.Config{Port: n.port, Network: n.rules.Network, Strict: true, Log: log}
	parts := api.Parts{Node: statusView{n}, Chain: blockView{n}, Tasks: taskView{n}, Inference: inferenceView{n},
		Stats: statsView{n}, Peers: n.peers, Flood: n.flood, Metrics: n.metrics.registry}
	if n.api, err = api.New(ac, parts); err != nil {
		return err
	}
	tc := transport.DefaultServerConfig()
	tc.MaxBodyBytes = limits.MaxBodyBytes
	tc.MaxConns, tc.MaxConnsPerIP = limits.MaxConnections, limits.MaxPerAddress
	tc.ReadTimeout, tc.IdleTimeout = limits.RequestTimeout, limits.IdleTimeout
	tc.Refuse = func(host string) bool { return n.callers.Cut(peerscore.Address(host), n.now()) }
	tc.Offence = func(host string) {
		if n.callers.Charge(peerscore.Address(host), 1, n.now()) {
			log.Warn("address is cut off", "address", host, "last", "no readable request")
		}
	}
	tc.TooLarge = n.api.TooLarge
	if err := tc.Validate(); err != nil {
		return err
	}
	n.server = transport.NewServer(tc, n.api.Serve)
	n.loop.effects = n.effectHandlers()
	return nil
}

// Port returns the port the node listens on.
func (n *Node) Port() int { return n.port }

// PeerID returns the node's id.
func (n *Node) PeerID() string { return n.key.PeerID() }

// Run runs the node until ctx ends or a part fails, then stops everything: first who asks, then who answers, last
// who records. It closes what New opened.
func (n *Node) Run(ctx context.Context) error {
	defer n.close()
	n.log.Info("node starts", "peer_id", n.key.PeerID(), "port", n.port, "network", n.rules.Network, "height", n.loop.view.Load().State.Height,
		"security", string(n.cfg.Security), "domains", len(n.cfg.Domains))
	// Recording outlives the rest, so that the last rows are written.
	recordCtx, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	recorded := make(chan error, 1)
	go func() { recorded <- n.recorder.Run(recordCtx) }()
	n.stored.add(n.loop.view.Load().State.Height) // what a crash left out

	g, ctx := errgroup.WithContext(ctx)
	start := func(name string, run func(context.Context) error) {
		g.Go(func() error {
			if err := run(ctx); err != nil && ctx.Err() == nil {
				return fmt.Errorf("%s: %w", name, err)
			} else if err != nil {
				n.log.Warn("not stopped cleanly", "part", name, "err", err)
			}
			return nil
		})
	}
	start("event loop", n.loop.run)
	start("clients", func(ctx context.Context) error {
		<-ctx.Done() // so that nothing waits for a slow peer
		n.client.Close()
		n.blocks.Close()
		return nil
	})
	start("http server", func(ctx context.Context) error { return n.server.Run(ctx, n.listener) })
	start("flood", n.flood.Run)
	if n.cfg.Network.Discovery || len(n.cfg.Network.Bootstrap) > 0 {
		start("discovery", n.peers.Run)
	}
	start("chain sync", n.syncer.Run)
	start("worker", n.worker.run)
	start("domains", n.runDomains)
	start("anchors", n.runAnchors)
	start("chain rows", func(ctx context.Context) error {
		rows := chainRows{store: n.store, record: n.recorder.Record, now: n.now, retry: 10 * time.Second}
		return rows.run(ctx, n.stored, func() int64 { return n.loop.view.Load().State.FinalizedHeight }, n.log)
	})
	err := g.Wait()
	n.jobs.Wait()

	n.record(n.tracker.Finish(n.now())...)
	stopRecording()
	if rerr := <-recorded; rerr != nil {
		n.log.Warn("rows stay in the spool for the next start", "err", rerr)
	}
	n.log.Info("node stopped", "height", n.loop.view.Load().State.Height)
	return err
}

// close releases what New opened, in the opposite order.
func (n *Node) close() {
	for _, c := range []*transport.Client{n.client, n.blocks} {
		if c != nil {
			c.Close()
		}
	}
	if n.listener != nil {
		n.listener.Close()
	}
	report := func(what string, err error) {
		if err != nil {
			n.log.Error("not closed cleanly", "part", what, "err", err)
		}
	}
	if n.recorder != nil {
		report("records", n.recorder.Close())
	} else if n.db != nil {
		report("olap", n.db.Close())
	}
	if n.anchors != nil {
		report("anchors", n.anchors.Close())
	}
	if n.store != nil {
		report("store", n.store.Close())
	}
}

// runDomains configures the worker's domains and runs the searches.
func (n *Node) runDomains(ctx context.Context) error {
	g, ctx := errgroup.WithContext(ctx)
	for i, d := range n.cfg.Domains {
		if !d.Active() {
			continue
		}
		g.Go(func() error {
			info, err := n.worker.configure(ctx, d)
			if ctx.Err() != nil {
				return nil
			}
			if err != nil {
				return fmt.Errorf("domains[%d].optimization_config of %q: %w", i, d.ID, err)
			}
			if want := n.rules.Domains[d.ID].DataHash; want != "" && want != info.DataHash {
				return fmt.Errorf("domain %s: data hash %.12s, the genesis file demands %.12s", d.ID, info.DataHash, want)
			}
			n.log.Info("domain ready", "domain", d.ID, "plugin", info.Plugin, "data_hash", info.DataHash, "baselines", string(canon.Default(info.Baselines)))
			if !d.Optimize {
				return nil
			}
			s := &search{n: n, domain: d, info: info, done: make(chan engine.RoundDone, 1), tries: map[string]int{},
				gate: island.NewGate[*canon.Object](d.Migration)}
			n.mu.Lock()
			n.searches[d.ID] = s
			n.mu.Unlock()
			return s.run(ctx)
		})
	}
	return g.Wait()
}

// runAnchors publishes what is due, beginning with what a crash left out.
func (n *Node) runAnchors(ctx context.Context) error {
	state := n.loop.view.Load().State
	interval := int64(n.genesis.Parameters.ExternalAnchorInterval)
	for h := interval; h <= state.FinalizedHeight && ctx.Err() == nil; h += interval {
		if _, err := n.anchors.Lookup(ctx, h); !errors.Is(err, anchor.ErrUnknown) {
			continue
		}
		hash, err := n.store.Hash(h)
		if err == nil {
			err = n.publishAnchor(ctx, engine.AnchorDue{Height: h, Hash: hash})
		}
		if err != nil {
			n.log.Error("block not anchored", "height", h, "err", err)
		}
	}
	for {
		select {
		case <-ctx.Done():
			return nil
		case due := <-n.anchorsDue:
			if err := n.publishAnchor(ctx, due); err != nil {
				n.log.Error("block not anchored", "height", due.Height, "err", err)
			}
		}
	}
}

// publishAnchor anchors a block with the reference's state hash: of all block hashes up to it.
func (n *Node) publishAnchor(ctx context.Context, due engine.AnchorDue) error {
	hashes := make([]string, 0, due.Height+1)
	for h := int64(0); h <= due.Height; h++ {
		hash, err := n.store.Hash(h)
		if err != nil {
			return err
		}
		hashes = append(hashes, hash)
	}
	if hashes[due.Height] != due.Hash {
		return nil // reorganised away since
	}
	return n.anchors.Publish(ctx, anchor.Record{Height: due.Height, Hash: due.Hash, StateHash: chain.ChainStateHash(hashes)})
}
