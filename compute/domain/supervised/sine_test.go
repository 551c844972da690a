package supervised_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"doin.network/node/compute/data"
	"doin.network/node/compute/data/number"
	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// sine is a third domain, as small as one can be: a perceptron learns a curve of one variable from a file of two columns.
// Of five rows one validates fold 0, one fold 1, and one is for the test.
type sine struct {
	config supervised.Config
	scale  supervised.Scale // of y
	parts  [5]points        // row mod 5: the last for test, of the others those of the fold validate
	folds  [3]points        // what a fold trains on; the last one's is all but the test
}

// points are samples of the curve, scaled.
type points struct{ x, y []float32 }

var (
	_ supervised.Problem = (*sine)(nil)
	_ supervised.View    = (*sine)(nil)
	_ supervised.Cases   = (*points)(nil)
)

// layers is where the genes of the layers are.
const layers supervised.Perceptron = 0

func sineSpace() genome.Space {
	return append(genome.Space(supervised.Layers(nil)), supervised.Batch(), supervised.LearningRate(),
		supervised.WeightDecay(), supervised.Activation(), supervised.Loss())
}

func parseSine(o *canon.Object, others ...string) (supervised.Config, error) {
	c := supervised.DefaultConfig(sineSpace())
	r := domain.NewReader(o)
	c.Read(r)
	if err := r.Err(others...); err != nil {
		return c, err
	}
	var checks domain.Checks
	c.Check(&checks, sineSpace(), nil)
	return c, checks.Err()
}

func openSine(o *canon.Object) (*supervised.Domain, error) {
	c, err := parseSine(o)
	if err != nil {
		return nil, err
	}
	return supervised.ReadFile(c.Data, func(r io.Reader) (*supervised.Domain, error) { return readSine(c, r) })
}

func readSine(c supervised.Config, r io.Reader) (*supervised.Domain, error) {
	s, spec, err := loadSine(c, r)
	if err != nil {
		return nil, err
	}
	return supervised.New(&c, spec, s)
}

func loadSine(c supervised.Config, r io.Reader) (*sine, supervised.Spec, error) {
	s := &sine{config: c, scale: supervised.Scale{Unit: 0.5}}
	h := supervised.NewHasher("sine/data/1\n")
	h.Words(c.MaxSteps, c.EvalEvery, c.Patience)
	g, err := data.ReadFrom(r, c.Options, nil)
	if err != nil {
		return s, supervised.Spec{}, err
	}
	if g.Rows() < 5 {
		err = fmt.Errorf("%w: %d rows", supervised.ErrData, g.Rows())
	}
	for row := range g.Rows() {
		var at [2]float64
		for i := range at {
			if at[i], err = (number.Format{}).Parse(g.Column(i).Text(row)); err != nil {
				return s, supervised.Spec{}, data.Errorf(g.Line(row), g.Column(i).Name(), "", "%v", err)
			}
		}
		scaled, _ := s.scale.To(at[1])
		s.parts[row%5].add(float32(at[0]), scaled)
		for fold := range s.folds {
			if row%5 != 4 && (fold == 2 || row%5 != fold) {
				s.folds[fold].add(float32(at[0]), scaled)
			}
		}
		h.Doubles(at[:]...)
	}
	return s, supervised.Spec{
		Plugin: "sine", DataHash: h.Hex(), Folds: 2, Loss: "mae", Performance: "relative_mae", Relative: true,
		Unit: s.scale.Unit, Defaults: c.Object(),
	}, err
}

func (s *sine) Shape(g genome.Genome) nn.Config {
	n := s.config.Training(g)
	n.Inputs, n.Hidden, n.Outputs = 1, layers.Widths(g), 1
	return n
}

func (s *sine) Shrink(g genome.Genome) bool { return layers.Shrink(s.config.Space, g) }

func (s *sine) View(genome.Genome) supervised.View { return s }

// Synthesize draws training rows.
func (s *sine) Synthesize(ctx context.Context, key rng.Key) ([]float64, error) {
	draws, p := rng.New(key, rng.Bootstrap, 0), &s.folds[2]
	var series []float64
	for range p.x {
		i := draws.Intn(uint32(len(series)), uint32(len(p.x)))
		series = append(series, float64(p.x[i]), float64(p.y[i]))
	}
	return series, ctx.Err()
}

// Baselines has zero alone.
func (s *sine) Baselines() []supervised.Member { return []supervised.Member{zero{}} }

func (s *sine) Members() []supervised.Member { return nil }

func (s *sine) Shown() []supervised.Member { return nil }

type zero struct{}

func (zero) Name() string                                          { return "zero" }
func (z zero) Fit(context.Context, int) (supervised.Fitted, error) { return z, nil }
func (zero) Predict(_ supervised.Cases, out []float32)             { clear(out) }
func (zero) Coefficients() []float64                               { return nil }

func (s *sine) Sources(fold int) (training, validation nn.Source) {
	return &s.folds[fold], &s.parts[min(fold, 1)]
}

func (s *sine) Validation(fold int) supervised.Cases                     { return &s.parts[fold] }
func (s *sine) Learning() supervised.Cases                               { return &s.folds[2] }
func (s *sine) Test() supervised.Cases                                   { return &s.parts[4] }
func (s *sine) Prediction(network supervised.Predict) supervised.Predict { return network }

func (s *sine) Synthetic(series []float64) (supervised.Cases, error) {
	p := new(points)
	for i := 0; i+1 < len(series); i += 2 {
		p.x, p.y = append(p.x, float32(series[i])), append(p.y, float32(series[i+1]))
	}
	if len(p.x) == 0 || len(series)%2 != 0 || !vec.AllFinite(p.x) || !vec.AllFinite(p.y) {
		return nil, fmt.Errorf("%d values", len(series))
	}
	return p, nil
}

// Answer takes {"x": numbers} and gives {"y": numbers}.
func (s *sine) Answer(ctx context.Context, input *canon.Object, m supervised.Fitted) (*canon.Object, error) {
	v, _ := input.Get("x")
	x, err := domain.Reals(v, 100)
	if err := errors.Join(err, domain.CheckMembers(input, "x")); err != nil {
		return nil, err
	}
	asked, y, out := new(points), make([]float64, len(x)), make([]float32, len(x))
	for _, v := range x {
		asked.add(float32(v), 0)
	}
	m.Predict(asked, out)
	for i := range y {
		y[i] = s.scale.From(float64(out[i]))
	}
	return canon.NewObject("y", y), ctx.Err()
}

func (p *points) Len() int { return len(p.x) }

func (p *points) Sample(i int, x, y []float32) { x[0], y[0] = p.x[i], p.y[i] }

func (p *points) add(x, y float32) { p.x, p.y = append(p.x, x), append(p.y, y) }

func (p *points) Width() int { return 1 }

func (p *points) Inputs(i int, x []float32) { x[0] = p.x[i] }

func (p *points) Targets(out []float32) { copy(out, p.y) }

func (p *points) Errors(predictions, errors []float32) (correct int) {
	for i, y := range predictions {
		errors[i] = vec.Abs(y - p.y[i])
	}
	return 0
}

// curve is a file of n rows.
func curve(n int, f func(x float64) float64) string {
	var b strings.Builder
	b.WriteString("x,y\n")
	for i := range n {
		x := 6 * float64(i) / float64(n)
		fmt.Fprintf(&b, "%.4f,%.4f\n", x, f(x))
	}
	return b.String()
}
