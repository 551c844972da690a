package vec

import "math"

// generic is portable Go. It differs from the definitions in the product, where nearly all the time goes.
var generic = makeGeneric()

func makeGeneric() Kernels {
	k := naive
	k.isa = Generic
	k.gemm = gemmGeneric
	return k
}

// genericTerms is how many rows of b are converted to float64 at a time.
const genericTerms = 64

// gemmGeneric is the product by way of float64, as chain4 does it, but looks once beforehand whether a sum can be
// subnormal and inexact, or overflow, and not at each term.
func gemmGeneric(c []float32, ldc int, bias []float32, fresh bool, a []float32, ars, acs int, b []float32, ldb, m, n, k int) {
	if fresh {
		startRows(c, ldc, bias, m, n)
	}
	quads := n &^ 3
	if quads == 0 || m < 4 || !staysExact(c, ldc, a, ars, acs, b, ldb, m, n, k) {
		gemmNaive(c, ldc, nil, false, a, ars, acs, b, ldb, m, n, k)
		return
	}
	var y [genericTerms][4]float64
	for j := 0; j < quads; j += 4 {
		for t := 0; t < k; t += genericTerms {
			part := y[:min(genericTerms, k-t)]
			for i := range part {
				bi := b[(t+i)*ldb+j:][:4]
				part[i] = [4]float64{float64(bi[0]), float64(bi[1]), float64(bi[2]), float64(bi[3])}
			}
			for i := range m {
				chainExact((*[4]float32)(c[i*ldc+j:]), a[i*ars+t*acs:], acs, part)
			}
		}
	}
	if quads < n {
		for i := range m {
			chains(c[i*ldc:][quads:n], a[i*ars:], acs, b[quads:], ldb, k)
		}
	}
}

// chainExact is chain4 for chains that staysExact has passed: only ties take the long way.
func chainExact(acc *[4]float32, a []float32, aStride int, terms [][4]float64) {
	c0, c1, c2, c3 := float64(acc[0]), float64(acc[1]), float64(acc[2]), float64(acc[3])
	at := 0
	for t := range terms {
		x, y := float64(a[at]), &terms[t]
		at += aStride
		u0 := math.Float64bits(float64(x*y[0])+c0) + roundHalf
		u1 := math.Float64bits(float64(x*y[1])+c1) + roundHalf
		u2 := math.Float64bits(float64(x*y[2])+c2) + roundHalf
		u3 := math.Float64bits(float64(x*y[3])+c3) + roundHalf
		l0, l1, l2, l3 := u0&roundMask, u1&roundMask, u2&roundMask, u3&roundMask
		if l0 == 0 || l1 == 0 || l2 == 0 || l3 == 0 {
			c0 = float64(FMA32(float32(x), float32(y[0]), float32(c0)))
			c1 = float64(FMA32(float32(x), float32(y[1]), float32(c1)))
			c2 = float64(FMA32(float32(x), float32(y[2]), float32(c2)))
			c3 = float64(FMA32(float32(x), float32(y[3]), float32(c3)))
		} else {
			c0 = math.Float64frombits(u0 ^ l0)
			c1 = math.Float64frombits(u1 ^ l1)
			c2 = math.Float64frombits(u2 ^ l2)
			c3 = math.Float64frombits(u3 ^ l3)
		}
	}
	acc[0], acc[1], acc[2], acc[3] = float32(c0), float32(c1), float32(c2), float32(c3)
}

// staysExact reports whether every sum of a product certainly rounds as a normal number does. Where all elements of a are
// multiples of 2^p and all of b of 2^q, products and sums are multiples of 2^(p+q), rounded or not; if that and c's are
// multiples of 2⁻¹⁴⁹, the smallest subnormal, what lies below the normal range is a float32 already. At the other end, no
// sum exceeds k times the largest product by more than rounding.
func staysExact(c []float32, ldc int, a []float32, ars, acs int, b []float32, ldb, m, n, k int) bool {
	// a's elements are taken in the order in which they lie.
	ra, rb, rc := noExponents, noExponents, noExponents
	rows, columns, down, right := m, k, ars, acs
	if acs > ars {
		rows, columns, down, right = k, m, acs, ars
	}
	for i := range rows {
		if right == 1 {
			ra.add(a[i*down:][:columns])
			continue
		}
		for t := range columns {
			ra.add(a[i*down+t*right:][:1])
		}
	}
	for t := range k {
		rb.add(b[t*ldb:][:n])
	}
	for i := range m {
		rc.add(c[i*ldc:][:n])
	}
	if !ra.finite() || !rb.finite() || !rc.finite() {
		return false
	}
	const bias, digits = 127, 23
	low := int(ra.low) + int(rb.low) - 2*(bias+digits) // the p + q of above
	lowC := int(rc.low) - bias - digits
	high := int(ra.high) + int(rb.high) - 2*bias + 2 // products are below 2^high
	highC := int(rc.high) - bias + 1
	count := 0 // k + 1 ≤ 2^count
	for k>>count > 0 {
		count++
	}
	return min(low, lowC) >= 1-bias-digits && max(high, highC)+count+1 <= bias
}

// exponents bounds the exponents of numbers, as their bits hold them, from both sides; zeros do not count.
type exponents struct{ low, high uint32 }

var noExponents = exponents{low: math.MaxUint8}

func (e *exponents) add(x []float32) {
	low, high := e.low, e.high
	for _, v := range x {
		u := math.Float32bits(v) << 1
		low = min(low, (u-1)>>24) // one too low for powers of two; zero wraps around to the largest
		high = max(high, u>>24)
	}
	e.low, e.high = low, high
}

// finite reports whether there are no infinities or NaNs.
func (e *exponents) finite() bool { return e.high < math.MaxUint8 }
