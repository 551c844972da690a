package block

import (
	"testing"

	"doin.network/node/kernels"
)

// back returns an OP_BACK that holds and moves, its parameters at 0, its buffers where they are said to be.
func back(x, y, a0 int32) kernels.Op {
	return kernels.Op{
		Code: kernels.OpBack, Steps: 1, In: 4, Out: 4, Ws: 4, B: 16, Taps: 1, Dilation: 1,
		X: x, Xs: 4, Y: y, Ys: 4, Z: -1, A0: a0, A1: 4, A2: -1, Flags: kernels.FlagHold | kernels.FlagMove,
	}
}

// TestUnite pins which barriers go, for a batch of 8 rows of 4 elements.
func TestUnite(t *testing.T) {
	f := func(what string, want string, ops ...kernels.Op) {
		t.Helper()
		unite(ops, 8, 0)
		got := ""
		for _, o := range ops {
			if o.Flags&kernels.FlagOn != 0 {
				got += "-"
			} else {
				got += "|"
			}
		}
		if got != want {
			t.Errorf("%s: barriers %q, want %q", what, got, want)
		}
	}
	other := func(o kernels.Op) kernels.Op {
		o.W, o.B = 100, 116
		return o
	}
	product := kernels.Op{Code: kernels.OpProduct, Steps: 1, In: 4, Out: 4, Ws: 4, W: 0, B: 16, Taps: 1, X: 400, Xs: 4, Y: 500, Ys: 4}
	move := kernels.Op{Code: kernels.OpMove, Steps: 1, In: 4, Out: 4, Ws: 4, W: 0, B: 16, Taps: 1, A2: 600}
	f("nothing", "")
	f("one", "|", back(400, 500, 400))
	f("a gradient that the layer before takes over", "-|", back(400, 500, 400), other(back(-1, 400, 300)))
	f("three layers", "--|", back(400, 500, 400), other(back(300, 400, 300)), back(-1, 300, 200))
	f("the parameters of the same layer again", "||", back(400, 500, 400), product)
	f("a product of other parameters", "-|", back(400, 500, 400), other(product))
	f("the gradient of the next lies in these parameters", "||", back(400, 500, 400), other(back(-1, 8, 300)))
	writes := other(back(-1, 500, 700))
	writes.Flags, writes.A2 = 0, 612
	f("a move, and a gradient written to its place", "||", move, writes)
	f("a move, and a layer elsewhere", "-|", move, other(back(-1, 500, 700)))
	f("what is not known", "|||", back(400, 500, 400), kernels.Op{Code: kernels.OpScale}, other(back(-1, 400, 300)))
	f("a chain of products", "||", product, kernels.Op{
		Code: kernels.OpProduct, Steps: 1, In: 4, Out: 4, Ws: 4, W: 100, B: 116, Taps: 1, X: 500, Xs: 4, Y: 600, Ys: 4,
	})
	// Sums of long batches lie in the workspace: two layers that both make them are parted.
	long := []kernels.Op{back(-1, 500, 400), other(back(-1, 700, 800))}
	if unite(long, 8, 64); long[0].Flags&kernels.FlagOn != 0 {
		t.Error("sums in the workspace: no barrier")
	}
}
