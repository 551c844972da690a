package node

import (
	"errors"
	"fmt"
	"os"
	"time"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/cmd/doin-node/config"
	"doin.network/node/cmd/doin-node/join"
	"doin.network/node/cmd/doin-node/stack"
	"doin.network/node/cmd/doin-node/terms"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/timestamp"
)

// maxGenesisBytes bounds a genesis file.
const maxGenesisBytes = 16 << 20

// Genesis makes the genesis file of a network in which the evaluators are registered from the start. Parameters and
// domains are the configuration's; start is when the network begins.
func Genesis(cfg *config.Config, evaluators []chain.Evaluator, start time.Time) *chain.Genesis {
	p := chain.DefaultParameters()
	p.Name = cfg.Label
	p.StartTime = timestamp.FromMicro(start.UnixMicro())
	p.TargetBlockTime = cfg.Chain.TargetBlockTime.Seconds()
	p.InitialThreshold = cfg.Chain.InitialThreshold
	p.QuorumMinEvaluators = cfg.Quorum.MinEvaluators
	p.QuorumTolerance = cfg.Quorum.Tolerance
	p.FinalityConfirmationDepth = cfg.Chain.FinalityDepth
	p.RevealDelay = cfg.Rounds.RevealDelay.Seconds()
	p.CommitRevealMaxAge = cfg.Chain.CommitMaxAge.Seconds()
	p.ExternalAnchorInterval = cfg.Chain.AnchorInterval
	p.Solo = cfg.Chain.Solo
	p.MayLeave, p.MayAdd = true, true
	g := &chain.Genesis{Protocol: chain.Protocol, Format: chain.Format, Evaluators: evaluators}
	if cfg.Chain.Protocol == chain.Certified {
		g.Protocol, g.Format = chain.Certified, chain.CertifiedFormat
		p.SlotTime, p.MayAdd = cfg.Chain.SlotTime.Seconds(), false
		if cfg.Raw == nil || !cfg.Raw.Has("quorum_min_evaluators") {
			p.QuorumMinEvaluators = 0 // as many as the rules ask of so many evaluators
		}
	}
	g.Parameters = p
	for _, e := range cfg.Chain.Grants {
		g.Grants = append(g.Grants, chain.Grant(e))
	}
	for _, d := range cfg.Domains {
		e := chain.DefaultDomain(d.ID)
		e.HasSyntheticData = d.HasSynthetic
		e.HigherIsBetter = d.HigherIsBetter
		e.PerformanceScale = d.PerformanceScale
		e.MinIncrement = d.MinIncrement
		e.Seeds = d.ClaimSeeds()
		e.NoiseZ2 = d.NoiseZ2
		e.Agreement = d.ClaimAgreement()
		e.Plugin = d.Plugin()
		g.Domains = append(g.Domains, e)
	}
	return g
}

// genesis returns the network the node joins: the file's, that which adopt takes from others, or one of this node alone. The latter two
// are written to the data directory so that a restart joins them again.
func genesis(cfg *config.Config, key *identity.Key, own string, now time.Time, adopt func() (*chain.Genesis, error)) (*chain.Genesis, error) {
	g, err := chosen(cfg, key, own, now, adopt)
	if err == nil && cfg.NetworkID != "" && g.NetworkID() != cfg.NetworkID {
		err = fmt.Errorf("network_id pins network %s, the genesis file is that of %s", cfg.NetworkID, g.NetworkID())
	}
	return g, err
}

func chosen(cfg *config.Config, key *identity.Key, own string, now time.Time, adopt func() (*chain.Genesis, error)) (*chain.Genesis, error) {
	path := cfg.GenesisFile
	if path == "" {
		path = own
	}
	data, err := readBounded(path)
	if errors.Is(err, os.ErrNotExist) && cfg.GenesisFile == "" {
		if g, err := adopt(); !errors.Is(err, join.ErrAlone) {
			if err != nil {
				return nil, err
			}
			return g, nil
		}
		if len(cfg.Domains) == 0 {
			return nil, errors.New("genesis_file: is required without domains: a node that only relays needs a network to join")
		}
		self := chain.Evaluator{PeerID: key.PeerID(), PublicKey: key.PublicKey()}
		g := Genesis(cfg, []chain.Evaluator{self}, now)
		if len(cfg.Network.Bootstrap) > 0 { // this machine is the peer that others of the same configuration ask
			if err := bind(cfg, g); err != nil {
				return nil, err
			}
		}
		if err := g.Validate(); err != nil {
			return nil, err
		}
		if err := stack.WriteFile(own, append(canon.AppendIndent(nil, g.Object()), '\n')); err != nil {
			return nil, fmt.Errorf("genesis file: %w", err)
		}
		return g, nil
	}
	if err != nil {
		return nil, fmt.Errorf("genesis file: %w", err)
	}
	g, err := chain.ParseGenesis(data)
	if err != nil {
		return nil, fmt.Errorf("genesis file %s: %w", path, err)
	}
	if err := g.CheckFormat(); err != nil {
		return nil, fmt.Errorf("genesis file %s: %w", path, err)
	}
	return g, nil
}

// bind puts settings and files of the configuration's domains into a genesis file.
func bind(cfg *config.Config, g *chain.Genesis) (err error) {
	for i := range g.Domains {
		if d := &cfg.Domains[i]; d.Active() {
			if g.Domains[i].Config, g.Domains[i].Files, err = terms.Bind(d, nil); err != nil {
				return err
			}
		}
	}
	return nil
}

// fits demands that the network has every domain of the configuration, and that what is exact there names no model that cannot be. Of
// models that only the worker knows it judges, by the agreement that the configuration's domains get from the network's here.
func fits(cfg *config.Config, path string, g *chain.Genesis) error {
	for i := range cfg.Domains {
		d := &cfg.Domains[i]
		entry, ok := g.Domain(d.ID)
		if model, rough := agreement.Approximate(d.Plugin(), d.OptimizationConfig); ok && rough && entry.Agreement.Exact() {
			return fmt.Errorf("genesis file %s: domain %q is exact, and the configuration names model %q, on which machines agree within a share only: leave it out of models",
				path, d.ID, model)
		}
		if !ok {
			return fmt.Errorf("genesis file %s: has no domain %q, which the configuration has a role in, and none was added", path, d.ID)
		}
		d.Agreement = &entry.Agreement
	}
	return nil
}

func readBounded(path string) ([]byte, error) {
	st, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if st.Size() > maxGenesisBytes {
		return nil, fmt.Errorf("%s: %d bytes, at most %d", path, st.Size(), maxGenesisBytes)
	}
	return os.ReadFile(path)
}
