// Package node is a node among nodes of the Python reference: chain/python/engine on the parts of cmd/doin-node/stack. Nothing on
// such a network is authenticated, and all that takes messages without a signature is set here and nowhere else.
//
//	configuration ─► store ─► chain/python/engine ─► loop ─► stack: network, workers, searches, records
package node

import (
	"context"
	"errors"
	"log/slog"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/protocol"
	"doin.network/node/chain/python"
	"doin.network/node/chain/python/engine"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	"doin.network/node/net/discovery"
	"doin.network/node/net/flood"
)

// warning is said at the start and stands in /status.
const warning = "reference profile: nothing on this network is authenticated; use it only to live among Python nodes"

// maxBlockBytes is the largest block of the reference's later revision, whose transactions have models inside; an answer with one
// is little longer. More blocks than fit are asked for in smaller pages.
const maxBlockBytes = 101 << 20

// sendTimeout bounds one send, as in the reference's later revision: a model is read, parsed and passed on before the answer comes.
const sendTimeout = 30 * time.Second

// pageTimeout bounds one request for blocks: a Python node writes one with a model as text while it does everything else.
const pageTimeout = 60 * time.Second

// Node is a node among Python nodes. Create it with New, run it once with Run.
type Node struct {
	stack    *stack.Stack
	cfg      *config.Config
	log      *slog.Logger
	store    *store.Store
	loop     *loop.Loop[*engine.View]
	versions *canon.Object // shown in /chain/status
	others   *versions     // what peers say of theirs
	now      func() time.Time
	journal  *journal
	pages    *pages

	published *publications
}

// ErrStrictNetwork is returned by New for a configuration of the other program.
var ErrStrictNetwork = errors.New(`security "strict": strict networks are doin-node's; start that program with this configuration`)

// New opens everything the node needs. On error everything opened is closed again.
func New(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Node, error) {
	if cfg.Security != config.Reference {
		return nil, ErrStrictNetwork
	}
	base, err := stack.Open(cfg, log)
	if err != nil {
		return nil, err
	}
	n := &Node{cfg: cfg, log: log, versions: cfg.Network.ComponentVersions}
	if n.versions == nil {
		n.versions = plainVersions()
	}
	n.now = base.Now
	n.journal, n.published = &journal{now: base.Now}, &publications{now: base.Now}
	n.others = newVersions(n.versions, log.With("component", "net"), n.journal)
	n.pages = newPages(n)
	if err := n.openChain(base); err != nil {
		base.Close()
		return nil, err
	}
	n.stack, err = stack.New(ctx, base, stack.Profile{
		Network: engine.Network, Store: n.store, Loop: n.loop, Head: n.head,
		MaxPageBytes: maxBlockBytes, PageTimeout: pageTimeout, AnchorInterval: int64(cfg.Chain.AnchorInterval),
		Unbounded:  true, // the reference only notes what is outside
		SkipBroken: true, // as it does with a plugin that it cannot load
		Ready:      n.ready, Known: n.known, LowerIsBetter: n.lowerIsBetter, SkipRow: skipShort, Adapt: n.adapt, Observe: n.observe,
		Parts: func(s *stack.Stack) api.Parts {
			return api.Parts{Node: statusView{n}, Tasks: taskView{stack.Tasks{S: s}}, Inference: inferenceView{stack.Tasks{S: s}}}
		},
	})
	return n, err
}

// openChain opens the store, which belongs to the reference's network or is new, and the engine on it.
func (n *Node) openChain(b *stack.Base) (err error) {
	if n.store, err = openStore(b.Config.StorePath(), chain.GenesisBlock(), b.Log); err != nil {
		return b.StoreError(err)
	}
	cfg, err := n.engineConfig(b)
	if err != nil {
		n.store.Close()
		return err
	}
	e, err := engine.New(cfg, b.Key, n.store, b.Now().UnixMicro())
	if err != nil {
		n.store.Close()
		return b.StoreError(err)
	}
	n.nameChains()
	n.loop = loop.New(e, loop.Config{Store: n.store, Log: b.Log.With("component", "chain"), Now: b.Now})
	return nil
}

// openStore opens a store of the reference's network; a new one gets the given block 0.
func openStore(path string, genesis *chain.Block, log *slog.Logger) (*store.Store, error) {
	st, err := store.Open(path, store.Options{MaxBlockBytes: maxBlockBytes, Logger: log.With("component", "store")})
	if err != nil {
		return nil, err
	}
	err = stack.Claim(st, engine.Network, log)
	if height, _ := st.Tip(); err == nil && height < 0 {
		err = st.Append(context.Background(), store.Entry{Block: genesis})
	}
	if err != nil {
		st.Close()
		return nil, err
	}
	return st, nil
}

// engineConfig translates the configuration.
func (n *Node) engineConfig(b *stack.Base) (engine.Config, error) {
	c, cfg := engine.DefaultConfig(), n.cfg
	for _, d := range b.Roles() {
		if !d.Active() {
			continue
		}
		bounds, err := python.ParseBounds(stack.Bounds(d.Bounds))
		if err != nil {
			return c, err
		}
		i := d.Incentives
		c.Domains = append(c.Domains, engine.Domain{ID: d.ID, Optimize: d.Optimize, Evaluate: d.Evaluate, Validate: d.Validate,
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
	large := int64(cfg.Limits.MaxMessageBytes)
	c.MaxHeldBytes, c.Tasks.MaxBytes = max(c.MaxHeldBytes, 3*large), max(c.Tasks.MaxBytes, 3*large)
	c.EvalConcurrent, c.EvalInterval = cfg.Rounds.EvalBatch, cfg.Rounds.EvalInterval.Microseconds()
	return c, nil
}

// adapt makes the parts of the network take what Python nodes send: nothing of it is signed, and no peer proves its key.
func (n *Node) adapt(f *flood.Config, d *discovery.Config, a *api.Config) {
	f.AllowUnsigned, f.RelayAsIs, f.SendTimeout = true, n.protocol() == config.Gossipsub, sendTimeout
	f.ComponentVersions, f.PluginConfigs = n.cfg.Network.ComponentVersions, n.pluginConfigs()
	f.Versions, f.Published = n.others.heard, n.published.add
	d.AllowUnproven = true
	connected := d.OnConnect
	d.OnConnect = func(p discovery.Peer) {
		connected(p)
		n.journal.event("peer_connected", "peer", clip(p.ID, shortID), "endpoint", p.Endpoint())
		if err := n.loop.Post(protocol.Connected{Peer: p.ID}); err != nil {
			n.log.Debug("a new peer is not told of the tip", "peer", p.ID, "err", err)
		}
	}
	a.Strict, a.ComponentVersions, a.Pages = false, n.versions, n.pages.all()
}

// protocol is the network's way of spreading messages, by which relays differ: the reference's default unless another is
// configured.
func (n *Node) protocol() string {
	if n.cfg.Raw.Has("network_protocol") {
		return n.cfg.Network.Protocol
	}
	return config.Gossipsub
}

// plainVersions is the map that a plain package installation of the reference has.
func plainVersions() *canon.Object {
	return canon.NewObject("agent-multi", "?", "doin-core", "v0.1.0", "doin-node", "v0.1.0", "doin-plugins", "v0.1.0",
		"gym-fx", "?", "trading-contracts", "?")
}

// pluginConfigs is the map that Python nodes compare beside the versions.
func (n *Node) pluginConfigs() *canon.Object {
	o := canon.NewObject()
	for _, d := range n.cfg.Domains {
		for _, key := range []string{"predictor_plugin", "optimizer_plugin"} {
			if name, err := d.OptimizationConfig.StringOr(key, ""); err == nil && name != "" {
				o.Set(d.ID+":"+key, name)
			}
		}
	}
	return o
}

// domain returns the configured domain of an id, the zero value for none.
func (n *Node) domain(id string) (d config.Domain) {
	for _, c := range n.cfg.Domains {
		if c.ID == id {
			return c
		}
	}
	return d
}

func (n *Node) lowerIsBetter(domain string) bool { return !n.domain(domain).HigherIsBetter }

// ready warns of a domain that no other node can verify.
func (n *Node) ready(domain string, _ worker.Info) error {
	if d := n.domain(domain); d.Plugin() == config.PluginQuadratic && !d.OptimizationConfig.Has("target") {
		n.log.Warn("no target is configured: Python nodes draw one each, so no result can be verified by another node", "domain", domain)
	}
	return nil
}

func (n *Node) head() stack.Head {
	v := n.loop.View()
	return stack.Head{Height: v.Height, Tip: v.Tip, Finalized: v.FinalizedHeight,
		Pending: v.Pending, Commits: v.Commits, Quorums: v.Quorums, Tasks: v.Tasks}
}

// known is what this node has measured of a domain, for its search; higher is better there.
func (n *Node) known(s *stack.Stack, domain string) search.Known {
	v := n.loop.View()
	d := v.Domains[domain]
	k := search.Known{Height: v.Height, Accepted: d.Accepted, Rejected: d.Rejected,
		Improves: func(performance, over float64) bool { return performance > over+n.cfg.Chain.AcceptanceTolerance }}
	higher := func(wire *float64) *float64 {
		if wire != nil && n.lowerIsBetter(domain) {
			value := -*wire
			return &value
		}
		return wire
	}
	k.Best, k.Measured = higher(d.Best), higher(d.Measured)
	return k
}

// Port returns the port the node listens on.
func (n *Node) Port() int { return n.stack.Port }

// PeerID returns the node's id.
func (n *Node) PeerID() string { return n.stack.Key.PeerID() }

// Run runs the node until ctx ends or a part fails, and closes what New opened.
func (n *Node) Run(ctx context.Context) error {
	defer n.pages.client.Close()
	n.log.Warn(warning)
	return n.stack.Run(ctx, "security", string(n.cfg.Security), "component_versions", string(canon.Default(n.versions)))
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
