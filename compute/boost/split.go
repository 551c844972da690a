package boost

import "math/bits"

// gainBits is by how much a gain is finer than the square of a gradient over a hessian.
const gainBits = 16

// maxGain bounds what one side of a split is worth, so that two can be added.
const maxGain = 1 << 62

// worth returns ⌊g²·2^gainBits ÷ (h + lambda)⌋, at most maxGain: what a leaf with these sums takes from the loss, doubled.
func worth(g, h, lambda int64) uint64 {
	u := uint64(max(g, -g))
	high, low := bits.Mul64(u, u)
	high, low = high<<gainBits|low>>(64-gainBits), low<<gainBits
	d := uint64(h + lambda)
	if high >= d {
		return maxGain
	}
	q, _ := bits.Div64(high, low, d)
	return min(q, maxGain)
}

// split is how a node is divided: rows of bins up to bin go left, missing ones where missingLeft says. bin may be the last: then
// all known values go left.
type split struct {
	gain        uint64 // 0: none
	feature     int32
	bin         uint8
	missingLeft bool
}

// best returns the split of a node with the greatest gain above what the node is worth as a leaf; of equals the one with the lower
// feature, with missing values right before left, with the lower bin.
func (g *grower) best(h histogram, all sum) (s split) {
	floor := worth(all.g, all.hessian(), g.lambda)
	best := floor
	for _, j := range g.columns {
		part := h[g.offsets[j]:g.offsets[j+1]]
		if bin, gain := g.scan(part[1:], sum{}, all, best, part[0].hn > 0); gain > best {
			best, s = gain, split{gain - floor, int32(j), uint8(bin + 1), false}
		}
		if part[0].hn == 0 {
			continue
		}
		if bin, gain := g.scan(part[1:], part[0], all, best, false); gain > best {
			best, s = gain, split{gain - floor, int32(j), uint8(bin + 1), true}
		}
	}
	return s
}

// scan returns the first of the best places to cut bins, those up to it being left beside acc, and its gain; 0 if none is
// better than best.
func (g *grower) scan(part []sum, acc, all sum, best uint64, last bool) (at int, gain uint64) {
	n := len(part) - 1
	if last {
		n++
	}
	for b := range n {
		if part[b].hn == 0 {
			continue // as the bin before
		}
		acc.g += part[b].g
		acc.hn += part[b].hn
		rest := sum{all.g - acc.g, all.hn - acc.hn}
		if rest.rows() < g.minRows || rest.hessian() < g.minHessian {
			break // there are only fewer to come
		}
		if acc.rows() < g.minRows || acc.hessian() < g.minHessian {
			continue
		}
		if v := worth(acc.g, acc.hessian(), g.lambda) + worth(rest.g, rest.hessian(), g.lambda); v > best {
			best, gain, at = v, v, b
		}
	}
	return at, gain
}
