package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"doin.network/node/chain"
	"doin.network/node/chain/anchor"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/python"
	pyengine "doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/chainsync"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
	"doin.network/node/net/peerscore"
	"doin.network/node/net/transport"
)

// Reference is a node of the profile "reference": it lives among nodes of the Python reference. It is made of the same
// parts as Node, with chain/python/engine in the place of chain/engine. Create it with NewReference, run it once with Run.
type Reference struct {
	*Node // the parts that both profiles share; its loop stays nil

	chain    *refLoop
	refs     map[string]*refSearch // by domain; guarded by Node.mu
	versions *canon.Object         // shown in /chain/status
}

// warnReference is said at the start and stands in /status.
const warnReference = "reference profile: nothing on this network is authenticated; use it only to live among Python nodes"

// NewReference opens everything the node needs, as New does. On error everything opened is closed again.
func NewReference(ctx context.Context, cfg *config.Config, log *slog.Logger) (_ *Reference, err error) {
	if cfg.Security != config.Reference {
		return nil, fmt.Errorf("security %q: NewReference is for %q", cfg.Security, config.Reference)
	}
	n := &Node{cfg: cfg, log: log, now: time.Now, searches: map[string]*search{}, waiting: map[string]chan inferenceAnswer{},
		earnedAt: map[int64]int64{}, stored: newBranchPoint(), rules: &consensus.Rules{Network: pyengine.Network}}
	r := &Reference{Node: n, refs: map[string]*refSearch{}, versions: cfg.Network.ComponentVersions}
	if r.versions == nil {
		r.versions = plainVersions()
	}
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
	if cfg.ResetChain {
		if err := n.reset(); err != nil {
			return nil, err
		}
	}
	if err := r.openChain(); err != nil {
		return nil, err
	}
	if err := n.openRecords(ctx); err != nil {
		return nil, err
	}
	if n.worker, err = findWorkers(ctx, cfg, log); err != nil {
		return nil, err
	}
	return r, r.openNetwork()
}

// protocol is the network's way of spreading messages, by which relays differ: the reference's default unless another is
// configured.
func (r *Reference) protocol() string {
	if r.cfg.Raw.Has("network_protocol") {
		return r.cfg.Network.Protocol
	}
	return config.Gossipsub
}

// plainVersions is the map that a plain package installation of the reference has.
func plainVersions() *canon.Object {
	return canon.NewObject("agent-multi", "?", "doin-core", "v0.1.0", "doin-node", "v0.1.0", "doin-plugins", "v0.1.0",
		"gym-fx", "?", "trading-contracts", "?")
}

// openChain opens the store, which belongs to the reference's network or is new, and the engine on it.
func (r *Reference) openChain() (err error) {
	defer func() {
		if errors.Is(err, store.ErrCorrupt) {
			err = fmt.Errorf("%w (start with --reset-chain to fetch the chain from peers again; the key is kept)", err)
		}
	}()
	path := r.cfg.StorePath()
	if r.store, err = openReferenceStore(path, chain.GenesisBlock(), r.log); err != nil {
		return fmt.Errorf("chain store %s: %w", path, err)
	}
	if r.anchors, err = anchor.OpenFileLog(r.path("anchors.log"), r.key, pyengine.Network); err != nil {
		return err
	}
	cfg, err := r.engineConfig()
	if err != nil {
		return err
	}
	e, err := pyengine.New(cfg, r.key, r.store, r.now().UnixMicro())
	if err != nil {
		return fmt.Errorf("chain store %s: %w", path, err)
	}
	r.chain = newRefLoop(e, r.store, r.log.With("component", "chain"), r.now)
	return nil
}

// openReferenceStore opens a store of the reference's network; a new one gets the given block 0.
func openReferenceStore(path string, genesis *chain.Block, log *slog.Logger) (_ *store.Store, err error) {
	st, err := store.Open(path, store.Options{Logger: log.With("component", "store")})
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			st.Close()
		}
	}()
	network, err := st.Meta(metaNetwork)
	switch {
	case errors.Is(err, store.ErrNotFound):
		if err := st.PutMeta(metaNetwork, []byte(pyengine.Network)); err != nil {
			return nil, err
		}
	case err != nil:
		return nil, err
	case string(network) != pyengine.Network:
		return nil, fmt.Errorf("%w: it holds %.12s of the strict profile (start with --reset-chain to begin anew)", errOtherNetwork, network)
	}
	if damage := st.Damage(); damage != nil {
		log.Error("blocks are missing on the disk and will be fetched from peers", "err", damage)
	}
	if height, _ := st.Tip(); height < 0 {
		return st, st.Append(context.Background(), store.Entry{Block: genesis})
	}
	return st, nil
}

// engineConfig translates the configuration.
func (r *Reference) engineConfig() (pyengine.Config, error) {
	c, cfg := pyengine.DefaultConfig(), r.cfg
	for _, d := range cfg.Domains {
		if reason := d.Unavailable(); reason != "" {
			r.log.Warn("domain has no role here", "domain", d.ID, "reason", reason)
		}
		if !d.Active() {
			continue
		}
		bounds, err := python.ParseBounds(boundsObject(d.Bounds))
		if err != nil {
			return c, err
		}
		i := d.Incentives
		c.Domains = append(c.Domains, pyengine.Domain{ID: d.ID, Optimize: d.Optimize, Evaluate: d.Evaluate, Validate: d.Validate,
			HasSynthetic: d.HasSynthetic, Synthetic: d.SyntheticPlugin != "", HigherIsBetter: d.HigherIsBetter, Bounds: bounds,
			Incentives: python.IncentiveConfig{HigherIsBetter: i.HigherIsBetter, Tolerance: i.ToleranceMargin, BonusThreshold: i.BonusThreshold,
				MinReward: i.MinRewardFraction, MaxBonus: i.MaxBonusMultiplier}})
	}
	c.Quorum.MinEvaluators, c.Quorum.Fraction, c.Quorum.Tolerance = cfg.Quorum.MinEvaluators, cfg.Quorum.Fraction, cfg.Quorum.Tolerance
	f := cfg.Fees
	c.Fees = python.FeeConfig{MinBaseFee: f.MinBaseFee, MaxBaseFee: f.MaxBaseFee, TargetBlockSize: int64(f.TargetBlockSize),
		MaxBlockSize: int64(f.MaxBlockSize), ChangeDenom: int64(f.ChangeDenom), StakeMultiplier: f.StakeMultiplier, BurnFraction: f.BurnFraction}
	c.TargetBlockTime, c.InitialThreshold = cfg.Chain.TargetBlockTime.Seconds(), cfg.Chain.InitialThreshold
	c.AcceptanceTolerance, c.FinalityDepth = cfg.Chain.AcceptanceTolerance, int64(cfg.Chain.FinalityDepth)
	c.AnchorInterval = int64(cfg.Chain.AnchorInterval)
	c.CommitMaxAge, c.RevealDelay = cfg.Chain.CommitMaxAge.Microseconds(), cfg.Rounds.RevealDelay.Microseconds()
	c.EvalConcurrent, c.EvalInterval = cfg.Rounds.EvalBatch, cfg.Rounds.EvalInterval.Microseconds()
	return c, nil
}

// pluginConfigs is the map that Python nodes compare beside the versions.
func (r *Reference) pluginConfigs() *canon.Object {
	o := canon.NewObject()
	for _, d := range r.cfg.Domains {
		for _, key := range []string{"predictor_plugin", "optimizer_plugin"} {
			if name, err := d.OptimizationConfig.StringOr(key, ""); err == nil && name != "" {
				o.Set(d.ID+":"+key, name)
			}
		}
	}
	return o
}

func (r *Reference) openNetwork() (err error) {
	log, limits := r.log.With("component", "net"), &r.cfg.Limits
	r.client = transport.NewClient(transport.DefaultClientConfig())
	blocks := transport.DefaultClientConfig()
	blocks.MaxResponseBytes, blocks.MaxInFlight = 4*consensus.MaxBlockBytes, 8
	r.blocks = transport.NewClient(blocks)

	score := peerscore.Config{Points: limits.PenaltyPoints, Penalty: limits.PenaltyTime}
	if r.callers, err = peerscore.New(score); err != nil {
		return err
	}
	if r.authors, err = peerscore.New(score); err != nil {
		return err
	}
	gc := flood.Config{Signer: r.key, Network: pyengine.Network, Port: r.port, Log: log, AllowUnsigned: true, RelayAsIs: r.protocol() == config.Gossipsub,
		ComponentVersions: r.cfg.Network.ComponentVersions, PluginConfigs: r.pluginConfigs(),
		MaxBytes: limits.MaxMessageBytes, AddressRate: limits.AddressRate, AddressBurst: 4 * limits.AddressRate,
		AuthorRate: limits.AuthorRate, AuthorBurst: 10 * limits.AuthorRate, Addresses: r.callers, Authors: r.authors,
		CutOff: func(author string) { r.peers.Penalize(author, limits.PenaltyTime) },
		Learn: func(host string, port int, id string) {
			if err := r.peers.Learn(host, port, id); err != nil {
				log.Debug("caller not learned", "host", host, "port", port, "err", err)
			}
		},
		Report: func(p flood.Peer, err error) { r.peers.Report(p.Endpoint, err) },
	}
	connected := flood.PeersFunc(func() []flood.Peer {
		list := r.peers.Connected()
		out := make([]flood.Peer, len(list))
		for i, p := range list {
			out[i] = gossipPeer(p)
		}
		return out
	})
	if r.flood, err = flood.New(gc, connected, r.client, r.receive); err != nil {
		return err
	}
	dc := discovery.Config{Key: r.key, Network: pyengine.Network, Port: r.port, Bootstrap: r.cfg.Network.Bootstrap, AllowUnproven: true,
		Interval: r.cfg.Network.DiscoveryInterval, NoExchange: !r.cfg.Network.Discovery, MaxKnown: limits.MaxPeers, Log: log,
		Announce: func(ctx context.Context, p discovery.Peer) error { return r.flood.Announce(ctx, gossipPeer(p)) },
		OnConnect: func(p discovery.Peer) {
			log.Info("peer connected", "peer", p.ID, "endpoint", p.Endpoint(), "proved_its_key", p.Verified)
			r.syncer.Poll()
		},
	}
	if r.peers, err = discovery.New(dc, discovery.HTTPDialer{Client: r.client}); err != nil {
		return err
	}
	sc := chainsync.Config{Network: pyengine.Network, Log: log, Penalize: func(p chainsync.Peer, reason error) {
		log.Warn("peer served a bad chain", "peer", p.ID, "endpoint", p.Endpoint, "err", reason)
		r.peers.Penalize(p.ID, time.Minute)
	}}
	sources := chainsync.PeersFunc(func() (out []chainsync.Peer) {
		for _, p := range r.peers.Connected() {
			out = append(out, chainsync.Peer{ID: p.ID, Endpoint: p.Endpoint()})
		}
		return out
	})
	fetcher := chainsync.HTTPFetcher{Client: r.blocks, TooLarge: func(err error) bool { return errors.Is(err, transport.ErrResponseTooLarge) }}
	r.syncer = chainsync.New(sc, refChainView{r}, sources, fetcher)

	r.metrics = newReferenceMetrics(r)
	ac := api.Config{Port: r.port, Network: pyengine.Network, ComponentVersions: r.versions, Log: log}
	parts := api.Parts{Node: refStatusView{r}, Chain: refBlockView{r}, Tasks: refTaskView{r}, Inference: refInferenceView{r},
		Stats: statsView{r.Node}, Peers: r.peers, Flood: r.flood, Metrics: r.metrics.registry}
	if r.api, err = api.New(ac, parts); err != nil {
		return err
	}
	tc := transport.DefaultServerConfig()
	tc.MaxBodyBytes = limits.MaxBodyBytes
	tc.MaxConns, tc.MaxConnsPerIP = limits.MaxConnections, limits.MaxPerAddress
	tc.ReadTimeout, tc.IdleTimeout = limits.RequestTimeout, limits.IdleTimeout
	tc.Refuse = func(host string) bool { return r.callers.Cut(peerscore.Address(host), r.now()) }
	tc.Offence = func(host string) {
		if r.callers.Charge(peerscore.Address(host), 1, r.now()) {
			log.Warn("address is cut off", "address", host, "last", "no readable request")
		}
	}
	tc.TooLarge = r.api.TooLarge
	if err := tc.Validate(); err != nil {
		return err
	}
	r.server = transport.NewServer(tc, r.api.Serve)
	r.chain.effects = r.effects()
	return nil
}

func gossipPeer(p discovery.Peer) flood.Peer {
	return flood.Peer{ID: p.ID, Host: p.Host, Port: p.Port, Endpoint: p.Endpoint()}
}

// Run runs the node until ctx ends or a part fails, then stops everything: first who asks, then who answers, last
// who records. It closes what NewReference opened.
func (r *Reference) Run(ctx context.Context) error {
	n := r.Node
	defer n.close()
	view := r.chain.view.Load()
	n.log.Warn(warnReference)
	n.log.Info("node starts", "peer_id", n.key.PeerID(), "port", n.port, "network", pyengine.Network, "height", view.Height,
		"security", string(n.cfg.Security), "domains", len(n.cfg.Domains), "component_versions", string(canon.Default(r.versions)))
	recordCtx, stopRecording := context.WithCancel(context.WithoutCancel(ctx))
	defer stopRecording()
	recorded := make(chan error, 1)
	go func() { recorded <- n.recorder.Run(recordCtx) }()
	n.stored.add(view.Height) // what a crash left out

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
	start("event loop", r.chain.run)
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
	start("domains", r.runDomains)
	start("chain rows", func(ctx context.Context) error {
		rows := chainRows{store: n.store, record: n.recorder.Record, now: n.now, retry: 10 * time.Second, skip: skipShort}
		return rows.run(ctx, n.stored, func() int64 { return -1 }, n.log) // there are no states to prune
	})
	err := g.Wait()
	n.jobs.Wait()

	n.record(n.tracker.Finish(n.now())...)
	stopRecording()
	if rerr := <-recorded; rerr != nil {
		n.log.Warn("rows stay in the spool for the next start", "err", rerr)
	}
	n.log.Info("node stopped", "height", r.chain.view.Load().Height)
	return err
}

// skipShort tells the acceptances that have no row: those without an optimae id (populations), and the short record where
// the block has the full one too.
func skipShort(b *chain.Block, tx *chain.Tx) bool {
	id, err := tx.Payload.String("optimae_id")
	if err != nil || id == "" {
		return true
	}
	if fullRecord(tx) {
		return false
	}
	for _, other := range b.Transactions {
		if other.Type == chain.TxOptimaeAccepted && fullRecord(other) {
			if name, err := other.Payload.String("optimae_id"); err == nil && name == id {
				return true
			}
		}
	}
	return false
}

func fullRecord(tx *chain.Tx) bool {
	return tx.Payload.Has("verified_performance") || tx.Payload.Has("parameters")
}
