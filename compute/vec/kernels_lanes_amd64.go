//go:build amd64 && !purego

package vec

import "unsafe"

// laneTiles is what the assembly of a LaneProduct reads: register tiles of so many rows below each other, for one panel of
// samples. Distances are in bytes; a row of c, b and f is stride from the next one.
type laneTiles struct {
	c, a, b, bias, f   *float32
	stride, ars, acs   int
	terms, rows, count int
	then               int
	kernel             func(*[12]uint64)
}

func (t *laneTiles) run() { t.kernel((*[12]uint64)(unsafe.Pointer(t))) }

// panelCall is one call of blocking.panel.
type panelCall struct {
	g             *blocking
	piece         piece
	c, a, b       *float32
	ldc           int
	ars, acs, ldb int
	terms         int
}

func (p *panelCall) run() {
	q := &p.piece
	p.g.panel(q.vectors, q.last, p.c, p.ldc, &zeros[0], 0, p.a, p.ars, p.acs, p.b, p.ldb, p.terms, q.rows, q.count)
}

// assembly returns the blocking of an implementation and its kernels of lanes by their vectors; nil for those in Go.
func assembly(isa ISA) (*blocking, []func(*[12]uint64)) {
	switch isa {
	case AVX512:
		return &gemmAVX512, []func(*[12]uint64){nil, lanes1AVX512, lanes2AVX512, lanes3AVX512, lanes4AVX512}
	case AVX2:
		return &gemmAVX2, []func(*[12]uint64){nil, lanes1AVX2, lanes2AVX2}
	}
	return nil, nil
}

// piece is a part of a product: register tiles of so many rows and vectors, the last vector of so many columns, below each
// other.
type piece struct {
	row, column   int // of the first element
	vectors, last int
	rows, count   int
}

// pieces cuts a product of m rows and n columns as panels does.
func (g *blocking) pieces(m, n int) []piece {
	vectors, most := (n+g.width-1)/g.width, len(g.rows)-1
	count := (vectors + most - 1) / most
	var out []piece
	column := 0
	for i := range count {
		v := vectors*(i+1)/count - vectors*i/count
		last := min(g.width, n-column-(v-1)*g.width)
		tiles := (m + g.rows[v] - 1) / g.rows[v]
		rows := (m + tiles - 1) / tiles
		short := tiles*rows - m // tiles with a row less
		full := tiles - short
		out = append(out, piece{0, column, v, last, rows, full})
		if short > 0 {
			out = append(out, piece{full * rows, column, v, last, rows - 1, short})
		}
		column += v * g.width
	}
	return out
}

// cutLanes returns the calls of a LaneProduct.
func cutLanes(isa ISA, p *LaneProduct) []laneTiles {
	g, kernels := assembly(isa)
	var out []laneTiles
	for _, q := range g.pieces(p.Rows, p.Samples) {
		at := q.row*p.Samples + q.column
		t := laneTiles{
			c: &p.C[at], a: &p.A[q.row*p.ARS], b: &p.B[q.column], stride: 4 * p.Samples, ars: 4 * p.ARS, acs: 4 * p.ACS,
			terms: p.Terms, rows: q.rows, count: q.count, then: int(p.Then), kernel: kernels[q.vectors],
		}
		if p.Bias != nil {
			t.bias = &p.Bias[q.row]
		}
		if p.Then >= ThenReLUScale {
			t.f = &p.F[at]
		}
		out = append(out, t)
	}
	return out
}

// cutPanels returns the calls of a fresh product without bias; nil where it goes another way than by panels.
func cutPanels(isa ISA, c []float32, ldc int, a []float32, ars, acs int, b []float32, ldb, m, n, k int) []panelCall {
	g, _ := assembly(isa)
	if g == nil || !g.byPanels(ars, acs, m, n, k) || k > panelBytes/(4*g.width*(len(g.rows)-1)) {
		return nil
	}
	var out []panelCall
	for _, q := range g.pieces(m, n) {
		out = append(out, panelCall{g, q, &c[q.row*ldc+q.column], &a[q.row*ars], &b[q.column], ldc, ars, acs, ldb, k})
	}
	return out
}

// fewCalls is a product of few columns by the kernels across rows, whole registers of them: column j of it is first made in
// row j of turned, as far as the rows of a go.
type fewCalls struct {
	g           *blocking
	turned      []float32 // [columns][rows]
	rows        int
	c, a, b     []float32
	ldc         int
	ars, ldb    int
	m, n, quads int
}

func (f *fewCalls) run() {
	clear(f.turned)
	for i := 0; i < f.rows; {
		span := f.g.width
		if span == 16 && i+2*span <= f.rows {
			span *= 2
		}
		f.g.strip(f.n, span, &f.turned[i], f.rows, &f.a[i*f.ars], f.ars, &f.b[0], f.ldb, f.quads)
		i += span
	}
	if f.n == 1 && f.ldc == 1 {
		copy(f.c, f.turned[:f.m])
		return
	}
	for j := range f.n {
		for i, v := range f.turned[j*f.rows:][:f.m] {
			f.c[i*f.ldc+j] = v
		}
	}
}

// cutFew returns the calls of a fresh product without bias that has few columns, if a has rows enough to fill registers.
func cutFew(isa ISA, c []float32, ldc int, a []float32, ars, acs int, b []float32, ldb, m, n, k int) *fewCalls {
	g, _ := assembly(isa)
	if g == nil || acs != 1 || n > stripMost || k%4 != 0 {
		return nil
	}
	rows := (m + g.width - 1) / g.width * g.width
	if len(a) < (rows-1)*ars+k {
		return nil
	}
	return &fewCalls{g, make([]float32, n*rows), rows, c, a, b, ldc, ars, ldb, m, n, k / 4}
}
