package supervised

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// Kinded is a Problem some of whose genomes ask for a kind of network that package nn has no layers for.
type Kinded interface {
	// Kind returns the kind that a genome asks for and its genes; nil for a network of package nn, or one that is lowered to it. What
	// Shape returns has the sizes then.
	Kind(g genome.Genome) (kind.Kind, kind.Values)
}

// widest is how many times its default upper bound a gene of a kind may have.
const widest = 8

// modelGene is the gene that chooses between a domain's models and kinds.
const modelGene = "model"

// KindNamed returns the kind of a name, nil for none.
func (c *Config) KindNamed(name string) kind.Kind {
	for _, k := range c.Kinds {
		if k.Name() == name {
			return k
		}
	}
	return nil
}

// Values are a genome's genes for a kind.
func (c *Config) Values(g genome.Genome) kind.Values { return kind.Values{Space: c.Space, Genome: g} }

// WithKinds returns a space with the genes of the kinds among models, in the order of Kinds, behind its own. A gene that the space has
// already is shared: where it is conditional on the model, the kind is one more of those that have it. The first gene that is a category
// named "model" chooses. s is not changed.
func (c *Config) WithKinds(s genome.Space, models []string) genome.Space {
	s = slices.Clone(s)
	for _, k := range c.Kinds {
		if !slices.Contains(models, k.Name()) {
			continue
		}
		for _, gene := range k.Genes() {
			i := slices.IndexFunc(s, func(g genome.Gene) bool { return g.Name == gene.Name })
			if i < 0 {
				gene.When = &genome.Condition{Gene: modelGene, In: []string{k.Name()}}
				s = append(s, gene)
			} else if when := s[i].When; when != nil && when.Gene == modelGene && !slices.Contains(when.In, k.Name()) {
				s[i].When = &genome.Condition{Gene: modelGene, In: append(slices.Clone(when.In), k.Name())}
			}
		}
	}
	return s
}

// CheckKinds adds what is wrong with the kinds among models: a kind that a program has not, and genes that are not of the kind that the
// space has by the same name.
func (c *Config) CheckKinds(checks *domain.Checks, models []string) {
	for _, k := range c.Kinds {
		if !slices.Contains(models, k.Name()) {
			continue
		}
		for _, gene := range k.Genes() {
			i := slices.IndexFunc(c.Space, func(g genome.Gene) bool { return g.Name == gene.Name })
			checks.That(i >= 0, "param_bounds: model %s: name it in models, so that its genes are there", k.Name())
			checks.That(i < 0 || c.Space[i].Kind == gene.Kind, "models: %s: its gene %s is not of the kind that the domain's is", k.Name(), gene.Name)
		}
	}
}

// limitsOf are those of the genes of the kinds: numbers up to widest times the default's upper bound.
func (c *Config) limitsOf(own Limits) Limits {
	out := Limits{}
	for _, k := range c.Kinds {
		for _, gene := range k.Genes() {
			if _, known := own.Of(gene.Name); !known && gene.Kind != genome.Category {
				out[gene.Name] = Limit{Low: min(gene.Low, 1), High: widest * gene.High}
			}
		}
	}
	for name, l := range own {
		if name == modelGene {
			l.Choices = slices.Clone(l.Choices)
			for _, k := range c.Kinds {
				l.Choices = append(l.Choices, k.Name())
			}
		}
		out[name] = l
	}
	return out
}

// ShrinkKind is a Problem's Shrink for a genome of a kind: its integer genes in their order, then those given.
func (c *Config) ShrinkKind(k kind.Kind, g genome.Genome, then ...int) bool {
	var genes []int
	for _, gene := range k.Genes() {
		i := slices.IndexFunc(c.Space, func(g genome.Gene) bool { return g.Name == gene.Name })
		if gene.Kind == genome.Int && !slices.Contains(then, i) {
			genes = append(genes, i)
		}
	}
	return Lower(c.Space, g, append(genes, then...)...)
}

// Sized returns the number of parameters of a configuration with sizes alone, of a kind, and whether a training of it may hold as much as
// it does.
func Sized(k kind.Kind, n nn.Config, v kind.Values) (parameters int, fits bool, err error) {
	parameters, elements, err := k.Size(n, v)
	if errors.Is(err, kind.ErrLarge) {
		return parameters, false, nil
	}
	return parameters, elements <= kind.MaxElements, err
}

// kindOf returns the kind that a genome asks for, nil for a network of package nn.
func (d *Domain) kindOf(g genome.Genome) (kind.Kind, kind.Values) {
	if p, ok := d.problem.(Kinded); ok {
		return p.Kind(g)
	}
	return nil, kind.Values{}
}

// agrees refuses a genome of which an exact domain's machines would find different networks.
func (d *Domain) agrees(g genome.Genome) error {
	k, v := d.kindOf(g)
	if !d.exact || k == nil {
		return nil
	}
	_, why := k.Lower(d.problem.Shape(g), v)
	return fmt.Errorf("model %q runs outside the engine, where machines agree within a share only, and the domain's agreement is exact: give the domain "+
		"\"agreement\": {\"within\": \"1/1000\"}, leave the model out, or build it of what the engine has layers for (%w)", k.Name(), why)
}

// checkExact refuses a space that has such genomes, as far as its corners tell: the lowest genome of each choice of the model, and those
// that differ from it in one gene, which is at its other end or another choice.
func (d *Domain) checkExact() error {
	if _, ok := d.problem.(Kinded); !ok || !d.exact {
		return nil
	}
	models := []float64{0}
	at := slices.IndexFunc(d.space, func(g genome.Gene) bool { return g.Name == modelGene })
	if at >= 0 {
		models = choices(&d.space[at])
	}
	for _, model := range models {
		g := Lowest(d.space)
		if at >= 0 {
			g[at] = model
		}
		if err := d.agrees(g); err != nil {
			return err
		}
		for i := range d.space {
			if i == at {
				continue
			}
			for _, v := range choices(&d.space[i]) {
				other := g.Clone()
				other[i] = v
				if err := d.agrees(other); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// choices are the values of a gene that is a category, and the upper end of another.
func choices(g *genome.Gene) (out []float64) {
	if g.Kind != genome.Category {
		return []float64{g.High}
	}
	for i := range g.Choices {
		out = append(out, float64(i))
	}
	return out
}

// trainKind runs a training of a kind, on the goroutine of the caller.
func (d *Domain) trainKind(ctx context.Context, k kind.Kind, v kind.Values, t *nn.Task, view View) (run, error) {
	r, err := k.Train(ctx, t, v)
	if err != nil {
		return run{}, fmt.Errorf("%s: train %s: %w", d.spec.Plugin, k.Name(), err)
	}
	out := run{status: r.Status, stopStep: r.StopStep, bestStep: r.BestStep, root: r.Root}
	if r.Status != nn.Diverged {
		out.model = &kindred{name: k.Name(), net: r.Network, view: view, inputs: t.Config.Inputs, outputs: t.Config.Outputs}
	}
	return out, nil
}

// kindred is a trained network of a kind as one of the models of an ensemble.
type kindred struct {
	name            string
	net             kind.Network
	view            View
	inputs, outputs int
}

var _ trained = (*kindred)(nil)

// predictedTogether is how many cases are predicted at once.
const predictedTogether = 1024

// Predict implements Fitted for cases of the network's own view.
func (n *kindred) Predict(c Cases, out []float32) {
	w, all := c.Width(), c.Len()
	x, y := make([]float32, min(all, predictedTogether)*n.inputs), make([]float32, min(all, predictedTogether)*n.outputs)
	for first := 0; first < all; first += predictedTogether {
		rows := min(predictedTogether, all-first)
		for i := range rows {
			c.Inputs(first+i, x[i*n.inputs:][:n.inputs:n.inputs])
		}
		n.net.Predict(x[:rows*n.inputs], y[:rows*n.outputs])
		row := 0
		p := n.view.Prediction(func(_, out []float32) { copy(out, y[row*n.outputs:][:n.outputs]) })
		for ; row < rows; row++ {
			p(x[row*n.inputs:][:n.inputs], out[(first+row)*w:][:w:w])
		}
	}
}

// Coefficients implements Fitted.
func (n *kindred) Coefficients() []float64 { return nil }

func (n *kindred) network() {}
