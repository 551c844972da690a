package vec

// LaneProduct is a product whose columns are samples: sample r of a matrix [channels][samples] is lane r of some register,
// so that no channel count leaves lanes empty. For i < Rows, r < Samples and t = 0 … Terms−1 in this order,
//
//	acc = Bias[i] or +0;  acc = fma(A[i·ARS + t·ACS], B[t·Samples+r], acc);  C[i·Samples+r] = Then(acc)
//
// which is a layer's forward product in order R1 where A is its matrix read by columns, and its input gradient where A is
// the matrix read by rows. C must not overlap an input.
type LaneProduct struct {
	C, A, B  []float32
	ARS, ACS int
	// Bias has an element for each row; nil is +0.
	Bias []float32
	// Rows, Samples and Terms are at least 1; Samples is a multiple of Kernels.LaneWidth.
	Rows, Samples, Terms int
	// Then is what becomes of a sum. F [Rows][Samples] is its second operand, where it has one.
	Then LaneThen
	F    []float32
}

// LaneThen says what a LaneProduct does with its sums.
type LaneThen uint8

// What can follow a product.
const (
	ThenNothing   LaneThen = iota
	ThenReLU               // ReLU(acc)
	ThenReLUScale          // acc where F > 0, else +0
	ThenScale              // acc·F
)

// LaneWidth is what the number of samples of a LaneProduct must be a multiple of.
func (k *Kernels) LaneWidth() int {
	switch k.isa {
	case AVX512:
		return 16
	case AVX2:
		return 8
	}
	return 1
}

// Prepared is a product between fixed places, cut into calls once. Run makes it; it allocates nothing.
type Prepared struct {
	tiles  []laneTiles
	panels []panelCall
	few    *fewCalls
	whole  func() // where there is no cut
}

// Run makes the product.
func (p *Prepared) Run() {
	if p.whole != nil {
		p.whole()
		return
	}
	if p.few != nil {
		p.few.run()
		return
	}
	for i := range p.tiles {
		p.tiles[i].run()
	}
	for i := range p.panels {
		p.panels[i].run()
	}
}

// PrepareLanes returns a LaneProduct to be made again and again. It panics where slices are too short or samples are no
// whole vectors.
func (k *Kernels) PrepareLanes(p LaneProduct) *Prepared {
	p.C = p.C[:p.Rows*p.Samples]
	p.A = p.A[:(p.Rows-1)*p.ARS+(p.Terms-1)*p.ACS+1]
	p.B = p.B[:p.Terms*p.Samples]
	if p.Bias != nil {
		p.Bias = p.Bias[:p.Rows]
	}
	if p.Then >= ThenReLUScale {
		p.F = p.F[:p.Rows*p.Samples]
	}
	if p.Samples%k.LaneWidth() != 0 || p.ARS < 0 || p.ACS < 0 {
		panic("vec: samples or strides of a product that do not fit")
	}
	if k.LaneWidth() == 1 {
		return &Prepared{whole: func() { k.laneProduct(&p) }}
	}
	return &Prepared{tiles: cutLanes(k.isa, &p)}
}

// laneProduct is the product by the implementation's own other kernels.
func (k *Kernels) laneProduct(p *LaneProduct) {
	for i := range p.Rows {
		row := p.C[i*p.Samples:][:p.Samples]
		bias := float32(0)
		if p.Bias != nil {
			bias = p.Bias[i]
		}
		for r := range row {
			row[r] = bias
		}
	}
	k.gemm(p.C, p.Samples, nil, false, p.A, p.ARS, p.ACS, p.B, p.Samples, p.Rows, p.Samples, p.Terms)
	switch p.Then {
	case ThenReLU:
		k.relu(p.C, p.C)
	case ThenReLUScale:
		k.reluScale(p.C, p.C, p.F)
	case ThenScale:
		for i, v := range p.C {
			p.C[i] = float32(v * p.F[i])
		}
	}
}

// Prepare returns a GemmFrom without bias to be made again and again. Where a goes on behind its rows, as far as whole
// registers of rows, few columns are faster.
func (k *Kernels) Prepare(c []float32, ldc int, a []float32, ars, acs int, b []float32, ldb, m, n, terms int) *Prepared {
	c = c[:(m-1)*ldc+n]
	b = b[:(terms-1)*ldb+n]
	if few := cutFew(k.isa, c, ldc, a, ars, acs, b, ldb, m, n, terms); few != nil {
		return &Prepared{few: few}
	}
	a = a[:(m-1)*ars+(terms-1)*acs+1]
	if calls := cutPanels(k.isa, c, ldc, a, ars, acs, b, ldb, m, n, terms); calls != nil {
		return &Prepared{panels: calls}
	}
	return &Prepared{whole: func() { k.GemmFrom(c, ldc, nil, a, ars, acs, b, ldb, m, n, terms) }}
}
