package consensus

import (
	"errors"
	"fmt"

	"doin.network/node/chain"
	"doin.network/node/chain/ledger"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/ratio"
)

// FirstIncrement is the raw increment of a domain's first acceptance.
const FirstIncrement = 500_000

// Rules are a network's constants, read from its genesis file.
type Rules struct {
	Network          string // network id
	TargetBlockTime  int64  // µs
	InitialThreshold int64
	QuorumMin        int
	QuorumTolerance  int64
	FinalityDepth    int64
	StartTime        int64                  // µs: the parent time of block 1
	Solo             bool                   // an optimizer alone is its own quorum
	MayLeave         bool                   // evaluators may leave
	MayAdd           bool                   // domains may be added
	Domains          map[string]DomainRules // the genesis file's; State.Rule knows those added later too
}

// DomainRules are the constants of one domain.
type DomainRules struct {
	Weight           int64
	PerformanceScale float64 // unit of increments
	MinIncrement     int64
	Seeds            int         // of a claim
	NoiseZ2          ratio.Ratio // z²; see Wins
	Agreement        agreement.Agreement
	Synthetic        bool
	DataHash         string // empty: not fixed by the network
}

// NewRules converts a genesis file. It reports every value the integer rules cannot hold, and a protocol or format that is
// not this program's as a *chain.FormatError.
func NewRules(g *chain.Genesis) (*Rules, error) {
	var errs []error
	if g.Protocol != chain.Protocol || g.Format != chain.Format {
		errs = append(errs, &chain.FormatError{Protocol: g.Protocol, Format: g.Format})
	}
	micro := func(name string, v float64, lo, hi int64) int64 {
		m, err := chain.Micro(v)
		if err != nil || m < lo || m > hi {
			errs = append(errs, fmt.Errorf("genesis: %s %v: must be in [%d, %d] millionths", name, v, lo, hi))
		}
		return m
	}
	p := g.Parameters
	r := &Rules{
		Network:          g.NetworkID(),
		TargetBlockTime:  micro("target_block_time", p.TargetBlockTime, 1_000, 1<<45),
		InitialThreshold: micro("initial_threshold", p.InitialThreshold, minThreshold, maxThreshold),
		QuorumMin:        p.QuorumMinEvaluators,
		QuorumTolerance:  micro("quorum_tolerance", p.QuorumTolerance, 0, 1000*Micro),
		FinalityDepth:    int64(p.FinalityConfirmationDepth),
		StartTime:        p.StartTime.Micro(),
		Solo:             p.Solo,
		MayLeave:         p.MayLeave,
		MayAdd:           p.MayAdd,
		Domains:          make(map[string]DomainRules, len(g.Domains)),
	}
	if r.QuorumMin < 1 || r.QuorumMin > chain.MaxQuorum {
		errs = append(errs, fmt.Errorf("genesis: quorum_min_evaluators %d: must be in [1, %d]", p.QuorumMinEvaluators, chain.MaxQuorum))
	}
	if r.FinalityDepth < 1 || r.FinalityDepth > Window-MaxAnchorAge {
		errs = append(errs, fmt.Errorf("genesis: finality_confirmation_depth %d: must be in [1, %d]", r.FinalityDepth, Window-MaxAnchorAge))
	}
	for i := range g.Domains {
		d, err := newDomainRules(&g.Domains[i])
		if err != nil {
			errs = append(errs, fmt.Errorf("genesis: %w", err))
		}
		r.Domains[g.Domains[i].ID] = d
	}
	return r, errors.Join(errs...)
}

// newDomainRules converts an entry of a genesis file. It reports every value the integer rules cannot hold.
func newDomainRules(d *chain.Domain) (DomainRules, error) {
	var errs []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("domain %q: "+format, append([]any{d.ID}, args...)...))
		}
	}
	micro := func(name string, v float64, hi int64) int64 {
		m, err := chain.Micro(v)
		demand(err == nil && m >= 0 && m <= hi, "%s %v: must be in [0, %d] millionths", name, v, hi)
		return m
	}
	demand(d.PerformanceScale > 0 && finite(d.PerformanceScale), "performance_scale %v: must be positive", d.PerformanceScale)
	demand(d.Seeds >= 1 && d.Seeds <= chain.MaxSeeds, "seeds %d: must be in [1, %d]", d.Seeds, chain.MaxSeeds)
	err := d.Agreement.Validate()
	demand(err == nil, "%w", err)
	err = d.NoiseZ2.Validate()
	demand(err == nil, "noise_z2: %w", err)
	return DomainRules{
		Weight:           micro("weight", d.Weight, 1000*Micro),
		PerformanceScale: d.PerformanceScale,
		MinIncrement:     micro("min_increment", d.MinIncrement, Micro),
		Seeds:            d.Seeds,
		NoiseZ2:          d.NoiseZ2,
		Agreement:        d.Agreement,
		Synthetic:        d.HasSyntheticData,
		DataHash:         d.DataHash,
	}, errors.Join(errs...)
}

// NewState returns the state after block 0: the genesis file's evaluators are registered with reputation 10.
func NewState(g *chain.Genesis) (*State, error) {
	r, err := NewRules(g)
	if err != nil {
		return nil, err
	}
	s := &State{
		rules:           r,
		Tip:             chain.GenesisHash,
		TipTime:         r.StartTime,
		Generator:       chain.GenesisBlock().Header.GeneratorID,
		Difficulty:      NewDifficulty(r.InitialThreshold, r.TargetBlockTime, r.StartTime),
		BaseFee:         ledger.MinBaseFee,
		Ledger:          new(ledger.Ledger),
		Domains:         make(map[string]*Domain),
		Added:           make(map[string]*Added),
		Peers:           make(map[string]*Peer),
		FinalizedHeight: -1,
	}
	for id := range r.Domains {
		s.Domains[id] = new(Domain)
	}
	if err := grant(s.Ledger, g.Grants); err != nil {
		return nil, err
	}
	for _, e := range g.Evaluators {
		s.Peers[e.PeerID] = &Peer{
			PublicKey:  e.PublicKey,
			Reputation: Reputation{Score: reputationGenesis, Last: r.StartTime},
		}
	}
	s.index()
	s.Recent = []Recent{{Height: 0, Hash: s.Tip, Eligible: s.Eligible()}}
	return s, nil
}

// grant mints what a genesis file gives to keys, at most MaxSupply together.
func grant(l *ledger.Ledger, grants []chain.Grant) error {
	minted := int64(0)
	for i, g := range grants {
		units, err := ledger.ParseAmount(g.Amount)
		if err == nil && units == 0 {
			err = errors.New("must be above 0")
		}
		if err == nil && minted+units > ledger.MaxSupply {
			err = errors.New("together they are more than all there can be")
		}
		if err != nil {
			return fmt.Errorf("genesis: grants[%d]: %w", i, err)
		}
		minted += units
		if err := l.Restore(g.PeerID, units, 0); err != nil {
			return fmt.Errorf("genesis: grants[%d]: %w", i, err)
		}
	}
	return l.RestoreTotals(minted, 0)
}
