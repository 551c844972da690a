package config

import (
	"errors"
	"time"

	"doin.network/node/internal/canon"
	"doin.network/node/internal/ratio"
)

// domainObjects are the members of one domain that are read by code of their own.
var domainObjects = []string{"param_bounds", "resource_limits", "incentive_config", "migration"}

// domainKeys are its other members.
var domainKeys = []key[Domain]{
	text("domain_id", func(d *Domain) *string { return &d.ID }),
	boolean("optimize", func(d *Domain) *bool { return &d.Optimize }),
	boolean("evaluate", func(d *Domain) *bool { return &d.Evaluate }),
	text("optimization_plugin", func(d *Domain) *string { return &d.OptimizationPlugin }),
	text("inference_plugin", func(d *Domain) *string { return &d.InferencePlugin }),
	text("synthetic_data_plugin", func(d *Domain) *string { return &d.SyntheticPlugin }),
	boolean("has_synthetic_data", func(d *Domain) *bool { return &d.HasSynthetic }),
	boolean("synthetic_data_validation", func(d *Domain) *bool { return &d.Validate }),
	boolean("higher_is_better", func(d *Domain) *bool { return &d.HigherIsBetter }),
	text("metric_type", func(d *Domain) *string { return &d.MetricType }),
	or(key[Domain]{name: "target_performance", read: readTarget, value: func(d *Domain) any {
		switch {
		case d.Target == nil:
			return nil
		case d.Target.Metric != "":
			return canon.NewObject(d.Target.Metric, d.Target.Value)
		}
		return wholeOrFloat(d.Target.Value)
	}}, func(d *Domain) { d.Target = nil }),
	number("performance_scale", func(d *Domain) *float64 { return &d.PerformanceScale }),
	number("min_increment", func(d *Domain) *float64 { return &d.MinIncrement }),
	integer("seeds", func(d *Domain) *int { return &d.Seeds }),
	{name: "noise_z2", read: readRatio, value: func(d *Domain) any { return d.NoiseZ2.String() }},
	object("optimization_config", func(d *Domain) **canon.Object { return &d.OptimizationConfig }),
	object("inference_config", func(d *Domain) **canon.Object { return &d.InferenceConfig }),
	object("synthetic_data_config", func(d *Domain) **canon.Object { return &d.SyntheticConfig }),
}

// resourceKeys are the members of resource_limits.
var resourceKeys = []key[Resources]{
	seconds("max_training_seconds", func(r *Resources) *time.Duration { return &r.MaxTraining }),
	number("max_memory_mb", func(r *Resources) *float64 { return &r.MaxMemoryMB }),
	integer("max_epochs", func(r *Resources) *int { return &r.MaxEpochs }),
	integer("max_batch_size", func(r *Resources) *int { return &r.MaxBatchSize }),
}

// incentiveKeys are the members of incentive_config.
var incentiveKeys = []key[Incentives]{
	boolean("higher_is_better", func(i *Incentives) *bool { return &i.HigherIsBetter }),
	number("tolerance_margin", func(i *Incentives) *float64 { return &i.ToleranceMargin }),
	number("bonus_threshold", func(i *Incentives) *float64 { return &i.BonusThreshold }),
	number("min_reward_fraction", func(i *Incentives) *float64 { return &i.MinRewardFraction }),
	number("max_bonus_multiplier", func(i *Incentives) *float64 { return &i.MaxBonusMultiplier }),
}

func readTarget(d *Domain, v any) error {
	if o, ok := v.(*canon.Object); ok {
		return readMetricTarget(d, o)
	}
	f, err := toFloat(v)
	if err == nil {
		d.Target = &Target{Value: f}
	}
	return err
}

// errMetric is what a target that is an object should have been.
var errMetric = errors.New(`must be a number, or an object of one metric and its value, as {"mae": 0.22}`)

func readMetricTarget(d *Domain, o *canon.Object) error {
	keys := o.Keys()
	if len(keys) != 1 || keys[0] == "" || len(keys[0]) > 64 {
		return errMetric
	}
	v, _ := o.Get(keys[0])
	f, err := toFloat(v)
	if err != nil {
		return errMetric
	}
	d.Target = &Target{Metric: keys[0], Value: f}
	return nil
}

func readRatio(d *Domain, v any) error {
	r, err := ratio.Parse(v)
	if err != nil {
		return errors.New(`must be an integer from 0 to 1000000, or a fraction as "9/4"`)
	}
	d.NoiseZ2 = r
	return nil
}
