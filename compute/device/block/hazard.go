package block

import (
	"math"

	"doin.network/node/kernels"
)

// access is what some threads do to a range of a block's memory, or of its workspace, between two barriers.
type access struct {
	workspace bool
	from, to  int // elements
	writes    bool
}

// everything conflicts with all that touches the block's memory.
var everything = []access{{to: math.MaxInt, writes: true}, {workspace: true, to: math.MaxInt, writes: true}}

// conflict reports whether a barrier must part two phases: a place that one writes and the other touches.
func conflict(a, b []access) bool {
	for _, x := range a {
		for _, y := range b {
			if x.workspace == y.workspace && (x.writes || y.writes) && x.from < y.to && y.from < x.to {
				return true
			}
		}
	}
	return false
}

// unite gives flag ON to the instructions of a list that need no barrier behind them: those that may still be going on share
// no place, one of them writing, with what the next does before it comes to a barrier of its own. What follows the list
// is not known, so its last keeps the barrier.
func unite(ops []kernels.Op, batch, scratch int) {
	var pending []access
	for i := range ops {
		phases := phasesOf(&ops[i], batch, scratch)
		if i > 0 {
			if conflict(pending, phases[0]) {
				pending = nil
			} else {
				ops[i-1].Flags |= kernels.FlagOn
			}
		}
		if len(phases) > 1 {
			pending = nil
		}
		pending = append(pending, phases[len(phases)-1]...)
	}
}

// phasesOf returns what an instruction does between its barriers, as kernels/matrix.cuh and update.cuh have it. Ranges are
// rounded up: tiles read beyond the end of a row. Of instructions not listed here everything is assumed.
func phasesOf(o *kernels.Op, batch, scratch int) [][]access {
	positions := batch * int(o.Steps)
	reads := func(at, stride int32) access {
		return access{from: int(at), to: int(at) + positions*int(stride) + slack}
	}
	writes := func(at, stride int32) access {
		return access{from: int(at), to: int(at) + positions*int(stride), writes: true}
	}
	matrix := int(o.In*o.Taps*o.Ws) + slack
	parameters := []access{{from: int(o.W), to: int(o.W) + matrix}, {from: int(o.B), to: int(o.B) + padded(int(o.Out))}}
	change := func(list []access) (changed []access) {
		for _, a := range list {
			a.writes = true
			changed = append(changed, a)
		}
		return changed
	}
	gradient := access{
		workspace: o.Flags&kernels.FlagSpare != 0, from: int(o.A2), to: int(o.A2) + int(o.B-o.W) + padded(int(o.Out)),
	}
	switch o.Code {
	case kernels.OpProduct:
		return [][]access{append(parameters, reads(o.X, o.Xs), writes(o.Y, o.Ys))}
	case kernels.OpMove:
		return [][]access{append(change(parameters), gradient)}
	case kernels.OpBack:
		hold, moves := o.Flags&kernels.FlagHold != 0, o.Flags&kernels.FlagMove != 0
		phase := []access{reads(o.A0, o.A1), reads(o.Y, o.Ys), {workspace: true, to: scratch, writes: true}}
		result := change([]access{gradient})
		if moves {
			result = change(parameters)
		}
		if !hold {
			phase = append(phase, result...)
		}
		phases := [][]access{phase}
		if o.X >= 0 {
			phases = append(phases, append(parameters, reads(o.Y, o.Ys), writes(o.X, o.Xs), reads(max(0, o.Z), o.Zs)))
		}
		switch {
		case !hold:
		case o.X < 0 && moves:
			phases[0] = append(phases[0], result...)
		default:
			phases = append(phases, result)
		}
		return phases
	}
	return [][]access{everything}
}
