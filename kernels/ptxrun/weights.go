package ptxrun

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
)

// Weights say how many machine instructions a warp issues for one of PTX, as the pinned assembler makes them: measured on
// kernels of one instruction, and of a division or root the fast path, which all numbers but subnormals and their like take.
type Weights struct {
	// Toolkit and Architecture that they were measured with: "11.8.89", "sm_80".
	Toolkit      string `json:"toolkit"`
	Architecture string `json:"architecture"`
	// Of an instruction; " imm" behind it stands for one with a constant operand.
	Of map[string]float64 `json:"of"`
}

//go:embed weights.json
var weightsFile []byte

// CommittedWeights returns those of weights.json. They are shared: do not change them.
var CommittedWeights = sync.OnceValues(func() (*Weights, error) {
	d := json.NewDecoder(bytes.NewReader(weightsFile))
	d.DisallowUnknownFields()
	w := new(Weights)
	if err := d.Decode(w); err != nil {
		return nil, fmt.Errorf("ptxrun: weights.json: %w", err)
	}
	return w, nil
})

// Weight returns an instruction's. Loads and stores, atomics, branches, barriers, shuffles and votes are one instruction each;
// a parameter is an operand of the instruction that takes it. What was not measured is an error.
func (w *Weights) Weight(i *Instruction) (float64, error) {
	switch i.Class() {
	case Parameter:
		return 0, nil
	case Shared, Global, Generic, Local, Branch, Barrier, Warp, Atomic:
		return 1, nil
	}
	if i.Op == "mov.u32" && len(i.args) == 2 && i.args[1].kind == isSpecial {
		return 1, nil // S2R
	}
	key := i.Op
	if i.Immediate() || len(i.args) == 2 && i.args[1].kind == isSymbol {
		key += " imm"
	}
	v, ok := w.Of[key]
	if !ok {
		v, ok = w.Of[strings.TrimSuffix(key, " imm")]
	}
	if !ok {
		return 0, fmt.Errorf("ptxrun: line %d: %s has no weight", i.Line, key)
	}
	return v, nil
}

// Weighed returns what warps issued of each class, weighted, and in all, for the executions of an entry's Blocks.
func (w *Weights) Weighed(e *Entry, executions []float64) (classes map[Class]float64, plain, sum float64, err error) {
	classes = map[Class]float64{}
	blocks := e.Blocks()
	if len(blocks) != len(executions) {
		return nil, 0, 0, fmt.Errorf("ptxrun: %s: %d counters for %d rows", e.Name, len(executions), len(blocks))
	}
	for n, b := range blocks {
		if executions[n] == 0 {
			continue
		}
		for k := range b.Body {
			i := &b.Body[k]
			v, err := w.Weight(i)
			if err != nil {
				return nil, 0, 0, fmt.Errorf("%s: %w", e.Name, err)
			}
			classes[i.Class()] += v * executions[n]
			plain += executions[n]
			sum += v * executions[n]
		}
	}
	return classes, plain, sum, nil
}
