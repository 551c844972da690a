package count

import (
	"cmp"
	"context"
	"math"
	"slices"
	"strings"

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
	// FMA and Loads in one turn of the PTX, Weighted all of its instructions.
	FMA      int     `json:"fma"`
	Loads    int     `json:"loads"`
	Weighted float64 `json:"weighted"`
	// Machine has the instructions of the assembler's loop with the same FMA and loads, or Unrolled times as many, that comes
	// nearest and is no other loop's; for one turn of the PTX. 0 where it has none.
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
			from := len(r.Loops)
			for _, b := range e.Blocks() {
				l, err := inner(weights, e, &b)
				if err != nil {
					return err
				}
				if l.FMA >= loopFMA {
					r.Loops = append(r.Loops, l)
				}
			}
			match(r.Loops[from:], sass.Loops(listing[e.Name]))
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
		if strings.HasPrefix(b.Body[i].Op, "ld.") && b.Body[i].Class() != ptxrun.Parameter {
			l.Loads++
		}
	}
	return l, nil
}

// match pairs loops with the machine's, each at most once, the nearest pairs first.
func match(loops []Loop, machine []sass.Loop) {
	type pair struct {
		loop, machine, times int
		n, away              float64
	}
	var pairs []pair
	for i, l := range loops {
		for j, m := range machine {
			times := m.FMA / l.FMA
			if times < 1 || times > 4 || m.FMA != times*l.FMA || m.Loads != times*l.Loads {
				continue
			}
			n := float64(m.Instructions) / float64(times)
			pairs = append(pairs, pair{i, j, times, n, math.Abs(n - l.Weighted)})
		}
	}
	slices.SortStableFunc(pairs, func(a, b pair) int { return cmp.Compare(a.away, b.away) })
	taken := map[int]bool{}
	for _, p := range pairs {
		if l := &loops[p.loop]; l.Machine == 0 && !taken[p.machine] {
			taken[p.machine] = true
			l.Machine, l.Unrolled = p.n, p.times
		}
	}
}

func (r *Report) writeLoops(p *report.Printer) {
	if len(r.Loops) == 0 {
		return
	}
	p.Printf("\n## Weights beside the assembler's loops\n\n")
	p.Printf("The inner loops of at least %d FMA; `machine` is the loop of ptxas's listing with as many FMA and loads (or so many times as many, where it was unrolled) that comes nearest and is no other loop's, for one turn of the PTX. What the assembler joins (an addition and a shift, address arithmetic of a whole loop) makes it shorter than its weight.\n\n", loopFMA)
	p.Printf("| kernel | line of PTX | FMA | loads | weighted | machine | unrolled | machine over weighted |\n|---|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, l := range r.Loops {
		if l.Machine == 0 {
			p.Printf("| %s | %d | %d | %d | %.1f | none | | |\n", l.Entry, l.Line, l.FMA, l.Loads, l.Weighted)
			continue
		}
		p.Printf("| %s | %d | %d | %d | %.1f | %.1f | %d | %.2f |\n", l.Entry, l.Line, l.FMA, l.Loads, l.Weighted, l.Machine, l.Unrolled, l.Machine/l.Weighted)
	}
}
