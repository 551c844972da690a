package application

import (
	"encoding/hex"
	"fmt"
	"slices"

	"doin.network/node/chain"
	"doin.network/node/chain/identity"
	"doin.network/node/chain/ledger"
)

// Of returns what a network begins with by its genesis file in the form that all nodes of this project share (chain.Genesis), of
// protocol 2. Its network id is the file's. Every evaluator is one of every domain. What the rules cannot hold matches ErrGenesis.
func Of(file *chain.Genesis) (*Genesis, error) {
	c := converter{}
	p := &file.Parameters
	g := &Genesis{
		Protocol:         file.Protocol,
		Start:            p.StartTime.Micro(),
		Slot:             c.micro("slot_time", p.SlotTime),
		TargetTime:       c.micro("target_block_time", p.TargetBlockTime),
		InitialThreshold: c.micro("initial_threshold", p.InitialThreshold),
		QuorumMin:        p.QuorumMinEvaluators,
		Tolerance:        c.micro("quorum_tolerance", p.QuorumTolerance),
		Solo:             p.Solo,
		StampBits:        p.StampBits,
		id:               file.NetworkID(),
	}
	var ids []string
	for i := range file.Domains {
		d := &file.Domains[i]
		ids = append(ids, d.ID)
		g.Domains = append(g.Domains, c.domain(d))
	}
	slices.Sort(ids)
	for _, e := range file.Evaluators {
		g.Evaluators = append(g.Evaluators, Evaluator{c.point(e), ids})
	}
	for _, grant := range file.Grants {
		units, err := ledger.ParseAmount(grant.Amount)
		if err != nil {
			c.refuse("grant of %.16s: %w", grant.PeerID, err)
		}
		g.Balances = append(g.Balances, Balance{grant.PeerID, units})
	}
	if c.err != nil {
		return nil, c.err
	}
	return g, g.validate()
}

// converter turns a genesis file's numbers into the rules' and keeps the first that cannot be.
type converter struct{ err error }

func (c *converter) refuse(format string, args ...any) {
	if c.err == nil {
		c.err = fmt.Errorf("%w: "+format, append([]any{ErrGenesis}, args...)...)
	}
}

// micro is a number in 10⁻⁶.
func (c *converter) micro(name string, v float64) int64 {
	m, err := chain.Micro(v)
	if err != nil {
		c.refuse("%s: %w", name, err)
	}
	return m
}

// point is an evaluator's public key as Genesis has it.
func (c *converter) point(e chain.Evaluator) string {
	point, err := identity.PointOf(e.PublicKey)
	if err != nil {
		c.refuse("evaluator %.16s: %w", e.PeerID, err)
	}
	return hex.EncodeToString(point)
}

// domain is a domain's entry. Results that agree within a share r agree within r of performance_scale, the unit of increments.
func (c *converter) domain(d *chain.Domain) Domain {
	if d.NoiseZ2.Den != 1 {
		c.refuse("domain %q: noise_z2 %d/%d: must be whole", d.ID, d.NoiseZ2.Num, d.NoiseZ2.Den)
	}
	out := Domain{
		ID:               d.ID,
		Weight:           c.micro("weight", d.Weight),
		PerformanceScale: d.PerformanceScale,
		MinIncrement:     c.micro("min_increment", d.MinIncrement),
		NoiseZ2:          d.NoiseZ2.Num,
		Synthetic:        d.HasSyntheticData,
		VerifyWindow:     int64(d.VerifyWindow),
		Possible:         c.micro("largest_increment", d.LargestIncrement),
	}
	if r := d.Agreement.Within; !d.Agreement.Exact() {
		out.Radius = float64(r.Num) / float64(r.Den) * d.PerformanceScale
	}
	return out
}
