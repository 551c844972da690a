package forecast

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"gorgonia.org/gorgonia"

	"doin.network/node/compute/domain"
	"doin.network/node/compute/domain/domaintest"
	"doin.network/node/compute/domain/supervised"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/graph/recurrent"
	"doin.network/node/compute/graph/tape"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
	"doin.network/node/internal/canon"
)

// parsesWith is a configuration of a program with the recurrent kinds.
func parsesWith(o *canon.Object) error {
	_, err := parseWith(tape.Kinds(recurrent.Models()...))(o)
	return err
}

// The models that a configuration does not name leave its space as it was; those that it names have their genes, and share dropout.
func TestKindSpace(t *testing.T) {
	parse := func(text string) Config {
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseWith(tape.Kinds(recurrent.Models()...))(o)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	plain := parse(`{"data": "f"}`)
	if got, want := canon.Default(plain.Space.List()), canon.Default(DefaultSpace().List()); string(got) != string(want) {
		t.Errorf("space %s, want %s", got, want)
	}
	c := parse(`{"data": "f", "models": ["mlp", "lstm", "gru"], "param_bounds": {"units": [2, 200], "dropout": [0, 0.1]}}`)
	names := map[string][]string{}
	for _, g := range c.Space {
		if g.When != nil {
			names[g.Name] = g.When.In
		}
	}
	if !slices.Equal(names["units"], []string{"gru", "lstm"}) || !slices.Equal(names["dropout"], []string{TCN, "gru", "lstm"}) || names["heads"] != nil {
		t.Errorf("conditions %v", names)
	}
	if err := c.Space.Validate(); err != nil {
		t.Error(err)
	}
	for name, tc := range map[string]struct{ config, want string }{
		"model among bounds": {`{"data": "f", "param_bounds": {"model": ["mlp", "gru"]}}`, "name it in models"},
		"units":              {`{"data": "f", "models": ["gru"], "param_bounds": {"units": [4, 257]}}`, "units"},
		"gene of another":    {`{"data": "f", "models": ["gru"], "param_bounds": {"heads": [1, 2]}}`, "heads"},
		"unknown":            {`{"data": "f", "models": ["gruu"]}`, "gruu"},
		"too few":            {`{"data": "f", "models": ["gru"], "max_parameters": 80}`, "model gru has"},
		"too long":           {`{"data": "f", "models": ["gru"], "param_bounds": {"window": [400, 500]}}`, "too large to be trained"},
	} {
		t.Run(name, func(t *testing.T) { domaintest.Refuses(t, parsesWith, tc.config, tc.want) })
	}
	// A program that brings no kinds has none.
	domaintest.Refuses(t, parses, `{"data": "f", "models": ["gru"]}`, "gru")
}

// kindred is a domain whose networks are of the recurrent kinds.
func kindred(t *testing.T, models ...string) *supervised.Domain {
	t.Helper()
	c := DefaultConfig()
	c.Kinds = tape.Kinds(recurrent.Models()...)
	c.Space[geneModel].Choices = models
	c.Space = c.WithKinds(c.Space, models)
	c.MaxSteps, c.EvalEvery, c.Folds, c.Horizon = 30, 10, 2, 3
	c.MaxParameters = 400
	if err := (func() error { c.Data = "f"; return c.Validate() })(); err != nil {
		t.Fatal(err)
	}
	d, err := FromTable(c, monthly(120))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// Networks of every kind are members of the ensemble of a claim like any other: they have weights, predict, answer, are scored and
// exported; their trainings have no leaves for a referee.
func TestKinds(t *testing.T) {
	for i, model := range []string{"gru", "lstm", "attention"} {
		d := kindred(t, MLP, model)
		s := d.Describe().Space
		g := supervised.Lowest(s)
		g[geneModel] = 1
		g[geneWindow] = 8
		g[slices.IndexFunc(s, namedGene("dropout"))] = 0.25
		recipe := d.Parameters(g)
		m, err := d.Claim(t.Context(), recipe, []uint64{uint64(i), 7}, nil)
		if err != nil {
			t.Fatal(err)
		}
		again, err := d.Claim(t.Context(), recipe, []uint64{uint64(i), 7}, nil)
		if err != nil || m.Digest() == "" || again.Digest() != m.Digest() || again.Performance() != m.Performance() {
			t.Errorf("%s: claimed again: %v, %v, want %v", model, again.Performance(), err, m.Performance())
		}
		if n, err := m.Metrics().Int("networks"); err != nil || n != 2 {
			t.Errorf("%s: %d networks, %v", model, n, err)
		}
		made, err := d.Generate(t.Context(), 3)
		if err != nil {
			t.Fatal(err)
		}
		if score := domaintest.Score(t, m, made); !(score > 0) {
			t.Errorf("%s: score %v", model, score)
		}
		if out, err := m.Infer(t.Context(), canon.NewObject("steps", 7)); err != nil || !out.Has("forecast") {
			t.Errorf("%s: Infer = %v, %v", model, out, err)
		}
		tried, err := d.Try(t.Context(), domain.Trial{Parameters: recipe, Seed: 5}, nil)
		if err != nil || !(tried.Performance < 0) || len(tried.Curve) == 0 {
			t.Errorf("%s: Try = %+v, %v", model, tried, err)
		}
		if _, err := d.Training(recipe, 1, 0, 0); !errors.Is(err, domain.ErrRecipe) || !strings.Contains(err.Error(), model) {
			t.Errorf("%s: Training = %v", model, err)
		}
		e := m.(domain.Exporter)
		if _, err := e.Export(t.Context(), domain.ONNX, canon.NewObject()); weighed(m) && (!errors.Is(err, domain.ErrExport) || !strings.Contains(err.Error(), model+" networks cannot")) {
			t.Errorf("%s: ONNX: %v", model, err)
		}
		file, err := e.Export(t.Context(), domain.Safetensors, canon.NewObject())
		if err != nil || !strings.Contains(string(file), `"network_1.learnable_0"`) {
			t.Errorf("%s: safetensors: %v", model, err)
		}
		small := d.Repair(supervised.Highest(s))
		if d.Check(d.Parameters(small)) != nil {
			t.Errorf("%s: a repaired genome is refused: %v", model, d.Check(d.Parameters(small)))
		}
	}
}

// weighed reports whether a network has a weight in the ensemble.
func weighed(m domain.Model) bool {
	o, err := m.Metrics().Object("weights")
	return err == nil && (o.Has("network_0") || o.Has("network_1"))
}

// The genome of the largest network of a kind is repaired by its own genes, then the window.
func TestKindRepair(t *testing.T) {
	d := kindred(t, "gru")
	s := d.Describe().Space
	g := supervised.Highest(s)
	r := d.Repair(g)
	units, depth := slices.IndexFunc(s, namedGene("units")), slices.IndexFunc(s, namedGene("depth"))
	if !(r[units] < g[units]) || r[depth] != g[depth] || r[geneWindow] != g[geneWindow] {
		t.Errorf("units %v, depth %v, window %v: want units below %v alone", r[units], r[depth], r[geneWindow], g[units])
	}
}

func namedGene(name string) func(genome.Gene) bool {
	return func(g genome.Gene) bool { return g.Name == name }
}

// TestDrawn: the evidence of a champion has its network's graph where the program draws, of layers and of a kind, and says instead how large a
// graph is that nobody could read.
func TestDrawn(t *testing.T) {
	d := kindred(t, MLP, TCN, "gru")
	show := func(model, window float64) *canon.Object {
		t.Helper()
		g := supervised.Lowest(d.Describe().Space)
		g[geneModel], g[geneWindow] = model, window
		m, err := d.Claim(t.Context(), d.Parameters(g), []uint64{1}, nil)
		if err != nil {
			t.Fatal(err)
		}
		o, err := canon.ParseObject(export(t, m, domain.Evidence))
		if err != nil {
			t.Fatal(err)
		}
		network, err := o.ObjectOr("network", canon.NewObject())
		if err != nil {
			t.Fatal(err)
		}
		return network
	}
	if o := show(0, 6); o.Len() != 0 {
		t.Errorf("nobody draws, and the evidence has %s", canon.Default(o))
	}
	d.DrawWith(tape.Draw)
	for model, window := range []float64{6, 8, 6} {
		o := show(float64(model), window)
		svg, _ := o.StringOr("svg", "")
		dot, _ := o.StringOr("dot", "")
		parameters, _ := o.IntOr("parameters", 0)
		if want := fmt.Sprintf(">%d parameters", parameters); !strings.HasPrefix(svg, "<svg ") || !strings.Contains(svg, want) || !strings.Contains(dot, "digraph") || parameters < 1 {
			t.Errorf("model %d: %.300s", model, canon.Default(o))
		}
	}
	o := show(2, 24)
	if note, _ := o.StringOr("note", ""); o.Has("svg") || !strings.Contains(note, "nodes, of which a drawing would show nothing") {
		t.Errorf("a long recurrent graph: %.300s", canon.Default(o))
	}
}

// odd is a model of layers, but for its genome of five units, which takes sines.
type odd struct{}

func (odd) Name() string { return "odd" }

func (odd) Genes() []genome.Gene {
	return []genome.Gene{{Name: "odd_units", Kind: genome.Int, Low: 2, High: 9}}
}

func (odd) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Flatten(b.Input()), v.Int("odd_units"), nn.Tanh)
	if v.Int("odd_units") == 5 && !b.Failed() {
		h = b.Do(gorgonia.Sin(h))
	}
	return b.Dense(h, b.Outputs, nn.None)
}

// sines is a model that is never lowered.
type sines struct{ odd }

func (sines) Name() string { return "sines" }

func (sines) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Flatten(b.Input()), v.Int("odd_units"), nn.None)
	if b.Failed() {
		return nil
	}
	return b.Dense(b.Do(gorgonia.Sin(h)), b.Outputs, nn.None)
}

// drops is a model that is not lowered where it drops units.
type drops struct{}

func (drops) Name() string { return "drops" }

func (drops) Genes() []genome.Gene {
	return append(odd{}.Genes(), genome.Gene{Name: "dropout", Kind: genome.Real, Low: 0, High: 0.5})
}

func (drops) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Flatten(b.Input()), v.Int("odd_units"), nn.Tanh)
	return b.Dense(b.Dropout(v.Real("dropout"), h)[0], b.Outputs, nn.None)
}

// TestExactRefusesModels: where machines must agree on every bit, a model of the worker's own that is not lowered is refused by name, when
// the domain is opened and, where its corners did not tell, in a claim; one that is lowered is not.
func TestExactRefusesModels(t *testing.T) {
	open := func(agreement string, models ...string) (*supervised.Domain, error) {
		text := fmt.Sprintf(`{"data": "f", "models": ["mlp", "%s"], "max_steps": 20, "eval_every": 10, "folds": 2, "agreement": %s}`, strings.Join(models, `", "`), agreement)
		o, err := canon.ParseObject([]byte(text))
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseWith(tape.Kinds(append(recurrent.Models(), odd{}, sines{}, drops{})...))(o)
		if err != nil {
			t.Fatal(err)
		}
		return FromTable(c, monthly(120))
	}
	for model, why := range map[string]string{"sines": "sin", "drops": "drops units", "gru": "nearest"} {
		_, err := open(`"exact"`, "odd", model)
		if !errors.Is(err, domain.ErrConfig) || !errors.Is(err, graph.ErrLower) {
			t.Fatalf("exact, %s: %v", model, err)
		}
		for _, want := range []string{"models: model " + strconv.Quote(model), why, `"agreement": {"within": "1/1000"}`} {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("exact, %s: %v, want %q", model, err, want)
			}
		}
		if _, err := open(`{"within": "1/1000"}`, model); err != nil {
			t.Errorf("within, %s: %v", model, err)
		}
	}
	d, err := open(`"exact"`, "odd")
	if err != nil {
		t.Fatal(err)
	}
	s := d.Describe().Space
	recipe := func(units float64) *canon.Object {
		g := supervised.Lowest(s)
		g[geneModel], g[slices.IndexFunc(s, namedGene("odd_units"))] = 1, units
		return d.Parameters(g)
	}
	if _, err := d.Claim(t.Context(), recipe(4), []uint64{1}, nil); err != nil {
		t.Errorf("a claim of a lowered model: %v", err)
	}
	if _, err := d.Claim(t.Context(), recipe(5), []uint64{1}, nil); !errors.Is(err, domain.ErrRecipe) || !strings.Contains(err.Error(), `model "odd"`) {
		t.Errorf("a claim of a model that is not lowered: %v, want %v", err, domain.ErrRecipe)
	}
}
