package node

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/application"
	"doin.network/node/chain/replica"
	"doin.network/node/chain/store"
	"doin.network/node/cmd/doin-node/archive"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/search"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/stack/loop"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/compute/worker"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/net/api"
	netjoin "doin.network/node/net/join"
)

// Certified is one node of a network of protocol 2: chain/replica on the parts of cmd/doin-node/stack. Run it once with Run.
type Certified struct {
	stack   *stack.Stack
	cfg     *config.Config
	log     *slog.Logger
	genesis *chain.Genesis
	network *application.Network
	store   *store.Store
	machine *replica.Machine // the loop's: asked inside it
	loop    *loop.Loop[*replica.View]
	sent    sent
}

// openChain makes the machine and its loop of store and genesis file.
func (n *Certified) openChain(ctx context.Context, b *stack.Base) error {
	g, err := application.Of(n.genesis)
	if err != nil {
		return fmt.Errorf("genesis file %s: %w", n.cfg.GenesisPath(), err)
	}
	if n.network, err = archive.Recovered(application.NewNetwork(g, application.P256{}), n.cfg.DataDir); err != nil {
		return err
	}
	if err := fits(n.cfg, n.cfg.GenesisPath(), n.genesis); err != nil {
		return err
	}
	if err := n.openFiles(ctx, b); err != nil {
		return err
	}
	if err := n.claim(ctx, b); err != nil {
		return b.StoreError(err)
	}
	cfg := replica.DefaultConfig()
	for _, d := range b.Roles() {
		cfg.Domains[d.ID] = replica.Role{Optimize: d.Optimize, Evaluate: d.Evaluate}
	}
	cfg.MaxOpen = min(n.cfg.Rounds.OpenClaims, cfg.MaxOpen)
	cfg.EvalConcurrent, cfg.MaxPending, cfg.Register = n.cfg.Rounds.EvalBatch, n.cfg.Limits.MaxPending, n.cfg.Register
	if c := n.cfg.TrustedCheckpoint; c != "" {
		if cfg.Trusted, err = application.ParseCheckpoint(c); err != nil {
			return fmt.Errorf("trusted_checkpoint: %w", err)
		}
	}
	if n.machine, err = replica.New(cfg, n.genesis, n.network, b.Key, archive.Disk{Store: n.store}); err != nil {
		return b.StoreError(err)
	}
	n.loop = loop.New(n.machine, loop.Config{Store: n.store, Log: b.Log.With("component", "chain"), Now: b.Now})
	return nil
}

// claim notes in a new store whose chain it is to hold. A node whose chain was deleted may have signed what it does not know any more.
func (n *Certified) claim(ctx context.Context, b *stack.Base) error {
	if err := stack.Claim(n.store, n.network.NetworkID(), b.Log); err != nil {
		return err
	}
	if height, _ := n.store.Tip(); height >= 0 {
		return nil
	}
	if err := n.store.PutMeta(metaFormat, []byte(certifiedFormat())); err != nil {
		return err
	}
	if err := n.store.Append(ctx, store.Entry{Block: chain.GenesisBlock()}); err != nil {
		return err
	}
	if !n.cfg.ResetChain {
		return nil
	}
	b.Log.Warn("the chain was deleted, and with it what this node has signed: it signs nothing before a block is final that is younger than this start")
	return n.store.Keep(ctx, store.Promise{Notes: archive.Forgotten(n.network)})
}

// openFiles completes the configuration by the network's terms, and has the data files that they name.
func (n *Certified) openFiles(ctx context.Context, b *stack.Base) error {
	if err := terms.Apply(n.cfg, n.genesis); err != nil {
		return err
	}
	c := netjoin.NewClient()
	defer c.Close()
	return join.Fetch(ctx, c, join.Others(n.cfg.Network.Bootstrap, b.Port), n.cfg, n.genesis, b.Log)
}

// openStack opens the parts around the chain. On an error everything opened is closed again.
func (n *Certified) openStack(ctx context.Context, base *stack.Base) (err error) {
	n.stack, err = stack.New(ctx, base, stack.Profile{
		Network: n.network.NetworkID(), Store: n.store, Loop: n.loop, Head: n.head, Fetches: true,
		MaxPageBytes: maxPageBytes, MaxBlockBytes: maxBlockBytes,
		Decode:     func(m *chain.Message) (any, error) { return replica.Decode(m, n.network.ID()) },
		MaxBytesOf: replica.MaxBytes,
		Synthetic:  func(domain string) bool { return n.network.Rules().Domains[domain].Synthetic },
		Seeds:      func(domain string) int { return n.entry(domain).Seeds },
		Agreement:  func(domain string) agreement.Agreement { return n.entry(domain).Agreement },
		Ready:      n.ready, Known: n.known,
		Export: func(w io.Writer) error {
			_, err := archive.Export(n.store, canon.Default(n.genesis.Object()), w)
			return err
		},
		Parts: func(s *stack.Stack) api.Parts {
			return api.Parts{Node: certifiedView{n}, Tasks: certifiedTasks{stack.Tasks{S: s}}, Inference: stack.Champions{S: s},
				Genesis: canon.Default(n.genesis.Object()), Data: newShelf(n.cfg, n.genesis), Accounts: certifiedAccounts{n}}
		},
	})
	return err
}

// entry is what the genesis file says of a domain.
func (n *Certified) entry(domain string) chain.Domain {
	d, _ := n.genesis.Domain(domain)
	return d
}

// ready refuses a domain whose data are not those of the genesis file.
func (n *Certified) ready(domain string, info worker.Info) error {
	e := n.entry(domain)
	return checkData(n.log, domain, e.DataHash, e.Seeds, info)
}

func (n *Certified) head() stack.Head {
	v := n.loop.View()
	return stack.Head{Height: v.Height, Tip: v.Tip, Finalized: v.Height, Pending: v.Pending, Commits: v.Commits, Quorums: v.Quorums}
}

// known is what the chain knows of a domain, for its search.
func (n *Certified) known(_ *stack.Stack, domain string) search.Known {
	v := n.loop.View()
	d, rule := v.Domains[domain], n.network.Rules().Domains[domain]
	k := search.Known{Base: d.Champion, Alone: v.Alone, Members: slices.Clone(v.Electorate), Height: v.Height, Accepted: d.Accepted, Rejected: d.Rejected,
		Improves: func(performance, over float64) bool {
			_, err := rule.Wins(over, performance, true, chain.Sums{})
			return err == nil
		}}
	if d.HasBest {
		k.Best = &d.Best
	}
	return k
}

// Port returns the port the node listens on.
func (n *Certified) Port() int { return n.stack.Port }

// Run runs the node until ctx ends or a part fails, and closes what was opened.
func (n *Certified) Run(ctx context.Context) error {
	return n.stack.Run(ctx, "security", string(n.cfg.Security), "protocol", chain.Certified)
}

var _ api.Tasks = certifiedTasks{}

// certifiedTasks is the work queue as the API shows it: votes are transactions there, and nobody else works for this node.
type certifiedTasks struct{ stack.Tasks }

// Complete implements api.Tasks.
func (certifiedTasks) Complete(context.Context, api.Completion) (bool, error) {
	return false, fmt.Errorf("%w: votes of a certified chain are transactions", api.ErrForbidden)
}

// Vote implements api.Tasks.
func (certifiedTasks) Vote(context.Context, string, *chain.Vote) (bool, error) {
	return false, fmt.Errorf("%w: votes of a certified chain are transactions", api.ErrForbidden)
}
