//go:build ignore

// Command own-model is a worker with two models of its own beside those that every worker has. "wavy" is made of what the engine has
// layers for: it is lowered, and runs bit for bit on processors and cards. "ripple" takes sines, which the engine has not: Gorgonia runs
// it, and machines agree on it within a share. It is built in a module of its own (docs/models.md), so the tag above keeps it out of this
// one; a copy needs no such line.
package main

import (
	"gorgonia.org/gorgonia"

	"doin.network/node/cmd/doin-worker/command"
	"doin.network/node/compute/genome"
	"doin.network/node/compute/graph"
	"doin.network/node/compute/kind"
	"doin.network/node/compute/nn"
)

// wavy is dense layers over the steps of a sample, one after another.
type wavy struct{}

func (wavy) Name() string { return "wavy" }

func (wavy) Genes() []genome.Gene {
	return []genome.Gene{{Name: "waves", Kind: genome.Int, Low: 2, High: 24}}
}

func (wavy) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Flatten(b.Input()), v.Int("waves"), nn.Tanh)
	return b.Dense(b.Dense(h, v.Int("waves"), nn.SiLU), b.Outputs, nn.None)
}

// ripple is a layer of sines.
type ripple struct{ wavy }

func (ripple) Name() string { return "ripple" }

func (ripple) Graph(b *graph.Builder, v kind.Values) *gorgonia.Node {
	h := b.Dense(b.Flatten(b.Input()), v.Int("waves"), nn.None)
	if b.Failed() {
		return nil
	}
	return b.Dense(b.Do(gorgonia.Sin(h)), b.Outputs, nn.None)
}

func main() {
	command.Program{Version: "own-model 1", Models: []graph.Model{wavy{}, ripple{}}}.Main()
}
