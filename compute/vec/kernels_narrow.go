//go:build amd64 && !purego

package vec

// narrowPack is how many elements of b a narrow product packs at a time, and narrowFew enough for most.
const (
	narrowPack = 1024
	narrowFew  = 256
	narrowRows = 32 // rows whose chains are kept between runs of terms
)

// narrow is Kernels.narrow: a register holds the four chains of some rows. Terms that follow each other in every row, of one
// tap or of all, are a run. Most products are one that fits the pack.
func (g *blocking) narrow(p Narrow, c, bias, a, b []float32) {
	if p.First >= p.Taps || p.Terms <= 0 {
		narrowNaive(p, c, bias, a, b)
		return
	}
	phase := p.First * p.Terms & 3
	p.A += p.First * p.ATap
	b = b[p.First*p.BTap:]
	p.Taps -= p.First
	if p.Taps > 1 && p.ATap == p.Terms && p.BTap == p.Terms*p.BTerm {
		p.Terms *= p.Taps
		p.Taps = 1
	}
	var start [4 * (NarrowColumns - 1)]float32
	for j, v := range bias {
		start[4*j] = v
	}
	size := (phase + p.Terms + 3) / 4 * 4 * p.Columns
	switch {
	case p.Taps > 1 || size > narrowPack:
		g.narrowRuns(&p, c, &start, a, b, phase)
	case p.Columns == 1 && p.BTerm == 1 && phase == 0 && p.Terms%4 == 0:
		g.narrowRun(&p, c, nil, &start[0], a[p.A:], b, 0, p.Terms)
	case size <= narrowFew:
		var pack [narrowFew]float32
		packQuads(pack[:], b, &p, phase, p.Terms)
		g.narrowRun(&p, c, nil, &start[0], a[p.A:], pack[:], phase, p.Terms)
	default:
		var pack [narrowPack]float32
		packQuads(pack[:], b, &p, phase, p.Terms)
		g.narrowRun(&p, c, nil, &start[0], a[p.A:], pack[:], phase, p.Terms)
	}
}

// narrowRuns makes a product of several runs, some rows at a time, whose chains wait in memory for the next run.
func (g *blocking) narrowRuns(p *Narrow, c []float32, start *[4 * (NarrowColumns - 1)]float32, a, b []float32, phase int) {
	var chains [narrowRows * 4 * (NarrowColumns - 1)]float32
	var pack [narrowPack]float32
	most := narrowPack/(4*p.Columns)*4 - 3 // terms that fit, whatever the phase
	for i := 0; i < p.Rows; i += narrowRows {
		part := *p
		part.Rows = min(narrowRows, p.Rows-i)
		from, at := &start[0], phase
		for tap := range p.Taps {
			for t := 0; t < p.Terms; t += most {
				terms := min(most, p.Terms-t)
				packQuads(pack[:], b[tap*p.BTap+t*p.BTerm:], p, at, terms)
				to := c[i*p.CRow:]
				if tap < p.Taps-1 || t+terms < p.Terms {
					to = nil
				}
				g.narrowRun(&part, to, &chains, from, a[p.A+i*p.ARow+tap*p.ATap+t:], pack[:], at, terms)
				from, at = nil, (at+terms)&3
			}
		}
	}
}

// packQuads writes the factors of terms as the kernels read them, [quad][column][4], the first in lane phase of quad 0.
func packQuads(pack, b []float32, p *Narrow, phase, terms int) {
	n := p.Columns
	pack = pack[:(phase+terms+3)/4*4*n]
	if phase > 0 {
		fillNegative(pack[:4*n])
	}
	if (phase+terms)%4 != 0 {
		fillNegative(pack[len(pack)-4*n:])
	}
	if p.BTerm != 1 {
		for t := range terms {
			at := (phase+t)/4*4*n + (phase+t)%4
			for j, v := range b[t*p.BTerm:][:n] {
				pack[at+4*j] = v
			}
		}
		return
	}
	for j := range n {
		column, at := b[j*p.BColumn:][:terms], 4*j
		if phase > 0 {
			first := copy(pack[at+phase:at+4], column)
			column, at = column[first:], at+4*n
		}
		for ; len(column) >= 4; at += 4 * n {
			*(*[4]float32)(pack[at:]) = [4]float32(column)
			column = column[4:]
		}
		if len(column) > 0 {
			copy(pack[at:], column)
		}
	}
}

func fillNegative(x []float32) {
	minus := negativeZero()
	for i := range x {
		x[i] = minus
	}
}

// narrowRun continues the chains of all rows by a run of terms, the first of them at a[0] and in lane phase of its quad.
// start, to and chains are those of the kernels; c is empty for to = nil.
func (g *blocking) narrowRun(p *Narrow, c []float32, chains *[narrowRows * 4 * (NarrowColumns - 1)]float32, start *float32, a, b []float32, phase, terms int) {
	var head, tail int
	last := phase + terms
	if phase > 0 {
		head = 15 << phase & 15
		if last < 4 {
			head &= 1<<last - 1
		}
	}
	quads := last / 4
	if head != 0 {
		quads = max(0, quads-1)
	}
	if last%4 > 0 && (head == 0 || last > 4) {
		tail = 1<<(last%4) - 1
	}
	for i := 0; i < p.Rows; {
		rows := g.narrowTile(p.Columns, p.Rows-i)
		tiles := (p.Rows - i) / rows
		var to, kept *float32
		if c != nil {
			to = &c[i*p.CRow]
		}
		if chains != nil {
			kept = &chains[i*4*p.Columns]
		}
		narrowKernel(g.width, p.Columns, rows, to, p.CRow, kept, start, &a[i*p.ARow], phase, p.ARow, &b[0], head, quads, tail, tiles)
		i += rows * tiles
	}
}

// narrowTile returns how many of the remaining rows the kernel takes together that is best for so many columns.
func (g *blocking) narrowTile(columns, remaining int) int {
	for _, registers := range narrowRegisters[g.width/16][columns] {
		if rows := int(registers) * g.width / 4; rows <= remaining {
			return rows
		}
	}
	return 1
}

// narrowRegisters lists how many registers of rows the kernels for a number of columns take together, by AVX2 and AVX-512.
var narrowRegisters = [2][NarrowColumns][]uint8{
	{nil, {4, 1}, {4, 1}, {2, 1}, {2, 1}, {2, 1}, {2, 1}, {1}},
	{nil, {4, 1}, {4, 1}, {4, 1}, {4, 1}, {4, 1}, {4, 1}, {3, 1}},
}

// narrowKernel calls the kernel for so many columns and rows.
func narrowKernel(width, columns, rows int, c *float32, ldc int, chains, start, a *float32, back, ars int, b *float32, head, quads, tail, tiles int) {
	if width == 16 && rows > 1 {
		narrowKernelAVX512(columns, rows, c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
		return
	}
	switch columns*16 + rows {
	case 1*16 + 1:
		narrow1x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 1*16 + 8:
		narrow1x8AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 1*16 + 2:
		narrow1x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 2*16 + 1:
		narrow2x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 2*16 + 8:
		narrow2x8AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 2*16 + 2:
		narrow2x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 3*16 + 1:
		narrow3x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 3*16 + 4:
		narrow3x4AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 3*16 + 2:
		narrow3x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 4*16 + 1:
		narrow4x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 4*16 + 4:
		narrow4x4AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 4*16 + 2:
		narrow4x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 5*16 + 1:
		narrow5x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 5*16 + 4:
		narrow5x4AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 5*16 + 2:
		narrow5x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 6*16 + 1:
		narrow6x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 6*16 + 4:
		narrow6x4AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 6*16 + 2:
		narrow6x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 7*16 + 1:
		narrow7x1AVX(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case 7*16 + 2:
		narrow7x2AVX2(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	}
}

func narrowKernelAVX512(columns, rows int, c *float32, ldc int, chains, start, a *float32, back, ars int, b *float32, head, quads, tail, tiles int) {
	switch {
	case columns == 1 && rows > 4:
		narrow1x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 1 && rows == 4:
		narrow1x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 2 && rows > 4:
		narrow2x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 2 && rows == 4:
		narrow2x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 3 && rows > 4:
		narrow3x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 3 && rows == 4:
		narrow3x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 4 && rows > 4:
		narrow4x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 4 && rows == 4:
		narrow4x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 5 && rows > 4:
		narrow5x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 5 && rows == 4:
		narrow5x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 6 && rows > 4:
		narrow6x16AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 6 && rows == 4:
		narrow6x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 7 && rows > 4:
		narrow7x12AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	case columns == 7 && rows == 4:
		narrow7x4AVX512(c, ldc, chains, start, a, back, ars, b, head, quads, tail, tiles)
	}
}
