package supervised_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/nn"
	"doin.network/node/compute/rng"
	"doin.network/node/compute/vec"
	"doin.network/node/internal/canon"
)

// sine is a third domain, as small as one can be: a perceptron learns a curve of one variable from a file of two columns.
// The rows take turns in training (three of five), validation and test.
type sine struct {
	config supervised.Config
	scale  supervised.Scale // of y
	parts  [3]points
}

// points are samples of the curve, scaled.
type points struct{ x, y []float32 }

var (
	_ supervised.Problem = (*sine)(nil)
	_ supervised.View    = (*sine)(nil)
	_ supervised.Samples = (*points)(nil)
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
	s := &sine{config: c, scale: supervised.Scale{Unit: 0.5}}
	h := supervised.NewHasher("sine/data/1\n")
	h.Words(c.MaxSteps, c.EvalEvery, c.Patience)
	n := 0
	err := supervised.ReadTable(r, func([]string) error { return nil }, func(line int, cells []string) error {
		x, err := supervised.Decimal(cells[0])
		if err != nil {
			return supervised.AtLine(line, "x: %v", err)
		}
		y, err := supervised.Decimal(cells[1])
		if err != nil {
			return supervised.AtLine(line, "y: %v", err)
		}
		scaled, _ := s.scale.To(y)
		p := &s.parts[max(0, n%5-2)]
		p.x, p.y = append(p.x, float32(x)), append(p.y, scaled)
		n++
		h.Doubles(x, y)
		return nil
	})
	if err == nil && n < 5 {
		err = fmt.Errorf("%w: %d rows", supervised.ErrData, n)
	}
	if err != nil {
		return nil, err
	}
	spec := supervised.Spec{
		Plugin: "sine", DataHash: h.Hex(), Loss: "mae", Unit: s.scale.Unit,
		Naive: func(_, out []float32) { clear(out) }, Baselines: canon.NewObject(), Defaults: c.Object(),
	}
	return supervised.New(&c, spec, s)
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
	draws, p := rng.New(key, rng.Bootstrap, 0), &s.parts[0]
	var series []float64
	for range p.x {
		i := draws.Intn(uint32(len(series)), uint32(len(p.x)))
		series = append(series, float64(p.x[i]), float64(p.y[i]))
	}
	return series, ctx.Err()
}

func (s *sine) Sources() (training, validation nn.Source) { return &s.parts[0], &s.parts[1] }

func (s *sine) Parts() [3]supervised.Samples {
	return [3]supervised.Samples{&s.parts[0], &s.parts[1], &s.parts[2]}
}

func (s *sine) Synthetic(series []float64) (supervised.Samples, error) {
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
func (s *sine) Answer(ctx context.Context, input *canon.Object, p supervised.Predict) (*canon.Object, error) {
	v, _ := input.Get("x")
	x, err := domain.Reals(v, 100)
	if err := errors.Join(err, domain.CheckMembers(input, "x")); err != nil {
		return nil, err
	}
	y, out := make([]float64, len(x)), make([]float32, 1)
	for i := range x {
		p([]float32{float32(x[i])}, out)
		y[i] = s.scale.From(float64(out[0]))
	}
	return canon.NewObject("y", y), ctx.Err()
}

func (p *points) Len() int { return len(p.x) }

func (p *points) Sample(i int, x, y []float32) { x[0], y[0] = p.x[i], p.y[i] }

func (p *points) Measure(predict supervised.Predict) supervised.Measure {
	var sum vec.Summer
	out := make([]float32, 1)
	for i := range p.x {
		predict(p.x[i:i+1], out)
		out[0] = vec.Abs(out[0] - p.y[i])
		sum.Add(out)
	}
	return supervised.Measure{Loss: sum.Mean()}
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
