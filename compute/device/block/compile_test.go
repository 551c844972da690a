package block

import (
	"math/bits"
	"math/rand/v2"
	"testing"

	"doin.network/node/compute/vec"
	"doin.network/node/kernels"
)

// TestWorkspace computes what the sums of every instruction need in the workspace as the kernels do (levelSize, normBack),
// and looks for it in the plans of random tasks.
func TestWorkspace(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	needed := 0
	for range 2000 {
		task := draw(r)
		for _, g := range []gradients{inMemory, inWorkspace} {
			p := newCompiler(trainingShape(&task), 256, g).plan()
			most := 0
			for _, o := range p.ops {
				rows, size := int(o.In*o.Taps), 0
				switch o.Code {
				case kernels.OpBack:
					size = ((rows+7)/8*8 + 1) * int(o.Ws)
				case kernels.OpNormBack:
					size = 2 * int(o.In)
				}
				levels := bits.Len(uint(vec.Chunks(int(p.program.Batch*o.Steps)))) - 1
				most = max(most, size*levels)
				if gradient := rows*int(o.Ws) + padded(int(o.Out)); o.Flags&kernels.FlagSpare != 0 && int(o.A2)+gradient > p.work {
					t.Fatalf("a gradient ends at %d of %d", int(o.A2)+size, p.work)
				}
			}
			if most > p.work || most != int(p.program.Scratch) {
				t.Fatalf("sums need %d elements, there are %d in a workspace of %d: %+v", most, p.program.Scratch, p.work, task.Config)
			}
			if most > 0 {
				needed++
			}
		}
	}
	if needed < 100 {
		t.Errorf("only %d plans need a workspace", needed)
	}
}

// TestMemoryLayout looks for two buffers in one place at one time in the plans of random tasks.
func TestMemoryLayout(t *testing.T) {
	r := rand.New(rand.NewPCG(5, 6))
	shared := 0
	for range 500 {
		task := draw(r)
		c := newCompiler(trainingShape(&task), 128, inMemory)
		p := c.plan()
		base := c.size
		if c.clip {
			base *= 2
		}
		for i, a := range c.buffers {
			if a.last < 0 {
				t.Fatal("a buffer that nothing uses")
			}
			if a.offset < base || a.offset+a.size > int(p.program.Memory)-slack || a.offset%4 != 0 {
				t.Fatalf("buffer [%d, %d) in [%d, %d)", a.offset, a.offset+a.size, base, p.program.Memory)
			}
			for _, b := range c.buffers[:i] {
				if a.offset >= b.offset+b.size || b.offset >= a.offset+a.size {
					continue
				}
				shared++
				meets := max(a.first, b.first)
				if together(a, b) && (meets != min(a.last, b.last) || !replaces(a, b) && !replaces(b, a)) {
					t.Fatalf("buffers [%d, %d) at %d–%d and [%d, %d) at %d–%d", a.offset, a.offset+a.size, a.first, a.last,
						b.offset, b.offset+b.size, b.first, b.last)
				}
			}
		}
	}
	if shared == 0 {
		t.Error("no two buffers share a place")
	}
}

// replaces reports whether a takes the place of b.
func replaces(a, b *buffer) bool {
	for _, o := range a.in {
		if o == b && a.offset == b.offset && a.first == b.last {
			return true
		}
	}
	return false
}
