package nn

import (
	"fmt"
	"math"

	"doin.network/node/internal/canon"
)

// Object returns c as the genome of a task of the domain "nn": every member that is not zero, named as in CONTRACT.md.
func (c *Config) Object() *canon.Object {
	o := canon.NewObject()
	c.fields(func(key string, field any) {
		switch v := field.(type) {
		case *int:
			set(o, key, *v)
		case *float32:
			set(o, key, *v)
		case *Activation:
			set(o, key, *v)
		case *Loss:
			set(o, key, *v)
		case *Optimizer:
			set(o, key, *v)
		case *Schedule:
			set(o, key, *v)
		}
	})
	if len(c.Hidden) > 0 {
		widths := make([]any, len(c.Hidden))
		for i, w := range c.Hidden {
			widths[i] = int64(w)
		}
		o.Set("hidden", widths)
	}
	if len(c.Layers) > 0 {
		layers := make([]any, len(c.Layers))
		for i := range c.Layers {
			l := canon.NewObject()
			c.Layers[i].fields(func(key string, field any) {
				switch v := field.(type) {
				case *int:
					set(l, key, *v)
				case *float32:
					set(l, key, *v)
				case *Activation:
					set(l, key, *v)
				case *Kind:
					set(l, key, *v)
				}
			})
			layers[i] = l
		}
		o.Set("layers", layers)
	}
	return o
}

// set sets a member unless it is zero.
func set[T int | float32 | Activation | Loss | Optimizer | Schedule | Kind](o *canon.Object, key string, v T) {
	var zero T
	if v == zero {
		return
	}
	switch v := any(v).(type) {
	case int:
		o.Set(key, v)
	case float32:
		o.Set(key, float64(v))
	default:
		o.Set(key, fmt.Sprint(v))
	}
}

// ConfigFromObject reads the genome of a task of the domain "nn". A member that is missing is zero; one that is unknown,
// a number that is not a float32 and a wrong kind are errors, ErrConfig. Whether the configuration is usable, Validate
// says.
func ConfigFromObject(o *canon.Object) (Config, error) {
	var c Config
	known := map[string]func(v any) error{
		"hidden": func(v any) (err error) { c.Hidden, err = readWidths(v); return err },
		"layers": func(v any) (err error) { c.Layers, err = readLayers(v); return err },
	}
	c.fields(func(key string, field any) { known[key] = func(v any) error { return readField(field, v) } })
	return c, readMembers(o, known)
}

// fields calls f for the name and the place of every member that is a number or a word.
func (c *Config) fields(f func(key string, field any)) {
	f("inputs", &c.Inputs)
	f("outputs", &c.Outputs)
	f("activation", &c.Activation)
	f("steps", &c.Steps)
	f("loss", &c.Loss)
	f("batch", &c.Batch)
	f("max_steps", &c.MaxSteps)
	f("optimizer", &c.Optimizer)
	f("learning_rate", &c.LearningRate)
	f("weight_decay", &c.WeightDecay)
	f("beta1", &c.Beta1)
	f("beta2", &c.Beta2)
	f("epsilon", &c.Epsilon)
	f("momentum", &c.Momentum)
	f("clip_norm", &c.ClipNorm)
	f("warmup_steps", &c.WarmupSteps)
	f("schedule", &c.Schedule)
	f("schedule_steps", &c.ScheduleSteps)
	f("eval_every", &c.EvalEvery)
	f("patience", &c.Patience)
	f("min_delta", &c.MinDelta)
	f("segment", &c.Segment)
}

func (l *Layer) fields(f func(key string, field any)) {
	f("kind", &l.Kind)
	f("width", &l.Width)
	f("kernel", &l.Kernel)
	f("dilation", &l.Dilation)
	f("activation", &l.Activation)
	f("rate", &l.Rate)
}

// readMembers reads each member of o by its function.
func readMembers(o *canon.Object, known map[string]func(v any) error) error {
	for key, v := range o.All() {
		read, ok := known[key]
		if !ok {
			return fmt.Errorf("%w: unknown member %.80q", ErrConfig, key)
		}
		if err := read(v); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrConfig, key, err)
		}
	}
	return nil
}

// readField stores v in a field.
func readField(field, v any) error {
	switch f := field.(type) {
	case *int:
		n, ok := v.(int64)
		if !ok || int64(int(n)) != n {
			return fmt.Errorf("%s, want an integer", canon.KindOf(v))
		}
		*f = int(n)
		return nil
	case *float32:
		return readFloat(f, v)
	}
	s, ok := v.(string)
	if !ok {
		return fmt.Errorf("%s, want a string", canon.KindOf(v))
	}
	switch f := field.(type) {
	case *Activation:
		*f = Activation(s)
	case *Loss:
		*f = Loss(s)
	case *Optimizer:
		*f = Optimizer(s)
	case *Schedule:
		*f = Schedule(s)
	case *Kind:
		*f = Kind(s)
	}
	return nil
}

// readFloat stores a number that is a float32 exactly.
func readFloat(f *float32, v any) error {
	var d float64
	switch v := v.(type) {
	case int64:
		d = float64(v)
	case float64:
		d = v
	default:
		return fmt.Errorf("%s, want a number", canon.KindOf(v))
	}
	if *f = float32(d); float64(*f) != d || math.IsInf(d, 0) {
		return fmt.Errorf("%v is not a float32", d)
	}
	return nil
}

func readWidths(v any) ([]int, error) {
	list, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	if len(list) > MaxLayers {
		return nil, fmt.Errorf("%d layers: at most %d", len(list), MaxLayers)
	}
	widths := make([]int, len(list))
	for i, v := range list {
		if err := readField(&widths[i], v); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return widths, nil
}

func readLayers(v any) ([]Layer, error) {
	list, err := canon.AsList(v)
	if err != nil {
		return nil, err
	}
	if len(list) > MaxLayers {
		return nil, fmt.Errorf("%d layers: at most %d", len(list), MaxLayers)
	}
	layers := make([]Layer, len(list))
	for i, v := range list {
		o, err := canon.AsObject(v)
		if err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
		known := map[string]func(v any) error{}
		layers[i].fields(func(key string, field any) { known[key] = func(v any) error { return readField(field, v) } })
		if err := readMembers(o, known); err != nil {
			return nil, fmt.Errorf("[%d]: %w", i, err)
		}
	}
	return layers, nil
}
