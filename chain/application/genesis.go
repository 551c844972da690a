package application

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/account"
	"doin.network/node/chain/consensus"
	"doin.network/node/chain/light"
	"doin.network/node/chain/optimae"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

// Protocol is what these rules are.
const Protocol = 2

// Genesis is what a network begins with, and its constants: a file of JSON. Times are in µs, shares in 10⁻⁶, money in base units.
type Genesis struct {
	Protocol         int         `json:"protocol"`          // 2
	Start            int64       `json:"start"`             // of slot 0
	Slot             int64       `json:"slot"`              // length of a slot
	TargetTime       int64       `json:"target_time"`       // between paying blocks
	InitialThreshold int64       `json:"initial_threshold"` // of increments, for a paying block
	QuorumMin        int         `json:"quorum_min"`        // 0: 1 up to three evaluators of a domain, else 2
	Tolerance        int64       `json:"tolerance"`         // of scores on synthetic data
	Solo             bool        `json:"solo"`
	StampBits        int         `json:"stamp_bits"`
	Domains          []Domain    `json:"domains"`
	Evaluators       []Evaluator `json:"evaluators"`
	Balances         []Balance   `json:"balances"`

	id string
}

// Domain is a problem's constants.
type Domain struct {
	ID               string  `json:"id"`
	Weight           int64   `json:"weight"`
	PerformanceScale float64 `json:"performance_scale"`
	MinIncrement     int64   `json:"min_increment"`
	NoiseZ2          int64   `json:"noise_z2"` // z², whole
	Synthetic        bool    `json:"synthetic"`
	VerifyWindow     int64   `json:"verify_window"` // slots
	Radius           float64 `json:"radius"`        // 0: results are equal
	Possible         int64   `json:"possible"`      // the largest increment that a claim is paid for
}

// Evaluator is one from the first block on. Its stake is minted.
type Evaluator struct {
	Key     string   `json:"key"` // the public key's point in hex
	Domains []string `json:"domains"`
}

// Balance is money that is there from the first block on.
type Balance struct {
	Peer  string `json:"peer"`
	Units int64  `json:"units"`
}

// Bounds of a genesis file.
const (
	maxGenesis  = 8 << 20
	maxDomains  = 256
	maxBalances = 100_000
)

// ErrGenesis is matched by the error for a genesis file that is none.
var ErrGenesis = errors.New("application: genesis file")

// ParseGenesis reads a genesis file: of this package's own form, in which members are all there and none is unknown, or of the form that
// all nodes of this project share, which has "parameters": see Of.
func ParseGenesis(data []byte) (*Genesis, error) {
	if len(data) > maxGenesis {
		return nil, fmt.Errorf("%w: %d bytes, at most %d", ErrGenesis, len(data), maxGenesis)
	}
	file, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	if file.Has("parameters") {
		shared, err := chain.ParseGenesis(data)
		if err != nil {
			return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
		}
		return Of(shared)
	}
	g := new(Genesis)
	d := json.NewDecoder(bytes.NewReader(data))
	d.DisallowUnknownFields()
	if err := d.Decode(g); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrGenesis, err)
	}
	if err := g.validate(); err != nil {
		return nil, err
	}
	g.id = canon.Hash(file)
	return g, nil
}

// NetworkID is the SHA-256 of the file's canonical JSON in hex: it stands in every signature.
func (g *Genesis) NetworkID() string { return g.id }

// validate reports every value that the rules cannot hold.
func (g *Genesis) validate() error {
	var errs []error
	demand := func(ok bool, format string, args ...any) {
		if !ok {
			errs = append(errs, fmt.Errorf("%w: "+format, append([]any{ErrGenesis}, args...)...))
		}
	}
	demand(g.Protocol == Protocol, "protocol %d, want %d", g.Protocol, Protocol)
	demand(g.Start >= 0 && g.Start < 1<<60, "start %d: must be in [0, 2⁶⁰)", g.Start)
	demand(g.Slot >= 1000 && g.Slot <= 3_600_000_000, "slot %d: must be from a millisecond to an hour", g.Slot)
	demand(g.TargetTime >= g.Slot && g.TargetTime <= 1<<45, "target_time %d: must be from a slot to a year", g.TargetTime)
	demand(g.InitialThreshold >= 1 && g.InitialThreshold <= 1_000_000*consensus.Micro, "initial_threshold %d: must be in [1, 10¹²]", g.InitialThreshold)
	demand(g.QuorumMin >= 0 && g.QuorumMin <= 63, "quorum_min %d: must be in [0, 63]", g.QuorumMin)
	demand(g.Tolerance >= 0 && g.Tolerance <= 1000*consensus.Micro, "tolerance %d: must be in [0, 10⁹]", g.Tolerance)
	demand(g.StampBits >= 0 && g.StampBits <= 128, "stamp_bits %d: must be in [0, 128]", g.StampBits)
	demand(len(g.Domains) >= 1 && len(g.Domains) <= maxDomains, "%d domains: must be in [1, %d]", len(g.Domains), maxDomains)
	demand(len(g.Evaluators) >= 1 && len(g.Evaluators) <= light.MaxPeers, "%d evaluators: must be in [1, %d]", len(g.Evaluators), light.MaxPeers)
	demand(len(g.Balances) <= maxBalances, "%d balances: at most %d", len(g.Balances), maxBalances)
	known := map[string]bool{}
	for _, d := range g.Domains {
		demand(d.ID != "" && len(d.ID) <= 128 && !known[d.ID], "domain %.32q: must be named, once, by at most 128 bytes", d.ID)
		known[d.ID] = true
		demand(d.Weight >= 0 && d.Weight <= 1000*consensus.Micro, "domain %q: weight %d: must be in [0, 10⁹]", d.ID, d.Weight)
		demand(d.PerformanceScale >= 1e-6 && d.PerformanceScale <= 1e9, "domain %q: performance_scale %v: must be in [10⁻⁶, 10⁹]", d.ID, d.PerformanceScale)
		demand(d.MinIncrement >= 0 && d.MinIncrement <= consensus.Micro, "domain %q: min_increment %d: must be in [0, 10⁶]", d.ID, d.MinIncrement)
		demand(d.NoiseZ2 >= 0 && d.NoiseZ2 <= 10_000, "domain %q: noise_z2 %d: must be in [0, 10⁴]", d.ID, d.NoiseZ2)
		demand(d.VerifyWindow >= 1 && d.VerifyWindow <= 1_000_000, "domain %q: verify_window %d: must be in [1, 10⁶]", d.ID, d.VerifyWindow)
		demand(d.Radius >= 0 && d.Radius <= 1e9, "domain %q: radius %v: must be in [0, 10⁹]", d.ID, d.Radius)
		demand(d.Possible >= 0 && d.Possible <= 1000*consensus.Micro, "domain %q: possible %d: must be in [0, 10⁹]", d.ID, d.Possible)
	}
	seen := map[string]bool{}
	for i, e := range g.Evaluators {
		demand(!seen[e.Key], "evaluator %d is there twice", i)
		seen[e.Key] = true
		demand(len(e.Domains) >= 1 && len(e.Domains) <= 32 && slices.IsSorted(e.Domains) && len(slices.Compact(slices.Clone(e.Domains))) == len(e.Domains),
			"evaluator %d: must name up to 32 domains, ascending", i)
		for _, d := range e.Domains {
			demand(known[d], "evaluator %d: no domain %.32q", i, d)
		}
	}
	has := map[string]bool{}
	for i, b := range g.Balances {
		_, err := account.ParseID(b.Peer)
		demand(err == nil && b.Units > 0 && !has[b.Peer], "balance %d: must be positive, of a peer id, once", i)
		has[b.Peer] = true
	}
	return errors.Join(errs...)
}

// rules are the constants as package optimae takes them.
func (g *Genesis) rules() optimae.Rules {
	r := optimae.Rules{Network: g.id, TargetTime: g.TargetTime, SlotTime: g.Slot, InitialThreshold: g.InitialThreshold, QuorumMin: g.QuorumMin,
		Tolerance: g.Tolerance, Solo: g.Solo, StampBits: g.StampBits, Domains: map[string]optimae.DomainRules{}}
	for _, d := range g.Domains {
		r.Domains[d.ID] = optimae.DomainRules{
			DomainRules: consensus.DomainRules{Weight: d.Weight, PerformanceScale: d.PerformanceScale, MinIncrement: d.MinIncrement,
				NoiseZ2: ratio.Ratio{Num: d.NoiseZ2, Den: 1}, Synthetic: d.Synthetic},
			VerifyWindow: d.VerifyWindow, Radius: d.Radius, Possible: d.Possible,
		}
	}
	return r
}

// point returns an evaluator's key, and its id by a scheme.
func (e *Evaluator) point(scheme Scheme) (point []byte, id string, err error) {
	if point, err = hex.DecodeString(e.Key); err != nil || hex.EncodeToString(point) != e.Key {
		return nil, "", fmt.Errorf("%w: key %.32q of an evaluator is not lower-case hex", ErrGenesis, e.Key)
	}
	if id, err = scheme.Peer(point); err != nil {
		return nil, "", fmt.Errorf("%w: key %.32q of an evaluator: %w", ErrGenesis, e.Key, err)
	}
	return point, id, nil
}
