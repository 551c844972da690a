package count

import (
	"context"
	"math"

	"doin.network/node/bench/report"
	"doin.network/node/kernels"
	"doin.network/node/kernels/ptxrun"
	"doin.network/node/kernels/sass"
)

// Loop is an inner loop of a kernel, in PTX and as the assembler made it.
type Loop struct {
	Entry string `json:"entry"`
	// Line of the loop in the PTX.
	Line int `json:"line"`
	// FMA in one turn of the PTX, Weighted all of its instructions.
	FMA      int     `json:"fma"`
	Weighted float64 `json:"weighted"`
	// Machine has the instructions of the assembler's loop with the same FMA, or Unrolled times as many, that comes nearest;
	// for one turn of the PTX. 0 where it has no such loop.
	Machine  float64 `json:"machine"`
	Unrolled int     `json:"unrolled"`
}

// loopFMA is from how many FMA on a loop is looked at.
const loopFMA = 16

// Compare fills in Loops. Returns sass.ErrNoToolkit, wrapped, where there is no toolkit.
func (r *Report) Compare(ctx context.Context) error {
	weights, err := ptxrun.CommittedWeights()
	if err != nil {
		return err
	}
	committed, err := ptxrun.Committed(modules...)
	if err != nil {
		return err
	}
	r.Loops = nil
	for n, m := range committed {
		text, err := kernels.PTX(modules[n])
		if err != nil {
			return err
		}
		listing, err := sass.Disassemble(ctx, r.Architecture, string(text))
		if err != nil {
			return err
		}
		for _, e := range m.Entries {
			machine := sass.Loops(listing[e.Name])
			for _, b := range e.Blocks() {
				l, err := inner(weights, e, &b)
				if err != nil {
					return err
				}
				if l.FMA >= loopFMA {
					l.match(machine)
					r.Loops = append(r.Loops, l)
				}
			}
		}
	}
	return nil
}

// inner measures a row of instructions that is a loop; FMA is 0 where it is none.
func inner(w *ptxrun.Weights, e *ptxrun.Entry, b *ptxrun.Block) (Loop, error) {
	l := Loop{Entry: e.Name, Line: b.Line}
	if !b.Loop {
		return l, nil
	}
	for i := range b.Body {
		v, err := w.Weight(&b.Body[i])
		if err != nil {
			return l, err
		}
		l.Weighted += v
		if b.Body[i].Class() == ptxrun.FMA {
			l.FMA++
		}
	}
	return l, nil
}

// match finds the machine's loop.
func (l *Loop) match(machine []sass.Loop) {
	best := math.Inf(1)
	for _, m := range machine {
		times := m.FMA / l.FMA
		if times < 1 || m.FMA != times*l.FMA || times > 4 {
			continue
		}
		n := float64(m.Instructions) / float64(times)
		if away := math.Abs(n - l.Weighted); away < best {
			best, l.Machine, l.Unrolled = away, n, times
		}
	}
}

func (r *Report) writeLoops(p *report.Printer) {
	if len(r.Loops) == 0 {
		return
	}
	p.Printf("\n## Weights beside the assembler's loops\n\n")
	p.Printf("The inner loops of at least %d FMA; `machine` is the loop of ptxas's listing with the same FMA (or so many times as many, where it was unrolled) that comes nearest, for one turn of the PTX.\n\n", loopFMA)
	p.Printf("| kernel | line of PTX | FMA | weighted | machine | unrolled | machine over weighted |\n|---|---:|---:|---:|---:|---:|---:|\n")
	for _, l := range r.Loops {
		if l.Machine == 0 {
			p.Printf("| %s | %d | %d | %.1f | none | | |\n", l.Entry, l.Line, l.FMA, l.Weighted)
			continue
		}
		p.Printf("| %s | %d | %d | %.1f | %.1f | %d | %.2f |\n", l.Entry, l.Line, l.FMA, l.Weighted, l.Machine, l.Unrolled, l.Machine/l.Weighted)
	}
}
