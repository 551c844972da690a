package vec

// NarrowColumns is the number of columns from which on a product in order R1 runs as one chain an element. One with fewer
// is narrow: four partial chains an element.
const NarrowColumns = 8

// Narrow is the form of a product with fewer than NarrowColumns columns. Its terms are those of Taps taps, Terms each, of
// which the taps before First are absent; term t of a tap is number k = tap·Terms + t. Of row i and column j it is the
// product of
//
//	a[A + i·ARow + tap·ATap + t]  and  b[tap·BTap + t·BTerm + j·BColumn]
//
// and the result goes to c[i·CRow + j]. A and ATap may be negative as long as no term that is there lies outside of a. A
// dense layer has one tap.
type Narrow struct {
	Rows, Columns        int
	Taps, First, Terms   int
	A, ARow, ATap        int
	BTap, BTerm, BColumn int
	CRow                 int
}

// narrowNaive is the definition: chain j takes the terms k ≡ j (mod 4) in ascending order by fma, chain 0 from the bias or,
// where that is nil, +0, the others from +0. The result is (chain 0 + chain 1) + (chain 2 + chain 3).
func narrowNaive(p Narrow, c, bias, a, b []float32) {
	for i := range p.Rows {
		for j := range p.Columns {
			var chain [4]float32
			if bias != nil {
				chain[0] = bias[j]
			}
			for tap := p.First; tap < p.Taps; tap++ {
				x, y := a[p.A+i*p.ARow+tap*p.ATap:], b[tap*p.BTap+j*p.BColumn:]
				for l := range chain {
					first := (l + 3*tap*p.Terms) & 3 // the first term of this tap in chain l
					if n := (p.Terms - first + 3) / 4; n > 0 {
						chain[l] = chain1(chain[l], x[first:], 4, y[first*p.BTerm:], 4*p.BTerm, n)
					}
				}
			}
			c[i*p.CRow+j] = (chain[0] + chain[1]) + (chain[2] + chain[3])
		}
	}
}

// check panics where the product does not fit the slices, as indexing them would.
func (p Narrow) check(c, a, b []float32) {
	if p.Columns >= NarrowColumns || p.ARow < 0 || p.BTap < 0 || p.BTerm < 0 || p.BColumn < 0 || p.CRow < p.Columns && p.Rows > 1 {
		panic("vec: a narrow product that does not fit")
	}
	_ = c[(p.Rows-1)*p.CRow+p.Columns-1]
	if p.First < 0 || p.First >= p.Taps || p.Terms <= 0 {
		return
	}
	first, last := p.A+p.First*p.ATap, p.A+(p.Taps-1)*p.ATap
	_ = a[min(first, last)]
	_ = a[(p.Rows-1)*p.ARow+max(first, last)+p.Terms-1]
	_ = b[(p.Taps-1)*p.BTap+(p.Terms-1)*p.BTerm+(p.Columns-1)*p.BColumn]
}

// narrowDense is the product of a dense layer: x [rows][terms] by b, whose element (t, j) is b[t·bTerm + j·bColumn].
func narrowDense(rows, columns, terms, bTerm, bColumn int) Narrow {
	return Narrow{
		Rows: rows, Columns: columns, Taps: 1, Terms: terms,
		ARow: terms, BTerm: bTerm, BColumn: bColumn, CRow: columns,
	}
}
