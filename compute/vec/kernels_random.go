package vec

import "math/bits"

// Words writes the draws first, first+1, … of Philox4x32-10 with the counter (purpose, step, i div 4, 0), draw i being word
// i mod 4: what Stream.Uint32 of package rng returns one by one.
func (k *Kernels) Words(dst []uint32, key [2]uint32, purpose, step, first uint32) {
	for len(dst) > 0 {
		if first%4 == 0 {
			n := philoxGroups(k.isa, dst, key, purpose, step, first/4)
			dst, first = dst[n:], first+uint32(n)
			if len(dst) == 0 {
				return
			}
		}
		block := philoxBlock(key, purpose, step, first/4)
		n := copy(dst, block[first%4:])
		dst, first = dst[n:], first+uint32(n)
	}
}

func philoxBlock(key [2]uint32, purpose, step, block uint32) [4]uint32 {
	k0, k1 := key[0], key[1]
	c0, c1, c2, c3 := purpose, step, block, uint32(0)
	for range 10 {
		h0, l0 := bits.Mul32(0xd2511f53, c0)
		h1, l1 := bits.Mul32(0xcd9e8d57, c2)
		c0, c1, c2, c3 = h1^c1^k0, l1, h0^c3^k1, l0
		k0 += 0x9e3779b9
		k1 += 0xbb67ae85
	}
	return [4]uint32{c0, c1, c2, c3}
}

// Dropout writes x[i]·s to y[i] where words[i] >> 8 ≥ threshold, and +0 elsewhere. An element is dropped with probability
// threshold·2⁻²⁴, words being uniform; s is the reciprocal of the rest, and the same words serve the gradient.
// threshold ≤ 2²⁴.
func (k *Kernels) Dropout(y, x []float32, words []uint32, threshold uint32, s float32) {
	k.dropout(y, x[:len(y)], words[:len(y)], min(threshold, 1<<24), s)
}

func dropoutNaive(y, x []float32, words []uint32, threshold uint32, s float32) {
	for i, v := range x {
		if words[i]>>8 >= threshold {
			y[i] = float32(v * s)
		} else {
			y[i] = 0
		}
	}
}

// Images writes the images of first, first+1, … under the permutation of [0, n) with this network: what Perm.At of package
// rng returns one by one, half being the bits of half a number and keys those of the rounds. What it writes for numbers from n
// on means nothing. Only implementations whose LaneWidth is more than 1 have it; len(dst) is a multiple of that.
func (k *Kernels) Images(dst []uint32, half uint32, keys *[8]uint32, first, n uint32) {
	if width := k.LaneWidth(); width == 1 || len(dst)%width != 0 || n == 0 || half < 1 || half > 16 || uint64(n) > 1<<(2*half) {
		panic("vec: a permutation that does not fit")
	}
	if len(dst) > 0 {
		images(k.isa, dst, keys, half, first, n)
	}
}
