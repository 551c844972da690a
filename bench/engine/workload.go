package engine

import (
	"strconv"
	"strings"

	"doin.network/node/bench/workload"
)

// stepsN is the optimizer steps of one model.
const stepsN = 1000

// measured is a workload as it is measured here.
type measured struct {
	workload.Workload
	// torch describes the same model to PyTorch; nil where it has no counterpart there.
	torch *torchModel
}

// workloads are the kinds of training that are measured, the headline first.
func workloads() []measured {
	var out []measured
	for _, w := range workload.All(stepsN) {
		switch {
		case w.Variant == workload.Fixed && w.Name != workload.TCN:
			out = append(out, measured{w, describe(&w)})
		case w.Variant == workload.Fixed, w.Variant == workload.GA:
			out = append(out, measured{w, nil})
		}
	}
	return out
}

// describe describes a perceptron to PyTorch.
func describe(w *workload.Workload) *torchModel {
	c := &w.Models[0]
	widths := []string{strconv.Itoa(c.Inputs)}
	for _, h := range c.Hidden {
		widths = append(widths, strconv.Itoa(h))
	}
	return &torchModel{c.Batch, strings.Join(append(widths, strconv.Itoa(c.Outputs)), ",")}
}
