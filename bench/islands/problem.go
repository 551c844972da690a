package islands

import (
	"fmt"
	"os"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/open"
	"doin.network/node/compute/domain/pyrand"
	"doin.network/node/compute/domain/quadratic"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/canon"
)

// The domains that can be measured.
const (
	Quadratic = "quadratic"
	Forecast  = "forecast"
)

// The reference's quadratic benchmark: ten parameters, steps of 0.5, each run with a target of its own.
const (
	quadraticParams = 10
	quadraticStep   = 0.5
	quadraticGoal   = -100
)

// problem makes the domains of a benchmark.
type problem struct {
	name string
	node *canon.Object // the node configuration that real networks start from; its one domain is the problem
	dom  *canon.Object // that domain
}

// newProblem reads the node configuration of a domain; quadratic needs none.
func newProblem(name, path string) (*problem, error) {
	if path == "" {
		if name != Quadratic {
			return nil, fmt.Errorf("islands: domain %q needs a configuration", name)
		}
		return quadraticProblem(), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	o, err := canon.ParseObject(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	list, err := o.List("domains")
	if err != nil || len(list) != 1 {
		return nil, fmt.Errorf("%s: domains: want a list of one domain", path)
	}
	d, err := canon.AsObject(list[0])
	if err != nil {
		return nil, fmt.Errorf("%s: domains[0]: %w", path, err)
	}
	return &problem{name: name, node: o, dom: d}, nil
}

func quadraticProblem() *problem {
	d := canon.NewObject("domain_id", Quadratic, "optimize", true, "evaluate", true, "optimization_plugin", quadratic.Plugin,
		"min_increment", 0, "optimization_config", canon.NewObject("n_params", quadraticParams, "step_size", quadraticStep))
	return &problem{name: Quadratic, node: canon.NewObject("domains", []any{d}), dom: d}
}

// id is the domain's id in a network.
func (p *problem) id() string {
	id, _ := p.dom.StringOr("domain_id", p.name)
	return id
}

// minIncrement is the improvement, in units of the performance, below which nothing is announced.
func (p *problem) minIncrement() float64 {
	v, ok := p.dom.Get("min_increment")
	if !ok {
		return 0.005
	}
	switch v := v.(type) {
	case int64:
		return float64(v)
	case float64:
		return v
	}
	return 0
}

// config is the domain's configuration for the run with a seed: quadratic's target is drawn as the reference draws it, by
// the global generator of a process with that seed. An island has no seed of its own in it, so that islands take
// different steps.
func (p *problem) config(seed uint64) *canon.Object {
	o, err := p.dom.ObjectOr("optimization_config", canon.NewObject())
	if err != nil {
		o = canon.NewObject()
	}
	o = o.Clone()
	if p.name == Quadratic {
		global := pyrand.NewLegacy(uint32(seed))
		target := make([]float64, quadraticParams)
		for i := range target {
			target[i] = global.Uniform(-5, 5)
		}
		o.Set("target", target)
	}
	return o
}

// open makes the domain of the run with a seed.
func (p *problem) open(seed uint64) (domain.Domain, error) {
	plugin, err := p.dom.String("optimization_plugin")
	if err != nil {
		return nil, err
	}
	return open.New(plugin, p.config(seed), settings.Top()...)
}

// shared reports whether every run has the same domain, whatever its seed.
func (p *problem) shared() bool { return p.name != Quadratic }

// strategySettings are the GA's settings in the configuration, as package node passes them on; fresh.
func (p *problem) strategySettings() *canon.Object {
	out := canon.NewObject()
	config := p.config(0)
	if v, ok := config.Get("population_size"); ok {
		out.Set("population", v)
	}
	if o, err := config.ObjectOr("ga", nil); err == nil && o != nil {
		for k, v := range o.All() {
			out.Set(k, v)
		}
	}
	return out
}
