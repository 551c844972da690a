package config

import (
	"fmt"
	"math"
	"strings"
	"time"

	"doin.network/node/ga/island"
	"doin.network/node/ga/settings"
	"doin.network/node/internal/agreement"
	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

// ExecPrefix begins the name of a plugin that is an executable which speaks the worker protocol: "exec:./my_domain.py".
// Every other name is the worker's to know.
const ExecPrefix = "exec:"

// PluginQuadratic is the plugin of the reference's benchmark, for which older documents have another name.
const PluginQuadratic = "simple_quadratic"

// pythonPlugin is the plugin of the Python implementation that has no counterpart: its files are read all the same.
const pythonPlugin = "predictor"

// Bounds of a claim's seeds, those of a genesis file.
const (
	MaxSeeds     = 64
	DefaultSeeds = 4
)

// MaxPluginBytes bounds the name of a plugin.
const MaxPluginBytes = 1024

// Domain is the node's part in one optimization problem.
type Domain struct {
	// Added says that the domain is no part of the file: a transaction added it to the network. No key.
	Added bool
	// unread are members of OptimizationConfig that the domain's program is not given.
	unread []string
	// ID names the domain in the whole network. Key domain_id, required, at
	// most 128 bytes.
	ID string
	// Optimize and Evaluate are the roles. Keys optimize and evaluate, default
	// false.
	Optimize, Evaluate bool
	// OptimizationPlugin, InferencePlugin and SyntheticPlugin are names of what computes the domain. One program plays all three
	// parts; see Plugin. Keys optimization_plugin, inference_plugin and synthetic_data_plugin, the first required with a role.
	OptimizationPlugin, InferencePlugin, SyntheticPlugin string
	// HasSynthetic says that evaluators can generate data of their own. Key
	// has_synthetic_data, default false.
	HasSynthetic bool
	// Validate is whether optimae need a quorum, in the reference profile; in the
	// strict one they always do. Key synthetic_data_validation, default true.
	Validate bool
	// HigherIsBetter is the direction of the metric. Key higher_is_better,
	// default true.
	HigherIsBetter bool
	// MetricType labels the metric. Key metric_type, default "".
	MetricType string
	// Target ends the search when the verified champion reaches it; nil for none.
	// Key target_performance.
	Target *Target
	// PerformanceScale is the unit of increments, in units of the performance. Key
	// performance_scale, default 1, from 1e-6 to 1e9.
	PerformanceScale float64
	// MinIncrement is the improvement, in that unit, below which a claim is refused.
	// Key min_increment, default 0.005, in [0, 1].
	MinIncrement float64
	// Seeds is the number of seeds of a claim; 0: as many as suit the plugin, see
	// ClaimSeeds. Key seeds, from 1 to MaxSeeds.
	Seeds int
	// NoiseZ2 is z²: how far beyond noise a claim must be better than its base. Key
	// noise_z2, an integer or a text like "9/4", default 4.
	NoiseZ2 ratio.Ratio
	// Agreement is when votes reproduce a claim: "exact", or {"within": "1/1000"}. Key agreement, default exact, and within a thousandth
	// for an exec: plugin and where models has gru, lstm or attention, which cannot be exact; nil: that default.
	Agreement *agreement.Agreement
	// Bounds limit the parameters of an optimae, in the order of the file. Key
	// param_bounds, default none.
	Bounds []Bound
	// Resources limit one job. Key resource_limits.
	Resources Resources
	// Migration is which champions of other nodes enter the search. Key migration, default: every one, in the
	// next round.
	Migration island.Config
	// Incentives shape the reward in the reference profile. Key incentive_config.
	Incentives Incentives
	// OptimizationConfig, InferenceConfig and SyntheticConfig are what the plugin gets, without comments. The second and the third
	// are read and not used, since one program plays every part; they fall back to the first, and none is nil in a loaded Config.
	// Keys optimization_config, inference_config and synthetic_data_config, default {}.
	OptimizationConfig, InferenceConfig, SyntheticConfig *canon.Object
}

// Target is what ends a search: a performance, or a metric of the champion, in the unit of the domain's data.
type Target struct {
	// Metric is "" for the performance, which is reached from below; a metric is reached from above.
	Metric string
	Value  float64
}

// Performance returns the performance that is the target, nil if there is none or it is a metric. t may be nil.
func (t *Target) Performance() *float64 {
	if t == nil || t.Metric != "" {
		return nil
	}
	return &t.Value
}

// Bound is the range of one parameter, ends included.
type Bound struct {
	Name      string
	Low, High float64
}

// Resources limit one job of a worker.
type Resources struct {
	MaxTraining  time.Duration // max_training_seconds, default 3600 s, above 0
	MaxMemoryMB  float64       // max_memory_mb, default 8192, above 0
	MaxEpochs    int           // max_epochs, default 5000, min 1
	MaxBatchSize int           // max_batch_size, default 512, min 1
}

// Incentives are the reward formula's constants in the reference profile.
type Incentives struct {
	HigherIsBetter     bool    // higher_is_better, default true
	ToleranceMargin    float64 // tolerance_margin, default 0.1, min 0
	BonusThreshold     float64 // bonus_threshold, default 0.05, min 0
	MinRewardFraction  float64 // min_reward_fraction, default 0.3, in [0, 1]
	MaxBonusMultiplier float64 // max_bonus_multiplier, default 1.2, min 1
}

// DefaultDomain returns the values of a domain's missing keys.
func DefaultDomain() Domain {
	return Domain{
		Validate:         true,
		HigherIsBetter:   true,
		PerformanceScale: 1,
		MinIncrement:     0.005,
		NoiseZ2:          ratio.Ratio{Num: 4, Den: 1},
		Resources: Resources{
			MaxTraining: time.Hour, MaxMemoryMB: 8192, MaxEpochs: 5000, MaxBatchSize: 512,
		},
		Incentives: Incentives{
			HigherIsBetter: true, ToleranceMargin: 0.1, BonusThreshold: 0.05,
			MinRewardFraction: 0.3, MaxBonusMultiplier: 1.2,
		},
		Migration:          island.DefaultConfig(),
		OptimizationConfig: canon.NewObject(),
		InferenceConfig:    canon.NewObject(),
		SyntheticConfig:    canon.NewObject(),
	}
}

// Plugin returns the name of the program that runs the domain: the optimization
// plugin, or the inference plugin of a node that only evaluates, with aliases
// replaced by the name they stand for. It is empty for a domain without one.
func (d *Domain) Plugin() string {
	name := d.OptimizationPlugin
	if name == "" {
		name = d.InferencePlugin
	}
	return pluginName(name)
}

// ClaimSeeds returns the number of seeds of a claim: the file's; else 1 for a plugin whose results no seed changes, and
// DefaultSeeds for the others.
func (d *Domain) ClaimSeeds() int {
	switch {
	case d.Seeds > 0:
		return d.Seeds
	case d.Plugin() == PluginQuadratic:
		return 1
	}
	return DefaultSeeds
}

// ClaimAgreement returns when votes of the domain reproduce a claim: the file's; else within a thousandth for a program of one's own,
// which computes with what libraries its machine has, and for models on which machines do not agree bit for bit; exactly for what else is
// built in.
func (d *Domain) ClaimAgreement() agreement.Agreement {
	if d.Agreement != nil {
		return *d.Agreement
	}
	if _, own := d.Command(); own {
		return agreement.Default
	}
	if _, rough := agreement.Approximate(d.Plugin(), d.OptimizationConfig); rough {
		return agreement.Default
	}
	return agreement.Agreement{}
}

// Command returns the executable of an "exec:" plugin; ok is false for the
// others.
func (d *Domain) Command() (path string, ok bool) {
	return strings.CutPrefix(d.Plugin(), ExecPrefix)
}

// Unavailable says why the domain cannot be run here, "" if it can as far as this package knows: whether the worker has
// the plugin is the worker's to say. Such a domain is reported and skipped: the node relays its messages without a role in it.
func (d *Domain) Unavailable() string {
	if d.Plugin() == pythonPlugin {
		return fmt.Sprintf("plugin %q is part of the Python implementation and not available here", pythonPlugin)
	}
	return ""
}

// Active reports whether the node runs the domain: it has a role here and is not known to be unavailable.
func (d *Domain) Active() bool { return (d.Optimize || d.Evaluate) && d.Unavailable() == "" }

// read is a copy of what is looked at in OptimizationConfig.
func (d *Domain) read() *canon.Object {
	o := d.OptimizationConfig.Clone()
	if o == nil {
		o = canon.NewObject()
	}
	for _, name := range d.unread {
		o.Delete(name)
	}
	return o
}

// WorkerConfig returns what the domain's program is configured with: a copy of
// optimization_config to which metric_type and param_bounds are added where they
// are set here and missing there, and where it names models of a built-in domain the
// agreement that they must keep.
func (d *Domain) WorkerConfig() *canon.Object {
	o := d.read()
	if _, ok := o.Get("metric_type"); !ok && d.MetricType != "" {
		o.Set("metric_type", d.MetricType)
	}
	_, own := o.Get("param_bounds")
	_, other := o.Get("hyperparameter_bounds")
	if !own && !other && len(d.Bounds) > 0 {
		bounds := canon.NewObject()
		for _, b := range d.Bounds {
			bounds.Set(b.Name, []any{wholeOrFloat(b.Low), wholeOrFloat(b.High)})
		}
		o.Set("param_bounds", bounds)
	}
	if _, program := d.Command(); !program && o.Has("models") { // those of the worker's own are the worker's to judge
		o.Set("agreement", d.ClaimAgreement().Value())
	}
	return o
}

// SearchSettings returns what the search in the domain's program is configured with, fresh: the search's keys of
// optimization_config, wherever in it they stand. An error names each that is unknown, out of bounds or given twice. Of the
// configuration of an "exec:" program, which is the program's own, "strategy" and what stands in "ga" is the search's,
// unchecked.
func (d *Domain) SearchSettings() (*canon.Object, error) {
	if _, own := d.Command(); !own {
		search, _, err := settings.Split(d.read())
		return search, err
	}
	search, err := d.OptimizationConfig.ObjectOr(settings.Nest, canon.NewObject())
	if err != nil {
		return nil, err
	}
	search = search.Clone()
	if v, ok := d.OptimizationConfig.Get(settings.Strategy); ok {
		search.Set(settings.Strategy, v)
	}
	return search, nil
}

// MetricLabel returns the name of the performance metric in records.
func (d *Domain) MetricLabel() string {
	for _, key := range []string{"optimization_metric", "performance_metric"} {
		if v, _ := d.OptimizationConfig.Get(key); v != nil {
			if s, ok := v.(string); ok && s != "" {
				return s
			}
		}
	}
	if d.MetricType != "" {
		return d.MetricType
	}
	return "fitness"
}

func pluginName(name string) string {
	if name == "quadratic" { // what older documents call it
		return PluginQuadratic
	}
	return name
}

// wholeOrFloat keeps whole bounds integers, as people write them.
func wholeOrFloat(f float64) any {
	if f == math.Trunc(f) && math.Abs(f) < 1<<53 {
		return int64(f)
	}
	return f
}
