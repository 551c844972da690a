package workload

import (
	"slices"

	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
)

// Variant says what differs within a population.
type Variant string

// The variants.
const (
	Fixed  Variant = "fixed" // one shape, every model makes all its steps
	Early  Variant = "early" // one shape; learning rates differ, and models stop when validation does not improve
	Shapes Variant = "mixed" // shapes, batches and activations differ; every model makes all its steps
	GA     Variant = "ga"    // mixed and early together: the population that a genetic search makes
)

// Workload is one kind of training, with the models that a population cycles through.
type Workload struct {
	Name    string // "S2"
	Variant Variant
	Models  []nn.Config
}

// String returns name and variant, "mixed ga"; the variant Fixed goes without saying.
func (w *Workload) String() string {
	if w.Variant == Fixed {
		return w.Name
	}
	return w.Name + " " + string(w.Variant)
}

// Names of the workloads.
const (
	S2    = "S2"    // MLP 32-64-64-1, batch 64: the headline
	Small = "small" // MLP 16-32-1, batch 32
	Wide  = "wide"  // MLP 32-128-128-1, batch 64
	TCN   = "tcn"   // 3 residual blocks of 32 channels, kernel 3, dilations 1, 2, 4, window 64, batch 16; a tenth of the steps
	Mixed = "mixed" // 24 shapes of one or two hidden layers of 4 to 63, inputs 12 to 35, batch 16, 32 or 64, four activations
)

// Validation of the variants that stop early.
const (
	EvalEvery = 20 // steps from one look to the next
	Patience  = 3  // looks without improvement that end a training
)

// All returns all kinds of training, of so many optimizer steps a model at most (the tcn a tenth of it).
func All(steps int) []Workload {
	base := nn.DefaultConfig()
	base.MaxSteps, base.EvalEvery, base.Patience, base.Segment = steps, 0, 0, 0
	mlp := func(batch int, widths ...int) nn.Config {
		c := base
		c.Inputs, c.Outputs, c.Batch = widths[0], widths[len(widths)-1], batch
		c.Hidden = widths[1 : len(widths)-1]
		return c
	}
	tcn := base
	tcn.Inputs, tcn.Steps, tcn.Outputs, tcn.Batch, tcn.MaxSteps = 64, 64, 1, 16, max(1, steps/10)
	for _, d := range []int{1, 2, 4} {
		tcn.Layers = append(tcn.Layers, nn.Layer{Kind: nn.TCN, Width: 32, Kernel: 3, Dilation: d, Activation: nn.ReLU})
	}
	tcn.Layers = append(tcn.Layers, nn.Layer{Kind: nn.LastStep})
	mixed := mixedModels(mlp)
	return []Workload{
		{S2, Fixed, []nn.Config{mlp(64, 32, 64, 64, 1)}},
		{S2, Early, stopping([]nn.Config{mlp(64, 32, 64, 64, 1)})},
		{Mixed, Shapes, mixed},
		{Mixed, GA, stopping(mixed)},
		{Small, Fixed, []nn.Config{mlp(32, 16, 32, 1)}},
		{Small, Early, stopping([]nn.Config{mlp(32, 16, 32, 1)})},
		{Wide, Fixed, []nn.Config{mlp(64, 32, 128, 128, 1)}},
		{Wide, Early, stopping([]nn.Config{mlp(64, 32, 128, 128, 1)})},
		{TCN, Fixed, []nn.Config{tcn}},
		{TCN, Early, stopping([]nn.Config{tcn})},
	}
}

// Names returns the names of All, each once.
func Names() []string { return []string{S2, Small, Wide, TCN, Mixed} }

// Find returns one of All.
func Find(name string, v Variant, steps int) (w Workload, ok bool) {
	all := All(steps)
	i := slices.IndexFunc(all, func(w Workload) bool { return w.Name == name && w.Variant == v })
	if i < 0 {
		return Workload{}, false
	}
	return all[i], true
}

// mixedModels draws the shapes.
func mixedModels(mlp func(batch int, widths ...int) nn.Config) []nn.Config {
	var mixed []nn.Config
	s := rng.NewSeq(rng.Key{1, 2}, rng.Minibatch, 0)
	for range 24 {
		c := mlp([]int{16, 32, 64}[s.Intn(3)], 12+s.Intn(24), 4+s.Intn(60), 1)
		if s.Intn(2) == 1 {
			c.Hidden = append(c.Hidden, 4+s.Intn(60))
		}
		c.Activation = []nn.Activation{nn.ReLU, nn.Tanh, nn.GELU, nn.SiLU}[s.Intn(4)]
		c.LearningRate = 0x1p-9
		mixed = append(mixed, c)
	}
	return mixed
}

// stopping returns the models with early stopping, each with the learning rates that a search tries, from small ones
// that use all steps to large ones that stop soon.
func stopping(models []nn.Config) []nn.Config {
	var out []nn.Config
	for i := range 6 {
		for _, c := range models {
			c.EvalEvery, c.Patience = EvalEvery, Patience
			c.LearningRate = []float32{0x1p-11, 0x1p-6, 0x1p-9, 0x1p-7, 0x1p-10, 0x1p-8}[i]
			out = append(out, c)
		}
	}
	return out
}

// Tasks returns a population. Models with the same inputs share their samples, as those of one search do.
func (w *Workload) Tasks(population int) []nn.Task {
	type pair struct{ train, validation nn.Source }
	data := map[int]pair{}
	tasks := make([]nn.Task, population)
	for i := range tasks {
		c := w.Models[i%len(w.Models)]
		d, ok := data[c.Inputs]
		if !ok {
			d.train, d.validation = Sources(c.Inputs)
			data[c.Inputs] = d
		}
		tasks[i] = nn.Task{Config: c, Key: rng.Key{uint32(i), 5}, Train: d.train, Validation: d.validation}
	}
	return tasks
}
