package vec

// Dense is the forward product in order R1: y[r,c] starts as bias[c] and, for k = 0 … in−1, becomes
// fma(x[r,k], w[k,c], y[r,c]). Shapes, row-major: y [rows][out], x [rows][in], w [in][out], bias [out].
func Dense(y, x, w, bias []float32, rows, in, out int) {
	y, x, w = y[:rows*out], x[:rows*in], w[:in*out]
	for r := range rows {
		acc := y[r*out : (r+1)*out]
		copy(acc, bias[:out])
		chains(acc, x[r*in:(r+1)*in], 1, w, out, in)
	}
}

// DenseInputGrad is the product for the gradient of the inputs in order R1: dx[r,k] starts as +0 and, for
// c = 0 … out−1, becomes fma(dy[r,c], w[k,c], dx[r,k]). wt is w transposed, [out][in], as Transpose makes it.
// Shapes: dx [rows][in], dy [rows][out].
func DenseInputGrad(dx, dy, wt []float32, rows, in, out int) {
	dx, dy, wt = dx[:rows*in], dy[:rows*out], wt[:in*out]
	clear(dx)
	for r := range rows {
		chains(dx[r*in:(r+1)*in], dy[r*out:(r+1)*out], 1, wt, in, out)
	}
}

// Transpose writes w [in][out] as wt [out][in].
func Transpose(wt, w []float32, in, out int) {
	wt = wt[:in*out]
	for k := range in {
		for c, v := range w[k*out : (k+1)*out] {
			wt[c*in+k] = v
		}
	}
}

// ChunkRows is the number of samples in one chain of order R2.
const ChunkRows = 64

// Chunks returns the number of chains of order R2 in a batch of rows samples.
func Chunks(rows int) int { return (rows + ChunkRows - 1) / ChunkRows }

// one is the input that a bias is multiplied by; with a stride of 0 it is as long as needed.
var one = []float32{1}

// DenseWeightGrad is the product for the gradients of weights and bias in order R2: samples ascending in chunks of
// ChunkRows, each chunk a chain of fma from +0, dw[k,c] = fma(x[r,k], dy[r,c], dw[k,c]) and the same for the bias with
// x replaced by 1; the chunks are then added pairwise, (0,1), (2,3), …, an odd last one carried up unchanged, until
// one is left.
//
// Shapes: dw [in+1][out], the last row being the bias; x [rows][in]; dy [rows][out]; partial holds the chunks and has
// at least Chunks(rows)·(in+1)·out elements. rows ≥ 1.
func DenseWeightGrad(dw, x, dy, partial []float32, rows, in, out int) {
	size := (in + 1) * out
	partial = partial[:Chunks(rows)*size]
	clear(partial)
	for first := 0; first < rows; first += ChunkRows {
		n := min(ChunkRows, rows-first)
		chunk := partial[first/ChunkRows*size:][:size]
		xs, ds := x[first*in:(first+n)*in], dy[first*out:(first+n)*out]
		for k := range in {
			chains(chunk[k*out:(k+1)*out], xs[k:], in, ds, out, n)
		}
		chains(chunk[in*out:], one, 0, ds, out, n)
	}
	addPairwise(partial, size)
	copy(dw[:size], partial)
}

// addPairwise adds the vectors of size elements that follow each other in p, neighbours first, level by level; the sum
// is left in the first.
func addPairwise(p []float32, size int) {
	for n := len(p) / size; n > 1; n = (n + 1) / 2 {
		for j := 0; j < n; j += 2 {
			sum := p[j/2*size:][:size]
			copy(sum, p[j*size:][:size])
			if j+1 < n {
				for i, v := range p[(j+1)*size:][:size] {
					sum[i] += v
				}
			}
		}
	}
}
