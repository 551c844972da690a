// Package node is the strict node: chain/engine and the rules of chain/consensus on the parts of cmd/doin-node/stack.
//
//	configuration ─► genesis ─► store ─► tip ─► engine ─► loop ─► stack: network, workers, searches, records
//
// It holds what only a strict node has: how its genesis file is made and checked, how its chain is read back, and what the
// API shows of its state.
package node

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/engine"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
)

// Version is the program's version.
const Version = stack.Version

// maxBlockBytes is the largest answer with one block, which is enclosed by something; a page is cut at 4 MiB and has a block more.
const (
	maxBlockBytes = consensus.MaxBlockBytes + 64<<10
	maxPageBytes  = 4<<20 + maxBlockBytes
)

// ErrPythonNetwork is returned by New for a configuration of the other program.
var ErrPythonNetwork = errors.New(`security "reference": networks of Python nodes are doin-pynode's; start that program with this configuration`)

// Node is one strict node. Create it with New, run it once with Run.
type Node struct {
	stack   *stack.Stack
	cfg     *config.Config
	log     *slog.Logger
	genesis *chain.Genesis
	terms   *chain.Genesis // with the domains that were added to it and are open
	rules   *consensus.Rules
	tip     *consensus.State // that the node began with: its domains are the node's

	original *config.Config // cfg before domains were added to it
	parts    string         // in added domains; see signature
	obtainAt time.Time      // when to try again to get the files of one, zero: all are here
	tries    int            // in a row, with which not all were to be had
	renewed  bool           // another node of this process ended for this one
	awaited  []string       // domains of the configuration that the network has no more

	endpoints []string // peers that were connected when the node before this one ended
	store     *store.Store
	engine    *engine.Engine // the loop's: asked inside it
	loop      *loop.Loop[*engine.View]
	outbox    *outbox
}

// New opens everything a node needs, in the order in which a failure is cheapest: key, port, genesis file, store,
// analytics, worker. On error everything opened is closed again.
func New(ctx context.Context, cfg *config.Config, log *slog.Logger) (*Node, error) {
	return open(ctx, cfg, log, nil)
}

// open is New after another node, which has ended; nil: it is the first. A network of a certified chain is ErrCertified.
func open(ctx context.Context, cfg *config.Config, log *slog.Logger, before *Node) (*Node, error) {
	r, err := openAny(ctx, cfg, log, before)
	if n, ok := r.(*Node); ok || err != nil {
		return n, err
	}
	r.(*Certified).stack.Close()
	return nil, errCertified
}

// errCertified is returned by New for a network of protocol 2, which NewService runs.
var errCertified = errors.New("node: the network is of protocol 2")

// runner is a node of either protocol.
type runner interface {
	Run(ctx context.Context) error
	Port() int
}

// openAny opens a node of the protocol that its genesis file names, after another node, which has ended; nil: it is the first.
func openAny(ctx context.Context, cfg *config.Config, log *slog.Logger, before *Node) (_ runner, err error) {
	if cfg.Security != config.Strict {
		return nil, ErrPythonNetwork
	}
	var key *identity.Key
	if before != nil {
		key = before.stack.Key
	}
	base, err := stack.OpenAs(cfg, log, key)
	if err != nil {
		return nil, err
	}
	var st *store.Store
	defer func() {
		if err != nil && st != nil {
			err = errors.Join(err, st.Close())
		}
		if err != nil {
			base.Close()
		}
	}()
	if st, err = openStore(base); err != nil {
		return nil, base.StoreError(err)
	}
	adopt := func() (*chain.Genesis, error) { return join.Adopt(ctx, cfg, base.Port, base.Log) }
	g, err := genesis(cfg, base.Key, base.Path("genesis.json"), base.Now(), adopt)
	if err != nil {
		return nil, err
	}
	if g.Protocol == chain.Certified {
		n := &Certified{cfg: cfg, log: base.Log, genesis: g, store: st}
		if err = n.openChain(ctx, base); err != nil {
			return nil, err
		}
		st = nil // the stack closes it from here on
		return n, n.openStack(ctx, base)
	}
	original := *cfg
	n := &Node{cfg: cfg, log: base.Log, original: &original, renewed: before != nil, genesis: g, store: st}
	if before != nil {
		n.endpoints, n.tries = before.stack.Endpoints(), before.tries
	}
	if err = n.openChain(ctx, base); err != nil {
		return nil, err
	}
	st = nil
	return n, n.openStack(ctx, base)
}

// openStack opens the parts around the chain. On an error everything opened is closed again.
func (n *Node) openStack(ctx context.Context, base *stack.Base) (err error) {
	n.stack, err = stack.New(ctx, base, stack.Profile{
		Network: n.rules.Network, Store: n.store, Loop: n.loop, Head: n.head,
		MaxPageBytes: maxPageBytes, MaxBlockBytes: maxBlockBytes, StatesKept: consensus.Window, AnchorInterval: int64(n.genesis.Parameters.ExternalAnchorInterval),
		Decode:     func(m *chain.Message) (any, error) { return engine.Decode(m, n.rules.Network) },
		MaxBytesOf: engine.MaxBytes,
		Synthetic:  func(domain string) bool { return n.rule(domain).Synthetic },
		Seeds:      func(domain string) int { return n.rule(domain).Seeds },
		Ready:      n.ready, Known: n.known, Standings: n.standings,
		Agreement: func(domain string) agreement.Agreement { return n.rule(domain).Agreement },
		Parts: func(s *stack.Stack) api.Parts {
			return api.Parts{Node: statusView{n}, Tasks: taskView{stack.Tasks{S: s}, n}, Inference: stack.Champions{S: s},
				Genesis: canon.Default(n.genesis.Object()), Data: newShelf(n.cfg, n.terms), Accounts: accountView{n}}
		},
	})
	return err
}

// openChain makes the engine and its loop of store and genesis file.
func (n *Node) openChain(ctx context.Context, b *stack.Base) (err error) {
	tip, err := loadTip(ctx, n.store, n.genesis, b.Log)
	if err != nil {
		return b.StoreError(err)
	}
	n.rules, n.tip = tip.Rules(), tip
	if err := n.addDomains(ctx, b, tip); err != nil {
		return err
	}
	if err := n.openFiles(ctx, b); err != nil {
		return err
	}
	if n.outbox, err = openOutbox(b.Path("outbox.json"), n.rules.Network); err != nil {
		if err = b.SetAside(err, b.Path("outbox.json")); err == nil {
			n.outbox, err = openOutbox(b.Path("outbox.json"), n.rules.Network)
		}
		if err != nil {
			return err
		}
	}
	if n.engine, err = engine.New(n.engineConfig(b), b.Key, tip, history{n.store}); err != nil {
		return err
	}
	n.loop = loop.New(n.engine, loop.Config{Store: n.store, Log: b.Log.With("component", "chain"), Now: b.Now})
	return nil
}

// engineConfig translates the configuration.
func (n *Node) engineConfig(b *stack.Base) engine.Config {
	cfg, p := engine.DefaultConfig(), n.genesis.Parameters
	for _, d := range b.Roles() {
		cfg.Domains[d.ID] = engine.Role{Optimize: d.Optimize, Evaluate: d.Evaluate}
	}
	_, _ = rand.Read(cfg.Salt[:]) // never fails
	cfg.MaxOpen = n.cfg.Rounds.OpenClaims
	cfg.RevealDelay = max(1, int64(p.RevealDelay*engine.Second))
	cfg.CommitMaxAge = int64(p.CommitRevealMaxAge * engine.Second)
	cfg.AnchorInterval = int64(p.ExternalAnchorInterval)
	cfg.EvalConcurrent = n.cfg.Rounds.EvalBatch
	cfg.EvalInterval = n.cfg.Rounds.EvalInterval.Microseconds()
	cfg.Pool.MaxTx = n.cfg.Limits.MaxPending
	cfg.Register = n.cfg.Register
	return cfg
}

// ready refuses a domain whose data are not those of the genesis file.
func (n *Node) ready(domain string, info worker.Info) error {
	rule := n.rule(domain)
	return checkData(n.log, domain, rule.DataHash, rule.Seeds, info)
}

// checkData refuses a domain whose data are not those that the genesis file demands, "" for any.
func checkData(log *slog.Logger, domain, want string, seeds int, info worker.Info) error {
	if want != "" && want != info.DataHash {
		return fmt.Errorf("data hash %.12s, the genesis file demands %.12s", info.DataHash, want)
	}
	if info.Deterministic && seeds > 1 {
		log.Warn("no seed changes a result of the domain, yet the genesis file has several for a claim: all but one are wasted; write \"seeds\": 1",
			"domain", domain, "seeds", seeds)
	}
	return nil
}

func (n *Node) head() stack.Head {
	v := n.loop.View()
	return stack.Head{Height: v.State.Height, Tip: v.State.Tip, Finalized: v.State.FinalizedHeight,
		Pending: v.Pending, Commits: v.Commits, Quorums: v.Quorums, Tasks: v.Tasks}
}

// known is what the chain knows of a domain, for its search.
func (n *Node) known(_ *stack.Stack, domain string) search.Known {
	v := n.loop.View()
	d, rule := v.State.Domains[domain], n.rule(domain)
	k := search.Known{Base: v.State.Champion(domain), Alone: v.Alone, Members: v.State.Registered(), Height: v.State.Height,
		Improves: func(performance, over float64) bool {
			_, err := rule.Wins(over, performance, true, chain.Sums{})
			return err == nil
		}}
	if d == nil {
		return k
	}
	k.Accepted, k.Rejected = d.Accepted, d.Rejected
	if d.HasBest {
		best := d.Best
		k.Best = &best
	}
	return k
}

// Port returns the port the node listens on.
func (n *Node) Port() int { return n.stack.Port }

// PeerID returns the node's id.
func (n *Node) PeerID() string { return n.stack.Key.PeerID() }

// Run runs the node until ctx ends or a part fails, and closes what New opened.
func (n *Node) Run(ctx context.Context) error {
	var beside sync.WaitGroup
	ctx, cancel := context.WithCancel(ctx)
	beside.Go(func() { n.resend(ctx) })
	var renewed error
	beside.Go(func() {
		if renewed = n.watch(ctx); renewed != nil {
			cancel()
		}
	})
	err := n.stack.Run(ctx, "security", string(n.cfg.Security))
	cancel()
	beside.Wait()
	return errors.Join(err, renewed)
}

// rule returns the constants of one of the node's domains.
func (n *Node) rule(domain string) consensus.DomainRules {
	r, _ := n.tip.Rule(domain)
	return r
}
