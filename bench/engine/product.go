package engine

import (
	"fmt"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/gonum"
)

// productSizes are the sides of the square products: lane and tile edges, and odd ones.
var productSizes = []int{16, 17, 32, 33, 64, 65, 127, 128}

// product measures y = x·w + bias with x [n][n], w [n][n], and gonum's product of the same size.
func (b *bench) product(n int) error {
	x, w, y, bias := pattern(n*n, 1), pattern(n*n, 2), make([]float32, n*n), pattern(n, 3)
	flop := 2 * float64(n) * float64(n) * float64(n)
	before := b.peak()
	s := timed(b.cfg.Duration/4, func(k int) {
		for range k {
			b.kernels.Dense(y, x, w, bias, n, n, n)
		}
	})
	f := fmt.Sprintf("product/%d", n)
	b.add(f, flop/s/1e9)
	b.share(f, flop/s/1e9, before, b.peak())
	if b.cfg.Peers {
		var g gonum.Implementation
		s := timed(b.cfg.Duration/4, func(k int) {
			for range k {
				g.Sgemm(blas.NoTrans, blas.NoTrans, n, n, n, 1, x, n, w, n, 0, y, n)
			}
		})
		b.add(fmt.Sprintf("gonum/%d", n), flop/s/1e9)
	}
	return nil
}

// gonumStep measures the products of one training step of an MLP, without activations, loss and optimizer, by gonum.
func (b *bench) gonumStep(w measured) error {
	type layer struct{ x, w, y, dw []float32 }
	c := &w.Models[0]
	widths := append(append([]int{c.Inputs}, c.Hidden...), c.Outputs)
	var layers []layer
	for i := range len(widths) - 1 {
		in, out := widths[i], widths[i+1]
		layers = append(layers, layer{pattern(c.Batch*in, i), pattern(in*out, i+1), pattern(c.Batch*out, i+2), make([]float32, in*out)})
	}
	var g gonum.Implementation
	s := timed(b.cfg.Duration/2, func(k int) {
		for range k {
			for i, l := range layers {
				in, out := widths[i], widths[i+1]
				g.Sgemm(blas.NoTrans, blas.NoTrans, c.Batch, out, in, 1, l.x, in, l.w, out, 0, l.y, out)
				g.Sgemm(blas.Trans, blas.NoTrans, in, out, c.Batch, 1, l.x, in, l.y, out, 0, l.dw, out)
				if i > 0 {
					g.Sgemm(blas.NoTrans, blas.Trans, c.Batch, in, out, 1, l.y, out, l.w, out, 0, l.x, in)
				}
			}
		}
	})
	b.add("gonum/"+w.String(), s*1e6)
	return nil
}

// pattern fills a slice with numbers of ordinary size that do not grow in a product.
func pattern(n, seed int) []float32 {
	out := make([]float32, n)
	for i := range out {
		out[i] = float32((i*7919+seed*104729)%2001-1000) / 1000
	}
	return out
}
